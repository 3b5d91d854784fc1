"""A patch document and the present object -> the object that the client wants; called by `writes`.

JSON patch (RFC 6902) by the jsonpatch library, merge patch (RFC 7386) and Kubernetes' strategic merge patch here.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import jsonpatch

from ackpy.local.apiserver.pruning import schema_of
from ackpy.local.apiserver.status import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from ackpy.local.apiserver.kinds import Schema

Json = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
OPERATIONS_LIMIT = 10_000

ORDER, DELETE_FROM = "$setElementOrder/", "$deleteFromPrimitiveList/"


def json_patch(obj: Json, patch: Any, _schema: Schema) -> Json:
    """The object after the operations, all or none; raises 422 when one does not apply."""
    if not isinstance(patch, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    if len(patch) > OPERATIONS_LIMIT:
        limit = f"The allowed maximum operations in a JSON patch is {OPERATIONS_LIMIT}, got {len(patch)}"
        raise ApiError(413, "RequestEntityTooLarge", limit, {})
    try:
        patched: Json = jsonpatch.apply_patch(obj, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {}) from error
    return _object(patched)


def merge_patch(obj: Json, patch: Any, _schema: Schema) -> Json:
    """The object with the patch's values; null removes."""
    return _object(_merged(obj, _object(patch)))


def strategic_patch(obj: Json, patch: Any, schema: Schema) -> Json:
    """The object with the patch's values; lists that have a merge key are merged, and directives are obeyed."""
    return _object(_strategic(obj, _object(patch), schema))


PATCHES: dict[str, Callable[[Json, Any, Schema], Json]] = {
    JSON_PATCH: json_patch,
    MERGE_PATCH: merge_patch,
    STRATEGIC_PATCH: strategic_patch,
}


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise bad_request("error decoding patch: a patch of an object must give an object")
    return value


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result


def _strategic(target: Any, patch: Any, schema: Schema) -> Any:
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    if directive in ("replace", "delete"):
        return {} if directive == "delete" else {name: item for name, item in patch.items() if name != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {name: item for name, item in result.items() if name in patch["$retainKeys"]}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        inner = schema_of(schema, name) or {}
        if value is None:
            result.pop(name, None)
        elif isinstance(value, list):
            result[name] = _strategic_list(result.get(name), value, inner)
        else:
            result[name] = _strategic(result.get(name), value, inner)
    return _list_directives(result, patch, schema)


def _strategic_list(target: Any, patch: list[Any], schema: Schema) -> list[Any]:
    if schema.get("x-kubernetes-patch-strategy") != "merge" or not isinstance(target, list):
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        return [*target, *(item for item in patch if item not in target)]
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    return _merged_by_key(target, patch, schema, key)


def _merged_by_key(target: list[Json], patch: list[Json], schema: Schema, key: str) -> list[Any]:
    result = copy.copy(target)
    for item in patch:
        if key not in item:
            raise bad_request(f"an item of the list does not contain declared merge key: {key}")
        position = next((index for index, found in enumerate(result) if found.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [found for found in result if found.get(key) != item[key]]
        elif position is None:
            result.append(_strategic({}, item, schema.get("items") or {}))
        else:
            result[position] = _strategic(result[position], item, schema.get("items") or {})
    return result


def _list_directives(result: Json, patch: Json, schema: Schema) -> Json:
    for name, value in patch.items():
        if name.startswith(DELETE_FROM):
            field = name.removeprefix(DELETE_FROM)
            result[field] = [item for item in result.get(field) or () if item not in value]
        elif name.startswith(ORDER):
            field = name.removeprefix(ORDER)
            if isinstance(result.get(field), list):
                inner = schema_of(schema, field) or {}
                result[field] = _ordered(result[field], value, inner.get("x-kubernetes-patch-merge-key"))
    return result


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    def identity(item: Any) -> Any:
        return item.get(key) if key is not None and isinstance(item, dict) else item

    places = {str(identity(item)): index for index, item in enumerate(order)}
    return sorted(items, key=lambda item: places.get(str(identity(item)), len(places)))
