"""Buckets across accounts and regions, what creation refuses, and requests that must never do another operation."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from ackpy.testing.aws import AwsClient, refused
from ackpy.testing.cloud import Cloud, MakeClient, neighbour_of

pytestmark = pytest.mark.slow


def raw(cloud: Cloud, account: str, method: str, target: str, body: bytes = b"", **headers: str) -> Any:
    """A request that no SDK makes, signed."""
    key = cloud.credentials(account)
    request = AWSRequest(method, cloud.url + target, headers=headers, data=body)
    S3SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "s3", "us-east-1").add_auth(request)
    return URLLib3Session().send(request.prepare())


NAMES = ["ab", "UPPER-case", "under_score", "a..b", "192.168.1.1", "xn--a", "ends-", "a-s3alias", "x" * 64, "a--x-s3x-"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_aws_refuses_is_refused(cloud: Cloud, account: str, name: str) -> None:
    answer = raw(cloud, account, "PUT", f"/{name}")
    assert (answer.status_code, b"<Code>InvalidBucketName</Code>" in answer.content) == (400, True)


LOCATIONS = {
    "home, unsaid": ("us-east-1", None, None),
    "home, said": ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
    "elsewhere from home": ("us-east-1", "eu-west-1", "IllegalLocationConstraintException"),
    "its own": ("eu-west-1", "eu-west-1", None),
    "its old name": ("eu-west-1", "EU", None),
    "unsaid elsewhere": ("eu-west-1", None, "IllegalLocationConstraintException"),
    "another": ("eu-west-1", "eu-west-2", "IllegalLocationConstraintException"),
    "no region": ("eu-west-1", "mars-north-1", "InvalidLocationConstraint"),
}


@pytest.mark.parametrize("case", LOCATIONS)
def test_where_a_bucket_may_be_made(aws: MakeClient, account: str, case: str) -> None:
    region, constraint, code = LOCATIONS[case]
    client, name = aws("s3", region), f"place-{account}"
    parameters = {} if constraint is None else {"CreateBucketConfiguration": {"LocationConstraint": constraint}}
    if code is not None:
        refusal = refused(client.create_bucket, Bucket=name, **parameters)
        assert (refusal.code, refusal.status) == (code, 400)
        assert refused(client.get_bucket_tagging, Bucket=name).code == "NoSuchBucket"
        return
    location = client.create_bucket(Bucket=name, **parameters)["Location"]
    assert location == (f"/{name}" if region == "us-east-1" else f"http://{name}.s3.amazonaws.com/")
    assert client.get_bucket_location(Bucket=name)["LocationConstraint"] == (None if region == "us-east-1" else region)
    assert client.head_bucket(Bucket=name)["BucketRegion"] == region


def test_tags_ride_in_the_creation(s3: AwsClient, account: str) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    s3.create_bucket(Bucket=f"tagged-{account}", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=f"tagged-{account}")["TagSet"] == tags


def test_a_bucket_made_with_object_lock_is_versioned_for_good(s3: AwsClient, account: str) -> None:
    name = f"locked-{account}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    assert lock == {"ObjectLockEnabled": "Enabled"}
    refusal = refused(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert refusal.code == "InvalidBucketState"


def test_a_public_acl_cannot_be_created(s3: AwsClient, account: str) -> None:
    name = f"public-{account}"
    enforced = refused(s3.create_bucket, Bucket=name, ACL="public-read")
    blocked = refused(s3.create_bucket, Bucket=name, ACL="public-read", ObjectOwnership="ObjectWriter")
    assert enforced.code == "InvalidBucketAclWithObjectOwnership"
    assert blocked.code == "InvalidBucketAclWithBlockPublicAccessError"
    assert s3.list_buckets(Prefix=name)["Buckets"] == []


def test_creating_ones_own_bucket_again(aws: MakeClient, s3: AwsClient, account: str, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.create_bucket(Bucket=bucket)
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "1"}], "nothing is reset"
    far, place = f"far-{account}", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    ireland = aws("s3", "eu-west-1")
    ireland.create_bucket(Bucket=far, **place)
    refusal = refused(ireland.create_bucket, Bucket=far, **place)
    assert (refusal.code, refusal.status) == ("BucketAlreadyOwnedByYou", 409)


def test_names_are_global_and_other_peoples_buckets_are_closed(aws: MakeClient, account: str, bucket: str) -> None:
    stranger = aws("s3", of=neighbour_of(account))
    refusal = refused(stranger.create_bucket, Bucket=bucket)
    assert (refusal.code, refusal.status) == ("BucketAlreadyExists", 409)
    for method, parameters in (
        ("get_bucket_tagging", {}),
        ("delete_bucket", {}),
        ("list_objects_v2", {}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
        ("put_object", {"Key": "k", "Body": b"x"}),
    ):
        refusal = refused(getattr(stranger, method), Bucket=bucket, **parameters)
        assert (method, refusal.code, refusal.status) == (method, "AccessDenied", 403)
    head = refused(stranger.head_bucket, Bucket=bucket)
    assert (head.status, head.headers["x-amz-bucket-region"]) == (403, "us-east-1")
    assert stranger.list_buckets()["Buckets"] == []


def test_an_expected_owner_is_honoured(s3: AwsClient, account: str, bucket: str) -> None:
    assert (
        s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=account)["ResponseMetadata"]["HTTPStatusCode"]
        == 200
    )
    refusal = refused(s3.delete_bucket, Bucket=bucket, ExpectedBucketOwner=neighbour_of(account))
    assert (refusal.code, refusal.status) == ("AccessDenied", 403)
    assert s3.list_buckets()["Buckets"]


def test_another_region_redirects(cloud: Cloud, aws: MakeClient, account: str, bucket: str) -> None:
    answer = raw_from(cloud, account, "eu-west-1", f"/{bucket}?tagging")
    assert (answer.status_code, answer.headers["x-amz-bucket-region"]) == (301, "us-east-1")
    assert b"<Code>PermanentRedirect</Code>" in answer.content
    assert b"<Endpoint>s3.us-east-1.amazonaws.com</Endpoint>" in answer.content
    assert aws("s3", "eu-west-1").get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def raw_from(cloud: Cloud, account: str, region: str, target: str, host: str = "") -> Any:
    key = cloud.credentials(account)
    request = AWSRequest("GET", cloud.url + target, headers={"Host": host} if host else {})
    S3SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "s3", region).add_auth(request)
    return URLLib3Session().send(request.prepare())


def test_a_regional_host_names_the_region_that_the_signature_must_have(cloud: Cloud, account: str, bucket: str) -> None:
    answer = raw_from(cloud, account, "eu-west-1", f"/{bucket}?tagging", host="s3.us-east-1.localhost.localstack.cloud")
    assert answer.status_code == 400
    assert b"<Code>AuthorizationHeaderMalformed</Code>" in answer.content
    assert b"<Region>us-east-1</Region>" in answer.content


def test_virtual_hosts_name_the_bucket(cloud: Cloud, account: str, bucket: str, s3: AwsClient) -> None:
    s3.put_object(Bucket=bucket, Key="folder/", Body=b"x")
    for host in (
        f"{bucket}.s3.localhost",
        f"{bucket}.localhost:4566",
        f"{bucket}.s3.us-east-1.localhost.localstack.cloud",
    ):
        answer = raw_from(cloud, account, "us-east-1", "/folder/", host=host)
        assert (host, answer.status_code, answer.content) == (host, 200, b"x")


STRAY = [
    ("DELETE", "analytics"),
    ("DELETE", "intelligent-tiering"),
    ("DELETE", "inventory"),
    ("DELETE", "metrics"),
    ("DELETE", "acl"),
    ("DELETE", "abac"),
    ("DELETE", "requestPayment"),
    ("DELETE", "versioning"),
    ("DELETE", "metadataTable"),
    ("PUT", "analytics"),
    ("PUT", "metrics"),
    ("PUT", "policyStatus"),
    ("PUT", "session"),
    ("POST", "acl"),
]


@pytest.mark.parametrize(("method", "marker"), STRAY)
def test_a_marker_without_its_operation_touches_nothing(
    cloud: Cloud, s3: AwsClient, account: str, bucket: str, method: str, marker: str
) -> None:
    before = cloud.snapshot(account)
    answer = raw(cloud, account, method, f"/{bucket}?{marker}")
    assert 400 <= answer.status_code < 600
    assert b"<Code>" in answer.content
    assert cloud.snapshot(account) == before
    absent = raw(cloud, account, method, f"/{bucket}-never?{marker}")
    assert absent.status_code >= 400
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == [bucket]


def test_deleting_a_bucket(s3: AwsClient, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    refusal = refused(s3.delete_bucket, Bucket=bucket)
    assert (refusal.code, refusal.status) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.delete_bucket, Bucket=bucket).code == "BucketNotEmpty", "a version and a marker are left"
    listed = s3.list_object_versions(Bucket=bucket)
    for one in [*listed["Versions"], *listed["DeleteMarkers"]]:
        s3.delete_object(Bucket=bucket, Key="k", VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket).code == "NoSuchBucket"
    assert refused(s3.head_bucket, Bucket=bucket).status == 404
    s3.create_bucket(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket).code == "NoSuchTagSet", "the new bucket has nothing of the old"


def test_buckets_are_listed_by_name_prefix_region_and_page(aws: MakeClient, s3: AwsClient, account: str) -> None:
    names = [f"{letter}-{account}" for letter in "abc"]
    for name in reversed(names):
        s3.create_bucket(Bucket=name)
    far = f"far-{account}"
    aws("s3", "eu-west-1").create_bucket(Bucket=far, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    first = s3.list_buckets(MaxBuckets=2)
    rest = s3.list_buckets(ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for page in (first, rest) for one in page["Buckets"]] == [*names, far]
    assert "ContinuationToken" not in rest
    assert [one["Name"] for one in s3.list_buckets(Prefix="b-")["Buckets"]] == [names[1]]
    assert [one["Name"] for one in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == [far]


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("get_object_torrent", {"Key": "k"}),
        ("rename_object", {"Key": "k", "RenameSource": "other"}),
        ("get_bucket_metadata_table_configuration", {}),
    ],
)
def test_what_is_missing_is_said_and_changes_nothing(
    cloud: Cloud, s3: AwsClient, account: str, bucket: str, method: str, parameters: dict[str, str]
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    before = cloud.snapshot(account)
    refusal = refused(getattr(s3, method), Bucket=bucket, **parameters)
    operation = s3.meta.method_to_api_mapping[method]
    assert (refusal.code, refusal.status) == ("NotImplemented", 501)
    assert operation in refusal.message
    assert cloud.snapshot(account) == before


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        b"<Tagging><Tags/></Tagging>",
        b"<Tagging>",
        b"no",
    ],
)
def test_a_body_outside_the_schema_is_malformed(cloud: Cloud, account: str, bucket: str, body: bytes) -> None:
    answer = raw(cloud, account, "PUT", f"/{bucket}?tagging", body)
    assert (answer.status_code, b"<Code>MalformedXML</Code>" in answer.content) == (400, True)


def test_a_missing_body_is_said(cloud: Cloud, account: str, bucket: str) -> None:
    answer = raw(cloud, account, "PUT", f"/{bucket}?tagging")
    assert (answer.status_code, b"<Code>MissingRequestBodyError</Code>" in answer.content) == (400, True)


KEYS = ["plain", "a b/ü+%2F!'()*", "folder/", "//two", "q?x=1&y", "100%"]


@pytest.mark.parametrize("key", KEYS)
def test_objects_of_any_name_are_signed_kept_and_presigned(aws: MakeClient, bucket: str, key: str) -> None:
    s3 = aws("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"content"
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    assert URLLib3Session().send(AWSRequest("GET", url).prepare()).content == b"content"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_parts_of_an_upload_and_an_upload_that_never_was(s3: AwsClient, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    tag = s3.upload_part(Bucket=bucket, Key="k", PartNumber=1, UploadId=upload, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"part"
    for method, more in (
        ("upload_part", {"PartNumber": 1, "Body": b"x"}),
        ("list_parts", {}),
        ("abort_multipart_upload", {}),
    ):
        refusal = refused(getattr(s3, method), Bucket=bucket, Key="k", UploadId=upload, **more)
        assert (method, refusal.code, refusal.status) == (method, "NoSuchUpload", 404)


def test_an_open_upload_ends_with_its_bucket(s3: AwsClient, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_a_streamed_body_arrives_whole(s3: AwsClient, bucket: str) -> None:
    content = bytes(range(256)) * 1000
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(content), ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(content)


def test_an_object_takes_no_acl_where_the_owner_owns_all(s3: AwsClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    refusals = [
        refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ACL="public-read"),
        refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="private"),
    ]
    assert {refusal.code for refusal in refusals} == {"AccessControlListNotSupported"}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
