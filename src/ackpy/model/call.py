"""The values that go into and come out of `request`: an object as `View`, its `Scope`, the `Call` to make; and a call's fixed part.

The fixed part of a call are the bindings of its operation: identifiers, ARN, account, constants, annotations. `request` adds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ackpy.errors import TerminalError
from ackpy.model import fieldpath
from ackpy.model.convert import place, to_aws
from ackpy.model.definition import Annotation
from ackpy.model.descriptor import Aspect, Binding, Descriptor, Json, Operation
from ackpy.model.secret import SecretValue


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and for whom: account id, region, partition, the object's annotations, and the idempotency token of this create."""

    account: str
    region: str
    partition: str = "aws"
    annotations: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """An object as the model sees it: spec and status in the CRD's form, `status` with ackResourceMetadata.

    References are resolved (the plain value stands in the spec), secrets are `secret.SecretValue`s.
    """

    spec: Mapping[str, Json]
    status: Mapping[str, Json] = field(default_factory=dict)

    def over(self, other: View) -> View:
        """This spec with the status of both, the other's first: what is desired, with the identity that was observed."""
        return View(self.spec, {**self.status, **other.status})


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS operation and its parameters, in botocore's types. Secrets in `params` stay hidden; `plain()` is what is sent."""

    operation: str
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """The parameters for the AWS client, secrets revealed: never to be logged or kept."""
        return {name: _revealed(value) for name, value in self.params.items()}


def _revealed(value: Any) -> Any:
    match value:
        case SecretValue():
            return value.reveal()
        case Mapping():
            return {name: _revealed(each) for name, each in value.items()}
        case list():
            return [_revealed(each) for each in value]
        case _:
            return value


def needed(operation: Operation | None, aspect: Aspect, what: str) -> Operation:
    """The operation; ValueError where the aspect has none: the caller asks for what the descriptor does not offer."""
    if operation is None:
        raise ValueError(f"aspect {aspect.name or 'core'!r} has no {what}")
    return operation


def finished(descriptor: Descriptor, operation: Operation, params: dict[str, Any], desired: View, latest: View) -> Call:
    """The call, after the kind's hook has had its say."""
    descriptor.hooks.request(operation.name, params, desired.spec, latest.spec)
    return Call(operation.name, params)


def bind(
    params: dict[str, Any], descriptor: Descriptor, operation: Operation, view: View, scope: Scope, key: Json = None
) -> None:
    """Fills the members that the operation's bindings name; one whose source is missing is left out.

    `key` is that of the element which a call about one member concerns. TerminalError for an annotation that is not of its type.
    """
    for binding in operation.bindings:
        value = key if binding.source == "key" else bound(descriptor, binding, view, scope)
        if value is not None:
            place(params, binding.member, [value] if binding.list else value)


def bound(descriptor: Descriptor, binding: Binding, view: View, scope: Scope) -> Any:
    """The value of one binding; None where it is missing."""
    match binding.source:
        case "spec":
            return to_aws(
                descriptor.spec.at(binding.value),
                fieldpath.get(view.spec, binding.value),
                binding.value,
                descriptor.rules,
            )
        case "status":
            return fieldpath.get(view.status, binding.value)
        case "arn":
            return arn(descriptor, view, scope) or None
        case "const":
            return binding.value
        case "annotation":
            return _annotated(binding.value, scope)
        case _:
            return getattr(scope, binding.source, None) or None


def _annotated(annotation: Annotation, scope: Scope) -> Any:
    text = scope.annotations.get(annotation.name)
    if text is None:
        return annotation.default
    if annotation.type is bool:
        return _one_of(annotation, text, {"true": True, "false": False})
    if annotation.type is int:
        try:
            return int(text)
        except ValueError:
            raise TerminalError(f"annotation {annotation.name}: found {text!r}: write a whole number") from None
    return text


def _one_of(annotation: Annotation, text: str, choice: Mapping[str, Any]) -> Any:
    if text not in choice:
        raise TerminalError(f"annotation {annotation.name}: found {text!r}: write {' or '.join(choice)}")
    return choice[text]


_FIELD = re.compile(r"\{([\w.]+)\}")


def arn(descriptor: Descriptor, view: View, scope: Scope) -> str:
    """The object's ARN: what AWS has said, else what the definition's template predicts; "" where neither can be said."""
    said: str | None = fieldpath.get(view.status, "ackResourceMetadata.arn")
    template = "" if said else descriptor.arn_of(view.spec)
    if not template:
        return said or ""
    places = {"partition": scope.partition, "region": scope.region, "account": scope.account}
    pieces = {path: places.get(path) or _text_at(view, path) for path in _FIELD.findall(template)}
    if not all(pieces.values()):
        return ""
    return _FIELD.sub(lambda match: pieces[match[1]], template)


def arn_values(descriptor: Descriptor, text: str) -> dict[str, str] | None:
    """What an ARN holds at the holes of a template of the definition: path, "account", "region" or "partition" -> text.

    None where it has another form, or the kind has no template. The last hole may hold "/", as an ECR repository's name does.
    """
    definition = descriptor.definition
    templates = (definition.arn, *(each.arn for each in definition.variants))
    return next(filter(None, (_holes(each, text) for each in templates if each)), None)


def _holes(template: str, text: str) -> dict[str, str] | None:
    pieces = _FIELD.split(template)  # text, hole, text, hole, ..., text
    holes = list(dict.fromkeys(pieces[1::2]))
    pattern, seen = re.escape(pieces[0]), set[str]()
    for hole, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        group = f"hole{holes.index(hole)}"
        characters = "[^:]" if hole == pieces[-2] else "[^:/]"
        pattern += f"(?P={group})" if hole in seen else f"(?P<{group}>{characters}+)"
        pattern += re.escape(literal)
        seen.add(hole)
    found = re.fullmatch(pattern, text)
    return None if found is None else dict(zip(holes, found.groups(), strict=True))


def _text_at(view: View, path: str) -> str:
    value = fieldpath.get(view.spec, path) or fieldpath.get(view.status, path)
    return "" if value is None else str(value)
