"""A process that ends at any step: the next one finds its way. No second create, no orphan, nothing of a stranger's touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"
Scenario = Callable[[MemoryWorld, dict[str, Any]], Awaitable[ObjectKey]]


async def creating(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    return world.cluster.apply("b", talk)


async def editing(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    spec = {name: value for name, value in talk.items() if name != "lifecycle"}
    policy = '{"Version":"2012-10-17","Statement":[]}'
    return world.cluster.apply("b", spec | {"versioning": {"status": "Suspended"}, "policy": policy})


async def drifting(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.aws.buckets[NAME].settings.pop("Versioning")
    return key


async def deleting(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.cluster.delete(key)
    return key


async def refused(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", "AccessDenied", 403))
    return world.cluster.apply("b", talk)


async def retrying(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await refused(world, talk)
    await world.one_pass(key)
    return key


async def half_made(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    world.aws.failing["PutBucketVersioning"].append(api_error("PutBucketVersioning", "InternalError", 500))
    return world.cluster.apply("b", talk)


async def a_strangers(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {"Versioning": {"Status": "Enabled"}})
    return world.cluster.apply("b", talk)


async def a_strangers_deleted(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await retrying(world, talk)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {"Versioning": {"Status": "Enabled"}})
    world.cluster.delete(key)
    return key


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        creating,
        half_made,
        editing,
        drifting,
        deleting,
        refused,
        retrying,
        a_strangers,
        a_strangers_deleted,
    )
}


async def crash(descriptor: Descriptor, talk: dict[str, Any], scenario: Scenario, step: int) -> MemoryWorld | None:
    """A world in which the process ended at that step, and another brought things to rest; None past the last step."""
    world = MemoryWorld(descriptor)
    return world if await world.ends_at(step, await scenario(world, talk)) else None


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_process_may_end_at_any_step(bucket: Descriptor, talk: dict[str, Any], name: str) -> None:
    steps = 0
    while world := await crash(bucket, talk, SCENARIOS[name], steps):
        steps += 1
        check(world, name, steps)
    assert steps >= 2


def check(world: MemoryWorld, name: str, step: int) -> None:
    where = f"{name}, step {step}"
    key = ObjectKey("default", "b")
    assert len(world.aws.created) <= 1, where
    if name in {"a_strangers", "a_strangers_deleted"}:
        assert world.aws.created == [], where
        assert world.aws.deleted == [], where
        assert world.aws.buckets[NAME].settings == {"Versioning": {"Status": "Enabled"}}, where
    elif name == "deleting":
        assert world.aws.buckets == {}, where
        assert len(world.aws.deleted) == 1, where
    else:
        assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True", where
        wanted = "Suspended" if name == "editing" else "Enabled"
        assert world.aws.settings(NAME)["Versioning"] == {"Status": wanted}, where
        assert ("LifecycleConfiguration" in world.aws.settings(NAME)) is (name != "editing"), where
        assert ("Policy" in world.aws.settings(NAME)) is (name == "editing"), where
    if name in {"deleting", "a_strangers_deleted"}:
        assert world.cluster.objects == {}, where
