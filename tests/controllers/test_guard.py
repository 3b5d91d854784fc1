"""The convergence guard: three writes of the same that do not take, then none, until the spec is edited or somebody asks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from ackpy.controllers.guard import MOST_WRITES, Guard
from ackpy.controllers.ledger import Ledger
from ackpy.controllers.steering import RECONCILE_NOW
from ackpy.controllers.tallies import Tallies
from ackpy.kube.objects import ObjectKey
from ackpy.model.delta import Difference
from ackpy.runtime.causes import Cause
from ackpy.testing.world import MemoryWorld

NAME = "hama-test-bucket"
PUT = "PutBucketVersioning"
LIFECYCLE = "DeleteBucketLifecycle"


@pytest.fixture
def key(world: MemoryWorld, key: ObjectKey) -> ObjectKey:
    """A bucket whose versioning AWS forgets at every write from now on."""
    world.aws.dropping.add(PUT)
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    return key


async def resyncs(world: MemoryWorld, key: ObjectKey, times: int) -> int:
    """The writes of versioning in so many resyncs."""
    for _ in range(times):
        await world.settle(key, Cause.RESYNC)
    return world.take_counts()[PUT]


async def test_it_stops_after_three_writes_and_says_so(world: MemoryWorld, key: ObjectKey) -> None:
    assert await resyncs(world, key, 6) == MOST_WRITES
    conditions = world.conditions(key)
    advisory = conditions["ACK.Advisory"]
    assert advisory["reason"] == "NotConverging"
    assert all(part in advisory["message"] for part in ("spec.versioning.status", PUT, '"Enabled"', '"Suspended"'))
    assert conditions["ACK.ResourceSynced"]["status"] == "True"
    assert world.events.reasons.count("NotConverging") == 1


async def test_it_says_so_once_and_writes_no_status_at_rest(world: MemoryWorld, key: ObjectKey) -> None:
    await resyncs(world, key, 4)
    await world.settle(key, Cause.RESYNC)
    assert world.take_counts()["status"] == 0


async def test_an_edit_and_a_forced_pass_give_it_three_more(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    await resyncs(world, key, 4)
    world.cluster.apply("b", talk | {"tagging": {"tagSet": [{"key": "other", "value": "1"}]}})
    await world.settle(key)
    assert await resyncs(world, key, 5) == MOST_WRITES
    world.cluster.edit(key, {"metadata": {"annotations": {RECONCILE_NOW: "1"}}})
    await world.settle(key)
    assert await resyncs(world, key, 5) == MOST_WRITES


async def test_other_fields_are_written_all_the_same(world: MemoryWorld, key: ObjectKey) -> None:
    await resyncs(world, key, 4)
    world.aws.buckets[NAME].settings["Tagging"]["TagSet"].clear()
    await world.settle(key, Cause.RESYNC)
    counts = world.take_counts()
    assert (counts["PutBucketTagging"], counts[PUT]) == (1, 0)


async def test_it_is_lifted_when_aws_has_the_value(world: MemoryWorld, key: ObjectKey) -> None:
    await resyncs(world, key, 4)
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Enabled"}
    await world.settle(key, Cause.RESYNC)
    assert "ACK.Advisory" not in world.conditions(key)
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    assert await resyncs(world, key, 1) == 1


async def test_it_counts_by_kind_and_path(world: MemoryWorld, key: ObjectKey) -> None:
    registry = CollectorRegistry()
    world.ledger.tallies = Tallies(registry)
    await resyncs(world, key, 6)
    labels = {"kind": "Bucket", "path": "versioning.status"}
    assert registry.get_sample_value("ackpy_not_converging_total", labels) == 1
    assert registry.get_sample_value("ackpy_drift_total", labels) == MOST_WRITES


def difference(path: str = "a.b", desired: Any = 1, latest: Any = 2) -> Difference:
    return Difference(path, desired, latest, "")


CASES = [
    ("the same three times", [(1, 2, "x")] * 3, True),
    ("twice is not enough", [(1, 2, "x")] * 2, False),
    ("another desired in between", [(1, 2, "x"), (1, 2, "x"), (3, 2, "x"), (1, 2, "x")], False),
    ("another latest in between", [(1, 2, "x"), (1, 2, "x"), (1, 4, "x"), (1, 2, "x")], False),
    ("another secret behind the same mask", [(1, 2, "x"), (1, 2, "y"), (1, 2, "z"), (1, 2, "x")], False),
]


@pytest.mark.parametrize(("writes", "stops"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_stops(writes: list[tuple[int, int, str]], *, stops: bool) -> None:
    guard = Guard()
    for desired, latest, spoken in writes:
        guard.note("Put", [difference(desired=desired, latest=latest)], {"a": spoken})
    assert (guard.stops(difference(), {"a": "x"}) is not None) is stops


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=30))
def test_a_path_is_stopped_by_its_own_writes_alone(paths: list[str]) -> None:
    guard = Guard()
    for path in paths:
        guard.note("Put", [difference(path)], {})
    assert all((guard.stops(difference(path), {}) is not None) == (paths.count(path) >= MOST_WRITES) for path in "abc")


def test_it_is_bounded() -> None:
    guard = Guard()
    guard.note("Put", [difference(f"p{number}") for number in range(1000)], {})
    assert len(guard.attempts) < 200


def test_nothing_is_left_of_an_object_that_is_gone() -> None:
    ledger = Ledger()
    ledger.of("uid-1").plan = {"writes": []}
    ledger.forget("uid-1")
    assert ledger.snapshot() == {}
