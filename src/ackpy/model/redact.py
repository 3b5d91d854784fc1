"""Hides what must not be shown: secrets, what AWS's model marks sensitive, what AWS itself never shows again.

One rule for conditions, Events, ledger, plans and pages: `redact` for values in the CRD's form, `parameters` for those of a call.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from ackpy.model.descriptor import Descriptor, Json, Node, Type
from ackpy.model.fieldpath import Each, FieldPath, Path, of
from ackpy.model.secret import HIDDEN, SecretValue


def redact(descriptor: Descriptor, value: Json, at: Path = "") -> Json:
    """The value with "***" in place of all that is to be hidden; it stands in the spec at path `at` ("": it is the spec)."""
    definition = of(at).definition()
    if any(_hidden(descriptor, parent) for parent in definition.upwards()):
        return HIDDEN if value is not None else None
    return _redacted(descriptor, descriptor.spec.at(definition), value, definition)


def parameters(descriptor: Descriptor, params: Mapping[str, Any]) -> dict[str, Json]:
    """The parameters of a call as plain JSON, with "***" in place of all that is to be hidden, by AWS's member names."""
    hidden = frozenset(_hidden_members(descriptor, descriptor.spec, FieldPath()))
    return {name: HIDDEN if name in hidden else _shown(value, hidden) for name, value in params.items()}


def _hidden(descriptor: Descriptor, path: FieldPath) -> bool:
    rule = descriptor.rules.get(str(path))
    return descriptor.spec.at(path).sensitive or (rule is not None and (rule.secret or rule.write_only))


def _redacted(descriptor: Descriptor, node: Node, value: Json, at: FieldPath) -> Json:
    if isinstance(value, SecretValue):
        return HIDDEN
    # A reference to a Secret names it and shows nothing of it.
    if node.type is not Type.SECRET and at and _hidden(descriptor, at):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: _below(descriptor, node, key, each, at) for key, each in value.items()}
    if isinstance(value, list) and node.element is not None:
        return [_redacted(descriptor, node.element, each, at / Each()) for each in value]
    return value


def _below(descriptor: Descriptor, node: Node, key: str, value: Json, at: FieldPath) -> Json:
    if value is None:
        return None
    if node.element is not None:
        return _redacted(descriptor, node.element, value, at / Each())
    member = node.members.get(key)
    return value if member is None else _redacted(descriptor, member.node, value, at / key)


def _hidden_members(descriptor: Descriptor, node: Node, at: FieldPath) -> Iterator[str]:
    for name, member in node.members.items():
        if member.node.type is Type.SECRET or _hidden(descriptor, at / name):
            yield member.aws
        yield from _hidden_members(descriptor, member.node, at / name)
    if node.element is not None:
        yield from _hidden_members(descriptor, node.element, at / Each())


def _shown(value: Any, hidden: frozenset[str]) -> Json:
    match value:
        case SecretValue():
            return HIDDEN
        case Mapping():
            return {key: HIDDEN if key in hidden else _shown(each, hidden) for key, each in value.items()}
        case list() | tuple():
            return [_shown(each, hidden) for each in value]
        case bytes():
            return base64.b64encode(value).decode()
        case dt.datetime():
            return value.isoformat()
        case _:
            return value
