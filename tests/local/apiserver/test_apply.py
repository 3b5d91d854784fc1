"""Server-side apply: merging, ownership, conflicts. Runs on the embedded server or kube-apiserver, see `api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.local.apiserver.fieldset import compare, fields_of, from_v1, to_v1
from ackpy.testing.widgets import WIDGETS, widget, widget_definition

if TYPE_CHECKING:
    from ackpy.testing.api import Api, Reply

APPLY = "application/apply-patch+yaml"
Json = dict[str, Any]


def apply(api: Api, manager: str, spec: Json, *, force: bool = False, **metadata: Any) -> Reply:
    query = f"fieldManager={manager}&force={'true' if force else 'false'}"
    return api.call("PATCH", f"{WIDGETS}/a?{query}", widget(spec=spec, metadata=metadata), type_=APPLY)


def owned(reply: Reply) -> dict[tuple[str, str], Json]:
    return {(e["manager"], e["operation"]): e["fieldsV1"] for e in reply.metadata["managedFields"]}


def test_apply_makes_what_is_not_there(api: Api) -> None:
    made = apply(
        api,
        "x",
        {"size": 7, "tags": [{"key": "k1", "value": "v"}], "names": ["b", "a"], "labels": {"x": "y"}},
        labels={"q": "r"},
    )
    assert made.code == 201
    assert owned(made) == {
        ("x", "Apply"): {
            "f:metadata": {"f:labels": {"f:q": {}}},
            "f:spec": {
                "f:labels": {"f:x": {}},
                "f:names": {'v:"a"': {}, 'v:"b"': {}},
                "f:size": {},
                "f:tags": {'k:{"key":"k1"}': {".": {}, "f:key": {}, "f:value": {}}},
            },
        }
    }


def test_an_update_owns_what_it_changes_with_its_containers(api: Api) -> None:
    made = api.call(
        "POST",
        f"{WIDGETS}?fieldManager=me",
        widget(spec={"size": 1, "tags": [{"key": "a"}], "fixedObject": {"a": "b"}}),
    )
    assert owned(made) == {
        ("me", "Update"): {
            "f:spec": {
                ".": {},
                "f:color": {},
                "f:fixedObject": {".": {}, "f:a": {}},
                "f:size": {},
                "f:tags": {".": {}, 'k:{"key":"a"}': {".": {}, "f:key": {}}},
            }
        }
    }


def test_another_managers_value_is_a_conflict(api: Api) -> None:
    api.call("POST", f"{WIDGETS}?fieldManager=me", widget())
    refused = apply(api, "x", {"size": 7})
    assert (refused.code, refused.body["reason"]) == (409, "Conflict")
    assert refused.message == 'Apply failed with 1 conflict: conflict with "me" using example.com/v1: .spec.size'
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "me" using example.com/v1',
        "field": ".spec.size",
    }
    assert refused.body["details"]["causes"] == [cause]


def test_two_conflicts_are_listed(api: Api) -> None:
    apply(api, "x", {"size": 7, "tags": [{"key": "k", "value": "v"}]})
    refused = apply(api, "y", {"size": 8, "tags": [{"key": "k", "value": "w"}]})
    assert refused.message == (
        'Apply failed with 2 conflicts: conflicts with "x":\n- .spec.size\n- .spec.tags[key="k"].value'
    )


def test_force_takes_the_field_over(api: Api) -> None:
    apply(api, "x", {"size": 7})
    taken = apply(api, "y", {"size": 8}, force=True)
    assert taken.body["spec"]["size"] == 8
    assert ("x", "Apply") not in owned(taken)
    assert owned(taken)["y", "Apply"] == {"f:spec": {"f:size": {}}}


def test_an_equal_value_is_owned_together(api: Api) -> None:
    apply(api, "x", {"size": 7})
    both = apply(api, "y", {"size": 7})
    assert both.code == 200
    assert owned(both)["x", "Apply"] == owned(both)["y", "Apply"]
    assert apply(api, "x", {"size": 7, "name": "ab"}).body["spec"]["size"] == 7


def test_what_is_no_longer_applied_goes_unless_others_own_it(api: Api) -> None:
    first = {
        "size": 7,
        "tags": [{"key": "k1", "value": "v"}, {"key": "k2"}],
        "labels": {"x": "y"},
        "names": ["a"],
        "free": {"p": 1},
    }
    apply(api, "x", first, labels={"q": "r"})
    apply(api, "y", {"size": 7, "tags": [{"key": "k1"}]})
    left = apply(api, "x", {"size": 7, "tags": [{"key": "k2", "value": "z"}]})
    assert left.body["spec"] == {"size": 7, "color": "red", "tags": [{"key": "k1"}, {"key": "k2", "value": "z"}]}
    assert "labels" not in left.metadata


def test_applying_the_same_again_is_no_write(api: Api) -> None:
    first = apply(api, "x", {"size": 7, "tags": [{"key": "k1"}]})
    again = apply(api, "x", {"size": 7, "tags": [{"key": "k1"}]})
    assert (again.code, again.body) == (200, first.body)


def test_items_of_others_stay_in_a_set(api: Api) -> None:
    apply(api, "x", {"size": 7, "names": ["a", "c"]})
    assert sorted(apply(api, "y", {"size": 7, "names": ["b"]}).body["spec"]["names"]) == ["a", "b", "c"]
    assert sorted(apply(api, "y", {"size": 7, "names": []}).body["spec"]["names"]) == ["a", "c"]


def test_a_configuration_outside_the_schema_is_no_typed_object(api: Api) -> None:
    apply(api, "x", {"size": 7})
    refused = apply(api, "x", {"size": 7, "nope": 1})
    assert refused.code == 500
    what = "failed to create typed patch object (/a; example.com/v1, Kind=Widget)"
    assert refused.message == f"{what}: .spec.nope: field not declared in schema"


@pytest.mark.parametrize("name", ["labels", "tags", "name", "port"])
def test_a_null_that_the_schema_does_not_allow_is_invalid(api: Api, name: str) -> None:
    apply(api, "x", {"size": 7})
    refused = apply(api, "x", {"size": 7, name: None})
    assert refused.code == 422
    assert f'spec.{name}: Invalid value: "null": spec.{name} in body must be of type ' in refused.message


@pytest.mark.parametrize("name", ["tags", "names"])
def test_a_null_is_no_item(api: Api, name: str) -> None:
    assert apply(api, "x", {"size": 7, name: [None]}).code == 500


def test_a_null_is_kept_where_it_may_be_and_else_makes_room_for_the_default(api: Api) -> None:
    spec = apply(api, "x", {"size": 7, "color": None, "nothing": None, "free": {"a": None}}).body["spec"]
    assert spec == {"size": 7, "color": "red", "nothing": None, "free": {"a": None}}


def test_managed_fields_are_not_applied(api: Api) -> None:
    refused = apply(api, "x", {"size": 7}, managedFields=[{"manager": "x"}])
    assert (refused.code, refused.message) == (400, "metadata.managedFields must be nil")


def test_an_empty_entry_resets_the_managers(api: Api) -> None:
    apply(api, "x", {"size": 7})
    reset = api.call(
        "PATCH", f"{WIDGETS}/a", {"metadata": {"managedFields": [{}]}}, type_="application/merge-patch+json"
    )
    assert "managedFields" not in reset.metadata


SCHEMA = widget_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
TEXT = st.text(alphabet="abc", min_size=1, max_size=2)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(1, 10),
        "name": TEXT,
        "tags": st.lists(
            st.fixed_dictionaries({"key": TEXT}, optional={"value": TEXT}), unique_by=lambda tag: tag["key"]
        ),
        "names": st.lists(TEXT, unique=True),
        "labels": st.dictionaries(TEXT, TEXT),
        "atoms": st.lists(st.fixed_dictionaries({}, optional={"a": TEXT})),
        "free": st.recursive(TEXT, lambda inner: st.dictionaries(TEXT, inner, max_size=2), max_leaves=4),
    },
)


@given(SPECS)
def test_fields_v1_says_all_of_a_set(spec: Json) -> None:
    paths = fields_of({"spec": spec}, SCHEMA)
    assert from_v1(to_v1(paths)) == paths


@given(SPECS, SPECS)
def test_a_comparison_is_empty_for_equals_and_turns_round(old: Json, new: Json) -> None:
    there = compare({"spec": old}, {"spec": new}, SCHEMA, structs=False)
    back = compare({"spec": new}, {"spec": old}, SCHEMA, structs=False)
    assert there.is_same or old != new
    assert compare({"spec": old}, {"spec": old}, SCHEMA, structs=False).is_same
    assert (there.added, there.removed, there.modified) == (back.removed, back.added, back.modified)


def test_an_apply_that_names_a_uid_makes_nothing(api: Api) -> None:
    refused = api.call("PATCH", f"{WIDGETS}/gone?fieldManager=x", widget("gone", metadata={"uid": "u"}), type_=APPLY)
    assert (refused.code, refused.body["reason"]) == (409, "Conflict")
    assert "no existing object was found" in refused.body["message"]
    assert api.call("GET", f"{WIDGETS}/gone").code == 404
