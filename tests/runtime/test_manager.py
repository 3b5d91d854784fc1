from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from ackpy.errors import ConfigError, KubeUnreachable
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import EVENTS, LEASES, SECRETS, Resource
from ackpy.kube.transport import HttpRequest
from ackpy.runtime.leader import Election, LeadershipLost
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
WIDGET: Object = {"metadata": {"namespace": "ns", "name": "w"}, "spec": {}}


class Counting:
    def __init__(self) -> None:
        self.passes = 0

    async def reconcile(self, _request: Request) -> Result:
        self.passes += 1
        return Result.done()


@asynccontextmanager
async def running(manager: Manager) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(manager.run(stop))
    for _ in range(3):
        await settle()
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task])


def make(cluster: MemoryCluster, reconciler: Counting, **options: object) -> Manager:
    manager = Manager(cluster.client(), ManagerOptions("widgets", **options))  # type: ignore[arg-type]
    manager.add_controller("widget", WIDGETS, reconciler)
    return manager


async def test_no_pass_begins_before_every_cache_is_complete(
    cluster: MemoryCluster, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    reconciler = Counting()
    manager = make(cluster, reconciler)
    manager.controllers[0].watches(SECRETS, lambda _: [])
    cluster.put(WIDGETS, WIDGET)
    cluster.faults.append(lambda request: refusal(403, "Forbidden", "not you") if "secrets" in request.path else None)
    async with running(manager) as task:
        await clock.advance(1)
        assert reconciler.passes == 0
        assert manager.ready() == {"cache of secrets": "not synced; Forbidden: not you"}
        cluster.faults.clear()
        await clock.advance(5)
        await asyncio.wait_for(manager.wait_started(), 5)
        await settle()
        assert reconciler.passes == 1
        assert manager.ready() == {}
    assert task.exception() is None
    assert cluster.watches == 0


async def test_what_some_object_wanted_and_may_not_be_read_spoils_neither_readiness_nor_health(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    manager = make(cluster, Counting())
    cluster.faults.append(lambda request: refusal(403, "Forbidden", "not you") if "secrets" in request.path else None)
    async with running(manager):
        await asyncio.wait_for(manager.wait_started(), 5)
        manager.controllers[0].watches(SECRETS, lambda _: [])
        await clock.advance(2 * manager.options.max_watch_silence)
        assert manager.ready() == {}
        assert "watch of secrets" not in manager.alive()
        assert not manager.informers.synced


async def test_health_and_metrics_are_served_at_two_addresses(cluster: MemoryCluster, clock: FakeClock) -> None:
    manager = make(
        cluster, Counting(), metrics_address="127.0.0.1:0", health_address="127.0.0.1:0", max_watch_silence=100.0
    )
    async with running(manager):
        await asyncio.wait_for(manager.wait_started(), 5)
        metrics, health = manager.metrics_bound, manager.health_bound
        assert (await _get(health, "/healthz"), await _get(health, "/readyz")) == ((200, "ok"), (200, "ok"))
        text = (await _get(metrics, "/metrics"))[1]
        assert 'controller_runtime_max_concurrent_reconciles{controller="widget",group="example.org"} 1.0' in text
        assert 'workqueue_depth{controller="widget",group="example.org",name="widget",priority="0"} 0.0' in text
        listed = 'host="memory",method="GET",resource="widgets.example.org",subresource="",verb="list"'
        assert f'rest_client_requests_total{{code="200",{listed}}} 1.0' in text
        assert "process_cpu_seconds_total" in text
        await clock.advance(101)
        status, complaint = await _get(health, "/healthz")
        assert (status, complaint) == (503, "watch of widgets.example.org: silent for 101 s\n")
        cluster.bookmark()
        await settle()
        assert (await _get(health, "/healthz"))[0] == 200


async def _get(bound: tuple[str, int] | None, path: str) -> tuple[int, str]:
    assert bound is not None
    async with aiohttp.ClientSession() as session, session.get(f"http://{bound[0]}:{bound[1]}{path}") as response:
        return response.status, await response.text()


async def test_an_address_that_cannot_be_bound_ends_it_at_once(cluster: MemoryCluster) -> None:
    manager = make(cluster, Counting(), metrics_address="nonsense")
    with pytest.raises(ConfigError, match="'nonsense'"):
        await manager.run(asyncio.Event())
    assert cluster.requests == []


async def test_only_the_leader_acts_and_the_next_takes_over_when_it_stops(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    one, two = Counting(), Counting()
    cluster.put(WIDGETS, WIDGET)
    async with running(make(cluster, two, election=Election("system", "lease", "b"))) as second:
        async with running(make(cluster, one, election=Election("system", "lease", "c"))):
            await settle()
            assert (two.passes, one.passes) == (1, 0)
            await clock.advance(60)
            assert (two.passes, one.passes) == (1, 0)
        assert not second.done()
    lease = cluster.peek(LEASES, ObjectKey("system", "lease"))
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""
    three = Counting()
    manager = make(cluster, three, election=Election("system", "lease", "d"))
    async with running(manager):
        assert three.passes == 1
        leads = manager.metrics.registry.get_sample_value("leader_election_master_status", {"name": "lease"})
        assert leads == 1


async def test_a_controller_waits_for_its_own_lease_and_the_others_do_not(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    gadgets = Resource("example.org", "v1", "gadgets", "Gadget")
    free, bound = Counting(), Counting()
    cluster.put(WIDGETS, WIDGET)
    cluster.put(gadgets, WIDGET)
    async with running(make(cluster, Counting(), election=Election("system", "other", "go"))):
        manager = make(cluster, free, election=Election("system", "mine", "b"))
        manager.add_controller("gadget", gadgets, bound, election=Election("system", "other", "b"))
        async with running(manager):
            await clock.advance(60)
            assert (free.passes, bound.passes) == (1, 0)
            lease = cluster.peek(LEASES, ObjectKey("system", "other"))
            assert lease is not None
            cluster.put(LEASES, {**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
            await clock.advance(5)
            assert (free.passes, bound.passes) == (1, 1)
            assert manager.metrics.registry.get_sample_value("leader_election_master_status", {"name": "other"}) == 1
    for name in ("mine", "other"):
        lease = cluster.peek(LEASES, ObjectKey("system", name))
        assert lease is not None
        assert lease["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("election", [None, Election("ns", "of-its-own")], ids=["the manager's", "its own"])
async def test_a_controller_that_is_added_late_starts_when_its_objects_are_listed(
    cluster: MemoryCluster, clock: FakeClock, election: Election | None
) -> None:
    gadgets = Resource("example.org", "v1", "gadgets", "Gadget")
    cluster.put(gadgets, WIDGET)
    cluster.faults.append(lambda request: refusal(403, "Forbidden", "no") if "gadgets" in request.path else None)
    manager, late = Manager(cluster.client(), ManagerOptions("widgets")), Counting()
    manager.add_controller("widget", WIDGETS, Counting(), election=election)
    async with running(manager) as task:
        await asyncio.wait_for(manager.wait_started(), 5)
        manager.add_controller("gadget", gadgets, late, election=election)
        await clock.advance(1)
        assert late.passes == 0
        assert manager.ready() == {}
        cluster.faults.clear()
        await clock.advance(5)
        assert late.passes == 1
    assert task.exception() is None


async def test_a_controller_that_is_added_late_and_never_starts_keeps_nobody(cluster: MemoryCluster) -> None:
    cluster.faults.append(lambda request: refusal(403, "Forbidden", "no") if "gadgets" in request.path else None)
    manager = Manager(cluster.client(), ManagerOptions("widgets"))
    async with running(manager) as task:
        await asyncio.wait_for(manager.wait_started(), 5)
        manager.add_controller("gadget", Resource("example.org", "v1", "gadgets", "Gadget"), Counting())
        await settle()
        with pytest.raises(ValueError, match="too late"):
            manager.add_controller("other", WIDGETS, Counting(), election=Election("ns", "nobody-else-s"))
    assert task.exception() is None


async def test_a_selector_chooses_what_controllers_reconcile_and_nothing_else(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    manager = make(cluster, Counting(), selector="team=a")
    manager.controllers[0].watches(SECRETS, lambda _: [])
    async with running(manager):
        await asyncio.wait_for(manager.wait_started(), 5)
        asked = {request.path: dict(request.query).get("labelSelector") for request in cluster.requests}
    widgets = next(selector for path, selector in asked.items() if path.endswith("widgets"))
    secrets = next(selector for path, selector in asked.items() if path.endswith("secrets"))
    assert (widgets, secrets) == ("team=a", None)


async def test_a_manager_that_loses_its_lease_ends(cluster: MemoryCluster, clock: FakeClock) -> None:
    manager = make(cluster, Counting(), election=Election("system", "lease", "a"))

    def down(_request: HttpRequest) -> Answer | None:
        raise KubeUnreachable("no route")

    async with running(manager) as task:
        cluster.faults.append(down)
        await clock.advance(15)
        assert isinstance(task.exception(), LeadershipLost)


async def test_a_service_that_fails_ends_the_manager_with_its_error(cluster: MemoryCluster) -> None:
    manager = make(cluster, Counting(), election=Election("system", "lease", "a"))

    async def broken() -> None:
        await manager.wait_started()
        raise RuntimeError("cannot go on")

    manager.add_service("broken", broken)
    with pytest.raises(RuntimeError, match="cannot go on"):
        await asyncio.wait_for(manager.run(asyncio.Event()), 5)
    assert cluster.watches == 0
    lease = cluster.peek(LEASES, ObjectKey("system", "lease"))
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == "", "another need not wait for the lease to end"


async def test_a_worker_that_loses_its_cancellation_ends_with_its_pass(cluster: MemoryCluster) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Deaf(Counting):
        async def reconcile(self, request: Request) -> Result:
            begun.set()
            with suppress(asyncio.CancelledError):
                await go_on.wait()
            return await super().reconcile(request)

    reconciler = Deaf()
    cluster.put(WIDGETS, WIDGET)
    task = asyncio.create_task(make(cluster, reconciler).run(asyncio.Event()))
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
    assert reconciler.passes == 1


async def test_events_recorded_in_the_last_pass_are_written(cluster: MemoryCluster) -> None:
    manager = make(cluster, Counting())
    async with running(manager):
        manager.events.record({"metadata": {"namespace": "ns", "name": "w", "uid": "u"}}, "Normal", "Last", "words")
    assert cluster.writes(EVENTS) == ["POST"]


async def test_an_idle_manager_asks_nothing_and_writes_nothing(cluster: MemoryCluster, clock: FakeClock) -> None:
    cluster.put(WIDGETS, WIDGET)
    manager = make(cluster, Counting())
    async with running(manager):
        before = len(cluster.requests)
        for _ in range(60):
            cluster.bookmark()
            await clock.advance(60)
        assert len(cluster.requests) == before


async def test_namespaces_limit_what_is_watched(cluster: MemoryCluster) -> None:
    cluster.put(WIDGETS, WIDGET)
    reconciler = Counting()
    async with running(make(cluster, reconciler, namespaces=("other",))):
        assert reconciler.passes == 0
        cluster.put(WIDGETS, {"metadata": {"namespace": "other", "name": "w"}})
        await settle()
        assert reconciler.passes == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals) -> None:
    program = textwrap.dedent(
        """
        import asyncio
        from ackpy.runtime.manager import Manager, ManagerOptions
        from ackpy.testing.memory import MemoryCluster

        async def main():
            manager = Manager(MemoryCluster().client(), ManagerOptions("x"))
            running = asyncio.create_task(manager.run())
            await manager.wait_started()
            print("started", flush=True)
            await running
            print("ended", flush=True)

        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        os.kill(process.pid, number)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(10) == 0
