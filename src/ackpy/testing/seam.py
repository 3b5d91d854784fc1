"""A reverse proxy in front of a server, where a test meets every request of a client on the wire: to count it, break it, hold it.

    async with seam(endpoint.url, meddle, certificates=endpoint.ca_file) as proxy:
        client = KubeClient(replace(config, server=proxy.url), ...)

`meddle` gets each request and a function that forwards it. It answers with what the client is to see, or None for a connection that
is cut. What was forwarded is done by the server whatever becomes of the client, as on a real network. Watches are passed on as
they come; `drop_watches`, `expire_watches` and `hold_watches` act on all that are open.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from yarl import URL

MOST_BYTES: Final = 64 * 1024 * 1024
GRACE_SECONDS: Final = 0.2
_HOP: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"})
_EXPIRED: Final = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "too old resource version",
    "reason": "Expired",
    "code": 410,
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sent it; header names are in lower case, `target` is path and query as in the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The last value of each parameter."""
        return {name: values[-1] for name, values in parse_qs(self.target.partition("?")[2]).items()}

    @property
    def is_watch(self) -> bool:
        """Whether its answer is a stream that does not end."""
        return self.query.get("watch") == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


Forward: TypeAlias = Callable[[], Awaitable[Answer | None]]
"""Has the server do it: its answer, or None where the server is not there or cut the connection."""
Meddle: TypeAlias = Callable[[Request, Forward], Awaitable[Answer | None]]


async def pass_on(_request: Request, forward: Forward) -> Answer | None:
    """Meddle with nothing."""
    return await forward()


async def until_hung_up() -> None:
    """Never return: the handling of a request ends when its client hangs up."""
    await asyncio.get_running_loop().create_future()


class Seam:
    """The proxy. `url` is where clients go; `closed` cuts every connection from then on, as if the client's process were gone."""

    def __init__(self, upstream: str, meddle: Meddle, certificates: Path | None) -> None:
        self.url = ""
        self._upstream = upstream
        self._meddle = meddle
        self._ssl = ssl.create_default_context(cafile=str(certificates)) if certificates else True
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watches: set[_Watch] = set()
        self.closed = False

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._watches)

    def drop_watches(self) -> int:
        """Cut all open watches; how many they were."""
        return sum(each.end() for each in tuple(self._watches))

    def expire_watches(self) -> int:
        """End all open watches as an API server does whose history no longer goes back far enough (410); how many they were."""
        line = json.dumps({"type": "ERROR", "object": _EXPIRED}).encode() + b"\n"
        return sum(each.end(line) for each in tuple(self._watches))

    def hold_watches(self, seconds: float) -> int:
        """Let what open watches tell come so much later: caches are stale meanwhile; how many they are."""
        until = asyncio.get_running_loop().time() + seconds
        for each in self._watches:
            each.held_until = until
        return len(self._watches)

    async def handle(self, arrived: web.Request) -> web.StreamResponse:
        """One request."""
        headers = {name.lower(): value for name, value in arrived.headers.items()}
        request = Request(arrived.method, arrived.raw_path, headers, await arrived.read())
        if self.closed:
            return _cut(arrived)
        if request.is_watch:
            return await self._stream(arrived, request)
        answer = await self._meddle(request, lambda: self._forward(request))
        if answer is None or self.closed:
            return _cut(arrived)
        return web.Response(status=answer.status, headers=_kept(answer.headers), body=answer.body)

    async def _forward(self, request: Request) -> Answer | None:
        """The server's answer; the request goes on when the client's end is gone."""
        task = asyncio.create_task(self._exchange(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _exchange(self, request: Request) -> Answer | None:
        try:
            async with self._sent(request) as response:
                return Answer(response.status, dict(response.headers), await response.read())
        except (aiohttp.ClientError, OSError):
            return None

    def _sent(self, request: Request) -> Any:
        if self._http is None:
            raise RuntimeError("the seam is not open")
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        url = URL(f"{self._upstream}{request.target}", encoded=True)
        return self._http.request(
            request.method,
            url,
            headers=headers,
            data=request.body or None,
            ssl=self._ssl,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def _stream(self, arrived: web.Request, request: Request) -> web.StreamResponse:
        try:
            async with self._sent(request) as response:
                answer = web.StreamResponse(status=response.status, headers=_kept(response.headers))
                await answer.prepare(arrived)
                watch = _Watch(arrived, answer)
                self._watches.add(watch)
                try:
                    await watch.pass_on(response.content.iter_any())
                finally:
                    self._watches.discard(watch)
                return answer
        except (aiohttp.ClientError, OSError):
            return _cut(arrived)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve, until the block ends."""
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/{anything:.*}", self.handle)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=GRACE_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as self._http:
            await runner.setup()
            try:
                site = web.TCPSite(runner, "127.0.0.1", 0)
                await site.start()
                self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield
            finally:
                self.closed = True
                self.drop_watches()
                await runner.cleanup()
                await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def seam(upstream: str, meddle: Meddle = pass_on, *, certificates: Path | None = None) -> AsyncIterator[Seam]:
    """A proxy in front of `upstream` (scheme, host and port) for as long as the block lasts; `certificates` are whom to trust there."""
    proxy = Seam(upstream, meddle, certificates)
    async with proxy.open():
        yield proxy


@dataclass(eq=False, slots=True)
class _Watch:
    """An open watch between a server and a client."""

    arrived: web.Request
    answer: web.StreamResponse
    held_until: float = 0.0
    _ended: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, last: bytes = b"") -> bool:
        """End it, with some last words; False when it has ended."""
        if self._ended.done():
            return False
        self._ended.set_result(last)
        return True

    async def pass_on(self, pieces: AsyncIterator[bytes]) -> None:
        """What comes, until either side or a test ends it."""
        copying = asyncio.create_task(self._copy(pieces))
        try:
            either: set[asyncio.Future[Any]] = {copying, self._ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._ended.done():
                with suppress(aiohttp.ClientError, OSError):  # an end is an end
                    await copying
                await self.answer.write_eof()
            elif last := self._ended.result():
                await self.answer.write(last)
                await self.answer.write_eof()
            else:
                _cut(self.arrived)
        finally:
            copying.cancel()

    async def _copy(self, pieces: AsyncIterator[bytes]) -> None:
        clock = asyncio.get_running_loop()
        async for piece in pieces:
            await asyncio.sleep(max(self.held_until - clock.time(), 0.0))
            await self.answer.write(piece)


def _cut(arrived: web.Request) -> web.Response:
    """Abort the connection; the response is for aiohttp alone, nobody sees it."""
    if arrived.transport is not None:
        arrived.transport.abort()
    return web.Response()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP}
