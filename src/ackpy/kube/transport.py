"""One HTTP exchange with the API server: the seam where tests inject faults. KubeClient calls it, for everything.

A Transport knows connections, certificates and credentials, and nothing of Kubernetes' verbs or retries.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from ackpy.errors import KubeUnreachable
from ackpy.kube.config import KubeConfig
from ackpy.kube.credentials import Credential
from ackpy.kube.errors import NotSent
from ackpy.kube.tls import ClientCertificate

_CONNECT_SECONDS: Final = 10.0
_KEEP_ALIVE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`total` bounds the whole exchange in seconds (None: no bound), `silence` the time between two pieces of the answer."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    total: float | None = 60.0
    silence: float | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class HttpResponse(Protocol):
    """An answer whose head has come. Reading raises KubeUnreachable when the rest does not."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are matched without regard to case."""
        ...

    async def read(self) -> bytes:
        """The whole body."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces, as they come."""
        ...


class Transport(Protocol):
    """Sends requests."""

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        """One exchange. Raises NotSent when the request never left, KubeUnreachable when no answer came."""
        ...

    def refused(self) -> bool:
        """The server answered 401; True when a repeated request would show another credential."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class AiohttpTransport:
    """The transport that talks to a server, over kept-alive HTTP/1.1 connections."""

    def __init__(self, config: KubeConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self._tls_of = _TlsContexts(config)

    @asynccontextmanager
    async def send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        """See `Transport.send`."""
        what = f"{request.method} {self._config.server}{request.path}"
        with _translated(what):
            credential = await self._config.credentials.current()
        bounds = _Bounds(what, request.total)
        async with bounds.waiting():
            response = await self._request(request, credential)
        try:
            yield _AiohttpResponse(response, bounds)
        finally:
            response.release()  # read to its end, the connection is kept; else aiohttp closes it

    async def _request(self, request: HttpRequest, credential: Credential) -> aiohttp.ClientResponse:
        authorization = [("Authorization", credential.authorization)] if credential.authorization else []
        query = f"?{urlencode(request.query)}" if request.query else ""
        return await self._connected().request(
            request.method,
            URL(f"{self._config.server}{request.path}{query}", encoded=True),
            headers=[*request.headers, *self._config.headers, *authorization],
            data=request.body,
            ssl=self._tls_of(credential.certificate),
            server_hostname=self._config.tls.server_name or None,
            proxy=self._config.proxy or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=request.silence),
        )

    def refused(self) -> bool:
        """See `Transport.refused`."""
        return self._config.credentials.refused()

    async def close(self) -> None:
        """See `Transport.close`."""
        if self._session is not None:
            await self._session.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:  # aiohttp wants a running loop, which there is when the first request is made
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            # aiohttp sends GET, PUT and DELETE again by itself when a connection breaks, uncounted, and has no public switch
            self._session._retry_connection = False  # noqa: SLF001
        return self._session


class _TlsContexts:
    """The SSL context for a client certificate, made when the certificate changes: connections are pooled by context."""

    def __init__(self, config: KubeConfig) -> None:
        self._tls = config.tls if config.server.startswith("https:") else None
        self._certificate: ClientCertificate | None = None
        self._context: ssl.SSLContext | None = None

    def __call__(self, certificate: ClientCertificate | None) -> ssl.SSLContext | bool:
        if self._tls is None:
            return True  # aiohttp's default; an http URL makes no use of it
        if self._context is None or certificate != self._certificate:
            self._context, self._certificate = self._tls.context(certificate), certificate
        return self._context


class _Bounds:
    """Until when an exchange has to be over, and what its errors call it.

    aiohttp's own bound of the whole is not used: where it runs out in the moment in which the task is cancelled, aiohttp takes the
    cancellation for its own and the task goes on (`TimerContext`, entered twice, uncancels twice).
    """

    def __init__(self, what: str, total: float | None) -> None:
        self._what = what
        self._end = None if total is None else asyncio.get_running_loop().time() + total

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait for the server within the bounds. Raises KubeUnreachable."""
        with _translated(self._what):
            async with asyncio.timeout_at(self._end):
                yield


class _AiohttpResponse:
    def __init__(self, response: aiohttp.ClientResponse, bounds: _Bounds) -> None:
        self._response = response
        self._bounds = bounds

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    async def read(self) -> bytes:
        async with self._bounds.waiting():
            return await self._response.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        pieces = self._response.content.iter_any()
        while True:
            async with self._bounds.waiting():
                piece = await anext(pieces, b"")
            if not piece:
                return
            yield piece


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Exceptions of aiohttp into ours; what a request carried stays out of the text."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent(f"{what}: cannot connect: {error}") from error
    except TimeoutError as error:
        raise KubeUnreachable(f"{what}: no answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        raise KubeUnreachable(f"{what}: {type(error).__name__}: {error}") from error
