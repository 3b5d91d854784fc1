from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ackpy.errors import Conflict
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, generation_of, metadata
from ackpy.kube.resource import Resource
from ackpy.runtime.finalizers import add_finalizer
from ackpy.runtime.informer import Informer, Scope
from ackpy.runtime.ownwrites import OwnWrites
from ackpy.runtime.reader import ObjectReader
from ackpy.runtime.writer import ObjectWriter
from ackpy.testing.clock import settle
from ackpy.testing.memory import MemoryCluster

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
KEY = ObjectKey("ns", "w")


class World:
    def __init__(self, cluster: MemoryCluster) -> None:
        self.cluster = cluster
        self.client: KubeClient = cluster.client()
        self.own_writes = OwnWrites()
        self.informer = Informer(self.client, WIDGETS)
        self.reader = ObjectReader(self.client, self.informer, self.own_writes, patience=0.05)
        self.writer = ObjectWriter(self.client, self.own_writes, field_manager="widgets")

    def gets(self) -> int:
        return sum(count for kind, count in self.client.requests.items() if kind.verb == "get")

    async def seen(self) -> Object:
        found = await self.reader.read(KEY)
        assert found is not None
        return found


@pytest.fixture
async def world(cluster: MemoryCluster) -> AsyncIterator[World]:
    cluster.put(
        WIDGETS,
        {"metadata": {"namespace": "ns", "name": "w", "labels": {"a": "b"}}, "spec": {"size": 1, "tags": ["x"]}},
    )
    made = World(cluster)
    running = asyncio.create_task(made.informer.run())
    await settle()
    yield made
    running.cancel()


async def test_a_read_costs_no_request_while_the_cache_is_good_enough(world: World) -> None:
    assert (await world.seen())["spec"]["size"] == 1
    assert await world.reader.read(ObjectKey("ns", "none")) is None
    assert world.gets() == 0


async def test_a_read_waits_for_the_watch_to_tell_of_our_own_write(world: World) -> None:
    seen = await world.seen()
    world.cluster.hold()
    await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"size": 2}}))
    reading = asyncio.create_task(world.seen())
    await settle()
    assert not reading.done()
    world.cluster.resume()
    assert (await reading)["spec"]["size"] == 2
    assert world.gets() == 0


async def test_a_read_asks_the_server_when_the_watch_is_late(world: World) -> None:
    seen = await world.seen()
    world.cluster.hold()
    await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"size": 2}}))
    assert (await world.seen())["spec"]["size"] == 2
    assert world.gets() == 1


async def test_a_read_asks_the_server_when_the_cache_does_not_know(cluster: MemoryCluster) -> None:
    world = World(cluster)
    assert await world.reader.read(KEY) is None
    cluster.put(WIDGETS, {"metadata": {"namespace": "ns", "name": "w"}})
    assert metadata(await world.seen())["name"] == "w"


async def test_what_the_selectors_leave_out_counts_as_gone(cluster: MemoryCluster) -> None:
    cluster.put(WIDGETS, {"metadata": {"namespace": "ns", "name": "w", "labels": {"team": "b"}}})
    client = cluster.client()
    informer = Informer(client, WIDGETS, Scope(labels="team=a"))
    reader = ObjectReader(client, informer, OwnWrites(), patience=0.05)
    assert await reader.read(KEY) is not None  # nothing is known yet: the server is asked
    running = asyncio.create_task(informer.run())
    await settle()
    assert await reader.read(KEY) is None
    running.cancel()


async def test_only_what_differs_is_sent(world: World) -> None:
    seen = await world.seen()
    desired = apply_merge_patch(
        seen, {"spec": {"tags": ["x", "y"]}, "metadata": {"labels": {"a": None}}, "status": {"no": 1}}
    )
    returned = await world.writer.patch(WIDGETS, seen, desired)
    (request,) = [request for request in world.cluster.requests if request.method == "PATCH"]
    assert request.body == b'{"metadata":{"labels":{"a":null},"uid":"uid-1"},"spec":{"tags":["x","y"]}}'
    assert dict(request.query) == {"fieldManager": "widgets"}
    assert (returned["spec"], generation_of(returned), returned.get("status")) == (
        {"size": 1, "tags": ["x", "y"]},
        2,
        None,
    )


async def test_nothing_is_sent_when_nothing_differs(world: World) -> None:
    seen = await world.seen()
    assert await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"status": {"x": 1}})) is seen
    assert await world.writer.patch_status(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"size": 9}})) is seen
    assert world.cluster.writes(WIDGETS) == []


async def test_status_goes_by_its_subresource(world: World) -> None:
    seen = await world.seen()
    returned = await world.writer.patch_status(
        WIDGETS, seen, apply_merge_patch(seen, {"status": {"ok": True}, "spec": {"size": 9}})
    )
    assert (returned["status"], returned["spec"]["size"]) == ({"ok": True}, 1)
    assert world.cluster.writes(WIDGETS) == ["PATCH status"]


async def test_another_object_of_the_same_name_is_not_written(world: World) -> None:
    seen = await world.seen()
    world.cluster.remove(WIDGETS, KEY)
    world.cluster.put(WIDGETS, {"metadata": {"namespace": "ns", "name": "w"}, "spec": {"size": 7}})
    with pytest.raises(Conflict):
        await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"size": 2}}))


async def test_a_locked_patch_fails_when_somebody_wrote_between(world: World) -> None:
    seen = await world.seen()
    world.cluster.put(WIDGETS, {"metadata": {"namespace": "ns", "name": "w"}, "spec": {"size": 7}})
    with pytest.raises(Conflict):
        await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"tags": []}}), locked=True)
    patch = add_finalizer(seen, "example.org/f")
    assert patch is not None
    with pytest.raises(Conflict):
        await world.writer.send(WIDGETS, seen, patch)
    unlocked = await world.writer.patch(WIDGETS, seen, apply_merge_patch(seen, {"spec": {"tags": []}}))
    assert unlocked["spec"] == {"size": 7, "tags": []}
    assert not world.own_writes.is_own(unlocked, "")
