"""AWS's and botocore's texts -> texts that may stand in a condition, an Event or a log.

failures and client call it. What is taken out: keys, signatures and session tokens (AWS echoes the canonical request when a
signature fails), what changes with every answer (an encoded authorization message, request ids: a condition that changed each
time would be written each time), and values of parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

MAX_TEXT: Final = 1024
_RULES: Final = (
    (re.compile(r"\s*The (?:Canonical String|String-to-Sign)\b.*", re.DOTALL), ""),
    (re.compile(r"\s*Encoded authorization failure message: \S+"), ""),
    (re.compile(r"\s*\((?:Service|Request ?ID|Host ?ID|Extended Request ID)\b[^)]*\)", re.IGNORECASE), ""),
    (re.compile(r"((?:X-Amz-)?(?:Signature|Security-Token|Credential)\s*[=:]\s*)[^\s&,'\"]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\b(?:A3T|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{12,}\b"), "***"),
    (re.compile(r"\s+"), " "),
)
_SHORTEST_SECRET: Final = 4  # shorter ones would blot out half a sentence

# botocore's reasons; `param` holds the value, and is the one member that no text names.
_REASONS: Final = {
    "missing required field": "{path} lacks {required_name}, which AWS requires",
    "unknown field": "{path} has no member {unknown_param}",
    "invalid type": "{path} must be {types}, found {found}",
    "invalid type for document": "{path} must be {types}, found {found}",
    "invalid range": "{path} must be at least {min_allowed}",
    "invalid length": "{path} must have a length of at least {min_allowed}",
    "unable to encode to json": "{path} must be a JSON value",
    "more than one input": "{path} may hold only one of {choices}",
    "empty input": "{path} must hold one of {choices}",
}


def clean(text: str) -> str:
    """One line of a text of AWS or botocore without secrets and without what changes with every answer."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.strip()[:MAX_TEXT]


def mask(text: str, secrets: Iterable[str]) -> str:
    """A text in which none of the secrets stands."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def sensitive(value: Any, shape: Shape | None) -> Iterator[str]:
    """The strings in a request that AWS's model marks as sensitive."""
    if shape is None or value is None:
        return
    if shape.metadata.get("sensitive"):
        yield from _strings(value)
    elif isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in value.items():
            yield from sensitive(member, shape.members.get(name))
    elif isinstance(shape, ListShape) and isinstance(value, (list, tuple)):
        for item in value:
            yield from sensitive(item, shape.member)
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for item in value.values():
            yield from sensitive(item, shape.value)


def complaints(params: Mapping[str, Any], shape: Shape | None) -> list[str]:
    """What AWS's model has against a request: paths and expectations, no values."""
    if shape is None:
        return [] if not params else [f"input takes no parameters, found {', '.join(sorted(params))}"]
    report = ParamValidator().validate(params, shape)
    found: list[tuple[str, str, dict[str, Any]]] = report._errors  # noqa: SLF001  the public text holds the values
    return [_complaint(reason, path.removeprefix(".") or "input", more) for reason, path, more in found]


def without_value(report: str) -> str:
    """A complaint of botocore about one value, without the value: 'Invalid bucket name "...": Bucket name must match ...'."""
    start, quote, rest = report.partition('"')
    if not quote:
        return clean(start)
    rule = rest.rpartition('": ')[2]
    return clean(f"{start.strip()}: {rule}" if rule != rest else start)


def _complaint(reason: str, path: str, more: Mapping[str, Any]) -> str:
    types = ", ".join(re.sub(r"<class '(.*)'>", r"\1", str(each)) for each in more.get("valid_types", ()))
    return _REASONS.get(reason, "{path} is not valid").format(
        path=path,
        types=types,
        found=type(more.get("param")).__name__,
        choices=", ".join(more.get("members", ())),
        **{name: value for name, value in more.items() if name in {"required_name", "unknown_param", "min_allowed"}},
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
