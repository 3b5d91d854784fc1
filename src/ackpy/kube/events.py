"""Events about objects: recorded without waiting, written in the background. Reconcilers record, a Manager runs the recorder.

Core v1 Events, the kind that `kubectl describe` and `kubectl get events` show. The same event about the same object is one Event with a
growing count. What cannot be written is counted and logged, and never holds up a pass.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final, Literal, TypeAlias

from ackpy.errors import KubeError, KubeUnreachable, NotFound
from ackpy.kube.backoff import Backoff
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import timestamp
from ackpy.kube.objects import Object, ObjectKey, key_of, metadata, uid_of
from ackpy.kube.resource import EVENTS

_log = logging.getLogger(__name__)

EventKind: TypeAlias = Literal["Normal", "Warning"]

_REMEMBERED: Final = 4096
_MESSAGE_BYTES: Final = 1024  # the API server refuses more
_NAME_BYTES: Final = 253
_ATTEMPTS: Final = 5
_BACKOFF: Final = Backoff(initial=1.0, cap=10.0)


@dataclass(frozen=True, slots=True)
class _Sameness:
    """What makes two events the same."""

    uid: str
    kind: EventKind
    reason: str
    message: str


@dataclass(slots=True)
class _Pending:
    about: dict[str, Any]
    count: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class _Written:
    key: ObjectKey
    count: int


class EventRecorder:
    """Records events about objects. `counts` tells how many were recorded, written, dropped (no room) and failed."""

    def __init__(
        self,
        client: KubeClient,
        component: str,
        *,
        instance: str = "",
        capacity: int = 1024,
        random: Random | None = None,
    ) -> None:
        self.counts: Counter[Literal["recorded", "written", "dropped", "failed"]] = Counter()
        self._client = client
        self._component = component
        self._instance = instance or component
        self._capacity = capacity
        self._random = random or Random()  # noqa: S311 - makes names differ, guards nothing
        self._pending: OrderedDict[_Sameness, _Pending] = OrderedDict()
        self._written: OrderedDict[_Sameness, _Written] = OrderedDict()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def record(self, about: Object, kind: EventKind, reason: str, message: str) -> None:
        """Note an event about an object; returns at once. `reason` is CamelCase; a message too long for an Event is cut short."""
        self.counts["recorded"] += 1
        same = _Sameness(uid_of(about), kind, reason, _cut(message))
        now = self._client.clock.now()
        pending = self._pending.get(same)
        if pending is not None:
            pending.count += 1
            pending.last = now
        elif len(self._pending) >= self._capacity:
            self.counts["dropped"] += 1
            _log.warning("dropping event %s about %s: %d are waiting", reason, key_of(about), self._capacity)
        else:
            self._pending[same] = _Pending(_reference(about), 1, now, now)
            self._idle.clear()
            self._news.set()

    async def run(self) -> None:
        """Write what is recorded, until cancelled."""
        while True:
            await self._news.wait()
            while self._pending:
                same, pending = self._pending.popitem(last=False)
                await self._write_stubbornly(same, pending)
            self._news.clear()
            self._idle.set()

    async def flush(self) -> None:
        """Return when all that was recorded is written or has failed; `run` must be running."""
        await self._idle.wait()

    async def _write_stubbornly(self, same: _Sameness, pending: _Pending) -> None:
        """Write an event; only a server that does not answer is asked again."""
        for attempt in range(_ATTEMPTS):
            try:
                await self._write(same, pending)
            except KubeUnreachable as error:
                if attempt + 1 == _ATTEMPTS:
                    self._failed(same, pending, error)
                    return
                await self._client.clock.sleep(_BACKOFF.delay(attempt, self._random))
            except KubeError as error:
                self._failed(same, pending, error)
                return
            else:
                self.counts["written"] += 1
                return

    def _failed(self, same: _Sameness, pending: _Pending, error: KubeError) -> None:
        self.counts["failed"] += 1
        _log.warning("event %s about %s was not written: %s", same.reason, pending.about.get("name"), error)

    async def _write(self, same: _Sameness, pending: _Pending) -> None:
        written = self._written.get(same)
        if written is None or not await self._repeat(written, pending):
            written = await self._create(same, pending)
        self._written[same] = written
        self._written.move_to_end(same)
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)

    async def _repeat(self, written: _Written, pending: _Pending) -> bool:
        """Raise the count of an Event that is there; False when it has expired (they live for an hour)."""
        count = written.count + pending.count
        try:
            await self._client.patch(EVENTS, written.key, {"count": count, "lastTimestamp": timestamp(pending.last)})
        except NotFound:
            return False
        written.count = count
        return True

    async def _create(self, same: _Sameness, pending: _Pending) -> _Written:
        suffix = f".{self._random.getrandbits(64):016x}"
        name = (pending.about["name"][: _NAME_BYTES - len(suffix)]).rstrip(".-") + suffix
        key = ObjectKey(pending.about.get("namespace") or "default", name)
        await self._client.create(EVENTS, self._event(key, same, pending))
        return _Written(key, pending.count)

    def _event(self, key: ObjectKey, same: _Sameness, pending: _Pending) -> Object:
        return {
            **EVENTS.type_meta,
            "metadata": {"namespace": key.namespace, "name": key.name},
            "involvedObject": pending.about,
            "type": same.kind,
            "reason": same.reason,
            "message": same.message,
            "count": pending.count,
            "firstTimestamp": timestamp(pending.first),
            "lastTimestamp": timestamp(pending.last),
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": self._instance,
        }


def _reference(about: Object) -> dict[str, Any]:
    meta = metadata(about)
    reference = {
        "apiVersion": about.get("apiVersion"),
        "kind": about.get("kind"),
        "namespace": meta.get("namespace"),
        "name": meta.get("name"),
        "uid": meta.get("uid"),
        "resourceVersion": meta.get("resourceVersion"),
    }
    return {name: value for name, value in reference.items() if value}


def _cut(message: str) -> str:
    """A message of 1,024 bytes at most, ending in dots when it was longer."""
    if len(message.encode()) <= _MESSAGE_BYTES:
        return message
    return message.encode()[: _MESSAGE_BYTES - 3].decode("utf-8", "ignore") + "..."
