"""One kind's loop: what is seen of its objects, through a queue, into passes of a reconciler. `Manager.add_controller` makes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from ackpy.errors import AckpyError
from ackpy.kube.backoff import Backoff
from ackpy.kube.clock import Clock
from ackpy.kube.objects import Object, ObjectKey, uid_of
from ackpy.kube.resource import Resource
from ackpy.runtime.causes import Cause, Priority
from ackpy.runtime.informer import Informer, Scope, SharedInformers
from ackpy.runtime.lookup import Absence
from ackpy.runtime.metrics import RuntimeMetrics
from ackpy.runtime.ownwrites import OwnWrites, authored_by
from ackpy.runtime.predicate import Predicate, all_of, anything_changed, edited, foreign
from ackpy.runtime.reconciler import Outcome, Reconciler, Request, Result
from ackpy.runtime.store import Change, ChangeType
from ackpy.runtime.workqueue import Item, QueueClosed, QueueSnapshot, WorkQueue

_log = logging.getLogger(__name__)

MapFunction: TypeAlias = Callable[[Object], Iterable[ObjectKey]]
"""From an object of another kind to the keys of the objects to look at. What it raises is logged, and that change is passed over."""


@dataclass(frozen=True, slots=True)
class ControllerOptions:
    """How a controller works.

    `workers`        passes at a time.
    `predicate`      which changes of an object are worth a pass; its appearance and its end always are, what its
                     own passes wrote never is.
    `resync`         seconds from a pass that ended in `Result.done()` to the next; None for no such passes.
    `resync_jitter`  the part of `resync` that is left to chance, so that what began together does not come back together.
    `resync_together`  so many objects come back together after all, within the period, for a reconciler that looks at them as one.
    `backoff`        between passes that fail in a row.
    """

    workers: int = 1
    predicate: Predicate = field(default_factory=edited)
    resync: float | None = None
    resync_jitter: float = 0.1
    resync_together: int = 1
    backoff: Backoff = field(default=Backoff(initial=1.0, cap=1000.0))

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"ControllerOptions(workers={self.workers}): there must be one at least")
        if self.resync is not None and self.resync <= 0:
            raise ValueError(
                f"ControllerOptions(resync={self.resync}): the seconds must be more than zero; None for none"
            )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all controllers of a Manager share."""

    informers: SharedInformers
    own_writes: OwnWrites
    metrics: RuntimeMetrics
    clock: Clock
    random: Random


class Controller:
    """One kind's loop. The Manager runs it once the informers are synced.

    `name` is unique in the process: the name given, and the API group of the objects.
    """

    def __init__(
        self, name: str, informer: Informer, reconciler: Reconciler, options: ControllerOptions, shared: Surroundings
    ) -> None:
        self.resource = informer.resource
        self.name = f"{name}.{self.resource.group}".rstrip(".")
        self._informer = informer
        self._reconciler = reconciler
        self._options = options
        self._shared = shared
        self._metrics = shared.metrics.controller(name, self.resource.group, options.workers)
        self._queue = WorkQueue(
            clock=shared.clock,
            backoff=options.backoff,
            observer=shared.metrics.queue(name, self.resource.group, self.queue),
            random=shared.random,
        )
        self._worth = all_of(foreign(shared.own_writes, self.name), options.predicate)
        self._in_pass: dict[ObjectKey, list[Change]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._round_due, self._round_room = 0.0, 0
        informer.add_handler(self._on_change)

    def watches(
        self,
        resource: Resource,
        mapping: MapFunction,
        *,
        cause: str = Cause.REFERENCE,
        predicate: Predicate = anything_changed,
        scope: Scope | None = None,
    ) -> None:
        """Look at `mapping(object)` whenever an object of another resource appears, changes or goes.

        A changed object is mapped as it was and as it is: what it no longer points to has to be looked at too.
        """
        informer = self._shared.informers.informer(resource, scope)
        informer.add_handler(lambda change: self._on_related(change, mapping, cause) if predicate(change) else None)

    def enqueue(
        self, key: ObjectKey, *, cause: str = Cause.MANUAL, priority: int | None = None, after: float = 0.0
    ) -> None:
        """Ask for a pass, now or `after` so many seconds."""
        self._queue.add(key, cause=cause, priority=priority, after=after)

    def due(self) -> tuple[ObjectKey, ...]:
        """The keys whose turn has come because time has passed or the controller has started, and those in a pass now."""
        return self._queue.due(Priority.START)

    def queue(self) -> QueueSnapshot:
        """The queue at this moment."""
        return self._queue.snapshot()

    def start(self, group: asyncio.TaskGroup) -> None:
        """Start the workers. They end when `drain` is called."""
        for number in range(self._options.workers):
            self._workers.append(group.create_task(self._work(), name=f"{self.name} worker {number}"))

    def close(self) -> None:
        """Begin no more passes: workers end when theirs have."""
        self._queue.close()

    async def drain(self, grace: float) -> None:
        """Begin no more passes; give those under way `grace` seconds to end, and then cancel them."""
        self.close()
        if not self._workers:
            return
        _, late = await asyncio.wait(self._workers, timeout=grace)
        if late:
            _log.warning("%s: abandoning %s", self.name, ", ".join(map(str, self._in_pass)))
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _on_change(self, change: Change) -> None:
        passing = self._in_pass.get(change.key)
        if passing is not None:
            # it may be our own write, seen before the server's answer to it: judged when the pass has ended
            passing.append(change)
        else:
            self._judge(change)

    def _judge(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._shared.own_writes.forget(uid_of(change.object))
            self._queue.forget(change.key)
            self._queue.add(change.key, cause=Cause.GONE)
        elif change.initial:
            self._queue.add(change.key, cause=Cause.START)
        elif self._worth(change):
            self._queue.add(change.key, cause=Cause.EDIT)

    def _on_related(self, change: Change, mapping: MapFunction, cause: str) -> None:
        keys: dict[ObjectKey, None] = {}
        for obj in (change.before, change.after):
            if obj is not None:
                keys.update(dict.fromkeys(self._mapped(obj, mapping)))
        for key in keys:
            self._queue.add(key, cause=cause, priority=Priority.START if change.initial else None)

    def _mapped(self, obj: Object, mapping: MapFunction) -> Iterable[ObjectKey]:
        try:
            return tuple(mapping(obj))
        except Exception:  # noqa: BLE001 - one odd object of another kind must not end the watch
            _log.exception("%s: the map function failed on a %s", self.name, obj.get("kind"))
            return ()

    async def _work(self) -> None:
        while True:
            try:
                item = await self._queue.get()
            except QueueClosed:
                return
            await self._pass(item)

    async def _pass(self, item: Item) -> None:
        self._in_pass[item.key] = []
        try:
            with self._metrics.working(), authored_by(self.name):
                result = await self._reconcile(item)
            self._metrics.ended(result.outcome)
            self._schedule(item, result)
        finally:
            changes = self._in_pass.pop(item.key)
            self._queue.done(item.key)
            for change in changes:
                self._judge(change)

    async def _reconcile(self, item: Item) -> Result:
        cached = self._informer.store.get(item.key)
        uid = "" if isinstance(cached, Absence) else uid_of(cached)
        request = Request(item.key, item.causes, item.priority, item.attempt, uid)
        try:
            return await self._reconciler.reconcile(request)
        except Exception as error:  # noqa: BLE001 - logged, counted and retried in _schedule: that is the contract
            return Result.retry(error)

    def _schedule(self, item: Item, result: Result) -> None:
        key = item.key
        if result.outcome in (Outcome.RETRY, Outcome.ERROR):
            delay = self._queue.retry(key, cause=result.cause, priority=result.priority)
            self._report(item, result.error, delay)
            return
        self._queue.forget(key)
        if result.outcome is Outcome.AFTER:
            self._queue.add(key, cause=result.cause, priority=result.priority, after=result.seconds)
        elif self._options.resync is not None and not isinstance(self._informer.store.get(key), Absence):
            self._queue.add(key, cause=Cause.RESYNC, after=self._resync_delay(self._options.resync))

    def _resync_delay(self, period: float) -> float:
        """Seconds to the next resync: to the round that is open, where that is in the time left to chance, or to a new round."""
        now, jitter = self._shared.clock.monotonic(), self._options.resync_jitter
        if self._round_room > 0 and period * (1 - jitter) <= self._round_due - now <= period:
            self._round_room -= 1
            return self._round_due - now
        alone = self._options.resync_together <= 1
        earliest = 1 - jitter if alone else 1 - jitter / 2  # a round leaves time for others to get into it
        delay = period * self._shared.random.uniform(earliest, 1.0)
        self._round_due, self._round_room = now + delay, self._options.resync_together - 1
        return delay

    def _report(self, item: Item, error: Exception | None, delay: float) -> None:
        """Log a failed pass: with a trace only when the error is none that this project raises on purpose."""
        if error is None:
            return
        unexpected = None if isinstance(error, AckpyError) else error
        _log.log(
            logging.ERROR if unexpected else logging.WARNING,
            "%s: %s: pass %d failed: %s: %s; again in %.1f s",
            self.name,
            item.key,
            item.attempt + 1,
            type(error).__name__,
            error,
            delay,
            exc_info=unexpected,
        )
