"""What rows about a Bucket share: one that an object shows, one that it has taken over, and what AWS is asked at a look."""

from __future__ import annotations

from typing import Any

from ackpy.testing.stage import Stage, ack, bucket

LOOK = "GetBucketTagging"


async def shown(stage: Stage, suffix: str = "shown", **annotations: str) -> str:
    """A bucket that an object only shows: it is read at each of its passes, by one call."""
    name = f"{stage.namespace}-{suffix}"
    stage.aws("s3").create_bucket(Bucket=name)
    await stage.apply(bucket(name, annotations=ack(read_only="true", **annotations)))
    return f"bucket/{name}"


async def owned(stage: Stage, **spec: Any) -> str:
    """A bucket that the object has taken over: unlike after a create, no second look is pending."""
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create"), **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what
