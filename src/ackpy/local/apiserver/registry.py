"""Group, version and plural -> kind; the built-in table and what CustomResourceDefinitions add. Kept by `cluster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import crd
from ackpy.local.apiserver.builtin_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]


class Registry:
    """The kinds that are served now. `generation` grows with each change, so that discovery can be kept until then."""

    def __init__(self) -> None:
        self.generation = 0
        self._built_in = {_key(kind): kind for kind in KINDS}
        self._custom: dict[str, list[Kind]] = {}
        self._terminating: set[str] = set()
        self._kinds = dict(self._built_in)

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind that a path names, or None."""
        return self._kinds.get((group, version, plural))

    def kinds(self) -> list[Kind]:
        """All kinds, built-in ones first."""
        return list(self._kinds.values())

    def of_stored(self, resource: str) -> Kind | None:
        """The kind in whose terms the stored objects of a resource are written."""
        found = [
            k for k in self._kinds.values() if k.stored_resource == resource and k.stored_group is None and k.stored
        ]
        return next((kind for kind in found if kind.version == kind.storage_version), found[0] if found else None)

    def of_reference(self, api_version: str, kind: str) -> Kind | None:
        """The kind that an owner reference names."""
        found = (k for k in self._kinds.values() if k.kind == kind and k.api_version == api_version)
        return next(found, None)

    def is_terminating(self, resource: str) -> bool:
        """Whether the definition of a resource is being deleted, so that no object may be added."""
        return resource in self._terminating

    def adopt(self, definition: Json) -> None:
        """Serve the kinds of a definition that is established; serve no more of one that is not."""
        name = definition["metadata"]["name"]
        self._custom[name] = crd.kinds_of(definition) if crd.is_established(definition) else []
        if "deletionTimestamp" in definition["metadata"]:
            self._terminating.add(name)
        self._rebuild()

    def reset(self, definitions: Iterable[Json]) -> None:
        """Serve what these definitions say, and the built-in kinds."""
        self._custom.clear()
        self._terminating.clear()
        self._rebuild()
        for definition in definitions:
            self.adopt(definition)

    def drop(self, name: str) -> None:
        """Forget the kinds of a definition."""
        self._custom.pop(name, None)
        self._terminating.discard(name)
        self._rebuild()

    def _rebuild(self) -> None:
        self.generation += 1
        custom: Iterable[Kind] = (kind for kinds in self._custom.values() for kind in kinds)
        self._kinds = {**self._built_in, **{_key(kind): kind for kind in custom}}


def _key(kind: Kind) -> tuple[str, str, str]:
    return kind.group, kind.version, kind.plural
