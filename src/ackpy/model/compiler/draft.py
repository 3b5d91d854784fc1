"""What the compiler knows of a kind half-way: its operations, and its properties on the spec's and the status's side.

`apis` finds the operations, `split` the properties; every later step reads a `Draft`. Nothing outside the compiler sees one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ackpy.errors import DefinitionError
from ackpy.model.definition import Field, Resource
from ackpy.model.naming import camel_lower, upper_first
from ackpy.model.shapes import Api, Model, ShapeMember

Side = Literal["spec", "status"]


@dataclass(frozen=True, slots=True)
class Property:
    """A top-level property: its `name`, the `original` that reference names are made of, AWS's member, its shape, its Field."""

    name: str
    original: str
    wire: str
    shape: str
    doc: str = ""
    required: bool = False
    field: Field = field(default_factory=Field)


@dataclass(frozen=True, slots=True)
class Roles:
    """Which operation of the model plays which part; `many` says that `read` is a list."""

    create: Api
    read: Api | None
    update: Api | None
    delete: Api | None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A kind between its definition and its descriptor. `identifiers` are property names; `arn` and `owner` AWS members."""

    resource: Resource
    model: Model
    roles: Roles
    spec: Mapping[str, Property] = field(default_factory=dict)
    status: Mapping[str, Property] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    arn: str = ""
    owner: str = ""

    def find(self, api: Api, member: ShapeMember) -> tuple[Side, Property] | None:
        """The property that a member of an operation's input or output stands for: the spec's before the status's."""
        alias = self.alias(api, member)
        sides: tuple[tuple[Side, Mapping[str, Property]], ...] = (("spec", self.spec), ("status", self.status))
        for side, properties in sides:
            for each in properties.values():
                if each.field.attribute:
                    continue
                if each.name in (alias, camel_lower(alias)) if alias else upper_first(each.wire) == member.name:
                    return side, each
        return None

    def alias(self, api: Api, member: ShapeMember) -> str:
        """What the definition calls a member in one operation: "" where it says nothing."""
        return alias(self.resource, api, member)


def alias(resource: Resource, api: Api, member: ShapeMember) -> str:
    """The name that `Resource.names` gives a member of an operation; "" where it gives none."""
    table = resource.names.get(api.name) or resource.names.get(api.wire) or {}
    return table.get(member.name) or table.get(member.wire) or ""


def unknown(what: str, found: str, known: Iterable[str], advice: str = "") -> DefinitionError:
    """The error for a name that does not exist: what it should have been, what was found, what lies near."""
    near = difflib.get_close_matches(found, list(known), n=3)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return DefinitionError(f"{what} {found!r} does not exist{hint}{f'; {advice}' if advice else ''}")
