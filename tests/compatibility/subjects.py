"""What rows act upon: a bucket or a repository that no other test has, as a manifest and in step, and what it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, bucket, repository

ENABLED: Mapping[str, Any] = {"versioning": {"status": "Enabled"}}
EXPIRY = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3},
                "action": {"type": "expire"},
            }
        ]
    }
)


def subject(stage: Stage, kind: str = "bucket", /, **spec: Any) -> tuple[str, Object]:
    """What to ask for it by, and its manifest. It is named as the namespace: bucket names are one for all accounts."""
    make = bucket if kind == "bucket" else repository
    return f"{kind}/{stage.namespace}", make(stage.namespace, **spec)


async def made(stage: Stage, kind: str = "bucket", /, **spec: Any) -> tuple[str, Object]:
    """Such an object, the moment that it is in step, under an operator of its service alone."""
    await stage.start(services=("s3",) if kind == "bucket" else ("ecr",))
    what, manifest = subject(stage, kind, **spec)
    await stage.apply(manifest)
    return what, await stage.until_synced(what)
