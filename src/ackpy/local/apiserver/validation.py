"""A value against a structural OpenAPI v3 schema -> the field errors of kube-apiserver; called by `intake` and `crd`.

The texts are those of k8s.io/kube-openapi's validator as apiextensions-apiserver reports them (seen on kube-apiserver 1.35).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

from ackpy.local.apiserver.status import (
    FieldError,
    duplicate,
    invalid_value,
    not_supported,
    required,
    too_long,
    too_many,
    wrong_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ackpy.local.apiserver.kinds import Schema


def validate(value: object, schema: Schema, path: str = "") -> list[FieldError]:
    """Everything wrong with `value`, whose field path is `path`."""
    return list(_errors(value, schema, path))


def json_type(value: object) -> str:
    """The JSON type of a value, as the errors name it."""
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", float: "number", type(None): "null"}
    return names[type(value)]


def child(path: str, name: str) -> str:
    """The path of a property."""
    return f"{path}.{name}" if path else name


def list_key(item: object, schema: Schema) -> tuple[tuple[str, Any], ...]:
    """What tells an item of a map list from the others: its keys and their values, with the schema's defaults."""
    properties = schema.get("items", {}).get("properties", {})
    found = item if isinstance(item, dict) else {}
    keys = sorted(schema.get("x-kubernetes-list-map-keys", ()))
    return tuple((key, found.get(key, properties.get(key, {}).get("default"))) for key in keys)


def _errors(value: object, schema: Schema, path: str) -> Iterator[FieldError]:
    if value is None and schema.get("nullable"):
        return
    expected = _expected_types(schema)
    if expected and not any(_is_of_type(value, name) for name in expected):
        yield wrong_type(path, json_type(value), ",".join(expected))
        return
    found = [
        e
        for word, check in _CHECKS.get(_family(value), {}).items()
        if word in schema
        for e in check(value, schema[word], path)
    ]
    yield from found[:1] if isinstance(value, str) else found  # the server stops at the first thing wrong with a string
    if "enum" in schema and value not in schema["enum"]:
        yield not_supported(path, value, schema["enum"])
    yield from _combinations(value, schema, path)
    yield from _inside(value, schema, path)


def _expected_types(schema: Schema) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (schema["type"],) if schema.get("type") else ()


def _is_of_type(value: object, expected: str) -> bool:
    found = json_type(value)
    if expected == "integer":
        return found == "integer" or (isinstance(value, float) and value.is_integer())
    return found == expected or (expected == "number" and found == "integer")


def _family(value: object) -> str:
    found = json_type(value)
    return "number" if found == "integer" else found


def _inside(value: object, schema: Schema, path: str) -> Iterator[FieldError]:
    if isinstance(value, dict):
        for name, item in value.items():
            inner = _property_schema(schema, name)
            if inner is not None:
                yield from _errors(item, inner, child(path, name))
        for name in schema.get("required", ()):
            if name not in value:
                yield required(child(path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            yield from _errors(item, schema["items"], f"{path}[{index}]")
        yield from _repeated(value, schema, path)


def _property_schema(schema: Schema, name: str) -> Schema | None:
    named: Schema | None = schema.get("properties", {}).get(name)
    if named is not None:
        return named
    others = schema.get("additionalProperties")
    return others if isinstance(others, dict) else None


def _repeated(value: list[Any], schema: Schema, path: str) -> Iterator[FieldError]:
    kind = schema.get("x-kubernetes-list-type")
    seen: list[object] = []
    for index, item in enumerate(value):
        identity: object = item if kind == "set" else dict(list_key(item, schema)) if kind == "map" else None
        if identity is not None and identity in seen:
            yield duplicate(f"{path}[{index}]", identity)
        seen.append(identity)


def _combinations(value: object, schema: Schema, path: str) -> Iterator[FieldError]:
    for part in schema.get("allOf", ()):
        yield from _errors(value, part, path)
    if "anyOf" in schema and not any(not validate(value, part, path) for part in schema["anyOf"]):
        yield invalid_value(path, "", f'"{path}" must validate at least one schema (anyOf)')
    if "oneOf" in schema:
        fitting = sum(not validate(value, part, path) for part in schema["oneOf"])
        if fitting != 1:
            found = "Found none valid" if fitting == 0 else f"Found {fitting} valid alternatives"
            yield invalid_value(path, "", f'"{path}" must validate one and only one schema (oneOf). {found}')
    if "not" in schema and not validate(value, schema["not"], path):
        yield invalid_value(path, "", f'"{path}" must not validate the schema (not)')


def _maximum_length(value: str, limit: int, path: str) -> Iterator[FieldError]:
    if len(value) > limit:
        yield too_long(path, limit)


def _minimum_length(value: str, limit: int, path: str) -> Iterator[FieldError]:
    if len(value) < limit:
        yield invalid_value(path, value, f"{path} in body should be at least {limit} chars long")


def _pattern(value: str, pattern: str, path: str) -> Iterator[FieldError]:
    if not compiled(pattern).search(value):
        yield invalid_value(path, value, f"{path} in body should match '{pattern}'")


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """A pattern as RE2, which runs in linear time; raises `re2.error` for one that RE2 does not know."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _format(value: Any, name: str, path: str) -> Iterator[FieldError]:
    check = _FORMATS.get(name)
    if check is None:
        return
    try:
        fits = check(value)
    except ValueError:
        fits = False
    if not fits:
        text = f'{path} in body must be of type {name}: "{value}"'
        yield FieldError(path, "FieldValueTypeInvalid", invalid_value(path, value, text).detail)


def _maximum(value: float, limit: float, path: str) -> Iterator[FieldError]:
    if value > limit:
        yield invalid_value(path, value, f"{path} in body should be less than or equal to {limit}")


def _minimum(value: float, limit: float, path: str) -> Iterator[FieldError]:
    if value < limit:
        yield invalid_value(path, value, f"{path} in body should be greater than or equal to {limit}")


def _multiple_of(value: float, factor: float, path: str) -> Iterator[FieldError]:
    if Decimal(str(value)) % Decimal(str(factor)) != 0:
        yield invalid_value(path, value, f"{path} in body should be a multiple of {factor}")


def _maximum_items(value: list[Any] | dict[str, Any], limit: int, path: str) -> Iterator[FieldError]:
    if len(value) > limit:
        yield too_many(path, len(value), limit)


def _minimum_items(value: list[Any], limit: int, path: str) -> Iterator[FieldError]:
    if len(value) < limit:
        yield invalid_value(path, len(value), f"{path} in body should have at least {limit} items")


def _minimum_properties(value: dict[str, Any], limit: int, path: str) -> Iterator[FieldError]:
    if len(value) < limit:
        yield invalid_value(path, len(value), f"{path} in body should have at least {limit} properties")


def _unique_items(value: list[Any], unique: bool, path: str) -> Iterator[FieldError]:
    if unique and any(item in value[:index] for index, item in enumerate(value)):
        yield invalid_value(path, value, f"{path} in body shouldn't contain duplicates")


_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _is_date_time(value: str) -> bool:
    return bool(_DATE_TIME.fullmatch(value)) and datetime.fromisoformat(value.upper()) is not None


def _is_base64(value: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) is not None
    except binascii.Error:
        return False


def _fits_bits(bits: int) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, int) or -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


_FORMATS: dict[str, Callable[[Any], bool]] = {
    "byte": _is_base64,
    "date": lambda value: len(value) == 10 and date.fromisoformat(value) is not None,
    "date-time": _is_date_time,
    "ipv4": lambda value: ipaddress.IPv4Address(value) is not None,
    "ipv6": lambda value: ipaddress.IPv6Address(value) is not None,
    "cidr": lambda value: "/" in value and ipaddress.ip_interface(value) is not None,
    "uuid": lambda value: uuid.UUID(value) is not None,
    "int32": _fits_bits(32),
    "int64": _fits_bits(64),
}

_CHECKS: dict[str, dict[str, Callable[[Any, Any, str], Iterator[FieldError]]]] = {
    "string": {
        "maxLength": _maximum_length,
        "minLength": _minimum_length,
        "pattern": _pattern,
        "format": _format,
    },
    "number": {
        "maximum": _maximum,
        "minimum": _minimum,
        "multipleOf": _multiple_of,
        "format": _format,
    },
    "array": {"maxItems": _maximum_items, "minItems": _minimum_items, "uniqueItems": _unique_items},
    "object": {"maxProperties": _maximum_items, "minProperties": _minimum_properties},
}
