"""Who acts for an object: one row for each rule of the runtime contract, sections 11 to 13; and what a pass makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ackpy.controllers import accounts
from ackpy.controllers.accounts import ACCOUNT_MAP, OWNER, TEAM, TEAM_MAP, Home, Roles, Setting
from ackpy.controllers.blocked import Code
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.role_selector import RoleSelector
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.lookup import Absence
from ackpy.testing.world import ACCOUNT, REGION, MemoryWorld

HOME, ONE, TWO = ACCOUNT, "111122223333", "222233334444"
GATES = Gates(team_level_carm=True, service_level_carm=True, iam_role_selector=True)
CARM = ReconcilerOptions(region=REGION)
TEAMS = replace(CARM, gates=Gates(team_level_carm=True))
SERVICES = replace(CARM, gates=Gates(service_level_carm=True))
SELECTORS = replace(CARM, carm=False, gates=Gates(iam_role_selector=True))
OFF = replace(CARM, carm=False)


def role(account: str, name: str = "ack") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def config_map(**data: str) -> Object:
    return {"data": data}


def selector(name: str, account: str, **spec: Any) -> RoleSelector:
    meta = {"name": name, "resourceVersion": "7"}
    return RoleSelector.of({"metadata": meta, "spec": {"arn": role(account, name), **spec}})


MAP = Roles(accounts=config_map(**{HOME: role(HOME), ONE: role(ONE), TWO: role(TWO)}))
BOTH = Roles(
    accounts=config_map(
        **{ONE: role(ONE, "all"), f"s3.{ONE}": role(ONE, "storage"), f"ecr.{ONE}": role(ONE, "images")}
    ),
    teams=config_map(**{"red": role(TWO, "red"), "s3.red": role(TWO, "red-storage")}),
)
PICKED = Roles(
    MAP.accounts,
    BOTH.teams,
    (selector("mine", TWO), selector("others", ONE, resourceLabelSelector={"matchLabels": {"a": "b"}})),
)

# what is asked of the namespace, where the resource is, options and roles -> account and role
CASES: dict[str, tuple[dict[str, str], str, ReconcilerOptions, Roles, tuple[str, str]]] = {
    "nobody asks: the controller itself": ({}, "", CARM, MAP, (HOME, "")),
    "an empty annotation counts as unset": ({OWNER: ""}, "", CARM, MAP, (HOME, "")),
    "the namespace's owner": ({OWNER: ONE}, "", CARM, MAP, (ONE, role(ONE))),
    "the owner needs a role, be it the controller's account": ({OWNER: HOME}, "", CARM, MAP, (HOME, role(HOME))),
    "the account where it is, when nobody asks": ({}, ONE, CARM, MAP, (ONE, role(ONE))),
    "the controller's account needs no role for what is there": ({}, HOME, CARM, MAP, (HOME, "")),
    "CARM off: the owner is not heard": ({OWNER: ONE}, "", OFF, MAP, (HOME, "")),
    "the ARN decides on the account": ({OWNER: ONE}, "", CARM, Roles(config_map(**{ONE: role(TWO)})), (TWO, role(TWO))),
    "blanks around a role are none of it": ({OWNER: ONE}, "", CARM, Roles(config_map(**{ONE: f" {role(ONE)}\n"})), (ONE, role(ONE))),
    "the team": ({TEAM: "red"}, "", TEAMS, BOTH, (TWO, role(TWO, "red"))),
    "the team before the owner": ({TEAM: "red", OWNER: ONE}, "", TEAMS, BOTH, (TWO, role(TWO, "red"))),
    "the team without its gate": ({TEAM: "red", OWNER: ONE}, "", CARM, BOTH, (ONE, role(ONE, "all"))),
    "the service's key first": ({OWNER: ONE}, "", SERVICES, BOTH, (ONE, role(ONE, "storage"))),
    "the service's key without its gate": ({OWNER: ONE}, "", CARM, BOTH, (ONE, role(ONE, "all"))),
    "no key of the service: the account's": ({OWNER: TWO}, "", SERVICES, MAP, (TWO, role(TWO))),
    "the service's key of the team": (
        {TEAM: "red"}, "", replace(CARM, gates=replace(GATES, iam_role_selector=False)), BOTH, (TWO, role(TWO, "red-storage"))),
    "the selector that picks": ({}, "", SELECTORS, PICKED, (TWO, role(TWO, "mine"))),
    "no selector picks": ({}, "", SELECTORS, Roles(selectors=PICKED.selectors[1:]), (HOME, "")),
    "the selector before the team": (
        {TEAM: "red"}, "", replace(SELECTORS, gates=GATES), replace(BOTH, selectors=(selector("mine", ONE),)), (ONE, role(ONE, "mine"))),
    "selectors without their gate": ({}, "", CARM, PICKED, (HOME, "")),
    "the owner is not heard beside selectors": ({OWNER: ONE}, "", SELECTORS, MAP, (HOME, "")),
}  # fmt: skip


def resource(held: str = "", *, deleting: bool = False) -> Object:
    status = (
        {"ackResourceMetadata": {"arn": "arn:aws:s3:::b", "ownerAccountID": held, "region": REGION}} if held else {}
    )
    meta = {"name": "b", "namespace": "team-a", "uid": "u"} | ({"deletionTimestamp": "now"} if deleting else {})
    return {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": meta, "status": status}


def placed(bucket: Descriptor, obj: Object, asked: dict[str, str], options: ReconcilerOptions, roles: Roles) -> Place:
    namespace = {"metadata": {"name": "team-a", "annotations": asked}}
    return accounts.place(bucket, obj, Setting(namespace, roles, Home(HOME, "aws"), options))


@pytest.mark.parametrize("case", CASES)
def test_who_acts(bucket: Descriptor, case: str) -> None:
    asked, held, options, roles, (account, arn) = CASES[case]
    found = placed(bucket, resource(held), asked, options, roles)
    assert (found.account, found.role_arn, found.blocked) == (account, arn, None)
    assert (found.region, found.partition) == (REGION, "aws")


REFUSALS: dict[str, tuple[dict[str, str], ReconcilerOptions, Roles, Code, str]] = {
    "no map": ({OWNER: ONE}, CARM, Roles(), Code.ROLE,
               f'retrieving role ARN for account/team ID "{ONE}" from "{ACCOUNT_MAP}" configmap: configmap not found'),
    "a map that is not read yet": ({OWNER: ONE}, CARM, Roles(accounts=Absence.UNKNOWN), Code.ROLE, "configmap not read yet"),
    "no key": ({OWNER: ONE}, CARM, Roles(accounts={}), Code.ROLE, "configmap: key not found"),
    "an empty value": ({OWNER: ONE}, CARM, Roles(accounts=config_map(**{ONE: " "})), Code.ROLE, "configmap: value is empty"),
    "no ARN": ({OWNER: ONE}, CARM, Roles(accounts=config_map(**{ONE: "ack"})), Code.ROLE, '"ack" is no ARN of an IAM role'),
    "the ARN of a user": ({OWNER: ONE}, CARM, Roles(accounts=config_map(**{ONE: f"arn:aws:iam::{ONE}:user/u"})), Code.ROLE, "no ARN"),
    "no key of the team": ({TEAM: "blue"}, TEAMS, BOTH, Code.ROLE, f'"blue" from "{TEAM_MAP}" configmap: key not found'),
    "no map of teams, though the owner has a role": ({TEAM: "red", OWNER: ONE}, TEAMS, MAP, Code.ROLE, TEAM_MAP),
    "an owner that is no account": ({OWNER: "12"}, CARM, MAP, Code.ANNOTATION, f'{OWNER} of Namespace team-a is "12"'),
    "two selectors": ({}, SELECTORS, Roles(selectors=(selector("b", ONE), selector("a", TWO))), Code.SELECTORS,
                      "several IAMRoleSelectors match: a, b"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_why_nobody_acts(bucket: Descriptor, case: str) -> None:
    asked, options, roles, code, text = REFUSALS[case]
    found = placed(bucket, resource(), asked, options, roles).blocked
    assert found is not None
    assert found.code is code
    assert text in found.text


# the resource is in ONE -> account, role and code, for care and for deletion
MOVES: dict[str, tuple[dict[str, str], ReconcilerOptions, Roles, Code, tuple[str, Code | None]]] = {
    "another owner": ({OWNER: TWO}, CARM, MAP, Code.ACCOUNT, (role(ONE), None)),
    "a team of another account": ({TEAM: "red"}, TEAMS, BOTH, Code.ACCOUNT, (role(ONE, "all"), None)),
    "the new owner has no role": ({OWNER: "999999999999"}, CARM, MAP, Code.ROLE, (role(ONE), None)),
    "CARM was turned off": ({OWNER: ONE}, OFF, MAP, Code.ACCOUNT, ("", Code.ACCOUNT)),
    "a selector of another account": ({}, SELECTORS, PICKED, Code.ACCOUNT, ("", Code.ACCOUNT)),
    "no role for the old account either": ({OWNER: TWO}, CARM, Roles(config_map(**{TWO: role(TWO)})), Code.ACCOUNT, ("", Code.ROLE)),
}  # fmt: skip


@pytest.mark.parametrize("case", MOVES)
def test_a_resource_cannot_move_and_can_be_deleted_where_it_is(bucket: Descriptor, case: str) -> None:
    asked, options, roles, code, (arn, ending) = MOVES[case]
    care = placed(bucket, resource(ONE), asked, options, roles)
    assert care.blocked is not None
    assert care.blocked.code is code
    if code is Code.ACCOUNT:
        assert ONE in care.blocked.text
        assert care.blocked.facts["wanted"] in care.blocked.text
    end = placed(bucket, resource(ONE, deleting=True), asked, options, roles)
    assert (end.account, end.role_arn, end.blocked and end.blocked.code) == (ONE, arn, ending)


def test_the_selectors_version_is_no_part_of_the_place() -> None:
    assert Place("1", "r", selected="version 1") == Place("1", "r", selected="version 2")


@pytest.fixture
def owned(world: MemoryWorld) -> MemoryWorld:
    """A world whose namespace belongs to another account."""
    world.cluster.namespaces["default"] = {"metadata": {"name": "default", "annotations": {OWNER: ONE}}}
    return world


async def test_a_missing_role_is_said_and_aws_is_not_asked(owned: MemoryWorld) -> None:
    key = owned.cluster.apply("b", {"name": "b"})
    result = await owned.one_pass(key)
    found = owned.conditions(key)
    why = f'retrieving role ARN for account/team ID "{ONE}" from "{ACCOUNT_MAP}" configmap: configmap not found'
    synced = found["ACK.ResourceSynced"]
    assert (synced["status"], synced["message"], synced["reason"]) == ("False", "IAM Role is not available", why)
    assert "ACK.Terminal" not in found
    assert found["Ready"]["status"] == "False"
    assert why in found["Ready"]["message"]
    assert (owned.aws.calls_made, owned.events.reasons) == ([], ["NoRole"])
    assert owned.cluster.objects[key]["status"]["ackResourceMetadata"]["ownerAccountID"] == ONE
    assert result.seconds >= 15
    owned.cluster.writes.clear()
    await owned.one_pass(key, "retry")
    assert owned.cluster.writes == [], "the same words are not written twice"


async def test_a_role_that_comes_wakes_the_object_and_the_bucket_is_in_its_account(owned: MemoryWorld) -> None:
    key = owned.cluster.apply("b", {"name": "b"})
    await owned.one_pass(key)
    seen = list(owned.cluster.objects.values())
    assert list(owned.reconciler.displaced(seen)) == []
    owned.roles = MAP
    assert list(owned.reconciler.displaced(seen)) == [key]
    await owned.settle(key, "reference")
    assert owned.aws.buckets["b"].owner == ONE
    assert {(place.account, place.role_arn) for place in owned.aws.places} == {(ONE, role(ONE))}
    assert owned.conditions(key)["Ready"]["status"] == "True"
    assert list(owned.reconciler.displaced(owned.cluster.objects.values())) == []


async def test_a_lost_role_keeps_the_status(owned: MemoryWorld) -> None:
    owned.roles = MAP
    key = owned.cluster.apply("b", {"name": "b"})
    await owned.settle(key)
    before = owned.cluster.objects[key]["status"]
    owned.roles = Roles()
    await owned.one_pass(key, "reference")
    after = owned.cluster.objects[key]["status"]
    assert {**after, "conditions": []} == {**before, "conditions": []}
    assert owned.conditions(key)["ACK.ResourceSynced"]["message"] == "IAM Role is not available"


async def test_a_namespace_that_changes_hands_is_said_and_deletion_goes_to_the_old_account(owned: MemoryWorld) -> None:
    owned.roles = MAP
    key = owned.cluster.apply("b", {"name": "b"})
    await owned.settle(key)
    owned.cluster.namespaces["default"]["metadata"]["annotations"] = {OWNER: TWO}
    owned.aws.places.clear()
    await owned.one_pass(key, "reference")
    terminal = owned.conditions(key)["ACK.Terminal"]["message"]
    assert (ONE in terminal, TWO in terminal, owned.aws.places) == (True, True, [])
    owned.cluster.delete(key)
    await owned.settle(key)
    assert (owned.aws.buckets, key in owned.cluster.objects) == ({}, False)
    assert {place.role_arn for place in owned.aws.places} == {role(ONE)}


async def test_a_region_that_changes_is_said_and_deletion_goes_to_the_old_one(world: MemoryWorld) -> None:
    key = world.cluster.apply("b", {"name": "b"}, annotations={"services.k8s.aws/region": "eu-west-1"})
    await world.settle(key)
    world.cluster.edit(key, {"metadata": {"annotations": {"services.k8s.aws/region": "eu-west-2"}}})
    world.aws.places.clear()
    await world.one_pass(key)
    terminal = world.conditions(key)["ACK.Terminal"]["message"]
    assert ("eu-west-1" in terminal, "eu-west-2" in terminal, world.aws.places) == (True, True, [])
    world.cluster.delete(key)
    await world.settle(key)
    assert (world.aws.buckets, {place.region for place in world.aws.places}) == ({}, {"eu-west-1"})


async def test_another_region_of_the_flag_moves_nothing(bucket: Descriptor) -> None:
    world = MemoryWorld(bucket)
    key = world.cluster.apply("b", {"name": "b"})
    await world.settle(key)
    world.options = replace(world.options, region="ap-south-1")
    world.restart()
    world.aws.places.clear()
    await world.settle(key, "start")
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert {place.region for place in world.aws.places} == {REGION}


@pytest.mark.parametrize("policy", ["retain", "delete"])
async def test_what_aws_is_not_asked_about_needs_no_role_to_be_let_go(owned: MemoryWorld, policy: str) -> None:
    """The resource is retained, or was never made."""
    key = owned.cluster.apply("b", {"name": "b"}, finalizers=(owned.descriptor.finalizer,))
    owned.cluster.edit(key, {"metadata": {"annotations": {"services.k8s.aws/deletion-policy": policy}}})
    made = {"ackResourceMetadata": {"arn": "arn:aws:s3:::b", "ownerAccountID": ONE, "region": REGION}}
    owned.cluster.edit(key, {"status": made})
    owned.cluster.delete(key)
    await owned.one_pass(key)
    assert (key in owned.cluster.objects) is (policy == "delete")
    if policy == "delete":  # it was made: somebody has to be there to delete it
        assert owned.conditions(key)["ACK.ResourceSynced"]["message"] == "IAM Role is not available"


async def test_an_endpoint_that_is_not_allowed_gets_no_request(world: MemoryWorld) -> None:
    annotations = {"services.k8s.aws/endpoint-url": "https://evil.example"}
    world.cluster.namespaces["default"] = {"metadata": {"name": "default", "annotations": annotations}}
    key = world.cluster.apply("b", {"name": "b"})
    await world.one_pass(key)
    assert "evil.example" in world.conditions(key)["ACK.Terminal"]["message"]
    assert world.aws.places == []


async def test_another_policy_of_the_namespace_is_worth_a_pass(world: MemoryWorld) -> None:
    key = world.cluster.apply("b", {"name": "b"})
    await world.settle(key)
    annotations = {"s3.services.k8s.aws/deletion-policy": "reatin"}
    world.cluster.namespaces["default"] = {"metadata": {"name": "default", "annotations": annotations}}
    assert list(world.reconciler.displaced(world.cluster.objects.values())) == [key]
    await world.one_pass(key, "reference")
    assert '"reatin"' in world.conditions(key)["ACK.Terminal"]["message"]


async def test_the_selected_role_is_a_condition_of_its_own(bucket: Descriptor) -> None:
    world = MemoryWorld(bucket, SELECTORS)
    world.roles = PICKED
    key = world.cluster.apply("b", {"name": "b"})
    await world.settle(key)
    types = [each["type"] for each in world.cluster.objects[key]["status"]["conditions"]]
    assert types == ["ACK.ResourceSynced", "ACK.IAMRoleSelected", "Ready"]
    found = world.conditions(key)["ACK.IAMRoleSelected"]
    wanted = f"roleARN: {role(TWO, 'mine')}, selectorName: mine, selectorResourceVersion: 7"
    assert (found["status"], found["reason"], found["message"]) == ("True", "Selected", wanted)
    world.cluster.edit(key, {"metadata": {"annotations": {"services.k8s.aws/deletion-policy": "odd"}}})
    world.cluster.delete(key)
    for _ in range(3):
        await world.one_pass(key)
    types = [each["type"] for each in world.cluster.objects[key]["status"]["conditions"]]
    assert types.count("ACK.IAMRoleSelected") == 1


async def test_several_selectors_are_named_in_the_condition(bucket: Descriptor) -> None:
    world = MemoryWorld(bucket, SELECTORS)
    world.roles = Roles(selectors=(selector("b", ONE), selector("a", TWO)))
    key = world.cluster.apply("b", {"name": "b"})
    await world.one_pass(key)
    synced = world.conditions(key)["ACK.ResourceSynced"]
    assert (synced["status"], synced["reason"]) == ("False", "several IAMRoleSelectors match: a, b")
    assert (world.aws.places, "ACK.IAMRoleSelected" in world.conditions(key)) == ([], False)


async def test_a_create_whose_end_is_not_known_is_looked_for_where_it_was_sent(owned: MemoryWorld) -> None:
    owned.roles = MAP
    key = owned.cluster.apply("b", {"name": "b"})
    owned.steps.end_at = 3  # after the finalizer's patch and the create call; the status is not written
    with pytest.raises(BaseException, match=r"CreateBucket|patch"):
        await owned.settle(key)
    owned.restart()
    owned.cluster.namespaces["default"]["metadata"]["annotations"] = {OWNER: TWO}
    owned.aws.places.clear()
    await owned.one_pass(key)
    assert ONE in owned.conditions(key)["ACK.Terminal"]["message"]
    owned.cluster.namespaces["default"]["metadata"]["annotations"] = {OWNER: ONE}
    await owned.settle(key)
    assert [bucket.owner for bucket in owned.aws.buckets.values()] == [ONE]
    assert owned.aws.created == ["b"]
