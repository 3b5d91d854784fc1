from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import pytest

from ackpy.errors import TerminalError
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, metadata
from ackpy.kube.resource import SECRETS, Resource
from ackpy.kube.transport import HttpRequest, HttpResponse
from ackpy.runtime.causes import Cause, Priority
from ackpy.runtime.controller import Controller, ControllerOptions
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
KEY = ObjectKey("ns", "w")
Act = Callable[[Request], Awaitable[Result]]


def widget(name: str = "w", **spec: object) -> Object:
    return {"metadata": {"namespace": "ns", "name": name}, "spec": spec}


class Recording:
    """A reconciler that notes its requests and then does what a test says."""

    def __init__(self, act: Act | None = None) -> None:
        self.requests: list[Request] = []
        self.under_way = 0
        self.most_under_way = 0
        self._act = act

    async def reconcile(self, request: Request) -> Result:
        self.requests.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._act(request) if self._act else Result.done()
        finally:
            self.under_way -= 1

    @property
    def attempts(self) -> list[tuple[set[str], int]]:
        return [(set(request.causes), request.attempt) for request in self.requests]

    @property
    def causes(self) -> list[set[str]]:
        return [set(request.causes) for request in self.requests]


class SlowAnswers:
    """A transport whose writes are told by the watch well before they are answered."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster

    @asynccontextmanager
    async def send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        async with self._cluster.send(request) as response:
            if request.method != "GET":
                await settle()
            yield response

    def refused(self) -> bool:
        return False

    async def close(self) -> None:
        await self._cluster.close()


class World:
    """A manager of widgets on a cluster in memory."""

    def __init__(self, cluster: MemoryCluster, client: KubeClient | None = None) -> None:
        self.cluster = cluster
        self.manager = Manager(client or cluster.client(), ManagerOptions("widgets", shutdown_grace=0.05))
        self.reader = self.manager.reader(WIDGETS)

    def controls(self, reconciler: Recording, options: ControllerOptions | None = None) -> Controller:
        return self.manager.add_controller("widget", WIDGETS, reconciler, options or ControllerOptions())

    async def patch(self, request: Request, patch: Object, *, status: bool = False) -> None:
        """What a reconciler does: read, change, write."""
        seen = await self.reader.read(request.key)
        assert seen is not None
        write = self.manager.writer.patch_status if status else self.manager.writer.patch
        await write(WIDGETS, seen, apply_merge_patch(seen, patch))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.manager.run(stop))
        await settle()
        await settle()
        try:
            yield
        finally:
            stop.set()
            await task


@pytest.fixture
def world(cluster: MemoryCluster) -> World:
    return World(cluster)


async def test_what_is_there_at_the_start_is_looked_at_with_low_priority(world: World) -> None:
    uid = metadata(world.cluster.put(WIDGETS, widget()))["uid"]
    reconciler = Recording()
    world.controls(reconciler)
    async with world.running():
        assert reconciler.requests == [Request(KEY, frozenset({Cause.START}), Priority.START, 0, uid)]


async def test_edits_and_the_end_of_an_object_are_looked_at(world: World) -> None:
    reconciler = Recording()
    world.controls(reconciler)
    async with world.running():
        for step in (widget(a=1), widget(a=2)):
            world.cluster.put(WIDGETS, step)
            await settle()
        world.cluster.remove(WIDGETS, KEY)
        await settle()
    assert reconciler.causes == [{Cause.EDIT}, {Cause.EDIT}, {Cause.GONE}]
    assert [request.uid for request in reconciler.requests] == ["uid-1", "uid-1", ""]


async def test_somebody_elses_status_is_not(world: World) -> None:
    reconciler = Recording()
    world.controls(reconciler)
    async with world.running():
        world.cluster.put(WIDGETS, widget(a=1))
        await settle()
        world.cluster.put(WIDGETS, widget(a=1) | {"status": {"seen": True}})
        await settle()
    assert len(reconciler.requests) == 1


@pytest.mark.parametrize("slow", [False, True])
async def test_our_own_writes_start_no_pass(cluster: MemoryCluster, slow: bool) -> None:
    transport = SlowAnswers(cluster) if slow else cluster
    client = KubeClient(KubeConfig("http://memory"), user_agent="x", clock=cluster.clock, transport=transport)
    world = World(cluster, client)

    async def act(request: Request) -> Result:
        await world.patch(
            request, {"spec": {"filled": "in"}, "metadata": {"annotations": {"mine": "x"}, "finalizers": ["f"]}}
        )
        await world.patch(request, {"status": {"ok": True}}, status=True)
        return Result.done()

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        cluster.put(WIDGETS, widget(a=1))
        for _ in range(4):
            await settle()
    assert len(reconciler.requests) == 1
    assert cluster.writes(WIDGETS) == ["PATCH", "PATCH status"]
    stored = cluster.peek(WIDGETS, KEY)
    assert stored is not None
    assert (stored["metadata"]["generation"], stored["status"]) == (2, {"ok": True})


async def test_what_one_controller_writes_is_an_edit_to_another(world: World) -> None:
    async def act(request: Request) -> Result:
        await world.patch(request, {"metadata": {"annotations": {"mine": "x"}}})
        return Result.done()

    writing, reading = Recording(act), Recording()
    world.controls(writing)
    world.manager.add_controller("other", WIDGETS, reading)
    async with world.running():
        world.cluster.put(WIDGETS, widget(a=1))
        for _ in range(4):
            await settle()
    assert (len(writing.requests), len(reading.requests)) == (1, 2)


@pytest.mark.parametrize("slow", [False, True])
async def test_an_edit_that_slips_in_between_does(cluster: MemoryCluster, slow: bool) -> None:
    transport = SlowAnswers(cluster) if slow else cluster
    client = KubeClient(KubeConfig("http://memory"), user_agent="x", clock=cluster.clock, transport=transport)
    world = World(cluster, client)

    async def act(request: Request) -> Result:
        seen = await world.reader.read(request.key)
        assert seen is not None
        if len(reconciler.requests) == 1:
            cluster.put(WIDGETS, widget(a=2))
        await world.manager.writer.patch(
            WIDGETS, seen, apply_merge_patch(seen, {"metadata": {"annotations": {"mine": "x"}}})
        )
        return Result.done()

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        cluster.put(WIDGETS, widget(a=1))
        for _ in range(4):
            await settle()
    assert len(reconciler.requests) in {2, 3}, "one for their edit, perhaps one for our write that holds it"
    assert all(causes == {Cause.EDIT} for causes in reconciler.causes)


async def test_a_pass_never_reads_a_copy_older_than_our_last_write(world: World) -> None:
    sizes: list[int] = []

    async def act(request: Request) -> Result:
        seen = await world.reader.read(request.key)
        assert seen is not None
        sizes.append(seen["spec"]["size"])
        if len(sizes) == 1:
            world.cluster.hold()
        await world.patch(request, {"spec": {"size": sizes[-1] + 1}})
        return Result.done()

    controller = world.controls(Recording(act))
    async with world.running():
        world.cluster.put(WIDGETS, widget(size=1))
        await settle()
        controller.enqueue(KEY)
        async with asyncio.timeout(5):
            while len(sizes) < 2:  # noqa: ASYNC110 - the reader waits in real time
                await asyncio.sleep(0.01)
        world.cluster.resume()
    assert sizes == [1, 2]


async def test_failures_are_retried_with_back_off_logged_and_counted(
    world: World, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    failures: Iterable[Exception] = iter([RuntimeError("boom"), TerminalError("edit me")])

    async def act(_request: Request) -> Result:
        for error in failures:
            raise error
        return Result.done()

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        world.cluster.put(WIDGETS, widget())
        await settle()
        assert len(reconciler.requests) == 1
        await clock.advance(1)
        assert len(reconciler.requests) == 2
        await clock.advance(2)
        assert len(reconciler.requests) == 3
        await clock.advance(100)
    assert reconciler.attempts == [
        ({Cause.EDIT}, 0),
        ({Cause.RETRY}, 1),
        ({Cause.RETRY}, 2),
    ]
    boom, terminal = [record for record in caplog.records if "failed" in record.getMessage()]
    assert "widget.example.org: ns/w: pass 1 failed: RuntimeError: boom; again in" in boom.getMessage()
    assert boom.exc_info is not None
    assert "pass 2 failed: TerminalError: edit me" in terminal.getMessage()
    assert not terminal.exc_info
    registry = world.manager.metrics.registry
    assert (
        registry.get_sample_value(
            "controller_runtime_reconcile_errors_total", {"controller": "widget", "group": "example.org"}
        )
        == 2
    )
    for result, count in (("error", 2), ("success", 1), ("requeue", 0), ("requeue_after", 0)):
        labels = {"controller": "widget", "group": "example.org", "result": result}
        assert registry.get_sample_value("controller_runtime_reconcile_total", labels) == count


async def test_an_edit_does_not_wait_for_the_back_off(world: World) -> None:
    async def act(_request: Request) -> Result:
        return Result.retry()

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        world.cluster.put(WIDGETS, widget(a=1))
        await settle()
        world.cluster.put(WIDGETS, widget(a=2))
        await settle()
    assert reconciler.attempts == [
        ({Cause.EDIT}, 0),
        ({Cause.EDIT}, 1),
    ]


async def test_another_pass_after_a_while_forgets_the_failures(world: World, clock: FakeClock) -> None:
    results = iter([Result.retry(), Result.after(30, cause=Cause.VERIFY), Result.retry(), Result.done()])

    async def act(_request: Request) -> Result:
        return next(results)

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        world.cluster.put(WIDGETS, widget())
        await clock.advance(1)
        assert len(reconciler.requests) == 2
        await clock.advance(28)
        assert len(reconciler.requests) == 2
        await clock.advance(5)
    assert reconciler.attempts == [
        ({Cause.EDIT}, 0),
        ({Cause.RETRY}, 1),
        ({Cause.VERIFY}, 0),
        ({Cause.RETRY}, 1),
    ]


async def test_resyncs_come_within_the_period_and_not_together(world: World, clock: FakeClock) -> None:
    times: dict[str, list[float]] = {}

    async def act(request: Request) -> Result:
        times.setdefault(request.key.name, []).append(clock.monotonic())
        return Result.done()

    reconciler = Recording(act)
    world.controls(reconciler, ControllerOptions(resync=100))
    names = [f"w{number}" for number in range(20)]
    async with world.running():
        for name in names:
            world.cluster.put(WIDGETS, widget(name))
        await clock.advance(100)
        assert all(len(times[name]) == 2 for name in names)
        assert all(90 <= times[name][1] <= 100 for name in names)
        assert len({times[name][1] for name in names}) == 20
        for name in names:
            world.cluster.remove(WIDGETS, ObjectKey("ns", name))
        await settle()
        passes = len(reconciler.requests)
        await clock.advance(1000)
    assert len(reconciler.requests) == passes
    assert reconciler.causes.count({Cause.RESYNC}) == 20


async def test_resyncs_come_in_rounds_where_the_reconciler_looks_at_many_as_one(world: World, clock: FakeClock) -> None:
    times: dict[str, list[float]] = {}
    together: list[int] = []

    async def act(request: Request) -> Result:
        times.setdefault(request.key.name, []).append(clock.monotonic())
        together.append(len(made.due()))
        return Result.done()

    reconciler = Recording(act)
    made = world.controls(reconciler, ControllerOptions(resync=100, resync_together=8))
    names = [f"w{number:02}" for number in range(20)]
    async with world.running():
        for name in names:
            world.cluster.put(WIDGETS, widget(name))
        await clock.advance(100)
        rounds = Counter(times[name][1] for name in names)
        assert sorted(rounds.values()) == [4, 8, 8]
        assert all(95 <= moment <= 100 for moment in rounds)
        assert sorted(together[20:]) == sorted([*range(1, 5), *range(1, 9), *range(1, 9)])


async def test_one_pass_for_an_object_at_a_time_and_workers_for_many(world: World) -> None:
    release = asyncio.Event()

    async def act(_request: Request) -> Result:
        await release.wait()
        return Result.done()

    reconciler = Recording(act)
    controller = world.controls(reconciler, ControllerOptions(workers=3))
    async with world.running():
        world.cluster.put(WIDGETS, widget("w"))
        await settle()
        for cause in ("one", "two"):
            controller.enqueue(KEY, cause=cause)
        await settle()
        assert reconciler.under_way == 1
        for name in "abcd":
            world.cluster.put(WIDGETS, widget(name))
        await settle()
        assert reconciler.under_way == reconciler.most_under_way == 3
        assert len(controller.queue().active) == 3
        release.set()
        await settle()
    assert len(reconciler.requests) == 6
    assert {"one", "two"} in reconciler.causes


def referring(secret: Object) -> Iterable[ObjectKey]:
    return [ObjectKey("ns", name) for name in secret["data"]["for"].split()]


async def test_an_object_is_woken_by_what_it_refers_to(world: World) -> None:
    reconciler = Recording()
    world.controls(reconciler).watches(SECRETS, referring, cause=Cause.SECRET)
    world.cluster.put(SECRETS, {"metadata": {"namespace": "ns", "name": "s"}, "data": {"for": "a b"}})
    async with world.running():
        assert [(request.key.name, request.priority) for request in reconciler.requests] == [
            ("a", Priority.START),
            ("b", Priority.START),
        ]
        reconciler.requests.clear()
        world.cluster.put(SECRETS, {"metadata": {"namespace": "ns", "name": "s"}, "data": {"for": "b c"}})
        await settle()
        assert [request.key.name for request in reconciler.requests] == ["a", "b", "c"]
        assert all(request.priority == Priority.DEPENDENCY for request in reconciler.requests)
        assert all(request.causes == {Cause.SECRET} for request in reconciler.requests)
        reconciler.requests.clear()
        world.cluster.remove(SECRETS, ObjectKey("ns", "s"))
        await settle()
        assert [request.key.name for request in reconciler.requests] == ["b", "c"]


async def test_a_map_function_that_fails_is_logged_and_the_watch_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    reconciler = Recording()
    world.controls(reconciler).watches(SECRETS, referring)
    async with world.running():
        world.cluster.put(SECRETS, {"metadata": {"namespace": "ns", "name": "odd"}, "data": {"for": 7}})
        world.cluster.put(SECRETS, {"metadata": {"namespace": "ns", "name": "s"}, "data": {"for": "a"}})
        await settle()
    assert [request.key.name for request in reconciler.requests] == ["a"]
    assert "widget.example.org: the map function failed on a Secret" in caplog.text


async def test_a_pass_under_way_may_end_on_shutdown_and_none_begins(world: World) -> None:
    ended: list[str] = []
    release = asyncio.Event()

    async def act(request: Request) -> Result:
        await release.wait()
        ended.append(request.key.name)
        return Result.done()

    reconciler = Recording(act)
    world.controls(reconciler)
    async with world.running():
        for name in ("first", "second"):
            world.cluster.put(WIDGETS, widget(name))
        await settle()
        asyncio.get_running_loop().call_later(0.01, release.set)
    assert ended == ["first"]


async def test_a_pass_that_does_not_end_is_abandoned(world: World, caplog: pytest.LogCaptureFixture) -> None:
    cancelled: list[str] = []

    async def act(request: Request) -> Result:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(request.key.name)
            raise
        return Result.done()

    world.controls(Recording(act))
    async with world.running():
        world.cluster.put(WIDGETS, widget())
        await settle()
    assert cancelled == ["w"]
    assert "widget.example.org: abandoning ns/w" in caplog.text


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="workers=0"):
        ControllerOptions(workers=0)
    with pytest.raises(ValueError, match="more than zero"):
        ControllerOptions(resync=0)


def test_two_controllers_cannot_have_one_name(world: World) -> None:
    world.controls(Recording())
    with pytest.raises(ValueError, match=r"a controller 'widget\.example\.org' already"):
        world.controls(Recording())


def test_kinds_of_one_name_in_two_groups_have_a_controller_each(world: World) -> None:
    world.controls(Recording())
    other = Resource("other.example.org", "v1", "widgets", "Widget")
    assert world.manager.add_controller("widget", other, Recording()).name == "widget.other.example.org"
