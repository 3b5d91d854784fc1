"""Which changes of an object are worth a pass. A Controller asks one; these are the usual ones, and the ways to join them.

An object that appears or goes always is. None compares resourceVersion: that changes with every write of status, our own too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.runtime.ownwrites import OwnWrites
from ackpy.runtime.store import Change

_BOOKKEEPING: Final = frozenset({"resourceVersion", "generation", "managedFields"})

Predicate: TypeAlias = Callable[[Change], bool]
"""Whether a change is worth a pass. It must answer for any object, and raise nothing."""


def of_modified(differs: Callable[[Object, Object], bool]) -> Predicate:
    """True for an object that appears, goes, or is replaced by one of the same name; else what `differs(before, after)` says."""

    def predicate(change: Change) -> bool:
        before, after = change.before, change.after
        if before is None or after is None or objects.uid_of(before) != objects.uid_of(after):
            return True
        return differs(before, after)

    return predicate


generation_changed: Predicate = of_modified(
    lambda before, after: objects.generation_of(before) != objects.generation_of(after)
)
"""The spec was edited."""

deletion_changed: Predicate = of_modified(
    lambda before, after: objects.is_being_deleted(before) != objects.is_being_deleted(after)
)
"""Its deletion was asked for."""

labels_changed: Predicate = of_modified(lambda before, after: objects.labels_of(before) != objects.labels_of(after))
"""Its labels were edited."""

anything_changed: Predicate = of_modified(lambda before, after: _content(before) != _content(after))
"""Anything but what changes with every write: for objects that others refer to, and for kinds without a generation."""


def annotations_changed(ignoring: Iterable[str] = ()) -> Predicate:
    """Its annotations were edited, not counting those named; a name that ends in `/` stands for all that begin with it."""
    names = frozenset(ignoring)
    prefixes = tuple(name for name in names if name.endswith("/"))

    def kept(obj: Object) -> dict[str, str]:
        return {
            name: value
            for name, value in objects.annotations_of(obj).items()
            if name not in names and not name.startswith(prefixes)
        }

    return of_modified(lambda before, after: kept(before) != kept(after))


def any_of(*predicates: Predicate) -> Predicate:
    """True when one is."""
    return lambda change: any(predicate(change) for predicate in predicates)


def all_of(*predicates: Predicate) -> Predicate:
    """True when all are."""
    return lambda change: all(predicate(change) for predicate in predicates)


def edited(ignoring: Iterable[str] = ()) -> Predicate:
    """What a controller asks unless told otherwise: spec, deletion, or annotations less `ignoring` have changed."""
    return any_of(generation_changed, deletion_changed, annotations_changed(ignoring))


def foreign(own_writes: OwnWrites, author: str) -> Predicate:
    """The change is not this author's own write, or not that alone."""
    return of_modified(lambda _, after: not own_writes.is_own(after, author))


def _content(obj: Object) -> dict[str, Any]:
    meta = {name: value for name, value in objects.metadata(obj).items() if name not in _BOOKKEEPING}
    return {**obj, "metadata": meta}
