"""The state of one cluster: storage, registry, watchers, clock; made by `server`, handed to every handler.

A handler runs to its end without giving way to another, so that reading, deciding and writing are one step.
"""

from __future__ import annotations

import secrets
import sqlite3
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
from ackpy.local.apiserver.watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

FIRST_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
NAME_CHARACTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(slots=True)
class Cluster:
    """Everything that requests share.

    `rules` evaluates `x-kubernetes-validations`. `published` is the revision up to which watchers have been told.
    """

    storage: Storage
    clock: Clock
    registry: Registry = field(default_factory=Registry)
    watchers: Watchers = field(default_factory=Watchers)
    rules: RuleLibrary = field(default_factory=Immutability)
    published: int = 0
    _unpublished: list[Change] = field(default_factory=list)

    @classmethod
    def open(cls, storage: Storage, *, clock: Clock) -> Cluster:
        """The cluster as the storage has it; the first namespaces are made when they are not there."""
        cluster = cls(storage, clock, published=storage.revision)
        cluster.registry.reset(storage.present(CRDS.stored_resource))
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
        """Many writes, all or none; on disk, and known to watchers, when the block has ended (or at `commit`)."""
        mark = len(self._unpublished)
        gathering = self.storage.is_gathering()
        self.storage.begin()
        try:
            with self.storage.together():
                yield
        except BaseException:
            del self._unpublished[mark:]
            raise
        finally:
            if not gathering:
                self.commit()

    def commit(self) -> None:
        """Put what was written on disk, then tell the watchers; a disk that refuses leaves the cluster as it was."""
        changes, self._unpublished = self._unpublished, []
        try:
            self.storage.commit()
        except sqlite3.Error:
            self.registry.reset(self.storage.present(CRDS.stored_resource))
            raise
        self.published = self.storage.revision
        for change in changes:
            self.watchers.publish(change)

    def definitions(self, *, but: str) -> Iterator[Json]:
        """The definitions of custom kinds, except the one named."""
        return (d for d in self.storage.present(CRDS.stored_resource) if d["metadata"]["name"] != but)

    def _publish(self, kind: Kind, change: Change) -> None:
        if kind.stored_resource == CRDS.stored_resource:
            self._follow_definition(change)
        self._unpublished.append(change)
        if not self.storage.is_gathering():
            self.commit()

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
