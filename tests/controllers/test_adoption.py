"""Adoption by annotation: one row per rule of what an object may ask for, what it gets, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ackpy.controllers import intent, memory
from ackpy.controllers.memory import Memory
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, Killed, MemoryWorld, api_error

NAME = "hama-test-bucket"
FINALIZER = "finalizers.s3.services.k8s.aws/Bucket"
POLICY = "services.k8s.aws/adoption-policy"
FIELDS = "services.k8s.aws/adoption-fields"
ADOPTED = "services.k8s.aws/adopted"
READ_ONLY = "services.k8s.aws/read-only"
DELETION = "services.k8s.aws/deletion-policy"
ADOPT = {POLICY: "adopt", FIELDS: json.dumps({"name": NAME})}
ADOPT_OR_CREATE = {POLICY: "adopt-or-create"}
TAGS = [{"Key": "team", "Value": "a"}, {"Key": "aws:cloudformation:stack-id", "Value": "s"}]
SETTINGS: dict[str, Any] = {
    "Versioning": {"Status": "Enabled"},
    "Tagging": {"TagSet": TAGS},
    "Policy": '{"Version":"2012-10-17","Statement":[]}',
}
ADOPTED_SPEC = {
    "name": NAME,
    "acl": "private",
    "accelerate": {},
    "logging": {},
    "notification": {},
    "requestPayment": {},
    "versioning": {"status": "Enabled"},
    "policy": SETTINGS["Policy"],
    "tagging": {"tagSet": [{"key": "team", "value": "a"}]},
}
USERS = {"name": NAME, "versioning": {"status": "Suspended"}}


@pytest.fixture
def world(bucket: Descriptor) -> MemoryWorld:
    """A world with somebody's bucket."""
    return with_bucket(MemoryWorld(bucket, ReconcilerOptions(region=REGION, verify=False)))


def with_bucket(world: MemoryWorld, owner: str = ACCOUNT) -> MemoryWorld:
    world.aws.buckets[NAME] = Bucket(owner, REGION, {**SETTINGS, "Tagging": {"TagSet": [*TAGS]}})
    return world


def apply(
    world: MemoryWorld, annotations: Mapping[str, str], spec: Mapping[str, Any] | None = None, name: str = "b"
) -> ObjectKey:
    key = world.cluster.apply(name, spec or {}, annotations=annotations)
    if spec is None:
        del world.cluster.objects[key]["spec"]
    return key


def aws_tags(world: MemoryWorld) -> set[str]:
    return {tag["Key"] for tag in world.aws.settings(NAME)["Tagging"]["TagSet"]}


def is_managed(world: MemoryWorld, key: ObjectKey) -> bool:
    obj = world.cluster.objects[key]
    return FINALIZER in objects.finalizers_of(obj) and objects.annotations_of(obj).get(ADOPTED) == "true"


@dataclass(frozen=True)
class Refused:
    """An annotation that cannot be served: the object says why, in ACK's words, and AWS is not asked."""

    title: str
    annotations: Mapping[str, str]
    says: str


_EXAMPLE = ': write services.k8s.aws/adoption-fields as, for example, {"name": "..."}'
REFUSED = [
    Refused(
        "another policy",
        {**ADOPT, POLICY: "take"},
        'unrecognized adoption policy take. Supported policies are "adopt" and "adopt-or-create"',
    ),
    Refused(
        "a policy in another case",
        {**ADOPT, POLICY: "Adopt"},
        'unrecognized adoption policy Adopt. Supported policies are "adopt" and "adopt-or-create"',
    ),
    Refused("no fields", {POLICY: "adopt"}, f"unmarshalling adoption-fields annotation: it is missing{_EXAMPLE}"),
    Refused(
        "empty fields", {**ADOPT, FIELDS: ""}, f"unmarshalling adoption-fields annotation: it is missing{_EXAMPLE}"
    ),
    Refused(
        "fields that are no JSON",
        {**ADOPT, FIELDS: "{name: b}"},
        f"unmarshalling adoption-fields annotation: it is no JSON, at line 1 column 2{_EXAMPLE}",
    ),
    Refused(
        "fields that are a list",
        {**ADOPT, FIELDS: "[]"},
        f"unmarshalling adoption-fields annotation: it must be a JSON object whose values are all strings{_EXAMPLE}",
    ),
    Refused(
        "a field that is no string",
        {**ADOPT, FIELDS: '{"name": 1}'},
        f"unmarshalling adoption-fields annotation: it must be a JSON object whose values are all strings{_EXAMPLE}",
    ),
    Refused(
        "a required field missing",
        {**ADOPT, FIELDS: '{"id": "b"}'},
        "Error populating adoption fields: required field missing: name",
    ),
    Refused(
        "an ARN of another kind",
        {**ADOPT, FIELDS: '{"arn": "arn:aws:sqs:eu-central-1:1:b"}'},
        "Error populating adoption fields: arn arn:aws:sqs:eu-central-1:1:b has not the form arn:{partition}:s3:::{name}",
    ),
    Refused(
        "an ARN of another partition",
        {**ADOPT, FIELDS: '{"arn": "arn:aws-cn:s3:::b"}'},
        "Error populating adoption fields: arn:aws-cn:s3:::b is in partition aws-cn, the object in aws",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.title)
async def test_refused(world: MemoryWorld, case: Refused) -> None:
    key = apply(world, case.annotations)
    await world.settle(key)
    assert world.aws.calls_made == []
    assert world.conditions(key)["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": case.says}
    assert not objects.finalizers_of(world.cluster.objects[key])
    world.cluster.edit(key, {"metadata": {"annotations": ADOPT}})
    await world.settle(key)
    assert is_managed(world, key), "the annotation corrected, it is served"


@dataclass(frozen=True)
class Taken:
    """An object that is to adopt: the spec that it comes with and the one that it has afterwards."""

    title: str
    annotations: Mapping[str, str]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    puts: tuple[str, ...] = ("PutBucketTagging",)
    options: Mapping[str, Any] = field(default_factory=dict)


TAKEN = [
    Taken("no spec: it becomes what AWS has", ADOPT, None, ADOPTED_SPEC),
    Taken("by its ARN", {**ADOPT, FIELDS: json.dumps({"arn": f"arn:aws:s3:::{NAME}"})}, None, ADOPTED_SPEC),
    Taken("a spec that differs loses", ADOPT, USERS, ADOPTED_SPEC),
    Taken("another name loses", ADOPT, {"name": "other"}, ADOPTED_SPEC),
    Taken("what AWS has not goes", ADOPT, {**USERS, "cors": {"corsRules": []}}, ADOPTED_SPEC),
    Taken(
        "what no read tells of stays",
        ADOPT,
        {**USERS, "objectOwnership": "ObjectWriter"},
        {**ADOPTED_SPEC, "objectOwnership": "ObjectWriter"},
    ),
    Taken(
        "a reference that cannot be resolved is ignored",
        ADOPT,
        {**USERS, "replication": {"roleRef": {"from": {"name": "nobody"}}}},
        ADOPTED_SPEC,
    ),
    Taken("no tags of the controller's: nothing is written", ADOPT, None, ADOPTED_SPEC, (), {"resource_tags": ()}),
    Taken(
        "adopt-or-create: the spec wins",
        ADOPT_OR_CREATE,
        USERS,
        USERS,
        ("PutBucketTagging", "PutBucketVersioning"),
    ),
    Taken(
        "adopt-or-create: fields name a bucket, the spec's identifiers stay",
        {**ADOPT_OR_CREATE, FIELDS: json.dumps({"name": NAME})},
        USERS,
        USERS,
        ("PutBucketTagging", "PutBucketVersioning"),
    ),
    Taken(
        "adopt-or-create: fields that lead nowhere are ignored",
        {**ADOPT_OR_CREATE, FIELDS: "nonsense"},
        USERS,
        USERS,
        ("PutBucketTagging", "PutBucketVersioning"),
    ),
    Taken(
        "adopt-or-create: what AWS has already is not written",
        ADOPT_OR_CREATE,
        {"name": NAME, "versioning": {"status": "Enabled"}},
        {"name": NAME, "versioning": {"status": "Enabled"}},
        (),
        {"resource_tags": ()},
    ),
]


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.title)
async def test_taken(bucket: Descriptor, case: Taken) -> None:
    world = with_bucket(MemoryWorld(bucket, ReconcilerOptions(region=REGION, verify=False, **case.options)))
    key = apply(world, case.annotations, case.before)
    assert (await world.one_pass(key)).outcome is Outcome.DONE
    assert is_managed(world, key)
    assert world.cluster.objects[key]["spec"] == case.after
    assert sorted(world.aws.writes) == sorted(case.puts)
    assert [target for target, _ in world.cluster.writes] == ["object", "status"], "one patch of each, status last"
    conditions = world.conditions(key)
    assert conditions["ACK.ResourceSynced"]["status"] == conditions["Ready"]["status"] == "True"
    assert world.cluster.objects[key]["status"]["ackResourceMetadata"]["arn"] == f"arn:aws:s3:::{NAME}"
    assert world.events.reasons == ["Adopted", *(["Updated"] if case.puts else [])]
    held = Memory.of(world.cluster.objects[key])
    assert held is not None
    assert held.paths.keys() == case.after.keys(), "all that the spec has is managed"
    world.take_counts()
    assert (await world.one_pass(key, Cause.RESYNC)).outcome is Outcome.DONE
    assert world.aws.writes == []
    assert world.cluster.writes == []
    world.restart()
    await world.settle(key, Cause.START)
    assert world.aws.writes == []


async def test_tags_of_aws_stay_in_aws_and_the_controllers_are_added(world: MemoryWorld) -> None:
    await world.settle(apply(world, ADOPT))
    assert aws_tags(world) == {
        "team",
        "aws:cloudformation:stack-id",
        "services.k8s.aws/controller-version",
        "services.k8s.aws/namespace",
    }


async def test_grants_that_a_canned_acl_names_are_not_said_twice(world: MemoryWorld) -> None:
    owner = {"ID": "o", "Type": "CanonicalUser"}
    granted = [{"Grantee": owner, "Permission": "FULL_CONTROL"}]
    world.aws.buckets[NAME].settings["Acl"] = {"Owner": owner, "Grants": granted}
    key = apply(world, ADOPT)
    await world.settle(key)
    assert world.cluster.objects[key]["spec"]["acl"] == "private"
    assert "grantFullControl" not in world.cluster.objects[key]["spec"]
    stranger = {"Grantee": {"ID": "x", "Type": "CanonicalUser"}, "Permission": "READ"}
    world.aws.buckets[NAME].settings["Acl"] = {"Owner": owner, "Grants": [*granted, stranger]}
    other = apply(world, {**ADOPT, READ_ONLY: "true"}, name="shown")
    await world.settle(other)
    spec = world.cluster.objects[other]["spec"]
    assert (spec["grantRead"], "acl" in spec) == ('id="x"', False)


async def test_adopt_or_create_makes_what_is_missing(world: MemoryWorld) -> None:
    del world.aws.buckets[NAME]
    key = apply(world, ADOPT_OR_CREATE, USERS)
    await world.settle(key)
    assert world.aws.created == [NAME]
    assert ADOPTED not in objects.annotations_of(world.cluster.objects[key])
    assert world.events.reasons == ["Created"]


async def test_adopt_of_nothing_says_so_and_finds_it_later(world: MemoryWorld) -> None:
    del world.aws.buckets[NAME]
    key = apply(world, ADOPT)
    assert (await world.one_pass(key)).outcome is Outcome.RETRY
    conditions = world.conditions(key)
    assert conditions["ACK.Recoverable"]["message"] == "adopted resource not found"
    assert (conditions["ACK.ResourceSynced"]["status"], conditions["Ready"]["status"]) == ("False", "False")
    assert "correct the identifiers" in conditions["Ready"]["message"]
    assert not objects.finalizers_of(world.cluster.objects[key])
    world.take_counts()
    await world.one_pass(key, Cause.RETRY)
    assert world.cluster.writes == [], "a try that ends as the last one writes nothing"
    assert world.events.reasons == ["NotFound"]
    with_bucket(world)
    await world.settle(key, Cause.RETRY)
    assert is_managed(world, key)
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}
    assert world.aws.created == []


@pytest.mark.parametrize("policy", [ADOPT, ADOPT_OR_CREATE], ids=["adopt", "adopt-or-create"])
async def test_what_was_adopted_is_not_made_again(world: MemoryWorld, policy: Mapping[str, str]) -> None:
    key = apply(world, policy, USERS)
    await world.settle(key)
    del world.aws.buckets[NAME]
    await world.one_pass(key, Cause.RESYNC)
    assert world.aws.created == []
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "adopted resource not found"


@pytest.mark.parametrize("mark", ["true", "TRUE", "True"])
async def test_whoever_marks_an_object_as_adopted_has_nothing_created(world: MemoryWorld, mark: str) -> None:
    del world.aws.buckets[NAME]
    key = apply(world, {ADOPTED: mark, **ADOPT_OR_CREATE}, USERS)
    await world.one_pass(key)
    assert world.aws.created == []
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "adopted resource not found"
    with_bucket(world)
    await world.settle(key)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"


@pytest.mark.parametrize("policy", [ADOPT, ADOPT_OR_CREATE], ids=["adopt", "adopt-or-create"])
async def test_with_the_gate_off_nothing_is_adopted(bucket: Descriptor, policy: Mapping[str, str]) -> None:
    gates = Gates(resource_adoption=False)
    world = with_bucket(MemoryWorld(bucket, ReconcilerOptions(region=REGION, gates=gates)))
    key = apply(world, policy, USERS)
    await world.settle(key)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.writes == []


async def test_an_object_that_has_its_resource_does_not_adopt(world: MemoryWorld) -> None:
    key = apply(world, {}, {**USERS, "name": "mine"})
    await world.settle(key)
    world.cluster.edit(key, {"metadata": {"annotations": {**ADOPT}}})
    await world.settle(key)
    assert world.cluster.objects[key]["spec"]["name"] == "mine"
    assert ADOPTED not in objects.annotations_of(world.cluster.objects[key])
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


@pytest.mark.parametrize("policy", [ADOPT, ADOPT_OR_CREATE], ids=["adopt", "adopt-or-create"])
async def test_what_exists_already_may_be_adopted_afterwards(world: MemoryWorld, policy: Mapping[str, str]) -> None:
    key = apply(world, {}, USERS)
    await world.settle(key)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    world.cluster.edit(key, {"metadata": {"annotations": {**policy}}})
    await world.settle(key)
    assert is_managed(world, key)
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}


async def test_what_a_create_was_refused_for_may_be_adopted_afterwards(world: MemoryWorld) -> None:
    taken = world.aws.buckets.pop(NAME)
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", "BucketAlreadyExists", 409))
    key = apply(world, {}, USERS)
    await world.settle(key)
    assert FINALIZER in objects.finalizers_of(world.cluster.objects[key])
    world.aws.buckets[NAME] = taken
    world.cluster.edit(key, {"metadata": {"annotations": {**ADOPT}}})
    await world.settle(key)
    assert is_managed(world, key)
    assert intent.ANNOTATION not in objects.annotations_of(world.cluster.objects[key])
    assert world.cluster.objects[key]["spec"] == ADOPTED_SPEC


async def test_a_copied_manifest_adopts_anew(world: MemoryWorld) -> None:
    """Restored from a backup: mark and finalizer came along, and belong to an object that is no more."""
    key = apply(world, ADOPT)
    await world.settle(key)
    saved = world.cluster.objects.pop(key)
    copied = world.cluster.apply(
        "b", saved["spec"], annotations=objects.annotations_of(saved), finalizers=objects.finalizers_of(saved)
    )
    await world.settle(copied)
    assert is_managed(world, copied)
    assert Memory.of(world.cluster.objects[copied]) is not None
    assert world.conditions(copied)["ACK.ResourceSynced"]["status"] == "True"


async def test_two_objects_that_adopt_one_resource_have_one_owner(world: MemoryWorld) -> None:
    older, younger = apply(world, ADOPT, name="older"), apply(world, ADOPT, name="younger")
    await world.settle(younger)
    message = world.conditions(younger)["ACK.Terminal"]["message"]
    assert message == f"Bucket {NAME} is already declared by Bucket default/older"
    assert world.aws.calls_made == []
    await world.settle(older)
    assert is_managed(world, older)
    assert not is_managed(world, younger)


async def test_another_accounts_resource_is_not_adopted(bucket: Descriptor) -> None:
    world = with_bucket(MemoryWorld(bucket), owner="999988887777")
    key = apply(world, ADOPT)
    await world.one_pass(key)
    assert "AccessDenied" in world.conditions(key)["ACK.Recoverable"]["message"]
    assert not objects.finalizers_of(world.cluster.objects[key])


async def test_half_a_resource_is_not_adopted(world: MemoryWorld) -> None:
    world.aws.failing["GetBucketPolicy"].append(api_error("GetBucketPolicy", "AccessDenied", 403))
    key = apply(world, ADOPT)
    await world.one_pass(key)
    assert not objects.finalizers_of(world.cluster.objects[key])
    assert "spec" not in world.cluster.objects[key]
    assert "AccessDenied" in world.conditions(key)["ACK.Recoverable"]["message"]
    await world.settle(key, Cause.RETRY)
    assert world.cluster.objects[key]["spec"] == ADOPTED_SPEC


async def test_what_an_emulator_cannot_tell_stays_unmanaged(world: MemoryWorld) -> None:
    world.aws.failing["GetBucketLogging"].append(api_error("GetBucketLogging", "NotImplemented", 501))
    key = apply(world, ADOPT)
    await world.settle(key)
    assert world.cluster.objects[key]["spec"] == {
        path: each for path, each in ADOPTED_SPEC.items() if path != "logging"
    }
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_a_write_that_fails_after_adopt_or_create_is_tried_again(world: MemoryWorld) -> None:
    world.aws.failing["PutBucketVersioning"].append(api_error("PutBucketVersioning", "InternalError", 500))
    key = apply(world, ADOPT_OR_CREATE, USERS)
    await world.one_pass(key)
    assert is_managed(world, key)
    held = Memory.of(world.cluster.objects[key])
    assert held is not None
    assert held.paths["versioning"] == memory.PENDING
    await world.settle(key, Cause.RETRY)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Suspended"}


@pytest.mark.parametrize(("policy", "gone"), [("delete", True), ("retain", False)])
async def test_what_was_adopted_is_deleted_as_its_policy_says(world: MemoryWorld, policy: str, gone: bool) -> None:
    key = apply(world, {**ADOPT, DELETION: policy})
    await world.settle(key)
    world.cluster.delete(key)
    await world.settle(key)
    assert key not in world.cluster.objects
    assert (NAME not in world.aws.buckets) is gone


async def test_an_object_that_has_not_adopted_goes_without_aws(world: MemoryWorld) -> None:
    key = apply(world, {**ADOPT, FIELDS: "nonsense"})
    await world.settle(key)
    world.cluster.delete(key)
    assert key not in world.cluster.objects
    assert NAME in world.aws.buckets


@pytest.mark.parametrize("policy", [ADOPT, ADOPT_OR_CREATE], ids=["adopt", "adopt-or-create"])
async def test_an_adoption_cut_off_anywhere_is_ended_by_the_next_pass(
    bucket: Descriptor, policy: Mapping[str, str]
) -> None:
    uncut = with_bucket(MemoryWorld(bucket))
    await uncut.settle(apply(uncut, policy, USERS))
    assert len(uncut.steps.names) > 8
    for step in range(len(uncut.steps.names)):
        world = with_bucket(MemoryWorld(bucket))
        key = apply(world, policy, USERS)
        world.steps.end_at = step
        with pytest.raises(Killed):
            await world.settle(key)
        world.restart()
        await world.settle(key, Cause.START)
        assert is_managed(world, key), uncut.steps.names[step]
        assert world.cluster.objects[key]["spec"] == uncut.cluster.objects[key]["spec"]
        assert world.aws.buckets == uncut.aws.buckets
        assert (world.aws.created, world.aws.deleted) == ([], [])


async def test_adopt_and_read_only_adopts_first_and_then_only_shows(world: MemoryWorld) -> None:
    key = apply(world, {**ADOPT, READ_ONLY: "true"})
    await world.settle(key)
    assert is_managed(world, key)
    assert world.cluster.objects[key]["spec"] == ADOPTED_SPEC
    assert [target for target, _ in world.cluster.writes] == ["object", "status"]
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    await world.settle(key, Cause.RESYNC)
    assert world.aws.writes == []
    assert world.cluster.objects[key]["spec"] == ADOPTED_SPEC


@pytest.mark.parametrize("annotation", [{**ADOPT}, {READ_ONLY: "true"}], ids=["adopt", "read-only"])
async def test_with_the_gate_off_references_matter(bucket: Descriptor, annotation: Mapping[str, str]) -> None:
    gates = Gates(resource_adoption=False, read_only_resources=False)
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, gates=gates))
    key = apply(world, annotation, {**USERS, "replication": {"roleRef": {"from": {"name": "nobody"}}}})
    await world.one_pass(key)
    assert world.aws.created == []
    assert world.conditions(key)["ACK.ReferencesResolved"]["status"] == "Unknown"


@pytest.mark.parametrize("policy", [ADOPT, ADOPT_OR_CREATE], ids=["adopt", "adopt-or-create"])
async def test_a_paused_object_adopts_when_it_goes_on(world: MemoryWorld, policy: Mapping[str, str]) -> None:
    paused = "ackpy.services.k8s.aws/paused"
    key = apply(world, {**policy, paused: "true"}, USERS)
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert not objects.finalizers_of(world.cluster.objects[key])
    world.cluster.edit(key, {"metadata": {"annotations": {paused: None}}})
    await world.settle(key)
    assert is_managed(world, key)
