"""Plans: which writes, in which order, why, and what holds them back. No AWS, no cluster, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.controllers import plan as plans
from ackpy.controllers.blocked import Code
from ackpy.controllers.observe import Observation
from ackpy.controllers.plan import Cause, Plan, Stage, Write, says_none
from ackpy.model.call import Call, Scope, View
from ackpy.model.compiler import compile_service
from ackpy.model.definition import Refuse, State
from ackpy.model.delta import Difference, Mode
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor
from ackpy.model.when import changed, has

SCOPE = Scope("123456789012", "eu-central-1")
VERSIONED = {"versioning": {"status": "Enabled"}}


def planned(
    descriptor: Descriptor,
    desired: Mapping[str, Any],
    latest: Mapping[str, Any],
    mode: Mode = Mode.LEAVES,
    **how: Any,
) -> Plan:
    carried = how.pop("carried", frozenset(descriptor.spec.members))
    status = how.pop("status", {})
    observed = Observation(True, latest, status, carried=carried)
    modes = how.pop("modes", dict.fromkeys(desired, mode))
    spec = {"name": "b", **desired}
    return plans.update(descriptor, View(spec), observed, View(latest, status), SCOPE, modes, **how)


def operations(plan: Plan) -> list[str]:
    return [write.operation for write in plan.writes]


def with_states(descriptor: Descriptor, *states: State) -> Descriptor:
    return replace(descriptor, definition=replace(descriptor.definition, states=states))


def test_creation_is_one_call_with_all_that_it_takes(bucket: Descriptor, talk: dict[str, Any]) -> None:
    plan = plans.creation(bucket, View(talk), SCOPE)
    [write] = plan.writes
    assert (write.operation, write.stage, write.cause) == ("CreateBucket", Stage.CREATE, Cause.EDIT)
    assert {difference.path for difference in write.differences} == {"name", "tagging"}
    assert write.call.params["CreateBucketConfiguration"]["Tags"][0] == {"Key": "first", "Value": "1"}
    assert plan.more


def test_a_creation_that_says_it_all_needs_no_more(bucket: Descriptor) -> None:
    assert not plans.creation(bucket, View({"name": "b"}), SCOPE).more


def test_nothing_different_is_an_empty_plan(bucket: Descriptor) -> None:
    assert planned(bucket, VERSIONED, VERSIONED) == Plan()


@pytest.mark.parametrize(
    ("mode", "cause"), [(Mode.WHOLE, Cause.EDIT), (Mode.LEAVES, Cause.DRIFT), (Mode.CLEAR, Cause.CLEAR)]
)
def test_the_cause_follows_from_how_a_path_is_compared(bucket: Descriptor, mode: Mode, cause: Cause) -> None:
    desired = {} if mode is Mode.CLEAR else VERSIONED
    latest = VERSIONED if mode is Mode.CLEAR else {"versioning": {"status": "Suspended"}}
    [write] = planned(bucket, desired, latest, modes={"versioning": mode}).writes
    assert (write.operation, write.cause) == ("PutBucketVersioning", cause)


def test_clears_come_first_then_tags_then_settings(bucket: Descriptor) -> None:
    latest = {"lifecycle": {"rules": []}, "cors": {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]}}
    desired = {**VERSIONED, "tagging": {"tagSet": [{"key": "a", "value": "1"}]}}
    modes = {"versioning": Mode.WHOLE, "tagging": Mode.WHOLE, "cors": Mode.CLEAR}
    plan = planned(bucket, desired, latest, modes=modes)
    waves = [[write.operation for group in wave for write in group] for wave in plan.waves()]
    assert waves == [["DeleteBucketCors"], ["PutBucketTagging"], ["PutBucketVersioning"]]


def test_settings_wait_for_those_that_they_come_after_and_go_in_reverse(bucket: Descriptor) -> None:
    replication = {
        "role": "arn:aws:iam::123456789012:role/r",
        "rules": [{"status": "Enabled", "destination": {"bucket": "x"}}],
    }
    both = {**VERSIONED, "replication": replication}
    made = planned(bucket, both, {}, Mode.WHOLE)
    assert [[write.operation for group in wave for write in group] for wave in made.waves()] == [
        ["PutBucketVersioning"],
        ["PutBucketReplication"],
    ]
    taken = planned(
        bucket,
        {"versioning": {"status": "Suspended"}},
        both,
        modes={"versioning": Mode.WHOLE, "replication": Mode.CLEAR},
    )
    assert [[write.operation for group in wave for write in group] for wave in taken.waves()] == [
        ["DeleteBucketReplication"],
        ["PutBucketVersioning"],
    ]


def test_what_is_not_known_is_written_when_edited_and_left_when_not(bucket: Descriptor) -> None:
    unknown = frozenset[str]()
    assert operations(planned(bucket, VERSIONED, {}, Mode.WHOLE, carried=unknown)) == ["PutBucketVersioning"]
    assert operations(planned(bucket, VERSIONED, {}, Mode.LEAVES, carried=unknown)) == []


def test_an_immutable_difference_blocks_with_advice(bucket: Descriptor) -> None:
    plan = planned(bucket, {"namespace": "x"}, {"namespace": "y"})
    assert plan.writes == ()
    assert plan.blocked is not None
    assert plan.blocked.code is Code.IMMUTABLE
    assert plan.blocked.text.startswith("spec.namespace is immutable: ")


def test_what_the_definition_refuses_blocks(bucket: Descriptor) -> None:
    rules = [Refuse(has("policy") & has("cors"), "not both"), Refuse(changed("versioning"), "not twice")]
    strict = replace(bucket, definition=replace(bucket.definition, refuse=rules))
    assert plans.creation(strict, View({"name": "b", **VERSIONED}), SCOPE).blocked is None
    refused = plans.creation(strict, View({"name": "b", "policy": "{}", "cors": {}}), SCOPE).blocked
    assert refused is not None
    assert refused.text == "not both"
    changing = planned(strict, VERSIONED, {"versioning": {"status": "Suspended"}}).blocked
    assert changing is not None
    assert changing.text == "not twice"


def test_a_busy_resource_gets_its_tags_and_what_is_allowed(bucket: Descriptor) -> None:
    busy = with_states(bucket, State(path="state", ready=["ACTIVE"], allow=["cors"]))
    desired = {**VERSIONED, "tagging": {"tagSet": [{"key": "a", "value": "1"}]}, "cors": {"corsRules": []}}
    latest = {"cors": {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]}}
    plan = planned(busy, desired, latest, Mode.WHOLE, status={"state": "UPDATING"})
    assert set(operations(plan)) == {"PutBucketTagging", "DeleteBucketCors"}
    assert [difference.path for difference in plan.waiting] == ["versioning.status"]


def test_a_failed_resource_is_left_alone(bucket: Descriptor) -> None:
    failed = with_states(bucket, State(path="state", ready=["ACTIVE"], failed=["FAILED"], also="why"))
    plan = planned(failed, VERSIONED, {}, Mode.WHOLE, status={"state": "FAILED", "why": "no capacity"})
    assert plan.writes == ()
    assert plan.blocked is not None
    assert plan.blocked.text == "no capacity"


def test_what_cannot_be_reset_is_named(bucket: Descriptor) -> None:
    rules = {path: rule for path, rule in bucket.rules.items() if not path.startswith("versioning")}
    plan = planned(replace(bucket, rules=rules), {}, VERSIONED, modes={"versioning": Mode.CLEAR})
    assert (plan.writes, plan.unreset) == ((), ("versioning",))


RULE = {
    "ecrRepositoryPrefix": "p",
    "credentialARN": "arn:aws:secretsmanager:eu-west-1:1:secret:s",
    "customRoleARN": "arn:aws:iam::1:role/r",
}


@pytest.mark.parametrize(
    ("desired", "calls", "unreset"),
    [
        ({}, [], ("credentialARN", "customRoleARN")),
        ({"credentialARN": RULE["credentialARN"]}, [], ("customRoleARN",)),
        ({"credentialARN": "arn:other"}, ["UpdatePullThroughCacheRule"], ("customRoleARN",)),
    ],
)
def test_what_an_update_cannot_reset_is_named_and_not_written(
    desired: dict[str, Any], calls: list[str], unreset: tuple[str, ...]
) -> None:
    [rule] = [each for each in compile_service(load(["ecr"])) if each.kind == "PullThroughCacheRule"]
    modes = {path: Mode.WHOLE if path in desired else Mode.CLEAR for path in ("credentialARN", "customRoleARN")}
    plan = planned(rule, {"ecrRepositoryPrefix": "p", **desired}, RULE, modes=modes)
    assert (operations(plan), plan.unreset) == (calls, unreset)


def test_a_whole_group_needs_no_reset() -> None:
    [repository] = [each for each in compile_service(load(["ecr"])) if each.kind == "Repository"]
    latest = {
        "name": "r",
        "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "x"}],
    }
    modes = {"imageTagMutability": Mode.WHOLE, "imageTagMutabilityExclusionFilters": Mode.CLEAR}
    plan = planned(repository, {"name": "r", "imageTagMutability": "MUTABLE"}, latest, modes=modes)
    assert (operations(plan), plan.unreset) == (["PutImageTagMutability"], ())
    assert "imageTagMutabilityExclusionFilters" not in plan.writes[0].call.params


def test_a_plan_is_json_and_shows_no_parameter(bucket: Descriptor) -> None:
    shown = planned(bucket, {"policy": '{"Statement":"s3cret"}'}, {}, Mode.WHOLE).plain()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["writes"][0]["parameters"] == ["Bucket", "ExpectedBucketOwner", "Policy"]


def test_a_plan_that_is_kept_is_bounded(bucket: Descriptor) -> None:
    policy = json.dumps({"Statement": [], "Id": "x" * 20_000})
    [write] = planned(bucket, {"policy": policy}, {}, Mode.WHOLE).plain()["writes"]
    assert write["differences"][0]["desired"].endswith(" characters)")
    assert len(json.dumps(write)) < 1000


@pytest.mark.parametrize(
    ("value", "none"),
    [
        (None, True), ("", True), ([], True), ({}, True), ({"rules": []}, True), ({"a": {"b": None}}, True),
        (False, False), (0, False), ("x", False), ([None], False), ({"a": False}, False),
    ],
)  # fmt: skip
def test_what_means_none(value: Any, none: bool) -> None:
    assert says_none(value) is none


def write(aspect: str, *after: str, stage: Stage = Stage.REST) -> Write:
    difference = Difference(aspect, 1, 2, aspect)
    return Write(Call(f"Put{aspect}", {}), aspect, stage, (difference,), Cause.EDIT, after=after)


@pytest.mark.parametrize(
    ("writes", "waves"),
    [
        ([write("a"), write("b")], [["a", "b"]]),
        ([write("b", "a"), write("a")], [["a"], ["b"]]),
        ([write("c", "b"), write("b", "a"), write("a"), write("d")], [["a", "d"], ["b"], ["c"]]),
        ([write("b", "not there")], [["b"]]),
        ([write("a", "b"), write("b", "a")], [["a", "b"]]),
        ([write("b", "a", stage=Stage.CLEAR), write("a", stage=Stage.CLEAR)], [["b"], ["a"]]),
        ([write("u", stage=Stage.UPDATE), write("v", stage=Stage.UPDATE)], [["u"], ["v"]]),
        ([write("x"), write("t", stage=Stage.TAGS), write("u", stage=Stage.UPDATE)], [["t"], ["u"], ["x"]]),
        ([write("a"), write("a")], [["a", "a"]]),
    ],
)
def test_waves(writes: Sequence[Write], waves: list[list[str]]) -> None:
    found = Plan(tuple(writes)).waves()
    assert [[each.aspect for group in wave for each in group] for wave in found] == waves


def test_a_write_that_ends_the_pass_holds_the_rest_back(bucket: Descriptor) -> None:
    versioning = bucket.aspect("versioning")
    alone = Aspect("PutBucketVersioning", AspectKind.GROUP, ("versioning",), 0, put=versioning.put, alone=True)
    others = tuple(aspect for aspect in bucket.aspects if aspect.name != "versioning")
    grouped = replace(bucket, aspects=(*others, alone))
    cors = {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]}
    plan = planned(grouped, {**VERSIONED, "cors": cors}, {}, Mode.WHOLE)
    assert operations(plan) == ["PutBucketVersioning"]
    assert [difference.path for difference in plan.waiting] == ["cors"]
    assert plan.more
