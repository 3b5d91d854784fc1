"""What definitions say of fields below the top level, laid over the shapes: secrets, references, immutability, names, added members.

A structure is one type wherever it occurs, so such a word holds for every field of every kind of the service that uses the shape
(ACK's CRDs show it). The overlay is made over all kinds first; `nodes` reads it. Comparisons, defaults and the like stay with their
path: `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ackpy.errors import DefinitionError
from ackpy.model import fieldpath
from ackpy.model.compiler.draft import Draft, unknown
from ackpy.model.definition import Field, Ref
from ackpy.model.descriptor import Type
from ackpy.model.fieldpath import Each, Name
from ackpy.model.naming import camel_lower, upper_first
from ackpy.model.shapes import Model, Shape, ShapeMember


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one member of one shape: its property's name ("" by rule), the original that a reference's name is made of."""

    name: str = ""
    original: str = ""
    secret: bool = False
    ref: Ref | None = None
    immutable: bool = False


class Overlay:
    """Marks by shape and exported member name."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], Mark] = {}

    def mark(self, shape: str, member: str) -> Mark:
        """What is known of a member; the empty mark where nothing is."""
        return self._marks.get((shape, member), _NOTHING)

    def add(self, shape: str, member: str, field: Field, key: str) -> None:
        """Note what a kind's field says; what another kind said of the same member stays where this one says nothing."""
        before = self.mark(shape, member)
        self._marks[shape, member] = Mark(
            name=key or before.name,
            original=field.name_as or before.original,
            secret=field.secret or before.secret,
            ref=field.ref or before.ref,
            immutable=field.immutable is True or before.immutable,
        )

    def property(self, shape: str, member: str) -> str:
        """The property that a member becomes."""
        return self.mark(shape, member).name or camel_lower(member)


_NOTHING = Mark()


def lay(draft: Draft, marks: Overlay) -> None:
    """Add what one kind says to the marks, outer paths first. Members that it adds are put into the model's shapes."""
    nested = {path: field for path, field in draft.resource.fields.items() if "." in path}
    for path in sorted(nested, key=lambda each: each.count(".")):
        try:
            _lay(draft, marks, path, nested[path])
        except (DefinitionError, ValueError) as error:
            raise DefinitionError(f"{path}: {error}") from None


def _lay(draft: Draft, marks: Overlay, path: str, field: Field) -> None:
    first, *rest = fieldpath.parse(path).segments
    shape = draft.model.shape(_top(draft, str(first), field))
    for segment in rest[:-1]:
        shape = _below(draft.model, marks, shape, segment)
    last = rest[-1]
    if isinstance(last, Each):  # the elements themselves: nothing of the shape to mark
        _element(draft.model, shape)
        return
    member = _member(marks, shape, str(last), field.aws)
    if member is None and field.type:
        member = ShapeMember(upper_first(str(last)), "", draft.model.shape(field.type).name)
        draft.model.put(draft.model.shape(shape.name).with_member(member))
    if member is None:
        raise _no_member(marks, shape, str(last))
    marks.add(shape.name, member.name, field, str(last) if camel_lower(member.name) != str(last) else "")


def _top(draft: Draft, name: str, field: Field) -> str:
    sides = (draft.status, draft.spec) if field.status else (draft.spec, draft.status)
    for side in sides:
        if name in side:
            return side[name].shape
    raise unknown("property", name, [*draft.spec, *draft.status])


def _below(model: Model, marks: Overlay, shape: Shape, segment: fieldpath.Segment) -> Shape:
    if isinstance(segment, Each):
        return _element(model, shape)
    member = _member(marks, shape, str(segment), "") if isinstance(segment, Name) else None
    if member is None:
        raise _no_member(marks, shape, str(segment))
    return model.shape(member.shape)


def _element(model: Model, shape: Shape) -> Shape:
    if shape.type not in (Type.LIST, Type.MAP):
        raise DefinitionError(f"'..' goes through a list or map, but {shape.name} is a {shape.type}")
    return model.shape(shape.element)


def _member(marks: Overlay, shape: Shape, name: str, aws: str) -> ShapeMember | None:
    if aws:
        return shape.member(aws)
    return next((each for each in shape.members.values() if marks.property(shape.name, each.name) == name), None)


def _no_member(marks: Overlay, shape: Shape, name: str) -> DefinitionError:
    if shape.type in (Type.LIST, Type.MAP):
        return DefinitionError(f"{shape.name} is a {shape.type}: write '..' before {name!r} to go through it")
    return unknown(f"member of {shape.name}", name, properties(marks, shape))


def properties(marks: Overlay, shape: Shape) -> Mapping[str, str]:
    """A structure's properties with AWS's member names."""
    return {marks.property(shape.name, each): each for each in shape.members}
