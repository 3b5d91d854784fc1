"""A wish to call AWS -> the moment when it may go out: rate limits learned from throttling answers, shared fairly.

The client asks `admit` before each request and reports what came back. Until AWS throttles, a bucket (account, region, service,
reads or writes) lets everything through. The first throttling answer halves the rate that was being sent; from then on the rate
grows by a constant each second and is halved again by each further throttled second (AIMD); long after the last one the limit is
forgotten. Who waits goes by priority, and within one priority the namespaces take turns.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

_ONE: Final = 1.0 - 1e-9  # a token, less what adding up fractions may lose


class Clock(Protocol):
    """Monotonic seconds, and waiting."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary point."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when they have passed."""
        ...


@dataclass(frozen=True, slots=True)
class Ticket:
    """On whose behalf a call is made: calls of a higher priority go first (an edit before a resync); `agent` goes with the user agent."""

    namespace: str = ""
    priority: int = 0
    agent: str = ""


@dataclass(frozen=True, slots=True)
class BucketKey:
    """What AWS throttles together, as far as one can know. `account` "" is the controller's own."""

    account: str
    region: str
    service: str
    write: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """How a rate is learned, in calls and seconds."""

    slowest: float = 1.0  # calls a second that are always tried
    decrease: float = 0.5  # factor at a throttled second
    increase: float = 1.0  # calls a second gained each second
    settle: float = 1.0  # seconds in which further throttling answers belong to the same burst
    forget: float = 120.0  # seconds after the last throttling answer


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket for `snapshot`: `rate` in calls a second (None: no limit known), calls waiting, throttling answers seen."""

    key: BucketKey
    rate: float | None
    waiting: int
    throttled: int


class Budget:
    """All buckets of a process. `close` ends what waits."""

    def __init__(self, clock: Clock, policy: Policy = Policy()) -> None:
        self._clock = clock
        self._policy = policy
        self._buckets: dict[BucketKey, _Bucket] = {}

    async def admit(self, key: BucketKey, ticket: Ticket) -> None:
        """Return when a call may go out."""
        bucket = self._bucket(key)
        now = self._clock.monotonic()
        if not bucket.queue and bucket.take(now):
            return
        turn = bucket.queue.join(ticket)
        if bucket.pump is None:
            bucket.pump = asyncio.create_task(self._pump(bucket))
        try:
            await turn
        except asyncio.CancelledError:
            bucket.queue.leave(ticket, turn)
            raise

    def throttled(self, key: BucketKey) -> None:
        """AWS answered that it is too much."""
        self._bucket(key).slow_down(self._clock.monotonic())

    def snapshot(self) -> list[BucketState]:
        """The buckets as plain values."""
        now = self._clock.monotonic()
        return [bucket.state(key, now) for key, bucket in self._buckets.items()]

    async def close(self) -> None:
        """Cancel what waits."""
        pumps = [bucket.pump for bucket in self._buckets.values() if bucket.pump is not None]
        for bucket in self._buckets.values():
            bucket.queue.cancel()
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    def _bucket(self, key: BucketKey) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._policy)
        return bucket

    async def _pump(self, bucket: _Bucket) -> None:
        while bucket.queue:
            await self._clock.sleep(bucket.wait(self._clock.monotonic()))
            now = self._clock.monotonic()
            while bucket.queue and bucket.take(now):
                bucket.queue.admit_next()
        bucket.pump = None


@dataclass(slots=True)
class _Meter:
    """Calls of the current second and of the one before."""

    second: int = 0
    current: int = 0
    previous: int = 0

    def add(self, now: float) -> None:
        self._turn(int(now))
        self.current += 1

    def per_second(self, now: float) -> float:
        self._turn(int(now))
        return float(max(self.current, self.previous))

    def _turn(self, second: int) -> None:
        if second != self.second:
            self.previous = self.current if second == self.second + 1 else 0
            self.second, self.current = second, 0


class _Queue:
    """Who waits: by priority, then namespaces in turn, then in order of arrival."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[str, deque[asyncio.Future[None]]]] = {}

    def __len__(self) -> int:
        return sum(1 for _ in self._turns())

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def join(self, ticket: Ticket) -> asyncio.Future[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(ticket.priority, {}).setdefault(ticket.namespace, deque()).append(turn)
        return turn

    def admit_next(self) -> None:
        priority = max(self._waiting)
        namespaces = self._waiting[priority]
        namespace, turns = next(iter(namespaces.items()))
        turns.popleft().set_result(None)
        del namespaces[namespace]
        if turns:
            namespaces[namespace] = turns  # at the end: the others first
        elif not namespaces:
            del self._waiting[priority]

    def leave(self, ticket: Ticket, turn: asyncio.Future[None]) -> None:
        namespaces = self._waiting.get(ticket.priority, {})
        turns = namespaces.get(ticket.namespace, deque())
        if turn in turns:
            turns.remove(turn)
        if ticket.namespace in namespaces and not turns:
            del namespaces[ticket.namespace]
        if ticket.priority in self._waiting and not namespaces:
            del self._waiting[ticket.priority]

    def cancel(self) -> None:
        for turn in list(self._turns()):
            turn.cancel()

    def _turns(self) -> Iterator[asyncio.Future[None]]:
        return (turn for namespaces in self._waiting.values() for turns in namespaces.values() for turn in turns)


@dataclass(slots=True)
class _Bucket:
    policy: Policy
    rate: float | None = None
    tokens: float = 0.0
    refilled: float = 0.0
    throttled_at: float = 0.0
    throttles: int = 0
    meter: _Meter = field(default_factory=_Meter)
    queue: _Queue = field(default_factory=_Queue)
    pump: asyncio.Task[None] | None = None

    def take(self, now: float) -> bool:
        self._refill(now)
        if self.rate is not None and self.tokens < _ONE:
            return False
        self.tokens -= 1.0
        self.meter.add(now)
        return True

    def wait(self, now: float) -> float:
        self._refill(now)
        return 0.0 if self.rate is None else max(0.0, (1.0 - self.tokens) / self.rate)

    def slow_down(self, now: float) -> None:
        self._refill(now)
        self.throttles += 1
        if self.rate is None or now - self.throttled_at >= self.policy.settle:
            sent = self.meter.per_second(now)
            current = sent if self.rate is None else min(self.rate, max(sent, self.policy.slowest))
            self.rate = max(self.policy.slowest, current * self.policy.decrease)
            self.tokens = min(self.tokens, 0.0) if self.throttles > 1 else 0.0
            self.throttled_at = now

    def state(self, key: BucketKey, now: float) -> BucketState:
        self._refill(now)
        return BucketState(key, self.rate, len(self.queue), self.throttles)

    def _refill(self, now: float) -> None:
        passed, self.refilled = now - self.refilled, now
        if self.rate is None:
            self.tokens = 0.0
        elif now - self.throttled_at >= self.policy.forget:
            self.rate, self.tokens = None, 0.0
        else:
            self.tokens = min(self.tokens + passed * self.rate, max(1.0, self.rate))
            self.rate += passed * self.policy.increase
