"""Section 12 of ACK's contract: in which region a resource is made, by which endpoint it is reached, and what happens when that changes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from ackpy import __version__
from ackpy.errors import ConfigError
from ackpy.testing.relay import Relay, relay
from ackpy.testing.stage import Stage, another_account, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "12.1-1": "the region of the status goes before all others",
    "12.1-2": "else the object's annotation services.k8s.aws/region",
    "12.1-3": "else the namespace's default region",
    "12.1-4": "else --aws-region",
    "12.1-5": "--aws-region is mandatory",
    "12.1-6": "--aws-region is taken from AWS_REGION where it is not given",
    "12.2-1": "an object that asks for another region than its resource's is in error, and nothing is done",
    "12.2-2": "another region blocks the deletion of the object for ever",
    "12.2-3": "another --aws-region breaks every object that relied on it",
    "12.2-4": "an account other than the resource's is an error of the same kind, and blocks deletion too",
    "12.3-1": "the endpoint is the namespace's endpoint-url, else --aws-endpoint-url",
    "12.3-2": "an endpoint that changes has no effect: the first client of account, region and role is kept",
    "12.3-3": "a second namespace with another endpoint uses the first one's client",
    "12.4-1": "the User-Agent begins with aws-controllers-k8s/<group>-<version>",
    "12.4-2": "in brackets follow the object's kind and the version of its CRD, and what manages the object",
}
UNCOVERED = {
    "12.1-6": "variables are read by the command line, before the stage: tests/operator/test_every_flag.py, and every end-to-end test",
}

OBJECT, FLAG, SPACE = "eu-west-1", "us-east-1", "ap-south-1"
OWN, DEFAULT = "services.k8s.aws/region", "default_region"
NOWHERE = "http://127.0.0.1:9"
"""Loopback's port for discarding, where nothing listens."""


def holds(found: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    """The same, to be waited for."""

    async def asked() -> bool:
        return bool(found())

    return asked


def regions(stage: Stage, account: str = "") -> list[str]:
    """In which regions the operator made something."""
    return [call.region for call in stage.calls(account=account) if call.operation == "CreateRepository"]


# Which region


@pytest.mark.parametrize(
    ("own", "space", "expected"),
    [
        pytest.param(
            OBJECT, {DEFAULT: SPACE}, OBJECT, marks=rule("12.1-2", "the object's region goes before the namespace's")
        ),
        pytest.param(OBJECT, {}, OBJECT, marks=rule("12.1-2", "the object's region goes before the flag's")),
        pytest.param(
            "", {DEFAULT: SPACE}, SPACE, marks=rule("12.1-3", "the namespace's default goes before the flag's")
        ),
        pytest.param(
            "",
            {"region": SPACE},
            SPACE,
            marks=rule("12.1-3", "the namespace's annotation region, which ACK only documents, is a default too"),
        ),
        pytest.param(
            "",
            {"region": OBJECT, DEFAULT: SPACE},
            SPACE,
            marks=rule("12.1-3", "of both annotations of a namespace the default region counts"),
        ),
        pytest.param("", {DEFAULT: ""}, FLAG, marks=rule("12.1-3", "an empty default counts as none")),
        pytest.param("", {}, FLAG, marks=rule("12.1-4", "where nobody names a region it is that of the flag")),
    ],
)
async def test_where_a_resource_is_made(stage: Stage, own: str, space: dict[str, str], expected: str) -> None:
    await stage.annotate_namespace(**space)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations={OWN: own} if own else None))
    obj = await stage.until_synced("repository/mine")
    assert regions(stage) == [expected]
    assert obj["status"]["ackResourceMetadata"]["region"] == expected
    assert obj["status"]["ackResourceMetadata"]["arn"] == f"arn:aws:ecr:{expected}:{stage.account}:repository/mine"


@rule("12.1-1", "a resource that is there stays where it is when the namespace's default becomes another")
async def test_the_status_goes_before_the_default(stage: Stage) -> None:
    await stage.annotate_namespace(default_region=SPACE)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate_namespace(default_region=OBJECT)
    since = stage.last_call()
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.wait(holds(lambda: "PutImageTagMutability" in stage.operations(since)), "the edit is made")
    obj = await stage.until_synced("repository/mine")
    assert {call.region for call in stage.calls()} == {SPACE}
    assert obj["status"]["ackResourceMetadata"]["region"] == SPACE


@rule("12.1-1", "a create that AWS refused ties the object to no region: it goes where the annotation says next")
async def test_a_refused_create_holds_no_region(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateRepository", status=400, code="LimitExceededException", times=1)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition("repository/mine", "ACK.Terminal")
    await stage.annotate("repository/mine", {OWN: OBJECT})
    obj = await stage.until_synced("repository/mine")
    assert regions(stage) == [FLAG, OBJECT]
    assert obj["status"]["ackResourceMetadata"]["region"] == OBJECT


@rule("12.1-5", "without a region the process ends at once, and names flag and variable")
async def test_a_region_is_needed(stage: Stage) -> None:
    with pytest.raises(ConfigError, match="no AWS region: give --aws-region or set AWS_REGION"):
        await stage.start("--aws-region=", services=("ecr",))
    assert stage.cloud.calls(stage.account) == []


# When it becomes another


@rule("12.2-1", "another region in the object's annotation is Terminal, names both, and AWS is not called")
async def test_an_object_that_wants_to_move(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.look("repository/mine")  # the look that follows each create is over, too
    since = stage.last_call()
    await stage.annotate("repository/mine", {OWN: OBJECT})
    obj = await stage.until_condition("repository/mine", "ACK.Terminal")
    text = f"the resource is in region {FLAG}, the annotation services.k8s.aws/region says {OBJECT}"
    assert conditions(obj)["ACK.Terminal"]["message"] == text
    assert conditions(obj)["Ready"]["status"] == "False"
    assert conditions(obj)["ACK.ResourceSynced"]["reason"] == "resource is in terminal condition"
    assert obj["status"]["ackResourceMetadata"]["region"] == FLAG
    assert stage.calls(since) == []


@rule("12.2-1", "the object is in step again when the annotation is taken away")
async def test_an_object_that_stays_after_all(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate("repository/mine", {OWN: OBJECT})
    await stage.until_condition("repository/mine", "ACK.Terminal")
    await stage.annotate("repository/mine", {OWN: None})
    obj = await stage.until_synced("repository/mine")
    assert "ACK.Terminal" not in conditions(obj)
    assert regions(stage) == [FLAG]


@rule("12.2-2", "an object that wants to move can be deleted: its resource goes where it is")
async def test_deletion_of_an_object_that_wants_to_move(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate("repository/mine", {OWN: OBJECT})
    await stage.until_condition("repository/mine", "ACK.Terminal")
    await stage.delete("repository/mine")
    await stage.until_gone("repository/mine")
    assert [(call.operation, call.region) for call in stage.calls() if call.mutating] == [
        ("CreateRepository", FLAG),
        ("DeleteRepository", FLAG),
    ]


@rule("12.2-3", "an operator with another --aws-region keeps what it finds where it is, and in step")
async def test_another_region_of_the_flag(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("old"))
    await stage.until_synced("repository/old")
    await stage.stop()
    await stage.start(f"--aws-region={OBJECT}", services=("ecr",))
    await stage.apply(repository("new"))
    await stage.until_synced("repository/new")
    obj = await stage.look("repository/old")
    assert conditions(obj)["ACK.ResourceSynced"]["status"] == "True"
    assert regions(stage) == [FLAG, OBJECT]
    assert obj["status"]["ackResourceMetadata"]["region"] == FLAG


@rule("12.2-3", "and deletes it there")
async def test_deletion_after_another_region_of_the_flag(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("old"))
    await stage.until_synced("repository/old")
    await stage.stop()
    await stage.start(f"--aws-region={OBJECT}", services=("ecr",))
    await stage.delete("repository/old")
    await stage.until_gone("repository/old")
    assert [call.region for call in stage.calls() if call.operation == "DeleteRepository"] == [FLAG]


async def _given_away(stage: Stage) -> tuple[str, str]:
    """An object in step whose namespace another account owns by now: the old and the new account."""
    old, new = another_account(), another_account()
    await stage.annotate_namespace(owner_account_id=old)
    await stage.map_roles({account: stage.make_role(account) for account in (old, new)})
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.annotate_namespace(owner_account_id=new)
    await stage.until_condition("repository/mine", "ACK.Terminal")
    return old, new


@rule(
    "12.2-4", "a namespace that another account owns makes its objects Terminal, and nothing is done in either account"
)
async def test_a_namespace_that_changes_hands(stage: Stage) -> None:
    old, new = await _given_away(stage)
    obj = await stage.get("repository/mine")
    text = f"the resource is in account {old}, the role in use is of account {new}"
    assert conditions(obj)["ACK.Terminal"]["message"] == text
    assert conditions(obj)["Ready"]["reason"] == "ACK.Terminal"
    made = [call.operation for account in (old, new) for call in stage.calls(account=account) if call.mutating]
    assert sorted(made) == ["CreateRepository", "CreateRole", "CreateRole"]


@rule("12.2-4", "the objects of a namespace that changed hands can be deleted: with the role of the resource's account")
async def test_deletion_in_a_namespace_that_changed_hands(stage: Stage) -> None:
    old, new = await _given_away(stage)
    await stage.delete("repository/mine")
    await stage.until_gone("repository/mine")
    assert "DeleteRepository" in stage.operations(account=old)
    assert stage.operations(account=new) == ["CreateRole"]


@rule("12.2-4", "an object is in step again when its namespace comes back to the account")
async def test_a_namespace_that_comes_back(stage: Stage) -> None:
    old, _ = await _given_away(stage)
    await stage.annotate_namespace(owner_account_id=old)
    obj = await stage.until_synced("repository/mine")
    assert "ACK.Terminal" not in conditions(obj)


# By which endpoint


@rule("12.3-1", "a namespace's endpoint goes before that of the flag")
async def test_the_namespaces_endpoint(stage: Stage) -> None:
    await stage.annotate_namespace(endpoint_url=stage.cloud.url)
    await stage.start(
        f"--aws-endpoint-url={NOWHERE}", f"--aws-identity-endpoint-url={stage.cloud.url}", services=("ecr",)
    )
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    assert "CreateRepository" in stage.operations()


@rule("12.3-1", "the flag's endpoint is for the namespaces that have none")
async def test_the_flags_endpoint(stage: Stage) -> None:
    async with relay(stage.cloud.url) as line:
        await stage.start(f"--aws-endpoint-url={line.url}", services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.stop()
    assert "CreateRepository" in line.heard


@pytest.mark.parametrize(
    ("url", "text"),
    [
        pytest.param(
            "https://collector.example",
            "sends requests to collector.example, which is no endpoint of AWS",
            marks=rule("12.3-1", "ackpy sends nothing to a host that is not AWS's: Terminal names it"),
        ),
        pytest.param(
            "https://bucket.s3.amazonaws.com",
            "sends requests to bucket.s3.amazonaws.com, which is no endpoint of AWS",
            marks=rule("12.3-1", "a host of AWS's that a customer has is none of AWS's own"),
        ),
        pytest.param(
            "collector",
            'is "collector"; it must be a URL such as https://host:port, without a user and a query',
            marks=rule("12.3-1", "a text that is no URL is refused, and the annotation named"),
        ),
    ],
)
async def test_an_endpoint_that_is_not_allowed(stage: Stage, url: str, text: str) -> None:
    await stage.annotate_namespace(endpoint_url=url)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.Terminal")
    message = conditions(obj)["ACK.Terminal"]["message"]
    assert message == f"the annotation services.k8s.aws/endpoint-url of Namespace {stage.namespace} {text}"
    assert "finalizers" not in obj["metadata"]
    assert stage.calls() == []


@rule("12.3-1", "an endpoint of a host that --allowed-endpoint-hosts names is used")
async def test_an_endpoint_that_is_allowed(stage: Stage) -> None:
    await stage.annotate_namespace(endpoint_url="http://nowhere.invalid")
    await stage.start("--allowed-endpoint-hosts=nowhere.invalid", services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition("repository/mine", "ACK.Recoverable")
    assert "nowhere.invalid" in conditions(obj)["ACK.Recoverable"]["message"]
    assert stage.calls() == []


@rule("12.3-2", "an endpoint that changes is used from the next call on")
async def test_an_endpoint_that_changes(stage: Stage) -> None:
    async with relay(stage.cloud.url) as first, relay(stage.cloud.url) as second:
        await stage.annotate_namespace(endpoint_url=first.url)
        await stage.start(services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_synced("repository/mine")
        await stage.annotate_namespace(endpoint_url=second.url)
        await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
        await stage.wait(holds(lambda: "PutImageTagMutability" in second.heard), "the edit goes to the second endpoint")
        await stage.stop()
    assert ("CreateRepository" in first.heard, "PutImageTagMutability" in first.heard) == (True, False)
    assert "CreateRepository" not in second.heard


@rule("12.3-2", "the change alone starts a pass over the namespace's objects")
async def test_an_endpoint_that_is_mended(stage: Stage) -> None:
    await stage.annotate_namespace(endpoint_url="https://collector.example")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition("repository/mine", "ACK.Terminal")
    await stage.annotate_namespace(endpoint_url=stage.cloud.url)
    obj = await stage.until_synced("repository/mine")
    assert "ACK.Terminal" not in conditions(obj)


@rule("12.3-3", "two namespaces with two endpoints call AWS by their own each, in one account, region and role")
async def test_two_namespaces_with_endpoints(stage: Stage) -> None:
    async with relay(stage.cloud.url) as first, relay(stage.cloud.url) as second:
        other = await stage.make_namespace("b", endpoint_url=second.url)
        await stage.annotate_namespace(endpoint_url=first.url)
        await stage.start(services=("ecr",), watched=(other,))
        await stage.apply(repository("of-a"))
        await stage.apply(repository("of-b"), other)
        await stage.until_synced("repository/of-a")
        await stage.until_synced("repository/of-b", other)
        await stage.stop()
    assert ("of-a" in first.heard, "of-b" in first.heard) == (True, False)
    assert ("of-a" in second.heard, "of-b" in second.heard) == (False, True)


# Under which name


@rule("12.4-1", "each service's requests name its group and the version of the controller")
@rule("12.4-2", "and in brackets the kind of the object that they are for, and the version of its CRD")
async def test_the_user_agent(stage: Stage) -> None:
    async with relay(stage.cloud.url) as line:
        await stage.start(f"--aws-endpoint-url={line.url}", f"--aws-identity-endpoint-url={stage.cloud.url}")
        await stage.apply(repository("mine"))
        await stage.apply(bucket(stage.namespace))
        await stage.until_synced("repository/mine")
        await stage.until_synced(f"bucket/{stage.namespace}")
        await stage.stop()
    assert agents(line) == {
        f"aws-controllers-k8s/{group}.services.k8s.aws-{__version__} (ackpy; CRDKind/{kind}; CRDVersion/v1alpha1)"
        for group, kind in (("ecr", "Repository"), ("s3", "Bucket"))
    }


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        pytest.param(
            {"app.kubernetes.io/managed-by": "kro", "kro.run/kro-version": "v1.2"},
            "; ManagedBy/kro; KROVersion/v1.2",
            marks=rule("12.4-2", "of an object that kro manages kro's version too"),
        ),
        pytest.param(
            {"kro.run/owned": "true"}, "; ManagedBy/kro", marks=rule("12.4-2", "kro's older label counts as well")
        ),
        pytest.param(
            {"app.kubernetes.io/managed-by": "Helm"}, "", marks=rule("12.4-2", "of what others manage nothing is told")
        ),
    ],
)
async def test_the_user_agent_names_kro(stage: Stage, labels: dict[str, str], told: str) -> None:
    manifest = repository("mine")
    manifest["metadata"]["labels"] = labels
    async with relay(stage.cloud.url) as line:
        await stage.start(
            f"--aws-endpoint-url={line.url}", f"--aws-identity-endpoint-url={stage.cloud.url}", services=("ecr",)
        )
        await stage.apply(manifest)
        await stage.until_synced("repository/mine")
        await stage.stop()
    [agent] = agents(line)
    assert agent.endswith(f"(ackpy; CRDKind/Repository; CRDVersion/v1alpha1{told})")


def agents(line: Relay) -> set[str]:
    """Who the requests said that they were from, up to the first bracket that is closed: the SDK goes on after it."""
    found = re.findall(r"(?im)^user-agent: ([^\r]*)", line.heard)
    return {each.partition(")")[0] + ")" for each in found}
