from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model.definition import Effect
from ackpy.model.delta import Delta, Difference, Mode, delta, digest
from ackpy.model.descriptor import Descriptor, Rule
from ackpy.model.hooks import Hooks
from ackpy.model.secret import SecretValue
from ackpy.model.when import is_

LEAVES, WHOLE, CLEAR = Mode.LEAVES, Mode.WHOLE, Mode.CLEAR
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}]}


def found(descriptor: Descriptor, desired: Any, latest: Any, mode: Mode = LEAVES, **more: Any) -> Delta:
    paths = {*desired, *latest} if mode is CLEAR else set(desired)
    return delta(descriptor, desired, latest, dict.fromkeys(paths, mode), **more)


def paths(differences: Delta) -> list[str]:
    return [each.path for each in differences]


# name: (desired, latest, the paths that differ when only set leaves count, and when all does)
CASES: dict[str, tuple[Any, Any, list[str], list[str]]] = {
    "equal": ({"name": "a"}, {"name": "a"}, [], []),
    "a scalar": ({"name": "a"}, {"name": "b"}, ["name"], ["name"]),
    "true is not one": ({"size": 1}, {"size": True}, ["size"], ["size"]),
    "1.0 is 1": ({"weight": 1}, {"weight": 1.0}, [], []),
    "absent in AWS": ({"name": "a"}, {}, ["name"], ["name"]),
    "absent, and at the default": ({"weight": 1.5}, {}, [], []),
    "a default against another value": ({"weight": 1.5}, {"weight": 2}, ["weight"], ["weight"]),
    "a leaf of a structure": (
        {"capacity": {"read": 1}}, {"capacity": {"read": 2, "write": 5}},
        ["capacity.read"], ["capacity.read", "capacity.write"],
    ),
    "a leaf that the spec leaves out": ({"capacity": {"read": 1}}, {"capacity": {"read": 1, "write": 5}}, [], ["capacity.write"]),
    "a structure that AWS lacks": ({"capacity": {"read": 1}}, {}, ["capacity"], ["capacity"]),
    "an empty structure that AWS lacks": ({"cors": {}}, {}, ["cors"], ["cors"]),
    "an empty structure on both sides": ({"cors": {}}, {"cors": {}}, [], []),
    "a structure whose leaves are at their defaults": ({"versioning": {"status": "Suspended"}}, {"versioning": {}}, [], []),
    "a structure that is off its default": (
        {"versioning": {"status": "Suspended"}}, {"versioning": {"status": "Enabled"}}, ["versioning.status"], ["versioning.status"],
    ),
    "plain values in another order": ({"subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, [], []),
    "plain values, one more": ({"subnets": ["a"]}, {"subnets": ["a", "b"]}, ["subnets"], ["subnets"]),
    "plain values, one twice": ({"subnets": ["a", "a"]}, {"subnets": ["a"]}, ["subnets"], ["subnets"]),
    "empty and absent lists": ({"subnets": []}, {}, [], []),
    "an empty list against a full one": ({"subnets": []}, {"subnets": ["a"]}, ["subnets"], ["subnets"]),
    "structures by position": (
        {"steps": [{"name": "a"}, {"name": "b"}]}, {"steps": [{"name": "a", "seconds": 5}, {"name": "c"}]},
        ["steps[1].name"], ["steps[0].seconds", "steps[1].name"],
    ),
    "structures in another order": (
        {"steps": [{"name": "a"}, {"name": "b"}]}, {"steps": [{"name": "b"}, {"name": "a"}]},
        ["steps[0].name", "steps[1].name"], ["steps[0].name", "steps[1].name"],
    ),
    "another number of structures": ({"steps": [{"name": "a"}]}, {"steps": []}, ["steps"], ["steps"]),
    "by key, in another order": (
        {"lifecycle": {"rules": [{"id": "a", "status": "on"}, {"id": "b", "status": "on"}]}},
        {"lifecycle": {"rules": [{"id": "b", "status": "on"}, {"id": "a", "status": "off"}]}},
        ["lifecycle.rules[id=a].status"], ["lifecycle.rules[id=a].status"],
    ),
    "by key, one more on each side": (
        {"lifecycle": {"rules": [{"id": "a"}]}}, {"lifecycle": {"rules": [{"id": "b"}]}},
        ["lifecycle.rules[id=a]", "lifecycle.rules[id=b]"], ["lifecycle.rules[id=a]", "lifecycle.rules[id=b]"],
    ),
    "without a key, AWS made one up": (
        {"lifecycle": {"rules": [{"status": "on"}, {"status": "off"}]}},
        {"lifecycle": {"rules": [{"id": "x1", "status": "off"}, {"id": "x2", "status": "on"}]}},
        [], ["lifecycle.rules[0].id", "lifecycle.rules[1].id"],
    ),
    "a default deep inside": (
        {"lifecycle": {"rules": [{"id": "a", "days": 30}]}}, {"lifecycle": {"rules": [{"id": "a"}]}}, [], [],
    ),
    "a map": (
        {"variables": {"a": "1", "b": "2"}}, {"variables": {"a": "1", "b": "3", "c": "4"}},
        ['variables["b"]', 'variables["c"]'], ['variables["b"]', 'variables["c"]'],
    ),
    "tags in another order": (
        {"tagging": {"tagSet": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}},
        {"tagging": {"tagSet": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]}}, [], [],
    ),
    "a tag's value, a tag gone, a tag of AWS": (
        {"tagging": {"tagSet": [{"key": "a", "value": "1"}]}},
        {"tagging": {"tagSet": [{"key": "a", "value": "2"}, {"key": "b", "value": "2"}, {"key": "aws:x", "value": "y"}]}},
        ["tagging.tagSet[key=a].value", "tagging.tagSet[key=b]"], ["tagging.tagSet[key=a].value", "tagging.tagSet[key=b]"],
    ),
    "members by key": (
        {"metrics": [{"id": "a", "threshold": 1}]}, {"metrics": [{"id": "b"}, {"id": "a", "threshold": 2, "prefix": "p"}]},
        ["metrics[id=a].threshold", "metrics[id=b]"], ["metrics[id=a].prefix", "metrics[id=a].threshold", "metrics[id=b]"],
    ),
    "a policy in other words": (
        {"policy": json.dumps(POLICY)},
        {"policy": json.dumps({**POLICY, "Statement": [{"Effect": "Allow", "Action": ["a:c", "a:b"], "Resource": ["*"]}]})}, [], [],
    ),
    "a policy of another meaning": ({"policy": json.dumps(POLICY)}, {"policy": "{}"}, ["policy"], ["policy"]),
    "no policy, said and unsaid": ({"policy": ""}, {}, [], []),
    "a malformed policy": ({"policy": "{"}, {"policy": "{}"}, ["policy"], ["policy"]),
    "the same malformed policy": ({"policy": "{"}, {"policy": "{ "}, [], []),
    "a document": ({"document": '{"a": 1}'}, {"document": "a: 1"}, [], []),
    "a key's id and ARN": ({"keyID": KEY}, {"keyID": f"arn:aws:kms:eu-west-1:123456789012:key/{KEY}"}, [], []),
    "no role, said and unsaid": ({"roleARN": ""}, {}, [], []),
    "no name is not no name": ({"name": ""}, {}, ["name"], ["name"]),
    "case": ({"engine": "MySQL"}, {"engine": "mysql"}, [], []),
    "one moment in two zones": (
        {"lifecycle": {"rules": [{"id": "a", "until": "2026-11-24T01:00:00+01:00"}]}},
        {"lifecycle": {"rules": [{"id": "a", "until": "2026-11-24T00:00:00Z"}]}}, [], [],
    ),
    "bytes": ({"source": {"inline": "YQ=="}}, {"source": {"inline": "YQ=="}}, [], []),
    "what is no base64": ({"source": {"inline": "?"}}, {"source": {"inline": "YQ=="}}, ["source.inline"], ["source.inline"]),
    "what is no time": (
        {"lifecycle": {"rules": [{"id": "a", "until": "soon"}]}},
        {"lifecycle": {"rules": [{"id": "a", "until": "2026-11-24T00:00:00Z"}]}},
        ["lifecycle.rules[id=a].until"], ["lifecycle.rules[id=a].until"],
    ),
    "a marker that AWS lacks": ({"flag": {}}, {}, ["flag"], ["flag"]),
    "a marker, whatever is written into it": ({"flag": {"a": "b"}}, {"flag": {}}, [], []),
    "what AWS never shows": ({"code": {"hash": "x"}}, {}, [], ["code"]),
    "references": ({"roleRef": {"from": {"name": "r"}}}, {}, [], []),
}  # fmt: skip


@pytest.mark.parametrize(("desired", "latest", "leaves", "whole"), CASES.values(), ids=CASES.keys())
def test_leaves_and_whole(widget: Descriptor, desired: Any, latest: Any, leaves: list[str], whole: list[str]) -> None:
    assert paths(found(widget, desired, latest, LEAVES)) == leaves
    assert sorted(paths(found(widget, desired, latest, WHOLE))) == sorted(whole)


# name: (latest, whether there is something to clear)
CLEARS: dict[str, tuple[dict[str, Any], bool]] = {
    "set": ({"policy": "{}"}, True),
    "not set": ({}, False),
    "empty": ({"cors": {}}, False),
    "off the default": ({"versioning": {"status": "Enabled"}}, True),
    "at the default": ({"versioning": {"status": "Suspended"}}, False),
    "at the default, by meaning": ({"document": "{ }"}, False),
    "empty at a default": ({"versioning": {}}, False),
    "late-initialised": ({"weight": 7}, False),
    "not applicable": ({"mode": "on-demand", "capacity": {"read": 1}}, True),
    "no tags": ({"tagging": {"tagSet": []}}, False),
    "only AWS's own tags": ({"tagging": {"tagSet": [{"key": "aws:x", "value": "y"}]}}, False),
    "a tag of AWS and another": (
        {"tagging": {"tagSet": [{"key": "aws:x", "value": "y"}, {"key": "a", "value": "b"}]}},
        True,
    ),
    "never shown": ({"code": None}, False),
}


@pytest.mark.parametrize(("latest", "differs"), CLEARS.values(), ids=CLEARS.keys())
def test_clear(widget: Descriptor, latest: dict[str, Any], *, differs: bool) -> None:
    name = next(iter(latest), "policy")
    result = delta(widget, {}, latest, {name: CLEAR})
    assert [(each.path, each.desired, each.cleared) for each in result] == ([(name, None, True)] if differs else [])


def test_a_condition_takes_a_path_out_of_every_mode(widget: Descriptor) -> None:
    desired, latest = {"mode": "on-demand", "capacity": {"read": 1}}, {"capacity": {"read": 2}}
    assert [delta(widget, desired, latest, {"capacity": mode}) for mode in Mode] == [Delta()] * 3
    assert paths(delta(widget, desired | {"mode": "provisioned"}, latest, {"capacity": LEAVES})) == ["capacity.read"]


def test_an_aspect_that_does_not_apply_has_no_differences(with_aspect: Callable[..., Descriptor]) -> None:
    kind = with_aspect("policy", when=is_("mode", "m"))
    assert not found(kind, {"policy": "{}"}, {}, WHOLE)
    assert not delta(kind, {}, {"policy": "{}"}, {"policy": CLEAR})
    assert paths(found(kind, {"policy": "{}", "mode": "m"}, {"mode": "m"}, WHOLE)) == ["policy"]


def test_only_managed_paths_are_compared_and_in_the_order_of_the_schema(widget: Descriptor) -> None:
    desired, latest = {"size": 1, "name": "a", "gone": 1}, {"size": 2, "name": "b", "mode": "m"}
    assert paths(delta(widget, desired, latest, {"size": LEAVES, "name": LEAVES, "gone": WHOLE})) == ["name", "size"]
    assert not delta(widget, desired, latest, {})


def test_what_nothing_tells_of(widget: Descriptor) -> None:
    modes = {"name": LEAVES, "mode": WHOLE, "policy": CLEAR, "capacity": WHOLE}
    desired = {"name": "a", "mode": "on-demand", "capacity": {"read": 1}}
    result = delta(widget, desired, {}, modes, unobserved=modes.keys())
    assert [(each.path, each.desired, each.latest) for each in result] == [
        ("mode", "on-demand", None),
        ("policy", None, None),
    ]


def test_a_difference_says_who_writes_it_and_what_it_does(widget: Descriptor) -> None:
    desired = {"size": 1, "keyID": "a", "mode": "m", "tagging": {"tagSet": [{"key": "a", "value": "b"}]}, "delay": 1}
    by_path = {each.path: each for each in found(widget, desired, {})}
    assert {path: (each.aspect, each.effect, each.immutable) for path, each in by_path.items()} == {
        "mode": ("UpdateMode", Effect.RESTART, False),
        "size": ("", Effect.REPLACE, "a widget keeps its size"),
        "keyID": ("", Effect.BRIEF, False),
        "delay": ("attributes", Effect.UNSTATED, False),
        "tagging": ("tagging", Effect.UNSTATED, False),
    }
    assert paths(Delta(found(widget, desired, {}).immutable)) == ["size"]


def test_immutability_reaches_down(with_rules: Callable[[Mapping[str, Rule]], Descriptor]) -> None:
    fixed = with_rules({"steps": Rule("steps", immutable=True, effect=Effect.DATA_LOSS)})
    [difference] = found(fixed, {"steps": [{"name": "a"}]}, {"steps": [{"name": "b"}]})
    assert (difference.path, difference.immutable, difference.effect) == ("steps[0].name", True, Effect.DATA_LOSS)


def test_a_delta_can_be_asked() -> None:
    one, other, third = (
        Difference(path, 1, 2, aspect) for path, aspect in (("a.b[0].c", "a"), ("d", ""), ("a.e", "a"))
    )
    every = Delta((one, other, third))
    assert every.aspects == ("a", "")
    assert every.of("a").differences == (one, third)
    assert every.at("a").differences == (one, third)
    assert every.at("a.b..c").differences == (one,)
    assert every.at("a.b[0].c.deeper").differences == (one,)
    assert not every.at("a.b[1]")
    assert len(every) == 3
    assert not Delta()


def test_what_must_not_be_shown_is_not_in_a_difference(widget: Descriptor) -> None:
    secret = SecretValue("hunter2")
    desired: dict[str, Any] = {
        "password": secret,
        "users": [{"name": "a", "password": secret}],
        "code": {"zip": "c2VjcmV0"},
    }
    desired["tokens"] = [secret]
    result = found(widget, desired, {"users": [{"name": "a"}]}, WHOLE)
    assert paths(result) == ["password", "users[0].password", "code", "tokens"]
    assert [each.desired for each in result] == ["***", "***", "***", ["***"]]
    assert "hunter2" not in repr(result)
    assert not found(widget, desired, {"users": [{"name": "a"}]}, LEAVES)


class Lower(Hooks):
    """AWS stores names in lower case, and adds a step at the end of a list."""

    def normal(self, path: str, value: Any, latest: Any) -> Any:
        if path == "steps..name":
            return value.lower()
        return value if path != "steps" or len(value) == len(latest or ()) else [*value, {"name": "end"}]


def test_the_kind_knows_its_normal_form(widget: Descriptor) -> None:
    kind = dataclasses.replace(widget, hooks=Lower())
    assert not found(kind, {"steps": [{"name": "A"}]}, {"steps": [{"name": "a"}, {"name": "end"}]}, WHOLE)
    assert paths(found(kind, {"steps": [{"name": "A"}]}, {"steps": [{"name": "b"}]})) == ["steps[0].name"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@given(JSON)
def test_a_digest_is_of_the_content(value: Any) -> None:
    again = json.loads(json.dumps(without_nulls(value), sort_keys=True))
    assert digest(value) == digest(again)
    assert len(digest(value)) == 16
    assert digest(value, b"uid-1") != digest(value, b"uid-2")


@pytest.mark.parametrize("other", [2, True, "1", [1], {"a": 1}, None])
def test_digests_tell_apart(other: Any) -> None:
    assert digest(1) != digest(other)


def test_a_secret_is_digested_with_a_key_alone() -> None:
    assert digest({"p": SecretValue("a")}, b"k") == digest({"p": "a"}, b"k")
    assert digest({"p": SecretValue("a")}, b"k") != digest({"p": SecretValue("b")}, b"k")
    with pytest.raises(ValueError, match="needs a key"):
        digest({"p": SecretValue("hunter2")})


@given(st.text(), st.text())
def test_no_policy_makes_a_delta_fail(widget: Descriptor, one: str, other: str) -> None:
    assert not found(widget, {"policy": one}, {"policy": one}, WHOLE)
    assert bool(found(widget, {"policy": one}, {"policy": other})) is bool(
        found(widget, {"policy": other}, {"policy": one})
    )
