"""Errors a person can act on: ACK's exact text in Terminal and Recoverable, what to do in `Ready` and the Event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ackpy.aws.classify import Meaning, Verdict
from ackpy.aws.failures import NoCredentials
from ackpy.controllers.advice import Asker, advice
from ackpy.errors import AwsError
from ackpy.model.descriptor import Descriptor
from ackpy.testing.world import MemoryWorld, api_error

ROLE = "arn:aws:iam::111122223333:role/team"
ASKER = Asker(ROLE, "Bucket default/b")
TERMINAL = Verdict(Meaning.TERMINAL)


@dataclass(frozen=True)
class Case:
    """An error, what it means, and what the advice must name."""

    name: str
    error: AwsError
    verdict: Verdict
    names: tuple[str, ...]


def refused(code: str, operation: str = "PutBucketTagging") -> AwsError:
    return api_error(operation, code, 400)


CASES = (
    Case("denied", refused("AccessDenied"), Verdict(Meaning.DENIED), (ROLE, "s3:PutBucketTagging", "Bucket default/b")),
    Case(
        "denied, and AWS says what",
        refused("AccessDenied"),
        Verdict(Meaning.DENIED, action="s3:PutBucketTags", resource="arn:aws:s3:::b"),
        (ROLE, "s3:PutBucketTags", "Bucket default/b (arn:aws:s3:::b)"),
    ),
    Case("throttled", refused("SlowDown"), Verdict(Meaning.THROTTLED), ("PutBucketTagging", "by itself")),
    Case(
        "no credentials",
        NoCredentials("none", service="s3", operation="PutBucketTagging"),
        Verdict(Meaning.CREDENTIALS),
        (ROLE, "credentials"),
    ),
    Case("not offered", refused("NotImplemented"), Verdict(Meaning.NOT_IMPLEMENTED), ("PutBucketTagging",)),
    Case("the kind's own code", refused("InvalidBucketName"), TERMINAL, ("spec.name", "3 to 63")),
    Case("a quota", refused("LimitExceededException"), TERMINAL, ("Service Quotas",)),
    Case("a value", refused("ValidationException"), TERMINAL, ("the field that AWS names",)),
    Case("a tag", refused("InvalidTag"), TERMINAL, ("128", "256")),
    Case("a policy", refused("MalformedPolicy"), TERMINAL, ("principals",)),
    Case("any other, of a setting", refused("Whatever"), TERMINAL, ("correct spec.tagging",)),
    Case(
        "any other, of a group",
        refused("Whatever", "PutObjectLockConfiguration"),
        TERMINAL,
        ("spec.objectLockConfiguration, spec.",),
    ),
    Case("any other, of the object", refused("Whatever", "GetBucketTagging"), TERMINAL, ("correct spec.name",)),
    Case("any other, of all", refused("Whatever", "CreateBucket"), TERMINAL, ("correct the spec",)),
    Case(
        "any other, of a deletion", refused("Whatever", "DeleteBucket"), TERMINAL, ("remove what AWS names", "retain")
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_to_do(bucket: Descriptor, case: Case) -> None:
    found = advice(bucket, case.error, case.verdict, ASKER)
    assert [name for name in case.names if name not in found] == []


def test_waiting_is_all_for_what_passes_by_itself(bucket: Descriptor) -> None:
    assert advice(bucket, refused("InternalError"), Verdict(Meaning.RECOVERABLE), ASKER) == ""


def test_every_code_with_advice_of_its_own_is_terminal(bucket: Descriptor) -> None:
    assert set(bucket.definition.advice) <= set(bucket.definition.terminal)


async def test_conditions_have_acks_text_and_ready_the_advice(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk | {"name": "UPPER-CASE"})
    await world.settle(key)
    conditions = world.conditions(key)
    text = "api error InvalidBucketName: The specified bucket is not valid."
    assert conditions["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": text}
    assert conditions["Ready"]["message"] == f"{text}. {world.descriptor.definition.advice['InvalidBucketName']}"
    assert conditions["Ready"]["status"] == "False"


async def test_a_refused_permission_names_action_and_object(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.events.seen.clear()
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", "AccessDenied", 403, "Access Denied"))
    await world.one_pass(key)
    ready = world.conditions(key)["Ready"]
    assert ready["status"] == "False"
    [event] = world.events.seen
    assert event.reason == "AccessDenied"
    for text in (ready["message"], event.message):
        assert "s3:GetBucketTagging on Bucket default/b" in text
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "api error AccessDenied: Access Denied"


async def test_the_next_try_stands_in_the_event_alone(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk | {"name": "UPPER-CASE"})
    await world.settle(key)
    [event] = [each for each in world.events.seen if each.reason == "Refused"]
    assert f"tried again in {world.options.terminal_retry_seconds:g} s" in event.message
    assert "tried again" not in str(world.conditions(key))
