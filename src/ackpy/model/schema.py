"""Types to OpenAPI v3 schemas, as ACK publishes them: structural, without enums, patterns, defaults or nested required lists.

`crd` calls it for a kind's spec and status. Descriptions are AWS's, reduced to text, and can be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ackpy.model.descriptor import Member, Node, Type
from ackpy.model.docs import plain

Schema = dict[str, Any]

_SCALARS: Final[Mapping[Type, Mapping[str, str]]] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.INTEGER: {"format": "int64", "type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BLOB: {"format": "byte", "type": "string"},
    Type.TIMESTAMP: {"format": "date-time", "type": "string"},
}
_IMMUTABLE: Final = ({"message": "Value is immutable once set", "rule": "self == oldSelf"},)
_REFERENCE: Final = (
    "Another object of the cluster, in place of the value itself: its name, and its namespace where that is another."
)
_SECRET: Final = "The key of a Secret that holds the value."  # noqa: S105  a description


def schema(node: Node, *, descriptions: bool = True) -> Schema:
    """The schema of a type; keys in alphabetical order."""
    made = _described(node, descriptions=descriptions)
    match node.type:
        case Type.STRUCTURE:
            made["properties"] = {name: _member(each, descriptions=descriptions) for name, each in node.members.items()}
            required = sorted(name for name, each in node.members.items() if each.required)
            made.update({"required": required} if required else {}, type="object")
        case Type.LIST:
            made.update(items=_element(node, descriptions=descriptions), type="array")
        case Type.MAP:
            made.update(additionalProperties=_element(node, descriptions=descriptions), type="object")
        case Type.REFERENCE:
            made.update(_reference())
        case Type.SECRET:
            made.update(_secret())
        case _:
            made.update(_SCALARS[node.type])
    return dict(sorted(made.items()))


def _described(node: Node, *, descriptions: bool) -> Schema:
    usual = {Type.REFERENCE: _REFERENCE, Type.SECRET: _SECRET}.get(node.type, "")
    text = plain(node.doc) or usual
    return {"description": text} if descriptions and text else {}


def _member(member: Member, *, descriptions: bool) -> Schema:
    made = schema(member.node, descriptions=descriptions)
    if member.immutable is True:  # a text is advice for what AWS refuses, where ACK's schema has no rule
        made["x-kubernetes-validations"] = [dict(rule) for rule in _IMMUTABLE]
    return made


def _element(node: Node, *, descriptions: bool) -> Schema:
    return schema(node.element or Node(Type.STRING), descriptions=descriptions)


def _reference() -> Schema:
    target = {"properties": {"name": {"type": "string"}, "namespace": {"type": "string"}}, "type": "object"}
    return {"properties": {"from": target}, "type": "object"}


def _secret() -> Schema:
    names = {name: {"type": "string"} for name in ("key", "name", "namespace")}
    return {"properties": names, "required": ["key"], "type": "object", "x-kubernetes-map-type": "atomic"}
