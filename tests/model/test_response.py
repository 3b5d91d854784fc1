from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ackpy.model import response
from ackpy.model.descriptor import Descriptor, Type
from ackpy.model.hooks import Hooks
from ackpy.model.request import View
from ackpy.model.response import Observed, core, is_code, observed, value

NOON = dt.datetime(2026, 11, 24, 19, 37, 18, 999_000, tzinfo=dt.timezone(dt.timedelta(hours=1)))
ITEM: dict[str, Any] = {
    "Name": "w",
    "WidgetArn": "arn:w",
    "OwnerId": "123456789012",
    "Size": 3,
    "Subnets": ["a"],
    "Source": {"Inline": b"a", "Unknown": 1},
    "Unheard": {"Of": "it"},
    "Config": {"Mode": "provisioned"},
    "Steps": [{"Name": "a", "Timing": {"Seconds": 5}}, {"Name": "b"}],
    "Users": [{"Name": "u", "Password": "hunter2"}],
    "Password": "hunter2",
    "Alias": "alias/x",
    "Lifecycle": {"Current": "ready"},
    "CreatedAt": NOON,
}


def reading(descriptor: Descriptor, *items: Mapping[str, Any], view: View | None = None) -> Observed:
    assert descriptor.read is not None
    return core(descriptor, descriptor.read, {"Widgets": list(items), "ResponseMetadata": {}}, view)


def test_the_core_is_what_the_crd_knows_of_the_answer(widget: Descriptor) -> None:
    assert widget.read is not None
    assert reading(widget, ITEM) == Observed(
        spec={
            "name": "w",
            "size": 3,
            "subnets": ["a"],
            "source": {"inline": "YQ=="},
            "mode": "provisioned",
            "steps": [{"name": "a", "seconds": 5}, {"name": "b"}],
            "users": [{"name": "u"}],
            "alias": "x",
        },
        status={"state": "ready", "createdAt": "2026-11-24T18:37:18Z"},
        arn="arn:w",
        account="123456789012",
        carried=widget.read.observes,
    )
    assert reading(widget, ITEM).metadata == {"arn": "arn:w", "ownerAccountID": "123456789012"}
    assert Observed().metadata == {}


def test_a_list_is_searched_by_the_identifiers(widget: Descriptor) -> None:
    others = [{"Name": "v", "Size": 1}, {"Name": "w", "Size": 2}, {"Name": "w", "Size": 3}]
    assert reading(widget, *others, view=View({"name": "w"})).spec["size"] == 2
    assert reading(widget, *others, view=View({})).spec["size"] == 1
    assert not reading(widget, *others, view=View({"name": "x"})).found
    assert not reading(widget).found


def test_a_create_answers_identifiers(widget: Descriptor) -> None:
    answer = {"Widget": {"WidgetID": "id-1", "Name": "w"}}
    assert core(widget, widget.create, answer) == Observed(
        spec={"name": "w"}, status={"widgetID": "id-1"}, carried=widget.create.observes
    )
    assert core(widget, widget.create, {}).found


def test_a_facet_that_doubles_as_the_core_says_only_that_it_exists(widget: Descriptor) -> None:
    kind = replace(widget, definition=replace(widget.definition, read_by="tagging"))
    assert widget.read is not None
    assert core(kind, widget.read, {}) == Observed(carried=widget.read.observes)


@pytest.mark.parametrize(
    ("name", "answer", "fragment"),
    [
        ("policy", {"Policy": "{}"}, {"policy": "{}"}),
        ("policy", {}, {}),
        ("document", {"Body": {"Text": "a"}}, {"document": "a"}),
        ("versioning", {"Status": "Enabled", "MFADelete": "Off"}, {"versioning": {"status": "Enabled"}}),
        ("versioning", {"ResponseMetadata": {}}, {"versioning": {}}),
        ("lifecycle", {"Rules": [{"Id": "a", "Until": NOON}]}, {"lifecycle": {"rules": [{"id": "a", "until": "2026-11-24T18:37:18Z"}]}}),
        ("metrics", {"Metrics": [{"Id": "a"}]}, {"metrics": [{"id": "a"}]}),
        ("attached", {"Attached": [{"Arn": "a", "Name": "x"}, {"Arn": "b"}]}, {"attached": ["a", "b"]}),
        ("attributes", {"Attributes": {"Delay": "5", "Policy": "", "Other": "x"}}, {"delay": 5, "topicPolicy": ""}),
        ("attributes", {}, {}),
        ("usage", {"Usage": {"Bytes": 7}}, {"usage": {"bytes": 7}}),
    ],
)  # fmt: skip
def test_facets(widget: Descriptor, name: str, answer: dict[str, Any], fragment: dict[str, Any]) -> None:
    assert observed(widget, widget.aspect(name), answer) == fragment


def test_the_value_of_an_aspect(widget: Descriptor) -> None:
    assert value(widget, widget.aspect("policy"), {"Policy": "{}"}) == "{}"
    assert value(widget, widget.aspect("policy"), {}) is None
    assert value(widget, widget.aspect("tagging"), {"TagSet": []}) == []
    assert value(widget, widget.aspect("usage"), {"Usage": {"Bytes": 1}}) == {"bytes": 1}


def test_members_that_are_read_one_by_one(widget: Descriptor) -> None:
    inline, metrics = widget.aspect("inline"), widget.aspect("metrics")
    assert response.keys(widget, inline, {"Names": ["x", "y"]}) == ("x", "y")
    assert response.keys(widget, metrics, {"Metrics": [{"Id": "a"}, {"Id": "b"}]}) == ("a", "b")
    assert response.keys(widget, metrics, {}) == ()
    assert response.element(widget, inline, {"Document": "{}"}) == "{}"
    assert response.collect(widget, inline, {"x": "{}"}) == {"inline": {"x": "{}"}}
    assert response.collect(widget, metrics, {"a": {"id": "a"}}) == {"metrics": [{"id": "a"}]}


def test_a_read_of_a_facet_may_lie_elsewhere(widget: Descriptor) -> None:
    aspect = widget.aspect("lifecycle")
    assert aspect.get is not None
    reads = {"lifecycle.note": "Summary.Text", "lifecycle.rules..status": "State.Name"}
    moved = replace(aspect, get=replace(aspect.get, reads=reads))
    answer = {"Rules": [{"Id": "a", "State": {"Name": "on"}}, {"Id": "b"}], "Summary": {"Text": "t"}}
    assert observed(widget, moved, answer) == {
        "lifecycle": {"rules": [{"id": "a", "status": "on"}, {"id": "b"}], "note": "t"}
    }


class Loud(Hooks):
    """Changes what it is shown."""

    def observe(self, aspect: str, answer: Mapping[str, Any], value: Any) -> Any:
        if aspect == "policy":
            return {"policy": answer["Policy"].upper(), "roleARN": "seen"} if isinstance(value, dict) else value
        return {**value, "engine": f"{aspect}!"} if aspect == "" else value


def test_the_kind_may_change_what_is_observed(widget: Descriptor) -> None:
    kind = replace(widget, hooks=Loud())
    several = replace(widget.aspect("policy"), paths=("policy", "roleARN"))
    assert observed(kind, several, {"Policy": "a"}) == {"policy": "A", "roleARN": "seen"}
    assert reading(kind, {"Name": "w"}).spec == {"name": "w", "engine": "!"}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (NOON, "2026-11-24T18:37:18Z"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),  # noqa: DTZ001  botocore may give one without a zone
        (0, "1970-01-01T00:00:00Z"),
        (1.5, "1970-01-01T00:00:01Z"),
        ("2026-11-24T19:37:18+01:00", "2026-11-24T18:37:18Z"),
        ("never", "never"),
    ],
)
def test_times(widget: Descriptor, found: Any, text: str) -> None:
    assert widget.status.at("createdAt").type is Type.TIMESTAMP
    assert reading(widget, {"CreatedAt": found}).status == {"createdAt": text}


@pytest.mark.parametrize(
    ("texts", "yes"),
    [
        (["NoSuchKey"], True),
        (["no.such.Key"], True),
        (["NoSuch"], False),
        (["NoSuchKey: The key"], True),
        (["NoSuchKey:The key"], True),
        (["NoSuchKey: the key"], False),
        (["Other", "NoSuchKey"], True),
        ([], False),
    ],
)
def test_codes(texts: list[str], *, yes: bool) -> None:
    assert is_code(frozenset({"NoSuchKey", "no.such.Key"}), "The key is not there", texts) is yes


def test_a_codec_decodes(widget: Descriptor) -> None:
    assert reading(widget, {"Alias": "alias/key"}).spec == {"alias": "key"}
