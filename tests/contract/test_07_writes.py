"""Sections 7.4 to 7.6 of the contract: what is written to the object, in a pass, and in all that comes of one change."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from tests.contract.buckets import LOOK, owned, shown
from tests.contract.passes import DENIED, EVERY_SECOND, passes, until_called, until_passes, waits

from ackpy.kube.objects import annotations_of, finalizers_of, key_of
from ackpy.testing.stage import RESOURCES, Stage, ack, bucket, conditions, repository, rule, writes

pytestmark = pytest.mark.slow

RULES = {
    "7.4-1": "what a create that fails again and again costs in writes",
    "7.5-1": "one status patch in a pass at most",
    "7.5-2": "an object that is gone by the time of the status patch is no error",
    "7.5-3": "the status patch replaces the list of conditions",
    "7.5-4": "somebody who writes in between loses nothing",
    "7.6-1": "the writes of a create",
    "7.6-2": "the writes of an update",
    "7.6-3": "the writes of a resync at rest",
    "7.6-4": "the writes of an adoption",
    "7.6-5": "the writes of a deletion",
}

REQUESTS = "rest_client_requests_total"
INTENT = "ackpy.services.k8s.aws/create-intent"


async def patches(stage: Stage) -> Counter[str]:
    """The patches so far: "" is of metadata and spec, "status"."""
    requests = {each: await stage.metric(REQUESTS, verb="patch", subresource=each) for each in ("", "status")}
    return Counter({each: round(count) for each, count in requests.items()})


# 7.4, creates that fail


@rule("7.4-1", "the finalizer of a create that AWS refused stays, with a mark of the refusal")
async def test_the_finalizer_stays(stage: Stage) -> None:
    stage.fault(operation="CreateBucket", **DENIED, times=0)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Recoverable")
    assert finalizers_of(obj) == ["finalizers.s3.services.k8s.aws/Bucket"]
    assert json.loads(annotations_of(obj)[INTENT])["stage"] == "refused"


@rule(
    "7.4-1",
    "the first refusal costs three writes, each further one two: the attempt is noted before it, and its end after it",
)
async def test_writes_of_refusals(stage: Stage) -> None:
    stage.fault(operation="CreateBucket", **DENIED, times=0)
    await stage.start(services=("s3",))
    async with stage.history(what := f"bucket/{stage.namespace}") as told:
        await stage.apply(bucket(stage.namespace))
        await stage.until_condition(what, "ACK.Recoverable")
        await until_called(stage, "CreateBucket", 2, 0)
        await stage.stop()
    tries = stage.operations().count("CreateBucket")
    assert writes(told) == ["metadata", "metadata", "status"] + ["metadata"] * 2 * (tries - 1)


# 7.5, the status patch


@rule("7.5-1", "a pass that changes AWS writes the status once, as the last of its writes")
async def test_one_status_patch(stage: Stage) -> None:
    await stage.start(stage.metered(), services=("s3",))
    what = await owned(stage, versioning={"status": "Enabled"})
    labels = {"verb": "patch", "resource": "buckets.s3.services.k8s.aws"}
    before = await stage.metric(REQUESTS, **labels, subresource="status")
    async with stage.history(what) as told:
        await stage.patch(what, {"spec": {"versioning": {"status": "Suspended"}}})
        await until_called(stage, "PutBucketVersioning", 2, 0)
        await stage.quiet(what)
    assert writes(told)[-1] == "status"
    assert await stage.metric(REQUESTS, **labels, subresource="status") == before + 1


@rule("7.5-2", "an object that goes during the pass is no error: nothing is logged, and nothing tried again")
async def test_gone_in_the_middle(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.start(stage.metered(), services=("s3",))
    since = stage.last_call()
    stage.fault(act="delay", operation=LOOK, seconds=1.0)
    what = await shown(stage)
    await until_called(stage, "CreateBucket", 1, since)
    await stage.wait(lambda: _active(stage), "a pass")
    await stage.delete(what)
    await stage.until_gone(what)
    await until_passes(stage, "success", 1)
    assert await stage.metric(REQUESTS, code="404", subresource="status") == 1
    assert await passes(stage, "error") == 0
    assert waits(caplog) == []


async def _active(stage: Stage) -> bool:
    return await stage.metric("controller_runtime_active_workers", controller="bucket") >= 1


@rule("7.5-3", "conditions that somebody else has added are gone after the next pass that writes: the list is rebuilt")
async def test_conditions_are_rebuilt(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what = await owned(stage)
    obj = await stage.get(what)
    foreign = [*obj["status"]["conditions"], {"type": "example.com/Approved", "status": "True"}]
    patch = {"status": {"conditions": foreign}}
    await stage.client.patch(RESOURCES["bucket"], key_of(obj), patch, subresource="status")
    assert [*conditions(await stage.look(what))] == ["ACK.ResourceSynced", "Ready"]


@rule("7.5-4", "an edit in the middle of a pass stays, and so does what the pass found out; the edit is answered next")
async def test_an_edit_in_the_middle(stage: Stage) -> None:
    await stage.start(services=("s3",))
    stage.fault(act="delay", operation="CreateBucket", seconds=0.5)
    await stage.apply(bucket(stage.namespace))
    await stage.until(what := f"bucket/{stage.namespace}", finalizers_of)
    versioning = {"status": "Enabled"}
    await stage.patch(what, {"metadata": {"labels": {"mine": "yes"}}, "spec": {"versioning": versioning}})
    await until_called(stage, "PutBucketVersioning", 1, 0)
    obj = await stage.until_synced(what)
    assert obj["metadata"]["labels"] == {"mine": "yes"}
    assert obj["spec"] == {"name": stage.namespace, "versioning": versioning}
    assert stage.operations().count("CreateBucket") == 1


# 7.6, the writes of each flow


@rule("7.6-1", "a bucket: the finalizer, then the status, and no patch of the spec")
async def test_writes_of_a_bucket(stage: Stage) -> None:
    await stage.start(services=("s3",))
    async with stage.history(what := f"bucket/{stage.namespace}") as told:
        await stage.apply(bucket(stage.namespace, versioning={"status": "Enabled"}))
        await stage.until_synced(what)
        await stage.quiet(what)
    assert writes(told) == ["metadata", "status"]


@rule(
    "7.6-1",
    "a repository, whose registryID is late-initialised: the finalizer, one patch with the spec, then the status",
)
async def test_writes_of_a_repository(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    async with stage.history("repository/mine") as told:
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.quiet("repository/mine")
    assert writes(told) == ["metadata", "metadata+spec", "status"]


@rule("7.6-2", "an update of a setting: what is managed is noted, then the status; the spec stays the user's")
async def test_writes_of_an_update(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what = await owned(stage, versioning={"status": "Enabled"})
    async with stage.history(what) as told:
        await stage.patch(what, {"spec": {"versioning": {"status": "Suspended"}}})
        await until_called(stage, "PutBucketVersioning", 2, 0)
        await stage.quiet(what)
    assert writes(told) == ["metadata", "status"]


@rule("7.6-2", "an edit that changes nothing in AWS writes the status alone, for its transition time")
async def test_writes_of_an_edit_without_a_difference(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what = await owned(stage)
    async with stage.history(what) as told:
        await stage.look(what)
        await stage.quiet(what)
    assert writes(told) == ["status"]


@rule("7.6-3", "a resync at rest writes nothing, where ACK writes the status each time")
async def test_writes_of_a_resync(stage: Stage) -> None:
    await stage.start(EVERY_SECOND, stage.metered(), services=("s3",))
    await owned(stage)
    before = await stage.metric(REQUESTS, verb="patch")
    await until_called(stage, LOOK, 2, stage.last_call())
    assert await stage.metric(REQUESTS, verb="patch") == before


@rule("7.6-4", "adopt: one patch of metadata and spec together, then the status")
async def test_writes_of_adopt(stage: Stage) -> None:
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    manifest = bucket(
        "any", annotations=ack(adoption_policy="adopt", adoption_fields=json.dumps({"name": stage.namespace}))
    )
    async with stage.history("bucket/any") as told:
        await stage.apply({each: manifest[each] for each in ("apiVersion", "kind", "metadata")})
        await stage.until_synced("bucket/any")
        await stage.quiet("bucket/any")
    assert writes(told) == ["metadata+spec", "status"]


@rule(
    "7.6-4",
    "adopt-or-create of what exists: one patch of the metadata, then the status, in one pass where ACK takes two",
)
async def test_writes_of_adopt_or_create(stage: Stage) -> None:
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    async with stage.history(what := f"bucket/{stage.namespace}") as told:
        await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create")))
        await stage.until_synced(what)
        await stage.quiet(what)
    assert writes(told) == ["metadata", "status"]


@rule("7.6-5", "a deletion is one write, which takes the finalizer and so ends the object; the status is not written")
async def test_writes_of_a_deletion(stage: Stage) -> None:
    await stage.start(stage.metered(), services=("s3",))
    what = await owned(stage)
    before = await patches(stage)
    await stage.delete(what)
    await stage.until_gone(what)
    await until_passes(stage, "success", 2)
    after = await patches(stage)
    assert after - before == Counter({"": 1})
