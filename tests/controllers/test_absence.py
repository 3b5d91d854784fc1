"""Reads of AWS that do not see yet what has just been made: nothing is given up, orphaned or made twice for their word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ackpy.controllers.intent import Intent, Stage
from ackpy.errors import AwsUnreachable
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"


def blind(world: MemoryWorld, reads: int = 1) -> None:
    """The next reads of the bucket do not see it."""
    world.aws.failing["GetBucketTagging"] = [api_error("GetBucketTagging", "NoSuchBucket", 404)] * reads


async def test_a_bucket_that_is_not_seen_and_cannot_be_made_again_is_still_its_objects(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    blind(world)
    await world.one_pass(key, Cause.VERIFY)
    assert "ACK.Terminal" not in world.conditions(key)
    await world.settle(key)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert world.aws.created == [NAME]


@pytest.mark.parametrize("code", ["AccessDenied", "OperationAborted"])
async def test_a_refusal_of_a_second_try_says_nothing_of_the_first(
    world: MemoryWorld, talk: dict[str, Any], code: str
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.losing["CreateBucket"] = [AwsUnreachable("no answer", service="s3", operation="CreateBucket")]
    await world.one_pass(key)
    blind(world)
    world.aws.failing["CreateBucket"] = [api_error("CreateBucket", code, 403)]
    await world.one_pass(key, Cause.RETRY)
    await world.settle(key)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert world.aws.created == [NAME]


async def test_a_refusal_counts_when_the_first_try_must_have_shown_by_then(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"] = [AwsUnreachable("no answer", service="s3", operation="CreateBucket")]
    await world.one_pass(key)
    world.time.advance(world.options.settle_seconds + 1)
    world.aws.failing["CreateBucket"] = [api_error("CreateBucket", "AccessDenied", 403)]
    await world.one_pass(key, Cause.RETRY)
    intent = Intent.of(world.cluster.objects[key])
    assert intent is not None
    assert intent.stage is Stage.REFUSED


async def test_a_bucket_that_is_not_seen_yet_goes_with_its_object(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    world.cluster.delete(key)
    blind(world, 2)
    assert (await world.one_pass(key)).outcome is Outcome.AFTER
    await world.settle(key, Cause.RETRY)
    assert world.cluster.objects == {}
    assert world.aws.buckets == {}


async def test_so_does_one_that_another_process_may_have_made(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.losing["CreateBucket"] = [AwsUnreachable("no answer", service="s3", operation="CreateBucket")]
    await world.one_pass(key)
    world.restart()
    world.cluster.delete(key)
    blind(world)
    await world.settle(key, Cause.START)
    assert world.cluster.objects == {}
    assert world.aws.buckets == {}


async def test_a_bucket_that_was_never_made_holds_its_object_for_a_moment_alone(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"] = [AwsUnreachable("no answer", service="s3", operation="CreateBucket")]
    await world.one_pass(key)
    world.cluster.delete(key)
    began = world.time.now()
    await world.settle(key)
    assert world.cluster.objects == {}
    assert world.time.now() - began < timedelta(seconds=2 * world.options.settle_seconds)


async def test_what_was_at_rest_and_is_gone_holds_nobody(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.time.advance(60)
    world.aws.buckets.clear()
    world.cluster.delete(key)
    assert (await world.one_pass(key)).outcome is Outcome.DONE
    assert world.cluster.objects == {}


async def test_what_was_a_strangers_a_moment_ago_is_not_tried_for(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {})
    await world.one_pass(key)
    before = world.conditions(key)
    assert before["ACK.Terminal"]["message"] == "Resource already exists"
    world.restart()
    blind(world)
    world.take_counts()
    assert (await world.one_pass(key, Cause.START)).outcome is Outcome.AFTER
    assert "CreateBucket" not in world.take_counts()
    assert world.conditions(key) == before


async def test_and_is_once_it_has_been_gone_for_a_while(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {})
    await world.one_pass(key)
    world.aws.buckets.clear()
    began = world.time.now()
    await world.settle(key, Cause.RETRY)
    assert world.aws.created == [NAME]
    assert world.time.now() - began < timedelta(seconds=2 * world.options.settle_seconds)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_a_setting_that_was_taken_out_meanwhile_is_reset_all_the_same(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    world.cluster.apply("b", {name: value for name, value in talk.items() if name != "lifecycle"})
    blind(world)
    await world.one_pass(key)
    await world.settle(key)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_a_setting_that_a_read_does_not_see_yet_is_not_forgotten(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    plain = {name: value for name, value in talk.items() if name != "lifecycle"}
    key = world.cluster.apply("b", plain)
    await world.settle(key)
    world.time.advance(60)
    world.cluster.apply("b", talk)
    await world.one_pass(key, Cause.EDIT)
    assert "LifecycleConfiguration" in world.aws.settings(NAME)
    world.cluster.apply("b", plain)
    reading = "GetBucketLifecycleConfiguration"
    world.aws.failing[reading] = [api_error(reading, "NoSuchLifecycleConfiguration", 404)]
    result = await world.one_pass(key, Cause.EDIT)
    assert (result.outcome, result.seconds) == (Outcome.AFTER, world.options.settle_seconds)
    world.time.advance(result.seconds)
    await world.one_pass(key, Cause.VERIFY)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)
    await world.settle(key)
    assert (await world.one_pass(key, Cause.RESYNC)).outcome is Outcome.DONE
