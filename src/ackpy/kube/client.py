"""Requests to a Kubernetes API server: verbs on resources in, plain dict objects out.

Called by watch, events, the runtime, and reconcilers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import urlsplit

import orjson

from ackpy.errors import Conflict, Gone, Invalid, KubeUnreachable, NotFound
from ackpy.kube.calls import (
    DEFAULT_OPTIONS,
    EVERYTHING,
    NO_PRECONDITIONS,
    Answer,
    ObjectList,
    PatchBody,
    PatchType,
    Preconditions,
    Propagation,
    Query,
    RequestKind,
    Selection,
    WriteOptions,
)
from ackpy.kube.clock import Clock, SystemClock
from ackpy.kube.config import KubeConfig
from ackpy.kube.errors import answer_error, is_about
from ackpy.kube.objects import Object, ObjectKey, key_of
from ackpy.kube.resource import Resource
from ackpy.kube.retry import Failure, RetryPolicy, parse_retry_after
from ackpy.kube.stream import lines
from ackpy.kube.transport import AiohttpTransport, HttpRequest, Transport

_CONTENT_TYPES: Final[Mapping[PatchType, str]] = MappingProxyType(
    {
        "merge": "application/merge-patch+json",
        "json": "application/json-patch+json",
        "apply": "application/apply-patch+yaml",
        "strategic": "application/strategic-merge-patch+json",
    }
)
_READS: Final = frozenset({"get", "list", "watch"})
PAGE_SIZE: Final = 500


@dataclass(frozen=True, slots=True)
class _Call:
    kind: RequestKind
    request: HttpRequest


class KubeClient:
    """A client of one API server. Use as an async context manager, or `close` it.

    Errors of all calls: KubeApiError's tree for an answer that says no, KubeUnreachable for no answer (NotSent: never sent).
    Reads are sent again when the server puts them off (429 or 503) or does not answer; writes only when they never left.
    `requests` counts every request sent, repeated ones too; `observers` hear of every answer.
    """

    def __init__(
        self,
        config: KubeConfig,
        *,
        user_agent: str,
        clock: Clock | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
        random: Random | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.requests: Counter[RequestKind] = Counter()
        self.observers: list[Callable[[Answer], None]] = []
        self._agent = user_agent
        self._host = urlsplit(config.server).netloc
        self._transport = transport or AiohttpTransport(config)
        self._retry = retry
        self._random = random or Random()  # noqa: S311 - spreads retries, guards nothing
        self._discovered: dict[str, Mapping[str, Resource]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calls under way fail."""
        await self._transport.close()

    async def get(self, resource: Resource, key: ObjectKey, *, subresource: str = "") -> Object:
        """Read one object. NotFound when it is not there."""
        path = resource.object_path(key, subresource)
        return await self._json(RequestKind("get", str(resource), subresource), "GET", path)

    async def list(self, resource: Resource, selection: Selection = EVERYTHING) -> ObjectList:
        """Read all selected objects, page by page, as one consistent list.

        When the snapshot behind the pages expires half-way, the list is read again in one piece.
        """
        try:
            pages = [page async for page in self.pages(resource, selection)]
        except Gone:
            pages = [await self._page(resource, selection, limit=0, rest="")]
        return ObjectList(tuple(item for page in pages for item in page.items), pages[0].resource_version)

    async def pages(
        self, resource: Resource, selection: Selection = EVERYTHING, *, limit: int = PAGE_SIZE
    ) -> AsyncIterator[ObjectList]:
        """Read all selected objects in pages of `limit`; Gone when the snapshot behind the pages has expired."""
        rest = ""
        while True:
            page = await self._page(resource, selection, limit=limit, rest=rest)
            yield page
            rest = page.rest
            if not rest:
                return

    async def create(self, resource: Resource, obj: Object, options: WriteOptions = DEFAULT_OPTIONS) -> Object:
        """Create an object in the namespace that it names; returns it as stored. AlreadyExists when one is there."""
        path = resource.collection_path(key_of(obj).namespace)
        return await self._json(RequestKind("create", str(resource)), "POST", path, query=options.query(), body=obj)

    async def replace(
        self, resource: Resource, obj: Object, options: WriteOptions = DEFAULT_OPTIONS, *, subresource: str = ""
    ) -> Object:
        """Write an object whole (update); Conflict when it names a resourceVersion that is not the latest."""
        path = resource.object_path(key_of(obj), subresource)
        kind = RequestKind("update", str(resource), subresource)
        return await self._json(kind, "PUT", path, query=options.query(), body=obj)

    async def patch(
        self,
        resource: Resource,
        key: ObjectKey,
        body: PatchBody,
        *,
        kind: PatchType = "merge",
        subresource: str = "",
        preconditions: Preconditions = NO_PRECONDITIONS,
        options: WriteOptions = DEFAULT_OPTIONS,
    ) -> Object:
        """Change an object; returns it as stored.

        An unmet precondition is a Conflict; in a JSON patch, where it becomes a `test` operation, it is Invalid.
        An `apply` patch names its object in its body too, and needs a field manager.
        """
        try:
            return await self._json(
                RequestKind("patch", str(resource), subresource),
                "PATCH",
                resource.object_path(key, subresource),
                query=options.query(),
                body=_guarded(body, preconditions),
                content_type=_CONTENT_TYPES[kind],
            )
        except Invalid as error:
            if preconditions.uid and is_about(error, "metadata.uid"):
                # API servers say so of a patch, and Conflict of the same in an update: it is another object by now
                raise Conflict(409, "Conflict", error.message, error.details) from error
            raise

    async def delete(
        self,
        resource: Resource,
        key: ObjectKey,
        *,
        preconditions: Preconditions = NO_PRECONDITIONS,
        propagation: Propagation = "Background",
        dry_run: bool = False,
    ) -> Object:
        """Delete an object; returns what the server answered: the object while finalizers hold it, else a Status."""
        body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if preconditions.fields():
            body["preconditions"] = preconditions.fields()
        query = WriteOptions(dry_run=dry_run).query()
        return await self._json(
            RequestKind("delete", str(resource)), "DELETE", resource.object_path(key), query=query, body=body
        )

    def watch(
        self,
        resource: Resource,
        selection: Selection = EVERYTHING,
        *,
        resource_version: str,
        seconds: int = 300,
        silence: float = 120.0,
    ) -> AbstractAsyncContextManager[AsyncIterator[Object]]:
        """The raw watch from a version on: an iterator of {"type", "object"} dicts, bookmarks and ERROR too.

        It ends when the server ends it, after `seconds` at the latest; KubeUnreachable when it breaks, or when nothing has come for
        `silence` seconds. `ackpy.kube.watch.ListWatch` lives through all of that.
        """
        query = (
            ("watch", "true"),
            ("resourceVersion", resource_version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(seconds)),
            *selection.query(),
        )
        request = HttpRequest(
            "GET",
            resource.collection_path(selection.namespace),
            query,
            self._headers(selection.accept("PartialObjectMetadata")),
            total=None,
            silence=silence,
        )
        return self._stream(_Call(RequestKind("watch", str(resource)), request))

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind by discovery, asked once for each group and version; NotFound when the server has none."""
        if kind not in self._discovered.get(api_version, {}):
            self._discovered[api_version] = await self._discover(api_version)
        try:
            return self._discovered[api_version][kind]
        except KeyError:
            raise NotFound(404, "NotFound", f"the server has no kind {kind!r} in {api_version}") from None

    async def _discover(self, api_version: str) -> Mapping[str, Resource]:
        group, _, version = api_version.rpartition("/")
        path = f"/apis/{api_version}" if group else f"/api/{version}"
        listing = await self._json(RequestKind("get", "discovery"), "GET", path)
        return {
            entry["kind"]: Resource(group, version, entry["name"], entry["kind"], bool(entry["namespaced"]))
            for entry in listing["resources"]
            if "/" not in entry["name"]  # a subresource
        }

    async def _page(self, resource: Resource, selection: Selection, *, limit: int, rest: str) -> ObjectList:
        paging = (("limit", str(limit)),) if limit else ()
        query = (*selection.query(), *paging, *((("continue", rest),) if rest else ()))
        path = resource.collection_path(selection.namespace)
        accept = selection.accept("PartialObjectMetadataList")
        body = await self._json(RequestKind("list", str(resource)), "GET", path, query=query, accept=accept)
        meta = body.get("metadata") or {}
        items = tuple({**resource.type_meta, **item} for item in body.get("items") or ())
        return ObjectList(items, meta.get("resourceVersion") or "", meta.get("continue") or "")

    async def _json(
        self,
        kind: RequestKind,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: PatchBody | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        headers = self._headers(accept)
        if body is not None:
            headers = (*headers, ("Content-Type", content_type))
        request = HttpRequest(method, path, query, headers, None if body is None else orjson.dumps(body))
        return await self._exchange(_Call(kind, request))

    def _headers(self, accept: str) -> Query:
        return (("User-Agent", self._agent), ("Accept", accept))

    async def _exchange(self, call: _Call) -> Object:
        attempt = 0
        while True:
            failure = await self._attempt(call, attempt)
            if not isinstance(failure, Failure):
                return failure
            delay = self._retry.delay(failure, self._random)
            if delay is None:
                raise failure.error
            await self.clock.sleep(delay)
            attempt += 1

    async def _attempt(self, call: _Call, attempt: int) -> Object | Failure:
        read = call.kind.verb in _READS
        try:
            status, retry_after, body = await self._send(call)
        except KubeUnreachable as error:
            return Failure(attempt, read, error)
        if status < 300:
            return _parsed(call, body)
        return Failure(attempt, read, answer_error(status, body), status, retry_after)

    async def _send(self, call: _Call) -> tuple[int, float | None, bytes]:
        """One exchange; a second one when the server refuses a credential that can be renewed (a 401 has done nothing)."""
        status, retry_after, body = await self._send_once(call)
        if status == 401 and self._transport.refused():
            return await self._send_once(call)
        return status, retry_after, body

    async def _send_once(self, call: _Call) -> tuple[int, float | None, bytes]:
        started = self.clock.monotonic()
        self.requests[call.kind] += 1
        status = 0
        try:
            async with self._transport.send(call.request) as response:
                body = await response.read()
                status = response.status
                return status, parse_retry_after(response.headers.get("Retry-After")), body
        finally:
            self._observe(call, status, started)

    @asynccontextmanager
    async def _stream(self, call: _Call) -> AsyncIterator[AsyncIterator[Object]]:
        started = self.clock.monotonic()
        self.requests[call.kind] += 1
        async with self._transport.send(call.request) as response:
            self._observe(call, response.status, started)
            if response.status == 401:
                self._transport.refused()
            if response.status >= 300:
                raise answer_error(response.status, await response.read())
            yield lines(response.chunks())

    def _observe(self, call: _Call, status: int, started: float) -> None:
        seconds = self.clock.monotonic() - started
        answer = Answer(call.kind, call.request.method, status, seconds, self._host)
        for observer in self.observers:
            observer(answer)


def _guarded(body: PatchBody, preconditions: Preconditions) -> PatchBody:
    """A patch that the server refuses when a precondition does not hold."""
    fields = preconditions.fields()
    if not fields:
        return body
    if isinstance(body, list):
        return [{"op": "test", "path": f"/metadata/{name}", "value": value} for name, value in fields.items()] + body
    return {**body, "metadata": {**body.get("metadata", {}), **fields}}


def _parsed(call: _Call, body: bytes) -> Object:
    try:
        parsed: Object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise KubeUnreachable(f"{call.request}: the answer is no JSON: {error.msg}; is this an API server?") from error
    return parsed
