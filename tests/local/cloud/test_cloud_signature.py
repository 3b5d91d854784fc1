"""Signatures made by botocore are accepted, and no request but the signed one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from ackpy.local.cloud.credentials import account_of, credentials, root_secret
from ackpy.local.cloud.signature import BadSignature, Scope, read_scope, verify
from ackpy.local.cloud.wire import HttpRequest

SECRET = "secret"
KEY = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)


def arrived(request: AWSRequest) -> HttpRequest:
    """The request as the front reads it."""
    prepared = request.prepare()
    url = urlsplit(prepared.url)
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    body = prepared.body if isinstance(prepared.body, bytes) else b""
    return HttpRequest(prepared.method, url.path, url.query, {"host": url.netloc, **headers}, body)


def signed(
    method: str = "PUT", path: str = "/b/k", query: str = "", body: bytes = b"x", service: str = "s3"
) -> HttpRequest:
    url = f"http://localhost:1{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, data=body, headers={"x-amz-meta-a": "  two   words "})
    (S3SigV4Auth if service == "s3" else SigV4Auth)(KEY, service, "us-east-1").add_auth(request)
    return arrived(request)


def scope_of(request: HttpRequest) -> Scope:
    scope = read_scope(request)
    assert scope is not None
    return scope


def reason(request: HttpRequest, *, secret: str = SECRET, later: timedelta = timedelta()) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(request, scope_of(request), secret, datetime.now(UTC) + later)
    return caught.value.reason


SEGMENTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1)


@given(segments=SEGMENTS, values=st.dictionaries(st.text("abz-", min_size=1), st.text("a +&=/ü%~*", max_size=4)))
def test_what_botocore_signs_for_s3_is_accepted(segments: list[str], values: dict[str, str]) -> None:
    path = "/b/" + "/".join(quote(segment, safe="~") for segment in segments)
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in values.items())
    request = signed(path=path, query=query)
    verify(request, scope_of(request), SECRET, datetime.now(UTC))


@given(segments=SEGMENTS)
def test_what_botocore_signs_for_others_is_accepted(segments: list[str]) -> None:
    path = "/2015-03-31/functions/" + "/".join(quote(segment, safe="~") for segment in segments)
    request = signed("POST", path, service="lambda")
    verify(request, scope_of(request), SECRET, datetime.now(UTC))


CHANGES: dict[str, Callable[[HttpRequest], HttpRequest]] = {
    "method": lambda request: replace(request, method="DELETE"),
    "path": lambda request: replace(request, path="/b/other"),
    "query": lambda request: replace(request, query="acl"),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_changed_request_is_refused(changed: str) -> None:
    assert reason(CHANGES[changed](signed())) == "mismatch"


def test_a_changed_body_or_signed_header_is_refused() -> None:
    request = signed()
    assert reason(replace(request, body=b"y")) == "payload"
    assert reason(replace(request, headers={**request.headers, "x-amz-meta-a": "other"})) == "mismatch"
    assert reason(replace(request, headers={**request.headers, "host": "localhost:2"})) == "mismatch"


def test_another_secret_is_refused() -> None:
    assert reason(signed(), secret="other") == "mismatch"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_too_far_off_is_refused(minutes: int) -> None:
    assert reason(signed(), later=timedelta(minutes=minutes)) == "skewed"


def presigned(expires: int) -> HttpRequest:
    request = AWSRequest("GET", "http://localhost:1/b/k")
    S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=expires).add_auth(request)
    return arrived(request)


def test_a_presigned_url_ends() -> None:
    request = presigned(60)
    verify(request, scope_of(request), SECRET, datetime.now(UTC) + timedelta(seconds=50))
    assert reason(request, later=timedelta(seconds=70)) == "expired"
    with pytest.raises(BadSignature, match="at most 604800"):
        read_scope(presigned(8 * 24 * 3600))


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request, SignedHeaders=date, Signature=0",
        "AWS4-HMAC-SHA256 nothing",
        "AWS key:signature",
    ],
)
def test_a_malformed_authorization_is_refused(authorization: str) -> None:
    headers = {"authorization": authorization, "x-amz-date": "20260101T000000Z", "host": "h"}
    with pytest.raises(BadSignature) as caught:
        read_scope(HttpRequest("GET", "/", "", headers))
    assert caught.value.reason == "malformed"


def test_an_unsigned_request_claims_nothing() -> None:
    assert read_scope(HttpRequest("GET", "/", "", {"host": "h"})) is None


@given(root=st.binary(min_size=32, max_size=32), account=st.integers(0, 10**12 - 1).map("{:012d}".format))
def test_a_key_names_its_account_and_is_the_same_each_time(root: bytes, account: str) -> None:
    key = credentials(root, account)
    assert account_of(key.access_key_id) == account
    assert (len(key.access_key_id), len(key.secret_access_key)) == (20, 40)
    assert credentials(root, account) == key
    assert credentials(root + b"x", account).secret_access_key != key.secret_access_key
    assert key.secret_access_key not in repr(key)


def test_an_account_is_read_from_a_published_key() -> None:
    assert account_of("ASIAY34FZKBOKMUTVV7A") == "609629065308"  # AWS's own example of GetAccessKeyInfo


@pytest.mark.parametrize("key", ["", "AKIA", "AKIA!!!!!!!!!!!!!!!!", "AKIAIOSFODNN7EXAMPLEAAAA"])
def test_a_key_of_another_form_names_none(key: str) -> None:
    assert account_of(key) is None


def test_without_a_folder_every_root_secret_is_new() -> None:
    assert root_secret(None) != root_secret(None)
