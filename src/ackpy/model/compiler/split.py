"""Which properties a kind has, and on which side: what create takes is spec, what it answers besides is status.

A property comes from the create input (or its wrapper), from the create output, or from a `Field` that says its own source. Here
are the top-level properties alone; `nodes` builds what lies below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.compiler import paths
from ackpy.model.compiler.draft import Draft, Property, Roles, Side, alias, unknown
from ackpy.model.definition import Facet, Field, Members, Resource
from ackpy.model.descriptor import Type
from ackpy.model.naming import camel, camel_lower, upper_first
from ackpy.model.shapes import Api, Model, Shape, ShapeMember

_MAP: Final = "Attributes"


def draft(resource: Resource, model: Model, roles: Roles) -> Draft:
    """The kind with its properties on both sides, its identifiers and the members that hold its ARN and its owner."""
    return _Splitter(resource, model, roles).draft()


def input_wrapper(resource: Resource, model: Model, api: Api) -> str:
    """The path in the operation's input whose members are the fields; "" for the input itself."""
    said = _wrapper(resource, api, "Input")
    exists = said and model.shape(api.input).member(said.split(".")[0]) is not None
    return paths.walk(model, model.shape(api.input), said).at if exists else ""


def output_wrapper(resource: Resource, model: Model, api: Api) -> str:
    """The path in the operation's output whose members are the fields; a structure that is the only member is unwrapped unsaid."""
    output = model.shape(api.output)
    said = _wrapper(resource, api, "Output")
    if said and not (said == input_wrapper(resource, model, api) and output.member(said.split(".")[0]) is None):
        return paths.walk(model, output, said).at
    only = next(iter(output.members.values())) if len(output.members) == 1 else None
    if only is not None and model.shape(only.shape).type is Type.STRUCTURE:
        return only.wire
    return ""


def _wrapper(resource: Resource, api: Api, side: str) -> str:
    """`Resource.wrappers` goes by operation, or by "<Operation>Input" and "<Operation>Output" where the two sides differ."""
    wrappers = resource.wrappers
    return wrappers.get(f"{api.name}{side}") or wrappers.get(api.name) or wrappers.get(api.wire) or ""


class _Splitter:
    """One kind's split: the model's members first, then the definition's own fields, spec before status."""

    def __init__(self, resource: Resource, model: Model, roles: Roles) -> None:
        self.resource, self.model, self.roles = resource, model, roles
        self.tops = {path: field for path, field in resource.fields.items() if "." not in path}
        self.used: set[str] = set()
        unpacks = resource.attributes is not None or any(field.attribute for field in self.tops.values())
        self.map = _MAP if unpacks else ""

    def draft(self) -> Draft:
        given = self._input()
        answered = self._output()
        taken = {upper_first(each.wire): each for each in self._from_model(given, "spec")}
        spec = {each.name: each for each in taken.values()}
        arn, owner = self._marked("arn") or self._arn(answered), self._marked("owner_account")
        hidden = {*taken, upper_first(arn), upper_first(owner)}
        rest = answered.without([*hidden, *self._renamed_into(answered, spec)])
        status = {each.name: each for each in self._from_model(rest, "status")}
        self._custom(spec, status)
        found = Draft(self.resource, self.model, self.roles, _sorted(spec), _sorted(status), arn=arn, owner=owner)
        return replace(found, identifiers=self._identifiers(found))

    def _input(self) -> Shape:
        create = self.roles.create
        at = input_wrapper(self.resource, self.model, create)
        shape = paths.walk(self.model, self.model.shape(create.input), at).shape
        tokens = [each.name for each in shape.members.values() if each.token] if self.resource.idempotency else []
        said = [name.rpartition(":")[2] for name, value in self.resource.args.items() if value == "$token"]
        return shape.without([*tokens, *map(upper_first, said), self.map])

    def _output(self) -> Shape:
        create = self.roles.create
        at = output_wrapper(self.resource, self.model, create)
        shape = paths.walk(self.model, self.model.shape(create.output), at).shape
        while shape.type is Type.LIST:
            shape = self.model.shape(shape.element)
        return shape.without([self.map])

    def _from_model(self, shape: Shape, side: Side) -> Iterator[Property]:
        for member in shape.members.values():
            key = self._key(member, side)
            field = self.tops.get(key, Field())
            required = member.name in shape.required and side == "spec"
            if field.required is not None:
                required = field.required
            self.used.add(key)
            original = field.name_as or (member.name if camel_lower(member.name) == key else upper_first(key))
            yield Property(key, original, member.wire, member.shape, member.doc, required, field)

    def _key(self, member: ShapeMember, side: Side) -> str:
        """The property that a member of create's input or output becomes: by `names`, by a field's `aws`, else by the rules."""
        said = alias(self.resource, self.roles.create, member)
        if said:
            return said if said in self.tops else camel_lower(said)
        for key, field in self.tops.items():
            if (
                field.aws
                and upper_first(field.aws) == member.name
                and not _own_source(field)
                and (side == "status" or not field.status)
            ):
                return key
        return camel_lower(member.name)

    def _renamed_into(self, answered: Shape, spec: Mapping[str, Property]) -> Iterator[str]:
        """Members of the answer that the definition names like a property of the spec."""
        for member in answered.members.values():
            said = alias(self.resource, self.roles.create, member)
            if said and (said in spec or camel_lower(said) in spec):
                yield member.name

    def _marked(self, mark: str) -> str:
        """AWS's member of the field that is marked as the ARN, or as the owner's account."""
        for key, field in self.tops.items():
            if getattr(field, mark):
                self.used.add(key)
                return field.aws or upper_first(key)
        return ""

    def _arn(self, answered: Shape) -> str:
        """The member of the answer that is the kind's own ARN by its name."""
        names = ("arn", f"{self.resource.kind}arn".lower())
        return next((each.wire for each in answered.members.values() if each.name.lower() in names), "")

    def _custom(self, spec: dict[str, Property], status: dict[str, Property]) -> None:
        """Add the fields that say their own source; a field that is neither that nor the model's is a mistake."""
        for key, field in self.tops.items():
            if _own_source(field) or key not in self.used:
                side = status if field.status or _read_only(field) else spec
                side[key] = self._made(key, field, [*spec, *status])

    def _made(self, key: str, field: Field, known: Iterable[str]) -> Property:
        shape, wire, doc = self._source(key, field, known)
        original = field.name_as or (upper_first(wire) if camel_lower(wire) == key else upper_first(key))
        return Property(key, original, field.aws or wire, shape, doc, bool(field.required), field)

    def _source(self, key: str, field: Field, known: Iterable[str]) -> tuple[str, str, str]:
        """Shape, AWS member and documentation of a field that create does not take."""
        if field.type or field.list_of or field.map_of:
            prefix, name = ("[]", field.list_of) if field.list_of else ("map[string]", field.map_of)
            return self.model.shape(field.type or f"{prefix}{name}").name, "", ""
        if field.attribute:
            return "string", self._attribute(key), ""
        if field.source:
            place = self._place(field.source, "status" if field.status else "spec")
            return (
                place.shape.name,
                place.members[-1].wire if place.members else "",
                place.members[-1].doc if place.members else "",
            )
        if isinstance(field.facet, (Facet, Members)):
            return self._facet(field.facet)
        raise unknown(f"{key}: property", key, known, "say where it comes from (source, facet, type, list_of, map_of)")

    def _facet(self, facet: Facet | Members) -> tuple[str, str, str]:
        """A facet's value is what its put takes, else what its get gives; members are a list of what add takes."""
        if isinstance(facet, Members):
            return f"[]{self._place(facet.add, 'spec').shape.name}", "", ""
        place = self._place(facet.put, "spec") if facet.put else self._place(facet.get, "status")
        return place.shape.name, "", place.members[-1].doc if place.members else ""

    def _place(self, text: str, side: Side) -> paths.Place:
        """The place of "Operation:Path" in the operation's input, else its output; the other way round for the status. "." is the whole."""
        name, path = paths.split(text)
        api = paths.operation(self.model, name)
        first, second = (api.input, api.output) if side == "spec" else (api.output, api.input)
        path = "" if path == "." else path
        here = self.model.shape(first).member(path.split(".")[0]) is not None or not path
        there = self.model.shape(second).member(path.split(".")[0]) is not None
        return paths.walk(self.model, self.model.shape(second if there and not here else first), path)

    def _attribute(self, key: str) -> str:
        """The key of the attributes map: as the model's enum spells it, else the property with a capital."""
        said = self.tops[key].aws
        if said:
            return said
        member = self.model.shape(self.roles.create.input).member(self.map)
        values = self.model.shape(member.shape).values if member else ()
        return next((value for value in values if camel_lower(value) == key), upper_first(key))

    def _identifiers(self, found: Draft) -> tuple[str, ...]:
        """The properties that name the object: those marked, else name, <kind>Name or <kind>ID; none where the ARN is the name."""
        marked = tuple(key for key, field in self.resource.fields.items() if field.identifier)
        kind = self.resource.kind
        usual = (camel_lower(each) for each in ("Name", f"{kind}Name", "Id", f"{kind}Id"))
        known = {**found.status, **found.spec}
        if wrong := [key for key in marked if key not in known]:
            raise unknown("identifier: top-level property", wrong[0], known)
        named = marked or tuple(key for key in usual if key in known)[:1]
        if not named and not found.arn:
            advice = f"{camel(kind)} has neither name nor id nor ARN: mark one with identifier=True"
            raise DefinitionError(advice)
        return named


def _own_source(field: Field) -> bool:
    return bool(field.source or field.list_of or field.map_of or field.type or field.attribute)


def _read_only(field: Field) -> bool:
    return isinstance(field.facet, Facet) and not field.facet.put


def _sorted(properties: Mapping[str, Property]) -> Mapping[str, Property]:
    return dict(sorted(properties.items()))
