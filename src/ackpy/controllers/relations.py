"""What the objects of one kind refer to, watched: a change of a target or of a Secret -> passes over the objects that wait for it.

`controller` makes one for each kind. Nothing is watched that no object refers to. Of Secrets only the metadata is watched, in the
namespaces that are in use: their content never reaches a cache (see design/2026-11-24-references-and-secrets.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ackpy.controllers import references, secrets
from ackpy.controllers.conditions import SYNCED, TERMINAL
from ackpy.controllers.world import Hindrance
from ackpy.errors import Forbidden, NotFound
from ackpy.kube.objects import Object, ObjectKey, condition_of, key_of
from ackpy.kube.resource import SECRETS, Resource
from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.controller import Controller
from ackpy.runtime.informer import Informer, Scope
from ackpy.runtime.lookup import Lookup
from ackpy.runtime.manager import Manager
from ackpy.runtime.predicate import Predicate, of_modified
from ackpy.runtime.store import Change

_REFERENCES: Final = "references"
_SECRETS: Final = "secrets"


class Relations:
    """The references of one kind. `serve` begins to watch; until then nothing is."""

    def __init__(self, descriptor: Descriptor, manager: Manager, informer: Informer) -> None:
        self._descriptor, self._manager, self._informer = descriptor, manager, informer
        self._edges = descriptor.references()
        self._watched: set[tuple[Resource, Scope]] = set()
        self._controller: Controller | None = None
        informer.store.add_index(_REFERENCES, lambda obj: (_value(*each) for each in self._targets(obj)))
        informer.store.add_index(_SECRETS, lambda obj: map(str, self._secrets(obj)))

    def serve(self, controller: Controller) -> None:
        """Watch what objects refer to, from now on, on behalf of their controller."""
        self._controller = controller
        self._informer.add_handler(self._follow)

    def referred(self, resource: Resource, key: ObjectKey) -> Lookup:
        """See `Cluster.referred`."""
        self._watch_target(resource, key)
        return self._manager.informers.lookup(resource, key)

    def hindrance(self, resource: Resource) -> Hindrance | None:
        """See `Cluster.hindrance`."""
        errors = [informer.error for informer in self._manager.informers.all if informer.resource == resource]
        if any(isinstance(error, NotFound) for error in errors):
            return Hindrance.NOT_INSTALLED
        if any(isinstance(error, Forbidden) for error in errors):
            return Hindrance.FORBIDDEN
        tended = any(controller.resource == resource for controller in self._manager.controllers)
        return None if tended else Hindrance.NOT_ENABLED

    def refers_to(self, resource: Resource, key: ObjectKey) -> Iterator[tuple[Resource, ObjectKey]]:
        """See `Cluster.refers_to`: known of the kinds that have a controller here."""
        known = {str(informer.resource): informer for informer in self._manager.informers.all}
        values: set[str] = set()
        for informer in self._manager.informers.all:
            if informer.resource == resource and informer.store.has_index(_REFERENCES):
                values |= informer.store.index_values(_REFERENCES, key)
        for value in sorted(values):
            kind, namespace, name = value.split("/")
            if kind in known:
                yield known[kind].resource, ObjectKey(namespace, name)

    async def secret(self, key: ObjectKey) -> Object | None:
        """See `Cluster.secret`."""
        try:
            return await self._manager.client.get(SECRETS, key)
        except NotFound:
            return None

    def _targets(self, obj: Object) -> Iterator[tuple[Resource, ObjectKey]]:
        return ((each.resource, each.key) for each in references.named(self._edges, obj))

    def _secrets(self, obj: Object) -> Iterator[ObjectKey]:
        return (key for _, _, key in secrets.named(self._descriptor, obj) if key.name)

    def _follow(self, change: Change) -> None:
        if change.after is not None:
            for resource, key in self._targets(change.after):
                self._watch_target(resource, key)
            for key in self._secrets(change.after):
                self._watch(SECRETS, Scope((key.namespace,), metadata_only=True), _SECRETS, _any, Cause.SECRET)

    def _watch_target(self, resource: Resource, key: ObjectKey) -> None:
        paths = tuple(edge.ref.path for edge in self._edges if references.target(edge.ref) == resource)
        self._watch(resource, self._reach(resource, key), _REFERENCES, _of_interest(paths), Cause.REFERENCE)

    def _reach(self, resource: Resource, key: ObjectKey) -> Scope:
        """The manager's own scope where the target is in it, so that it is watched once; else one that is as narrow as it can be."""
        own = self._manager.scope
        scopes = (own, Scope(own.namespaces), Scope((key.namespace,)))
        return next(scope for scope in scopes if scope.covers(resource, key))

    def _watch(self, resource: Resource, scope: Scope, index: str, predicate: Predicate, cause: Cause) -> None:
        if self._controller is None or (resource, scope) in self._watched:
            return
        self._watched.add((resource, scope))
        self._controller.watches(
            resource, self._waiting(resource, index), cause=cause, predicate=predicate, scope=scope
        )

    def _waiting(self, resource: Resource, index: str) -> Callable[[Object], Iterable[ObjectKey]]:
        def waiting(obj: Object) -> Iterable[ObjectKey]:
            value = str(key_of(obj)) if index == _SECRETS else _value(resource, key_of(obj))
            return [key_of(each) for each in self._informer.store.by_index(index, value)]

        return waiting


def _value(resource: Resource, key: ObjectKey) -> str:
    return f"{resource}/{key.namespace}/{key.name}"


def _any(_: Change) -> bool:
    return True


def _of_interest(paths: tuple[str, ...]) -> Predicate:
    """Whether a target has become ready or terminal, or has another value: not when it is merely busy for a while."""

    def differs(before: Object, after: Object) -> bool:
        gained = any(_has(after, kind) and not _has(before, kind) for kind in (SYNCED, TERMINAL))
        return gained or any(fieldpath.get(before, path) != fieldpath.get(after, path) for path in paths)

    return of_modified(differs)


def _has(obj: Object, kind: str) -> bool:
    return (condition_of(obj, kind) or {}).get("status") == "True"
