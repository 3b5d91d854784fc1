"""The Bucket's settings against what S3 stores and answers: what is equal, what differs, what clearing means."""

from functools import cache
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.model import response
from ackpy.model.compiler import compile_service
from ackpy.model.delta import Mode, delta
from ackpy.model.descriptor import Descriptor

NAME = {"name": "b"}
BLOCKED = dict.fromkeys(("blockPublicACLs", "blockPublicPolicy", "ignorePublicACLs", "restrictPublicBuckets"), True)
SSE_S3 = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


@cache
def bucket() -> Descriptor:
    (made,) = compile_service(load(["s3"]))
    return made


def rule(**members: Any) -> dict[str, Any]:
    return {"rules": [{"id": "x", "status": "Enabled", **members}]}


@pytest.mark.parametrize(
    ("desired", "latest"),
    [
        ({"versioning": {"status": "Suspended"}}, {"versioning": {}}),
        ({"encryption": {"rules": [SSE_S3]}}, {"encryption": {"rules": [{**SSE_S3, "bucketKeyEnabled": False}]}}),
        ({"lifecycle": rule(filter={})}, {"lifecycle": rule(filter={"prefix": ""})}),
        ({"lifecycle": rule(filter={"prefix": ""})}, {"lifecycle": rule(filter={})}),
        (
            {"lifecycle": rule(expiration={"days": 3, "expiredObjectDeleteMarker": False})},
            {"lifecycle": rule(expiration={"days": 3})},
        ),
        (
            {"lifecycle": {"rules": [{"status": "Enabled", "prefix": "/logs/"}]}},
            {"lifecycle": {"rules": [{"status": "Enabled", "prefix": "/logs/", "id": "made by S3"}]}},
        ),
        ({"logging": {}}, {}),
        ({"notification": {"queueConfigurations": []}}, {"notification": {}}),
        ({"objectLockEnabledForBucket": False}, {}),
        ({"acl": "bucket-owner-read"}, {"acl": "private"}),
        ({"createBucketConfiguration": {"locationConstraint": "eu-west-1"}, "objectOwnership": "ObjectWriter"}, {}),
    ],
)
def test_what_s3_stores_differently_is_no_difference(desired: dict[str, Any], latest: dict[str, Any]) -> None:
    assert list(delta(bucket(), {**NAME, **desired}, {**NAME, **latest}, dict.fromkeys(desired, Mode.LEAVES))) == []


@pytest.mark.parametrize(
    ("desired", "latest", "path"),
    [
        ({"versioning": {"status": "Enabled"}}, {"versioning": {}}, "versioning.status"),
        ({"versioning": {"status": "Enabled"}}, {"versioning": {"status": "Suspended"}}, "versioning.status"),
        ({"publicAccessBlock": BLOCKED}, {}, "publicAccessBlock"),
        ({"lifecycle": rule()}, {}, "lifecycle"),
        (
            {"tagging": {"tagSet": [{"key": "a", "value": "1"}]}},
            {"tagging": {"tagSet": [{"key": "a", "value": "2"}]}},
            "tagging",
        ),
    ],
)
def test_what_somebody_changed_is_a_difference(desired: dict[str, Any], latest: dict[str, Any], path: str) -> None:
    (found,) = delta(bucket(), {**NAME, **desired}, {**NAME, **latest}, dict.fromkeys(desired, Mode.LEAVES))
    assert str(found.path).startswith(path)


@pytest.mark.parametrize(
    ("path", "latest", "clears"),
    [
        ("versioning", {"status": "Enabled"}, True),
        ("versioning", {"status": "Suspended"}, False),
        ("versioning", {}, False),
        ("publicAccessBlock", BLOCKED, False),
        ("publicAccessBlock", {**BLOCKED, "blockPublicPolicy": False}, True),
        ("publicAccessBlock", None, True),
        ("ownershipControls", {"rules": [{"objectOwnership": "BucketOwnerEnforced"}]}, False),
        ("ownershipControls", {"rules": [{"objectOwnership": "ObjectWriter"}]}, True),
        ("encryption", {"rules": [{**SSE_S3, "bucketKeyEnabled": False}]}, False),
        ("encryption", {"rules": [{**SSE_S3, "bucketKeyEnabled": True}]}, True),
        ("encryption", {"rules": [{**SSE_S3, "blockedEncryptionTypes": {"encryptionType": ["SSE-C"]}}]}, True),
        ("lifecycle", rule(), True),
        ("policy", "{}", True),
        ("acl", "public-read", True),
        ("acl", "private", False),
        ("logging", {}, False),
    ],
)
def test_taking_a_setting_out_means_a_new_buckets_setting(path: str, latest: Any, clears: bool) -> None:
    observed = {**NAME, **({} if latest is None else {path: latest})}
    assert bool(len(delta(bucket(), NAME, observed, {path: Mode.CLEAR}))) is clears


def test_what_a_lifecycle_answers_reads_as_it_was_written() -> None:
    answer = {
        "Rules": [
            {
                "ID": "Move to Glacier after sixty days",
                "Prefix": "/logs/",
                "Status": "Enabled",
                "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}],
            }
        ],
        "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
    }
    expected = {
        "id": "Move to Glacier after sixty days",
        "prefix": "/logs/",
        "status": "Enabled",
        "transitions": [{"days": 60, "storageClass": "GLACIER"}],
    }
    assert response.observed(bucket(), bucket().aspect("lifecycle"), answer) == {"lifecycle": {"rules": [expected]}}


def test_existence_is_read_from_the_tags() -> None:
    read = bucket().read
    assert read is not None
    assert read is bucket().aspect("tagging").get
    assert read.name == "GetBucketTagging"
    assert bucket().aspect("tagging").absent == ("NoSuchTagSet",)
    assert bucket().definition.not_found == ["NoSuchBucket"]


def test_every_call_but_create_names_the_expected_owner() -> None:
    for aspect in bucket().aspects:
        for operation in (aspect.get, aspect.put, aspect.clear):
            if operation is not None:
                assert ("ExpectedBucketOwner", "account") in [(each.member, each.source) for each in operation.bindings]


def test_settings_are_written_in_order() -> None:
    after = {aspect.name: aspect.after for aspect in bucket().aspects}
    assert after["acl"] == ("ownershipControls", "publicAccessBlock")
    assert after["policy"] == ("publicAccessBlock",)
    assert after["replication"] == after["objectLockConfiguration"] == ("versioning",)
    order = {aspect.name: aspect.order for aspect in bucket().aspects}
    assert all(order[earlier] < order[name] for name, names in after.items() for earlier in names)


def test_what_the_schema_leaves_out_is_carried_over() -> None:
    notification = bucket().aspect("notification").get
    assert notification is not None
    assert notification.carry == {"EventBridgeConfiguration"}
