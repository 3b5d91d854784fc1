from __future__ import annotations

import asyncio

import pytest

from ackpy.errors import KubeUnreachable
from ackpy.kube.objects import Object
from ackpy.kube.resource import LEASES
from ackpy.kube.transport import HttpRequest
from ackpy.runtime.leader import Election, LeaderElector, LeadershipLost, default_identity
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster

ELECTION = Election("system", "lease", "one")


def candidate(cluster: MemoryCluster, identity: str = "one", told: list[bool] | None = None) -> LeaderElector:
    election = Election("system", "lease", identity)
    return LeaderElector(cluster.client(), election, on_change=told.append if told is not None else lambda _: None)


def spec(cluster: MemoryCluster) -> Object:
    lease = cluster.peek(LEASES, ELECTION.key)
    assert lease is not None
    found: Object = lease["spec"]
    return found


async def test_the_first_takes_the_lease_and_renews_it(cluster: MemoryCluster, clock: FakeClock) -> None:
    told: list[bool] = []
    one = candidate(cluster, told=told)
    await one.acquire()
    assert one.leading
    assert told == [True]
    taken = dict(spec(cluster))
    keeping = asyncio.create_task(one.keep())
    await clock.advance(60)
    renewed = spec(cluster)
    assert not keeping.done()
    assert (renewed["holderIdentity"], renewed["leaseTransitions"], renewed["leaseDurationSeconds"]) == ("one", 0, 15)
    assert renewed["acquireTime"] == taken["acquireTime"]
    assert renewed["renewTime"] == "2026-01-01T00:01:00.000000Z"
    assert 25 <= len(cluster.requests) <= 35, "a renewal is one request"
    keeping.cancel()


async def test_another_waits_until_it_has_seen_the_lease_unchanged_for_its_duration(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    await candidate(cluster, "one").acquire()
    two = candidate(cluster, "two")
    acquiring = asyncio.create_task(two.acquire())
    await clock.advance(14)
    assert not acquiring.done()
    await clock.advance(10)
    assert acquiring.done()
    assert (spec(cluster)["holderIdentity"], spec(cluster)["leaseTransitions"]) == ("two", 1)


async def test_a_holder_that_renews_is_not_overtaken(cluster: MemoryCluster, clock: FakeClock) -> None:
    one = candidate(cluster, "one")
    await one.acquire()
    keeping = asyncio.create_task(one.keep())
    acquiring = asyncio.create_task(candidate(cluster, "two").acquire())
    await clock.advance(300)
    assert not acquiring.done()
    assert not keeping.done()
    acquiring.cancel()
    keeping.cancel()


async def test_a_released_lease_is_taken_at_the_next_look(cluster: MemoryCluster, clock: FakeClock) -> None:
    told: list[bool] = []
    one = candidate(cluster, "one", told)
    await one.acquire()
    acquiring = asyncio.create_task(candidate(cluster, "two").acquire())
    await settle()
    await one.release()
    assert told == [True, False]
    assert spec(cluster)["holderIdentity"] == ""
    await clock.advance(5)
    assert acquiring.done()
    await one.release()
    assert spec(cluster)["holderIdentity"] == "two"


async def test_who_cannot_renew_gives_up_before_the_lease_ends(cluster: MemoryCluster, clock: FakeClock) -> None:
    def down(_request: HttpRequest) -> Answer | None:
        raise KubeUnreachable("no route")

    told: list[bool] = []
    one = candidate(cluster, told=told)
    await one.acquire()
    keeping = asyncio.create_task(one.keep())
    cluster.faults.append(down)
    await clock.advance(14.9)
    assert isinstance(keeping.exception(), LeadershipLost)
    assert told == [True, False]


async def test_a_short_outage_is_lived_through(cluster: MemoryCluster, clock: FakeClock) -> None:
    def down(_request: HttpRequest) -> Answer | None:
        raise KubeUnreachable("no route")

    one = candidate(cluster)
    await one.acquire()
    keeping = asyncio.create_task(one.keep())
    cluster.faults.append(down)
    await clock.advance(5)
    cluster.faults.clear()
    await clock.advance(60)
    assert not keeping.done()
    keeping.cancel()


async def test_a_leader_whose_lease_was_taken_stops(cluster: MemoryCluster, clock: FakeClock) -> None:
    one = candidate(cluster)
    await one.acquire()
    keeping = asyncio.create_task(one.keep())
    await settle()
    taken = {**spec(cluster), "holderIdentity": "thief", "renewTime": "2026-01-01T00:00:01.000000Z"}
    cluster.put(LEASES, {"metadata": {"namespace": "system", "name": "lease"}, "spec": taken})
    await clock.advance(5)
    assert isinstance(keeping.exception(), LeadershipLost)
    assert "held by thief" in str(keeping.exception())
    await one.release()
    assert spec(cluster)["holderIdentity"] == "thief"


async def test_two_that_ask_at_once_do_not_both_lead(cluster: MemoryCluster) -> None:
    both = [candidate(cluster, "one"), candidate(cluster, "two")]
    acquiring = [asyncio.create_task(elector.acquire()) for elector in both]
    await settle()
    assert sum(elector.leading for elector in both) == 1
    for task in acquiring:
        task.cancel()


@pytest.mark.parametrize("times", [(10, 10, 2), (15, 2, 2), (15, 10, 0)])
def test_times_that_let_two_lead_are_refused(times: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="lease_duration > renew_deadline > retry_period > 0"):
        Election("a", "b", "c", *times)


def test_no_two_processes_have_one_identity() -> None:
    assert default_identity() != default_identity()
