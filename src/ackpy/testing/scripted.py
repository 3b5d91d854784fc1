"""A server that answers what a test tells it to, in the order it was told: where a client meets bad luck on a real socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson
from aiohttp import web

from ackpy.testing.memory import refusal

Reply: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ending: TypeAlias = Literal["end", "drop", "hang"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


class ScriptedServer:
    """`replies` are used up one a request; a request too many is answered with 500. `requests` is what came."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: deque[Reply] = deque()
        self.requests: list[Seen] = []

    def script(self, *replies: Reply) -> None:
        """Answer the next requests so."""
        self.replies.extend(replies)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        self.requests.append(Seen(request.method, request.path, dict(request.query), dict(request.headers), body))
        if not self.replies:
            return web.Response(status=500, text="nothing is scripted for this request")
        return await self.replies.popleft()(request)


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A ScriptedServer on a free loopback port."""
    server = ScriptedServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def answers(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=orjson.dumps(body), headers=headers, content_type="application/json")

    return reply


def says(text: str, status: int = 200) -> Reply:
    """Answer with plain text, as a proxy might."""

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    return reply


def refuses(
    code: int, reason: str, message: str = "no", headers: Mapping[str, str] | None = None, **details: Any
) -> Reply:
    """Answer with a Status."""
    status = refusal(code, reason, message).body
    return answers({**status, **({"details": details} if details else {})}, code, headers)


def streams(*pieces: bytes | Mapping[str, Any], ending: Ending = "end") -> Reply:
    """Answer with a stream: bytes as they are, mappings as lines of JSON. Then end it well, drop the connection, or say nothing."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece if isinstance(piece, bytes) else orjson.dumps(piece) + b"\n")
        if ending == "drop":
            _drop(request)
        if ending == "hang":
            await _hang()
        return response

    return reply


def drops(request: web.Request) -> Awaitable[web.StreamResponse]:
    """Close the connection without an answer."""

    async def reply() -> web.StreamResponse:
        _drop(request)
        return web.Response()

    return reply()


def hangs(_request: web.Request) -> Awaitable[web.StreamResponse]:
    """Never answer."""

    async def reply() -> web.StreamResponse:
        await _hang()
        return web.Response()

    return reply()


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _hang() -> None:
    """Until the client has gone, which cancels the handler."""
    await asyncio.get_running_loop().create_future()
