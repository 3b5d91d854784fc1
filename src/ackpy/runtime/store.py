"""Objects by key, with indexes and a feed of changes. An Informer fills it; reconcilers and pages look things up in it.

Objects are shared with everybody who asks: they must never be changed in place. All methods belong to one event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from ackpy.kube.objects import Object, ObjectKey, key_of
from ackpy.runtime.lookup import Absence, Lookup

IndexFunction: TypeAlias = Callable[[Object], Iterable[str]]
"""The values under which an object is found. It must answer for any object: what it raises ends the informer."""

_FEED_LENGTH: Final = 1024


class ChangeType(StrEnum):
    """What happened to an object."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object. `sequence` counts the store's changes from 1.

    `before` is None when added, `after` when deleted. `initial`: there before we looked, told by the first list.
    """

    sequence: int
    type: ChangeType
    key: ObjectKey
    before: Object | None
    after: Object | None
    initial: bool = False

    @property
    def object(self) -> Object:
        """The object after the change; of a deleted one, the last that was seen."""
        latest = self.after if self.after is not None else self.before
        assert latest is not None  # noqa: S101 - one of the two is always there
        return latest


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """A store at one moment: what `changes(sequence)` continues."""

    sequence: int
    synced: bool
    objects: Mapping[ObjectKey, Object]


class Store:
    """The objects of one resource."""

    def __init__(self, indexes: Mapping[str, IndexFunction] | None = None, *, feed_length: int = _FEED_LENGTH) -> None:
        self.sequence = 0
        self.synced = False
        self._objects: dict[ObjectKey, Object] = {}
        self._indexes = {name: _Index(function) for name, function in (indexes or {}).items()}
        self._feed: deque[Change] = deque(maxlen=feed_length)
        self._waiting: set[asyncio.Future[None]] = set()

    def get(self, key: ObjectKey) -> Lookup:
        """The object; Absence.MISSING if there is none, Absence.UNKNOWN while the first list is not complete."""
        found = self._objects.get(key)
        if found is not None:
            return found
        return Absence.MISSING if self.synced else Absence.UNKNOWN

    def list(self, namespace: str = "") -> tuple[Object, ...]:
        """All objects, or those of a namespace, as far as they are known (see `synced`)."""
        return tuple(obj for key, obj in self._objects.items() if not namespace or key.namespace == namespace)

    def __len__(self) -> int:
        return len(self._objects)

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Index all objects, present and to come. ValueError when the name is taken."""
        if name in self._indexes:
            raise ValueError(f"index {name!r} exists already")
        index = _Index(function)
        for key, obj in self._objects.items():
            index.put(key, obj)
        self._indexes[name] = index

    def has_index(self, name: str) -> bool:
        """Whether there is such an index."""
        return name in self._indexes

    def by_index(self, name: str, value: str) -> tuple[Object, ...]:
        """The objects that have this value in the index. KeyError when there is no such index."""
        return tuple(self._objects[key] for key in self._indexes[name].keys(value))

    def index_values(self, name: str, key: ObjectKey) -> frozenset[str]:
        """The values that one object has in the index; empty for an object that is not here."""
        return self._indexes[name].values(key)

    def put(self, obj: Object, *, initial: bool = False) -> Change:
        """Take an object in, or its new version."""
        key = key_of(obj)
        before = self._objects.get(key)
        self._objects[key] = obj
        for index in self._indexes.values():
            index.put(key, obj)
        kind = ChangeType.ADDED if before is None else ChangeType.MODIFIED
        return self._record(kind, key, before, obj, initial=initial)

    def remove(self, key: ObjectKey, last: Object | None = None) -> Change | None:
        """Drop an object; `last` is its last version, when known. None when it was not here."""
        before = self._objects.pop(key, None)
        if before is None:
            return None
        for index in self._indexes.values():
            index.remove(key)
        return self._record(ChangeType.DELETED, key, last or before, None)

    def mark_synced(self) -> None:
        """The first list is complete: from now on an absent object is a missing one."""
        self.synced = True

    def changes(self, since: int) -> tuple[Change, ...] | None:
        """The changes after a sequence number; None when the feed reaches no longer back that far: take a snapshot."""
        wanted = self.sequence - since
        if wanted > len(self._feed):
            return None
        return tuple(change for change in self._feed if change.sequence > since) if wanted > 0 else ()

    async def changed(self, since: int) -> int:
        """Wait until there is a change after this sequence number; returns the latest number."""
        while self.sequence <= since:
            news = asyncio.get_running_loop().create_future()
            self._waiting.add(news)
            try:
                await news
            finally:
                self._waiting.discard(news)
        return self.sequence

    def snapshot(self) -> StoreSnapshot:
        """All objects at this moment."""
        return StoreSnapshot(self.sequence, self.synced, MappingProxyType(dict(self._objects)))

    def _record(
        self, kind: ChangeType, key: ObjectKey, before: Object | None, after: Object | None, *, initial: bool = False
    ) -> Change:
        self.sequence += 1
        change = Change(self.sequence, kind, key, before, after, initial)
        self._feed.append(change)
        for news in self._waiting:
            if not news.done():
                news.set_result(None)
        return change


class _Index:
    """One index, both ways: from an object to its values, and from a value to its objects in the order they came."""

    def __init__(self, function: IndexFunction) -> None:
        self._function = function
        self._values: dict[ObjectKey, frozenset[str]] = {}
        self._keys: dict[str, dict[ObjectKey, None]] = {}

    def put(self, key: ObjectKey, obj: Object) -> None:
        values = frozenset(self._function(obj))
        before = self._values.get(key, frozenset())
        if values == before:
            return
        self._leave(key, before - values)
        for value in values - before:
            self._keys.setdefault(value, {})[key] = None
        if values:
            self._values[key] = values
        else:
            del self._values[key]

    def remove(self, key: ObjectKey) -> None:
        self._leave(key, self._values.pop(key, frozenset()))

    def keys(self, value: str) -> Iterable[ObjectKey]:
        return self._keys.get(value, ())

    def values(self, key: ObjectKey) -> frozenset[str]:
        return self._values.get(key, frozenset())

    def _leave(self, key: ObjectKey, values: Iterable[str]) -> None:
        for value in values:
            keys = self._keys[value]
            del keys[key]
            if not keys:
                del self._keys[value]
