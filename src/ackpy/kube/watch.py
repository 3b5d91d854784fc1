"""All objects of a resource, now and from now on: list, then watch, for ever. Called by informers, one for each namespace.

What ends a watch (its time-out, a broken or silent connection, an expired version, an unwilling server) is dealt with here; who
iterates sees each object appear, change and go exactly once, whatever was missed on the way. A resource that the server does not
know, for its CRD is not installed, is one of which there are no objects, until it is.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from ackpy.errors import Forbidden, Gone, KubeApiError, KubeError, KubeUnreachable, NotFound
from ackpy.kube.backoff import Backoff
from ackpy.kube.calls import EVERYTHING, ObjectList, Selection
from ackpy.kube.client import KubeClient
from ackpy.kube.errors import api_error
from ackpy.kube.objects import Object, ObjectKey, key_of, metadata, uid_of, version_of
from ackpy.kube.resource import Resource

_log = logging.getLogger(__name__)

_SHORT_LIFE: Final = 1.0
_REFUSALS_BEFORE_RELIST: Final = 3


class EventType(StrEnum):
    """What happened."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    SYNCED = "SYNCED"
    """A list is complete: all objects of that moment have been told. Comes once after the start, and after each relist."""


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`object` is None for SYNCED alone.

    `listed` says that a list told it, not a watch. A DELETED that was missed and found by a list carries the object as last seen.
    """

    type: EventType
    object: Object | None = None
    listed: bool = False


def without_managed_fields(obj: Object) -> Object:
    """The object less metadata.managedFields, which is often half of it and of no use to a controller."""
    if "managedFields" not in metadata(obj):
        return obj
    return {**obj, "metadata": {name: value for name, value in obj["metadata"].items() if name != "managedFields"}}


class ListWatch:
    """One resource, watched. Iterate `events()` once.

    `transform` is applied to each object before it is kept and told; it must keep metadata's name, namespace, uid and
    resourceVersion. `watch_seconds` is how long one watch is asked to last (a random part, at least half of it);
    one that says nothing for `silence` seconds is given up and resumed: API servers send a bookmark every minute, but of a resource
    that never changed since they started.
    """

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        transform: Callable[[Object], Object] = without_managed_fields,
        backoff: Backoff = Backoff(initial=0.8, cap=30.0),  # noqa: B008 - a frozen value
        watch_seconds: float = 600.0,
        silence: float = 120.0,
        random: Random | None = None,
    ) -> None:
        self.resource = resource
        self.selection = selection
        self.resource_version = ""
        self.error: KubeError | None = None
        self._complaint = ""
        self._client = client
        self._clock = client.clock
        self._transform = transform
        self._backoff = backoff
        self._watch_seconds = watch_seconds
        self._silence = silence
        self._random = random or Random()  # noqa: S311 - spreads load, guards nothing
        self._known: dict[ObjectKey, Object] = {}
        self._heard_at = self._clock.monotonic()
        self._failures = 0
        self._refusals = 0

    def age(self) -> float:
        """Seconds since the server last said anything about this resource."""
        return self._clock.monotonic() - self._heard_at

    async def events(self) -> AsyncIterator[WatchEvent]:
        """What happens, for ever. Every KubeError is logged, shown as `error` until the next success, and lived through."""
        while True:
            try:
                if not self.resource_version:
                    for event in await self._list():
                        yield event
                async for event in self._watch():
                    yield event
            except Gone as error:
                _log.info("%s: version %s has expired, listing again", self, self.resource_version)
                self.resource_version = ""
                await self._wait_after(error)
            except KubeError as error:
                if self._is_unknown(error):
                    for event in self._listed(ObjectList((), "")):
                        yield event
                else:
                    self._refused(error)
                await self._wait_after(error)

    def _is_unknown(self, error: KubeError) -> bool:
        """Whether a list says that there is no such resource. The core group's are everywhere: without them it is no API server."""
        return isinstance(error, NotFound) and not self.resource_version and bool(self.resource.group)

    def _refused(self, error: KubeError) -> None:
        """A server that keeps refusing to go on from our version may have lost it (a restored etcd): list again.

        So does who may list and not watch: that is a poll, and the best there is.
        """
        self._refusals = self._refusals + 1 if isinstance(error, KubeApiError) else 0
        if self._refusals >= _REFUSALS_BEFORE_RELIST or isinstance(error, Forbidden):
            self.resource_version = ""

    async def _wait_after(self, error: KubeError) -> None:
        self.error = error
        delay = self._backoff.delay(self._failures, self._random)
        self._failures += 1
        if not self._is_unknown(error):
            _log.log(self._loudness(error), "%s: %s; again in %.1f s", self, error, delay)
        elif self._failures == 1:  # once: it may be meant
            _log.warning("%s: the API server does not know it; install its CRD, it will be picked up", self)
        await self._clock.sleep(delay)

    def _loudness(self, error: KubeError) -> int:
        """The level to log a failure at: what may be meant, and what ends many a watch, is not to fill the log."""
        if isinstance(error, Forbidden):
            known, self._complaint = self._complaint == str(error), str(error)
            return logging.DEBUG if known else logging.WARNING
        if self._failures > 1:
            return logging.WARNING
        return logging.INFO if isinstance(error, KubeApiError) else logging.DEBUG

    def _heard(self) -> None:
        self._heard_at = self._clock.monotonic()
        self.error = None

    def _progressed(self) -> None:
        self._heard()
        self._failures = 0
        self._refusals = 0
        self._complaint = ""

    async def _list(self) -> list[WatchEvent]:
        return self._listed(await self._client.list(self.resource, self.selection))

    def _listed(self, listing: ObjectList) -> list[WatchEvent]:
        listed = {key_of(item): self._transform(item) for item in listing.items}
        events = [*self._gone(listed), *self._new(listed), WatchEvent(EventType.SYNCED, listed=True)]
        self._known = listed
        self.resource_version = listing.resource_version
        self._heard()
        return events

    def _gone(self, listed: dict[ObjectKey, Object]) -> Iterator[WatchEvent]:
        for key, before in self._known.items():
            if key not in listed or uid_of(listed[key]) != uid_of(before):
                yield WatchEvent(EventType.DELETED, before, listed=True)

    def _new(self, listed: dict[ObjectKey, Object]) -> Iterator[WatchEvent]:
        for key, obj in listed.items():
            before = self._known.get(key)
            if before is None or uid_of(before) != uid_of(obj):
                yield WatchEvent(EventType.ADDED, obj, listed=True)
            elif version_of(before) != version_of(obj):
                yield WatchEvent(EventType.MODIFIED, obj, listed=True)

    async def _watch(self) -> AsyncIterator[WatchEvent]:
        started = self._clock.monotonic()
        seconds = max(1, int(self._watch_seconds * self._random.uniform(0.5, 1.0)))
        heard = False
        async with self._client.watch(
            self.resource,
            self.selection,
            resource_version=self.resource_version,
            seconds=seconds,
            silence=self._silence,
        ) as stream:
            self._heard()
            try:
                async for raw in stream:
                    event = self._told(raw)
                    self._progressed()
                    heard = True
                    if event is not None:
                        yield event
            except KubeUnreachable:
                self._broken(self._clock.monotonic() - started)
                raise
        if not heard and self._clock.monotonic() - started < _SHORT_LIFE:
            raise KubeError("the watch ended as soon as it began")

    def _broken(self, age: float) -> None:
        """A watch that breaks after a life is no failure to back off from: of a kind without objects a server may say nothing for long."""
        if age >= min(_SHORT_LIFE, self._silence):
            self._failures = 0

    def _told(self, raw: Object) -> WatchEvent | None:
        """The event on one line of the watch; None when it says nothing new."""
        kind, obj = raw.get("type"), raw.get("object") or {}
        if kind == "ERROR":
            raise api_error(obj, 500)
        self.resource_version = version_of(obj) or self.resource_version
        if kind == "BOOKMARK":
            return None
        return self._applied(str(kind), self._transform(obj))

    def _applied(self, kind: str, obj: Object) -> WatchEvent | None:
        """What an event means given what is known: after a resume, a server may tell again what it told before."""
        key = key_of(obj)
        before = self._known.get(key)
        if kind == EventType.DELETED:
            return WatchEvent(EventType.DELETED, obj) if self._known.pop(key, None) is not None else None
        if before is not None and version_of(before) == version_of(obj):
            return None
        self._known[key] = obj
        return WatchEvent(EventType.ADDED if before is None else EventType.MODIFIED, obj)

    def __str__(self) -> str:
        namespace = self.selection.namespace
        return f"watch of {self.resource}{f' in {namespace}' if namespace else ''}"
