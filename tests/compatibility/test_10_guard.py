"""What AWS does not keep is not written for ever: the guard counts by path and values, tells of it, and leaves ResourceSynced alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.compatibility.subjects import ENABLED, made

from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, bucket, conditions, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "C10-1": "a path is written three times with the same values on both sides, and not a fourth",
    "C10-2": "another desired or observed value counts anew, and other paths are written all the same",
    "C10-3": "a new generation gives it its writes again",
    "C10-4": "ACK.Advisory reports it",
    "C10-5": "ResourceSynced is left alone",
}
PUT = "PutBucketVersioning"


async def stuck(stage: Stage) -> str:
    """A bucket whose versioning AWS takes and does not keep, as it is when the guard has stopped it."""
    stage.fault(act="drop", operation=PUT, times=0)
    what, _ = await made(stage, **ENABLED)
    await written(stage, what, 1 + 3)
    await stage.until_condition(what, "ACK.Advisory")
    return what


async def written(stage: Stage, what: str, times: int) -> None:
    """Passes until versioning was written so often, then some more: it is not written again."""
    for number in range(times):
        if puts(stage) >= times:
            break
        await another(stage, what, f"{times} {number}")
    await another(stage, what, f"{times} more")
    assert puts(stage) == times


async def another(stage: Stage, what: str, word: str) -> None:
    """A whole pass, started by an annotation that says nothing."""
    before = looks(stage)
    await stage.annotate(what, {"somebody": word})

    async def looked() -> bool:
        return looks(stage) > before

    await stage.wait(looked, "another pass")
    await stage.quiet(what)


def looks(stage: Stage) -> int:
    return stage.operations().count("GetBucketVersioning")


def puts(stage: Stage) -> int:
    return stage.operations().count(PUT)


def advisory(obj: Object) -> dict[str, Any]:
    return conditions(obj)["ACK.Advisory"]


@rule("C10-1", "after the create's own, versioning is written three times, however many passes come")
@rule("C10-4", "the advisory names path, times, operation and both values; an Event says so too")
@rule("C10-5", "the bucket is Synced and Ready beside the advisory")
async def test_it_stops(stage: Stage) -> None:
    what = await stuck(stage)
    found = await stage.get(what)
    assert statuses(found) == {"ACK.Advisory": "True", "ACK.ResourceSynced": "True", "Ready": "True"}
    assert conditions(found)["ACK.ResourceSynced"]["message"] == "Resource synced successfully"
    assert advisory(found)["reason"] == "NotConverging"
    for part in ("spec.versioning", "3 times", PUT, '"Enabled"'):
        assert part in advisory(found)["message"]

    async def told() -> bool:
        return bool(await stage.events(what, "NotConverging"))

    await stage.wait(told, "an Event")


@rule("C10-3", "an edit of another field gives versioning three writes more")
async def test_a_new_generation(stage: Stage) -> None:
    what = await stuck(stage)
    await stage.apply(bucket(stage.namespace, **ENABLED, requestPayment={"payer": "Requester"}))
    await stage.quiet(what)
    await written(stage, what, 1 + 3 + 3)


@rule("C10-2", "the other field of that edit is written, and another value of the stopped one too")
async def test_other_values(stage: Stage) -> None:
    what = await stuck(stage)
    stage.aws("s3").put_bucket_request_payment(
        Bucket=stage.namespace, RequestPaymentConfiguration={"Payer": "Requester"}
    )
    await stage.apply(bucket(stage.namespace, **ENABLED, requestPayment={"payer": "BucketOwner"}))
    await stage.until(
        what,
        lambda _: stage.aws("s3").get_bucket_request_payment(Bucket=stage.namespace)["Payer"] == "BucketOwner",
    )


@rule("C10-4", "once AWS keeps the value, the advisory is absent")
async def test_it_is_lifted(stage: Stage) -> None:
    what = await stuck(stage)
    stage.cloud.clear_faults(stage.account)
    stage.aws("s3").put_bucket_versioning(Bucket=stage.namespace, VersioningConfiguration={"Status": "Enabled"})
    await another(stage, what, "again")
    await stage.until(what, lambda obj: "ACK.Advisory" not in conditions(obj))
