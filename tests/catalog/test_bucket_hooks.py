from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.catalog.s3.bucket_hooks import CANNED, BucketHooks

HOOKS = BucketHooks()
OWNER = {"Type": "CanonicalUser", "ID": "me"}
FULL = {"Grantee": OWNER, "Permission": "FULL_CONTROL"}


def created(desired: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    HOOKS.request("CreateBucket", request, desired, {})
    return request


@pytest.mark.parametrize(
    ("desired", "request_", "expected"),
    [
        ({}, {"CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}}, {}),
        (
            {},
            {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        ),
        (
            {"createBucketConfiguration": {"locationConstraint": "EU"}},
            {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            {"CreateBucketConfiguration": {"LocationConstraint": "EU"}},
        ),
        (
            {"createBucketConfiguration": {"locationConstraint": "us-east-1"}},
            {"CreateBucketConfiguration": {"LocationConstraint": "us-east-1", "Tags": [{"Key": "a", "Value": "b"}]}},
            {"CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "b"}]}},
        ),
        ({"name": "x-123456789012-eu-west-1-an"}, {}, {"BucketNamespace": "account-regional"}),
        ({"name": "x-123456789012-eu-west-1-an", "namespace": "global"}, {}, {}),
        ({"name": "caravan-an"}, {}, {}),
        (
            {"ownershipControls": {"rules": [{"objectOwnership": "ObjectWriter"}]}},
            {"ACL": "public-read"},
            {"ACL": "public-read", "ObjectOwnership": "ObjectWriter"},
        ),
        (
            {
                "ownershipControls": {"rules": [{"objectOwnership": "ObjectWriter"}]},
                "objectOwnership": "BucketOwnerPreferred",
            },
            {"ObjectOwnership": "BucketOwnerPreferred"},
            {"ObjectOwnership": "BucketOwnerPreferred"},
        ),
    ],
)
def test_the_create_request(desired: dict[str, Any], request_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert created(desired, request_) == expected


def test_an_object_lock_is_enabled_with_or_without_a_rule() -> None:
    request: dict[str, Any] = {"Bucket": "b"}
    HOOKS.request("PutObjectLockConfiguration", request, {}, {})
    assert request["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    answer = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {}}}
    value: dict[str, Any] = {"objectLockConfiguration": {"rule": {}}}
    assert HOOKS.observe("objectLockConfiguration", answer, value) == {**value, "objectLockEnabledForBucket": True}


@pytest.mark.parametrize(
    ("desired", "latest", "refused"),
    [
        ({"objectLockEnabledForBucket": False}, {"objectLockEnabledForBucket": True}, True),
        ({"objectLockEnabledForBucket": False}, {"objectLockEnabledForBucket": False}, False),
        ({"objectLockEnabledForBucket": False}, None, False),
        ({}, {"objectLockEnabledForBucket": True}, False),
    ],
)
def test_object_lock_is_for_ever(desired: dict[str, Any], latest: dict[str, Any] | None, refused: bool) -> None:
    assert bool(HOOKS.refuse(desired, latest)) is refused


def test_mfa_delete_is_never_written() -> None:
    request = {"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Disabled"}}
    HOOKS.request("PutBucketVersioning", request, {}, {})
    assert request == {"VersioningConfiguration": {"Status": "Enabled"}}


@pytest.mark.parametrize("name", CANNED)
def test_a_canned_acl_is_told_from_its_grants(name: str) -> None:
    grants = [{"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission} for uri, permission in CANNED[name]]
    observed = HOOKS.observe("acl", {"Owner": OWNER, "Grants": [FULL, *grants]}, {})
    assert observed["acl"] == name
    assert observed["grantFullControl"] == 'id="me"'


def test_other_grants_are_no_canned_acl() -> None:
    other = {"Grantee": {"Type": "CanonicalUser", "ID": "you"}, "Permission": "READ"}
    observed = HOOKS.observe("acl", {"Owner": OWNER, "Grants": [other, {**other, "Grantee": OWNER}]}, {})
    assert observed == {"grantRead": 'id="me",id="you"'}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"GrantRead": 'id="you"', "ACL": "private"}, {"GrantRead": 'id="you"'}),
        ({"GrantRead": 'id="you"', "GrantWrite": ""}, {"GrantRead": 'id="you"'}),
        ({"GrantRead": "", "GrantWrite": ""}, {"ACL": "private"}),
        ({"GrantRead": "", "ACL": "public-read"}, {"ACL": "public-read"}),
        ({"ACL": "public-read"}, {"ACL": "public-read"}),
    ],
)
def test_the_acl_request(request_: dict[str, Any], expected: dict[str, Any]) -> None:
    HOOKS.request("PutBucketAcl", request_, {}, {})
    assert request_ == expected


@pytest.mark.parametrize(
    ("desired", "ownership"),
    [
        ({}, None),
        ({"acl": "private"}, None),
        ({"acl": "bucket-owner-full-control"}, None),
        ({"grantRead": ""}, None),
        ({"acl": "log-delivery-write"}, "ObjectWriter"),
        ({"grantWrite": "uri=http://x"}, "ObjectWriter"),
        ({"acl": "public-read", "objectOwnership": "BucketOwnerEnforced"}, "BucketOwnerEnforced"),
        (
            {"acl": "public-read", "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerPreferred"}]}},
            "BucketOwnerPreferred",
        ),
    ],
)
def test_who_asks_for_an_acl_gets_an_ownership_that_permits_it(desired: dict[str, Any], ownership: str | None) -> None:
    request: dict[str, Any] = {}
    HOOKS.request("CreateBucket", request, desired, {})
    assert request.get("ObjectOwnership") == ownership


@given(
    st.sampled_from(["acl", "grantRead", "policy"]),
    st.text('id="a,b= r', max_size=20) | st.sampled_from(sorted(CANNED)),
)
def test_the_stored_form_is_stable(path: str, value: str) -> None:
    once = HOOKS.normal(path, value, None)
    assert HOOKS.normal(path, once, None) == once


def test_grantees_are_compared_in_order() -> None:
    assert HOOKS.normal("grantRead", "uri=http://x, id=b,id=a", None) == 'id="a",id="b",uri="http://x"'
    assert HOOKS.normal("acl", "bucket-owner-read", None) == "private"
