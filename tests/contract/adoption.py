"""What rows about adoption by annotation share: an object that adopts, one that has adopted, and their annotations."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.buckets import a_bucket

from ackpy.kube.objects import Object
from ackpy.testing.stage import RESOURCES, Stage, ack, bucket

ADOPTED = "services.k8s.aws/adopted"
POLICY = "services.k8s.aws/adoption-policy"


def adopting(kind: str, name: str, policy: str = "adopt", fields: dict[str, str] | None = None, **marks: str) -> Object:
    """An object without a spec that adopts."""
    given = {"adoption_fields": json.dumps(fields)} if fields is not None else {}
    annotations = ack(adoption_policy=policy, **given, **marks)
    return {**RESOURCES[kind].type_meta, "metadata": {"name": name, "annotations": annotations}}


async def adopted(stage: Stage, policy: str = "adopt", **spec: Any) -> str:
    """Start the operator and let an object adopt the bucket."""
    a_bucket(stage)
    await stage.start(services=("s3",))
    fields = json.dumps({"name": stage.namespace})
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy=policy, adoption_fields=fields), **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what
