"""References to other objects: what each rule of the contract (sections 3.7, 3.9 and 14) makes of a spec, and of a whole pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from ackpy.controllers import references
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.resolution import CROSSING, Resolution
from ackpy.controllers.world import Hindrance
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Descriptor, Edge
from ackpy.runtime.causes import Cause
from ackpy.runtime.lookup import Absence
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import REGION, MemoryCluster, MemoryWorld, Steps

ME = Resource("x.services.k8s.aws", "v1alpha1", "things", "Thing")
ROLES = references.target(Ref("iam", "Role"))
SUBNETS = references.target(Ref("ec2", "Subnet"))
ROLE = Edge("role.roleRef", "role.roleARN", Ref("iam", "Role"), list=False)
SUBNET = Edge("subnetRefs", "subnetIDs", Ref("ec2", "Subnet", path="status.subnetID"), list=True)
RULES = Edge("rules..roleRef", "rules..roleARN", Ref("iam", "Role"), list=False)
UNCHECKED = Edge("roleRef", "roleARN", Ref("iam", "Role", unchecked=True), list=False)
REQUIRED = Edge("roleRef", "roleARN", Ref("iam", "Role"), list=False, required=True)
ARN = "arn:aws:iam::1:role/r"
WHO = "resource:Role, namespace:default, name:r"


def to(name: str, namespace: str = "") -> dict[str, Any]:
    return {"from": {"name": name, **({"namespace": namespace} if namespace else {})}}


def role(*conditions: str, arn: str = ARN) -> Object:
    status: dict[str, Any] = {"conditions": [{"type": kind, "status": "True"} for kind in conditions]}
    return {"status": status | ({"ackResourceMetadata": {"arn": arn}} if arn else {})}


SYNCED = role("ACK.ResourceSynced")
SUBNET_A = {"status": {"subnetID": "subnet-a", "conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]}}
SUBNET_B = {"status": {"subnetID": "subnet-b", "conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]}}
ROLE_R = (ROLES, ObjectKey("default", "r"))


@dataclass(frozen=True)
class Case:
    """A spec, the objects that are there -> the values, or the status and text of ACK.ReferencesResolved."""

    name: str
    edges: list[Edge]
    spec: dict[str, Any]
    others: dict[tuple[Resource, ObjectKey], Object] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    code: Code | None = None
    crosses: bool = True


CASES = [
    Case("no reference", [ROLE], {"role": {"roleARN": ARN}}),
    Case("nothing set", [ROLE, SUBNET], {}),
    Case("nested", [ROLE], {"role": {"roleRef": to("r")}}, {ROLE_R: SYNCED}, {"role.roleARN": ARN}),
    Case(
        "a list keeps its order",
        [SUBNET],
        {"subnetRefs": [to("b"), to("a")]},
        {(SUBNETS, ObjectKey("default", "a")): SUBNET_A, (SUBNETS, ObjectKey("default", "b")): SUBNET_B},
        {"subnetIDs": ["subnet-b", "subnet-a"]},
    ),
    Case(
        "in elements of a list",
        [RULES],
        {"rules": [{"roleARN": "x"}, {"roleRef": to("r")}]},
        {ROLE_R: SYNCED},
        {"rules[1].roleARN": ARN},
    ),
    Case("an empty list names nothing", [SUBNET], {"subnetRefs": []}),
    Case(
        "another namespace",
        [ROLE],
        {"role": {"roleRef": to("r", "prod")}},
        {(ROLES, ObjectKey("prod", "r")): SYNCED},
        {"role.roleARN": ARN},
    ),
    Case(
        "another namespace, denied",
        [ROLE],
        {"role": {"roleRef": to("r", "prod")}},
        {(ROLES, ObjectKey("prod", "r")): SYNCED},
        text="cross-namespace resource reference is not allowed: role.roleRef names prod/r, the resource is in namespace default",
        code=Code.BAD_REFERENCE,
        crosses=False,
    ),
    Case(
        "its own namespace by name is no other",
        [ROLE],
        {"role": {"roleRef": to("r", "default")}},
        {ROLE_R: SYNCED},
        {"role.roleARN": ARN},
        crosses=False,
    ),
    Case(
        "both",
        [ROLE],
        {"role": {"roleARN": ARN, "roleRef": to("r")}},
        {ROLE_R: SYNCED},
        text="both resource reference wrapper and ID cannot be used together: role.roleARN,role.roleRef",
        code=Code.REFERENCE,
    ),
    Case(
        "required and neither",
        [REQUIRED],
        {},
        text="resource reference wrapper or ID required: roleARN,roleRef",
        code=Code.REFERENCE,
    ),
    Case("required and the value", [REQUIRED], {"roleARN": ARN}),
    Case("required and the reference", [REQUIRED], {"roleRef": to("r")}, {ROLE_R: SYNCED}, {"roleARN": ARN}),
    Case(
        "an empty name",
        [ROLE],
        {"role": {"roleRef": to("")}},
        text="provided resource reference is nil or empty: role.roleRef",
        code=Code.REFERENCE,
    ),
    Case(
        "an empty element",
        [SUBNET],
        {"subnetRefs": [to("a"), {}]},
        {(SUBNETS, ObjectKey("default", "a")): SUBNET_A},
        text="provided resource reference is nil or empty: subnetRefs[1]",
        code=Code.REFERENCE,
    ),
    Case(
        "missing",
        [ROLE],
        {"role": {"roleRef": to("r")}},
        text='roles.iam.services.k8s.aws "r" not found in namespace default',
        code=Code.REFERENCE,
    ),
    Case(
        "terminal",
        [ROLE],
        {"role": {"roleRef": to("r")}},
        {ROLE_R: role("ACK.Terminal", "ACK.ResourceSynced")},
        text=f"the referenced resource has 'ACK.Terminal' condition 'True'. Cannot be referenced. {WHO}",
        code=Code.BAD_REFERENCE,
    ),
    Case(
        "not synced",
        [ROLE],
        {"role": {"roleRef": to("r")}},
        {ROLE_R: role()},
        text=f"the referenced resource is not synced yet. {WHO}",
        code=Code.REFERENCE,
    ),
    Case(
        "no status at all",
        [ROLE],
        {"role": {"roleRef": to("r")}},
        {ROLE_R: {}},
        text=f"the referenced resource is not synced yet. {WHO}",
        code=Code.REFERENCE,
    ),
    Case(
        "without the field",
        [ROLE],
        {"role": {"roleRef": to("r")}},
        {ROLE_R: role("ACK.ResourceSynced", arn="")},
        text=f"the referenced resource is missing the target field. {WHO}, targetField:status.ackResourceMetadata.arn",
        code=Code.REFERENCE,
    ),
    Case("unchecked and not synced", [UNCHECKED], {"roleRef": to("r")}, {ROLE_R: role()}, {"roleARN": ARN}),
    Case("unchecked and terminal", [UNCHECKED], {"roleRef": to("r")}, {ROLE_R: role("ACK.Terminal")}, {"roleARN": ARN}),
    Case(
        "unchecked and without the field",
        [UNCHECKED],
        {"roleRef": to("r")},
        {ROLE_R: role(arn="")},
        text=f"the referenced resource is missing the target field. {WHO}, targetField:status.ackResourceMetadata.arn",
        code=Code.REFERENCE,
    ),
    Case(
        "the first that fails stops",
        [ROLE, SUBNET],
        {"role": {"roleRef": to("r")}, "subnetRefs": [to("a")]},
        {(SUBNETS, ObjectKey("default", "a")): SUBNET_A},
        text='roles.iam.services.k8s.aws "r" not found in namespace default',
        code=Code.REFERENCE,
    ),
    Case(
        "what was resolved before it stays",
        [ROLE, SUBNET],
        {"role": {"roleRef": to("r")}, "subnetRefs": [to("a")]},
        {ROLE_R: SYNCED},
        {"role.roleARN": ARN},
        text='subnets.ec2.services.k8s.aws "a" not found in namespace default',
        code=Code.REFERENCE,
    ),
]


def resolved(bucket: Descriptor, case: Case, **cluster: Any) -> Resolution:
    held = MemoryCluster(bucket, Steps(), others=case.others, **cluster)
    obj = {"metadata": {"name": "me", "namespace": "default"}, "spec": case.spec}
    return references.resolve(case.edges, obj, ME, held, crosses=case.crosses)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_spec_stands_for(case: Case, bucket: Descriptor) -> None:
    found = resolved(bucket, case)
    assert found.values == case.values
    assert (found.blocked.text if found.blocked else "") == case.text
    assert (found.blocked.code if found.blocked else None) == case.code
    assert not found.waiting


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_user_s_spec_comes_back_unchanged(case: Case, bucket: Descriptor) -> None:
    found = resolved(bucket, case)
    assert found.restored(found.filled(case.spec)) == case.spec
    assert found.refers == any("Ref" in str(name) for name in _names(case.spec) if case.spec.get("subnetRefs") != [])


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for key, each in value.items() for name in (key, *_names(each))]
    return [name for each in value for name in _names(each)] if isinstance(value, list) else []


LOST = [case for case in CASES if case.code]


@pytest.mark.parametrize("case", LOST, ids=lambda case: case.name)
def test_a_pass_that_makes_nothing_takes_what_there_is(case: Case, bucket: Descriptor) -> None:
    held = MemoryCluster(bucket, Steps(), others=case.others)
    obj = {"metadata": {"name": "me", "namespace": "default"}, "spec": case.spec}
    found = references.resolve(case.edges, obj, ME, held, crosses=case.crosses, optional=True)
    assert found.blocked is None
    expected = {
        "terminal": {"role.roleARN": ARN},
        "not synced": {"role.roleARN": ARN},
        "the first that fails stops": {"subnetIDs": ["subnet-a"]},
    }
    assert found.values == expected.get(case.name, case.values)
    assert not found.refers


@pytest.mark.parametrize("case", [case for case in CASES if not case.code], ids=lambda case: case.name)
def test_a_pass_that_makes_nothing_says_too_that_references_resolve(case: Case, bucket: Descriptor) -> None:
    held = MemoryCluster(bucket, Steps(), others=case.others)
    obj = {"metadata": {"name": "me", "namespace": "default"}, "spec": case.spec}
    found = references.resolve(case.edges, obj, ME, held, crosses=case.crosses, optional=True)
    assert found == resolved(bucket, case)


def test_a_pass_that_makes_nothing_waits_for_what_is_not_known_yet(bucket: Descriptor) -> None:
    held = MemoryCluster(bucket, Steps(), absence=Absence.UNKNOWN)
    obj = {"metadata": {"name": "me", "namespace": "default"}, "spec": {"role": {"roleRef": to("r")}}}
    assert references.resolve([ROLE], obj, ME, held, crosses=True, optional=True).waiting


def test_a_denied_crossing_is_no_advisory(bucket: Descriptor) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r", "prod")}}, crosses=False)
    assert resolved(bucket, case).advisories == ()


def test_what_is_not_known_yet_is_waited_for(bucket: Descriptor) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r")}})
    found = resolved(bucket, case, absence=Absence.UNKNOWN)
    assert found.waiting
    assert found.blocked is None


def test_what_may_not_be_read_is_said(bucket: Descriptor) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r")}})
    found = resolved(bucket, case, absence=Absence.UNKNOWN, hindrances={ROLES: Hindrance.FORBIDDEN})
    assert found.blocked is not None
    assert found.blocked.text == "roles.iam.services.k8s.aws cannot be read"
    assert "extend its role" in found.blocked.advice


@pytest.mark.parametrize(
    ("hindrance", "advice"),
    [
        (Hindrance.NOT_INSTALLED, "install its CRD and enable the service iam"),
        (Hindrance.NOT_ENABLED, "enable the service iam, here or elsewhere"),
        (None, "tried again as soon as"),
    ],
)
def test_the_advice_names_the_service_to_enable(bucket: Descriptor, hindrance: Hindrance | None, advice: str) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r")}})
    found = resolved(bucket, case, hindrances={ROLES: hindrance} if hindrance else {})
    assert found.blocked is not None
    assert advice in found.blocked.advice


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({ROLE_R: [(ME, ObjectKey("default", "me"))]}, "Thing default/me -> Role default/r -> Thing default/me"),
        (
            {
                ROLE_R: [(ROLES, ObjectKey("default", "leaf")), (SUBNETS, ObjectKey("b", "s"))],
                (SUBNETS, ObjectKey("b", "s")): [ROLE_R, (ME, ObjectKey("default", "me"))],
            },
            "Thing default/me -> Role default/r -> Subnet b/s -> Thing default/me",
        ),
        ({ROLE_R: [ROLE_R]}, ""),
    ],
)
def test_a_cycle_is_named(bucket: Descriptor, edges: Any, cycle: str) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r")}}, {ROLE_R: role()})
    found = resolved(bucket, case, edges=edges)
    assert found.blocked is not None
    expected = f". cycle: {cycle}" if cycle else ""
    assert found.blocked.text == f"the referenced resource is not synced yet. {WHO}{expected}"


def test_an_object_that_names_itself_is_a_cycle(bucket: Descriptor) -> None:
    edge = Edge("thingRef", "thing", Ref("x", "Thing"), list=False)
    me = (ME, ObjectKey("default", "me"))
    found = resolved(bucket, Case("", [edge], {"thingRef": to("me")}, {me: {}}))
    assert found.blocked is not None
    assert found.blocked.text.endswith("cycle: Thing default/me -> Thing default/me")


# Whole passes, over the bucket, whose replication.role may be a reference.

DESTINATION = {"bucket": "arn:aws:s3:::other"}


def replicated(**role: Any) -> dict[str, Any]:
    return {"name": "hama-test-bucket", "versioning": {"status": "Enabled"}, "replication": {**role, "rules": []}}


@pytest.fixture
def plain(bucket: Descriptor) -> dict[str, Any]:
    return {"name": "hama-test-bucket"}


async def test_an_unresolved_reference_stops_the_pass_before_anything_is_done(world: MemoryWorld) -> None:
    key = world.cluster.apply("b", replicated(roleRef=to("r")))
    result = await world.one_pass(key)
    conditions = world.conditions(key)
    reason = 'roles.iam.services.k8s.aws "r" not found in namespace default'
    assert list(conditions) == ["ACK.ReferencesResolved", "ACK.ResourceSynced", "Ready"]
    assert conditions["ACK.ReferencesResolved"]["status"] == "Unknown"
    assert conditions["ACK.ReferencesResolved"]["message"] == "Reference resolution failed"
    assert conditions["ACK.ReferencesResolved"]["reason"] == reason
    assert conditions["ACK.ResourceSynced"]["status"] == "Unknown"
    assert conditions["Ready"]["status"] == "False"
    assert conditions["Ready"]["message"].startswith(reason)
    assert not world.aws.calls_made
    assert not world.cluster.objects[key]["metadata"]["finalizers"]
    assert (result.outcome, result.seconds) == (Outcome.AFTER, references.RETRY_SECONDS)
    assert world.events.reasons == ["Waiting"]


async def test_a_try_that_ends_as_the_last_one_writes_and_says_nothing(world: MemoryWorld) -> None:
    key = world.cluster.apply("b", replicated(roleRef=to("r")))
    await world.one_pass(key)
    world.take_counts()
    await world.one_pass(key, Cause.REFERENCE)
    assert not world.take_counts()
    assert world.events.reasons == ["Waiting"]


async def test_a_terminal_target_makes_the_status_false(world: MemoryWorld) -> None:
    world.cluster.others[ROLE_R] = role("ACK.Terminal")
    key = world.cluster.apply("b", replicated(roleRef=to("r")))
    await world.one_pass(key)
    assert world.conditions(key)["ACK.ReferencesResolved"]["status"] == "False"
    assert "ACK.Terminal" not in world.conditions(key)


async def test_a_list_that_is_on_its_way_is_waited_for_without_a_word(world: MemoryWorld) -> None:
    world.cluster.absence = Absence.UNKNOWN
    key = world.cluster.apply("b", replicated(roleRef=to("r")))
    assert (await world.one_pass(key)).outcome is Outcome.RETRY
    assert not world.take_counts()


async def test_a_denied_crossing_makes_the_status_false(bucket: Descriptor) -> None:
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, cross_namespace=False))
    key = world.cluster.apply("b", replicated(roleRef=to("r", "prod")))
    await world.one_pass(key)
    assert world.conditions(key)["ACK.ReferencesResolved"]["status"] == "False"
    assert "--enable-cross-namespace" in world.conditions(key)["Ready"]["message"]


def test_a_required_field_may_be_given_by_reference(profile: Descriptor) -> None:
    [edge] = profile.references()
    assert (edge.path, edge.fills, edge.required) == ("userRef", "userName", True)
    assert not any(profile.spec.members[name].required for name in ("userName", "userRef"))


async def test_deletion_goes_on_without_what_is_referred_to(world: MemoryWorld, plain: dict[str, Any]) -> None:
    key = world.cluster.apply("b", plain)
    await world.settle(key)
    world.cluster.apply("b", replicated(roleRef=to("r")))
    await world.one_pass(key)
    assert world.conditions(key)["ACK.ReferencesResolved"]["status"] == "Unknown"
    world.cluster.delete(key)
    await world.one_pass(key)
    assert key not in world.cluster.objects
    assert not world.aws.buckets


def test_a_crossing_reference_is_told_by_an_advisory(bucket: Descriptor) -> None:
    case = Case("", [ROLE], {"role": {"roleRef": to("r", "prod")}}, {(ROLES, ObjectKey("prod", "r")): SYNCED})
    [advisory] = resolved(bucket, case).advisories
    assert advisory.reason == CROSSING
    assert "resource reference spec.role.roleRef in namespace default leads to namespace prod" in advisory.message
    assert "--enable-cross-namespace" in advisory.message


def test_blocked_names_the_object_that_is_waited_for(bucket: Descriptor) -> None:
    found = resolved(bucket, Case("", [ROLE], {"role": {"roleRef": to("r")}}))
    assert isinstance(found.blocked, Blocked)
    assert found.blocked.on == (ObjectKey("default", "r"),)
