"""Changes -> what a cluster does by itself: garbage collection, the end of namespaces and definitions, the expiry of Events.

`server` starts these as tasks beside the requests. `settle` looks at everything once when it starts, so that what a stop
interrupted goes on, and then at each change.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import deletion, managed
from ackpy.local.apiserver.builtin_kinds import CRDS, EVENTS, NAMESPACES
from ackpy.local.apiserver.crd import CLEANUP
from ackpy.local.apiserver.managed import UPDATE, Manager
from ackpy.local.apiserver.options import DeleteOptions
from ackpy.local.apiserver.storage import Key
from ackpy.local.apiserver.strategy import NAMESPACE_FINALIZER
from ackpy.local.apiserver.writes import store_update

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.storage import Change

Json = dict[str, Any]

CONTROLLER = "kube-controller-manager"  # whose work this module does
EVENT_SECONDS = 3600
PERIOD_SECONDS = 60.0


def background(cluster: Cluster) -> list[Coroutine[Any, Any, None]]:
    """What runs beside the requests."""
    return [settle(cluster), expire_events(cluster), compact_regularly(cluster)]


async def settle(cluster: Cluster) -> None:
    """Collect garbage and finish deletions, for as long as the cluster serves."""
    feed = cluster.watchers.subscribe(None)
    collector = Collector(cluster)
    try:
        with cluster.together():
            collector.look_at_everything()
        while (change := await feed.next()) is not None:
            with cluster.together():
                collector.follow(change)
            await asyncio.sleep(0)
    finally:
        cluster.watchers.unsubscribe(feed)


async def expire_events(cluster: Cluster, *, period: float = PERIOD_SECONDS) -> None:
    """Remove Events an hour after they were last written."""
    while True:
        remove_old_events(cluster)
        await asyncio.sleep(period)


def remove_old_events(cluster: Cluster) -> None:
    """Remove the Events that were last written more than an hour ago."""
    with cluster.together():
        for key in cluster.storage.older_than(EVENT_SECONDS, EVENTS.stored_resource):
            found = cluster.read(EVENTS, key.namespace, key.name)
            if found is not None:
                cluster.erase(EVENTS, found, found)


async def compact_regularly(cluster: Cluster, *, period: float = PERIOD_SECONDS) -> None:
    """Forget old history, so that the database does not grow for ever."""
    while True:
        cluster.storage.compact()
        await asyncio.sleep(period)


class Collector:
    """Who depends on whom, and what follows from a change. Dependents are kept by the uid of the owner they name."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._dependents: dict[str, set[Key]] = defaultdict(set)

    def look_at_everything(self) -> None:
        """Learn all owners, then act on every object as if it had just changed."""
        for resource in self._cluster.storage.resources():
            for obj in self._cluster.storage.present(resource):
                self._learn(_key(resource, obj), obj)
        for resource in self._cluster.storage.resources():
            for obj in list(self._cluster.storage.present(resource)):
                self._act(_key(resource, obj), obj)

    def follow(self, change: Change) -> None:
        """Act on one change."""
        self._forget(change.key, change.before)
        if change.after is not None:
            self._learn(change.key, change.after)
            self._act(change.key, change.after)
            return
        gone = change.last["metadata"]
        for key in list(self._dependents.pop(gone["uid"], ())):
            self._judge(key)
        for reference in gone.get("ownerReferences", ()):
            self._unblock_owner(reference, change.key.namespace)
        self._finish_containers(change.key)

    def _learn(self, key: Key, obj: Json) -> None:
        for reference in obj["metadata"].get("ownerReferences", ()):
            self._dependents[reference["uid"]].add(key)

    def _forget(self, key: Key, obj: Json | None) -> None:
        for reference in (obj or {}).get("metadata", {}).get("ownerReferences", ()):
            self._dependents[reference["uid"]].discard(key)

    def _act(self, key: Key, obj: Json) -> None:
        metadata = obj["metadata"]
        if metadata.get("ownerReferences"):
            self._judge(key)
        if "deletionTimestamp" not in metadata:
            return
        if deletion.FOREGROUND in metadata.get("finalizers", ()):
            self._delete_dependents(key, obj)
        elif deletion.ORPHAN in metadata.get("finalizers", ()):
            self._orphan_dependents(key, obj)
        if key.resource == NAMESPACES.stored_resource:
            self._empty_namespace(key.name)
        if key.resource == CRDS.stored_resource:
            self._delete_instances(key.name)

    def _judge(self, key: Key) -> None:
        """Delete an object whose owners are all gone; drop references to those that are gone while others stay."""
        kind, obj = self._read(key)
        if kind is None or obj is None:
            return
        references = obj["metadata"].get("ownerReferences", [])
        solid = [reference for reference in references if self._state(reference, key.namespace) == "solid"]
        waiting = [reference for reference in references if self._state(reference, key.namespace) == "waiting"]
        if solid:
            if len(solid) + len(waiting) < len(references):
                self._set_owners(kind, obj, [*solid, *waiting])
        elif references and "deletionTimestamp" not in obj["metadata"]:
            blocks = bool(waiting) and bool(self._dependents.get(obj["metadata"]["uid"]))
            self._delete(kind, key, "Foreground" if blocks else "Background")

    def _state(self, reference: Json, namespace: str) -> str:
        """`solid` while the owner stays, `waiting` while it waits for its dependents, `absent` when it is gone."""
        kind = self._cluster.registry.of_reference(reference["apiVersion"], reference["kind"])
        if kind is None:
            return "solid"  # nothing is known of it: nothing is deleted for its sake
        owner = self._cluster.read(kind, namespace if kind.namespaced else "", reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return "absent"
        metadata = owner["metadata"]
        going = "deletionTimestamp" in metadata and deletion.FOREGROUND in metadata.get("finalizers", ())
        return "waiting" if going else "solid"

    def _delete_dependents(self, key: Key, owner: Json) -> None:
        uid = owner["metadata"]["uid"]
        for dependent in list(self._dependents.get(uid, ())):
            self._judge(dependent)
        if not any(self._blocks(dependent, uid) for dependent in self._dependents.get(uid, ())):
            self._release(key, deletion.FOREGROUND)

    def _blocks(self, key: Key, owner_uid: str) -> bool:
        _, obj = self._read(key)
        references = (obj or {}).get("metadata", {}).get("ownerReferences", ())
        return any(r["uid"] == owner_uid and r.get("blockOwnerDeletion") for r in references)

    def _unblock_owner(self, reference: Json, namespace: str) -> None:
        kind = self._cluster.registry.of_reference(reference["apiVersion"], reference["kind"])
        if kind is None:
            return
        key = Key(kind.stored_resource, namespace if kind.namespaced else "", reference["name"])
        owner = self._cluster.storage.get(key)
        if owner is not None and owner["metadata"]["uid"] == reference["uid"]:
            self._act(key, owner)

    def _orphan_dependents(self, key: Key, owner: Json) -> None:
        uid = owner["metadata"]["uid"]
        for dependent in list(self._dependents.get(uid, ())):
            kind, obj = self._read(dependent)
            if kind is not None and obj is not None:
                others = [r for r in obj["metadata"].get("ownerReferences", ()) if r["uid"] != uid]
                self._set_owners(kind, obj, others)
        self._release(key, deletion.ORPHAN)

    def _set_owners(self, kind: Kind, obj: Json, owners: list[Json]) -> None:
        metadata = {name: value for name, value in obj["metadata"].items() if name != "ownerReferences"}
        if owners:
            metadata["ownerReferences"] = owners
        manager = Manager(CONTROLLER, UPDATE, kind.api_version)
        new = managed.after_update(obj, {**obj, "metadata": metadata}, kind, manager, self._cluster.clock())
        store_update(self._cluster, kind, obj, new)

    def _release(self, key: Key, finalizer: str) -> None:
        """Take a finalizer of ours away, which removes the object when it was the last."""
        kind, obj = self._read(key)
        if kind is None or obj is None or finalizer not in obj["metadata"].get("finalizers", ()):
            return
        metadata = dict(obj["metadata"])
        metadata["finalizers"] = [name for name in metadata["finalizers"] if name != finalizer]
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        store_update(self._cluster, kind, obj, {**obj, "metadata": metadata})

    def _empty_namespace(self, name: str) -> None:
        for resource in self._cluster.storage.resources_in(name):
            self._delete_all(resource, name)
        self._finish_namespace(name)

    def _delete_instances(self, definition: str) -> None:
        self._delete_all(definition, "")
        self._finish_definition(definition)

    def _delete_all(self, resource: str, namespace: str) -> None:
        kind = self._cluster.registry.of_stored(resource)
        if kind is None:
            return
        for obj in list(self._cluster.storage.present(resource, namespace)):
            if "deletionTimestamp" not in obj["metadata"]:
                self._delete(kind, _key(resource, obj), "Background")

    def _finish_containers(self, key: Key) -> None:
        """Something was removed: it may have been the last that a namespace or a definition waited for."""
        if key.namespace:
            self._finish_namespace(key.namespace)
        self._finish_definition(key.resource)

    def _finish_namespace(self, name: str) -> None:
        found = self._cluster.read(NAMESPACES, "", name)
        if found is None or "deletionTimestamp" not in found["metadata"] or self._cluster.storage.resources_in(name):
            return
        finalizers = [f for f in found["spec"].get("finalizers", ()) if f != NAMESPACE_FINALIZER]
        if finalizers != found["spec"].get("finalizers", []):
            store_update(self._cluster, NAMESPACES, found, {**found, "spec": {"finalizers": finalizers}})

    def _finish_definition(self, name: str) -> None:
        found = self._cluster.read(CRDS, "", name)
        if found is None or "deletionTimestamp" not in found["metadata"] or self._cluster.storage.count(name):
            return
        self._release(Key(CRDS.stored_resource, "", name), CLEANUP)

    def _delete(self, kind: Kind, key: Key, policy: str) -> None:
        deletion.delete(self._cluster, kind, key.namespace, key.name, DeleteOptions(policy))

    def _read(self, key: Key) -> tuple[Kind | None, Json | None]:
        kind = self._cluster.registry.of_stored(key.resource)
        return kind, None if kind is None else self._cluster.read(kind, key.namespace, key.name)


def _key(resource: str, obj: Json) -> Key:
    return Key(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
