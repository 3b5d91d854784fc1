"""Finalizers: what keeps an object until we have cleaned up after it. Pure functions; reconcilers send the patches they return.

A merge patch replaces the whole list, so each carries the resourceVersion it was made from: Conflict, if somebody wrote between.
"""

from __future__ import annotations

from ackpy.kube.objects import Object, finalizers_of, version_of


def has_finalizer(obj: Object, name: str) -> bool:
    """Whether this finalizer holds the object."""
    return name in finalizers_of(obj)


def add_finalizer(obj: Object, name: str) -> Object | None:
    """The merge patch that adds a finalizer at the end; None when it is there already."""
    return None if has_finalizer(obj, name) else _patch(obj, [*finalizers_of(obj), name])


def remove_finalizer(obj: Object, name: str) -> Object | None:
    """The merge patch that takes a finalizer away; None when it is not there."""
    if not has_finalizer(obj, name):
        return None
    return _patch(obj, [other for other in finalizers_of(obj) if other != name])


def _patch(obj: Object, finalizers: list[str]) -> Object:
    return {"metadata": {"finalizers": finalizers or None, "resourceVersion": version_of(obj)}}
