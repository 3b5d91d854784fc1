from __future__ import annotations

from typing import Any

import pytest

from ackpy.local.apiserver.builtin_kinds import KINDS
from ackpy.local.apiserver.patch import merge_patch, strategic_patch
from ackpy.local.apiserver.status import ApiError

Json = dict[str, Any]
DEPLOYMENT = next(kind for kind in KINDS if kind.kind == "Deployment").schema


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [  # RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: Json, patch: Json, expected: Json) -> None:
    assert merge_patch(target, patch, {}) == expected


def containers(*items: Json) -> Json:
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


LIVE = containers({"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"})
SPEC = {
    "an item is merged by its key": (
        containers({"name": "a", "image": "a:2"}),
        containers({"name": "a", "image": "a:2", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}),
    ),
    "an item inside an item": (
        containers({"name": "a", "env": [{"name": "Y", "value": "2"}]}),
        containers(
            {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
            {"name": "b", "image": "b:1"},
        ),
    ),
    "an item is deleted": (containers({"name": "a", "$patch": "delete"}), containers({"name": "b", "image": "b:1"})),
    "the list is replaced": (containers({"$patch": "replace"}, {"name": "c"}), containers({"name": "c"})),
    "the list is put in order": (
        {"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}}},
        containers({"name": "b", "image": "b:1"}, {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}),
    ),
    "other keys are dropped": (
        {"spec": {"$retainKeys": ["strategy"], "strategy": {"type": "Recreate"}}},
        {"spec": {"strategy": {"type": "Recreate"}}},
    ),
    "an object is replaced": ({"spec": {"$patch": "replace", "replicas": 2}}, {"spec": {"replicas": 2}}),
}


@pytest.mark.parametrize(("patch", "expected"), SPEC.values(), ids=SPEC)
def test_strategic_patch(patch: Json, expected: Json) -> None:
    assert strategic_patch(LIVE, patch, DEPLOYMENT) == expected


def test_members_of_a_set_are_added_and_deleted() -> None:
    live = {"metadata": {"finalizers": ["a/x", "b/y"]}}
    assert strategic_patch(live, {"metadata": {"finalizers": ["c/z"]}}, DEPLOYMENT) == {
        "metadata": {"finalizers": ["a/x", "b/y", "c/z"]}
    }
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/x"]}}
    assert strategic_patch(live, patch, DEPLOYMENT) == {"metadata": {"finalizers": ["b/y"]}}


def test_an_item_without_its_key_is_refused() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        strategic_patch(LIVE, containers({"image": "x"}), DEPLOYMENT)


def test_the_target_is_left_as_it_was() -> None:
    before = containers({"name": "a", "image": "a:1"})
    strategic_patch(before, containers({"name": "a", "image": "a:2"}), DEPLOYMENT)
    assert before == containers({"name": "a", "image": "a:1"})
