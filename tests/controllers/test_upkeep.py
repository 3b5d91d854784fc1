"""What a managed object costs and gets: drift, edits, fields taken out, take-over, back-off, slow retries."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ackpy.controllers import intent, memory
from ackpy.controllers.memory import Memory
from ackpy.errors import AwsUnreachable
from ackpy.kube import objects
from ackpy.kube.clock import parse_timestamp
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"
READS = ["GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetBucketLifecycleConfiguration"]
POLICY = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def key(world: MemoryWorld, key: ObjectKey) -> ObjectKey:
    """The talk's bucket, at rest for a minute."""
    world.time.advance(60)
    return key


def without(spec: Mapping[str, Any], *paths: str) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in paths}


async def test_a_steady_resync_is_four_reads_and_no_write(world: MemoryWorld, key: ObjectKey) -> None:
    result = await world.one_pass(key, Cause.RESYNC)
    assert result.outcome is Outcome.DONE
    assert world.take_counts() == Counter(READS)
    assert world.events.seen == []


async def test_a_restart_writes_nothing(world: MemoryWorld, key: ObjectKey) -> None:
    world.restart()
    await world.settle(key, Cause.START)
    assert world.take_counts() == Counter(READS)


async def test_drift_is_mended_and_an_event_names_the_paths(world: MemoryWorld, key: ObjectKey) -> None:
    settings = world.aws.buckets[NAME].settings
    settings["Versioning"] = {"Status": "Suspended"}
    settings["Tagging"]["TagSet"] = settings["Tagging"]["TagSet"][1:]
    await world.settle(key, Cause.RESYNC)
    counts = world.take_counts()
    assert counts == Counter([*READS, "PutBucketTagging", "PutBucketVersioning"])
    [event] = world.events.seen
    assert (event.reason, event.warning) == ("DriftDetected", True)
    assert "spec.versioning.status" in event.message
    assert "spec.tagging.tagSet[key=first]" in event.message
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


async def test_what_the_user_never_set_is_neither_read_nor_touched(world: MemoryWorld, key: ObjectKey) -> None:
    world.aws.buckets[NAME].settings["Policy"] = POLICY
    await world.settle(key, Cause.RESYNC)
    world.cluster.edit(key, {"spec": {"versioning": {"status": "Suspended"}}})
    await world.settle(key)
    assert "GetBucketPolicy" not in world.take_counts()
    assert world.aws.settings(NAME)["Policy"] == POLICY


async def test_an_edit_costs_one_put_and_two_kubernetes_writes(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.settle(key)
    assert world.take_counts() == Counter([*READS, "PutBucketVersioning", "object", "status"])
    assert [(event.reason, event.message) for event in world.events.seen] == [
        ("Updated", "Changed in AWS: spec.versioning.status")
    ]


async def test_an_edit_that_changes_nothing_in_aws_refreshes_the_time_of_synced(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    before = parse_timestamp(world.conditions(key)["ACK.ResourceSynced"]["lastTransitionTime"])
    world.time.moment = before  # the clock stands still: the time must move all the same
    world.cluster.apply("b", talk | {"requestPayment": None})
    await world.settle(key)
    after = parse_timestamp(world.conditions(key)["ACK.ResourceSynced"]["lastTransitionTime"])
    assert after == before + timedelta(seconds=1)
    assert world.take_counts()["status"] == 1


async def test_a_field_taken_out_is_reset_once_and_then_left_alone(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", without(talk, "lifecycle", "versioning"))
    await world.settle(key)
    counts = world.take_counts()
    assert counts["DeleteBucketLifecycle"] == 1
    assert counts["PutBucketVersioning"] == 1
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Suspended"}
    assert [event.reason for event in world.events.seen] == ["Updated"]
    world.aws.buckets[NAME].settings["LifecycleConfiguration"] = {"Rules": []}
    await world.settle(key, Cause.RESYNC)
    assert world.take_counts() == Counter(["GetBucketTagging", "GetBucketEncryption"])
    assert "LifecycleConfiguration" in world.aws.settings(NAME)


async def test_a_reset_that_failed_is_tried_again(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    world.cluster.apply("b", without(talk, "lifecycle"))
    world.aws.failing["DeleteBucketLifecycle"].append(api_error("DeleteBucketLifecycle", "AccessDenied", 403))
    await world.one_pass(key)
    held = Memory.of(world.cluster.objects[key])
    assert held is not None
    assert "lifecycle" in held.paths
    await world.settle(key, Cause.RETRY)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)


async def test_a_leaf_taken_out_is_seen_by_the_digest(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    shorter = copy.deepcopy(talk)
    del shorter["lifecycle"]["rules"][0]["transitions"]
    shorter["lifecycle"]["rules"][0]["expiration"] = {"days": 90}
    world.cluster.apply("b", shorter)
    await world.settle(key)
    [rule] = world.aws.settings(NAME)["LifecycleConfiguration"]["Rules"]
    assert "Transitions" not in rule
    assert rule["Expiration"] == {"Days": 90}


async def test_a_leaf_taken_out_is_not_forgotten_when_its_put_fails(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    shorter = copy.deepcopy(talk)
    del shorter["lifecycle"]["rules"][0]["transitions"]
    world.cluster.apply("b", shorter)
    denied = api_error("PutBucketLifecycleConfiguration", "AccessDenied", 403)
    world.aws.failing["PutBucketLifecycleConfiguration"].append(denied)
    await world.settle(key)
    [rule] = world.aws.settings(NAME)["LifecycleConfiguration"]["Rules"]
    assert "Transitions" not in rule


@pytest.mark.parametrize("empty", [{"rules": []}, {}], ids=["an empty list", "an empty structure"])
async def test_empty_means_none(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any], empty: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"lifecycle": empty})
    await world.settle(key)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)
    assert world.cluster.objects[key]["spec"]["lifecycle"] == empty


async def test_an_edit_while_no_controller_ran_is_made(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    before = world.conditions(key)["ACK.ResourceSynced"]["lastTransitionTime"]
    world.cluster.apply("b", without(talk, "lifecycle") | {"policy": POLICY})
    world.restart()
    await world.settle(key, Cause.START)
    assert "LifecycleConfiguration" not in world.aws.settings(NAME)
    assert world.aws.settings(NAME)["Policy"] == POLICY
    assert [event.reason for event in world.events.seen] == ["Updated"]
    assert world.conditions(key)["ACK.ResourceSynced"]["lastTransitionTime"] > before


async def test_a_new_path_enters_the_memory_before_it_is_written(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.steps.names.clear()
    world.cluster.apply("b", talk | {"policy": POLICY})
    await world.settle(key)
    names = [name for name in world.steps.names if name.startswith("before")]
    assert names.index("before object patch") < names.index("before PutBucketPolicy")
    assert world.take_counts() == Counter([*READS, "GetBucketPolicy", "PutBucketPolicy", "object", "object", "status"])


async def test_replace_takes_finalizer_and_memory_and_resets_nothing(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.edit(
        key,
        {
            "metadata": {"finalizers": None, "annotations": {memory.ANNOTATION: None, intent.ANNOTATION: None}},
            "spec": {"lifecycle": None},
        },
    )
    await world.settle(key)
    assert "LifecycleConfiguration" in world.aws.settings(NAME)
    assert world.aws.writes == []
    assert objects.finalizers_of(world.cluster.objects[key]) == ["finalizers.s3.services.k8s.aws/Bucket"]
    assert "ACK.Terminal" not in world.conditions(key)
    held = Memory.of(world.cluster.objects[key])
    assert held is not None
    assert "versioning" in held.paths


@pytest.mark.parametrize(
    "text",
    [
        '{"v":1,"uid":"another","paths":{"policy":"0000000000000000"}}',
        '{"v":2,"uid":"%s","paths":{"policy":"0000000000000000"}}',
        '{"v":1,"uid":"%s","paths":["policy"]}',
        "[]",
        "no JSON",
    ],
    ids=["another uid", "another version", "another form", "a list", "no JSON"],
)
async def test_a_memory_that_does_not_count_resets_nothing(world: MemoryWorld, key: ObjectKey, text: str) -> None:
    world.aws.buckets[NAME].settings["Policy"] = POLICY
    uid = objects.uid_of(world.cluster.objects[key])
    world.cluster.edit(key, {"metadata": {"annotations": {memory.ANNOTATION: text.replace("%s", uid)}}})
    await world.settle(key)
    assert world.aws.settings(NAME)["Policy"] == POLICY
    assert world.aws.writes == []


async def test_a_copied_manifest_brings_no_claim(world: MemoryWorld, key: ObjectKey) -> None:
    original = world.cluster.objects[key]
    world.aws.buckets["other"] = Bucket(ACCOUNT, REGION)
    copied = world.cluster.apply(
        "copy", original["spec"] | {"name": "other"}, annotations=objects.annotations_of(original)
    )
    await world.settle(copied)
    assert world.conditions(copied)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.settings("other") == {}


async def test_taking_over_from_ack_changes_nothing_in_aws(world: MemoryWorld, talk: dict[str, Any]) -> None:
    tags = [*talk["tagging"]["tagSet"], {"key": "services.k8s.aws/namespace", "value": "default"}]
    tags.append({"key": "services.k8s.aws/controller-version", "value": "s3-unknown"})
    settings = {
        "Versioning": {"Status": "Enabled"},
        "Encryption": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "ID": "Move to Glacier after sixty days",
                    "Prefix": "/logs/",
                    "Status": "Enabled",
                    "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}],
                }
            ]
        },
        "Policy": POLICY,
        "Tagging": {"TagSet": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]},
    }
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION, settings)
    key = world.cluster.apply("b", talk, finalizers=["finalizers.s3.services.k8s.aws/Bucket"])
    await world.settle(key, Cause.START)
    assert world.aws.writes == []
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    world.take_counts()
    await world.settle(key, Cause.RESYNC)
    assert world.take_counts() == Counter(READS)


async def test_a_recoverable_error_is_retried_without_writing_the_same_again(
    world: MemoryWorld, key: ObjectKey
) -> None:
    denied = [api_error("GetBucketTagging", "AccessDenied", 403) for _ in range(3)]
    world.aws.failing["GetBucketTagging"].extend(denied)
    results = [await world.one_pass(key, Cause.RETRY) for _ in range(3)]
    assert [result.outcome for result in results] == [Outcome.ERROR] * 3
    assert world.take_counts()["status"] == 1
    assert world.events.reasons == ["AccessDenied"]
    await world.settle(key, Cause.RETRY)
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (api_error("GetBucketTagging", "SlowDown", 503), "Throttled"),
        (AwsUnreachable("no answer", service="s3", operation="GetBucketTagging"), "Unreachable"),
        (api_error("GetBucketTagging", "ExpiredToken", 400), "NoCredentials"),
        (api_error("GetBucketTagging", "Other", 400), "Failed"),
    ],
    ids=["throttled", "unreachable", "expired", "other"],
)
async def test_an_event_names_what_went_wrong(world: MemoryWorld, key: ObjectKey, error: Any, reason: str) -> None:
    world.aws.failing["GetBucketTagging"].append(error)
    result = await world.one_pass(key, Cause.RESYNC)
    assert (result.outcome, result.error) == (Outcome.ERROR, error)
    assert world.events.reasons == [reason]
    assert world.conditions(key)["ACK.Recoverable"]["message"] == str(error)
    assert world.conditions(key)["ACK.ResourceSynced"] == {
        "type": "ACK.ResourceSynced",
        "status": "Unknown",
        "reason": str(error),
        "message": "Unable to determine if desired resource state matches latest observed state",
        "lastTransitionTime": "2026-01-01T12:01:01Z",
    }


async def test_what_is_not_implemented_is_never_taken_for_absent(world: MemoryWorld, key: ObjectKey) -> None:
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", "NotImplemented", 501))
    result = await world.one_pass(key, Cause.RESYNC)
    assert world.aws.writes == []
    assert world.events.reasons == ["NotImplemented"]
    assert (result.outcome, result.seconds) == (Outcome.AFTER, world.options.terminal_retry_seconds)


async def test_the_definition_says_when_to_try_again(world: MemoryWorld, key: ObjectKey) -> None:
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", "OperationAborted", 409))
    result = await world.one_pass(key, Cause.RESYNC)
    assert (result.outcome, result.seconds, result.cause) == (Outcome.AFTER, 5.0, Cause.RETRY)


async def test_terminal_is_retried_slowly_and_stays_until_it_is_over(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"policy": POLICY})
    world.aws.failing["PutBucketPolicy"].extend(api_error("PutBucketPolicy", "MalformedPolicy", 400) for _ in range(2))
    for cause in (Cause.EDIT, Cause.RETRY):
        result = await world.one_pass(key, cause)
        assert (result.outcome, result.seconds) == (Outcome.AFTER, world.options.terminal_retry_seconds)
        assert world.conditions(key)["ACK.Terminal"]["message"] == "api error MalformedPolicy: no"
        assert world.conditions(key)["ACK.ResourceSynced"]["reason"] == "resource is in terminal condition"
    assert world.take_counts()["status"] == 1
    assert world.events.reasons == ["Refused"]
    await world.settle(key, Cause.RETRY)
    assert "ACK.Terminal" not in world.conditions(key)
    assert world.aws.settings(NAME)["Policy"] == POLICY


async def test_a_read_that_is_refused_does_not_stop_the_other_settings(world: MemoryWorld, key: ObjectKey) -> None:
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    denied = api_error("GetBucketLifecycleConfiguration", "AccessDenied", 403)
    world.aws.failing["GetBucketLifecycleConfiguration"].append(denied)
    await world.one_pass(key, Cause.RESYNC)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}
    assert "DeleteBucketLifecycle" not in world.aws.calls_made
    assert world.conditions(key)["ACK.Recoverable"]["message"] == str(denied)


async def test_an_edit_is_not_written_over_what_could_not_be_read(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", without(talk, "lifecycle") | {"versioning": {"status": "Suspended"}})
    for operation in ("GetBucketLifecycleConfiguration", "GetBucketVersioning"):
        world.aws.failing[operation].append(api_error(operation, "AccessDenied", 403))
    await world.one_pass(key)
    assert world.aws.writes == []
    await world.settle(key, Cause.RETRY)
    assert set(world.aws.writes) == {"DeleteBucketLifecycle", "PutBucketVersioning"}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "spec.policy is not valid JSON at line 1 column 2: give an IAM policy document"),
        ("[]", "spec.policy must be a JSON object with a Statement"),
        ("secret words", "spec.policy is not valid JSON at line 1 column 1: give an IAM policy document"),
    ],
)
async def test_a_malformed_policy_is_terminal_before_any_aws_call(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any], policy: str, message: str
) -> None:
    world.cluster.apply("b", talk | {"policy": policy})
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert world.conditions(key)["ACK.Terminal"]["message"] == message
    assert "secret" not in str(world.conditions(key)) + str(world.events.seen)
    assert world.events.reasons == ["Refused"]


async def test_a_changed_identifier_is_terminal_with_advice(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"name": "another-name"})
    await world.one_pass(key)
    assert world.aws.calls_made == []
    condition = world.conditions(key)["ACK.Terminal"]
    assert condition["message"] == "spec.name is immutable: set it back, or delete the object and create it anew"
    assert list(world.aws.buckets) == [NAME]
    assert world.events.reasons == ["Immutable"]


async def test_a_bucket_cannot_move_to_another_region(world: MemoryWorld, key: ObjectKey) -> None:
    world.cluster.edit(key, {"metadata": {"annotations": {"services.k8s.aws/region": "us-west-2"}}})
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert REGION in world.conditions(key)["ACK.Terminal"]["message"]


@pytest.mark.parametrize(
    ("annotation", "namespaced", "region"),
    [("us-west-2", "eu-west-1", "us-west-2"), (None, "eu-west-1", "eu-west-1"), (None, None, REGION)],
)
async def test_the_region_is_the_objects_then_the_namespaces_then_the_flags(
    world: MemoryWorld, talk: dict[str, Any], annotation: str | None, namespaced: str | None, region: str
) -> None:
    if namespaced:
        annotations = {"services.k8s.aws/default-region": namespaced}
        world.cluster.namespaces["default"] = {"metadata": {"name": "default", "annotations": annotations}}
    asked = {"services.k8s.aws/region": annotation} if annotation else {}
    key = world.cluster.apply("b", talk, annotations=asked)
    await world.settle(key)
    assert world.aws.buckets[NAME].region == region
    assert world.cluster.objects[key]["status"]["ackResourceMetadata"]["region"] == region


async def test_the_ledger_keeps_calls_and_plan_without_values(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.settle(key)
    [entry] = world.ledger.snapshot().values()
    assert entry["calls"][-1] == {
        "operation": "PutBucketVersioning",
        "outcome": "ok",
        "requestId": "request-of-PutBucketVersioning",
    }
    [write] = entry["plan"]["writes"]
    assert (write["operation"], write["cause"]) == ("PutBucketVersioning", "edit")
    assert write["differences"] == [{"path": "versioning.status", "desired": "Suspended", "latest": "Enabled"}]


async def test_what_is_kept_of_an_object_is_dropped_when_it_is_gone(world: MemoryWorld, key: ObjectKey) -> None:
    uid = objects.uid_of(world.cluster.objects.pop(key))
    assert uid in world.ledger.snapshot()
    await world.one_pass(key, Cause.GONE)
    assert world.ledger.snapshot() == {}
    assert world.reconciler._traces == {}


async def test_an_object_made_anew_under_the_same_name_starts_from_nothing(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    before = objects.uid_of(world.cluster.objects.pop(key))
    world.cluster.apply("b", talk | {"name": "another-name"})
    await world.settle(key)
    assert before not in world.ledger.snapshot()
    assert set(world.aws.buckets) == {NAME, "another-name"}


async def test_a_copied_manifest_with_its_finalizer_brings_no_claim(world: MemoryWorld, key: ObjectKey) -> None:
    original = world.cluster.objects[key]
    world.aws.buckets["other"] = Bucket(ACCOUNT, REGION)
    copied = world.cluster.apply(
        "copy",
        original["spec"] | {"name": "other"},
        annotations=objects.annotations_of(original),
        finalizers=objects.finalizers_of(original),
    )
    await world.settle(copied)
    assert world.conditions(copied)["ACK.Terminal"]["message"] == "Resource already exists"
    world.cluster.delete(copied)
    await world.settle(copied)
    assert copied not in world.cluster.objects
    assert "other" in world.aws.buckets


async def test_an_adopted_bucket_is_kept_but_not_made_again(world: MemoryWorld, key: ObjectKey) -> None:
    world.cluster.edit(
        key,
        {
            "metadata": {
                "annotations": {"services.k8s.aws/adopted": "true", "services.k8s.aws/adoption-policy": "adopt"}
            }
        },
    )
    await world.settle(key)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    del world.aws.buckets[NAME]
    await world.one_pass(key, Cause.RESYNC)
    assert world.aws.created == [NAME]
    assert world.conditions(key)["ACK.Recoverable"]["message"] == "adopted resource not found"
