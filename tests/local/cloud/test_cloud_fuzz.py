"""Whatever arrives, the embedded AWS answers: no request makes it raise, and none of S3's makes it fail inside."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ackpy.local.cloud.admission import Admitted
from ackpy.local.cloud.cloud import EmbeddedAws
from ackpy.local.cloud.credentials import credentials
from ackpy.local.cloud.front import MOST_BYTES, Front
from ackpy.local.cloud.s3.gate import markers
from ackpy.local.cloud.wire import HttpRequest

ROOT = b"f" * 32
ACCOUNT = "444455556666"
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
AUTHORIZATIONS = st.one_of(
    LATIN,
    st.builds("AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={}".format, LATIN, LATIN, LATIN),
    st.builds(
        "AWS4-HMAC-SHA256 Credential={}/{}/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0".format,
        LATIN,
        LATIN,
        LATIN,
    ),
)


@cache
def cloud() -> EmbeddedAws:
    """One for all examples: that they follow on one another is part of the test."""
    return EmbeddedAws(ROOT, "us-east-1")


@settings(deadline=None, max_examples=300)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "WEIRD"]),
    path=ASCII.map(lambda text: "/" + text),
    query=ASCII,
    headers=st.fixed_dictionaries(
        {"host": st.just("localhost")},
        optional={
            "authorization": AUTHORIZATIONS,
            "x-amz-date": LATIN,
            "x-amz-target": LATIN,
            "content-type": LATIN,
            "x-amz-content-sha256": LATIN,
        },
    ),
    body=st.binary(max_size=50),
)
def test_nothing_unsigned_is_admitted_and_nothing_raises(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    refused = cloud().admit(HttpRequest(method, path, query, headers, body), datetime.now(UTC))
    assert not isinstance(refused, Admitted)
    assert 400 <= refused.answer.status < 500


SAFE = st.text("abc-._~/%2F0", max_size=12).filter(lambda text: "//" not in text)
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(sorted(markers() | {"id", "uploadId", "partNumber", "versionId", "prefix"})),
        st.sampled_from(["", "1", "x"]),
    ),
    max_size=3,
)
BODIES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
            b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
            b"<CORSConfiguration><CORSRule/></CORSConfiguration>",
            b"<AccessControlPolicy><AccessControlList/></AccessControlPolicy>",
            b"<Delete><Object><Key>k</Key></Object></Delete>",
            b'{"Statement": [3]}',
        ]
    ),
)


@settings(deadline=None, max_examples=400)
@example(method="HEAD", key="/0", query=[("partNumber", "x")], body=b"")
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    key=st.one_of(st.just(""), SAFE.map(lambda text: "/" + text)),
    query=QUERIES,
    body=BODIES,
)
def test_no_request_on_a_bucket_fails_inside_or_takes_the_bucket_away(
    method: str, key: str, query: list[tuple[str, str]], body: bytes
) -> None:
    perform("PUT", "/fuzzed", "", b"")
    text = "&".join(f"{name}={value}" if value else name for name, value in query)
    status, answer = perform(method, f"/fuzzed{key}", text, body)
    assert status < 500 or (status == 501 and (b"NotImplemented" in answer or method == "HEAD")), answer
    whole = method == "DELETE" and key in {"", "/"} and not any(name in markers() for name, _ in query)
    if not whole:
        assert perform("GET", "/fuzzed", "location", b"")[0] == 200, "the bucket is still there"


def perform(method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
    """Sign the request, have it performed; its status and body."""
    key = credentials(ROOT, ACCOUNT)
    url = f"http://localhost{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, data=body)
    S3SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "s3", "us-east-1").add_auth(request)
    sent = {name.lower(): str(value) for name, value in request.headers.items()}
    admitted = cloud().admit(HttpRequest(method, path, query, {"host": "localhost", **sent}, body), datetime.now(UTC))
    answer = cloud().perform(admitted) if isinstance(admitted, Admitted) else admitted.answer
    return answer.status, answer.body


async def sent(*messages: dict[str, Any]) -> list[MutableMapping[str, Any]]:
    """What the front sends to a client that sends these messages."""
    arriving, leaving = iter(messages), []

    async def receive() -> MutableMapping[str, Any]:
        return next(arriving)

    async def send(message: MutableMapping[str, Any]) -> None:
        leaving.append(message)

    scope = {
        "type": "http",
        "method": "PUT",
        "raw_path": b"/b/k",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await Front(EmbeddedAws(ROOT, "us-east-1"), ROOT)(scope, receive, send)
    return leaving


async def test_half_a_body_is_never_performed() -> None:
    half = {"type": "http.request", "body": b"half", "more_body": True}
    assert await sent(half, {"type": "http.disconnect"}) == []


async def test_a_body_beyond_the_limit_is_refused() -> None:
    part = {"type": "http.request", "body": b"x" * (MOST_BYTES // 2 + 1), "more_body": True}
    start, _ = await sent(part, {**part, "more_body": False})
    assert start["status"] == 413
