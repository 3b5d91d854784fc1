"""The transport's bounds on an exchange, and its end."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from ackpy.errors import KubeUnreachable
from ackpy.kube.config import KubeConfig
from ackpy.kube.transport import AiohttpTransport, HttpRequest
from ackpy.testing.scripted import Reply, ScriptedServer, hangs, streams

TOTAL = 0.05


async def exchange(transport: AiohttpTransport) -> bytes:
    async with transport.send(HttpRequest("GET", "/version", total=TOTAL)) as response:
        return await response.read()


@pytest.mark.parametrize("reply", [hangs, streams({}, ending="hang")], ids=["no answer", "half an answer"])
async def test_an_exchange_is_over_in_time(server: ScriptedServer, reply: Reply) -> None:
    server.script(reply)
    transport = AiohttpTransport(KubeConfig(server.url))
    try:
        with pytest.raises(KubeUnreachable, match="/version: no answer in time"):
            await exchange(transport)
    finally:
        await transport.close()


async def test_a_cancellation_in_the_moment_in_which_the_time_runs_out_counts(server: ScriptedServer) -> None:
    arrived = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await hangs(request)

    server.script(silent)
    transport, loop = AiohttpTransport(KubeConfig(server.url)), asyncio.get_running_loop()
    task = asyncio.create_task(exchange(transport))
    await arrived.wait()
    loop.call_at(loop.time() + TOTAL, task.cancel)
    time.sleep(2 * TOTAL)  # noqa: ASYNC251 - a busy loop, to which both are due at once: the end of the time, then the cancellation
    await asyncio.wait({task})
    assert task.cancelled()
    await transport.close()
