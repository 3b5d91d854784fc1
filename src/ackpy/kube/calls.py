"""What the calls of KubeClient take and give, as values. Called by client and by everybody who calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ackpy.kube.objects import Object

PatchType: TypeAlias = Literal["merge", "json", "apply", "strategic"]
PatchBody: TypeAlias = Object | list[Object]
"""A merge, apply or strategic patch; or the list of operations of a JSON patch."""
Propagation: TypeAlias = Literal["Background", "Foreground", "Orphan"]
Query: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RequestKind:
    """What requests are counted by. `verb` is Kubernetes' own: get, list, watch, create, update, patch, delete."""

    verb: str
    resource: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an observer is told of each attempt: `code` is the HTTP status, or 0 when no answer came; `host` the server's, with its port."""

    kind: RequestKind
    method: str
    code: int
    seconds: float
    host: str


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for a patch or deletion to happen; Conflict when it does not. Empty: not asked."""

    uid: str = ""
    resource_version: str = ""

    def fields(self) -> dict[str, str]:
        """Those that are asked, named as in metadata and in DeleteOptions."""
        return {name: value for name, value in (("uid", self.uid), ("resourceVersion", self.resource_version)) if value}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write. `validation` is Strict, Warn or Ignore, the server's choice when empty; `force` is for apply patches alone."""

    field_manager: str = ""
    validation: str = ""
    dry_run: bool = False
    force: bool = False

    def query(self) -> Query:
        """As query parameters."""
        pairs = (
            ("fieldManager", self.field_manager),
            ("fieldValidation", self.validation),
            ("dryRun", "All" if self.dry_run else ""),
            ("force", "true" if self.force else ""),
        )
        return tuple((name, value) for name, value in pairs if value)


NO_PRECONDITIONS: Final = Preconditions()
DEFAULT_OPTIONS: Final = WriteOptions()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a resource to list or watch: of `namespace` (empty: all), by label and field selectors.

    `metadata_only`: of each object no more than its metadata, so that the server keeps spec, status and data to itself.
    """

    namespace: str = ""
    labels: str = ""
    fields: str = ""
    metadata_only: bool = False

    def query(self) -> Query:
        """The selectors as query parameters."""
        return tuple(
            (name, value) for name, value in (("labelSelector", self.labels), ("fieldSelector", self.fields)) if value
        )

    def accept(self, form: str) -> str:
        """The Accept header: JSON, or the form of metadata only, `PartialObjectMetadata` (`...List` for a list)."""
        return f"application/json;as={form};g=meta.k8s.io;v=v1" if self.metadata_only else "application/json"


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class ObjectList:
    """A list, or a page of one: `rest` is a token for the next page, empty on the last."""

    items: tuple[Object, ...]
    resource_version: str
    rest: str = ""
