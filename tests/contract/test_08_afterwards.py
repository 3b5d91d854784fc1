"""Sections 8.4, 8.6 and 8.7 of the contract, adoption by annotation: what shows that a resource was adopted, and what follows from it."""

from __future__ import annotations

import json

import pytest
from tests.contract.adoption import ADOPTED, POLICY, adopted, adopting
from tests.contract.buckets import FINALIZER, a_bucket, until_versioning, versioning

from ackpy.kube.objects import annotations_of, finalizers_of
from ackpy.testing.stage import REGION, Stage, ack, bucket, conditions, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "8-4": "the marks of success; what was adopted is never made anew",
    "8-6": "adopt together with read-only: adopted first, and only shown afterwards",
    "8-7": "a kind's is_adoptable: false",
}

UNCOVERED = {
    "8-7": "it has no effect in ACK either, and the definitions have no word for it: every kind can be adopted",
}


# 8-4, the marks


MARKED = [
    pytest.param("adopt", id="adopt", marks=rule("8-4", "adopt leaves finalizer and mark, and an Event")),
    pytest.param("adopt-or-create", id="or-create", marks=rule("8-4", "adopt-or-create leaves the same")),
]


@pytest.mark.parametrize("policy", MARKED)
async def test_marks(stage: Stage, policy: str) -> None:
    obj = await stage.get(what := await adopted(stage, policy))
    assert finalizers_of(obj) == [FINALIZER]
    assert annotations_of(obj)[ADOPTED] == "true"
    assert obj["status"]["ackResourceMetadata"] == {
        "arn": f"arn:aws:s3:::{stage.namespace}",
        "ownerAccountID": stage.account,
        "region": REGION,
        "partition": "aws",
    }
    event = await stage.until_event(what, "Adopted")
    assert event["message"] == f"Bucket {stage.namespace} in AWS is managed from now on"


GONE = [
    pytest.param("adopt", id="adopt", marks=rule("8-4", "what adopt has taken and is gone from AWS is not made anew")),
    pytest.param("adopt-or-create", id="or-create", marks=rule("8-4", "nor what adopt-or-create has taken over")),
]


@pytest.mark.parametrize("policy", GONE)
async def test_never_made_anew(stage: Stage, policy: str) -> None:
    what = await adopted(stage, policy)
    stage.aws("s3").delete_bucket(Bucket=stage.namespace)
    since = stage.last_call()
    await stage.annotate(what, {"ackpy.services.k8s.aws/reconcile-now": "1"})
    obj = await stage.until_condition(what, "ACK.Recoverable")
    said = {"type": "ACK.Recoverable", "status": "True", "message": "adopted resource not found"}
    assert conditions(obj)["ACK.Recoverable"] == said
    assert statuses(obj)["ACK.ResourceSynced"] == statuses(obj)["Ready"] == "False"
    assert not any(call.mutating for call in stage.calls(since))


MARKS = [
    pytest.param("true", id="true", marks=rule("8-4", "whoever sets the mark himself has nothing created")),
    pytest.param("TRUE", id="TRUE", marks=rule("8-4", "the case of the mark does not matter")),
]


@pytest.mark.parametrize("mark", MARKS)
async def test_marked_by_hand(stage: Stage, mark: str) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations={ADOPTED: mark}))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "adopted resource not found"
    assert set(stage.operations()) == {"GetBucketTagging"}


@rule(
    "8-4",
    "an object that is marked and has no finalizer takes nothing over, whatever its policy: what it finds is a stranger's",
)
async def test_marked_and_not_owning(stage: Stage) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations={POLICY: "adopt-or-create", ADOPTED: "true"}))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"]["message"] == "Resource already exists"
    assert finalizers_of(obj) == []


@rule("8-4", "a mark set by hand keeps adopt-or-create from creating, too")
async def test_marked_and_missing(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations={POLICY: "adopt-or-create", ADOPTED: "true"}))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "Ready", "False")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "adopted resource not found"
    assert "CreateBucket" not in stage.operations()


@rule(
    "8-4", "what is to be adopted and is not there is said, where ACK has no status at all; it is found when it appears"
)
async def test_nothing_to_adopt_yet(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    obj = await stage.until_condition("bucket/mine", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "adopted resource not found"
    assert finalizers_of(obj) == []
    a_bucket(stage)
    obj = await stage.until_synced("bucket/mine")
    assert obj["spec"]["name"] == stage.namespace
    assert "ACK.Recoverable" not in conditions(obj)


AFTERWARDS = [
    pytest.param(
        "adopt", id="adopt", marks=rule("8-4", "an object of what exists already adopts as soon as it is told to")
    ),
    pytest.param("adopt-or-create", id="or-create", marks=rule("8-4", "or takes over, without an edit of its spec")),
]


@pytest.mark.parametrize("policy", AFTERWARDS)
async def test_adopted_afterwards(stage: Stage, policy: str) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    obj = await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"]["message"] == "Resource already exists"
    await stage.annotate(what, ack(adoption_policy=policy, adoption_fields=json.dumps({"name": stage.namespace})))
    obj = await stage.until_synced(what)
    assert annotations_of(obj)[ADOPTED] == "true"
    assert "ACK.Terminal" not in conditions(obj)


@rule("8-4", "an object that has its resource does not adopt again: its spec stays")
async def test_not_adopted_twice(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, versioning={"status": "Enabled"}))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    marks = ack(adoption_policy="adopt", adoption_fields=json.dumps({"name": stage.namespace}))
    await stage.annotate(what, marks)
    obj = await stage.look(what)
    assert obj["spec"] == {"name": stage.namespace, "versioning": {"status": "Enabled"}}
    assert ADOPTED not in annotations_of(obj)


ENDS = [
    pytest.param("delete", id="delete", marks=rule("8-4", "what was adopted is deleted with its object")),
    pytest.param("retain", id="retain", marks=rule("8-4", "and retained where the policy says so")),
]


@pytest.mark.parametrize("policy", ENDS)
async def test_its_end(stage: Stage, policy: str) -> None:
    what = await adopted(stage)
    await stage.annotate(what, ack(deletion_policy=policy))
    await stage.delete(what)
    await stage.until_gone(what)
    assert bool(stage.aws("s3").list_buckets()["Buckets"]) == (policy == "retain")


# 8-6, adopt and read-only


@rule(
    "8-6", "adopt and read-only: the spec becomes AWS's and the finalizer is set, but AWS is not written, not even tags"
)
async def test_adopted_and_shown(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    since = stage.last_call()
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}, read_only="true"))
    obj = await stage.until_synced("bucket/mine")
    assert obj["spec"]["versioning"] == {"status": "Enabled"}
    assert finalizers_of(obj) == [FINALIZER]
    assert annotations_of(obj)[ADOPTED] == "true"
    assert conditions(obj)["ACK.Advisory"]["reason"] == "ReadOnly"
    assert not any(call.mutating for call in stage.calls(since))


@rule("8-6", "afterwards it is only shown: an edit of the spec is not carried out until read-only goes")
async def test_shown_afterwards(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}, read_only="true"))
    await stage.until_synced("bucket/mine")
    await stage.patch("bucket/mine", {"spec": {"versioning": {"status": "Suspended"}}})
    await stage.look("bucket/mine")
    assert versioning(stage) == "Enabled"
    await stage.annotate("bucket/mine", ack(read_only="false"))
    await until_versioning(stage, "Suspended", "the edit")


@rule("8-6", "adopt-or-create and read-only: it is shown and not taken over, nor created where it is missing")
async def test_not_taken_over_while_read_only(stage: Stage) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    marks = ack(adoption_policy="adopt-or-create", read_only="true")
    await stage.apply(bucket(stage.namespace, annotations=marks))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert finalizers_of(obj) == []
    missing = f"{stage.namespace}-missing"
    await stage.apply(bucket(missing, annotations=marks))
    obj = await stage.until_condition(f"bucket/{missing}", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "read-only resource not found"
    assert stage.operations().count("CreateBucket") == 1, "the test's own"
