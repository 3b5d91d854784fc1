"""Who answers which operation; and that moto still has what we lean on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime

import botocore.session
import pytest
from moto.core import base_backend
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random
from moto.moto_server import werkzeug_app
from moto.s3.responses import S3Response

from ackpy.errors import ConfigError
from ackpy.local.cloud.clock import pin_first_touch, pinned
from ackpy.local.cloud.emulation import emulation
from ackpy.local.cloud.hosts import is_loopback, path_style
from ackpy.local.cloud.managed_policies import share_managed_policies
from ackpy.local.cloud.protocol import Operation, service_model
from ackpy.local.cloud.s3.emulation import BY_MOTO
from ackpy.local.cloud.signing_names import SIGNING_NAMES
from ackpy.local.cloud.wire import HttpRequest
from ackpy.testing.aws import AwsClient

SERVED = {
    ("s3", "GetBucketTagging"): "ours",
    ("s3", "CreateBucket"): "mended",
    ("s3", "DeleteBucketMetricsConfiguration"): "ours",
    ("s3", "GetObject"): "moto",
    ("s3", "CreateSession"): "missing",
    ("ecr", "DescribeRepositories"): "moto",
    ("ecr", "CreateRepository"): "mended",
    ("ecr", "DescribePullThroughCacheRules"): "ours",
    ("ecr", "ListPullTimeUpdateExclusions"): "missing",
    ("sts", "GetCallerIdentity"): "mended",
    ("iam", "CreateRole"): "moto",
    ("lambda", "CreateFunction"): "moto",
    ("stepfunctions", "CreateStateMachine"): "moto",
}


def test_the_table_says_who_serves_what() -> None:
    tables = {service: {row.operation: row.served_by for row in emulation(service)} for service, _ in SERVED}
    assert {(service, name): tables[service][name] for service, name in SERVED} == SERVED


@pytest.mark.parametrize("service", ["s3", "ecr", "iam", "sts"])
def test_every_operation_of_the_model_has_one_row(service: str) -> None:
    model = botocore.session.Session().get_service_model(service)
    assert [row.operation for row in emulation(service)] == sorted(model.operation_names)


def test_every_s3_operation_of_a_bucket_is_ours_or_missing_and_never_motos_guess() -> None:
    model = botocore.session.Session().get_service_model("s3")
    on_buckets = {n for n in model.operation_names if "{Key+}" not in model.operation_model(n).http["requestUri"]}
    by_moto = {row.operation for row in emulation("s3") if row.served_by == "moto"}
    assert by_moto & on_buckets == {
        "DeleteObjects", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2"
    }  # fmt: skip
    assert by_moto == BY_MOTO


def test_an_unknown_service_is_said() -> None:
    with pytest.raises(ConfigError, match="no service 'nonesuch'"):
        emulation("nonesuch")


def test_signing_names_are_botocores() -> None:
    session = botocore.session.Session()
    wrong = {
        (signing, service)
        for signing, services in SIGNING_NAMES.items()
        for service in services
        if session.get_service_model(service).signing_name != signing and signing != "s3express"
    }
    assert wrong == set()


def test_moto_has_what_we_lean_on() -> None:
    assert "list_of_moto_modules()" in inspect.getsource(werkzeug_app.DomainDispatcherApplication.get_backend_for_host)
    assert "uuid4" in vars(base_backend)
    assert "uuid4()" in inspect.getsource(base_backend.AccountSpecificBackend)
    assert "self.backend(region_name" in inspect.getsource(base_backend.AccountSpecificBackend)
    assert "x-moto-account-id" in inspect.getsource(S3Response.get_current_account)


def test_pinned_work_is_repeatable_and_leaves_the_generators_as_they_were() -> None:
    def draw() -> tuple[object, ...]:
        with pinned(1e9, 7):
            return mock_random.uuid4(), base_backend.utcnow() if hasattr(base_backend, "utcnow") else datetime.now(UTC)

    before = mock_random.getstate()
    first, second = draw(), draw()
    assert first == second
    assert mock_random.getstate() == before
    assert datetime.now(UTC).timestamp() > 1.7e9


def test_what_moto_makes_on_first_touch_follows_from_the_place() -> None:
    pin_first_touch()
    pin_first_touch()

    def made(account: str) -> dict[str, str]:
        iam_backends.pop(account, None)
        policies = iam_backends[account]["aws"].aws_managed_policies
        return {policy.name: policy.id for policy in policies[:5]}

    mock_random.seed(1)
    first = made("111122223333")
    mock_random.seed(2)
    assert made("111122223333") == first
    iam_backends.pop("111122223333")


def test_accounts_share_what_is_in_awss_policies_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    share_managed_policies()
    share_managed_policies()
    for account in ("222233334444", "333344445555"):
        iam_backends.pop(account, None)
    one, other = (iam_backends[account]["aws"] for account in ("222233334444", "333344445555"))
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert one.managed_policies[arn].id == other.managed_policies[arn].id
    assert one.managed_policies[arn].versions is other.managed_policies[arn].versions
    one.create_role("reader", "{}", "/", None, "", [], "3600", None)
    one.attach_role_policy(arn, "reader")
    counts = [each.managed_policies[arn].attachment_count for each in (one, other)]
    assert counts == [1, 0]
    assert one.managed_policies[arn].account_id == "222233334444"


READS = {
    ("ecr", "DescribeRepositories"): True,
    ("ecr", "BatchGetImage"): True,
    ("ecr", "PutImage"): False,
    ("ecr", "BatchDeleteImage"): False,
    ("iam", "SimulatePrincipalPolicy"): True,
    ("iam", "GenerateCredentialReport"): False,
    ("sts", "GetCallerIdentity"): True,
    ("sts", "GetSessionToken"): False,
    ("sts", "AssumeRole"): False,
    ("sqs", "ReceiveMessage"): False,
    ("ses", "VerifyEmailIdentity"): False,
    ("s3", "HeadBucket"): True,
    ("s3", "SelectObjectContent"): True,
    ("s3", "PutObject"): False,
    ("dynamodb", "Query"): True,
    ("elasticache", "TestFailover"): False,
    ("license-manager", "CheckoutLicense"): False,
}


def test_what_reads_and_what_changes() -> None:
    def reads(service: str, name: str) -> bool:
        model = service_model(service)
        assert model is not None
        return Operation(service, name, str(model.protocol), model.operation_model(name), {}).reads

    assert {place: reads(*place) for place in READS} == READS


HOSTS = {
    "localhost": True,
    "localhost:4566": True,
    "127.0.0.1:1": True,
    "127.9.9.9": True,
    "[::1]:1": True,
    "bucket.s3.localhost:1": True,
    "s3.eu-west-1.localhost.localstack.cloud": True,
    "": False,
    "example.com": False,
    "localhost.example.com": False,
    "notlocalhost": False,
    "0.0.0.0": False,
    "10.0.0.1": False,
    "127.0.0.1.example.com": False,
}


def test_which_hosts_are_loopback() -> None:
    assert {host: is_loopback(host) for host in HOSTS} == HOSTS


PATHS = {
    "localhost:1": "/k/",
    "b.s3.localhost:1": "/b/k/",
    "b.c.localhost": "/b.c/k/",
    "b.s3.eu-west-1.localhost.localstack.cloud": "/b/k/",
    "s3.localhost": "/k/",
    "s3.eu-west-1.localhost": "/k/",
    "123456789012.s3-control.eu-west-1.localhost": "/k/",
}


def test_virtual_hosts_become_paths() -> None:
    found = {host: path_style(HttpRequest("GET", "/k/", "", {"host": host})).path for host in PATHS}
    assert found == PATHS


@pytest.mark.slow
@pytest.mark.parametrize("service", ["logs", "secretsmanager", "dynamodb"])
def test_json_is_said_to_be_json(aws: Callable[..., AwsClient], service: str) -> None:
    lists = {"logs": "describe_log_groups", "secretsmanager": "list_secrets", "dynamodb": "list_tables"}
    told = getattr(aws(service), lists[service])()["ResponseMetadata"]["HTTPHeaders"]["content-type"]
    assert told.startswith("application/x-amz-json-1.")
