"""Section 11 of ACK's contract: who owns what is made in a namespace, and which role is assumed for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import parse_qs

import pytest

from ackpy.errors import AlreadyExists
from ackpy.kube.resource import NAMESPACES
from ackpy.testing.relay import relay
from ackpy.testing.stage import REGION, Stage, another_account, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "11-1a": "the role maps are in ACK_SYSTEM_NAMESPACE, else K8S_NAMESPACE, else ack-system",
    "11-1b": "ack-role-account-map leads from an account id to a role",
    "11-1c": "ack-role-team-map leads from a team id to a role, with the gate TeamLevelCARM alone",
    "11-1d": "with the gate ServiceLevelCARM the key <service>.<id> is tried first, in both maps",
    "11-2a": "the maps are watched: a map that comes or changes has effect",
    "11-2b": "map missing, key missing and value empty are told apart, in ACK's words",
    "11-2c": "without a role ACK.ResourceSynced is False, IAM Role is not available, and AWS is not called",
    "11-3a": "the owner is the namespace's annotation, else the status's account, else the controller's own",
    "11-3b": "an owner from the annotation needs a role, also if it is the controller's own account",
    "11-3c": "an owner from the status needs a role if it is another account than the controller's",
    "11-4a": "a team goes before an account",
    "11-4b": "an owner account counts only while --enable-carm is on",
    "11-4c": "a role selector that matches goes before both",
    "11-4d": "the account is the one that the role's ARN names",
    "11-4e": "a value that is no ARN of a role is an error, and mended by an edit of the map",
    "11-5": "with one watched namespace ACK's maps are never read: the annotation is without effect",
    "11-6a": "roles are assumed for 15 minutes, without an external id, under a name that the SDK makes up",
    "11-6b": "STS is asked where the services are, also when their endpoint is another one",
}
UNCOVERED: dict[str, str] = {}

ACCOUNT_MAP, TEAM_MAP = "ack-role-account-map", "ack-role-team-map"
TEAM_GATE = "--feature-gates=TeamLevelCARM=true"
SERVICE_GATE = "--feature-gates=ServiceLevelCARM=true"
BOTH_GATES = "--feature-gates=TeamLevelCARM=true,ServiceLevelCARM=true"
NO_ROLE = "IAM Role is not available"


async def owner_of(stage: Stage, what: str, namespace: str = "") -> str:
    """The account in which the object says that its resource is, once it is in step."""
    obj = await stage.until_synced(what, namespace)
    return str(obj["status"]["ackResourceMetadata"]["ownerAccountID"])


async def own(stage: Stage, account: str) -> None:
    """Give the test's namespace to an account."""
    await stage.annotate_namespace(owner_account_id=account)


def assumed(stage: Stage, since: int = 0) -> int:
    """How often a role was assumed."""
    return stage.operations(since).count("AssumeRole")


def holds(found: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    """The same, to be waited for."""

    async def asked() -> bool:
        return bool(found())

    return asked


def made(stage: Stage, account: str, operation: str) -> Callable[[], Awaitable[bool]]:
    """Whether AWS was called so in an account, to be waited for."""
    return holds(lambda: operation in stage.operations(account=account))


def at_work(stage: Stage, account: str) -> list[str]:
    """What the operator did in another account: all that was called there, less that the test made a role."""
    return [each for each in stage.operations(account=account) if each != "CreateRole"]


# Where the maps are


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        pytest.param(
            "ACK_SYSTEM_NAMESPACE", "first", marks=rule("11-1a", "the map is read where ACK_SYSTEM_NAMESPACE says")
        ),
        pytest.param(
            "K8S_NAMESPACE",
            "second",
            marks=rule("11-1a", "it is read where K8S_NAMESPACE says if the other is not set"),
        ),
        pytest.param("", "ack-system", marks=rule("11-1a", "it is read in ack-system where neither is set")),
    ],
)
async def test_the_namespace_of_the_maps(stage: Stage, variable: str, place: str) -> None:
    account = another_account()
    if variable:
        place = await stage.make_namespace(place)
    else:
        with suppress(AlreadyExists):
            await stage.client.create(NAMESPACES, {**NAMESPACES.type_meta, "metadata": {"name": place}})
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)}, namespace=place)
    decoy = {"K8S_NAMESPACE": stage.namespace} if variable == "ACK_SYSTEM_NAMESPACE" else {}
    await stage.start(services=("ecr",), environment={**decoy, **({variable: place} if variable else {})})
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == account


@rule("11-1b", "a namespace that names its owner has its resources in that account, made by the mapped role")
async def test_an_account_has_its_role(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account), another_account(): "arn:aws:iam::000000000000:role/no"})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == account
    assert (stage.operations().count("CreateRepository"), assumed(stage)) == (0, 1)
    assert stage.operations(account=account).count("CreateRepository") == 1


@pytest.mark.parametrize(
    ("gate", "elsewhere"),
    [
        pytest.param(
            TEAM_GATE, True, marks=rule("11-1c", "a team's role is assumed, and the resource is in its account")
        ),
        pytest.param(
            "--feature-gates=",
            False,
            marks=rule("11-1c", "without the gate a team is without effect, and its map is not needed"),
        ),
    ],
)
async def test_a_team(stage: Stage, gate: str, *, elsewhere: bool) -> None:
    account = another_account()
    await stage.annotate_namespace(team_id="red")
    if elsewhere:
        await stage.map_roles({"red": stage.make_role(account)}, TEAM_MAP)
    await stage.start(gate, services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == (account if elsewhere else stage.account)


@pytest.mark.parametrize(
    ("gates", "team", "keys", "chosen"),
    [
        pytest.param(
            SERVICE_GATE,
            "",
            ("ecr.{id}", "{id}"),
            0,
            marks=rule("11-1d", "a service's own role of an account is taken first"),
        ),
        pytest.param(
            SERVICE_GATE, "", ("s3.{id}", "{id}"), 1, marks=rule("11-1d", "another service's own role is not taken")
        ),
        pytest.param(
            "--feature-gates=",
            "",
            ("ecr.{id}", "{id}"),
            1,
            marks=rule("11-1d", "without the gate a service's own role is not taken"),
        ),
        pytest.param(
            BOTH_GATES,
            "red",
            ("ecr.{id}", "{id}"),
            0,
            marks=rule("11-1d", "a service's own role of a team is taken first"),
        ),
        pytest.param(
            BOTH_GATES,
            "red",
            ("s3.{id}", "{id}"),
            1,
            marks=rule("11-1d", "a team whose entry for this service is missing has the team's role"),
        ),
    ],
)
async def test_a_role_for_one_service(stage: Stage, gates: str, team: str, keys: tuple[str, str], chosen: int) -> None:
    accounts = (another_account(), another_account())
    who = team or accounts[1]
    roles = {key.format(id=who): stage.make_role(account) for key, account in zip(keys, accounts, strict=True)}
    if team:
        await stage.annotate_namespace(team_id=team)
    else:
        await own(stage, who)
    await stage.map_roles(roles, TEAM_MAP if team else ACCOUNT_MAP)
    await stage.start(gates, services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == accounts[chosen]


# What the maps lack


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        pytest.param(
            ACCOUNT_MAP,
            None,
            "configmap not found",
            marks=rule("11-2b", "an account without the map: configmap not found"),
        ),
        pytest.param(
            ACCOUNT_MAP,
            "",
            "key not found",
            marks=rule("11-2b", "an account that the map does not have: key not found"),
        ),
        pytest.param(
            ACCOUNT_MAP, "empty", "value is empty", marks=rule("11-2b", "an account with an empty role: value is empty")
        ),
        pytest.param(
            TEAM_MAP, None, "configmap not found", marks=rule("11-2b", "a team without the map: configmap not found")
        ),
        pytest.param(
            TEAM_MAP, "", "key not found", marks=rule("11-2b", "a team that the map does not have: key not found")
        ),
        pytest.param(
            TEAM_MAP, "empty", "value is empty", marks=rule("11-2b", "a team with an empty role: value is empty")
        ),
    ],
)
async def test_why_there_is_no_role(stage: Stage, name: str, content: str | None, cause: str) -> None:
    who = "red" if name == TEAM_MAP else another_account()
    await stage.annotate_namespace(**{"team_id" if name == TEAM_MAP else "owner_account_id": who})
    if content is not None:
        await stage.map_roles({who: ""} if content else {"another": "arn:aws:iam::000000000000:role/no"}, name)
    await stage.start(TEAM_GATE, services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    found = conditions(obj)["ACK.ResourceSynced"]
    assert found["message"] == NO_ROLE
    assert found["reason"] == f'retrieving role ARN for account/team ID "{who}" from "{name}" configmap: {cause}'


@rule("11-2c", "without a role nothing is called, no finalizer is written, Ready is False and no fault is told")
async def test_without_a_role_nothing_is_done(stage: Stage) -> None:
    await own(stage, account := another_account())
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    found = conditions(obj)
    assert found["ACK.ResourceSynced"]["message"] == NO_ROLE
    assert found["Ready"]["status"] == "False"
    assert found["Ready"]["message"].startswith(f"{NO_ROLE}: retrieving role ARN for account/team ID ")
    assert not {"ACK.Terminal", "ACK.Recoverable"} & set(found)
    assert "finalizers" not in obj["metadata"]
    assert (stage.calls(), stage.calls(account=account)) == ([], [])


@rule("11-2c", "an object in step that loses its role says so, keeps its status, and AWS is not called for it")
async def test_a_role_is_lost(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    before = await stage.look("repository/mine")  # the look that follows each create is over, too
    since = stage.cloud.calls(account)[-1].at_seq
    await stage.delete(f"configmap/{ACCOUNT_MAP}")
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    assert conditions(obj)["ACK.ResourceSynced"]["message"] == NO_ROLE
    assert obj["status"]["ackResourceMetadata"] == before["status"]["ackResourceMetadata"]
    assert stage.calls(since, account=account) == []


@rule("11-2a", "a map that comes later wakes the object that waits for it")
async def test_a_map_that_comes_later(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    await stage.map_roles({account: stage.make_role(account)})
    assert await owner_of(stage, "repository/mine") == account


@rule("11-2a", "an entry that is changed to another role has effect at once: the new role is assumed")
async def test_an_entry_that_changes(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account, "first")})
    async with relay(stage.cloud.url) as line:
        await stage.start(f"--aws-identity-endpoint-url={line.url}", services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.map_roles({account: stage.make_role(account, "second")})
        await stage.wait(holds(lambda: "role%2Fsecond" in line.heard), "the second role is assumed")
        assert line.heard.count("role%2Ffirst") == 1
        await stage.stop()


# Whose account it is


@rule("11-3a", "the namespace's annotation goes before the account of the controller")
async def test_the_annotation_goes_before_the_controller(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    assert await owner_of(stage, f"bucket/{stage.namespace}") == account
    assert stage.aws("s3").list_buckets()["Buckets"] == []


@rule("11-3a", "the status's account goes before the controller's, when the annotation has gone")
async def test_the_status_goes_before_the_controller(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate_namespace(owner_account_id=None)
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.wait(made(stage, account, "PutImageTagMutability"), "the edit goes to the status's account")
    assert [call.operation for call in stage.calls()] == ["AssumeRole"]


@rule("11-3a", "the namespace's annotation goes before the status's account: the two are held against each other")
async def test_the_annotation_goes_before_the_status(stage: Stage) -> None:
    first, second = another_account(), another_account()
    await own(stage, first)
    await stage.map_roles({account: stage.make_role(account) for account in (first, second)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await own(stage, second)
    obj = await stage.until_condition("repository/mine", "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"]["message"] == (
        f"the resource is in account {first}, the role in use is of account {second}"
    )
    assert at_work(stage, second) == []


@rule("11-3a", "where neither annotation nor status says anything, the account is the controller's, as STS says it is")
async def test_the_account_of_the_controller(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    asked = [call.operation for call in stage.cloud.calls(stage.account)]
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == stage.account
    assert asked == ["GetCallerIdentity"]
    assert assumed(stage) == 0


@rule("11-3b", "the controller's own account as an annotation needs a role all the same")
async def test_the_own_account_by_annotation_needs_a_role(stage: Stage) -> None:
    await own(stage, stage.account)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    assert conditions(obj)["ACK.ResourceSynced"]["message"] == NO_ROLE
    await stage.map_roles({stage.account: stage.make_role(stage.account)})
    assert await owner_of(stage, "repository/mine") == stage.account
    assert assumed(stage) == 1


@rule("11-3c", "the controller's own account in the status needs none")
async def test_the_own_account_by_status_needs_no_role(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.wait(made(stage, stage.account, "PutImageTagMutability"), "the edit is made")
    assert assumed(stage) == 0


@rule("11-3c", "another account in the status needs a role, also without an annotation")
async def test_another_account_by_status_needs_a_role(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate_namespace(owner_account_id=None)
    await stage.map_roles({another_account(): "arn:aws:iam::000000000000:role/no"})
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    assert f'account/team ID "{account}" from "{ACCOUNT_MAP}"' in conditions(obj)["ACK.ResourceSynced"]["reason"]


# Which goes first


@rule("11-4a", "of a namespace with both, the team's role is assumed")
async def test_a_team_goes_before_an_account(stage: Stage) -> None:
    red, owner = another_account(), another_account()
    await stage.annotate_namespace(team_id="red", owner_account_id=owner)
    await stage.map_roles({owner: stage.make_role(owner)})
    await stage.map_roles({"red": stage.make_role(red)}, TEAM_MAP)
    await stage.start(TEAM_GATE, services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == red
    assert at_work(stage, owner) == []


@rule("11-4a", "a team whose role is missing does not fall back on the account's role")
async def test_a_team_without_a_role(stage: Stage) -> None:
    owner = another_account()
    await stage.annotate_namespace(team_id="red", owner_account_id=owner)
    await stage.map_roles({owner: stage.make_role(owner)})
    await stage.start(TEAM_GATE, services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    assert f'account/team ID "red" from "{TEAM_MAP}"' in conditions(obj)["ACK.ResourceSynced"]["reason"]
    assert assumed(stage) == 0


@rule("11-4b", "with --enable-carm=false the owner of a namespace is without effect, and no map is needed")
async def test_without_carm(stage: Stage) -> None:
    await own(stage, another_account())
    await stage.start("--enable-carm=false", services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == stage.account


@rule("11-4c", "a selector's role is assumed where the namespace has a team too")
async def test_a_selector_goes_before_a_team(stage: Stage) -> None:
    red, selected = another_account(), another_account()
    await stage.annotate_namespace(team_id="red")
    await stage.map_roles({"red": stage.make_role(red)}, TEAM_MAP)
    async with stage.selecting("all", stage.make_role(selected)):
        await stage.start(
            "--feature-gates=TeamLevelCARM=true,IAMRoleSelector=true", "--enable-carm=false", services=("ecr",)
        )
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == selected
    assert at_work(stage, red) == []


@rule("11-4d", "an entry whose role is of another account than its key has its resources in the role's account")
async def test_the_account_of_the_role(stage: Stage) -> None:
    key, account = another_account(), another_account()
    await own(stage, key)
    await stage.map_roles({key: stage.make_role(account)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced("repository/mine")
    assert obj["status"]["ackResourceMetadata"] == {
        "arn": f"arn:aws:ecr:{REGION}:{account}:repository/mine",
        "ownerAccountID": account,
        "partition": "aws",
        "region": REGION,
    }
    assert at_work(stage, key) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nonsense", marks=rule("11-4e", "a text that is no ARN is told, and no role is assumed")),
        pytest.param(
            "arn:aws:iam::111122223333:user/ann", marks=rule("11-4e", "an ARN of something else than a role is told")
        ),
        pytest.param(
            "arn:aws:iam::1:role/ack", marks=rule("11-4e", "an ARN without an account of twelve digits is told")
        ),
    ],
)
async def test_an_entry_that_is_no_role(stage: Stage, text: str) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: text})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    reason = conditions(obj)["ACK.ResourceSynced"]["reason"]
    assert reason == (
        f'retrieving role ARN for account/team ID "{account}" from "{ACCOUNT_MAP}" configmap: '
        f'"{text}" is no ARN of an IAM role'
    )
    assert assumed(stage) == 0


@rule("11-4e", "the object goes on as soon as the entry is mended")
async def test_an_entry_that_is_mended(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: "nonsense"})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
    await stage.map_roles({account: stage.make_role(account)})
    assert await owner_of(stage, "repository/mine") == account


# How many namespaces are watched


@rule("11-5", "ackpy hears a namespace that it watches alone")
async def test_one_watched_namespace(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    await stage.start(f"--watch-namespace={stage.namespace}", services=("ecr",))
    await stage.apply(repository("mine"))
    assert await owner_of(stage, "repository/mine") == account


@rule("11-5", "of two watched namespaces each has its own account")
async def test_two_watched_namespaces(stage: Stage) -> None:
    accounts = (another_account(), another_account())
    other = await stage.make_namespace("b", owner_account_id=accounts[1])
    await own(stage, accounts[0])
    await stage.map_roles({account: stage.make_role(account) for account in accounts})
    await stage.start(services=("ecr",), watched=(other,))
    await stage.apply(repository("mine"))
    await stage.apply(repository("mine"), other)
    assert await owner_of(stage, "repository/mine") == accounts[0]
    assert await owner_of(stage, "repository/mine", other) == accounts[1]


# How a role is assumed


@rule("11-6a", "AssumeRole names the role and a session, and neither a duration nor an external id")
async def test_what_sts_is_asked(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    arn = stage.make_role(account)
    await stage.map_roles({account: arn})
    async with relay(stage.cloud.url) as line:
        await stage.start(f"--aws-identity-endpoint-url={line.url}", services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.stop()
    [body] = [each for each in line.heard.split("\r\n\r\n") if each.startswith("Action=AssumeRole")]
    asked = parse_qs(body.partition("POST ")[0])
    assert asked.keys() == {"Action", "Version", "RoleArn", "RoleSessionName"}
    assert (asked["RoleArn"], asked["RoleSessionName"]) == ([arn], ["ackpy"])


@rule("11-6a", "a role that asks for an external id cannot be assumed: Recoverable says so, and nothing is made")
async def test_a_role_with_an_external_id(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    arn = stage.make_role(account, StringEquals={"sts:ExternalId": "secret"})
    await stage.map_roles({account: arn})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.Recoverable")
    message = conditions(obj)["ACK.Recoverable"]["message"]
    assert message.startswith(f"cannot assume role {arn}")
    assert "is not authorized to perform: sts:AssumeRole" in message
    assert at_work(stage, account) == []


@rule("11-6b", "ackpy assumes roles at --aws-identity-endpoint-url, and calls services at --aws-endpoint-url")
async def test_sts_has_an_endpoint_of_its_own(stage: Stage) -> None:
    account = another_account()
    await own(stage, account)
    await stage.map_roles({account: stage.make_role(account)})
    async with relay(stage.cloud.url) as sts, relay(stage.cloud.url) as services:
        await stage.start(
            f"--aws-identity-endpoint-url={sts.url}", f"--aws-endpoint-url={services.url}", services=("ecr",)
        )
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.stop()
    assert ("AssumeRole" in sts.heard, "CreateRepository" in sts.heard) == (True, False)
    assert ("AssumeRole" in services.heard, "CreateRepository" in services.heard) == (False, True)


@rule("11-6b", "ackpy never asks STS at an endpoint that a namespace names")
async def test_sts_is_not_asked_at_a_namespaces_endpoint(stage: Stage) -> None:
    account = another_account()
    await stage.map_roles({account: stage.make_role(account)})
    async with relay(stage.cloud.url) as line:
        await stage.annotate_namespace(owner_account_id=account, endpoint_url=line.url)
        await stage.start(services=("ecr",))
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == account
        await stage.stop()
    assert ("AssumeRole" in line.heard, "CreateRepository" in line.heard) == (False, True)
