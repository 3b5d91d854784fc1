"""Events: which change says what, at most one a change, and never a value. The ledger: last calls and plan, bounded and redacted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackpy.errors import AwsUnreachable
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.testing.world import Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"


async def test_created(world: MemoryWorld, talk: dict[str, Any]) -> None:
    await world.settle(world.cluster.apply("b", talk))
    assert [(event.reason, event.warning) for event in world.events.seen] == [("Created", False)]


async def test_updated_names_the_fields_and_no_value(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    world.cluster.apply("b", talk | {"tagging": {"tagSet": [{"key": "first", "value": "sesame"}]}})
    await world.settle(key)
    [event] = world.events.seen
    assert (event.reason, event.warning) == ("Updated", False)
    assert "spec.tagging.tagSet[key=first].value" in event.message
    assert "sesame" not in event.message


async def test_deleted(world: MemoryWorld, key: ObjectKey) -> None:
    world.cluster.delete(key)
    await world.settle(key)
    assert world.events.reasons == ["Deleted"]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [("SlowDown", 503, "Throttled"), ("AccessDenied", 403, "AccessDenied"), ("MalformedXML", 400, "Refused")],
)
async def test_a_fault_is_told_once(world: MemoryWorld, key: ObjectKey, code: str, status: int, reason: str) -> None:
    world.aws.failing["GetBucketTagging"] += [api_error("GetBucketTagging", code, status) for _ in range(3)]
    for _ in range(3):
        await world.one_pass(key, Cause.RETRY)
    assert world.events.reasons == [reason]
    [event] = world.events.seen
    assert event.warning
    assert "GetBucketTagging" in event.message


async def test_an_answer_that_does_not_come(world: MemoryWorld, key: ObjectKey) -> None:
    error = AwsUnreachable("no answer", service="s3", operation="GetBucketTagging")
    world.aws.failing["GetBucketTagging"].append(error)
    await world.one_pass(key)
    assert world.events.reasons == ["Unreachable"]


async def test_a_stranger_in_the_way(world: MemoryWorld, talk: dict[str, Any]) -> None:
    world.aws.buckets[NAME] = Bucket(world.aws.account, "eu-central-1")
    await world.settle(world.cluster.apply("b", talk))
    assert world.events.reasons == ["AlreadyExists"]


async def test_rest_is_silent(world: MemoryWorld, key: ObjectKey) -> None:
    for _ in range(3):
        await world.settle(key, Cause.RESYNC)
    assert world.events.seen == []


async def test_the_ledger_has_the_last_calls_and_the_last_plan(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.settle(key)
    [entry] = world.ledger.snapshot().values()
    [write] = entry["plan"]["writes"]
    assert (write["operation"], write["cause"]) == ("PutBucketVersioning", "edit")
    assert [each["path"] for each in write["differences"]] == ["versioning.status"]
    assert entry["calls"][-1] == {
        "operation": "PutBucketVersioning",
        "outcome": "ok",
        "requestId": "request-of-PutBucketVersioning",
    }


async def test_the_ledger_is_bounded(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    tags = [{"key": f"k{number}", "value": "x" * 200} for number in range(40)]
    world.cluster.apply("b", talk | {"tagging": {"tagSet": tags}, "policy": json.dumps({"Statement": ["y" * 5000]})})
    await world.settle(key)
    for _ in range(20):
        await world.settle(key, Cause.RESYNC)
    [entry] = world.ledger.snapshot().values()
    assert 0 < len(entry["calls"]) <= 24
    assert "y" * 300 not in json.dumps(entry)
