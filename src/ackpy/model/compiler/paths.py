"""Places inside AWS's shapes: "PutBucketTagging:Tagging.TagSet" to an operation, the members on the way, and the shape found there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jmespath

from ackpy.errors import DefinitionError
from ackpy.model.compiler.draft import unknown
from ackpy.model.definition import Field
from ackpy.model.descriptor import Type
from ackpy.model.shapes import Api, Model, Shape, ShapeMember

_NUMBERS: Final = frozenset({Type.INTEGER, Type.NUMBER})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: the path in botocore's spelling with `..` through lists, the members passed, the shape there."""

    at: str
    members: tuple[ShapeMember, ...]
    shape: Shape

    @property
    def first(self) -> str:
        """The exported name of the first member; "" for the whole."""
        return self.members[0].name if self.members else ""


def split(text: str) -> tuple[str, str]:
    """Operation and path of "Operation:Path"."""
    operation, _, path = text.partition(":")
    return operation, path


def operation(model: Model, name: str) -> Api:
    """The operation of that name; DefinitionError names the nearest."""
    found = model.operation(name)
    if found is None:
        raise unknown(f"operation of {model.service}", name, model.operations)
    return found


def walk(model: Model, shape: Shape, path: str) -> Place:
    """The place at a dotted path of members below a structure; lists are looked through, maps are not.

    DefinitionError names the segment that does not exist and the members that do.
    """
    at, members = "", []
    for segment in (part for part in path.split(".") if part):
        separator = "." if at else ""
        while shape.type is Type.LIST:
            shape, separator = model.shape(shape.element), ".."
        member = shape.member(segment)
        if member is None:
            raise unknown(f"{path!r}: member of {shape.name}", segment, shape.members)
        at = f"{at}{separator}{member.wire or member.name}"
        members.append(member)
        shape = model.shape(member.shape)
    return Place(at, tuple(members), shape)


def check_expression(model: Model, shape: Shape, expression: str) -> Shape | None:
    """Check that every name in a JMESPath expression exists below a shape; DefinitionError names the one that does not.

    Returns the shape that the expression yields, None where that has none.
    """
    try:
        parsed: Mapping[str, Any] = jmespath.compile(expression).parsed
    except jmespath.exceptions.ParseError as error:
        raise DefinitionError(f"read={expression!r} is no JMESPath: {str(error).splitlines()[0]}") from None
    return _check(model, shape, parsed)


def check_reading(model: Model, shape: Shape, field: Field, wanted: Type) -> None:
    """Check that what a field reads elsewhere below a shape is there and of its own type, unless a codec converts it."""
    found = check_expression(model, shape, field.read)
    if found is None or field.codec is not None or found.type is wanted or {found.type, wanted} <= _NUMBERS:
        return
    if wanted is not Type.SECRET:
        raise DefinitionError(f"read={field.read!r} is a {found.type}, the property a {wanted}: give it a codec")


def _check(model: Model, shape: Shape | None, node: Mapping[str, Any]) -> Shape | None:
    """The shape that a part of the expression yields; None where it is a value that has no shape (a function's, a literal's)."""
    if node["type"] == "field":
        return _field(model, shape, str(node["value"]))
    if node["type"] in ("subexpression", "projection", "value_projection", "index_expression", "pipe"):
        for child in node["children"]:
            shape = _check(model, shape, child)
        return shape
    if node["type"] in ("flatten", "index", "slice", "identity", "current"):
        return next((_check(model, shape, child) for child in node["children"]), shape)
    found = [_check(model, shape, child) for child in node["children"] if isinstance(child, Mapping)]
    return next((each for each in found if each is not None), None)


def _field(model: Model, shape: Shape | None, name: str) -> Shape | None:
    while shape is not None and shape.type is Type.LIST:
        shape = model.shape(shape.element)
    if shape is None or shape.type is Type.MAP:
        return None
    member = shape.member(name)
    if member is None:
        raise unknown(f"member of {shape.name}", name, shape.members)
    return model.shape(member.shape)
