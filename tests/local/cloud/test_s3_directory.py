"""Directory buckets of the embedded AWS: kept apart from the others, made where their name says, without most of what a bucket has."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.testing.aws import AwsClient, refused
from ackpy.testing.cloud import Cloud, MakeClient

pytestmark = pytest.mark.slow

ZONE = "use1-az4"
KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"


def configuration(zone: str = ZONE) -> dict[str, Any]:
    bucket = {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"}
    return {"Location": {"Type": "AvailabilityZone", "Name": zone}, "Bucket": bucket}


@pytest.fixture
def name(s3: AwsClient, account: str) -> str:
    name = f"d-{account}--{ZONE}--x-s3"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=configuration())
    return name


def test_each_list_has_its_own_sort(s3: AwsClient, account: str, name: str) -> None:
    s3.create_bucket(Bucket=f"b-{account}")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [f"b-{account}"]
    [found] = s3.list_directory_buckets()["Buckets"]
    assert (found["Name"], found["BucketRegion"]) == (name, "us-east-1")
    assert found["BucketArn"] == f"arn:aws:s3express:us-east-1:{account}:bucket/{name}"


def test_the_list_has_pages_and_is_of_one_region(s3: AwsClient, aws: MakeClient, account: str) -> None:
    names = [f"{letter}-{account}--{ZONE}--x-s3" for letter in "abc"]
    for each in names:
        s3.create_bucket(Bucket=each, CreateBucketConfiguration=configuration())
    first = s3.list_directory_buckets(MaxDirectoryBuckets=2)
    rest = s3.list_directory_buckets(ContinuationToken=first["ContinuationToken"])
    assert [each["Name"] for page in (first, rest) for each in page["Buckets"]] == names
    assert aws("s3", "us-west-2").list_directory_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        ("d--use1-az4--x-s3", None),
        ("d--use1-az4--x-s3", configuration("use1-az5")),
        ("d--usw2-az1--x-s3", configuration("usw2-az1")),
        ("d--use1-az4--x-s3", {**configuration(), "LocationConstraint": "us-east-1"}),
        ("d--use1-az4--x-s3", {"Location": configuration()["Location"]}),
    ],
)
def test_a_place_that_is_not_the_names_is_refused(s3: AwsClient, bucket: str, said: dict[str, Any] | None) -> None:
    refusal = refused(s3.create_bucket, Bucket=bucket, **({"CreateBucketConfiguration": said} if said else {}))
    assert (refusal.code, refusal.status) == ("InvalidRequest", 400)


@pytest.mark.parametrize(
    "bucket", ["d--x-s3", "D--use1-az4--x-s3", "d.e--use1-az4--x-s3", f"{'x' * 50}--use1-az4--x-s3"]
)
def test_a_name_of_another_form_is_refused(s3: AwsClient, bucket: str) -> None:
    assert (
        refused(s3.create_bucket, Bucket=bucket, CreateBucketConfiguration=configuration()).code == "InvalidBucketName"
    )


def test_a_name_is_taken_once(s3: AwsClient, aws: MakeClient, name: str) -> None:
    again = {"Bucket": name, "CreateBucketConfiguration": configuration()}
    assert refused(s3.create_bucket, **again).code == "BucketAlreadyOwnedByYou"
    assert refused(aws("s3", of="444455556666").create_bucket, **again).code == "BucketAlreadyExists"
    assert refused(aws("s3", of="444455556666").get_bucket_encryption, Bucket=name).code == "AccessDenied"
    assert refused(aws("s3", "us-west-2").get_bucket_encryption, Bucket=name).code == "NoSuchBucket"


@pytest.mark.parametrize(
    "operation",
    [
        "get_bucket_tagging",
        "get_bucket_versioning",
        "get_bucket_acl",
        "get_bucket_cors",
        "get_public_access_block",
        "get_bucket_location",
        "list_bucket_analytics_configurations",
        "delete_bucket_website",
    ],
)
def test_what_it_lacks_is_not_allowed(s3: AwsClient, cloud: Cloud, account: str, name: str, operation: str) -> None:
    before = cloud.snapshot(account)
    refusal = refused(getattr(s3, operation), Bucket=name)
    assert (refusal.code, refusal.status) == ("MethodNotAllowed", 405)
    assert cloud.snapshot(account) == before


def test_an_expected_owner_is_not_implemented(s3: AwsClient, account: str, name: str) -> None:
    refusal = refused(s3.get_bucket_encryption, Bucket=name, ExpectedBucketOwner=account)
    assert (refusal.code, refusal.status) == ("NotImplemented", 501)


def test_it_holds_no_objects_here(s3: AwsClient, name: str) -> None:
    assert refused(s3.put_object, Bucket=name, Key="k", Body=b"x").status == 501
    assert refused(s3.create_session, Bucket=name).status == 501
    assert refused(s3.list_objects_v2, Bucket=name).status == 501


@pytest.mark.parametrize(
    "default",
    [
        {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY},
        {"SSEAlgorithm": "aws:kms"},
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"},
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"{KEY}6"},
    ],
)
def test_an_encryption_that_it_cannot_have_is_refused(s3: AwsClient, name: str, default: dict[str, str]) -> None:
    def put(by: dict[str, str]) -> dict[str, Any]:
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": by}]}

    by_key = put({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY})
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=by_key)
    refusal = refused(s3.put_bucket_encryption, Bucket=name, ServerSideEncryptionConfiguration=put(default))
    assert refusal.code == "InvalidRequest"
    [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule == {**by_key["Rules"][0], "BucketKeyEnabled": True}


@pytest.mark.parametrize(
    "rule",
    [
        {"Filter": {"Prefix": ""}, "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}]},
        {"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3}},
        {"Filter": {"Tag": {"Key": "k", "Value": "v"}}, "Expiration": {"Days": 3}},
    ],
)
def test_a_lifecycle_that_it_cannot_have_is_refused(s3: AwsClient, name: str, rule: dict[str, Any]) -> None:
    rules = {"Rules": [{"ID": "a", "Status": "Enabled", **rule}]}
    refusal = refused(s3.put_bucket_lifecycle_configuration, Bucket=name, LifecycleConfiguration=rules)
    assert refusal.code == "InvalidRequest"


def test_a_policy_names_the_bucket_by_its_own_arn(s3: AwsClient, account: str, name: str) -> None:
    statement = (
        '{{"Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3express:CreateSession", "Resource": "{}"}}}}'
    )
    foreign = statement.format(f"arn:aws:s3:::{name}")
    assert refused(s3.put_bucket_policy, Bucket=name, Policy=foreign).code == "MalformedPolicy"
    own = statement.format(f"arn:aws:s3express:us-east-1:{account}:bucket/{name}")
    s3.put_bucket_policy(Bucket=name, Policy=own)
    assert "s3express:CreateSession" in s3.get_bucket_policy(Bucket=name)["Policy"]


def test_the_end(s3: AwsClient, name: str) -> None:
    s3.delete_bucket(Bucket=name)
    assert s3.list_directory_buckets()["Buckets"] == []
    assert refused(s3.get_bucket_encryption, Bucket=name).code == "NoSuchBucket"
