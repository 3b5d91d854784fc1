"""Everything that one process runs: the client, informers, controllers, election, metrics and health. A composition root makes it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from ackpy.errors import Forbidden
from ackpy.kube.client import KubeClient
from ackpy.kube.events import EventRecorder
from ackpy.kube.resource import Resource
from ackpy.runtime.controller import Controller, ControllerOptions, Surroundings
from ackpy.runtime.endpoints import health_routes, metrics_routes, serving
from ackpy.runtime.informer import Informer, Scope, SharedInformers
from ackpy.runtime.leader import Election, LeaderElector
from ackpy.runtime.metrics import RuntimeMetrics
from ackpy.runtime.ownwrites import OwnWrites
from ackpy.runtime.reader import ObjectReader
from ackpy.runtime.reconciler import Reconciler
from ackpy.runtime.writer import ObjectWriter

_log = logging.getLogger(__name__)

_SYNC_NOTICE_SECONDS: Final = 10.0
_LAST_EVENTS_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class ManagerOptions:
    """How a manager works.

    `component`          who we are: in Events, and as field manager.
    `namespaces`         to watch; none for all.
    `metrics_address`, `health_address`    `host:port`; `0` for off.
    `selector`           labels that the objects of controllers must have; other informers see all.
    `election`           the Lease to hold before controllers start; None for no election.
    `shutdown_grace`     seconds that passes under way are given to end.
    `max_watch_silence`  seconds without a word from the API server about a resource after which /healthz fails.
    """

    component: str
    namespaces: tuple[str, ...] = ()
    selector: str = ""
    metrics_address: str = "0"
    health_address: str = "0"
    election: Election | None = None
    shutdown_grace: float = 20.0
    max_watch_silence: float = 600.0


class Manager:
    """Everything that one process runs.

    Hands out what reconcilers are built from: `client`, `informers` (an ObjectLookup), `reader`, `writer`, `own_writes`, `events`,
    `metrics`. Add controllers, then `run` it, once.
    """

    def __init__(self, client: KubeClient, options: ManagerOptions, *, random: Random | None = None) -> None:
        self.client = client
        self.options = options
        self.metrics = RuntimeMetrics(client.clock)
        self.own_writes = OwnWrites()
        self.informers = SharedInformers(client, Scope(options.namespaces))
        self.events = EventRecorder(client, options.component)
        self.writer = ObjectWriter(client, self.own_writes, field_manager=options.component)
        self.metrics_bound: tuple[str, int] | None = None
        self.health_bound: tuple[str, int] | None = None
        self._random = random or Random()  # noqa: S311 - spreads load, guards nothing
        self._controllers: list[Controller] = []
        self._services: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._elector = self._elector_of(options.election) if options.election else None
        self._electors: dict[Election, LeaderElector] = {}
        self._elected: dict[Election | None, list[Controller]] = {None: []}
        self._begun: dict[Election | None, Callable[[Controller, Informer], None]] = {}
        self._started = asyncio.Event()
        client.observers.append(self.metrics.request)

    def add_controller(
        self,
        name: str,
        resource: Resource,
        reconciler: Reconciler,
        options: ControllerOptions = ControllerOptions(),  # noqa: B008 - a frozen value
        *,
        scope: Scope | None = None,
        election: Election | None = None,
    ) -> Controller:
        """A controller of the objects of `resource` that are in `scope` (the manager's, unless given).

        It starts when `election` is won too, a Lease beside the manager's own that several controllers may share; the others do
        not wait for it. One that is added to a manager at work starts when its objects are listed. ValueError when the name is
        taken among the controllers of the API group: metrics and logs go by both.
        """
        shared = Surroundings(self.informers, self.own_writes, self.metrics, self.client.clock, self._random)
        informer = self.informers.informer(resource, scope or self.scope)
        controller = Controller(name, informer, reconciler, options, shared)
        if any(other.name == controller.name for other in self._controllers):
            raise ValueError(f"there is a controller {controller.name!r} already")
        if self._started.is_set() and election not in self._elected:
            raise ValueError(f"{controller.name!r} is added too late to run for an election of its own")
        if election is not None and election not in self._electors:
            self._electors[election] = self._elector_of(election)
        self._elected.setdefault(election, []).append(controller)
        self._controllers.append(controller)
        if election in self._begun:
            self._begun[election](controller, informer)
        return controller

    def add_service(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Something else to run from the start until the end; when it raises, the manager stops with that error."""
        self._services.append((name, run))

    def reader(self, resource: Resource, scope: Scope | None = None) -> ObjectReader:
        """A reader of one resource that never gives a copy older than our own last write."""
        return ObjectReader(self.client, self._informer(resource, scope), self.own_writes)

    @property
    def scope(self) -> Scope:
        """Which objects controllers reconcile: of these namespaces, with these labels."""
        return Scope(self.options.namespaces, self.options.selector)

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """All controllers."""
        return tuple(self._controllers)

    async def wait_started(self) -> None:
        """Return when the informers are synced, we lead, and the controllers work."""
        await self._started.wait()

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Run until `stop` is set; with None, until SIGTERM or SIGINT.

        Informers are synced before a controller starts. On the way out passes under way are given `shutdown_grace`, Events
        are written, the Lease is released. Raises what ends a part of it: LeadershipLost, ConfigError for an address.
        """
        stopping = stop or asyncio.Event()
        with nullcontext() if stop is not None else _signals(stopping):
            async with self._serving():
                await self._run(stopping)

    def alive(self) -> Mapping[str, str]:
        """What /healthz complains of: resources of which the API server has said nothing for too long.

        One that was wanted because of some object and may not be read is no reason to start anew: nothing would be better then.
        """
        limit = self.options.max_watch_silence
        return {
            f"watch of {informer.resource}": f"silent for {informer.age():.0f} s; {informer.error or ''}".rstrip("; ")
            for informer in self.informers.all
            if informer.age() > limit and not self._denied(informer)
        }

    def ready(self) -> Mapping[str, str]:
        """What /readyz complains of: resources whose first list is not complete, of those that were wanted from the start."""
        return {
            f"cache of {informer.resource}": f"not synced; {informer.error or ''}".rstrip("; ")
            for informer in self.informers.first
            if not informer.synced
        }

    def _denied(self, informer: Informer) -> bool:
        return informer not in self.informers.first and isinstance(informer.error, Forbidden)

    def _informer(self, resource: Resource, scope: Scope | None) -> Informer:
        return self.informers.informer(resource, scope)

    def _elector_of(self, election: Election) -> LeaderElector:
        self.metrics.leading(election.name, leads=False)
        return LeaderElector(
            self.client,
            election,
            on_change=lambda leads: self.metrics.leading(election.name, leads=leads),
            random=self._random,
        )

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        async with (
            serving(self.options.metrics_address, metrics_routes(self.metrics.registry)) as self.metrics_bound,
            serving(self.options.health_address, health_routes(self.alive, self.ready)) as self.health_bound,
        ):
            for what, bound in (("metrics", self.metrics_bound), ("health", self.health_bound)):
                if bound is not None:
                    _log.info("%s served at %s:%d", what, *bound)
            yield

    async def _run(self, stopping: asyncio.Event) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                background = [
                    group.create_task(self.informers.run(), name="informers"),
                    group.create_task(self.events.run(), name="events"),
                    *(group.create_task(run(), name=name) for name, run in self._services),
                ]
                start = group.create_task(self._start(group, background), name="start")
                try:
                    await stopping.wait()
                finally:  # a worker whose cancellation got lost in a pass ends with it all the same
                    for controller in self._controllers:
                        controller.close()
                start.cancel()
                await self._stop(background)
        except BaseExceptionGroup as failures:
            raise _first(failures) from failures
        finally:
            # nothing of ours runs any more
            own = [self._elector] if self._elector else []
            await asyncio.gather(*(elector.release() for elector in (*own, *self._electors.values())))

    async def _start(self, group: asyncio.TaskGroup, background: list[asyncio.Task[None]]) -> None:
        for informer in self.informers.first:
            await _synced(informer)
        await self._lead(self._elector, group, background)
        async with asyncio.TaskGroup() as elections:
            for election in self._elected:
                elections.create_task(self._begin(election, group, background))
        self._started.set()

    async def _begin(
        self, election: Election | None, group: asyncio.TaskGroup, background: list[asyncio.Task[None]]
    ) -> None:
        """Start the controllers of an election once we lead, and keep leading."""
        await self._lead(self._electors[election] if election else None, group, background)
        controllers = self._elected[election]
        for controller in controllers:
            controller.start(group)
        if controllers:
            _log.info("started: %s", ", ".join(controller.name for controller in controllers))

        def join(controller: Controller, informer: Informer) -> None:
            background.append(group.create_task(_late(controller, informer, group), name=f"start {controller.name}"))

        self._begun[election] = join

    async def _lead(
        self, elector: LeaderElector | None, group: asyncio.TaskGroup, background: list[asyncio.Task[None]]
    ) -> None:
        if elector is not None:
            await elector.acquire()
            background.append(group.create_task(elector.keep(), name="election"))

    async def _stop(self, background: list[asyncio.Task[None]]) -> None:
        _log.info("stopping")
        await asyncio.gather(*(controller.drain(self.options.shutdown_grace) for controller in self._controllers))
        await _within(_LAST_EVENTS_SECONDS, self.events.flush())
        for task in background:
            task.cancel()


async def _late(controller: Controller, informer: Informer, group: asyncio.TaskGroup) -> None:
    """Start a controller that was added to a manager at work."""
    await informer.wait_synced()
    controller.start(group)
    _log.info("started: %s", controller.name)


async def _synced(informer: Informer) -> None:
    """Wait for the first list, saying now and then what is in the way."""
    while not await _within(_SYNC_NOTICE_SECONDS, informer.wait_synced()):
        _log.warning("waiting for the list of %s: %s", informer.resource, informer.error or "no answer yet")


async def _within(seconds: float, what: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await what
    except TimeoutError:
        return False
    return True


@contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stopping`."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first single exception in a tree of groups: what ended the rest."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
