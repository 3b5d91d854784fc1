"""A value in the CRD's form <-> a value in botocore's, along a compiled type. `request` goes out, `response` comes in.

Outward: properties become members, nil is left out, dates become datetimes, base64 becomes bytes, a codec's `encode` has the last
word on its path. Inward the same backwards, of the members that the CRD knows. `place` and `pick` set and take values at the dotted
paths of AWS's members.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from ackpy.errors import TerminalError
from ackpy.model.descriptor import Json, Node, Rule, Type
from ackpy.model.secret import SecretValue

Rules = Mapping[str, Rule]


def to_aws(node: Node, value: Json, at: str, rules: Rules) -> Any:
    """The value as AWS's member takes it, None where there is nothing to send; `at` is its definition path.

    TerminalError, naming the path, for two members of a union, a text that is no date or base64, and a secret that was not resolved.
    """
    rule = rules.get(at)
    if value is None:
        return None
    if rule is not None and rule.codec is not None:
        return rule.codec.encode(value)
    match node.type:
        case Type.STRUCTURE:
            return _structure_to_aws(node, value, at, rules)
        case Type.LIST | Type.MAP:
            return _elements_to_aws(node, value, at, rules)
        case Type.TIMESTAMP:
            return _read(instant, value, at, "is no time: write one such as 2026-11-24T19:37:18Z")
        case Type.BLOB:
            return (
                value if isinstance(value, SecretValue) else _read(octets, value, at, "is no base64: encode the bytes")
            )
        case Type.SECRET if not isinstance(value, SecretValue):
            raise TerminalError(f"spec.{at}: the secret that it refers to was not read")
        case _:
            return value


def _structure_to_aws(node: Node, value: Json, at: str, rules: Rules) -> dict[str, Any] | None:
    given = [member for name, member in node.members.items() if member.aws and value.get(name) is not None]
    if node.union and len(given) != 1:
        _refuse_union(node, [member.name for member in given], at)
        return None
    sent = {member.aws: to_aws(member.node, value[member.name], below(at, member.name), rules) for member in given}
    return {name: each for name, each in sent.items() if each is not None}


def _refuse_union(node: Node, given: Sequence[str], at: str) -> None:
    """Nothing set is nothing sent, as ACK has it; more than one is a mistake that AWS could only guess about."""
    if given:
        choice = ", ".join(member.name for member in node.members.values() if member.aws)
        raise TerminalError(f"spec.{at}: set one of {choice}; found {' and '.join(given)}: take out all but one")


def _elements_to_aws(node: Node, value: Json, at: str, rules: Rules) -> Any:
    if node.marker:
        return {}
    element = _element(node)
    if node.type is Type.MAP:
        sent = {key: to_aws(element, each, f"{at}..", rules) for key, each in value.items()}
        return {key: each for key, each in sent.items() if each is not None}
    return [each for each in (to_aws(element, one, f"{at}..", rules) for one in value) if each is not None]


def _read(reader: Callable[[str], Any], text: Json, at: str, fault: str) -> Any:
    """The text's meaning; the error leaves the text out, since it may be long or sensitive."""
    try:
        return reader(text)
    except ValueError as error:
        raise TerminalError(f"spec.{at}: the value {fault}") from error


def from_aws(node: Node, value: Any, at: str, rules: Rules) -> Json:
    """The value in the CRD's form, None where there is nothing of it; `at` is its definition path. Secrets never come back."""
    rule = rules.get(at)
    if value is None:
        return None
    if rule is not None and rule.codec is not None:
        return rule.codec.decode(value)
    match node.type:
        case Type.STRUCTURE:
            return _structure_from_aws(node, value, at, rules)
        case Type.MAP:
            return {key: from_aws(_element(node), each, f"{at}..", rules) for key, each in value.items()}
        case Type.LIST:
            return [from_aws(_element(node), each, f"{at}..", rules) for each in value]
        case _:
            return _SCALARS.get(node.type, _as_is)(value)


def _as_is(value: Any) -> Json:
    return value


def _nothing(_: Any) -> None:
    return None


def _structure_from_aws(node: Node, value: Mapping[str, Any], at: str, rules: Rules) -> dict[str, Json]:
    taken = {
        member.name: from_aws(member.node, value.get(member.aws), below(at, member.name), rules)
        for member in node.members.values()
        if member.aws
    }
    return {name: each for name, each in taken.items() if each is not None}


def _element(node: Node) -> Node:
    if node.element is None:
        raise TypeError(f"a {node.type} without an element type: {node.shape}")
    return node.element


def below(at: str, name: str) -> str:
    """The definition path of a property of `at`."""
    return name if not at else f"{at}{name}" if at.endswith("..") else f"{at}.{name}"


def instant(text: str) -> dt.datetime:
    """The time of an RFC 3339 text, in UTC. ValueError for another text."""
    moment = dt.datetime.fromisoformat(text)
    try:
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except OverflowError as error:
        raise ValueError(f"{text}: out of range") from error


def octets(text: str) -> bytes:
    """The bytes of a base64 text. ValueError for another text."""
    return base64.b64decode(text, validate=True)


def timestamp(value: Any) -> str:
    """RFC 3339 in UTC to the second, of a datetime, of seconds since 1970 or of a text that is a time; another text as it is."""
    if isinstance(value, str):
        try:
            return _rfc3339(instant(value))
        except ValueError:
            return value
    if isinstance(value, dt.datetime):
        return _rfc3339(value.astimezone(dt.UTC) if value.tzinfo else value)
    return _rfc3339(dt.datetime.fromtimestamp(value, dt.UTC))


def _rfc3339(moment: dt.datetime) -> str:
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"


def _base64(value: Any) -> Json:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


_SCALARS: Mapping[Type, Callable[[Any], Json]] = {
    Type.TIMESTAMP: timestamp,
    Type.BLOB: _base64,
    Type.SECRET: _nothing,
    Type.REFERENCE: _nothing,
}


def place(params: MutableMapping[str, Any], at: str, value: Any) -> None:
    """Sets a value at a dotted path, making the structures on the way; at "" and onto a structure, the members are merged.

    Through `..` goes a list of one element; of several values see `place_each`.
    """
    place_each(params, at, [value])


def place_each(params: MutableMapping[str, Any], at: str, values: Sequence[Any]) -> None:
    """Sets several values below the `..` of a path, each in an element of its own; a path without `..` takes only one."""
    head, dots, rest = at.partition("..")
    if not dots:
        _place_one(params, head, *values)
        return
    elements = list(values)
    if rest:
        elements = [{} for _ in values]
        for element, value in zip(elements, values, strict=True):
            place(element, rest, value)
    _place_one(params, head, elements)


def _place_one(params: MutableMapping[str, Any], at: str, value: Any) -> None:
    *parents, last = at.split(".") if at else [""]
    for parent in parents:
        params = params.setdefault(parent, {})
    if not last:
        params.update(value)
    elif isinstance(value, Mapping) and isinstance(params.get(last), Mapping):
        params[last] = {**params[last], **value}
    else:
        params[last] = value


def pick(answer: Any, at: str) -> Any:
    """The value at a dotted path of an answer, lists on the way looked through and joined; None where there is none."""
    value = answer
    for name in filter(None, at.split(".")):
        value = list(_through(value, name)) if isinstance(value, list) else _member(value, name)
    return value


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _through(values: Sequence[Any], name: str) -> Iterator[Any]:
    for each in values:
        value = _member(each, name)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value
