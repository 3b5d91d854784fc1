"""Changes -> the events of one client's watch; `cluster` publishes them to `watchers`, `app` streams.

A watch begins with what is there or with the history after a resource version, then follows the writes as they are made. A
client that falls too far behind is cut off and lists again.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.options import ListOptions, parse_version
from ackpy.local.apiserver.status import expired, future_version
from ackpy.local.apiserver.versions import from_stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.selectors import Test
    from ackpy.local.apiserver.storage import Change

Json = dict[str, Any]

BACKLOG = 20_000
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and its object."""

    type: str
    obj: Json


class Watch:
    """One client's watch. Making it fixes where it starts; iterating gives its events until the time is up."""

    def __init__(self, cluster: Cluster, kind: Kind, namespace: str, options: ListOptions, matches: Test) -> None:
        self._cluster = cluster
        self._kind = kind
        self._namespace = namespace
        self._options = options
        self._matches = matches
        self._start = cluster.storage.revision
        self._first = self._beginning()
        self._subscription = cluster.watchers.subscribe(kind.stored_resource, limit=BACKLOG)

    def close(self) -> None:
        """Leave."""
        self._cluster.watchers.unsubscribe(self._subscription)

    async def events(self) -> AsyncIterator[Event]:
        """The events, until the time that the client gave (or half an hour to an hour) is up."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (self._options.timeout or random.uniform(1800, 3600))  # noqa: S311 - spreads the reconnects
        for event in self._first:
            yield event
            if event.type == "ERROR":
                return
        while (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, self._cluster.watchers.bookmark_seconds)):
                    change = await self._subscription.next()
            except TimeoutError:
                if self._options.bookmarks and self._subscription.is_idle():
                    yield self._bookmark(max(self._start, self._cluster.published))
                continue
            if change is None:
                return
            if (
                change.revision > self._start
            ):  # what was written but not yet told of when the watch began is in its first events
                for event in self._of_change(change):
                    yield event

    def _beginning(self) -> list[Event]:
        version = parse_version(self._options.version) if self._options.version else 0
        storage = self._cluster.storage
        if version > storage.revision:
            raise future_version(version, storage.revision)
        if self._options.initial_events or version == 0:
            present = [] if self._options.initial_events is False else self._present()
            return present + (
                [self._initial_events_end()] if self._options.initial_events and self._options.bookmarks else []
            )
        if version < storage.compacted:
            text = f"too old resource version: {version} ({storage.compacted})"
            return [Event("ERROR", expired(text).status())]
        changes = storage.changes_since(version, self._kind.stored_resource)
        return [event for change in changes for event in self._of_change(change)]

    def _present(self) -> list[Event]:
        rows = self._cluster.storage.present(self._kind.stored_resource, self._namespace)
        objects = (from_stored(row, self._kind) for row in rows)
        return [Event("ADDED", obj) for obj in objects if self._matches(obj)]

    def _of_change(self, change: Change) -> Iterator[Event]:
        """A change as the selectors see it: an object that comes to match is added, one that ceases to is deleted."""
        if self._namespace and change.key.namespace != self._namespace:
            return
        before = None if change.before is None else from_stored(change.before, self._kind)
        last = from_stored(change.last, self._kind)
        did_match = before is not None and self._matches(before)
        does_match = change.after is not None and self._matches(last)
        if does_match:
            yield Event("MODIFIED" if did_match else "ADDED", last)
        elif did_match and before is not None:
            shown = last if change.after is None else _at_version(before, change.revision)
            yield Event("DELETED", shown)

    def _bookmark(self, revision: int, annotations: Json | None = None) -> Event:
        metadata: Json = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        return Event("BOOKMARK", {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata})

    def _initial_events_end(self) -> Event:
        return self._bookmark(self._start, {INITIAL_EVENTS_END: "true"})


def _at_version(obj: Json, revision: int) -> Json:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
