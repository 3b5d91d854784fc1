"""Operations of the model to the operations of a kind: which input members are filled from where, and where the answer lies.

A member is filled, first that fits: from `Resource.args` and annotations, as the idempotency token, as the kind's ARN, or from the
property that it stands for. The core's read, update and delete may take any scalar property; the operations of facets, members
and tags take what names the object (identifiers, and properties that never change). A member that AWS demands and nothing fills
is an error, unless the kind has hooks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ackpy.errors import DefinitionError
from ackpy.model.compiler import paths
from ackpy.model.compiler.draft import Draft, Property, unknown
from ackpy.model.definition import Annotation
from ackpy.model.descriptor import Binding, Operation, Role, Type
from ackpy.model.naming import singular, upper_first
from ackpy.model.shapes import Api, Model, Shape, ShapeMember

_SCALARS: Final = (Type.STRING, Type.BOOLEAN, Type.INTEGER, Type.NUMBER)
_SCOPE: Final[Mapping[str, Literal["arn", "account", "region", "partition", "token"]]] = {
    "$arn": "arn",
    "$account": "account",
    "$region": "region",
    "$partition": "partition",
    "$token": "token",
}
_ARN_MEMBERS: Final = frozenset({"arn", "resourcearn", "resource"})
_PAGES: Final = (
    ("NextToken", "NextToken"),
    ("ContinuationToken", "NextContinuationToken"),
    ("Marker", "Marker"),
    ("Marker", "NextMarker"),
    ("PaginationToken", "PaginationToken"),
    ("ExclusiveStartTableName", "LastEvaluatedTableName"),
)
_REPLACING: Final = ("Put", "Set")


@dataclass(frozen=True, slots=True)
class Use:
    """How an operation is used: its part, what its value and fields already fill, what a key fills, whether it belongs to the core."""

    role: Role
    at: str = ""
    fields: Mapping[str, str] | None = None
    args: Mapping[str, Any] | None = None
    key: str = ""
    core: bool = False
    filled: Collection[str] = ()


def operation(draft: Draft, api: Api, use: Use) -> Operation:
    """The operation with its bindings; DefinitionError names a demanded member that nothing fills."""
    shape = draft.model.shape(api.input)
    fields = dict(use.fields or {})
    filled = {upper_first(each) for each in (*_first(use, fields), *use.filled) if each}
    bound = tuple(_bindings(draft, api, use, filled))
    sent = {upper_first(token.send) for token in draft.resource.tokens}
    _check_required(draft, api, shape, filled | sent | {upper_first(each.member.split(".")[0]) for each in bound})
    return Operation(
        api.wire,
        use.role,
        at=use.at,
        bindings=bound,
        fields=fields,
        required=frozenset(shape.members[name].wire for name in shape.required),
        paginated=_paginated(draft.model, api),
        replaces=use.role.writes and api.name.startswith(_REPLACING),
    )


def _first(use: Use, fields: Mapping[str, str]) -> Iterator[str]:
    """The top-level input members that the value and the fields fill; a reading operation's `at` is in its output."""
    if use.role.writes and use.at:
        yield use.at.split(".")[0]
    elif use.role.writes:
        yield from (path.split(".")[0] for path in fields)


def _bindings(draft: Draft, api: Api, use: Use, filled: Collection[str]) -> Iterator[Binding]:
    constants = dict(use.args or {})
    members = draft.model.shape(api.input).members
    wrong = [name for name in constants if upper_first(name) not in members]
    if wrong:
        raise unknown(f"args: member of {api.input}", wrong[0], members)
    for member in members.values():
        if member.name not in filled:
            found = _binding(draft, api, member, use)
            if found is not None:
                yield found
    for operation, argument, value in _arguments(draft):
        if "." in argument and operation in (api.name, api.wire):
            place = paths.walk(draft.model, draft.model.shape(api.input), argument)
            yield replace(_said(draft, place.members[-1], value), member=place.at)


def _arguments(draft: Draft) -> Iterator[tuple[str, str, Any]]:
    """`Resource.args` as operation ("" for all), input member and value."""
    for name, value in draft.resource.args.items():
        operation, _, argument = name.rpartition(":")
        yield operation, argument, value


def check_arguments(draft: Draft) -> None:
    """Hold that every operation and member that `Resource.args` and annotations name exists."""
    named = [(operation, argument) for operation, argument, _ in _arguments(draft)]
    for operation, argument in (*named, *(paths.split(each.to) for each in draft.resource.annotations)):
        if operation:
            api = paths.operation(draft.model, operation)
            paths.walk(draft.model, draft.model.shape(api.input), argument)
        elif not any(draft.model.shape(api.input).member(argument) for api in draft.model.operations.values()):
            raise DefinitionError(f"args: no operation of {draft.model.service} has an input member {argument!r}")


def _binding(draft: Draft, api: Api, member: ShapeMember, use: Use) -> Binding | None:
    for operation, argument, value in (
        *(("", name, value) for name, value in (use.args or {}).items()),
        *_arguments(draft),
    ):
        if upper_first(argument) == member.name and operation in ("", api.name, api.wire):
            return _said(draft, member, value)
    for annotation in draft.resource.annotations:
        if paths.split(annotation.to) in ((api.name, member.wire), (api.wire, member.wire)):
            return Binding(member.wire, "annotation", annotation)
    if use.key and upper_first(use.key) == member.name:
        return Binding(member.wire, "key")
    if member.token:
        return Binding(member.wire, "token")
    return _from_object(draft, api, member, use)


def _said(draft: Draft, member: ShapeMember, value: Any) -> Binding:
    """A binding of `args`: a value of the scope, a spec path, an annotation or a constant."""
    if isinstance(value, Annotation):
        return Binding(member.wire, "annotation", value)
    if isinstance(value, str) and value in _SCOPE:
        return Binding(member.wire, _SCOPE[value])
    if isinstance(value, str) and value.startswith("$"):
        side, _, path = value[1:].partition(".")
        known = {"spec": draft.spec, "status": draft.status}.get(side)
        if known is None or path.split(".")[0] not in known:
            raise unknown("args: value", value, [*_SCOPE, *(f"$spec.{name}" for name in draft.spec)])
        return Binding(member.wire, "spec" if side == "spec" else "status", path)
    return Binding(member.wire, "const", value)


def _from_object(draft: Draft, api: Api, member: ShapeMember, use: Use) -> Binding | None:
    if _is_arn(draft, api, member):
        return Binding(member.wire, "arn")
    found = draft.find(api, member)
    if found is not None and _may_fill(draft, found[1], use):
        return Binding(member.wire, found[0], found[1].name)
    many = _plural_of(draft, api, member)
    return Binding(member.wire, "spec" if many.name in draft.spec else "status", many.name, list=True) if many else None


def _is_arn(draft: Draft, api: Api, member: ShapeMember) -> bool:
    """Whether a member takes the kind's ARN: by its name, where it is no property of the spec."""
    if draft.model.shape(member.shape).type is not Type.STRING:
        return False
    own = (
        {draft.arn.lower(), f"{draft.resource.kind}arn".lower()} if draft.arn else {f"{draft.resource.kind}arn".lower()}
    )
    found = draft.find(api, member)
    return (member.name.lower() in own | _ARN_MEMBERS) and (found is None or found[0] == "status")


def _may_fill(draft: Draft, found: Property, use: Use) -> bool:
    if found.name in draft.identifiers:
        return True
    if draft.model.shape(found.shape).type not in _SCALARS or found.field.secret:
        return False
    return use.core or bool(found.field.immutable)


def _plural_of(draft: Draft, api: Api, member: ShapeMember) -> Property | None:
    """The identifier that a list member takes many of: repositoryNames takes repositoryName."""
    lookup = draft.resource.lookup
    if draft.model.shape(member.shape).type is not Type.LIST or not draft.identifiers or api is not draft.roles.read:
        return None
    name = draft.identifiers[0]
    one = {**draft.status, **draft.spec}.get(name)
    if one is None:
        return None
    if lookup is not None and lookup.ids:
        return one if upper_first(lookup.ids) == member.name else None
    kind = draft.resource.kind
    wanted = {each.lower() for each in (one.wire, "Id", "Name", f"{kind}Id", f"{kind}Name")}
    return one if singular(member.name).lower() in wanted else None


def _check_required(draft: Draft, api: Api, shape: Shape, filled: Collection[str]) -> None:
    missing = sorted(name for name in shape.required if name not in filled)
    if missing and draft.resource.hooks is None:
        advice = f'say with names={{"{api.name}": {{...}}}} which property it is, or with args what it is'
        raise DefinitionError(f"{api.name} demands {', '.join(missing)}, which nothing fills: {advice}")


def _paginated(model: Model, api: Api) -> bool:
    given, answered = model.shape(api.input), model.shape(api.output)
    return any(given.member(sent) is not None and answered.member(got) is not None for sent, got in _PAGES)


def fields(draft: Draft, api: Api, at: str, *, skip: Collection[str] = ()) -> dict[str, str]:
    """Input members below `at` -> spec properties, for an operation that carries many; `skip` are properties left to others."""
    place = paths.walk(draft.model, draft.model.shape(api.input), at)
    result: dict[str, str] = {}
    for member in place.shape.members.values():
        found = draft.find(api, member)
        if found is not None and found[0] == "spec" and found[1].name not in skip and member.wire:
            result[member.wire] = found[1].name
    return result


def written(draft: Draft, api: Api, at: str, *, skip: Collection[str] = ()) -> dict[str, str]:
    """The fields of an update: as `fields`, a property with `write` under that member where the operation has it."""
    result = fields(draft, api, at, skip=skip)
    shape = paths.walk(draft.model, draft.model.shape(api.input), at).shape
    for name, each in draft.spec.items():
        said = each.field.write
        if said and name not in skip and shape.member(said.split(".")[0]):
            result = {member: value for member, value in result.items() if value != name}
            result[paths.walk(draft.model, shape, said).at] = name
    return result
