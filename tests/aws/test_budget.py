import asyncio

import pytest

from ackpy.aws.budget import BucketKey, Budget, Policy, Ticket
from ackpy.testing.clock import FakeClock

READS = BucketKey("123456789012", "eu-central-1", "ecr", write=False)
WRITES = BucketKey("123456789012", "eu-central-1", "ecr", write=True)
POLICY = Policy(slowest=1.0, decrease=0.5, increase=1.0, settle=1.0, forget=60.0)
ANYONE = Ticket()


class Callers:
    """Calls that want to go out, and the order in which they did."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.admitted: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def want(self, name: str, ticket: Ticket = ANYONE, key: BucketKey = READS) -> asyncio.Task[None]:
        async def go() -> None:
            await self.budget.admit(key, ticket)
            self.admitted.append(name)

        task = asyncio.create_task(go())
        self.tasks.append(task)
        return task


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> Budget:
    return Budget(clock, POLICY)


async def send(budget: Budget, count: int) -> None:
    for _ in range(count):
        await budget.admit(READS, ANYONE)


def rate(budget: Budget, key: BucketKey = READS) -> float | None:
    return next(state.rate for state in budget.snapshot() if state.key == key)


async def test_nothing_waits_before_the_first_throttling_answer(budget: Budget, clock: FakeClock) -> None:
    await send(budget, 10_000)
    assert clock.monotonic() == 0
    assert clock.sleepers == ()
    assert rate(budget) is None


async def test_the_first_throttling_answer_halves_what_was_being_sent(budget: Budget) -> None:
    await send(budget, 40)
    budget.throttled(READS)
    assert rate(budget) == 20


async def test_a_burst_of_throttling_answers_counts_once(budget: Budget, clock: FakeClock) -> None:
    await send(budget, 40)
    for _ in range(30):
        budget.throttled(READS)
    assert rate(budget) == 20
    assert next(state.throttled for state in budget.snapshot()) == 30


async def test_it_never_stops_altogether(budget: Budget, clock: FakeClock) -> None:
    for _ in range(20):
        budget.throttled(READS)
        await clock.advance(1.5)
    found = rate(budget)
    assert found is not None
    assert found >= POLICY.slowest


async def test_the_rate_grows_by_the_second_and_is_forgotten(budget: Budget, clock: FakeClock) -> None:
    await send(budget, 40)
    budget.throttled(READS)
    await clock.advance(5)
    assert rate(budget) == 25
    await clock.advance(60)
    assert rate(budget) is None


@pytest.mark.parametrize("seconds", [1, 2, 5])
async def test_no_more_go_out_than_the_rate_allows(budget: Budget, clock: FakeClock, seconds: int) -> None:
    callers = Callers(budget)
    await send(budget, 20)
    budget.throttled(READS)  # 10 a second from now, one more each second
    for number in range(200):
        callers.want(str(number))
    for _ in range(seconds * 100):
        await clock.advance(0.01)
    allowed = sum(10 + second + 0.5 for second in range(seconds))
    assert allowed * 0.9 <= len(callers.admitted) <= allowed + 1
    assert callers.admitted == [str(number) for number in range(len(callers.admitted))]
    await budget.close()


async def test_buckets_know_nothing_of_one_another(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    callers.want("read")
    callers.want("write", key=WRITES)
    await clock.advance(0.0)
    assert callers.admitted == ["write"]
    await clock.advance(1.0)
    assert callers.admitted == ["write", "read"]


async def test_a_higher_priority_goes_first(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    for name in ("resync-1", "resync-2"):
        callers.want(name, Ticket("a", 0))
        await clock.advance(0.0)
    callers.want("edit", Ticket("b", 100))
    await clock.advance(20)
    assert callers.admitted == ["edit", "resync-1", "resync-2"]


async def test_namespaces_take_turns(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    for name in ("a1", "a2", "a3", "a4", "b1", "c1", "b2"):
        callers.want(name, Ticket(name[0]))
        await clock.advance(0.0)
    await clock.advance(20)
    assert callers.admitted == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_who_gives_up_leaves_the_queue(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    gone = callers.want("gone")
    callers.want("stays")
    await clock.advance(0.0)
    assert next(state.waiting for state in budget.snapshot()) == 2
    gone.cancel()
    await clock.advance(0.0)
    assert next(state.waiting for state in budget.snapshot()) == 1
    await clock.advance(5)
    assert callers.admitted == ["stays"]
    assert clock.sleepers == ()


async def test_the_last_who_gives_up_leaves_nothing_behind(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    callers.want("gone").cancel()
    await clock.advance(5)
    assert next(state.waiting for state in budget.snapshot()) == 0
    callers.want("later")
    await clock.advance(5)
    assert callers.admitted == ["later"]


async def test_closing_ends_all_waiting(budget: Budget, clock: FakeClock) -> None:
    budget.throttled(READS)
    callers = Callers(budget)
    waiting = callers.want("never")
    await clock.advance(0.0)
    await budget.close()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
    assert callers.admitted == []
