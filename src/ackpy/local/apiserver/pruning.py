"""An object as sent -> the object as its schema knows it: unknown fields and stray nulls removed, defaults set; called by `intake`.

What is removed is reported by path, in the words of the server's strict decoding.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.validation import child

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Schema

PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
TYPE_META = frozenset({"apiVersion", "kind", "metadata"})


def prune(value: Any, schema: Schema, path: str = "") -> tuple[Any, list[str]]:
    """`value` without the fields that `schema` does not know, and the paths of those."""
    unknown: list[str] = []
    return _pruned(value, schema, path, unknown), unknown


def _pruned(value: Any, schema: Schema, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return value
        return [_pruned(item, items, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, item in value.items():
        inner = schema_of(schema, name)
        if inner is None:
            unknown.append(child(path, name))
        else:
            kept[name] = _pruned(item, inner, child(path, name), unknown)
    return kept


def schema_of(schema: Schema, name: str) -> Schema | None:
    """The schema of a property; an unspecified one is a schema that preserves everything, an unknown one None."""
    named: Schema | None = schema.get("properties", {}).get(name)
    if named is not None:
        return named
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return others or {PRESERVE: True}
    if others is True or schema.get(PRESERVE) or (schema.get(EMBEDDED) and name in TYPE_META):
        return {PRESERVE: True}
    return {PRESERVE: True} if _says_nothing(schema) else None


def _says_nothing(schema: Schema) -> bool:
    """Whether a schema leaves the inside open, as `{}` and int-or-string do; a bare `type: object` closes it."""
    return "type" not in schema and "properties" not in schema


def drop_nulls(value: Any, schema: Schema) -> Any:
    """`value` without the null properties whose schema is not nullable."""
    if isinstance(value, list):
        items = schema.get("items")
        return [drop_nulls(item, items) for item in value] if isinstance(items, dict) else value
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, item in value.items():
        inner = schema_of(schema, name) or {}
        if item is not None or inner.get("nullable") or _says_nothing(inner):
            kept[name] = drop_nulls(item, inner)
    return kept


def set_defaults(value: Any, schema: Schema) -> Any:
    """`value` with the schema's defaults where a property is absent, or null and may not be."""
    if isinstance(value, list):
        items = schema.get("items")
        return [set_defaults(item, items) for item in value] if isinstance(items, dict) else value
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, inner in schema.get("properties", {}).items():
        is_said = name in filled and (filled[name] is not None or inner.get("nullable"))
        if "default" in inner and not is_said:
            filled[name] = copy.deepcopy(inner["default"])
    return {name: set_defaults(item, schema_of(schema, name) or {}) for name, item in filled.items()}
