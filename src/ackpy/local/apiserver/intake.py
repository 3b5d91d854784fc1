"""The body of a write -> an object that fits its kind, with warnings; called by `writes`.

What kube-apiserver does while decoding: type meta and metadata are checked, unknown fields are pruned and reported as the client
asked (Ignore, Warn, Strict), stray nulls dropped, defaults set.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from ackpy.local.apiserver import protobuf
from ackpy.local.apiserver.pruning import drop_nulls, prune, set_defaults
from ackpy.local.apiserver.schemas import OBJECT_META
from ackpy.local.apiserver.status import (
    ApiError,
    bad_request,
    invalid,
    invalid_value,
    unreadable,
    unsupported_media_type,
)
from ackpy.local.apiserver.validation import child, validate

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind, Schema

Json = dict[str, Any]

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
GO_TYPES = {
    "string": "string",
    "integer": "int64",
    "boolean": "bool",
    "array": "[]interface {}",
    "object": "map[string]interface {}",
}


class Duplicates(dict[str, Any]):
    """A JSON object that knows which of its keys were given more than once."""

    repeated: tuple[str, ...] = ()


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a time stays a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def decode(body: bytes, content_type: str, kind: Kind) -> Json:
    """The object in a body of any type that kube-apiserver takes; raises 400 or 415."""
    media = content_type.split(";", maxsplit=1)[0].strip() or JSON
    if media == PROTOBUF:
        return protobuf.decode(body)
    unrecognized = f"the object provided is unrecognized (must be of type {kind.kind})"
    if media not in (JSON, YAML):
        raise unsupported_media_type((JSON, YAML, PROTOBUF))
    what = f"{unrecognized}: couldn't get version/kind; json parse error"
    found = parse(body, yaml_allowed=media == YAML, what=what)
    if not isinstance(found, dict):
        raise bad_request(f"{unrecognized}: found no JSON object")
    return found


def parse(body: bytes, *, yaml_allowed: bool, what: str) -> Any:
    """JSON or, where allowed, YAML; objects remember their repeated keys."""
    try:
        return json.loads(body, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if not yaml_allowed:
            raise bad_request(f"{what}: {error}") from error
    try:
        return yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise bad_request(f"{what}: error converting YAML to JSON: {error}") from error


def admit(body: Json, kind: Kind, validation: str, *, applied: bool = False) -> tuple[Json, list[str]]:
    """The object that fits the kind's schema, and the warnings; raises 400 for what cannot be decoded, or in Strict mode.

    A custom object that is applied keeps its stray nulls, as in kube-apiserver: the schema then refuses them.
    """
    _check_type_meta(body, kind)
    check_metadata(body, kind)
    if not kind.custom:
        _check_decodable(body, kind)
    problems = [f'duplicate field "{path}"' for path in repeated_keys(body)]
    pruned, unknown = prune(body, kind.schema)
    problems += [f'unknown field "{path}"' for path in unknown]
    if problems and validation == "Strict":
        raise unreadable(kind.kind, kind.version, f"strict decoding error: {', '.join(problems)}")
    told = pruned if applied and kind.custom else drop_nulls(pruned, kind.schema)
    complete = set_defaults(told, kind.schema)
    return complete, problems if validation == "Warn" else []


def repeated_keys(value: object, path: str = "") -> list[str]:
    """The paths of the keys that a JSON text gave more than once."""
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in repeated_keys(item, f"{path}[{index}]")]
    if not isinstance(value, dict):
        return []
    here = [child(path, name) for name in value.repeated] if isinstance(value, Duplicates) else []
    return here + [found for name, item in value.items() for found in repeated_keys(item, child(path, name))]


def _check_type_meta(body: Json, kind: Kind) -> None:
    if kind.custom and not (body.get("kind") and body.get("apiVersion")):
        missing = "Kind" if not body.get("kind") else "apiVersion"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind.kind}): Object '{missing}' is missing"
        )
    body.setdefault("apiVersion", kind.api_version)
    body.setdefault("kind", kind.kind)
    if body["apiVersion"] != kind.api_version:
        raise bad_request(
            f"the API version in the data ({body['apiVersion']}) does not match the expected API version ({kind.api_version})"
        )
    if body["kind"] == kind.kind:
        return
    if not kind.custom:
        raise bad_request(f'{body["kind"]} in version "{kind.version}" cannot be handled as a {kind.kind}')
    name = (body.get("metadata") or {}).get("name", "")
    raise invalid(kind.group, body["kind"], name, [invalid_value("kind", body["kind"], f"must be {kind.kind}")])


def check_metadata(body: Json, kind: Kind) -> None:
    """Raise 400 for metadata whose values are of other types than Go's ObjectMeta has."""
    metadata = body.setdefault("metadata", {})
    if metadata is None:
        metadata = body["metadata"] = {}
    _refuse_wrong_types(metadata, OBJECT_META, kind, "ObjectMeta")


def _check_decodable(body: Json, kind: Kind) -> None:
    """Go decodes a built-in kind into a struct: a value of another type is no object of the kind, rather than an invalid one."""
    rest = {name: value for name, value in body.items() if name != "metadata"}
    _refuse_wrong_types(rest, kind.schema, kind, kind.kind)


def _refuse_wrong_types(value: object, schema: Schema, kind: Kind, struct: str) -> None:
    for error in validate(drop_nulls(value, schema), schema):
        if error.reason != "FieldValueTypeInvalid":
            continue
        found, expected = _types_of(error.detail)
        if expected == "byte":
            raise unreadable(kind.kind, kind.version, f"illegal base64 data in {error.field}")
        where = (
            f"Go struct field {struct}.{_declared(error.field, schema)}"
            if error.field != "<nil>"
            else f"Go value {struct}"
        )
        go_type = GO_TYPES.get(expected, expected)
        raise unreadable(kind.kind, kind.version, f"json: cannot unmarshal {found} into {where} of type {go_type}")


def _declared(path: str, schema: Schema) -> str:
    """The part of a path that Go declares: a key of a map is not part of it."""
    names = path.split(".")
    for index, name in enumerate(names):
        schema = schema.get("properties", {}).get(name.split("[")[0], {})
        if "properties" not in schema:
            return ".".join(names[: index + 1])
    return path


def _types_of(detail: str) -> tuple[str, str]:
    """The types found and expected, out of the text of a type error."""
    found = detail.split('"')[1]
    expected = detail.split(" must be of type ")[1].split(":", maxsplit=1)[0]
    return {"integer": "number", "boolean": "bool"}.get(found, found), expected


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    marked = Duplicates(plain)
    names = [name for name, _ in pairs]
    marked.repeated = tuple(name for name in plain if names.count(name) > 1)
    return marked


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def check_size(obj: Json, limit: int) -> None:
    """Raise 413 for an object of more than `limit` bytes."""
    if len(orjson.dumps(obj)) > limit:
        raise ApiError(
            413, "RequestEntityTooLarge", f"the object is larger than {limit} bytes, the limit of one object", {}
        )
