"""Metrics and health over HTTP, for Prometheus and the kubelet. A Manager serves them while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ackpy.errors import ConfigError

Check: TypeAlias = Callable[[], Mapping[str, str]]
"""What is wrong at this moment, by what it is wrong with; empty when all is well."""
Routes: TypeAlias = Mapping[str, Callable[[web.Request], web.Response]]


def parse_address(address: str) -> tuple[str, int] | None:
    """`host:port` (`:port` for every interface, `[::1]:port`), or None for `0` and the empty string: off.

    ConfigError when it is neither.
    """
    if address in {"", "0"}:
        return None
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"address {address!r}: must be host:port, :port, or 0 for none")
    return host.strip("[]"), int(port)


@asynccontextmanager
async def serving(address: str, routes: Routes) -> AsyncIterator[tuple[str, int] | None]:
    """Serve `routes` at an address; gives the address bound (port 0 asks for a free one), None when off.

    ConfigError when it cannot be bound.
    """
    parsed = parse_address(address)
    if parsed is None:
        yield None
        return
    runner = web.AppRunner(_application(routes), access_log=None)
    await runner.setup()
    try:
        host, port = parsed
        try:
            await web.TCPSite(runner, host or None, port).start()
        except OSError as error:
            raise ConfigError(f"address {address!r}: {error.strerror}; choose another, or 0 for none") from error
        yield host, runner.addresses[0][1]
    finally:
        await runner.cleanup()


def metrics_routes(registry: CollectorRegistry) -> Routes:
    """`/metrics`, in the format that the scraper asks for."""

    def scrape(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return {"/metrics": scrape}


def health_routes(alive: Check, ready: Check) -> Routes:
    """`/healthz` and `/readyz`: 200 `ok`, or 503 and a line for each thing that is wrong."""
    return {"/healthz": _answering(alive), "/readyz": _answering(ready)}


def _answering(check: Check) -> Callable[[web.Request], web.Response]:
    def answer(_request: web.Request) -> web.Response:
        wrong = check()
        if not wrong:
            return web.Response(text="ok")
        return web.Response(status=503, text="".join(f"{name}: {problem}\n" for name, problem in wrong.items()))

    return answer


def _application(routes: Routes) -> web.Application:
    application = web.Application()
    for path, answer in routes.items():
        application.router.add_get(path, _handler(answer))
    return application


def _handler(answer: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    return handle
