"""A resource watched once for everybody: into a Store, and to handlers. SharedInformers holds those of a Manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ackpy.errors import KubeError
from ackpy.kube.calls import Selection
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, ObjectKey, key_of, metadata
from ackpy.kube.resource import Resource
from ackpy.kube.watch import EventType, ListWatch, WatchEvent, without_managed_fields
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.store import Change, ChangeType, IndexFunction, Store

Handler: TypeAlias = Callable[[Change], None]
"""Called with each change, in order, after the Store has it. It must be quick, and raise nothing."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a resource to watch: of these namespaces (none: of all), by selectors.

    `metadata_only`: to learn that they change, without what they hold. Then the Store has of each no more than what tells it apart:
    annotations go too, for kubectl keeps a copy of the whole object in one.
    """

    namespaces: tuple[str, ...] = ()
    labels: str = ""
    fields: str = ""
    metadata_only: bool = False

    def selections(self, resource: Resource) -> tuple[Selection, ...]:
        """One for each list and watch that it takes. Namespaces mean nothing to a resource that lives in none."""
        namespaces = self.namespaces if resource.namespaced and self.namespaces else ("",)
        return tuple(Selection(namespace, self.labels, self.fields, self.metadata_only) for namespace in namespaces)

    def covers(self, resource: Resource, key: ObjectKey) -> bool:
        """Whether an object that is not found must be missing: one that a selector may leave out need not."""
        everywhere = not resource.namespaced or not self.namespaces
        return (everywhere or key.namespace in self.namespaces) and not self.labels and not self.fields


ALL: Scope = Scope()
_TELLS_APART: Final = ("name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp", "labels")


class Informer:
    """One resource in one scope. `run` keeps its store true until it is cancelled."""

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        scope: Scope = ALL,
        *,
        indexes: Mapping[str, IndexFunction] | None = None,
        transform: Callable[[Object], Object] | None = None,
    ) -> None:
        shorten = transform or (_bare if scope.metadata_only else without_managed_fields)
        self.resource = resource
        self.scope = scope
        self.store = Store(indexes)
        self._watches = tuple(
            ListWatch(client, resource, selection, transform=shorten) for selection in scope.selections(resource)
        )
        self._unsynced = set(self._watches)
        self._synced = asyncio.Event()
        self._handlers: list[Handler] = []

    @property
    def synced(self) -> bool:
        """Whether the first list is complete, in all namespaces."""
        return self.store.synced

    async def wait_synced(self) -> None:
        """Return when the first list is complete."""
        await self._synced.wait()

    def age(self) -> float:
        """Seconds since the quietest of its watches last heard from the server."""
        return max(watch.age() for watch in self._watches)

    @property
    def error(self) -> KubeError | None:
        """Why a watch is failing at this moment, or None."""
        return next((watch.error for watch in self._watches if watch.error), None)

    def lookup(self, key: ObjectKey) -> Lookup:
        """The object, MISSING, or UNKNOWN: not synced yet, or outside the scope."""
        found = self.store.get(key)
        if found is Absence.MISSING and not self.scope.covers(self.resource, key):
            return Absence.UNKNOWN
        return found

    def add_handler(self, handler: Handler) -> None:
        """Call it with every change from now on, and first, as initial additions, with the objects already here."""
        for key, obj in self.store.snapshot().objects.items():
            handler(Change(self.store.sequence, ChangeType.ADDED, key, None, obj, initial=True))
        self._handlers.append(handler)

    async def run(self) -> None:
        """List and watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(self._follow(watch), name=str(watch))

    async def _follow(self, watch: ListWatch) -> None:
        async for event in watch.events():
            if event.type is EventType.SYNCED:
                self._note_synced(watch)
            else:
                self._apply(event, initial=watch in self._unsynced)

    def _note_synced(self, watch: ListWatch) -> None:
        self._unsynced.discard(watch)
        if not self._unsynced:
            self.store.mark_synced()
            self._synced.set()

    def _apply(self, event: WatchEvent, *, initial: bool) -> None:
        obj = event.object or {}
        deleted = event.type is EventType.DELETED
        change = self.store.remove(key_of(obj), obj) if deleted else self.store.put(obj, initial=initial)
        if change is not None:
            for handler in self._handlers:
                handler(change)


class SharedInformers:
    """The informers of one process: asked twice for the same, it gives the same. An ObjectLookup over all of them."""

    def __init__(self, client: KubeClient, scope: Scope = ALL) -> None:
        self._client = client
        self._scope = scope
        self._informers: dict[tuple[Resource, Scope], Informer] = {}
        self._first: list[Informer] = []
        self._group: asyncio.TaskGroup | None = None

    def informer(self, resource: Resource, scope: Scope | None = None) -> Informer:
        """The informer of a resource, in the manager's own scope unless another is given; started if the others are running."""
        wanted = self._scope if scope is None else scope
        informer = self._informers.get((resource, wanted))
        if informer is None:
            informer = self._informers[resource, wanted] = Informer(self._client, resource, wanted)
            if self._group is None:
                self._first.append(informer)
            self._start(informer)
        return informer

    def lookup(self, resource: Resource, key: ObjectKey) -> Lookup:
        """See ObjectLookup. UNKNOWN when nobody watches the resource."""
        answer: Lookup = Absence.UNKNOWN
        for informer in self._of(resource):
            found = informer.lookup(key)
            if not isinstance(found, Absence):
                return found
            answer = found if found is Absence.MISSING else answer
        return answer

    @property
    def all(self) -> tuple[Informer, ...]:
        """Every informer."""
        return tuple(self._informers.values())

    @property
    def first(self) -> tuple[Informer, ...]:
        """Those asked for before they ran: what is asked for later is wanted because of some object, which nobody else waits for."""
        return tuple(self._first)

    @property
    def synced(self) -> bool:
        """Whether every informer is."""
        return all(informer.synced for informer in self._informers.values())

    async def run(self) -> None:
        """Run all informers, and those asked for later, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for informer in self.all:
                self._start(informer)
            try:
                await asyncio.get_running_loop().create_future()  # informers may still be added
            finally:
                self._group = None

    def _start(self, informer: Informer) -> None:
        if self._group is not None:
            self._group.create_task(informer.run(), name=f"informer of {informer.resource}")

    def _of(self, resource: Resource) -> Iterable[Informer]:
        """Those that have the objects whole."""
        return (
            informer
            for (held, scope), informer in self._informers.items()
            if held == resource and not scope.metadata_only
        )


def _bare(obj: Object) -> Object:
    meta = metadata(obj)
    return {"metadata": {name: meta[name] for name in _TELLS_APART if name in meta}}
