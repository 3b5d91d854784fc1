"""What the definitions of a service add to and cut from its shapes, done once before anything reads them: `ignore` and `shapes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ackpy.errors import DefinitionError
from ackpy.model.compiler.draft import unknown
from ackpy.model.definition import Resource
from ackpy.model.descriptor import Type
from ackpy.model.shapes import Model, Shape, ShapeMember


def add(model: Model, resource: Resource) -> None:
    """Put the kind's own shapes into the model."""
    for name, members in resource.shapes.items():
        model.put(_structure(model, name, members))


def cut(model: Model, resource: Resource) -> None:
    """Take out what the kind ignores; it holds for every kind of the service."""
    _cut_shapes(model, resource.ignore_shapes)
    for path in resource.ignore:
        _cut(model, path)


def _structure(model: Model, name: str, members: Mapping[str, str]) -> Shape:
    made = {member: ShapeMember(member, member, model.shape(kind).name) for member, kind in sorted(members.items())}
    return Shape(name, Type.STRUCTURE, members=made)


def _cut_shapes(model: Model, names: Iterable[str]) -> None:
    """Drop every member whose type is one of these shapes."""
    gone = frozenset(model.shape(name).name for name in names)
    for name in model.names() if gone else ():
        shape = model.shape(name)
        dropped = [member.name for member in shape.members.values() if member.shape in gone]
        if dropped:
            model.put(shape.without(dropped))


def _cut(model: Model, path: str) -> None:
    """Drop the member at "Shape.Member[.Member...]" from the structure that holds it; lists and maps are looked through."""
    first, *between, last = path.split(".") if "." in path else (path, "")
    if not last:
        raise DefinitionError(f"ignore={path!r}: write Shape.Member; a whole shape goes into ignore_shapes")
    shape = model.shape(first)
    for segment in between:
        shape = _inner(model, _member(model, shape, segment, path))
    member = shape.member(last)
    if member is None:
        if model.pristine(shape.name).member(last) is not None:
            return  # another kind, or a path that leads to the same shape, has cut it
        raise unknown(f"ignore={path!r}: member of {shape.name}", last, shape.members)
    model.put(shape.without([member.name]))


def _member(model: Model, shape: Shape, segment: str, path: str) -> Shape:
    exact = shape.member(segment)
    found = exact or next((each for each in shape.members.values() if each.name.lower() == segment.lower()), None)
    if found is None:
        raise unknown(f"ignore={path!r}: member of {shape.name}", segment, shape.members)
    return model.shape(found.shape)


def _inner(model: Model, shape: Shape) -> Shape:
    while shape.type in (Type.LIST, Type.MAP):
        shape = model.shape(shape.element)
    return shape
