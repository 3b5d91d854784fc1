"""An object's first passes: what is asked of AWS, what is written to the object, and in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from ackpy.controllers import intent, memory
from ackpy.controllers.intent import Intent, Stage
from ackpy.controllers.options import ReconcilerOptions
from ackpy.errors import AwsUnreachable, Conflict
from ackpy.kube import objects
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"


async def test_the_talks_bucket_costs_five_aws_calls_and_two_kubernetes_writes(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    first = await world.one_pass(key)
    assert world.take_counts() == Counter(
        {
            "GetBucketTagging": 1,
            "CreateBucket": 1,
            "PutBucketVersioning": 1,
            "PutBucketEncryption": 1,
            "PutBucketLifecycleConfiguration": 1,
            "object": 1,
            "status": 1,
        }
    )
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert (first.outcome, first.seconds, first.cause) == (Outcome.AFTER, 1.0, Cause.VERIFY)


async def test_the_verification_pass_reads_once_more_and_writes_nothing(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    world.take_counts()
    assert (await world.one_pass(key, Cause.VERIFY)).outcome is Outcome.DONE
    assert world.take_counts() == Counter(
        ["GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetBucketLifecycleConfiguration"]
    )


async def test_verification_can_be_switched_off(bucket: Any, talk: dict[str, Any]) -> None:
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, verify=False))
    key = world.cluster.apply("b", talk)
    assert (await world.one_pass(key)).outcome is Outcome.DONE


@pytest.mark.parametrize("lost", ["PutBucketVersioning", "Tags"])
async def test_what_aws_silently_dropped_is_repaired_by_the_verification(
    world: MemoryWorld, talk: dict[str, Any], lost: str
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.dropping.add(lost)
    await world.one_pass(key)
    world.aws.dropping.clear()
    await world.settle(key, Cause.VERIFY)
    assert world.events.reasons == ["Created", "Repaired"]
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}
    assert len(world.aws.settings(NAME)["Tagging"]["TagSet"]) == 4


async def test_finalizer_intent_and_memory_are_there_before_the_create_call(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    names = [name for name in world.steps.names if name.startswith("before")]
    assert names[:3] == ["before GetBucketTagging", "before object patch", "before CreateBucket"]
    target, patch = world.cluster.writes[0]
    assert target == "object"
    assert patch["metadata"]["finalizers"] == ["finalizers.s3.services.k8s.aws/Bucket"]
    assert set(patch["metadata"]["annotations"]) == {memory.ANNOTATION, intent.ANNOTATION}


async def test_finalizers_of_others_stay(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, finalizers=["example.com/hold"])
    await world.one_pass(key)
    assert objects.finalizers_of(world.cluster.objects[key]) == [
        "example.com/hold",
        "finalizers.s3.services.k8s.aws/Bucket",
    ]


async def test_the_first_status_is_the_result(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    [status] = [patch["status"] for target, patch in world.cluster.writes if target == "status"]
    assert status["location"] == f"http://{NAME}.s3.amazonaws.com/"
    assert status["ackResourceMetadata"] == {
        "arn": f"arn:aws:s3:::{NAME}",
        "ownerAccountID": ACCOUNT,
        "region": REGION,
        "partition": "aws",
    }
    assert [each["type"] for each in status["conditions"]] == ["ACK.ResourceSynced", "Ready"]


async def test_our_own_writes_do_not_change_the_generation(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    before = objects.generation_of(world.cluster.objects[key])
    await world.settle(key)
    assert objects.generation_of(world.cluster.objects[key]) == before


async def test_one_event_tells_of_a_creation(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    assert [(event.reason, event.warning) for event in world.events.seen] == [("Created", False)]
    assert ACCOUNT in world.events.seen[0].message


async def test_a_bucket_that_exists_and_is_not_managed_is_left_alone(world: MemoryWorld, talk: dict[str, Any]) -> None:
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, {"Versioning": {"Status": "Enabled"}})
    key = world.cluster.apply("b", talk)
    result = await world.one_pass(key)
    assert world.aws.writes == []
    assert objects.finalizers_of(world.cluster.objects[key]) == []
    assert world.conditions(key)["ACK.Terminal"] == {
        "type": "ACK.Terminal",
        "status": "True",
        "message": "Resource already exists",
    }
    assert "adoption-policy" in world.conditions(key)["Ready"]["message"]
    assert "arn" not in world.cluster.objects[key]["status"]["ackResourceMetadata"]
    assert world.events.reasons == ["AlreadyExists"]
    assert result.seconds == world.options.terminal_retry_seconds


async def test_a_bucket_of_another_account_is_left_alone(world: MemoryWorld, talk: dict[str, Any]) -> None:
    world.aws.buckets[NAME] = Bucket("999999999999", REGION)
    key = world.cluster.apply("b", talk)
    result = await world.one_pass(key)
    assert world.aws.writes == []
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "api error AccessDenied: Access Denied"
    assert "another account" in world.conditions(key)["Ready"]["message"]
    assert world.events.reasons == ["AccessDenied"]
    assert result.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("code", "status", "condition", "message"),
    [
        ("AccessDenied", 403, "ACK.Recoverable", "api error AccessDenied: no"),
        ("InvalidBucketName", 400, "ACK.Terminal", "api error InvalidBucketName: no"),
        ("BucketAlreadyExists", 409, "ACK.Terminal", "Resource already exists"),
        ("Throttling", 400, "ACK.Recoverable", "api error Throttling: no"),
    ],
)
async def test_a_definite_refusal_withdraws_the_intent(
    world: MemoryWorld, talk: dict[str, Any], code: str, status: int, condition: str, message: str
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", code, status))
    await world.one_pass(key)
    held = Intent.of(world.cluster.objects[key])
    assert held is not None
    assert held.stage is Stage.REFUSED
    assert objects.finalizers_of(world.cluster.objects[key])
    assert world.conditions(key)[condition]["message"] == message
    assert world.take_counts()["status"] == 1


async def test_what_is_found_after_a_refusal_is_a_strangers(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", "AccessDenied", 403))
    await world.one_pass(key)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION)
    world.aws.calls_made.clear()
    await world.one_pass(key, Cause.RETRY)
    assert world.aws.writes == []
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"


@pytest.mark.parametrize(
    "error",
    [
        api_error("CreateBucket", "InternalError", 500),
        AwsUnreachable("no answer", service="s3", operation="CreateBucket"),
    ],
    ids=["5xx", "no answer"],
)
async def test_a_create_whose_answer_was_lost_is_found_again(
    world: MemoryWorld, talk: dict[str, Any], error: Exception
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.losing["CreateBucket"].append(error)  # type: ignore[arg-type]
    await world.one_pass(key)
    held = Intent.of(world.cluster.objects[key])
    assert held is not None
    assert held.stage is Stage.OPEN
    await world.settle(key, Cause.RETRY)
    assert world.aws.created == [NAME]
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_a_retry_after_a_lost_answer_sends_the_same_token(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"].append(AwsUnreachable("no answer", service="s3", operation="CreateBucket"))
    await world.one_pass(key)
    before = Intent.of(world.cluster.objects[key])
    world.take_counts()
    await world.one_pass(key, Cause.RETRY)
    after = Intent.of(world.cluster.objects[key])
    assert before is not None
    assert after == before
    assert before.token == after.token
    assert world.aws.created == [NAME]


async def test_a_new_attempt_after_a_refusal_has_a_new_token(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", "AccessDenied", 403))
    await world.one_pass(key)
    refused = Intent.of(world.cluster.objects[key])
    await world.settle(key, Cause.RETRY)
    opened = Intent.of(world.cluster.objects[key])
    assert refused is not None
    assert opened is not None
    assert refused.token != opened.token


async def test_the_intent_goes_with_the_next_change_of_the_object(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    assert Intent.of(world.cluster.objects[key]) is not None
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.settle(key)
    assert Intent.of(world.cluster.objects[key]) is None


async def test_a_conflict_before_the_create_call_means_that_none_is_made(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    world.cluster.refusals.append(Conflict(409, "Conflict", "somebody wrote"))
    result = await world.one_pass(key)
    assert (result.outcome, result.error) == (Outcome.RETRY, None)
    assert world.aws.writes == []


async def test_a_bucket_that_vanished_from_aws_is_made_again(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    del world.aws.buckets[NAME]
    await world.settle(key, Cause.RESYNC)
    assert world.aws.created == [NAME, NAME]
    assert world.aws.settings(NAME)["LifecycleConfiguration"]["Rules"][0]["Status"] == "Enabled"


async def test_a_refused_setting_does_not_stop_the_others(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["PutBucketVersioning"].append(api_error("PutBucketVersioning", "AccessDenied", 403))
    await world.one_pass(key)
    assert "LifecycleConfiguration" in world.aws.settings(NAME)
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "api error AccessDenied: no"
    assert world.cluster.objects[key]["status"]["ackResourceMetadata"]["arn"]
    await world.settle(key, Cause.RETRY)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}
    assert "ACK.Recoverable" not in world.conditions(key)
    assert world.events.reasons == ["Created", "AccessDenied", "Updated"]


async def test_an_object_that_is_gone_ends_the_pass(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    del world.cluster.objects[key]
    assert (await world.one_pass(key)).outcome is Outcome.DONE
    assert world.aws.calls_made == []


async def test_what_an_earlier_try_may_have_made_is_not_taken_for_a_strangers(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.losing["CreateBucket"].append(AwsUnreachable("no answer", service="s3", operation="CreateBucket"))
    await world.one_pass(key)
    late = api_error("GetBucketTagging", "NoSuchBucket", 404)  # reads lag behind the create
    world.aws.failing["GetBucketTagging"].append(late)
    await world.one_pass(key, Cause.RETRY)
    assert "ACK.Terminal" not in world.conditions(key)
    await world.settle(key, Cause.RETRY)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert world.aws.created == [NAME]


async def test_an_identifier_that_aws_gave_is_saved_before_anything_else_is_tried(
    bucket: Descriptor, talk: dict[str, Any]
) -> None:
    world = MemoryWorld(replace(bucket, identifiers=("location",)))
    key = world.cluster.apply("b", talk)
    await world.one_pass(key)
    names = [name for name in world.steps.names if name.startswith("before")]
    create = names.index("before CreateBucket")
    assert names[create + 1] == "before status patch"
    assert names[-1] == "before status patch"
    saved = next(patch["status"] for target, patch in world.cluster.writes if target == "status")
    assert saved["location"] == f"http://{NAME}.s3.amazonaws.com/"
    assert {each["type"]: each["status"] for each in saved["conditions"]}["ACK.ResourceSynced"] == "False"
