"""Section 13 of ACK's contract: IAMRoleSelectors, which objects they pick, and what becomes of those that are not valid."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.errors import ConfigError, KubeApiError
from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, another_account, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "13-1a": "an IAMRoleSelector is an object of the cluster, and its status is empty",
    "13-1b": "spec.arn is required",
    "13-1c": "spec.arn is immutable",
    "13-1d": "namespaceSelector has names; each entry of resourceTypeSelector has group, version and kind",
    "13-2a": "a selector picks what its namespaces, its types and its labels match, all of them",
    "13-2b": "what is left out matches everything",
    "13-2c": "names of namespaces are alternatives; names and namespace labels must both match",
    "13-2d": "types are alternatives, of whose group, version and kind all must match; empty stands for any",
    "13-2e": "of labels all must be equal, of the object as of its namespace",
    "13-3a": "a selector whose ARN is none is not valid",
    "13-3b": "nor one with an empty name of a namespace, or one that is there twice",
    "13-3c": "nor one with an empty label",
    "13-3d": "nor one with a type that says nothing, or one that is there twice",
    "13-3e": "a selector that is not valid picks nothing, and stops no other",
    "13-4a": "where none matches, the controller's own role acts",
    "13-4b": "where several match, nothing is done",
    "13-4c": "an edit of a selector starts no pass over the objects that it picks",
    "13-5": "selectors may not have been read when the first objects are made",
    "13-6a": "selectors need the gate IAMRoleSelector, which is off",
    "13-6b": "the gate and --enable-carm exclude one another: the process ends at the start",
}
UNCOVERED: dict[str, str] = {}

ROLE = "arn:aws:iam::111122223333:role/ack"
GATE, ON = "--feature-gates=IAMRoleSelector=true", ("--feature-gates=IAMRoleSelector=true", "--enable-carm=false")
ECR, S3 = "ecr.services.k8s.aws", "s3.services.k8s.aws"
GOLD, LABEL = {"matchLabels": {"tier": "gold"}}, {"tier": "gold"}


def of_type(group: str = "", version: str = "", kind: str = "") -> dict[str, str]:
    """An entry of resourceTypeSelector."""
    return {"group": group, "version": version, "kind": kind}


def labelled(manifest: Object, **labels: str) -> Object:
    """The manifest with labels."""
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}


async def owner_of(stage: Stage, what: str, namespace: str = "") -> str:
    """The account in which the object says that its resource is, once it is in step."""
    obj = await stage.until_synced(what, namespace)
    return str(obj["status"]["ackResourceMetadata"]["ownerAccountID"])


def selector(stage: Stage, spec: dict[str, Any]) -> Object:
    """A selector's manifest."""
    meta = {"name": f"{stage.namespace}-s"}
    return {"apiVersion": "services.k8s.aws/v1alpha1", "kind": "IAMRoleSelector", "metadata": meta, "spec": spec}


# What the API server lets through


@rule("13-1a", "a selector is found without a namespace, and nobody writes a status to it")
async def test_a_selector_is_of_the_cluster(stage: Stage) -> None:
    async with stage.selecting("s", ROLE) as name:
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")
        obj = await stage.get(name)
    assert "namespace" not in obj["metadata"]
    assert "finalizers" not in obj["metadata"]
    assert obj.get("status") in (None, {})


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({}, "spec.arn", marks=rule("13-1b", "a selector without an ARN is refused")),
        pytest.param(
            {"arn": ROLE, "namespaceSelector": {"labelSelector": GOLD}},
            "spec.namespaceSelector.names",
            marks=rule("13-1d", "a namespaceSelector without names is refused"),
        ),
        pytest.param(
            {"arn": ROLE, "resourceTypeSelector": [{"group": ECR, "version": ""}]},
            "spec.resourceTypeSelector[0].kind",
            marks=rule("13-1d", "a type without a kind is refused"),
        ),
        pytest.param(
            {"arn": ROLE, "resourceTypeSelector": [{"group": ECR, "kind": ""}]},
            "spec.resourceTypeSelector[0].version",
            marks=rule("13-1d", "a type without a version is refused"),
        ),
        pytest.param(
            {"arn": ROLE, "resourceTypeSelector": [{"version": "", "kind": ""}]},
            "spec.resourceTypeSelector[0].group",
            marks=rule("13-1d", "a type without a group is refused"),
        ),
    ],
)
async def test_a_selector_that_the_schema_refuses(stage: Stage, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(KubeApiError) as refused:
        await stage.apply(selector(stage, spec))
    assert refused.value.code == 422
    assert f"{field}: Required value" in str(refused.value)


@rule("13-1c", "another ARN is refused: Value is immutable once set")
async def test_the_arn_stays(stage: Stage) -> None:
    async with stage.selecting("s", ROLE) as name:
        with pytest.raises(KubeApiError, match="Value is immutable once set") as refused:
            await stage.patch(name, {"spec": {"arn": f"{ROLE}-2"}})
    assert refused.value.code == 422


# What a selector picks


PICKS = [
    pytest.param({}, True, marks=rule("13-2b", "a selector of which only the ARN is given picks every object")),
    pytest.param(
        {"namespaceSelector": {"names": ["{}"]}}, True, marks=rule("13-2c", "an object of a named namespace is picked")
    ),
    pytest.param(
        {"namespaceSelector": {"names": ["elsewhere"]}},
        False,
        marks=rule("13-2c", "an object of another namespace than the named one is not"),
    ),
    pytest.param(
        {"namespaceSelector": {"names": ["elsewhere", "{}"]}},
        True,
        marks=rule("13-2c", "of two names of namespaces one is enough"),
    ),
    pytest.param(
        {"namespaceSelector": {"names": [], "labelSelector": GOLD}},
        True,
        marks=rule("13-2e", "an object is picked by a label of its namespace"),
    ),
    pytest.param(
        {"namespaceSelector": {"names": [], "labelSelector": {"matchLabels": {"tier": "gold", "env": "prod"}}}},
        False,
        marks=rule("13-2e", "a namespace that has one of two labels is not picked"),
    ),
    pytest.param(
        {"namespaceSelector": {"names": ["elsewhere"], "labelSelector": GOLD}},
        False,
        marks=rule("13-2c", "the label of the namespace does not help where its name is another"),
    ),
    pytest.param(
        {"namespaceSelector": {"names": ["{}"], "labelSelector": {"matchLabels": {"tier": "iron"}}}},
        False,
        marks=rule("13-2c", "the name of the namespace does not help where its label is another"),
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(ECR, "v1alpha1", "Repository")]},
        True,
        marks=rule("13-2d", "an object is picked by group, version and kind"),
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(ECR)]},
        True,
        marks=rule("13-2d", "a group alone is enough, for empty version and kind stand for any"),
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(kind="Repository")]}, True, marks=rule("13-2d", "so is a kind alone")
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(version="v1alpha1")]}, True, marks=rule("13-2d", "and a version alone")
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(ECR, "v1", "Repository")]},
        False,
        marks=rule("13-2d", "another version than the object's does not match"),
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(S3, "", "Repository")]},
        False,
        marks=rule("13-2d", "the kind of another group does not match"),
    ),
    pytest.param(
        {"resourceTypeSelector": [of_type(S3), of_type(ECR)]}, True, marks=rule("13-2d", "of two types one is enough")
    ),
    pytest.param(
        {"resourceLabelSelector": GOLD}, True, marks=rule("13-2e", "an object is picked by a label of its own")
    ),
    pytest.param(
        {"resourceLabelSelector": {"matchLabels": {"tier": "gold", "env": "prod"}}},
        False,
        marks=rule("13-2e", "an object that has one of two labels is not picked"),
    ),
    pytest.param(
        {"resourceLabelSelector": {"matchLabels": {"tier": "iron"}}},
        False,
        marks=rule("13-2e", "an object whose label has another value is not picked"),
    ),
    pytest.param(
        {
            "namespaceSelector": {"names": ["{}"]},
            "resourceTypeSelector": [of_type(ECR)],
            "resourceLabelSelector": GOLD,
        },
        True,
        marks=rule("13-2a", "an object that namespace, type and labels match is picked"),
    ),
    pytest.param(
        {
            "namespaceSelector": {"names": ["{}"]},
            "resourceTypeSelector": [of_type(S3)],
            "resourceLabelSelector": GOLD,
        },
        False,
        marks=rule("13-2a", "an object that namespace and labels match, and the type does not, is not picked"),
    ),
    pytest.param(
        {
            "namespaceSelector": {"names": ["elsewhere"]},
            "resourceTypeSelector": [of_type(ECR)],
            "resourceLabelSelector": GOLD,
        },
        False,
        marks=rule("13-2a", "an object that type and labels match, and the namespace does not, is not picked"),
    ),
]


@pytest.mark.parametrize(("spec", "picks"), PICKS)
async def test_what_is_picked(stage: Stage, spec: dict[str, Any], *, picks: bool) -> None:
    where = spec.get("namespaceSelector")
    if where:
        names = [each.format(stage.namespace) for each in where["names"]]
        spec = {**spec, "namespaceSelector": {**where, "names": names}}
    await stage.patch(f"namespace/{stage.namespace}", {"metadata": {"labels": LABEL}})
    async with stage.selecting("s", ROLE, **{"namespaceSelector": None, **spec}) as name:
        await stage.start(*ON, services=("ecr",))
        await stage.apply(labelled(repository("mine"), tier="gold"))
        if not picks:
            assert await owner_of(stage, "repository/mine") == stage.account
            assert "ACK.IAMRoleSelected" not in conditions(await stage.get("repository/mine"))
            return
        obj = await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")
        version = (await stage.get(name))["metadata"]["resourceVersion"]
        assert stage.operations() == ["AssumeRole"]
    found = conditions(obj)["ACK.IAMRoleSelected"]
    text = f"roleARN: {ROLE}, selectorName: {name.partition('/')[2]}, selectorResourceVersion: {version}"
    assert (found["reason"], found["message"]) == ("Selected", text)


# What is not valid


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param(
            {"arn": "nonsense"},
            "spec.arn: 'nonsense' is no ARN of an IAM role",
            marks=rule("13-3a", "an Event on the selector says that its ARN is none"),
        ),
        pytest.param(
            {"namespaceSelector": {"names": ["{}", ""]}},
            "spec.namespaceSelector.names: a name is empty",
            marks=rule("13-3b", "an Event says that a name of a namespace is empty"),
        ),
        pytest.param(
            {"namespaceSelector": {"names": ["{}", "{}"]}},
            "spec.namespaceSelector.names: an entry is there twice",
            marks=rule("13-3b", "an Event says that a namespace is named twice"),
        ),
        pytest.param(
            {"namespaceSelector": {"names": ["{}"], "labelSelector": {"matchLabels": {"": "x"}}}},
            "spec.namespaceSelector.labelSelector.matchLabels: a label's name is empty",
            marks=rule("13-3c", "an Event says that a namespace's label has no name"),
        ),
        pytest.param(
            {"resourceLabelSelector": {"matchLabels": {"": "x"}}},
            "spec.resourceLabelSelector.matchLabels: a label's name is empty",
            marks=rule("13-3c", "an Event says that an object's label has no name"),
        ),
        pytest.param(
            {"resourceTypeSelector": [of_type()]},
            "spec.resourceTypeSelector: an entry names neither group nor version nor kind",
            marks=rule("13-3d", "an Event says that a type names nothing"),
        ),
        pytest.param(
            {"resourceTypeSelector": [of_type(ECR), of_type(ECR)]},
            "spec.resourceTypeSelector: an entry is there twice",
            marks=rule("13-3d", "an Event says that a type is there twice"),
        ),
    ],
)
async def test_a_selector_that_is_not_valid(stage: Stage, spec: dict[str, Any], why: str) -> None:
    given = {"arn": ROLE, **spec}
    if "namespaceSelector" in spec:
        names = [each.format(stage.namespace) for each in spec["namespaceSelector"]["names"]]
        given["namespaceSelector"] = {**spec["namespaceSelector"], "names": names}
    async with stage.selecting("s", **given) as name:
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == stage.account
        event = await stage.until_event(name, "InvalidSelector")
    assert event["type"] == "Warning"
    assert event["message"].startswith(f"it picks no object until it is corrected: {why}")


@rule("13-3e", "a selector that is valid picks its objects beside one that is not")
async def test_a_valid_selector_beside_one_that_is_not(stage: Stage) -> None:
    account = another_account()
    async with stage.selecting("broken", "nonsense"), stage.selecting("good", stage.make_role(account)):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == account


@rule("13-3e", "a selector that is corrected picks its objects at once")
async def test_a_selector_that_is_corrected(stage: Stage) -> None:
    async with stage.selecting("s", ROLE, resourceTypeSelector=[of_type()]) as name:
        await stage.start(*ON, services=("ecr",))
        await stage.until_event(name, "InvalidSelector")
        await stage.patch(name, {"spec": {"resourceTypeSelector": [of_type(ECR)]}})
        await stage.apply(repository("mine"))
        await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")


# None, one, several


@rule("13-4a", "an object that no selector picks is made by the controller itself, and no role is assumed")
async def test_nobody_picks(stage: Stage) -> None:
    async with stage.selecting("s", ROLE, namespaceSelector={"names": ["elsewhere"]}):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == stage.account
    assert "AssumeRole" not in stage.operations()


@rule("13-4b", "an object that two selectors pick has their names in its condition, Ready False, and AWS is not called")
async def test_two_pick(stage: Stage) -> None:
    async with stage.selecting("b", ROLE), stage.selecting("a", f"{ROLE}-2"):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        obj = await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
        assert stage.calls() == []
    names = f"several IAMRoleSelectors match: {stage.namespace}-a, {stage.namespace}-b"
    assert conditions(obj)["ACK.ResourceSynced"]["reason"] == names
    assert conditions(obj)["ACK.ResourceSynced"]["message"] == "IAM Role is not available"
    assert conditions(obj)["Ready"]["status"] == "False"
    assert "ACK.IAMRoleSelected" not in conditions(obj)


@rule("13-4b", "it goes on as soon as all of them but one are gone")
async def test_one_of_two_goes(stage: Stage) -> None:
    account = another_account()
    async with stage.selecting("b", ROLE) as second, stage.selecting("a", stage.make_role(account)):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_condition("repository/mine", "ACK.ResourceSynced", "False")
        await stage.delete(second)
        assert await owner_of(stage, "repository/mine") == account


@rule("13-4c", "an object in step that a new selector picks, of another account, says so at once")
async def test_a_selector_that_comes(stage: Stage) -> None:
    account = another_account()
    await stage.start(*ON, services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    async with stage.selecting("s", stage.make_role(account)):
        obj = await stage.until_condition("repository/mine", "ACK.Terminal")
    text = f"the resource is in account {stage.account}, the role in use is of account {account}"
    assert conditions(obj)["ACK.Terminal"]["message"] == text
    assert stage.operations(account=account) == ["CreateRole"]


@rule("13-4c", "an object that a selector no longer picks acts by the controller's own identity at the next pass")
async def test_a_selector_that_lets_go(stage: Stage) -> None:
    async with stage.selecting("s", stage.make_role(stage.account)) as name:
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")
        await stage.patch(name, {"spec": {"namespaceSelector": {"names": ["elsewhere"]}}})
        obj = await stage.until("repository/mine", lambda obj: "ACK.IAMRoleSelected" not in conditions(obj))
    assert conditions(obj)["ACK.ResourceSynced"]["status"] == "True"


@rule("13-4c", "a label that a namespace gets brings its objects to their selector")
async def test_a_label_that_a_namespace_gets(stage: Stage) -> None:
    label = {"of": stage.namespace}
    everywhere = {"names": [], "labelSelector": {"matchLabels": label}}
    async with stage.selecting("s", stage.make_role(stage.account), namespaceSelector=everywhere):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        assert "ACK.IAMRoleSelected" not in conditions(await stage.until_synced("repository/mine"))
        await stage.patch(f"namespace/{stage.namespace}", {"metadata": {"labels": label}})
        await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")


@rule("13-4c", "a label that an object gets brings it to its selector")
async def test_a_label_that_an_object_gets(stage: Stage) -> None:
    async with stage.selecting("s", stage.make_role(stage.account), resourceLabelSelector=GOLD):
        await stage.start(*ON, services=("ecr",))
        await stage.apply(repository("mine"))
        assert "ACK.IAMRoleSelected" not in conditions(await stage.until_synced("repository/mine"))
        await stage.patch("repository/mine", {"metadata": {"labels": LABEL}})
        await stage.until_condition("repository/mine", "ACK.IAMRoleSelected")


# At the start


@rule("13-5", "objects and selectors that are there before the operator: nothing is made but by the selector's role")
async def test_selectors_are_read_first(stage: Stage) -> None:
    account, name = another_account(), stage.namespace
    async with stage.selecting("s", stage.make_role(account)):
        for each in range(3):
            await stage.apply(bucket(f"{name}-{each}"))
        await stage.start(*ON, services=("s3",))
        for each in range(3):
            assert await owner_of(stage, f"bucket/{name}-{each}") == account
    assert {call.operation for call in stage.calls()} == {"AssumeRole"}


@rule("13-6a", "without the gate a selector that matches is without effect")
async def test_without_the_gate(stage: Stage) -> None:
    async with stage.selecting("s", ROLE):
        await stage.start("--enable-carm=false", services=("ecr",))
        await stage.apply(repository("mine"))
        assert await owner_of(stage, "repository/mine") == stage.account


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(
            (GATE,), marks=rule("13-6b", "the gate with --enable-carm left out, which is on, ends the process")
        ),
        pytest.param((GATE, "--enable-carm=true"), marks=rule("13-6b", "so does the gate with --enable-carm=true")),
    ],
)
async def test_the_gate_and_carm(stage: Stage, flags: tuple[str, ...]) -> None:
    with pytest.raises(
        ConfigError, match="role selectors and --enable-carm both choose roles; add --enable-carm=false"
    ):
        await stage.start(*flags, services=("ecr",))
    assert stage.cloud.calls(stage.account) == []
