"""Section 9, read-only: objects that show their AWS resource and never change it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.buckets import FINALIZER, a_bucket, versioning

from ackpy.kube.objects import annotations_of, finalizers_of
from ackpy.testing.stage import Stage, ack, bucket, conditions, repository, rule, statuses, writes

pytestmark = pytest.mark.slow

RULES = {
    "9-1": "AWS is not written: no create, update, delete, no tags",
    "9-2": "the object is not marked: no finalizer, no late initialisation, no patch of its spec",
    "9-3": "the status is refreshed from AWS at each resync",
    "9-4": "a resource that is not there: an error, with back-off",
    "9-5": "what toggling the annotation starts",
}

READ_ONLY = ack(read_only="true")


async def showing(stage: Stage, *flags: str, **spec: Any) -> str:
    """Start the operator and let an object show the bucket."""
    a_bucket(stage, versioning="Enabled")
    await stage.start(*flags, services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=READ_ONLY, **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what


async def owning(stage: Stage, **spec: Any) -> str:
    """Start the operator and let an object own the bucket."""
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create"), **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what


# 9-1, AWS


VALUES = [
    pytest.param("true", id="true", marks=rule("9-1", "true: reads alone, what the spec asks for is not carried out")),
    pytest.param("True", id="True", marks=rule("9-1", "True means the same")),
    pytest.param("TRUE", id="TRUE", marks=rule("9-1", "TRUE means the same")),
]


@pytest.mark.parametrize("value", VALUES)
async def test_reads_alone(stage: Stage, value: str) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    since = stage.last_call()
    tags = {"tagSet": [{"key": "team", "value": "red"}]}
    spec = {"versioning": {"status": "Suspended"}, "tagging": tags}
    await stage.apply(bucket(stage.namespace, annotations=ack(read_only=value), **spec))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert statuses(obj)["Ready"] == "True"
    assert not any(call.mutating for call in stage.calls(since))
    assert versioning(stage) == "Enabled"


OTHERS = [
    pytest.param("false", id="false", marks=rule("9-1", "false is an ordinary object")),
    pytest.param("yes", id="yes", marks=rule("9-1", "any other word is an ordinary object, too")),
]


@pytest.mark.parametrize("value", OTHERS)
async def test_any_other_value(stage: Stage, value: str) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=ack(read_only=value)))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert finalizers_of(obj) == [FINALIZER]
    assert "CreateBucket" in stage.operations()


@rule("9-1", "with the gate ReadOnlyResources off the annotation means nothing")
async def test_the_gate(stage: Stage) -> None:
    await stage.start("--feature-gates=ReadOnlyResources=false", services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=READ_ONLY))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert finalizers_of(obj) == [FINALIZER]


@rule("9-1", "an object that only shows goes without an AWS call, and the resource stays")
async def test_its_end(stage: Stage) -> None:
    what = await showing(stage)
    since = stage.last_call()
    await stage.delete(what)
    await stage.until_gone(what)
    await stage.quiet()
    assert stage.operations(since) == []
    assert versioning(stage) == "Enabled"


@rule("9-1", "it stands beside the object that owns the resource, older or younger, and neither is a duplicate")
async def test_beside_the_owner(stage: Stage) -> None:
    await showing(stage)
    await stage.apply(bucket("owner", annotations=ack(adoption_policy="adopt-or-create"), name=stage.namespace))
    await stage.apply(bucket("younger", annotations=READ_ONLY, name=stage.namespace))
    for what in ("bucket/owner", "bucket/younger"):
        assert "ACK.Terminal" not in conditions(await stage.until_synced(what))


@rule("9-1", "drift of a managed object that has become read-only is left alone, and mended when read-only goes")
async def test_drift_is_left_alone(stage: Stage) -> None:
    what = await owning(stage, versioning={"status": "Enabled"})
    await stage.annotate(what, READ_ONLY)
    await stage.until_condition(what, "ACK.Advisory")
    suspended = {"Status": "Suspended"}
    stage.aws("s3").put_bucket_versioning(Bucket=stage.namespace, VersioningConfiguration=suspended)
    await stage.look(what)
    assert versioning(stage) == "Suspended"
    await stage.annotate(what, {"services.k8s.aws/read-only": None})

    async def mended() -> bool:
        return versioning(stage) == "Enabled"

    await stage.wait(mended, "the drift")


@rule("9-1", "an edit of a managed object that has become read-only waits until read-only goes")
async def test_an_edit_waits(stage: Stage) -> None:
    what = await owning(stage, versioning={"status": "Enabled"})
    await stage.annotate(what, READ_ONLY)
    await stage.until_condition(what, "ACK.Advisory")
    await stage.patch(what, {"spec": {"versioning": {"status": "Suspended"}}})
    await stage.look(what)
    assert versioning(stage) == "Enabled"


# 9-2, the object


@rule("9-2", "the status is the one thing that is written, once")
async def test_one_status_patch(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    async with stage.history(what := f"bucket/{stage.namespace}") as told:
        await stage.apply(bucket(stage.namespace, annotations=READ_ONLY))
        await stage.until_synced(what)
        await stage.quiet(what)
    assert writes(told) == ["status"]
    assert finalizers_of(told[-1]) == []
    assert annotations_of(told[-1]) == READ_ONLY


@rule("9-2", "what a managed object would have late-initialised stays out of the spec, and the condition about it too")
async def test_no_late_initialisation(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="theirs")
    await stage.start(services=("ecr",))
    await stage.apply(repository("theirs", annotations=READ_ONLY))
    obj = await stage.until_synced("repository/theirs")
    assert obj["spec"] == {"name": "theirs"}
    assert "ACK.LateInitialized" not in conditions(obj)


@rule("9-2", "a managed object that has become read-only keeps its finalizer")
async def test_a_managed_object_keeps_its_finalizer(stage: Stage) -> None:
    what = await owning(stage)
    await stage.annotate(what, READ_ONLY)
    obj = await stage.until_condition(what, "ACK.Advisory")
    assert finalizers_of(obj) == [FINALIZER]


# 9-3, the status


@rule("9-3", "the status tells of the resource: ARN, account, region, and what AWS's read says")
async def test_the_status_tells_of_it(stage: Stage) -> None:
    made = stage.aws("ecr").create_repository(repositoryName="theirs")["repository"]
    await stage.start(services=("ecr",))
    await stage.apply(repository("theirs", annotations=READ_ONLY))
    status = (await stage.until_synced("repository/theirs"))["status"]
    assert status["repositoryURI"] == made["repositoryUri"]
    assert status["ackResourceMetadata"] == {
        "arn": made["repositoryArn"],
        "ownerAccountID": stage.account,
        "region": "us-east-1",
        "partition": "aws",
    }


@rule("9-3", "an Advisory with the reason ReadOnly says that the resource is shown and not managed")
async def test_it_says_so(stage: Stage) -> None:
    obj = await stage.get(await showing(stage))
    advisory = conditions(obj)["ACK.Advisory"]
    assert (advisory["status"], advisory["reason"]) == ("True", "ReadOnly")
    assert advisory["message"] == "the AWS resource is shown here and not managed"
    assert statuses(obj)["ACK.ResourceSynced"] == statuses(obj)["Ready"] == "True"


@rule("9-3", "at a resync the status follows what somebody has done in AWS")
async def test_a_resync_follows(stage: Stage) -> None:
    ecr = stage.aws("ecr")
    ecr.create_repository(repositoryName="theirs")
    await stage.start("--reconcile-default-resync-seconds=1", services=("ecr",))
    await stage.apply(repository("theirs", annotations=READ_ONLY))
    await stage.until_synced("repository/theirs")
    ecr.delete_repository(repositoryName="theirs")
    obj = await stage.until_condition("repository/theirs", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "read-only resource not found"


@rule("9-3", "a reference that leads nowhere does not keep it from being shown")
async def test_references_do_not_matter(stage: Stage) -> None:
    replication = {"roleRef": {"from": {"name": "nobody"}}, "rules": [{"status": "Enabled", "destination": {}}]}
    obj = await stage.get(await showing(stage, replication=replication))
    assert statuses(obj)["ACK.ResourceSynced"] == "True"
    assert obj["spec"]["replication"] == replication


# 9-4, what is missing


@rule(
    "9-4", "a missing resource is Recoverable with ACK's text, where ACK has no status at all, and nothing is created"
)
async def test_missing(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=READ_ONLY))
    obj = await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Recoverable")
    said = {"type": "ACK.Recoverable", "status": "True", "message": "read-only resource not found"}
    assert conditions(obj)["ACK.Recoverable"] == said
    assert statuses(obj)["ACK.ResourceSynced"] == statuses(obj)["Ready"] == "False"
    assert set(stage.operations()) == {"GetBucketTagging"}
    event = await stage.until_event(what, "NotFound")
    assert event["message"].startswith("read-only resource not found. ")


@rule("9-4", "a missing resource is looked for with back-off, and a try that ends like the last writes nothing")
async def test_looked_for_with_back_off(stage: Stage) -> None:
    await stage.start(stage.metered(), services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=READ_ONLY))
    obj = await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Recoverable")

    async def retried() -> bool:
        return await stage.metric("controller_runtime_reconcile_total", controller="bucket", result="requeue") >= 2

    await stage.wait(retried, "another look")
    assert (await stage.get(what))["metadata"]["resourceVersion"] == obj["metadata"]["resourceVersion"]


@rule("9-4", "it is found when it appears, without an edit")
async def test_found_when_it_appears(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=READ_ONLY))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Recoverable")
    a_bucket(stage, versioning="Enabled")
    assert "ACK.Recoverable" not in conditions(await stage.until_synced(what))


# 9-5, toggling


@rule("9-5", "setting the annotation starts a pass at once, where ACK waits for the resync or an edit")
async def test_set(stage: Stage) -> None:
    what = await owning(stage)
    await stage.annotate(what, READ_ONLY)
    assert conditions(await stage.until_condition(what, "ACK.Advisory"))["ACK.Advisory"]["reason"] == "ReadOnly"


@rule("9-5", "taking it away starts one too: the object is an ordinary one that does not own what it showed")
async def test_taken_away(stage: Stage) -> None:
    what = await showing(stage)
    await stage.annotate(what, {"services.k8s.aws/read-only": None})
    obj = await stage.until_condition(what, "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"]["message"] == "Resource already exists"
    assert finalizers_of(obj) == []


@rule("9-5", "what was shown may be adopted by one edit of the annotations")
async def test_adopted_after_it_was_shown(stage: Stage) -> None:
    what = await showing(stage)
    fields = json.dumps({"name": stage.namespace})
    await stage.annotate(what, ack(adoption_policy="adopt", adoption_fields=fields, read_only="false"))
    obj = await stage.until(what, finalizers_of)
    assert annotations_of(obj)["services.k8s.aws/adopted"] == "true"
    assert obj["spec"]["versioning"] == {"status": "Enabled"}
