"""A create that AWS refused, or that was not sent yet, and an API server that is away: what a stranger makes then stays the stranger's."""

from __future__ import annotations

from typing import Any, SupportsIndex

import pytest

from ackpy.errors import AwsError, KubeUnreachable
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"


class Failing(list[AwsError]):
    """AWS's refusals, with each of which the API server goes away for one request."""

    def __init__(self, world: MemoryWorld) -> None:
        super().__init__([api_error("CreateBucket", "AccessDenied", 403)])
        self._world = world

    def pop(self, index: SupportsIndex = -1) -> AwsError:
        self._world.cluster.refusals.append(KubeUnreachable("the API server is being restarted"))
        return super().pop(index)


async def refused(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"] = Failing(world)
    with pytest.raises(KubeUnreachable):
        await world.one_pass(key)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {})
    return key


async def test_it_is_not_taken_over(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await refused(world, talk)
    await world.one_pass(key, Cause.RETRY)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.settings(NAME) == {}


async def test_it_is_not_deleted(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await refused(world, talk)
    world.cluster.delete(key)
    await world.settle(key)
    assert world.cluster.objects == {}
    assert NAME in world.aws.buckets


async def test_it_is_written_down_by_the_next_pass(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await refused(world, talk)
    await world.one_pass(key, Cause.RETRY)
    world.restart()
    await world.one_pass(key, Cause.START)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.settings(NAME) == {}


async def claimed(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    """An object that says what it is about to create; the process was not told that it says so, and has asked for nothing."""
    key = world.cluster.apply("b", talk)
    world.cluster.losing.append(KubeUnreachable("the answer was lost"))
    with pytest.raises(KubeUnreachable):
        await world.one_pass(key)
    return key


async def test_what_a_stranger_made_before_the_create_was_sent_is_not_taken_over(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = await claimed(world, talk)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {})
    await world.one_pass(key, Cause.RETRY)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.settings(NAME) == {}


async def test_nor_what_one_made_after_the_first_create_was_refused(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await claimed(world, talk)
    world.aws.failing["CreateBucket"] = [api_error("CreateBucket", "AccessDenied", 403)]
    await world.one_pass(key, Cause.RETRY)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {})
    world.restart()
    await world.one_pass(key, Cause.START)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.settings(NAME) == {}


async def test_the_claim_is_not_written_twice(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await claimed(world, talk)
    await world.one_pass(key, Cause.RETRY)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert [target for target, _ in world.cluster.writes] == ["object", "status"]
