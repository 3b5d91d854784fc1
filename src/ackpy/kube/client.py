"""Requests to a Kubernetes API server: verbs on resources in, plain dict objects out.

Called by watch, events, the runtime, and reconcilers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

from ackpy.kube.clock import Clock
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource

PatchType: TypeAlias = Literal["merge", "json", "apply", "strategic"]
PatchBody: TypeAlias = Mapping[str, Any] | list[dict[str, Any]]
"""A merge, apply or strategic patch; or the list of operations of a JSON patch."""
Propagation: TypeAlias = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class RequestKind:
    """What requests are counted by. `verb` is Kubernetes' own: get, list, watch, create, update, patch, delete."""

    verb: str
    resource: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for a patch or deletion to happen; Conflict when it does not. Empty: not asked."""

    uid: str = ""
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write. `validation` is Strict, Warn or Ignore, the server's choice when empty; `force` is for apply patches alone."""

    field_manager: str = ""
    validation: str = ""
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class ObjectList:
    """A list, or a page of one: `remaining` is a token for the next page, empty on the last."""

    items: list[Object]
    resource_version: str
    remaining: str = ""


class KubeClient:
    """A client of one API server. Use as an async context manager, or `close` it.

    Errors of all calls: KubeApiError's tree for an answer that says no, KubeUnreachable for no answer.
    `requests` counts every request sent, retries too.
    """

    requests: Counter[RequestKind]

    def __init__(self, config: KubeConfig, *, user_agent: str, clock: Clock | None = None) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(self, *_: object) -> None:
        raise NotImplementedError

    async def get(self, resource: Resource, key: ObjectKey, *, subresource: str = "") -> Object:
        """Read one object."""
        raise NotImplementedError

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 500,
    ) -> ObjectList:
        """Read all objects of a namespace, or of all of them, page by page."""
        raise NotImplementedError

    async def create(self, resource: Resource, obj: Object, options: WriteOptions = WriteOptions()) -> Object:
        """Create an object in the namespace that it names; returns it as stored."""
        raise NotImplementedError

    async def replace(
        self, resource: Resource, obj: Object, options: WriteOptions = WriteOptions(), *, subresource: str = ""
    ) -> Object:
        """Write an object whole (update); its resourceVersion, when there, must be the latest."""
        raise NotImplementedError

    async def patch(
        self,
        resource: Resource,
        key: ObjectKey,
        body: PatchBody,
        *,
        kind: PatchType = "merge",
        subresource: str = "",
        preconditions: Preconditions = Preconditions(),
        options: WriteOptions = WriteOptions(),
    ) -> Object:
        """Change an object; returns it as stored."""
        raise NotImplementedError

    async def delete(
        self,
        resource: Resource,
        key: ObjectKey,
        *,
        preconditions: Preconditions = Preconditions(),
        propagation: Propagation = "Background",
    ) -> Object:
        """Delete an object; returns what the server answered: the object while finalizers hold it, else a Status."""
        raise NotImplementedError

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AbstractAsyncContextManager[AsyncIterator[Object]]:
        """The raw watch stream: {"type", "object"} dicts. `ackpy.kube.watch.ListWatch` is what survives its ends."""
        raise NotImplementedError

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind by discovery (asked once a group and version); NotFound when the server has none."""
        raise NotImplementedError
