from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey, apply_merge_patch, merge_patch, same_json

SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from(["", "a", "b"])
)
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)


def plain(value: Any) -> Any:
    """A value less the members that are null: what a merge patch can say."""
    return (
        {name: plain(inner) for name, inner in value.items() if inner is not None} if isinstance(value, dict) else value
    )


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_makes_the_one_of_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = merge_patch(before, after)
    assert same_json(plain(apply_merge_patch(before, patch or {})), plain(after))


@given(OBJECTS)
def test_there_is_no_patch_between_equals(obj: dict[str, Any]) -> None:
    assert merge_patch(obj, obj) is None


@given(OBJECTS, OBJECTS)
def test_a_patch_is_none_only_between_equals(before: dict[str, Any], after: dict[str, Any]) -> None:
    if merge_patch(before, after) is None:
        assert same_json(plain(before), plain(after))


@given(OBJECTS, OBJECTS)
def test_a_patch_is_minimal_each_member_matters(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = merge_patch(before, after) or {}
    for name in patch:
        rest = {other: value for other, value in patch.items() if other != name}
        assert not same_json(plain(apply_merge_patch(before, rest)), plain(after))


@given(OBJECTS, OBJECTS)
def test_applying_changes_neither_argument(target: dict[str, Any], patch: dict[str, Any]) -> None:
    before = repr((target, patch))
    apply_merge_patch(target, patch)
    assert repr((target, patch)) == before


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the test cases of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_rfcs_own_cases(target: Any, patch: Any, result: Any) -> None:
    assert apply_merge_patch(target, patch) == result


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": 1}, {"a": 1.0}, None),
        ({"a": [1]}, {"a": [True]}, {"a": [True]}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": None}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": None}}),
        ({}, {"a": {}}, {"a": {}}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {}}),
    ],
)
def test_patches_of_the_odd_cases(before: dict[str, Any], after: dict[str, Any], patch: dict[str, Any] | None) -> None:
    found = merge_patch(before, after)
    assert repr(found) == repr(patch)


def test_accessors_answer_for_an_object_that_holds_nothing() -> None:
    empty: dict[str, Any] = {}
    assert objects.key_of(empty) == ObjectKey("", "")
    assert (objects.uid_of(empty), objects.version_of(empty), objects.generation_of(empty)) == ("", "", 0)
    assert (objects.labels_of(empty), objects.annotations_of(empty)) == ({}, {})
    assert (objects.finalizers_of(empty), objects.owners_of(empty), objects.conditions_of(empty)) == ([], [], [])
    assert objects.condition_of(empty, "Ready") is None
    assert not objects.is_being_deleted(empty)


def test_accessors_answer_for_members_that_are_null() -> None:
    nulls = {"metadata": {"labels": None, "annotations": None, "finalizers": None}, "status": {"conditions": None}}
    assert (objects.labels_of(nulls), objects.finalizers_of(nulls), objects.conditions_of(nulls)) == ({}, [], [])
    assert objects.conditions_of({"status": None}) == []
    assert objects.key_of({"metadata": None}) == ObjectKey("", "")


def test_an_owner_reference_names_the_owner() -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u"}}
    assert objects.owner_reference(owner, controller=False) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "a",
        "uid": "u",
        "controller": False,
        "blockOwnerDeletion": True,
    }


def test_keys_read_as_kubectl_writes_them() -> None:
    assert str(ObjectKey("ns", "name")) == "ns/name"
    assert str(ObjectKey("", "name")) == "name"
