"""Kinds of resources that are plainly created, read, updated and deleted: one row of data each, kept as plain values.

Gives a service the handlers of operations that moto lacks. Members of a call that the resource's own shape has are kept;
identifiers, enumerations, lengths and patterns are held against botocore's model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from ackpy.local.cloud.call import Handler
from ackpy.local.cloud.errors import ServiceError

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call

PAGE = 100
NOTHING: Mapping[str, Any] = MappingProxyType({})


def laid_over(resource: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """The resource with the members of a call, which leave all others as they were."""
    return {**resource, **members}


def no_more(_call: Call, _members: Mapping[str, Any]) -> Mapping[str, Any]:
    """What AWS adds to a resource that it leaves as it was sent."""
    return NOTHING


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind by its operations (named `Create` + noun and so on), key and error codes.

    `listed` is the list in the answer of Describe, `chosen` the list of keys that it may be given; `wrapped` the member
    that holds the resource in other answers ("" when its members lie flat). `added` gives the members that AWS sets or
    refuses the call; `joined` gives the resource with the members of a create or update, or refuses values that do not go
    together; `strict` says that Describe refuses a key that is not there.
    """

    noun: str
    plural: str
    key: str
    listed: str
    chosen: str
    exists: str
    absent: str
    wrapped: str = ""
    strict: bool = False
    added: Callable[[Call, Mapping[str, Any]], Mapping[str, Any]] = field(default=no_more)
    joined: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = field(default=laid_over)

    def handlers(self) -> dict[str, Handler]:
        """The handlers of its four operations."""
        return {
            f"Create{self.noun}": Handler(partial(_create, self)),
            f"Describe{self.plural}": Handler(partial(_describe, self)),
            f"Update{self.noun}": Handler(partial(_update, self)),
            f"Delete{self.noun}": Handler(partial(_delete, self)),
        }


def _create(kind: Kind, call: Call) -> Mapping[str, Any]:
    members = _valid(call)
    place = _place(kind, call, members[kind.key])
    if place in call.kept:
        message = f"A {kind.noun} with {kind.key} '{members[kind.key]}' already exists."
        raise ServiceError(kind.exists, message)
    now = call.now.isoformat()
    resource = kind.joined({}, {**members, **kind.added(call, members), "createdAt": now, "updatedAt": now})
    call.kept[place] = resource
    return _shown(kind, call, resource)


def _update(kind: Kind, call: Call) -> Mapping[str, Any]:
    members = _valid(call)
    resource = _existing(kind, call, members[kind.key])
    resource = kind.joined(resource, {**members, "updatedAt": call.now.isoformat()})
    call.kept[_place(kind, call, members[kind.key])] = resource
    return _shown(kind, call, resource)


def _delete(kind: Kind, call: Call) -> Mapping[str, Any]:
    key = _valid(call)[kind.key]
    resource = _existing(kind, call, key)
    del call.kept[_place(kind, call, key)]
    return _shown(kind, call, resource)


def _describe(kind: Kind, call: Call) -> Mapping[str, Any]:
    members = _valid(call)
    if kind.chosen in members:
        wanted = [key for key in members[kind.chosen] if kind.strict or _place(kind, call, key) in call.kept]
        return _page(kind, call, [_existing(kind, call, key) for key in wanted])
    limit, after = int(members.get("maxResults", PAGE)), members.get("nextToken", "")
    rest = [resource for resource in _all(kind, call) if resource[kind.key] > after]
    token = {"nextToken": rest[limit - 1][kind.key]} if len(rest) > limit else {}
    return {**_page(kind, call, rest[:limit]), **token}


def _page(kind: Kind, call: Call, resources: list[dict[str, Any]]) -> dict[str, Any]:
    registry = {"registryId": call.identity.account}
    return {kind.listed: [{**resource, **registry} for resource in resources], **registry}


def _place(kind: Kind, call: Call, key: str = "") -> str:
    """Where a resource of the call's region is kept."""
    return f"{call.identity.region}/{kind.noun}/{key}"


def _all(kind: Kind, call: Call) -> list[dict[str, Any]]:
    """The region's resources of the kind, by key."""
    start = _place(kind, call)
    return [resource for place, resource in sorted(call.kept.items()) if place.startswith(start)]


def _existing(kind: Kind, call: Call, key: str) -> dict[str, Any]:
    resource: dict[str, Any] | None = call.kept.get(_place(kind, call, key))
    if resource is None:
        account = call.identity.account
        message = f"The {kind.noun} with {kind.key} '{key}' does not exist in the registry with id '{account}'."
        raise ServiceError(kind.absent, message)
    return resource


def _shown(kind: Kind, call: Call, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    whole = {**resource, "registryId": call.identity.account}
    return {**whole, kind.wrapped: resource} if kind.wrapped else whole


def _valid(call: Call) -> dict[str, Any]:
    """The call's members. Raises ServiceError (InvalidParameterException), also for another account's registry."""
    members, shape = call.parameters(), call.operation.model.input_shape
    assert shape is not None  # noqa: S101  # every operation of a kind has an input
    report = ParamValidator().validate(members, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    for name, found in members.items():
        _check(name, found, shape.members[name])
    if members.pop("registryId", call.identity.account) != call.identity.account:
        raise ServiceError("AccessDeniedException", "The registry belongs to another account.")
    return members


def invalid(why: str) -> ServiceError:
    """The refusal of a member's value."""
    return ServiceError("InvalidParameterException", f"Invalid parameter: {why}")


def _check(name: str, value: Any, shape: Any) -> None:
    """What botocore leaves to the server: enumerations, patterns and greatest lengths."""
    if shape.type_name == "structure":
        for member, item in value.items():
            _check(f"{name}.{member}", item, shape.members[member])
    elif shape.type_name == "list":
        for item in value:
            _check(name, item, shape.member)
    elif shape.type_name == "string":
        _check_text(name, value, shape)


def _check_text(name: str, value: str, shape: Any) -> None:
    if shape.enum and value not in shape.enum:
        raise invalid(f"'{name}' must be one of {', '.join(shape.enum)}")
    pattern = shape._shape_model.get("pattern")  # noqa: SLF001  # botocore keeps it there and shows it nowhere
    if pattern and re.fullmatch(pattern, value) is None:
        raise invalid(f"'{name}' must satisfy regular expression '{pattern}'")
    most = shape.metadata.get("max")
    if most is not None and len(value) > most:
        raise invalid(f"'{name}' must have length less than or equal to {most}")
