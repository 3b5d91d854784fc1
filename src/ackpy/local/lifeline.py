"""A child process's tie to its parent: the parent's process id -> an event that is set when it has gone. Used by every child."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_SECONDS = 0.5


@asynccontextmanager
async def tied_to(parent: int | None, stop: asyncio.Event) -> AsyncIterator[None]:
    """Inside the block `stop` is set once `parent` is no longer this process's parent; None ties it to nobody."""
    watching = asyncio.create_task(_watch(parent, stop)) if parent is not None else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()


async def _watch(parent: int, stop: asyncio.Event) -> None:
    """An orphan is adopted: its parent's id is then no longer the one that it was told."""
    while os.getppid() == parent:  # noqa: ASYNC110  nobody tells a child that its parent has gone
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()
