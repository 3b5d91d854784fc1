from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model import request, response
from ackpy.model.definition import Tags
from ackpy.model.descriptor import Descriptor, Member, Node, TagShape, Type
from ackpy.model.request import Scope, View

SCOPE = Scope(account="123456789012", region="eu-west-1")
TEXT = Node(Type.STRING)
OTHER_NAMES = Node(
    Type.LIST,
    element=Node(
        Type.STRUCTURE, members={"key": Member("key", "TagKey", TEXT), "value": Member("value", "TagValue", TEXT)}
    ),
)


def view(tags: dict[str, str] | None) -> View:
    listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
    return View({"name": "w", "tagging": {"tagSet": listed}} if tags is not None else {"name": "w"})


def calls(descriptor: Descriptor, desired: Any, latest: Any, **more: Any) -> list[tuple[str, Any]]:
    aspect = descriptor.aspect("tagging")
    made = request.tags(descriptor, aspect, view(desired), view(latest), SCOPE, **more)
    return [(call.operation, {k: v for k, v in call.params.items() if k not in {"Name", "Owner"}}) for call in made]


def pairs(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.mark.parametrize(
    ("desired", "latest", "expected"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, None, [("Tag", {"Tags": pairs(a="1")})]),
        ({"a": "2"}, {"a": "1"}, [("Tag", {"Tags": pairs(a="2")})]),
        (None, {"a": "1"}, [("Untag", {"TagKeys": ["a"]})]),
        (
            {"b": "1", "c": "2"},
            {"a": "1", "c": "1"},
            [("Untag", {"TagKeys": ["a"]}), ("Tag", {"Tags": pairs(b="1", c="2")})],
        ),
        ({}, {"aws:x": "1"}, []),
        ({"a": ""}, {"a": ""}, []),
    ],
)
def test_untag_what_is_gone_then_tag_what_is_new(widget: Descriptor, desired: Any, latest: Any, expected: Any) -> None:
    assert calls(widget, desired, latest) == expected


def test_other_keys_can_be_kept(widget: Descriptor) -> None:
    assert calls(widget, {}, {"k8s:x": "1", "aws:y": "2"}, keep=("k8s:",)) == [("Untag", {"TagKeys": ["aws:y"]})]


def test_the_last_of_a_key_counts(widget: Descriptor) -> None:
    twice = View({"name": "w", "tagging": {"tagSet": [{"key": "a", "value": "1"}, {"key": "a"}]}})
    [call] = request.tags(widget, widget.aspect("tagging"), twice, view({}), SCOPE)
    assert call.params["Tags"] == pairs(a="")


def replacing(descriptor: Descriptor) -> Descriptor:
    aspects = tuple(
        replace(each, put=replace(each.put, replaces=True)) if each.name == "tagging" and each.put else each
        for each in descriptor.aspects
    )
    return replace(descriptor, aspects=aspects)


@pytest.mark.parametrize(
    ("desired", "latest", "expected"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        (
            {"a": "1", "b": "2"},
            {"a": "1", "aws:x": "y"},
            [("Tag", {"Tags": [*pairs(a="1", b="2"), *pairs(**{"aws:x": "y"})]})],
        ),
        ({}, {"a": "1"}, [("Untag", {})]),
        ({}, {"a": "1", "aws:x": "y"}, [("Tag", {"Tags": pairs(**{"aws:x": "y"})})]),
        (None, {}, []),
    ],
)
def test_the_whole_set_at_once(widget: Descriptor, desired: Any, latest: Any, expected: Any) -> None:
    kind = replacing(widget)
    aspect = kind.aspect("tagging")
    assert aspect.clear is not None
    bare = replace(aspect, clear=replace(aspect.clear, at=""))
    kind = replace(kind, aspects=tuple(bare if each.name == "tagging" else each for each in kind.aspects))
    assert calls(kind, desired, latest) == expected


def test_as_many_a_call_as_aws_takes(widget: Descriptor) -> None:
    kind = replace(widget, definition=replace(widget.definition, tags=Tags(path="tagging.tagSet", chunk=2)))
    made = calls(kind, {"a": "1", "b": "2", "c": "3"}, {"d": "4"})
    assert [(name, len(params.get("Tags", params.get("TagKeys")))) for name, params in made] == [
        ("Untag", 1),
        ("Tag", 2),
        ("Tag", 1),
    ]


@pytest.mark.parametrize(
    ("tag_node", "untag_node", "tag", "untag"),
    [
        (Node(Type.MAP, element=TEXT), None, {"b": "2"}, ["a"]),
        (OTHER_NAMES, OTHER_NAMES, [{"TagKey": "b", "TagValue": "2"}], [{"TagKey": "a"}]),
        (None, Node(Type.LIST, element=TEXT), pairs(b="2"), ["a"]),
    ],
    ids=["map", "names", "keys"],
)
def test_each_operation_gets_its_form(
    widget: Descriptor, tag_node: Node | None, untag_node: Node | None, tag: Any, untag: Any
) -> None:
    aspect = widget.aspect("tagging")
    assert aspect.put is not None
    assert aspect.clear is not None
    other = replace(aspect, put=replace(aspect.put, node=tag_node), clear=replace(aspect.clear, node=untag_node))
    kind = replace(widget, aspects=tuple(other if each.name == "tagging" else each for each in widget.aspects))
    assert calls(kind, {"b": "2"}, {"a": "1"}) == [("Untag", {"TagKeys": untag}), ("Tag", {"Tags": tag})]


@pytest.mark.parametrize("answer", [{"a": "1", "b": ""}, [*pairs(a="1"), {"Key": "b"}]], ids=["map", "list"])
def test_both_forms_are_read(widget: Descriptor, answer: Any) -> None:
    seen = response.value(widget, widget.aspect("tagging"), {"TagSet": answer})
    assert seen is not None
    assert response.observed(widget, widget.aspect("tagging"), {"TagSet": answer}) == {
        "tagging": {"tagSet": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]}
    }


def test_a_map_of_tags_in_the_spec_is_read_from_a_list(widget: Descriptor) -> None:
    kind = replace(widget, tags=TagShape("variables", "map"), definition=replace(widget.definition, tags=None))
    aspect = replace(widget.aspect("tagging"), value="variables", paths=("variables",))
    assert response.observed(kind, aspect, {"TagSet": pairs(a="1")}) == {"variables": {"a": "1"}}


TAG_SETS = st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=2), max_size=5)


@given(TAG_SETS, TAG_SETS)
def test_the_calls_lead_from_the_observed_to_the_desired(
    widget: Descriptor, desired: dict[str, str], latest: dict[str, str]
) -> None:
    state = dict(latest)
    for operation, params in calls(widget, desired, latest):
        if operation == "Untag":
            assert not set(params["TagKeys"]) & desired.keys()
            state = {key: value for key, value in state.items() if key not in params["TagKeys"]}
        else:
            state |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    assert state == desired
