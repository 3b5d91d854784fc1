"""The controller of FieldExports, run by a `runtime.Manager`: woken by what they read, by what they write, and by each other.

The composition root calls `field_exports`, once for the services that act under one Lease.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from ackpy.controllers.controller import Events
from ackpy.controllers.field_export.export import ANNOTATION, Export, Rules, Target
from ackpy.controllers.field_export.reconciler import FieldExportReconciler
from ackpy.controllers.field_export.targets import Targets
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube.objects import Object, ObjectKey, key_of, version_of
from ackpy.kube.resource import Resource
from ackpy.runtime.controller import Controller, ControllerOptions
from ackpy.runtime.informer import Informer, Scope
from ackpy.runtime.leader import Election
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.manager import Manager
from ackpy.runtime.predicate import edited
from ackpy.runtime.store import Change

NAME: Final = "fieldexport"
_SOURCE: Final = "source"
_TARGET: Final = "target"
_OBJECT: Final = "target object"


def field_exports(
    manager: Manager,
    sources: Sequence[Resource],
    options: ReconcilerOptions,
    *,
    protected: Collection[str] = (),
    name: str = NAME,
    election: Election | None = None,
) -> Controller:
    """The controller of FieldExports that read objects of `sources`; it leaves those of other API groups alone.

    No export gets into the namespaces that are `protected` beside the system namespace. `name` tells several apart, which each run
    while their `election` is won. Of what is written to only metadata is watched, in the
    namespaces that are in use.
    """
    rules = Rules(options.cross_namespace, frozenset({options.system_namespace, *protected}))
    exports = ClusterExports(manager, sources)
    reconciler = FieldExportReconciler(
        exports, Targets(manager.client), rules, Events(manager.events), manager.client.clock
    )
    pace = ControllerOptions(
        workers=options.concurrency, predicate=edited(ignoring=(ANNOTATION,)), resync=options.resync_seconds
    )
    made = manager.add_controller(name, FIELD_EXPORTS, reconciler, pace, election=election)
    for source in sources:
        made.watches(source, exports.reading(source), scope=manager.scope)
    made.watches(FIELD_EXPORTS, exports.rivals, predicate=_frees_a_key, scope=manager.scope)
    exports.watch_targets(made, rules)
    return made


class ClusterExports:
    """`reconciler.Exports` over an API server and what is cached of it."""

    def __init__(self, manager: Manager, sources: Sequence[Resource]) -> None:
        self._manager = manager
        self._reader = manager.reader(FIELD_EXPORTS, manager.scope)
        self._informer = manager.informers.informer(FIELD_EXPORTS, manager.scope)
        self._sources = {(each.group, each.kind.lower()): each for each in sources}
        for index, value in ((_SOURCE, _source), (_TARGET, _target), (_OBJECT, _object)):
            if not self._informer.store.has_index(index):
                self._informer.store.add_index(index, value)

    async def read(self, key: ObjectKey) -> Object | None:
        """See `Exports.read`."""
        return await self._reader.read(key)

    async def patch(self, seen: Object, patch: Object) -> Object:
        """See `Exports.patch`."""
        return await self._manager.writer.send(FIELD_EXPORTS, seen, patch, locked=True)

    async def patch_status(self, seen: Object, patch: Object) -> Object:
        """See `Exports.patch_status`."""
        return await self._manager.writer.send(FIELD_EXPORTS, seen, patch, subresource="status")

    def groups(self) -> frozenset[str]:
        """See `Exports.groups`."""
        return frozenset(group for group, _ in self._sources)

    def source(self, export: Export) -> Lookup | None:
        """See `Exports.source`."""
        resource = self._sources.get((export.source.group, export.source.kind))
        if resource is None:
            return None
        seen = self._manager.informers.informer(resource, self._manager.scope).store
        return seen.get(ObjectKey(export.key.namespace, export.source.name))

    def writing(self, target: Target) -> Sequence[Object]:
        """See `Exports.writing`."""
        return self._informer.store.by_index(_TARGET, _value(target))

    def version(self, target: Target) -> str:
        """See `Exports.version`."""
        seen = self._targets(target).store.get(target.object)
        return "" if isinstance(seen, Absence) else version_of(seen)

    def reading(self, source: Resource) -> Callable[[Object], Iterable[ObjectKey]]:
        """From an object of this kind to the FieldExports that read it."""

        def exports(obj: Object) -> Iterable[ObjectKey]:
            key = key_of(obj)
            value = f"{source.group}/{source.kind.lower()}/{key.namespace}/{key.name}"
            return self._found(_SOURCE, value)

        return exports

    def rivals(self, obj: Object) -> Iterable[ObjectKey]:
        """From a FieldExport to the others that name the same key: one of them may act when it goes."""
        return [key for value in _target(obj) for key in self._found(_TARGET, value) if key != key_of(obj)]

    def watch_targets(self, controller: Controller, rules: Rules) -> None:
        """Wake FieldExports when what they write to changes, on behalf of their controller."""
        watched: set[tuple[Resource, str]] = set()

        def follow(change: Change) -> None:
            if change.after is None:
                return
            export = Export.of(change.after)
            place = (export.target.resource, export.target.namespace)
            if export.source.group in self.groups() and rules.forbid(export) is None and place not in watched:
                watched.add(place)
                kind = export.target.kind
                controller.watches(
                    export.target.resource,
                    lambda obj: self._found(_OBJECT, f"{kind}/{key_of(obj)}"),
                    predicate=lambda _: True,  # a key that changes does not show in the metadata
                    scope=_scope(export.target),
                )

        self._informer.add_handler(follow)

    def _targets(self, target: Target) -> Informer:
        return self._manager.informers.informer(target.resource, _scope(target))

    def _found(self, index: str, value: str) -> list[ObjectKey]:
        return [key_of(each) for each in self._informer.store.by_index(index, value)]


def _scope(target: Target) -> Scope:
    return Scope((target.namespace,), metadata_only=True)


def _source(obj: Object) -> Iterator[str]:
    export = Export.of(obj)
    source = export.source
    yield f"{source.group}/{source.kind}/{export.key.namespace}/{source.name}"


def _target(obj: Object) -> Iterator[str]:
    yield _value(Export.of(obj).target)


def _object(obj: Object) -> Iterator[str]:
    target = Export.of(obj).target
    yield f"{target.kind}/{target.object}"


def _value(target: Target) -> str:
    return f"{target.kind}/{target.object}/{target.key}"


def _frees_a_key(change: Change) -> bool:
    """Whether a FieldExport no longer names the key that it named."""
    before, after = change.before, change.after
    return before is not None and (after is None or Export.of(before).target != Export.of(after).target)
