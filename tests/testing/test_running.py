"""A manager that works for as long as a block lasts."""

from __future__ import annotations

import pytest

from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster
from ackpy.testing.running import running

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
WIDGET: Object = {"metadata": {"namespace": "ns", "name": "w"}, "spec": {}}


class Working:
    """A reconciler whose passes take an hour each."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.under_way: set[ObjectKey] = set()

    async def reconcile(self, request: Request) -> Result:
        self.under_way.add(request.key)
        try:
            await self.clock.sleep(3600)
        finally:
            self.under_way.remove(request.key)
        return Result.done()


@pytest.fixture
def working(clock: FakeClock) -> Working:
    return Working(clock)


@pytest.fixture
def manager(cluster: MemoryCluster, working: Working) -> Manager:
    made = Manager(cluster.client(), ManagerOptions("widgets"))
    made.add_controller("widget", WIDGETS, working)
    return made


async def test_controllers_work_within_the_block_and_are_stopped_after_it(
    manager: Manager, cluster: MemoryCluster, working: Working, clock: FakeClock
) -> None:
    async with running(manager):
        cluster.put(WIDGETS, WIDGET)
        await settle()
        assert working.under_way == {ObjectKey("ns", "w")}
        await clock.advance(3600)
    assert (working.under_way, cluster.watches) == (set(), 0)


async def test_a_block_that_fails_does_not_wait_for_what_is_under_way(
    manager: Manager, cluster: MemoryCluster, working: Working
) -> None:
    async def failing() -> None:
        async with running(manager):
            cluster.put(WIDGETS, WIDGET)
            await settle()
            assert working.under_way
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert (working.under_way, cluster.watches) == (set(), 0)


async def test_what_ends_a_manager_before_it_has_started_is_raised(manager: Manager) -> None:
    async def broken() -> None:
        raise RuntimeError("cannot begin")

    manager.add_service("broken", broken)
    with pytest.raises(RuntimeError, match="cannot begin"):
        async with running(manager):
            pytest.fail("it has started")


async def test_what_ends_a_manager_at_work_is_raised(manager: Manager) -> None:
    async def broken() -> None:
        await manager.wait_started()
        raise RuntimeError("cannot go on")

    manager.add_service("broken", broken)
    with pytest.raises(RuntimeError, match="cannot go on"):
        async with running(manager):
            await settle()
