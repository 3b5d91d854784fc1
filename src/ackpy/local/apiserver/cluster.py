"""The state of one cluster: storage, registry, watchers, clock; made by `server`, handed to every handler.

A handler runs to its end without giving way to another, so that reading, deciding and writing are one step.
"""

from __future__ import annotations

import secrets
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.builtin_kinds import CRDS, NAMESPACES
from ackpy.local.apiserver.clock import Clock, rfc3339
from ackpy.local.apiserver.registry import Registry
from ackpy.local.apiserver.rules import Immutability, RuleLibrary
from ackpy.local.apiserver.storage import Change, Key, Storage
from ackpy.local.apiserver.versions import from_stored, to_stored
from ackpy.local.apiserver.watch import Watchers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

FIRST_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
NAME_CHARACTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(slots=True)
class Cluster:
    """Everything that requests share. `rules` evaluates `x-kubernetes-validations`."""

    storage: Storage
    clock: Clock
    registry: Registry = field(default_factory=Registry)
    watchers: Watchers = field(default_factory=Watchers)
    rules: RuleLibrary = field(default_factory=Immutability)
    _unpublished: list[Change] | None = None

    @classmethod
    def open(cls, storage: Storage, *, clock: Clock) -> Cluster:
        """The cluster as the storage has it; the first namespaces are made when they are not there."""
        cluster = cls(storage, clock)
        for definition in storage.present(CRDS.stored_resource):
            cluster.registry.adopt(definition)
        for name in FIRST_NAMESPACES:
            cluster._ensure_namespace(name)
        return cluster

    def now(self) -> str:
        """The time, as metadata writes it."""
        return rfc3339(self.clock())

    def read(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """The present object in the terms of `kind`, or None."""
        found = self.storage.get(Key(kind.stored_resource, namespace, name))
        return None if found is None else from_stored(found, kind)

    def write(self, kind: Kind, before: Json | None, after: Json) -> Json:
        """Keep `after` over `before`, both in the terms of `kind`; returns it with its new resourceVersion."""
        versioned = _with_version(after, self.storage.next_revision())
        old = None if before is None else to_stored(before, kind)
        change = self.storage.put(key_of(kind, versioned), old, to_stored(versioned, kind))
        self._publish(kind, change)
        return versioned

    def erase(self, kind: Kind, before: Json, last: Json) -> Json:
        """Remove the object; `last` is its final state, which watchers are shown."""
        versioned = _with_version(last, self.storage.next_revision())
        change = self.storage.remove(key_of(kind, before), to_stored(before, kind), to_stored(versioned, kind))
        self._publish(kind, change)
        return versioned

    @contextmanager
    def together(self) -> Iterator[None]:
        """Many writes as one commit, all or none; watchers hear of them when they are on disk."""
        self._unpublished = []
        try:
            with self.storage.together():
                yield
            changes = self._unpublished
        finally:
            self._unpublished = None
        for change in changes:
            self.watchers.publish(change)

    def definitions(self, *, but: str) -> Iterator[Json]:
        """The definitions of custom kinds, except the one named."""
        return (d for d in self.storage.present(CRDS.stored_resource) if d["metadata"]["name"] != but)

    def _publish(self, kind: Kind, change: Change) -> None:
        if kind.stored_resource == CRDS.stored_resource:
            self._follow_definition(change)
        if self._unpublished is None:
            self.watchers.publish(change)
        else:
            self._unpublished.append(change)

    def _follow_definition(self, change: Change) -> None:
        if change.after is None:
            self.registry.drop(change.key.name)
        else:
            self.registry.adopt(change.after)

    def _ensure_namespace(self, name: str) -> None:
        if self.read(NAMESPACES, "", name) is None:
            labels = {"kubernetes.io/metadata.name": name}
            metadata = {"name": name, "uid": new_uid(), "creationTimestamp": self.now(), "labels": labels}
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            self.write(
                NAMESPACES, None, {**body, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
            )


def key_of(kind: Kind, obj: Json) -> Key:
    """Where an object is kept."""
    metadata = obj["metadata"]
    return Key(kind.stored_resource, metadata.get("namespace", "") if kind.namespaced else "", metadata["name"])


def new_uid() -> str:
    """What tells an object from an earlier one of the same name."""
    return str(uuid.uuid4())


def generated_name(prefix: str) -> str:
    """A name of at most 63 characters that begins with `prefix`, as generateName asks."""
    return prefix[:58] + "".join(secrets.choice(NAME_CHARACTERS) for _ in range(5))


def _with_version(obj: Json, revision: int) -> Json:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
