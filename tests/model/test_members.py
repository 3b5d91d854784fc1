from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ackpy.errors import TerminalError
from ackpy.model import request
from ackpy.model.definition import Members
from ackpy.model.delta import Mode, delta
from ackpy.model.descriptor import Aspect, Descriptor, Member, Node, Type
from ackpy.model.request import Scope, View

SCOPE = Scope(account="123456789012", region="eu-west-1")
WHO = {"Name": "w", "Owner": "123456789012"}


def calls(descriptor: Descriptor, aspect: Aspect, desired: Any, latest: Any, **more: Any) -> list[tuple[str, Any]]:
    name = aspect.name
    want, held = (View({"name": "w", **({name: value} if value is not None else {})}) for value in (desired, latest))
    made = request.members(descriptor, aspect, want, held, SCOPE, **more)
    return [(call.operation, {k: v for k, v in call.params.items() if k not in WHO}) for call in made]


METRIC = {"id": "a", "threshold": 1}


@pytest.mark.parametrize(
    ("desired", "latest", "expected"),
    [
        ([METRIC], None, [("PutMetric", {"Id": "a", "Metric": {"Id": "a", "Threshold": 1}})]),
        (None, [METRIC], [("DeleteMetric", {"Id": "a"})]),
        ([METRIC], [METRIC], []),
        ([METRIC], [{**METRIC, "prefix": "p"}], []),
        ([METRIC], [{**METRIC, "threshold": 2}], [("PutMetric", {"Id": "a", "Metric": {"Id": "a", "Threshold": 1}})]),
        (
            [{"id": "c"}, METRIC],
            [{"id": "b"}, {**METRIC, "threshold": 2}],
            [
                ("PutMetric", {"Id": "c", "Metric": {"Id": "c"}}),
                ("PutMetric", {"Id": "a", "Metric": {"Id": "a", "Threshold": 1}}),
                ("DeleteMetric", {"Id": "b"}),
            ],
        ),
        ([METRIC, {"id": "a", "threshold": 9}], [METRIC], []),
        ([], [{"id": "system-x"}], []),
    ],
    ids=["add", "remove", "same", "AWS says more", "change", "order", "given twice", "kept"],
)
def test_keyed_members(widget: Descriptor, desired: Any, latest: Any, expected: list[Any]) -> None:
    assert calls(widget, widget.aspect("metrics"), desired, latest) == expected


def test_removes_go_first_where_declared(widget: Descriptor) -> None:
    aspect = replace(widget.aspect("metrics"), members=Members(list="", add="", remove="", remove_first=True))
    made = calls(widget, aspect, [{"id": "c"}, METRIC], [{"id": "b"}, {**METRIC, "threshold": 2}])
    assert [(name, params["Id"]) for name, params in made] == [
        ("DeleteMetric", "b"),
        ("PutMetric", "c"),
        ("PutMetric", "a"),
    ]


def test_a_changed_element_is_made_anew_where_declared(widget: Descriptor) -> None:
    aspect = replace(widget.aspect("metrics"), members=Members(list="", add="", remove="", recreate=True))
    made = calls(widget, aspect, [METRIC], [{**METRIC, "threshold": 2}])
    assert [name for name, _ in made] == ["DeleteMetric", "PutMetric"]


def test_the_delta_says_what_has_changed(widget: Descriptor) -> None:
    desired, latest = [METRIC, {"id": "b"}], [{**METRIC, "prefix": "p"}, {"id": "b"}]
    changed = delta(widget, {"metrics": desired}, {"metrics": latest}, {"metrics": Mode.WHOLE})
    assert [each.path for each in changed] == ["metrics[id=a].prefix"]
    made = calls(widget, widget.aspect("metrics"), desired, latest, delta=changed)
    assert [params["Id"] for _, params in made] == ["a"]


def test_plain_members_go_in_batches(widget: Descriptor) -> None:
    made = calls(widget, widget.aspect("attached"), ["a", "b", "c", "a"], ["d"])
    assert made == [("Attach", {"Arns": ["a", "b"]}), ("Attach", {"Arns": ["c"]}), ("Detach", {"Arns": ["d"]})]


def test_members_of_a_map_are_named_by_their_key(widget: Descriptor) -> None:
    made = calls(widget, widget.aspect("inline"), {"x": "{}", "y": "new"}, {"y": "old", "z": "{}"})
    assert made == [
        ("PutInline", {"Taken": "x", "Document": "{}"}),
        ("PutInline", {"Taken": "y", "Document": "new"}),
        ("DeleteInline", {"Taken": "z"}),
    ]


def test_one_member_is_read_by_its_key(widget: Descriptor) -> None:
    call = request.one(widget, widget.aspect("inline"), "x", View({"name": "w"}), SCOPE)
    assert (call.operation, call.params) == ("GetInline", {**WHO, "Taken": "x"})


def test_an_operation_takes_the_part_of_an_element_that_its_type_names(widget: Descriptor) -> None:
    aspect = widget.aspect("metrics")
    assert aspect.clear is not None
    key = Node(Type.STRUCTURE, members={"id": Member("id", "Id", Node(Type.STRING))})
    update = replace(aspect.clear, at="Updates..Delete", node=key, bindings=aspect.clear.bindings[:2])
    made = calls(widget, replace(aspect, clear=update), None, [METRIC])
    assert made == [("DeleteMetric", {"Updates": [{"Delete": {"Id": "a"}}]})]


def test_an_element_without_its_key_is_refused(widget: Descriptor) -> None:
    with pytest.raises(TerminalError, match=r"spec\.metrics\[1\]: id is missing"):
        calls(widget, widget.aspect("metrics"), [METRIC, {"threshold": 3}], None)
