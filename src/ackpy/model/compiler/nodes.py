"""Shapes to types: `descriptor.Node` trees with the property <-> member map at every structure. One `Types` serves a service.

Structures are built once by shape and shared. A shape that contains itself cannot be written as a CRD: it is an error that names the
way round, never cut silently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.compiler.draft import Property
from ackpy.model.compiler.nested import Overlay
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Member, Node, Type
from ackpy.model.naming import reference_name
from ackpy.model.shapes import Model, Shape

_STRING: Final = Node(Type.STRING)
_SECRET: Final = Node(Type.SECRET, sensitive=True)
_REFERENCE: Final = Node(Type.REFERENCE)


class Types:
    """Builds the nodes of one service's shapes; `empty` are the structures without members that become string maps."""

    def __init__(self, model: Model, marks: Overlay, empty: Collection[str]) -> None:
        """`marks` must be complete: what is built is kept."""
        self._model, self._marks, self._empty = model, marks, frozenset(empty)
        self._built: dict[str, Node] = {}
        self._open: dict[str, str] = {}

    def node(self, name: str, doc: str = "") -> Node:
        """The type of a shape, under its own documentation or `doc`."""
        built = self._built.get(name)
        if built is None:
            built = self._built[name] = self._build(self._model.shape(name))
        return replace(built, doc=doc) if doc else built

    def structure(self, properties: Mapping[str, Property]) -> Node:
        """A kind's spec or status as a type."""
        members: dict[str, Member] = {}
        for each in properties.values():
            field = each.field
            node = self.node(each.shape, each.doc)
            made = Member(each.name, each.wire, _secret(node) if field.secret else node, each.required, field.immutable)
            members.update((member.name, member) for member in _with_reference(made, each.original, field.ref))
        return Node(Type.STRUCTURE, members=dict(sorted(members.items())))

    def _build(self, shape: Shape) -> Node:
        if shape.name in self._open:
            raise DefinitionError(self._cycle(shape.name))
        if shape.document:
            raise DefinitionError(f"{shape.name} is a document without a schema: take it out with ignore")
        self._open[shape.name] = ""
        try:
            return self._typed(shape)
        finally:
            del self._open[shape.name]

    def _typed(self, shape: Shape) -> Node:
        base = Node(shape.type, shape.name, _documentation(shape), sensitive=shape.sensitive)
        if shape.type in (Type.LIST, Type.MAP):
            return replace(base, element=self.node(shape.element))
        if shape.type is not Type.STRUCTURE:
            return base
        if not shape.members:
            return self._without_members(shape)
        members = {member.name: member for each in shape.members for member in self._members(shape, each)}
        return replace(base, members=dict(sorted(members.items())), union=shape.union)

    def _without_members(self, shape: Shape) -> Node:
        if shape.name not in self._empty:
            raise DefinitionError(
                f"structure {shape.name} has no members: list it in `empty` to make it a map of strings, or ignore it"
                f"{self._trail()}"
            )
        return Node(Type.MAP, shape.name, shape.doc, element=_STRING, marker=True)

    def _members(self, shape: Shape, name: str) -> Iterator[Member]:
        member, mark = shape.members[name], self._marks.mark(shape.name, name)
        if member.document:
            raise DefinitionError(f"{shape.name}.{name} is a document without a schema: take it out with ignore")
        self._open[shape.name] = name
        node = self.node(member.shape, member.doc)
        made = Member(
            self._marks.property(shape.name, name),
            member.wire,
            _secret(node) if mark.secret else node,
            immutable=mark.immutable,
        )
        yield from _with_reference(made, mark.original or name, mark.ref)

    def _trail(self) -> str:
        at = [f"{name}.{member}" for name, member in self._open.items() if member]
        return f" (at {' -> '.join(at)})" if at else ""

    def _cycle(self, name: str) -> str:
        steps = [f"{shape}.{member}" if member else shape for shape, member in self._open.items()]
        start = list(self._open).index(name)
        round_trip = " -> ".join([*steps[start:], name])
        cut = next(step for step in reversed(steps) if "." in step)
        return f"the model is recursive: {round_trip}; cut it somewhere, e.g. with ignore=({cut!r},)"


def _documentation(shape: Shape) -> str:
    return f"{shape.doc}<p>Pattern: <code>{_escaped(shape.pattern)}</code></p>" if shape.pattern else shape.doc


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _secret(node: Node) -> Node:
    """The type with its strings replaced by references to a Secret's key; lists and maps keep their form."""
    if node.element is not None:
        return replace(node, element=_secret(node.element), sensitive=True)
    if node.type is not Type.STRING:
        raise DefinitionError(
            f"secret=True on a {node.type}: only strings, and lists and maps of them, can come from a Secret"
        )
    return replace(_SECRET, shape=node.shape, doc=node.doc)


def _with_reference(member: Member, original: str, ref: Ref | None) -> Iterator[Member]:
    """The member, and beside it the property that names another object instead."""
    many = member.node.type is Type.LIST
    if ref is None:
        yield member
        return
    try:
        name = reference_name(original, many=many)
    except ValueError as error:
        raise DefinitionError(f"{member.name}: {error}") from None
    yield replace(member, required=False)
    node = Node(Type.LIST, element=_REFERENCE) if many else _REFERENCE
    yield Member(name, "", node, ref=ref, ref_to=member.name, ref_required=member.required)
