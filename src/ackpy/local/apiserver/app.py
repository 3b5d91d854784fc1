"""HTTP requests -> answers, as a raw ASGI application; served by `server`.

Every request must carry the administrator's token and a Host that is loopback; one that a browser sends for a page (an Origin
header) is refused, since loopback is reachable from any web page. The health paths alone ask for no token.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from ackpy.local.apiserver import discovery
from ackpy.local.apiserver.metrics import Metrics
from ackpy.local.apiserver.openapi import V2_DOCUMENT, V2_DOCUMENT_PROTOBUF, V2_PROTOBUF, Documents
from ackpy.local.apiserver.representation import show_event
from ackpy.local.apiserver.request import Request, ResourcePath, Scope, body_of, head_of, resource_path
from ackpy.local.apiserver.resources import Answer, Stream, answer_resource
from ackpy.local.apiserver.status import ApiError, forbidden, no_such_resource, unauthorized

if TYPE_CHECKING:
    from ackpy.local.apiserver.cluster import Cluster

Json = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)

READS = frozenset({"GET", "HEAD"})
HEALTH = frozenset({"/healthz", "/livez", "/readyz"})
HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class Application:
    """The ASGI application over one cluster."""

    def __init__(self, cluster: Cluster, *, token: str) -> None:
        self._cluster = cluster
        self._expected = f"Bearer {token}".encode()
        self._metrics = Metrics()
        self._documents = Documents(cluster.registry)
        self._commit: asyncio.Future[None] | None = None

    def close(self) -> None:
        """End all watches, so that the server can stop."""
        self._cluster.watchers.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"this application speaks HTTP only, not {scope['type']}")
        request = head_of(scope)
        target = resource_path(request.path)
        try:
            self._let_in(request)
            request = replace(request, body=await body_of(receive))
            try:
                found = self._answer(request, target)
            finally:
                await self._on_disk()
        except ApiError as error:
            found = Answer(error.status(), error.code)
        except Exception as error:  # noqa: BLE001 - the client is told, the log has the trace, other requests go on
            found = _internal(error)
        self._metrics.count(request, target, found.code)
        if isinstance(found, Stream):
            await self._stream(found, receive, send)
        else:
            await _send(found, send)

    def _let_in(self, request: Request) -> None:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if host not in HOSTS:
            raise forbidden(f"the Host header must name a loopback address: found {host!r}, use 127.0.0.1")
        if "origin" in request.headers:
            raise forbidden("requests of web pages are refused: this server is for programs")
        given = request.headers.get("authorization", "").encode()
        if request.path not in HEALTH and not hmac.compare_digest(given, self._expected):
            raise unauthorized()

    def _answer(self, request: Request, target: ResourcePath | None) -> Answer | Stream:
        if target is not None:
            if request.method not in READS:
                self._cluster.storage.begin()
            return answer_resource(self._cluster, request, target)
        if request.method not in READS:
            raise no_such_resource()
        return self._page(request)

    async def _on_disk(self) -> None:
        """Wait until what this request wrote, or read of others' writes, is on disk: one commit for all that are ready now."""
        if not self._cluster.storage.is_gathering():
            return
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self._commit_all, self._commit)
        await asyncio.shield(self._commit)

    def _commit_all(self, done: asyncio.Future[None]) -> None:
        self._commit = None
        try:
            self._cluster.commit()
        except sqlite3.Error as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _page(self, request: Request) -> Answer:
        """The answer to a path that names no resource: health, version, metrics, discovery, OpenAPI."""
        path = request.path.rstrip("/")
        if path in HEALTH:
            return Answer(b"ok", media_type="text/plain; charset=utf-8")
        if path == "/metrics":
            return Answer(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
        if path == "/version":
            return Answer(discovery.VERSION)
        if path == "/openapi/v2":
            return _second(request.headers.get("accept", ""))
        if path == "/openapi/v3":
            return Answer(self._documents.index())
        if path.startswith("/openapi/v3/"):
            return _found(self._documents.document(path.removeprefix("/openapi/v3/")))
        return self._discover(request, path.strip("/").split("/"))

    def _discover(self, request: Request, parts: list[str]) -> Answer:
        kinds = self._cluster.registry.kinds()
        accept = request.headers.get("accept", "")
        if parts in (["api"], ["apis"]) and discovery.wants_aggregated(accept):
            return Answer(discovery.aggregated(kinds, core=parts == ["api"]), media_type=discovery.AGGREGATED)
        match parts:
            case ["api"]:
                return Answer(discovery.core_versions(request.headers.get("host", "")))
            case ["apis"]:
                return Answer(discovery.group_list(kinds))
            case ["apis", group]:
                return _found(discovery.group(kinds, group))
            case ["api", version]:
                return _found(discovery.resource_list(kinds, "", version))
            case ["apis", group, version]:
                return _found(discovery.resource_list(kinds, group, version))
        raise no_such_resource()

    async def _stream(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Send a watch's events until it ends or the client goes."""
        headers = [(b"content-type", stream.form.media_type().encode()), (b"cache-control", b"no-cache, private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sending = asyncio.create_task(self._send_events(stream, send))
        leaving = asyncio.create_task(_disconnected(receive))
        with self._metrics.watches.track_inprogress():
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stream.watch.close()
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled():
            sending.result()
            await send({"type": "http.response.body", "body": b""})

    async def _send_events(self, stream: Stream, send: Send) -> None:
        async for event in stream.watch.events():
            shown = show_event(event, stream.kind, stream.form, self._cluster.clock())
            await send({"type": "http.response.body", "body": orjson.dumps(shown) + b"\n", "more_body": True})


def _second(accept: str) -> Answer:
    """OpenAPI v2, in the form that is asked for."""
    return Answer(V2_DOCUMENT_PROTOBUF, media_type=V2_PROTOBUF) if "protobuf" in accept else Answer(V2_DOCUMENT)


def _found(body: Json | bytes | None) -> Answer:
    if body is None:
        raise no_such_resource()
    return Answer(body)


def _internal(error: Exception) -> Answer:
    """An error of this server itself. The trace names code only: no value of the request is in it."""
    kind = type(error).__name__
    _log.error("internal error: %s\n%s", kind, "".join(traceback.format_tb(error.__traceback__)))
    text = f"internal error of the embedded API server ({kind}); its log has the trace"
    return Answer(ApiError(500, "InternalError", text).status(), 500)


async def _send(answer: Answer, send: Send) -> None:
    body = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
    headers = [(b"content-type", answer.media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-cache, private"))
    headers += [(b"warning", _warning(text)) for text in answer.warnings]
    await send({"type": "http.response.start", "status": answer.code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _warning(text: str) -> bytes:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'.encode()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
