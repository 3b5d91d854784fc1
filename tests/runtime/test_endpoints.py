from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from ackpy.errors import ConfigError
from ackpy.runtime.endpoints import health_routes, metrics_routes, parse_address, serving

LOOPBACK = "127.0.0.1:0"


@pytest.mark.parametrize(
    ("address", "parsed"),
    [("0", None), ("", None), (":8080", ("", 8080)), ("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:9", ("::1", 9))],
)
def test_addresses(address: str, parsed: tuple[str, int] | None) -> None:
    assert parse_address(address) == parsed


@pytest.mark.parametrize("address", ["8080", "host", "host:", "host:port", "host:65536", "host:-1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ConfigError, match="must be host:port, :port, or 0 for none"):
        parse_address(address)


async def get(bound: tuple[str, int] | None, path: str, **headers: str) -> tuple[int, str, str]:
    assert bound is not None
    url = f"http://{bound[0]}:{bound[1]}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.headers["Content-Type"], await response.text()


async def test_health_says_what_is_wrong() -> None:
    wrong: dict[str, str] = {}
    async with serving(LOOPBACK, health_routes(dict, lambda: wrong)) as bound:
        assert (await get(bound, "/readyz"))[::2] == (200, "ok")
        wrong["cache of widgets"] = "not synced"
        assert (await get(bound, "/readyz"))[::2] == (503, "cache of widgets: not synced\n")
        assert (await get(bound, "/healthz"))[0] == 200
        assert (await get(bound, "/metrics"))[0] == 404


async def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things", registry=registry).inc()
    async with serving(LOOPBACK, metrics_routes(registry)) as bound:
        status, kind, text = await get(bound, "/metrics")
        assert (status, kind.startswith("text/plain")) == (200, True)
        assert "things_total 1.0" in text
        _, kind, text = await get(bound, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        assert text.endswith("# EOF\n")


async def test_off_is_off() -> None:
    async with serving("0", {}) as bound:
        assert bound is None


async def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"{address}.*in use.*choose another"):
            await asyncio.wait_for(_serve(address), 5)


async def _serve(address: str) -> None:
    async with serving(address, {}):
        pass
