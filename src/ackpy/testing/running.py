"""A manager with its controllers -> a manager at work, for as long as a block lasts. For tests of controllers, ours and users' own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ackpy.runtime.manager import Manager

START_SECONDS: Final = 30.0


@asynccontextmanager
async def running(manager: Manager) -> AsyncIterator[None]:
    """Run the manager: the block begins when its controllers work, and ends with a clean stop.

    Raises what ends the manager. Where the block fails, the manager is cancelled: its last seconds may be those of a clock that
    only the test moves.
    """
    stop = asyncio.Event()
    task = asyncio.create_task(manager.run(stop))
    try:
        await _started(manager, task)
        yield
    except BaseException:
        task.cancel()
        await asyncio.wait([task])
        raise
    stop.set()
    await task


async def _started(manager: Manager, task: asyncio.Task[None]) -> None:
    started = asyncio.create_task(manager.wait_started())
    await asyncio.wait({task, started}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    if not started.done():
        started.cancel()
        raise TimeoutError(f"the manager has not started within {START_SECONDS:.0f} s")
