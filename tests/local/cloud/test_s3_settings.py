"""What is put on a bucket reads back as AWS writes it; what was never put is answered as AWS answers it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ackpy.testing.aws import AwsClient, refused
from ackpy.testing.cloud import MakeClient

pytestmark = pytest.mark.slow


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


DEFAULTS = {
    "get_bucket_abac": {"AbacStatus": {"Status": "Disabled"}},
    "get_bucket_accelerate_configuration": {},
    "get_bucket_encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
        }
    },
    "get_bucket_location": {"LocationConstraint": None},
    "get_bucket_logging": {},
    "get_bucket_notification_configuration": {},
    "get_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    "get_bucket_request_payment": {"Payer": "BucketOwner"},
    "get_bucket_versioning": {},
    "get_public_access_block": {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        }
    },
    "list_bucket_analytics_configurations": {"IsTruncated": False},
    "list_bucket_intelligent_tiering_configurations": {"IsTruncated": False},
    "list_bucket_inventory_configurations": {"IsTruncated": False},
    "list_bucket_metrics_configurations": {"IsTruncated": False},
}
ABSENT = {
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_policy_status": "NoSuchBucketPolicy",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
}


def test_a_new_bucket_has_awss_defaults(s3: AwsClient, bucket: str) -> None:
    found = {name: without_metadata(getattr(s3, name)(Bucket=bucket)) for name in DEFAULTS}
    assert found == DEFAULTS


def test_what_was_never_put_is_absent_by_its_own_code(s3: AwsClient, bucket: str) -> None:
    refusals = {name: refused(getattr(s3, name), Bucket=bucket) for name in ABSENT}
    assert {name: (refusal.code, refusal.status) for name, refusal in refusals.items()} == {
        name: (code, 404) for name, code in ABSENT.items()
    }


# setting -> its method's stem, the parameter that holds it, the value put, and what reads back (None: the same)
READ_BACK: dict[str, tuple[str, str, Any, Any]] = {
    "abac": ("bucket_abac", "AbacStatus", {"Status": "Enabled"}, None),
    "accelerate": ("bucket_accelerate_configuration", "AccelerateConfiguration", {"Status": "Enabled"}, None),
    "cors": (
        "bucket_cors",
        "CORSConfiguration",
        {
            "CORSRules": [
                {
                    "ID": "one",
                    "AllowedHeaders": ["*"],
                    "AllowedMethods": ["GET", "PUT"],
                    "AllowedOrigins": ["https://a.example", "https://b.example"],
                    "ExposeHeaders": ["ETag"],
                    "MaxAgeSeconds": 30,
                },
                {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]},
            ]
        },
        None,
    ),
    "encryption with KMS": (
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/a"},
                    "BucketKeyEnabled": True,
                }
            ]
        },
        None,
    ),
    "encryption says its bucket key": (
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]},
    ),
    "ownership": (
        "bucket_ownership_controls",
        "OwnershipControls",
        {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        None,
    ),
    "public access block says every switch": (
        "public_access_block",
        "PublicAccessBlockConfiguration",
        {"BlockPublicAcls": True},
        {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    ),
    "request payment": ("bucket_request_payment", "RequestPaymentConfiguration", {"Payer": "Requester"}, None),
    "tagging": (
        "bucket_tagging",
        "Tagging",
        {"TagSet": [{"Key": "empty", "Value": ""}, {"Key": "ümläut & <x>", "Value": "a=b"}]},
        None,
    ),
    "versioning": ("bucket_versioning", "VersioningConfiguration", {"Status": "Suspended"}, None),
    "website": (
        "bucket_website",
        "WebsiteConfiguration",
        {
            "IndexDocument": {"Suffix": "index.html"},
            "ErrorDocument": {"Key": "error.html"},
            "RoutingRules": [
                {
                    "Condition": {"KeyPrefixEquals": "docs/"},
                    "Redirect": {"ReplaceKeyPrefixWith": "documents/", "HttpRedirectCode": "301"},
                }
            ],
        },
        None,
    ),
    "website redirect": (
        "bucket_website",
        "WebsiteConfiguration",
        {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}},
        None,
    ),
}


@pytest.mark.parametrize("case", READ_BACK)
def test_what_is_put_reads_back(s3: AwsClient, bucket: str, case: str) -> None:
    stem, parameter, value, expected = READ_BACK[case]
    getattr(s3, f"put_{stem}")(Bucket=bucket, **{parameter: value})
    answer = without_metadata(getattr(s3, f"get_{stem}")(Bucket=bucket))
    assert answer.get(parameter, answer) == (value if expected is None else expected)


LIFECYCLE: list[dict[str, Any]] = [
    {
        "ID": "full",
        "Status": "Enabled",
        "Filter": {
            "And": {
                "Prefix": "logs/",
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                "ObjectSizeGreaterThan": 10,
                "ObjectSizeLessThan": 20,
            }
        },
        "Expiration": {"Days": 90},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}],
        "NoncurrentVersionTransitions": [
            {"NoncurrentDays": 30, "StorageClass": "GLACIER", "NewerNoncurrentVersions": 2}
        ],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 60},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {"ID": "old form", "Status": "Disabled", "Prefix": "", "Expiration": {"ExpiredObjectDeleteMarker": True}},
    {"ID": "tag", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": ""}}, "Expiration": {"Days": 1}},
    {"ID": "all", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}},
    {
        "ID": "date",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)},
    },
]


def test_lifecycle_rules_read_back(s3: AwsClient, bucket: str) -> None:
    put = s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": LIFECYCLE})
    answer = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    everything = {"ID": "all", "Filter": {"Prefix": ""}}  # AWS spells a filter of nothing as an empty prefix
    assert answer["Rules"] == [{**rule, **everything} if rule["ID"] == "all" else rule for rule in LIFECYCLE]
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert put["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


def test_a_lifecycle_rule_without_an_id_gets_one_that_stays(s3: AwsClient, bucket: str) -> None:
    rules = [{"Status": "Enabled", "Prefix": "a", "Expiration": {"Days": 1}}] * 2
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    ids = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]]
    again = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]]
    assert len(set(ids)) == 2
    assert ids == again


RULE: dict[str, Any] = {"ID": "r", "Status": "Enabled", "Prefix": "a", "Expiration": {"Days": 1}}
BAD_LIFECYCLES = {
    "no rules": ([], "MalformedXML"),
    "no action": ([{"Status": "Enabled", "Prefix": ""}], "InvalidRequest"),
    "neither prefix nor filter": ([{"Status": "Enabled", "Expiration": {"Days": 1}}], "MalformedXML"),
    "prefix and filter": ([{**RULE, "Filter": {"Prefix": "a"}}], "MalformedXML"),
    "two conditions without And": (
        [{"Status": "Enabled", "Filter": {"Prefix": "a", "ObjectSizeLessThan": 9}, "Expiration": {"Days": 1}}],
        "MalformedXML",
    ),
    "an unknown status": ([{**RULE, "Status": "On"}], "MalformedXML"),
    "an unknown storage class": (
        [{**RULE, "Transitions": [{"Days": 30, "StorageClass": "ATTIC"}]}],
        "MalformedXML",
    ),
    "zero days": ([{**RULE, "Expiration": {"Days": 0}}], "InvalidArgument"),
    "days and marker": ([{**RULE, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}], "MalformedXML"),
    "too early for infrequent access": (
        [{**RULE, "Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}],
        "InvalidArgument",
    ),
    "not at midnight": ([{**RULE, "Expiration": {"Date": "2030-01-01T01:00:00Z"}}], "InvalidArgument"),
    "one id twice": ([RULE, RULE], "InvalidArgument"),
    "a long id": ([{**RULE, "ID": "x" * 256}], "InvalidArgument"),
}


@pytest.mark.parametrize("case", BAD_LIFECYCLES)
def test_a_bad_lifecycle_is_refused_and_changes_nothing(s3: AwsClient, bucket: str, case: str) -> None:
    rules, code = BAD_LIFECYCLES[case]
    refusal = refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert (refusal.code, refusal.status) == (code, 400)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket).code == "NoSuchLifecycleConfiguration"


def statement(bucket: str, **changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        **changes,
    }


def test_a_policy_reads_back_in_awss_spelling(s3: AwsClient, bucket: str) -> None:
    said = statement(
        bucket,
        Action=["s3:GetObject"],
        Resource=[f"arn:aws:s3:::{bucket}/a", f"arn:aws:s3:::{bucket}/b"],
        Condition={"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": [10]}},
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": said}, indent=2))
    found = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    kept = statement(
        bucket,
        Principal={"AWS": "arn:aws:iam::123456789012:root"},
        Resource=[f"arn:aws:s3:::{bucket}/a", f"arn:aws:s3:::{bucket}/b"],
        Condition={"Bool": {"aws:SecureTransport": "true"}, "NumericLessThan": {"s3:max-keys": "10"}},
    )
    assert found == {"Version": "2012-10-17", "Statement": [kept]}
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}


BAD_POLICIES = {
    "no JSON": "{'a'",
    "no object": "[]",
    "no statement": '{"Version": "2012-10-17"}',
    "unknown version": '{"Version": "2020-01-01", "Statement": [{}]}',
    "no principal": json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::x"}]}),
    "another bucket": json.dumps({"Statement": [statement("somebody-elses")]}),
    "unknown effect": json.dumps({"Statement": [statement("x", Effect="Perhaps")]}),
}


@pytest.mark.parametrize("case", BAD_POLICIES)
def test_a_malformed_policy_is_refused(s3: AwsClient, bucket: str, case: str) -> None:
    refusal = refused(s3.put_bucket_policy, Bucket=bucket, Policy=BAD_POLICIES[case])
    assert (refusal.code, refusal.status) == ("MalformedPolicy", 400)


def test_a_public_policy_needs_the_block_lifted(s3: AwsClient, bucket: str) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement(bucket, Principal="*")]})
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy).code == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


def test_acls_are_off_until_ownership_lets_them(s3: AwsClient, bucket: str) -> None:
    refusal = refused(s3.put_bucket_acl, Bucket=bucket, ACL="private")
    assert (refusal.code, refusal.status) == ("AccessControlListNotSupported", 400)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    grants = [(g["Grantee"].get("URI"), g["Permission"]) for g in s3.get_bucket_acl(Bucket=bucket)["Grants"]]
    delivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    assert grants == [(None, "FULL_CONTROL"), (delivery, "WRITE"), (delivery, "READ_ACP")]
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    refusal = refused(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=enforced)
    assert refusal.code == "InvalidBucketAclWithObjectOwnership"


def test_acl_grants_read_back_from_headers_and_from_a_body(s3: AwsClient, bucket: str) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]
    mine = {"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "READ"}
    s3.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{owner["ID"]}"')
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == [mine]
    other = {"Grantee": {"Type": "CanonicalUser", "ID": "0" * 64}, "Permission": "WRITE_ACP"}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": [mine, other]})
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == [mine, other]


def test_deleting_a_setting_leaves_what_aws_leaves(s3: AwsClient, bucket: str) -> None:
    s3.delete_bucket_encryption(Bucket=bucket)
    encryption = without_metadata(s3.get_bucket_encryption(Bucket=bucket))
    assert encryption == DEFAULTS["get_bucket_encryption"]
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert refused(s3.get_bucket_ownership_controls, Bucket=bucket).code == "OwnershipControlsNotFoundError"
    s3.delete_public_access_block(Bucket=bucket)
    assert refused(s3.get_public_access_block, Bucket=bucket).code == "NoSuchPublicAccessBlockConfiguration"


@pytest.mark.parametrize("stem", ["cors", "lifecycle", "policy", "replication", "tagging", "website"])
def test_deleting_what_is_not_there_succeeds(s3: AwsClient, bucket: str, stem: str) -> None:
    answer = getattr(s3, f"delete_bucket_{stem}")(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


BAD_TAGS = {
    "a key twice": ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "InvalidTag"),
    "a system tag": ([{"Key": "aws:a", "Value": "1"}], "InvalidTag"),
    "a long key": ([{"Key": "k" * 129, "Value": "1"}], "InvalidTag"),
    "a long value": ([{"Key": "k", "Value": "v" * 257}], "InvalidTag"),
    "too many": ([{"Key": f"k{number}", "Value": ""} for number in range(51)], "BadRequest"),
}


@pytest.mark.parametrize("case", BAD_TAGS)
def test_bad_tags_are_refused(s3: AwsClient, bucket: str, case: str) -> None:
    tags, code = BAD_TAGS[case]
    assert refused(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": tags}).code == code


def test_an_empty_tag_set_is_none(s3: AwsClient, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    assert refused(s3.get_bucket_tagging, Bucket=bucket).code == "NoSuchTagSet"


def test_notifications_read_back_with_ids_and_awss_filter_names(s3: AwsClient, bucket: str) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    rules = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a/"}, {"Name": "suffix", "Value": ".jpg"}]}}
    sent = {
        "QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"], "Filter": rules}],
        "EventBridgeConfiguration": {},
    }
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=sent)
    found = without_metadata(s3.get_bucket_notification_configuration(Bucket=bucket))
    [one] = found["QueueConfigurations"]
    assert one.pop("Id")
    names = [(rule["Name"], rule["Value"]) for rule in one.pop("Filter")["Key"]["FilterRules"]]
    assert names == [("Prefix", "a/"), ("Suffix", ".jpg")]
    assert one == {"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}
    assert found["EventBridgeConfiguration"] == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert without_metadata(s3.get_bucket_notification_configuration(Bucket=bucket)) == {}


def test_logging_looks_at_its_target(s3: AwsClient, bucket: str, aws: MakeClient) -> None:
    def enabled(target: str) -> dict[str, Any]:
        return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "logs/"}}

    refusal = refused(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=enabled("there-is-none"))
    assert refusal.code == "InvalidTargetBucketForLogging"
    far = f"{bucket}-far"
    aws("s3", "eu-west-1").create_bucket(Bucket=far, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refusal = refused(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=enabled(far))
    assert (refusal.code, refusal.status) == ("CrossLocationLoggingProhibitted", 403)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=enabled(bucket))
    assert without_metadata(s3.get_bucket_logging(Bucket=bucket)) == enabled(bucket)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert without_metadata(s3.get_bucket_logging(Bucket=bucket)) == {}


def test_a_logging_target_with_acls_must_let_the_delivery_group_write(s3: AwsClient, bucket: str) -> None:
    status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": ""}}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert refused(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=status).code == (
        "InvalidTargetBucketForLogging"
    )
    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"] == ""


def test_replication_needs_versioning_here_and_there(s3: AwsClient, bucket: str) -> None:
    rule: dict[str, Any] = {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}-copy", "StorageClass": "STANDARD"},
    }
    configuration = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]}

    def put() -> Any:
        return s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)

    def enable(name: str) -> None:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    assert "Versioning must be 'Enabled'" in refused(put).message
    enable(bucket)
    assert refused(put).message == "Destination bucket must exist."
    s3.create_bucket(Bucket=f"{bucket}-copy")
    assert refused(put).message == "Destination bucket must have versioning enabled."
    enable(f"{bucket}-copy")
    put()
    [found] = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
    assert found.pop("ID")
    assert found == rule
    suspended = {"Status": "Suspended"}
    refusal = refused(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=suspended)
    assert (refusal.code, refusal.status) == ("InvalidBucketState", 409)


def test_object_lock_needs_versioning_and_rules_new_objects(s3: AwsClient, bucket: str) -> None:
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    refusal = refused(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=lock)
    assert refusal.code == "InvalidBucketState"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == lock
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["ObjectLockMode"] == "GOVERNANCE"


CONFIGURATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "analytics": (
        "Analytics",
        {
            "Filter": {"Prefix": "a"},
            "StorageClassAnalysis": {
                "DataExport": {
                    "OutputSchemaVersion": "V_1",
                    "Destination": {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::x"}},
                }
            },
        },
    ),
    "intelligent_tiering": (
        "IntelligentTiering",
        {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]},
    ),
    "inventory": (
        "Inventory",
        {
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::x", "Format": "CSV"}},
            "IsEnabled": True,
            "IncludedObjectVersions": "Current",
            "OptionalFields": ["Size", "ETag"],
            "Schedule": {"Frequency": "Daily"},
        },
    ),
    "metrics": ("Metrics", {"Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}}}),
}


@pytest.mark.parametrize("stem", CONFIGURATIONS)
def test_configurations_are_kept_by_id(s3: AwsClient, bucket: str, stem: str) -> None:
    kind, content = CONFIGURATIONS[stem]

    def put(name: str) -> None:
        parameters = {f"{kind}Configuration": {"Id": name, **content}}
        getattr(s3, f"put_bucket_{stem}_configuration")(Bucket=bucket, Id=name, **parameters)

    def listed() -> list[dict[str, Any]]:
        answer = getattr(s3, f"list_bucket_{stem}_configurations")(Bucket=bucket)
        found: list[dict[str, Any]] = answer.get(f"{kind}ConfigurationList", [])
        return found

    put("two")
    put("one")
    assert listed() == [{"Id": "one", **content}, {"Id": "two", **content}]
    get = getattr(s3, f"get_bucket_{stem}_configuration")
    assert get(Bucket=bucket, Id="two")[f"{kind}Configuration"] == {"Id": "two", **content}
    delete = getattr(s3, f"delete_bucket_{stem}_configuration")
    delete(Bucket=bucket, Id="two")
    assert refused(get, Bucket=bucket, Id="two").code == "NoSuchConfiguration"
    refusal = refused(delete, Bucket=bucket, Id="two")
    assert (refusal.code, refusal.status) == ("NoSuchConfiguration", 404)
    assert [one["Id"] for one in listed()] == ["one"]
    assert s3.list_buckets(Prefix=bucket)["Buckets"], "the bucket is still there"


def test_configurations_are_listed_in_pages_of_a_hundred(s3: AwsClient, bucket: str) -> None:
    names = [f"m{number:03}" for number in range(101)]
    for name in names:
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    first = s3.list_bucket_metrics_configurations(Bucket=bucket)
    rest = s3.list_bucket_metrics_configurations(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    found = [one["Id"] for page in (first, rest) for one in page["MetricsConfigurationList"]]
    assert (first["IsTruncated"], rest["IsTruncated"], found) == (True, False, names)
