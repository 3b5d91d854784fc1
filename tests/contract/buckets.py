"""What rows about a Bucket share: one that nobody manages, one that is shown, one that is owned, and what AWS has of it."""

from __future__ import annotations

from typing import Any

from ackpy.testing.stage import Stage, ack, bucket

LOOK = "GetBucketTagging"
FINALIZER = "finalizers.s3.services.k8s.aws/Bucket"


def a_bucket(stage: Stage, **settings: str) -> Any:
    """A bucket in AWS that nobody manages, named as the namespace; returns S3."""
    s3 = stage.aws("s3")
    s3.create_bucket(Bucket=stage.namespace)
    if status := settings.get("versioning"):
        s3.put_bucket_versioning(Bucket=stage.namespace, VersioningConfiguration={"Status": status})
    return s3


def versioning(stage: Stage) -> str | None:
    """What AWS has."""
    status: str | None = stage.aws("s3").get_bucket_versioning(Bucket=stage.namespace).get("Status")
    return status


async def until_versioning(stage: Stage, status: str, what: str) -> None:
    """Wait until AWS has this."""
    s3 = stage.aws("s3")  # once, for it takes longer to make than to ask

    async def has() -> bool:
        return bool(s3.get_bucket_versioning(Bucket=stage.namespace).get("Status") == status)

    await stage.wait(has, what)


async def shown(stage: Stage, suffix: str = "shown", **annotations: str) -> str:
    """A bucket that an object only shows: it is read at each of its passes, by one call."""
    name = f"{stage.namespace}-{suffix}"
    stage.aws("s3").create_bucket(Bucket=name)
    await stage.apply(bucket(name, annotations=ack(read_only="true", **annotations)))
    return f"bucket/{name}"


async def owned(stage: Stage, **spec: Any) -> str:
    """A bucket that the object has taken over: unlike after a create, no second look is pending."""
    a_bucket(stage)
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create"), **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what
