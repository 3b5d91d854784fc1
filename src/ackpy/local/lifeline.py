"""How a process of the local stack is told to end: a signal, or the end of its parent -> an event. Used by every child process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_SECONDS = 0.5


@asynccontextmanager
async def told_to_stop(parent: int | None = None) -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, and, where `parent` is given, the end of that parent process."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch(parent, stop)) if parent is not None else None
    try:
        yield stop
    finally:
        if watching is not None:
            watching.cancel()


async def _watch(parent: int, stop: asyncio.Event) -> None:
    """An orphan is adopted: its parent's id is then no longer the one that it was told."""
    while os.getppid() == parent:  # noqa: ASYNC110  nobody tells a child that its parent has gone
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()
