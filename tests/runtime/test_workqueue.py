from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ackpy.kube.backoff import Backoff
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import PRIORITY_OF, Cause, Priority
from ackpy.runtime.workqueue import Item, QueueClosed, WorkQueue
from ackpy.testing.clock import FakeClock, settle

A, B, C = (ObjectKey("ns", name) for name in "abc")
T = TypeVar("T")


@pytest.fixture
def queue(clock: FakeClock) -> WorkQueue:
    return WorkQueue(clock=clock, backoff=Backoff(1.0, 1000.0))


async def taken(queue: WorkQueue) -> list[ObjectKey]:
    """All that is due, each pass ended at once."""
    keys = []
    while len(queue):
        item = await queue.get()
        queue.done(item.key)
        keys.append(item.key)
    return keys


async def test_an_object_waits_once_with_all_its_causes_and_the_highest_priority(queue: WorkQueue) -> None:
    queue.add(A, cause=Cause.RESYNC)
    queue.add(A, cause=Cause.EDIT)
    queue.add(A, cause="own cause", priority=7)
    assert len(queue) == 1
    assert await queue.get() == Item(A, frozenset({"resync", "edit", "own cause"}), Priority.EDIT, 0)


async def test_a_fresh_edit_goes_before_a_resync_with_room_between(queue: WorkQueue) -> None:
    queue.add(A, cause=Cause.RESYNC)
    queue.add(B, cause="x", priority=50)
    queue.add(C, cause=Cause.EDIT)
    assert await taken(queue) == [C, B, A]


async def test_a_cause_without_a_priority_of_its_own_counts_as_a_dependency(queue: WorkQueue) -> None:
    queue.add(A, cause="something new")
    assert (await queue.get()).priority == Priority.DEPENDENCY


def test_every_cause_has_its_priority() -> None:
    assert set(PRIORITY_OF) == set(Cause)
    assert max(Priority) == Priority.EDIT
    assert min(Priority) == Priority.RESYNC


async def test_namespaces_take_turns(queue: WorkQueue) -> None:
    for number in range(3):
        queue.add(ObjectKey("big", str(number)), cause=Cause.RESYNC)
    for namespace in ("small", "tiny"):
        queue.add(ObjectKey(namespace, "0"), cause=Cause.RESYNC)
    order = await taken(queue)
    assert [key.namespace for key in order] == ["big", "small", "tiny", "big", "big"]
    assert [key.name for key in order if key.namespace == "big"] == ["0", "1", "2"]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abcde"), st.sampled_from([*Cause]))))
def test_who_is_due_is_told_in_the_order_of_their_turns(added: list[tuple[str, str, Cause]]) -> None:
    async def told_and_taken() -> tuple[list[ObjectKey], list[ObjectKey]]:
        queue = WorkQueue(clock=FakeClock())
        for namespace, name, cause in added:
            queue.add(ObjectKey(namespace, name), cause=cause)
        hurried = {
            ObjectKey(namespace, name) for namespace, name, cause in added if PRIORITY_OF[cause] > Priority.START
        }
        return list(queue.due(Priority.START)), [key for key in await taken(queue) if key not in hurried]

    told, turns = asyncio.run(told_and_taken())
    assert told == turns


async def test_who_is_in_a_pass_counts_as_due(queue: WorkQueue) -> None:
    queue.add(A, cause=Cause.EDIT)
    await queue.get()
    queue.add(B, cause=Cause.RESYNC)
    queue.add(C, cause=Cause.RESYNC, after=1)
    assert queue.due(Priority.START) == (A, B)


async def test_an_object_added_in_its_pass_is_handled_after_it(queue: WorkQueue) -> None:
    queue.add(A, cause=Cause.EDIT)
    await queue.get()
    queue.add(A, cause=Cause.REFERENCE)
    assert len(queue) == 0
    queue.done(A)
    assert len(queue) == 1
    assert (await queue.get()).causes == {"reference"}


async def test_a_delayed_addition_comes_when_it_is_due(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.RESYNC, after=10)
    await clock.advance(9.9)
    assert len(queue) == 0
    await clock.advance(0.1)
    assert (await queue.get()).causes == {"resync"}


async def test_a_pass_supersedes_what_is_not_due_yet(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.RESYNC, after=10)
    queue.add(A, cause=Cause.EDIT)
    assert (await queue.get()).causes == {"edit"}
    queue.done(A)
    await clock.advance(100)
    assert len(queue) == 0


async def test_an_addition_in_a_pass_is_not_superseded_by_it(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.EDIT)
    await queue.get()
    queue.add(A, cause=Cause.VERIFY, after=10)
    queue.done(A)
    await clock.advance(10)
    assert (await queue.get()).causes == {"verify"}


async def test_what_falls_due_while_waiting_lifts_the_priority(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.RESYNC)
    queue.add(B, cause=Cause.VERIFY)
    queue.add(A, cause=Cause.EDIT, after=1)
    await clock.advance(1)
    assert (await queue.get()).key == A


async def test_an_earlier_time_wakes_earlier(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.RESYNC, after=100)
    queue.add(B, cause=Cause.RESYNC, after=5)
    waiting = asyncio.create_task(queue.get())
    await clock.advance(5)
    assert waiting.done()
    assert waiting.result().key == B


async def test_retries_back_off_from_half_a_second_to_a_cap(queue: WorkQueue) -> None:
    delays = [queue.retry(A) for _ in range(15)]
    assert 0.5 <= delays[0] <= 1
    assert all(2**n / 2 <= delay <= 2**n for n, delay in enumerate(delays[:10]))
    assert all(500 <= delay <= 1000 for delay in delays[10:])
    queue.forget(A)
    assert queue.retry(A) <= 1


async def test_an_item_says_how_often_it_failed(queue: WorkQueue, clock: FakeClock) -> None:
    queue.retry(A)
    queue.retry(A)
    await clock.advance(10)
    assert (await queue.get()).attempt == 2
    assert queue.attempts(A) == 2


async def test_a_thousand_superseded_timers_are_dropped(queue: WorkQueue) -> None:
    for _ in range(1000):
        queue.add(A, cause=Cause.RESYNC, after=36_000)
        queue.add(A, cause=Cause.EDIT)
        await queue.get()
        queue.done(A)
    assert len(queue._timers) < 200


async def test_several_workers_share_one_queue(queue: WorkQueue) -> None:
    workers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await settle()
    for key in (A, B):
        queue.add(key, cause=Cause.EDIT)
    await settle()
    assert sorted(str(worker.result().key) for worker in workers if worker.done()) == ["ns/a", "ns/b"]
    queue.close()
    await settle()
    assert sum(worker.done() and isinstance(worker.exception(), QueueClosed) for worker in workers) == 1


async def test_a_closed_queue_takes_and_gives_nothing(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.EDIT)
    queue.add(B, cause=Cause.RESYNC, after=1)
    await queue.get()
    queue.close()
    queue.add(C, cause=Cause.EDIT)
    with pytest.raises(QueueClosed):
        await queue.get()
    queue.done(A)
    await clock.advance(5)
    assert clock.sleepers == ()


async def test_ending_a_pass_that_never_began_is_an_error(queue: WorkQueue) -> None:
    with pytest.raises(KeyError):
        queue.done(A)


async def test_a_snapshot_shows_who_waits_for_what(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add(A, cause=Cause.EDIT)
    await queue.get()
    queue.add(B, cause=Cause.RESYNC)
    queue.add(C, cause=Cause.VERIFY, after=5)
    queue.retry(A)
    await clock.advance(0.25)
    snapshot = queue.snapshot()
    assert (dict(snapshot.ready), dict(snapshot.active)) == ({B: 0}, {A: 0.25})
    assert snapshot.delayed[C] == 4.75
    assert dict(snapshot.failures) == {A: 1}
    assert queue.depths() == {0: 1}


async def test_an_observer_is_told_of_the_work(clock: FakeClock) -> None:
    told: list[tuple[str, float]] = []

    class Observer:
        def added(self) -> None:
            told.append(("added", 0))

        def retried(self) -> None:
            told.append(("retried", 0))

        def waited(self, seconds: float) -> None:
            told.append(("waited", seconds))

        def worked(self, seconds: float) -> None:
            told.append(("worked", seconds))

    queue = WorkQueue(clock=clock, observer=Observer())
    queue.add(A, cause=Cause.EDIT, after=1)
    await clock.advance(3)
    await queue.get()
    await clock.advance(2)
    queue.retry(A)
    queue.done(A)
    assert told == [("added", 0), ("waited", 2), ("retried", 0), ("added", 0), ("worked", 2)]


KEYS = st.sampled_from([ObjectKey(namespace, name) for namespace in ("p", "q") for name in ("a", "b")])
CAUSES = st.sampled_from([*Cause, "own"])
DELAYS = st.sampled_from([0.0, 0.0, 0.5, 1.0, 7.0, 100.0])
PRIORITIES = st.none() | st.integers(-5, 120)


class QueueMachine(RuleBasedStateMachine):
    """The queue against a model that keeps wants in a dict and looks at all of them each time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.queue = self.run(self._make())
        self.wants: dict[ObjectKey, dict[str, tuple[float, int]]] = {}
        self.active: set[ObjectKey] = set()
        self.failures: dict[ObjectKey, int] = {}

    async def _make(self) -> WorkQueue:
        return WorkQueue(clock=self.clock, random=Random(0))  # replayable

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    def ready(self) -> dict[ObjectKey, int]:
        now = self.clock.monotonic()
        due = {
            key: [priority for moment, priority in wants.values() if moment <= now]
            for key, wants in self.wants.items()
            if key not in self.active
        }
        return {key: max(priorities) for key, priorities in due.items() if priorities}

    def want(self, key: ObjectKey, cause: str, priority: int | None, delay: float) -> None:
        effective = PRIORITY_OF.get(cause, Priority.DEPENDENCY) if priority is None else priority
        due = self.clock.monotonic() + delay
        earlier, higher = self.wants.setdefault(key, {}).get(cause, (due, effective))
        self.wants[key][cause] = (min(due, earlier), max(effective, higher))

    @rule(key=KEYS, cause=CAUSES, priority=PRIORITIES, delay=DELAYS)
    def add(self, key: ObjectKey, cause: str, priority: int | None, delay: float) -> None:
        async def act() -> None:
            self.queue.add(key, cause=cause, priority=priority, after=delay)

        self.run(act())
        self.want(key, cause, priority, delay)

    @rule(key=KEYS)
    def retry(self, key: ObjectKey) -> None:
        async def act() -> float:
            return self.queue.retry(key)

        delay = self.run(act())
        failures = self.failures.get(key, 0)
        assert min(1000, 2.0**failures) / 2 <= delay <= min(1000, 2.0**failures)
        self.failures[key] = failures + 1
        self.want(key, Cause.RETRY, None, delay)

    @rule(key=KEYS)
    def forget(self, key: ObjectKey) -> None:
        self.queue.forget(key)
        self.failures.pop(key, None)

    @rule(seconds=DELAYS)
    def wait(self, seconds: float) -> None:
        self.run(self.clock.advance(seconds))

    @precondition(lambda self: self.ready())
    @rule()
    def take(self) -> None:
        ready, now = self.ready(), self.clock.monotonic()
        item = self.run(self.queue.get())
        assert ready[item.key] == item.priority == max(ready.values())
        assert item.causes == {cause for cause, (due, _) in self.wants.pop(item.key).items() if due <= now}
        assert item.attempt == self.failures.get(item.key, 0)
        self.active.add(item.key)

    @precondition(lambda self: self.active)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.active)))

        async def act() -> None:
            self.queue.done(key)

        self.run(act())
        self.active.discard(key)

    @invariant()
    def agrees(self) -> None:
        snapshot = self.queue.snapshot()
        assert dict(snapshot.ready) == self.ready()
        assert len(self.queue) == len(self.ready())
        assert set(snapshot.active) == self.active
        assert dict(snapshot.failures) == self.failures
        assert set(snapshot.ready) | set(snapshot.delayed) == set(self.wants)

    def teardown(self) -> None:
        async def end() -> None:
            self.queue.close()
            await settle()

        self.run(end())
        self.loop.close()


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestQueueMachine = QueueMachine.TestCase
