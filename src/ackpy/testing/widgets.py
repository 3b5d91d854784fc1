"""A custom kind for tests of API servers: Widget, with one field for each keyword of a schema that matters; used by our own tests."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def widget(name: str = "a", spec: Any = None, metadata: Json | None = None, **more: Any) -> Json:
    """A Widget."""
    body: Json = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name, **(metadata or {})}}
    return {**body, "spec": {"size": 1} if spec is None else spec, **more}


def widget_definition() -> Json:
    """The definition of Widget."""
    text = {"type": "string"}
    rule = {"rule": "self == oldSelf", "message": "Value is immutable once set"}
    keyed = {"type": "object", "required": ["key"], "properties": {"key": text, "value": text}}
    spec = {
        "size": {"type": "integer", "minimum": 1, "maximum": 10},
        "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
        "name": {"type": "string", "maxLength": 5, "minLength": 2, "pattern": "^[a-z]+$"},
        "fixed": {"type": "string", "x-kubernetes-validations": [rule]},
        "fixedObject": {
            "type": "object",
            "properties": {"a": text},
            "x-kubernetes-validations": [{"rule": "self == oldSelf"}],
        },
        "port": {"x-kubernetes-int-or-string": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "ratio": {"type": "number", "multipleOf": 0.5},
        "flag": {"type": "boolean"},
        "when": {"type": "string", "format": "date-time"},
        "blob": {"type": "string", "format": "byte"},
        "tags": {
            "type": "array",
            "maxItems": 3,
            "minItems": 1,
            "items": keyed,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["key"],
        },
        "names": {"type": "array", "items": text, "x-kubernetes-list-type": "set"},
        "atoms": {"type": "array", "items": {"type": "object", "properties": {"a": text}}},
        "labels": {"type": "object", "additionalProperties": text, "maxProperties": 2},
        "nothing": {"type": "string", "nullable": True},
    }
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "description": "What is wanted.", "required": ["size"], "properties": spec},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    synced = '.status.conditions[?(@.type=="ACK.ResourceSynced")].status'
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Synced", "type": "string", "jsonPath": synced},
            {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    names = {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"], "categories": ["toys"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]},
    }
