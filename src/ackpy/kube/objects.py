"""Plain dict objects: keys, metadata accessors and merge patches. Called by everything that touches an object.

Accessors never raise for a field that is missing: an object from a stranger's server may lack any of them.
They return what the object holds, not a copy: objects from a Store are shared and must not be changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as JSON gives it."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What tells objects of one resource apart; `namespace` is empty for objects that live in none."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def metadata(obj: Mapping[str, Any]) -> dict[str, Any]:
    """`metadata`, or an empty dict."""
    return obj.get("metadata") or {}


def key_of(obj: Mapping[str, Any]) -> ObjectKey:
    """The key of an object; an object without a name has the empty name."""
    meta = metadata(obj)
    return ObjectKey(meta.get("namespace") or "", meta.get("name") or "")


def uid_of(obj: Mapping[str, Any]) -> str:
    """`metadata.uid`, or the empty string."""
    return metadata(obj).get("uid") or ""


def generation_of(obj: Mapping[str, Any]) -> int:
    """`metadata.generation`, or 0."""
    return metadata(obj).get("generation") or 0


def version_of(obj: Mapping[str, Any]) -> str:
    """`metadata.resourceVersion`, or the empty string."""
    return metadata(obj).get("resourceVersion") or ""


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """`metadata.labels`, or an empty dict."""
    return metadata(obj).get("labels") or {}


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """`metadata.annotations`, or an empty dict."""
    return metadata(obj).get("annotations") or {}


def finalizers_of(obj: Mapping[str, Any]) -> list[str]:
    """`metadata.finalizers`, or an empty list."""
    return metadata(obj).get("finalizers") or []


def owners_of(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`metadata.ownerReferences`, or an empty list."""
    return metadata(obj).get("ownerReferences") or []


def is_being_deleted(obj: Mapping[str, Any]) -> bool:
    """Whether the object has a deletion timestamp: it goes once its finalizers are gone."""
    return bool(metadata(obj).get("deletionTimestamp"))


def conditions_of(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`status.conditions`, or an empty list."""
    return (obj.get("status") or {}).get("conditions") or []


def condition_of(obj: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """The first condition of this type."""
    return next((entry for entry in conditions_of(obj) if entry.get("type") == kind), None)


def owner_reference(owner: Mapping[str, Any], *, controller: bool = True) -> dict[str, Any]:
    """The entry that makes another object owned by `owner` (and, with `controller`, managed by it)."""
    meta = metadata(owner)
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": controller,
        "blockOwnerDeletion": True,
    }


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """The smallest RFC 7396 merge patch that turns `before` into `after`; None when there is nothing to change.

    Lists are replaced whole. A null in `after` means that the field is absent, for a merge patch cannot say otherwise.
    """
    patch: dict[str, Any] = {
        name: None for name, value in before.items() if value is not None and after.get(name) is None
    }
    for name, wanted in after.items():
        if wanted is None:
            continue
        found = before.get(name)
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            inner = merge_patch(found, wanted)
            if inner is not None:
                patch[name] = inner
        elif not same_json(found, wanted):
            patch[name] = _without_nulls(wanted)
    return patch or None


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """What RFC 7396 makes of `target` and `patch`; neither is changed, though the result may share parts with both."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_merge_patch(merged.get(name), value)
    return merged


def same_json(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1, though Python says so; 1 is 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(value, other[name]) for name, value in one.items())
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value
