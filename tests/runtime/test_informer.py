from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ackpy.errors import Forbidden
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, NAMESPACES
from ackpy.runtime.informer import Informer, Scope, SharedInformers
from ackpy.runtime.lookup import Absence
from ackpy.runtime.store import Change
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster, refusal

A = ObjectKey("ns", "a")


def config_map(name: str, namespace: str = "ns", **data: str) -> Object:
    return {"metadata": {"namespace": namespace, "name": name}, "data": data}


@asynccontextmanager
async def running(informers: Informer | SharedInformers) -> AsyncIterator[None]:
    task = asyncio.create_task(informers.run())
    await settle()
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_knows_what_is_there_and_then_what_is_not(cluster: MemoryCluster) -> None:
    cluster.put(CONFIG_MAPS, config_map("a"))
    informer = Informer(cluster.client(), CONFIG_MAPS)
    assert informer.lookup(A) is Absence.UNKNOWN
    async with running(informer):
        await informer.wait_synced()
        found = informer.lookup(A)
        assert not isinstance(found, Absence)
        assert found["data"] == {}
        assert informer.lookup(ObjectKey("ns", "b")) is Absence.MISSING


async def test_handlers_are_told_in_order_and_late_ones_from_the_start(cluster: MemoryCluster) -> None:
    early: list[Change] = []
    late: list[Change] = []
    cluster.put(CONFIG_MAPS, config_map("a"))
    informer = Informer(cluster.client(), CONFIG_MAPS)
    informer.add_handler(early.append)
    async with running(informer):
        cluster.put(CONFIG_MAPS, config_map("b"))
        cluster.put(CONFIG_MAPS, config_map("a", new="x"))
        await settle()
        informer.add_handler(late.append)
        cluster.remove(CONFIG_MAPS, A)
        await settle()
    assert [(change.type.value, change.key.name, change.initial) for change in early] == [
        ("added", "a", True),
        ("added", "b", False),
        ("modified", "a", False),
        ("deleted", "a", False),
    ]
    assert [(change.type.value, change.key.name, change.initial) for change in late] == [
        ("added", "a", True),
        ("added", "b", True),
        ("deleted", "a", False),
    ]
    assert early[-1].object["data"] == {"new": "x"}


async def test_it_is_synced_when_all_its_namespaces_are(cluster: MemoryCluster, clock: FakeClock) -> None:
    informer = Informer(cluster.client(), CONFIG_MAPS, Scope(("one", "two")))
    cluster.put(CONFIG_MAPS, config_map("a", "one"))
    cluster.put(CONFIG_MAPS, config_map("a", "three"))
    cluster.faults.append(lambda request: refusal(403, "Forbidden", "not you") if "/two/" in request.path else None)
    async with running(informer):
        assert not informer.synced
        assert isinstance(informer.error, Forbidden)
        assert not isinstance(informer.lookup(ObjectKey("one", "a")), Absence)
        cluster.faults.clear()
        await clock.advance(5)
        await asyncio.wait_for(informer.wait_synced(), 1)
        assert informer.lookup(ObjectKey("two", "a")) is Absence.MISSING
        assert informer.lookup(ObjectKey("three", "a")) is Absence.UNKNOWN


async def test_what_a_selector_may_hide_is_not_missing(cluster: MemoryCluster) -> None:
    informer = Informer(cluster.client(), CONFIG_MAPS, Scope(labels="app=x"))
    async with running(informer):
        assert informer.synced
        assert informer.lookup(A) is Absence.UNKNOWN


async def test_a_resource_in_no_namespace_is_watched_whole(cluster: MemoryCluster) -> None:
    informer = Informer(cluster.client(), NAMESPACES, Scope(("one", "two")))
    cluster.put(NAMESPACES, {"metadata": {"name": "three"}})
    async with running(informer):
        assert cluster.watches == 1
        assert not isinstance(informer.lookup(ObjectKey("", "three")), Absence)
        assert informer.lookup(ObjectKey("", "four")) is Absence.MISSING


async def test_age_is_that_of_the_quietest_watch(cluster: MemoryCluster, clock: FakeClock) -> None:
    informer = Informer(cluster.client(), CONFIG_MAPS, Scope(("one", "two")))
    async with running(informer):
        await clock.advance(30)
        cluster.put(CONFIG_MAPS, config_map("a", "one"))
        await settle()
        assert informer.age() == 30


async def test_a_resource_is_watched_once_for_everybody(cluster: MemoryCluster) -> None:
    informers = SharedInformers(cluster.client())
    one = informers.informer(CONFIG_MAPS)
    async with running(informers):
        assert informers.informer(CONFIG_MAPS) is one
        later = informers.informer(NAMESPACES)
        await settle()
        assert later.synced
        assert informers.synced
        assert cluster.watches == 2


async def test_the_shared_lookup_takes_the_best_answer(cluster: MemoryCluster) -> None:
    informers = SharedInformers(cluster.client(), Scope(("ns",)))
    cluster.put(CONFIG_MAPS, config_map("a", "other"))
    assert informers.lookup(CONFIG_MAPS, A) is Absence.UNKNOWN
    informers.informer(CONFIG_MAPS)
    informers.informer(CONFIG_MAPS, Scope(("other",)))
    async with running(informers):
        assert informers.lookup(CONFIG_MAPS, A) is Absence.MISSING
        assert not isinstance(informers.lookup(CONFIG_MAPS, ObjectKey("other", "a")), Absence)
        assert informers.lookup(NAMESPACES, ObjectKey("", "ns")) is Absence.UNKNOWN


async def test_of_metadata_only_objects_no_more_is_kept_than_what_tells_them_apart(cluster: MemoryCluster) -> None:
    whole = config_map("a", password="x")
    whole["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "a copy of it"}
    cluster.put(CONFIG_MAPS, whole)
    informers = SharedInformers(cluster.client())
    informer = informers.informer(CONFIG_MAPS, Scope(("ns",), metadata_only=True))
    async with running(informers):
        await informer.wait_synced()
        found = informer.lookup(A)
        assert not isinstance(found, Absence)
        assert found.keys() == {"metadata"}
        assert found["metadata"].keys() == {"namespace", "name", "uid", "resourceVersion", "generation"}
        assert informers.lookup(CONFIG_MAPS, A) is Absence.UNKNOWN, "nobody is given a part for the whole"
    accepted = {dict(request.headers)["Accept"] for request in cluster.requests}
    assert accepted == {
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    }
