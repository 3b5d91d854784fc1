"""An IAM policy in its normal form, so that two texts with one meaning are one text. `compare` calls it.

What AWS's policy language makes equal: the order of statements, actions, resources and condition values; one value or a list of it;
the case of actions and of condition keys; "123456789012" and that account's root ARN; the principals "*" and {"AWS": "*"}; a missing
Version and 2008-10-17; an empty Sid or Condition and none; numbers and booleans against their text in conditions. IAM answers
percent-encoded: a text that begins with an encoded brace is decoded first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

OLDEST_VERSION: Final = "2008-10-17"
_ENCODED: Final = re.compile(r"%7B", re.IGNORECASE)
_ROOT: Final = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):root")


def normal(text: str) -> str:
    """The canonical JSON of a policy; what is no JSON object is the text without its outer blanks. Never raises; idempotent."""
    text = text.strip()
    try:
        policy = json.loads(unquote(text) if _ENCODED.match(text) else text)
        return canonical(_policy(policy)) if isinstance(policy, Mapping) else text
    except (ValueError, RecursionError):
        return text


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks; whole floats as integers, so that 1.0 is 1."""
    return json.dumps(_numbers(value), sort_keys=True, separators=(",", ":"))


def _numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _numbers(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    statements = [_statement(each) for each in _listed(policy.get("Statement", []))]
    return {"Version": OLDEST_VERSION, **policy, "Statement": _sorted(statements)}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    parts = {key: _PARTS.get(key, _as_is)(value) for key, value in statement.items()}
    return {key: value for key, value in parts.items() if not (key in ("Sid", "Condition") and value in ("", {}))}


def _as_is(value: Any) -> Any:
    return value


def _texts(value: Any) -> list[Any]:
    return _sorted(_listed(value))


def _actions(value: Any) -> list[Any]:
    return _sorted([each.lower() if isinstance(each, str) else each for each in _listed(value)])


def _principal(value: Any) -> Any:
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, Mapping):
        return value
    return {kind: _sorted([_account(each) for each in _listed(names)]) for kind, names in value.items()}


def _account(name: Any) -> Any:
    """A root ARN is the account; any partition's, since the partition does not tell accounts apart."""
    root = _ROOT.fullmatch(name) if isinstance(name, str) else None
    return root[1] if root else name


def _condition(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {operator: _operands(operands) for operator, operands in value.items()}


def _operands(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    merged: dict[str, list[Any]] = {}
    for key, values in value.items():
        merged.setdefault(key.lower(), []).extend(_scalar_text(each) for each in _listed(values))
    return {key: _sorted(values) for key, values in merged.items()}


def _scalar_text(value: Any) -> Any:
    return value if isinstance(value, (str, Mapping, list)) else canonical(value)


_PARTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Action": _actions,
    "NotAction": _actions,
    "Resource": _texts,
    "NotResource": _texts,
    "Principal": _principal,
    "NotPrincipal": _principal,
    "Condition": _condition,
}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _sorted(values: list[Any]) -> list[Any]:
    """Without repetition, in the order of the canonical text: any JSON values can be sorted so."""
    unique = {canonical(value): value for value in values}
    return [unique[key] for key in sorted(unique)]
