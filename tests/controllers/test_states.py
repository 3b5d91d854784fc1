"""Kinds whose resources take their time: waiting, writing only what the state permits, deletions that last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ackpy.kube.objects import ObjectKey
from ackpy.model.definition import Delete, State
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import MemoryWorld, api_error

NAME = "hama-test-bucket"


def slow(bucket: Descriptor, deletion: Delete = Delete(until_gone=True)) -> Descriptor:  # noqa: B008  a frozen value
    """The bucket, as if what its status calls location were a state that AWS reaches in time."""
    state = State(path="location", ready=["there"], failed=["lost"], gone=["gone"], poll=3)
    return replace(bucket, definition=replace(bucket.definition, states=[state], deletion=deletion))


def reach(world: MemoryWorld, key: ObjectKey, state: str) -> None:
    """What a read would say next: a bucket's core read has no status, so that the last one known stands."""
    world.cluster.edit(key, {"status": {"location": state}})


async def seconds(world: MemoryWorld, key: ObjectKey, count: int) -> list[float]:
    results = [await world.one_pass(key, Cause.RETRY) for _ in range(count)]
    assert {result.outcome for result in results} == {Outcome.AFTER}
    return [result.seconds for result in results]


@pytest.fixture
def world(bucket: Descriptor) -> MemoryWorld:
    return MemoryWorld(slow(bucket))


async def test_looks_at_a_busy_resource_grow_rarer_up_to_the_kinds_interval(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    assert await seconds(world, key, 5) == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "False"
    assert world.conditions(key)["Ready"]["status"] == "False"
    assert world.take_counts()["status"] == 1
    reach(world, key, "there")
    await world.settle(key, Cause.RETRY)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_what_was_created_busy_is_verified_once_it_is_ready(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    reach(world, key, "there")
    causes = [(await world.one_pass(key, Cause.RETRY)).cause for _ in range(2)]
    assert causes == [Cause.VERIFY, Cause.RESYNC]
    assert world.events.reasons == ["Created", "Updated"]
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


async def test_a_busy_resource_is_not_written_to(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    world.take_counts()
    world.cluster.apply("b", talk | {"requestPayment": None, "lifecycle": None})
    await world.one_pass(key)
    assert world.aws.writes == []
    reach(world, key, "there")
    await world.settle(key, Cause.RETRY)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)


async def test_a_write_starts_the_looks_anew(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    assert await seconds(world, key, 3) == [0.5, 1.0, 2.0]
    tags = talk | {"tagging": {"tagSet": []}}  # tags are written at any time
    world.cluster.apply("b", tags)
    assert await seconds(world, key, 2) == [0.5, 1.0]


async def test_a_failed_resource_is_terminal(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    reach(world, key, "lost")
    result = await world.one_pass(key, Cause.RETRY)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "location is lost"
    assert result.seconds == world.options.terminal_retry_seconds


async def test_a_deletion_that_lasts_is_asked_for_once_and_watched(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await seconds(world, key, 3)
    world.take_counts()
    world.aws.dropping.add("DeleteBucket")
    world.cluster.delete(key)
    assert await seconds(world, key, 3) == [0.5, 1.0, 2.0]
    assert world.aws.calls_made.count("DeleteBucket") == 1
    assert world.conditions(key)["Ready"]["status"] == "False"
    del world.aws.buckets[NAME]
    await world.settle(key, Cause.RETRY)
    assert world.cluster.objects == {}


async def test_a_deletion_that_failed_is_asked_for_again(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    world.aws.dropping.add("DeleteBucket")
    world.cluster.delete(key)
    await world.one_pass(key)
    reach(world, key, "lost")
    world.aws.dropping.clear()
    await world.settle(key, Cause.RETRY)
    assert world.cluster.objects == {}
    assert world.aws.calls_made.count("DeleteBucket") == 2


@pytest.mark.parametrize(("states", "asked"), [(["there"], False), (["busy", "there"], True)])
async def test_a_delete_call_waits_for_a_state_that_takes_it(
    bucket: Descriptor, talk: dict[str, Any], states: Sequence[str], asked: bool
) -> None:
    world = MemoryWorld(slow(bucket, Delete(only_in=states)))
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    reach(world, key, "busy")
    world.cluster.delete(key)
    await world.one_pass(key)
    assert ("DeleteBucket" in world.aws.calls_made) is asked


async def test_what_must_be_emptied_goes_first(bucket: Descriptor, talk: dict[str, Any]) -> None:
    world = MemoryWorld(slow(bucket, Delete(first=["lifecycle"])))
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    reach(world, key, "there")
    await world.settle(key, Cause.RETRY)
    world.aws.failing["DeleteBucketLifecycle"].append(api_error("DeleteBucketLifecycle", "AccessDenied", 403))
    world.cluster.delete(key)
    await world.one_pass(key)
    assert NAME in world.aws.buckets
    world.take_counts()
    await world.settle(key, Cause.RETRY)
    writes = ["DeleteBucketLifecycle", "DeleteBucket"]
    assert [name for name in world.aws.calls_made if name in writes] == writes
