"""Which object to look at next: each at most once in the queue and once in a pass. A Controller fills and drains it.

An addition is a key, a cause, a priority and a time. Additions of one key are merged until a pass takes them: it gets all causes whose
time has come, and supersedes those whose time has not, for it looks at everything and says itself when to look again. A key that is
added while its pass runs waits for the end of it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final, Protocol

from ackpy.kube.backoff import Backoff
from ackpy.kube.clock import Clock, SystemClock
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import PRIORITY_OF, Cause, Priority
from ackpy.runtime.ready import Ready

_STALE_TIMERS: Final = 64


class QueueClosed(Exception):
    """The queue was closed: there is nothing more to do."""


class QueueObserver(Protocol):
    """What wants to count a queue's work."""

    def added(self) -> None:
        """A key was added."""
        ...

    def retried(self) -> None:
        """A key was added after a failed pass."""
        ...

    def waited(self, seconds: float) -> None:
        """A pass begins for a key that had been due for so long."""
        ...

    def worked(self, seconds: float) -> None:
        """A pass ended that took so long."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """What a pass takes from the queue. `attempt` counts the failed passes in a row before it."""

    key: ObjectKey
    causes: frozenset[str]
    priority: int
    attempt: int


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """A queue at one moment.

    `ready` by priority, `delayed` in how many seconds, `active` for how many seconds in a pass, `failures` in a row, `retries` in how
    many seconds what did not succeed is tried again.
    """

    ready: Mapping[ObjectKey, int]
    delayed: Mapping[ObjectKey, float]
    active: Mapping[ObjectKey, float]
    failures: Mapping[ObjectKey, int]
    retries: Mapping[ObjectKey, float]


@dataclass(slots=True)
class _Want:
    due: float
    priority: int


class WorkQueue:
    """A de-duplicating, delaying, prioritised queue of object keys. All methods belong to one event loop's thread."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        backoff: Backoff = Backoff(initial=1.0, cap=1000.0),  # noqa: B008 - a frozen value
        observer: QueueObserver | None = None,
        random: Random | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._backoff = backoff
        self._observer = observer
        self._random = random or Random()  # noqa: S311 - spreads load, guards nothing
        self._wants: dict[ObjectKey, dict[str, _Want]] = {}
        self._ready = Ready()
        self._active: dict[ObjectKey, float] = {}
        self._failures: dict[ObjectKey, int] = {}
        self._timers: list[tuple[float, ObjectKey]] = []
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_due = float("inf")
        self._news = asyncio.Event()
        self._closed = False

    def add(self, key: ObjectKey, *, cause: str, priority: int | None = None, after: float = 0.0) -> None:
        """Ask for a pass, `after` so many seconds; merged with what is asked for already. Nothing once closed.

        A repeated cause keeps its earlier time and its higher priority. No priority: that of the cause.
        """
        if self._closed:
            return
        due = self._clock.monotonic() + max(after, 0.0)
        if priority is None:
            priority = PRIORITY_OF.get(cause, Priority.DEPENDENCY)
        self._want(key, cause, _Want(due, priority))
        if self._observer is not None:
            self._observer.added()
        if after > 0:
            self._set_timer(due, key)
        self._place(key)  # also for later: a want that is due already may have gained priority

    def retry(self, key: ObjectKey, *, cause: str = Cause.RETRY, priority: int | None = None) -> float:
        """Ask for a pass after a delay that doubles with each call since `forget`; returns the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = self._backoff.delay(failures, self._random)
        if self._observer is not None:
            self._observer.retried()
        self.add(key, cause=cause, priority=priority, after=delay)
        return delay

    def forget(self, key: ObjectKey) -> None:
        """The last pass was no failure: start the back-off anew."""
        self._failures.pop(key, None)

    def attempts(self, key: ObjectKey) -> int:
        """How many passes failed in a row."""
        return self._failures.get(key, 0)

    async def get(self) -> Item:
        """Wait for a key that is due and in no pass, and begin its pass; `done` ends it. QueueClosed when closed."""
        while not self._closed:
            if self._ready:
                return self._take()
            self._news.clear()
            await self._news.wait()
        raise QueueClosed

    def done(self, key: ObjectKey) -> None:
        """The pass of a key has ended. KeyError when there was none."""
        started = self._active.pop(key)
        if self._observer is not None:
            self._observer.worked(self._clock.monotonic() - started)
        if key in self._wants:
            self._place(key)

    def close(self) -> None:
        """End: nothing is added or taken any more; passes under way may still end."""
        self._closed = True
        self._news.set()
        if self._alarm is not None:
            self._alarm.cancel()

    def __len__(self) -> int:
        """How many keys are due and in no pass."""
        return len(self._ready)

    def depths(self) -> Mapping[int, int]:
        """How many keys are due at each priority."""
        return self._ready.depths()

    def due(self, priority: int) -> tuple[ObjectKey, ...]:
        """The keys that are due at no more than a priority, and those in a pass now."""
        return (*self._active, *self._ready.up_to(priority))

    def snapshot(self) -> QueueSnapshot:
        """The queue at this moment."""
        now = self._clock.monotonic()
        ready = {key: self._priority(key, now) for key in self._ready}
        delayed = {
            key: min(want.due for want in wants.values()) - now
            for key, wants in self._wants.items()
            if key not in ready
        }
        active = {key: now - started for key, started in self._active.items()}
        retries = {
            key: max(0.0, wants[Cause.RETRY].due - now) for key, wants in self._wants.items() if Cause.RETRY in wants
        }
        return QueueSnapshot(
            MappingProxyType(ready),
            MappingProxyType(delayed),
            MappingProxyType(active),
            MappingProxyType(dict(self._failures)),
            MappingProxyType(retries),
        )

    def _want(self, key: ObjectKey, cause: str, want: _Want) -> None:
        wants = self._wants.setdefault(key, {})
        before = wants.get(cause)
        if before is None:
            wants[cause] = want
        else:
            before.due = min(before.due, want.due)
            before.priority = max(before.priority, want.priority)

    def _take(self) -> Item:
        key = self._ready.pop()
        now = self._clock.monotonic()
        due = {cause: want for cause, want in self._wants.pop(key).items() if want.due <= now}
        self._active[key] = now
        if self._observer is not None:
            self._observer.waited(now - min(want.due for want in due.values()))
        priority = max(want.priority for want in due.values())
        return Item(key, frozenset(due), priority, self._failures.get(key, 0))

    def _place(self, key: ObjectKey) -> None:
        """Make a key ready if it is due and in no pass."""
        now = self._clock.monotonic()
        if key in self._active or all(want.due > now for want in self._wants[key].values()):
            return
        self._ready.put(key, self._priority(key, now))
        self._news.set()

    def _priority(self, key: ObjectKey, now: float) -> int:
        return max(want.priority for want in self._wants[key].values() if want.due <= now)

    def _set_timer(self, due: float, key: ObjectKey) -> None:
        heapq.heappush(self._timers, (due, key))
        if len(self._timers) > 2 * len(self._wants) + _STALE_TIMERS:
            self._drop_stale_timers()
        if due < self._alarm_due:
            self._set_alarm()

    def _drop_stale_timers(self) -> None:
        """A pass leaves behind the timers that it superseded: with ten-hour resyncs they would pile up."""
        self._timers = [(want.due, key) for key, wants in self._wants.items() for want in wants.values()]
        heapq.heapify(self._timers)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_due = self._timers[0][0]
        self._alarm = asyncio.get_running_loop().create_task(self._ring(self._alarm_due), name="work queue's alarm")

    async def _ring(self, due: float) -> None:
        await self._clock.sleep(due - self._clock.monotonic())
        now = self._clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            _, key = heapq.heappop(self._timers)
            if key in self._wants:
                self._place(key)
        self._alarm, self._alarm_due = None, float("inf")
        if self._timers and not self._closed:
            self._set_alarm()
