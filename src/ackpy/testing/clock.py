"""Time that moves when a test says so: a Clock for everything that waits or measures."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Final

_TURNS: Final = 25  # of the event loop: enough for what a wake-up sets off to come to rest, where no socket is involved


class FakeClock:
    """A clock at rest, from `start` on; `advance` moves it and wakes those whose time has come, in order."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The start and all that was advanced."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """The seconds that were advanced."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been advanced that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def sleepers(self) -> tuple[float, ...]:
        """In how many seconds each of those who sleep is due, soonest first."""
        return tuple(sorted(due - self._elapsed for due, _, woken in self._sleepers if not woken.done()))

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, stopping at every moment at which somebody is due; and let them run."""
        end = self._elapsed + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._elapsed = end
        await settle()


class HastyClock:
    """The machine's clock, whose seconds pass `pace` times as fast: for back-offs and resyncs among sockets and other processes.

    The time of day stays right, for others write it down too.
    """

    def __init__(self, pace: float) -> None:
        self._pace = pace

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that pass quickly."""
        return time.monotonic() * self._pace

    async def sleep(self, seconds: float) -> None:
        """Return when so many of them have passed."""
        await asyncio.sleep(max(seconds, 0.0) / self._pace)


async def settle() -> None:
    """Let all tasks run that wait for nothing outside this process."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
