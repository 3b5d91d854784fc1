"""When moto or the disk fails: the answer is the service's own, it is told on standard error, and nothing is forgotten."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ackpy.local.cloud.admission import Admitted, Refused
from ackpy.local.cloud.cloud import EmbeddedAws
from ackpy.local.cloud.credentials import credentials
from ackpy.local.cloud.journal import Journal, Record
from ackpy.local.cloud.moto_app import Moto
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest

ROOT = b"r" * 32
ECR = {
    "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.CreateRepository",
    "content-type": "application/x-amz-json-1.1",
}


def perform(
    cloud: EmbeddedAws, method: str, path: str, body: bytes = b"", service: str = "s3", **headers: str
) -> HttpAnswer:
    """Sign the request and have it performed."""
    key = credentials(ROOT, "333344445555")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"http://localhost{path}", data=body, headers=named)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key.access_key_id, key.secret_access_key), service, "us-east-1").add_auth(request)
    sent = {name.lower(): str(value) for name, value in request.headers.items()}
    arrived = HttpRequest(method, path, "", {"host": "localhost", **sent}, body)
    admitted = cloud.admit(arrived, datetime.now(UTC))
    assert isinstance(admitted, Admitted)
    return cloud.perform(admitted)


def broken(self: Moto, *_arguments: object) -> HttpAnswer:
    msg = "no such thing"
    raise KeyError(msg)


@pytest.mark.parametrize(
    ("service", "method", "path", "body", "headers", "said"),
    [
        ("s3", "GET", "/there-is-one/k", b"", {}, b"<Code>InternalError</Code>"),
        ("ecr", "POST", "/", b'{"repositoryName":"name"}', ECR, b'"__type": "InternalError"'),
    ],
)
def test_a_failure_inside_is_an_internal_error_and_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    service: str,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    said: bytes,
) -> None:
    cloud = EmbeddedAws(ROOT, "us-east-1")
    perform(cloud, "PUT", "/there-is-one")
    monkeypatch.setattr(Moto, "call", broken)
    answer = perform(cloud, method, path, body, service, **headers)
    assert (answer.status, said in answer.body, b"KeyError" in answer.body) == (500, True, True)
    told = capsys.readouterr().err
    assert f"ackpy: {service} " in told
    assert "KeyError: 'no such thing'" in told


def test_a_write_that_cannot_be_kept_is_refused_and_so_are_all_later_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    cloud = EmbeddedAws(ROOT, "us-east-1", journal)
    assert perform(cloud, "PUT", "/kept-before-all").status == 200

    def full(_record: Record) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal, "append", full)
    assert perform(cloud, "PUT", "/never-kept").status == 500
    monkeypatch.undo()
    later = perform(cloud, "PUT", "/later-than-that")
    assert (later.status, b"No space left on device" in later.body, b"restart it" in later.body) == (500, True, True)
    assert "requests.log (No space left on device)" in capsys.readouterr().err
    assert perform(cloud, "GET", "/").status == 200, "reads go on"
    journal.close()
    again = Journal(tmp_path)
    assert [record.target for record in again.read()[0]] == ["/kept-before-all"]
    again.close()


def test_a_bucket_named_like_motos_own_pages_is_a_bucket() -> None:
    cloud = EmbeddedAws(ROOT, "us-east-1")
    perform(cloud, "PUT", "/moto-api-of-ours")
    assert perform(cloud, "PUT", "/moto-api-of-ours/reset", b"content").status == 200
    assert perform(cloud, "GET", "/moto-api-of-ours/reset").body == b"content"


def test_a_service_whose_packages_are_not_installed_says_which() -> None:
    cloud = EmbeddedAws(ROOT, "us-east-1")
    answer = perform(cloud, "GET", "/restapis", service="apigateway")
    assert (answer.status, b"without the Python package openapi_spec_validator" in answer.body) == (501, True)


SPOKEN = {
    "xml": ({}, b"<Code>AuthorizationHeaderMalformed</Code>"),
    "json": ({"x-amz-target": "Service.Operation"}, b'"__type": "IncompleteSignatureException"'),
    "rest-json": ({"content-type": "application/json"}, b'"code": "IncompleteSignatureException"'),
    "form": ({"content-type": "application/x-www-form-urlencoded"}, b"<Code>IncompleteSignature</Code>"),
}


@pytest.mark.parametrize("protocol", SPOKEN)
def test_a_signature_that_cannot_be_read_is_refused_in_the_protocol_that_is_spoken(protocol: str) -> None:
    headers, said = SPOKEN[protocol]
    body = b"Action=ListUsers" if protocol == "form" else b""
    request = HttpRequest("POST", "/", "", {"host": "localhost", "authorization": "AWS key:old", **headers}, body)
    refused = EmbeddedAws(ROOT, "us-east-1").admit(request, datetime.now(UTC))
    assert isinstance(refused, Refused)
    assert said in refused.answer.body


UNKNOWN = {
    "target": ("ecr", {"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.Fly"}, b"", 404, b".Fly of ecr."),
    "action": ("iam", {"content-type": "application/x-www-form-urlencoded"}, b"Action=Fly", 400, b"Fly of iam."),
    "service": ("flight", {"content-type": "application/json"}, b"{}", 404, b"POST / of flight."),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_operation_that_no_model_has_is_named(case: str) -> None:
    service, headers, body, status, said = UNKNOWN[case]
    request = AWSRequest("POST", "http://localhost/", data=body, headers=headers)
    SigV4Auth(Credentials("AKIA", "secret"), service, "us-east-1").add_auth(request)
    sent = {name.lower(): str(value) for name, value in request.headers.items()}
    arrived = HttpRequest("POST", "/", "", {"host": "localhost", **sent}, body)
    refused = EmbeddedAws(ROOT, "us-east-1").admit(arrived, datetime.now(UTC))
    assert isinstance(refused, Refused)
    assert (refused.answer.status, said in refused.answer.body) == (status, True)
