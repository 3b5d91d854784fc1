"""The front with real botocore: signatures, foreign pages, request ids, the call log, snapshots, faults, what is missing."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from ackpy.testing.aws import NO_RETRIES, refused, session_of
from ackpy.testing.cloud import Cloud, MakeClient, neighbour_of

pytestmark = pytest.mark.slow


WRONG_SECRET = {"aws_secret_access_key": "0" * 40}
UNKNOWN_KEY = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}
NO_KEY = {"config": NO_RETRIES.merge(Config(signature_version=UNSIGNED))}
REFUSALS: dict[str, tuple[str, str, dict[str, Any], str, int]] = {
    "s3 wrong secret": ("s3", "list_buckets", WRONG_SECRET, "SignatureDoesNotMatch", 403),
    "s3 unknown key": ("s3", "list_buckets", UNKNOWN_KEY, "InvalidAccessKeyId", 403),
    "s3 unsigned": ("s3", "list_buckets", NO_KEY, "AccessDenied", 403),
    "query wrong secret": ("iam", "list_users", WRONG_SECRET, "SignatureDoesNotMatch", 403),
    "query unknown key": ("sts", "get_caller_identity", UNKNOWN_KEY, "InvalidClientTokenId", 403),
    "query unsigned": ("sts", "get_caller_identity", NO_KEY, "MissingAuthenticationToken", 403),
    "json wrong secret": ("ecr", "describe_repositories", WRONG_SECRET, "InvalidSignatureException", 400),
    "json unknown key": ("ecr", "describe_repositories", UNKNOWN_KEY, "UnrecognizedClientException", 400),
    "rest-json wrong secret": ("lambda", "list_functions", WRONG_SECRET, "InvalidSignatureException", 400),
    "rest-xml wrong secret": ("route53", "list_hosted_zones", WRONG_SECRET, "SignatureDoesNotMatch", 403),
    "ec2 wrong secret": ("ec2", "describe_vpcs", WRONG_SECRET, "AuthFailure", 401),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_who_cannot_sign_is_refused_in_the_services_own_words(aws: MakeClient, case: str) -> None:
    service, method, options, code, status = REFUSALS[case]
    refusal = refused(getattr(aws(service, **options), method))
    assert (refusal.code, refusal.status) == (code, status)


MISSING: dict[str, tuple[str, str, dict[str, Any]]] = {
    "json": ("ecr", "list_pull_time_update_exclusions", {}),
    "query": ("sts", "get_web_identity_token", {"Audience": ["a"], "SigningAlgorithm": "RS256"}),
    "query, another": (
        "iam",
        "generate_organizations_access_report",
        {"EntityPath": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111"},
    ),
    "rest-json": (
        "lambda",
        "get_code_signing_config",
        {"CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"},
    ),
    "rest-xml": ("cloudfront", "get_cache_policy", {"Id": "x"}),
    "ec2": ("ec2", "describe_capacity_reservations", {}),
}


@pytest.mark.parametrize("protocol", MISSING)
def test_what_moto_lacks_is_said_in_the_services_own_form(aws: MakeClient, protocol: str) -> None:
    service, method, parameters = MISSING[protocol]
    client = aws(service)
    refusal = refused(getattr(client, method), **parameters)
    assert (refusal.code, refusal.status) == ("NotImplemented", 501)
    assert client.meta.method_to_api_mapping[method] in refusal.message


def fetch(url: str, **headers: str) -> int:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "10.0.0.1"},
        {"Origin": "http://localhost"},
    ],
)
def test_web_pages_are_refused(cloud: Cloud, headers: dict[str, str]) -> None:
    assert fetch(f"{cloud.url}/", **headers) == 403


@pytest.mark.parametrize("page", ["calls", "snapshot?account=123456789012", "credentials?account=123456789012"])
def test_the_instruments_need_the_token(cloud: Cloud, page: str) -> None:
    assert fetch(f"{cloud.url}/_ackpy/{page}") == 401
    assert fetch(f"{cloud.url}/_ackpy/{page}", Authorization=f"Bearer {cloud.admin_token}x") == 401
    assert fetch(f"{cloud.url}/_ackpy/{page}", Authorization=f"Bearer {cloud.admin_token}") == 200


def test_an_account_id_has_twelve_digits(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="12 digits, found '123'"):
        cloud.credentials("123")


def test_every_call_is_logged_under_the_request_id_that_it_was_answered_with(
    cloud: Cloud, aws: MakeClient, account: str
) -> None:
    s3, ecr, sts = aws("s3"), aws("ecr", "eu-west-1"), aws("sts")
    answers = [
        s3.create_bucket(Bucket=f"logged-{account}"),
        s3.get_bucket_versioning(Bucket=f"logged-{account}"),
        ecr.create_repository(repositoryName="repository"),
        ecr.describe_repositories(),
        sts.get_session_token(),
    ]
    refused(s3.get_bucket_cors, Bucket=f"logged-{account}")
    calls = cloud.calls(account)
    assert [(c.service, c.operation, c.region, c.status, c.mutating) for c in calls] == [
        ("s3", "CreateBucket", "us-east-1", 200, True),
        ("s3", "GetBucketVersioning", "us-east-1", 200, False),
        ("ecr", "CreateRepository", "eu-west-1", 200, True),
        ("ecr", "DescribeRepositories", "eu-west-1", 200, False),
        ("sts", "GetSessionToken", "us-east-1", 200, False),
        ("s3", "GetBucketCors", "us-east-1", 404, False),
    ]
    assert [c.request_id for c in calls][:5] == [answer["ResponseMetadata"]["RequestId"] for answer in answers]
    assert [c.operation for c in cloud.calls(account, since=calls[3].at_seq)] == ["GetSessionToken", "GetBucketCors"]


def test_a_snapshot_shows_one_accounts_changes_and_no_reads(cloud: Cloud, aws: MakeClient, account: str) -> None:
    s3, iam = aws("s3"), aws("iam")
    s3.create_bucket(Bucket=f"shot-{account}")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    before = cloud.snapshot(account)
    s3.list_buckets()
    s3.get_bucket_encryption(Bucket=f"shot-{account}")
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    aws("sts", **keys).get_caller_identity()
    assert cloud.snapshot(account) == before
    s3.put_object(Bucket=f"shot-{account}", Key="k", Body=b"x")
    with_object = cloud.snapshot(account)
    assert with_object != before
    s3.put_object(Bucket=f"shot-{account}", Key="k", Body=b"y")
    assert cloud.snapshot(account) != with_object
    assert json.dumps(before)


def test_accounts_are_apart(cloud: Cloud, aws: MakeClient, account: str) -> None:
    neighbour = neighbour_of(account)
    before = cloud.snapshot(neighbour)
    aws("ecr").create_repository(repositoryName="mine")
    assert aws("ecr", of=neighbour).describe_repositories()["repositories"] == []
    assert before["kept"] == cloud.snapshot(neighbour)["kept"] == {}
    assert aws("sts", of=neighbour).get_caller_identity()["Account"] == neighbour


def test_session_keys_work_for_their_account_and_need_their_token(aws: MakeClient, account: str) -> None:
    sts, other = aws("sts"), neighbour_of(account)
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}}
    aws("iam", of=other).create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    assumed = session_of(sts.assume_role(RoleArn=f"arn:aws:iam::{other}:role/r", RoleSessionName="session"))
    own = session_of(sts.get_session_token())
    federated = session_of(sts.get_federation_token(Name="federated"))
    identity = aws("sts", **assumed).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (other, f"arn:aws:sts::{other}:assumed-role/r/session")
    assert [aws("sts", **keys).get_caller_identity()["Account"] for keys in (own, federated)] == [account, account]
    aws("s3", **assumed).create_bucket(Bucket=f"assumed-{account}")
    assert [one["Name"] for one in aws("s3", of=other).list_buckets()["Buckets"]] == [f"assumed-{account}"]
    for keys in (assumed, own):
        without = {name: value for name, value in keys.items() if name != "aws_session_token"}
        assert refused(aws("sts", **without).get_caller_identity).code == "InvalidClientTokenId"


def test_a_web_identity_needs_no_signature(aws: MakeClient, account: str) -> None:
    answer = aws("sts", **NO_KEY).assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="web", WebIdentityToken="token"
    )
    assert aws("sts", **session_of(answer)).get_caller_identity()["Account"] == account


def test_the_accounts_own_key_is_its_root(aws: MakeClient, account: str) -> None:
    identity = aws("sts").get_caller_identity()
    assert (identity["UserId"], identity["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_awss_managed_policies_are_known(aws: MakeClient) -> None:
    policy = aws("iam").get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]
    assert policy["PolicyName"] == "ReadOnlyAccess"


def test_an_error_fault_answers_in_the_services_form_and_spends_itself(
    cloud: Cloud, aws: MakeClient, account: str
) -> None:
    cloud.fault(
        act="error",
        service="ecr",
        operation="CreateRepository",
        account=account,
        status=400,
        code="ThrottlingException",
        message="Rate exceeded",
        after=1,
    )
    ecr = aws("ecr")
    ecr.create_repository(repositoryName="first")
    refusal = refused(ecr.create_repository, repositoryName="second")
    assert (refusal.code, refusal.message, refusal.status) == ("ThrottlingException", "Rate exceeded", 400)
    ecr.create_repository(repositoryName="third")
    names = [one["repositoryName"] for one in ecr.describe_repositories()["repositories"]]
    assert names == ["first", "third"]


def test_a_dropped_write_is_answered_and_forgotten(cloud: Cloud, aws: MakeClient, account: str) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket=f"forgetful-{account}")
    cloud.fault(act="drop", operation="PutBucketVersioning", account=account)
    for status in (None, "Enabled"):
        s3.put_bucket_versioning(Bucket=f"forgetful-{account}", VersioningConfiguration={"Status": "Enabled"})
        assert s3.get_bucket_versioning(Bucket=f"forgetful-{account}").get("Status") == status


@pytest.mark.parametrize(("act", "made"), [("reset-before", False), ("reset-after", True)])
def test_a_cut_connection_before_or_after_the_call_took_effect(
    cloud: Cloud, aws: MakeClient, account: str, act: str, made: bool
) -> None:
    cloud.fault(act=act, operation="CreateBucket", account=account)
    s3 = aws("s3")
    with pytest.raises(ConnectionClosedError):
        s3.create_bucket(Bucket=f"cut-{account}")
    assert bool(s3.list_buckets()["Buckets"]) is made
    assert [(c.operation, c.status) for c in cloud.calls(account)][:1] == [("CreateBucket", 0)]


def test_a_call_that_hangs_has_taken_effect_and_blocks_nobody(cloud: Cloud, aws: MakeClient, account: str) -> None:
    cloud.fault(act="hang", operation="CreateBucket", account=account)
    impatient = aws("s3", config=NO_RETRIES.merge(Config(read_timeout=0.2)))
    with pytest.raises(ReadTimeoutError):
        impatient.create_bucket(Bucket=f"hung-{account}")
    assert [one["Name"] for one in aws("s3").list_buckets()["Buckets"]] == [f"hung-{account}"]


def test_a_delay_answers_in_the_end_and_faults_can_be_lifted(cloud: Cloud, aws: MakeClient, account: str) -> None:
    cloud.fault(act="delay", account=account, seconds=0.05)
    aws("s3").create_bucket(Bucket=f"late-{account}")
    cloud.fault(act="error", account=account, times=0)
    assert refused(aws("s3").list_buckets).code == "InternalError"
    cloud.clear_faults(account)
    assert len(aws("s3").list_buckets()["Buckets"]) == 1


@pytest.mark.parametrize(
    ("rule", "message"), [({"act": "explode"}, "found 'explode'"), ({"act": "error", "foo": 1}, "'foo'")]
)
def test_a_wrong_fault_is_refused(cloud: Cloud, rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cloud.fault(**rule)
