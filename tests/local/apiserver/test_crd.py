"""Definitions of custom kinds: what is refused, when names are accepted, several versions, changed schemas."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ackpy.testing.widgets import CRDS, WIDGETS, widget, widget_definition

if TYPE_CHECKING:
    from ackpy.testing.api import InProcess

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
WHERE = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[x]"
MERGE = "application/merge-patch+json"


def definition(change: Callable[[Json], Any] = lambda _: None, *, kind: str = "Gadget") -> Json:
    made = copy.deepcopy(widget_definition())
    made["metadata"]["name"] = "gadgets.example.com"
    made["spec"]["names"] = {"kind": kind, "plural": "gadgets"}
    change(made)
    return made


def schema_of(made: Json) -> Json:
    found: Json = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def with_property(schema: Json) -> Callable[[Json], Any]:
    return lambda made: schema_of(made)["properties"]["spec"]["properties"].update(x=schema)


REFUSED: dict[str, tuple[Callable[[Json], Any], str]] = {
    "another name": (
        lambda made: made["metadata"].update(name="foo.example.com"),
        'metadata.name: Invalid value: "foo.example.com": must be spec.names.plural+"."+spec.group',
    ),
    "no type": (with_property({}), f"{WHERE}.type: Required value: must not be empty for specified object fields"),
    "no items": (with_property({"type": "array"}), f"{WHERE}.items: Required value: must be specified"),
    "a reference": (
        with_property({"type": "string", "$ref": "#/a"}),
        f"{WHERE}.$ref: Forbidden: $ref is not supported",
    ),
    "properties of two sorts": (
        with_property({"type": "object", "properties": {"a": TEXT}, "additionalProperties": TEXT}),
        f"{WHERE}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
    ),
    "a map list without keys": (
        with_property({"type": "array", "items": TEXT, "x-kubernetes-list-type": "map"}),
        f"{WHERE}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
    ),
    "a default of another type": (
        with_property({"type": "string", "default": 1}),
        f'{WHERE}.default: Invalid value: "integer":  in body must be of type string: "integer"',
    ),
    "a type that is none": (
        with_property({"type": "strin"}),
        f'{WHERE}.type: Unsupported value: "strin": supported values: "array", "boolean", "integer", "number", "object"',
    ),
    "a pattern that is none": (
        with_property({"type": "string", "pattern": "("}),
        f'{WHERE}.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp:',
    ),
    "a rule that needs CEL": (
        with_property({"type": "string", "x-kubernetes-validations": [{"rule": "self.size() > 2"}]}),
        f'{WHERE}.x-kubernetes-validations[0].rule: Invalid value: "self.size() > 2": this server has no CEL library',
    ),
    "a transition of items without keys": (
        with_property({"type": "array", "items": {**TEXT, "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}}),
        "oldSelf cannot be used on the uncorrelatable portion of the schema",
    ),
    "no stored version": (
        lambda made: made["spec"]["versions"][0].update(storage=False),
        "must have exactly one version marked as storage version",
    ),
    "no schema": (
        lambda made: made["spec"]["versions"][0].pop("schema"),
        "spec.versions[0].schema.openAPIV3Schema: Required value",
    ),
    "another scope": (
        lambda made: made["spec"].update(scope="Foo"),
        'spec.scope: Unsupported value: "Foo": supported values: "Cluster", "Namespaced"',
    ),
    "a column's path without a dot": (
        lambda made: made["spec"]["versions"][0]["additionalPrinterColumns"].append(
            {"name": "x", "type": "string", "jsonPath": "spec.x"}
        ),
        'Invalid value: "spec.x": must be a simple json path starting with .',
    ),
    "no group": (lambda made: made["spec"].pop("group"), "spec.group: Required value"),
}


@pytest.mark.parametrize(("change", "text"), REFUSED.values(), ids=REFUSED)
def test_a_bad_definition_is_refused(embedded: InProcess, change: Callable[[Json], Any], text: str) -> None:
    reply = embedded.call("POST", CRDS, definition(change))
    assert reply.code == 422, reply.body
    assert text in reply.message
    assert embedded.call("GET", "/apis/example.com/v1/gadgets").code == 404


def test_a_definition_is_served_at_once(embedded: InProcess) -> None:
    made = embedded.call("POST", CRDS, definition()).body
    assert {c["type"]: c["status"] for c in made["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert made["status"]["acceptedNames"]["singular"] == "gadget"
    assert made["status"]["storedVersions"] == ["v1"]
    assert embedded.call("GET", "/apis/example.com/v1/gadgets").body["kind"] == "GadgetList"


def test_a_taken_name_is_not_served(embedded: InProcess) -> None:
    made = embedded.call("POST", CRDS, definition(kind="Widget")).body
    conditions = {c["type"]: (c["status"], c["reason"]) for c in made["status"]["conditions"]}
    assert conditions == {"NamesAccepted": ("False", "SingularConflict"), "Established": ("False", "NotAccepted")}
    assert embedded.call("GET", "/apis/example.com/v1/gadgets").code == 404


def test_versions_show_the_same_object(embedded: InProcess) -> None:
    def second(made: Json) -> None:
        made["spec"]["versions"].append({**made["spec"]["versions"][0], "name": "v2alpha1", "storage": False})

    embedded.call("POST", CRDS, definition(second))
    older, newer = ("/apis/example.com/" + version + "/namespaces/default/gadgets" for version in ("v1", "v2alpha1"))
    body = widget() | {"kind": "Gadget", "apiVersion": "example.com/v2alpha1"}
    made = embedded.call("POST", newer, body)
    assert (made.code, made.body["apiVersion"]) == (201, "example.com/v2alpha1")
    shown = embedded.call("GET", f"{older}/a").body
    assert (shown["apiVersion"], shown["spec"]) == ("example.com/v1", made.body["spec"])
    assert shown["metadata"]["managedFields"][0]["apiVersion"] == "example.com/v2alpha1"


def test_a_changed_schema_holds_at_once(embedded: InProcess) -> None:
    changed = widget_definition()
    schema_of(changed)["properties"]["spec"]["properties"]["more"] = TEXT
    changed["spec"]["scope"] = "Cluster"
    path = f"{CRDS}/widgets.example.com"
    assert "spec.scope: Invalid value" in embedded.call("PATCH", path, changed, type_=MERGE).message
    changed["spec"]["scope"] = "Namespaced"
    assert embedded.call("PATCH", path, changed, type_=MERGE).code == 200
    made = embedded.call("POST", WIDGETS, widget(spec={"size": 1, "more": "x"}))
    assert (made.body["spec"]["more"], made.warnings) == ("x", [])
