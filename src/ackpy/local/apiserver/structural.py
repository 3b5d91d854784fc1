"""The schema of a CustomResourceDefinition -> what is wrong with it; called by `crd`.

The rules are those of structural schemas (apiextensions-apiserver, pkg/apiserver/schema and pkg/apis/apiextensions/validation), with
their texts as kube-apiserver 1.35 gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import re2

from ackpy.local.apiserver.pruning import EMBEDDED, PRESERVE, prune
from ackpy.local.apiserver.rules import RULES, RuleLibrary
from ackpy.local.apiserver.status import FieldError, forbidden_field, invalid_value, not_supported, required
from ackpy.local.apiserver.validation import compiled, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.kinds import Schema

TYPES = ("array", "boolean", "integer", "number", "object", "string")
REFUSED = ("$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly",
           "writeOnly", "xml")  # fmt: skip
INT_OR_STRING = "x-kubernetes-int-or-string"
LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"


def check_structure(schema: Schema, path: str, library: RuleLibrary) -> list[FieldError]:
    """Everything that keeps a schema from being structural, or that this server cannot evaluate."""
    errors = list(_check(schema, path, library, correlatable=True))
    if schema.get("type") != "object":
        errors.append(invalid_value(f"{path}.type", schema.get("type", ""), "must be object at the root"))
    return errors


def _check(schema: Schema, path: str, library: RuleLibrary, *, correlatable: bool) -> Iterator[FieldError]:
    yield from _type(schema, path)
    yield from _words(schema, path)
    yield from _default(schema, path)
    yield from _rules(schema, path, library, correlatable=correlatable)
    for name, inner in schema.get("properties", {}).items():
        yield from _check(inner, f"{path}.properties[{name}]", library, correlatable=correlatable)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        yield from _check(others, f"{path}.additionalProperties", library, correlatable=correlatable)
    items = schema.get("items")
    if isinstance(items, dict):
        same = correlatable and schema.get(LIST_TYPE) == "map"
        yield from _check(items, f"{path}.items", library, correlatable=same)


def _type(schema: Schema, path: str) -> Iterator[FieldError]:
    found = schema.get("type")
    if found is None and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(f"{path}.type", "must not be empty for specified object fields")
    elif found is not None and found not in TYPES:
        yield not_supported(f"{path}.type", found, TYPES)
    if schema.get(INT_OR_STRING) and found is not None:
        yield invalid_value(f"{path}.type", found, "must be empty if x-kubernetes-int-or-string is true")
    if schema.get(EMBEDDED) and found != "object":
        yield invalid_value(f"{path}.type", found or "", "must be object if x-kubernetes-embedded-resource is true")
    if found == "array" and "items" not in schema:
        yield required(f"{path}.items", "must be specified")


def _words(schema: Schema, path: str) -> Iterator[FieldError]:
    for word in REFUSED:
        if word in schema:
            yield forbidden_field(f"{path}.{word}", f"{word} is not supported")
    if isinstance(schema.get("items"), list):
        yield forbidden_field(f"{path}.items", "items must be a schema object and not an array")
    if schema.get("uniqueItems"):
        yield forbidden_field(
            f"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        )
    if "properties" in schema and schema.get("additionalProperties"):
        text = "additionalProperties and properties are mutual exclusive"
        yield forbidden_field(f"{path}.additionalProperties", text)
    yield from _pattern(schema, path)
    yield from _list_type(schema, path)


def _pattern(schema: Schema, path: str) -> Iterator[FieldError]:
    if "pattern" not in schema:
        return
    try:
        compiled(schema["pattern"])
    except re2.error as error:
        why = f"must be a valid regular expression, but isn't: error parsing regexp: {_text(error)}"
        yield invalid_value(f"{path}.pattern", schema["pattern"], why)


def _text(error: Exception) -> str:
    found = error.args[0] if error.args else ""
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def _list_type(schema: Schema, path: str) -> Iterator[FieldError]:
    found = schema.get(LIST_TYPE)
    if found is None:
        return
    if found not in ("atomic", "map", "set"):
        yield not_supported(f"{path}.{LIST_TYPE}", found, ("atomic", "map", "set"))
    if found != "map":
        return
    items: dict[str, Any] = schema.get("items") or {}
    if not schema.get(LIST_KEYS):
        yield required(f"{path}.{LIST_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if items.get("type") != "object":
        text = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid_value(f"{path}.items.type", items.get("type", ""), text)
        return
    for index, key in enumerate(schema.get(LIST_KEYS, ())):
        if key not in items.get("properties", {}):
            text = "entries must all be names of item properties"
            yield invalid_value(f"{path}.{LIST_KEYS}[{index}]", key, text)


def _default(schema: Schema, path: str) -> Iterator[FieldError]:
    if "default" not in schema:
        return
    for error in validate(schema["default"], schema):
        field = "" if error.field == "<nil>" else f".{error.field}"
        yield FieldError(f"{path}.default{field}", error.reason, error.detail.replace("<nil> in body", " in body"))
    _, unknown = prune(schema["default"], schema)
    for name in unknown:
        yield invalid_value(f"{path}.default.{name}", schema["default"], "must not have unknown fields")


def _rules(schema: Schema, path: str, library: RuleLibrary, *, correlatable: bool) -> Iterator[FieldError]:
    for index, entry in enumerate(schema.get(RULES, ())):
        where = f"{path}.{RULES}[{index}]"
        rule = entry.get("rule", "")
        if not rule.strip():
            yield required(f"{where}.rule", "rule is not specified")
        elif "messageExpression" in entry:
            text = "this server evaluates no CEL expression; write a message instead"
            yield invalid_value(f"{where}.messageExpression", entry["messageExpression"], text)
        elif not library.knows(rule):
            text = (
                "this server has no CEL library to evaluate the rule: it knows `self == oldSelf` only;"
                " remove the rule or run kube-apiserver"
            )
            yield invalid_value(f"{where}.rule", rule, text)
        elif not correlatable:
            text = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {path}"
            yield invalid_value(f"{where}.rule", rule, text)
