"""Signature Version 4, from the server's side: a request -> who signed it, or AWS's refusal. Called by the cloud.

Written from the published algorithm and not from an SDK, so that client and server share no mistake. Signatures of the
single chunks of a streamed upload are not checked; the one over its headers is.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote_to_bytes

if TYPE_CHECKING:
    from ackpy.local.cloud.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
MAX_EXPIRY = 7 * 24 * 3600
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature says of itself, before it is believed."""

    access_key_id: str
    date: str
    region: str
    service: str
    timestamp: str
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str
    expires: int | None

    @property
    def credential_scope(self) -> str:
        """date/region/service/aws4_request."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


class BadSignature(Exception):
    """The request is signed wrongly: `reason` is `malformed`, `mismatch`, `skewed`, `expired` or `payload`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def read_scope(request: HttpRequest) -> Scope | None:
    """The signature's claims from the Authorization header or the presigned query; None when there is none.

    Raises BadSignature (`malformed`).
    """
    header = request.header("authorization")
    if header.startswith(ALGORITHM):
        return _from_header(request, header)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if query.get("X-Amz-Algorithm") == ALGORITHM:
        return _from_query(query)
    if header or "Signature" in query:
        raise BadSignature("malformed", "Only AWS Signature Version 4 is accepted: AWS4-HMAC-SHA256.")
    return None


def _from_header(request: HttpRequest, header: str) -> Scope:
    fields = dict(_FIELD.findall(header))
    timestamp = request.header("x-amz-date")
    return _scope(fields, timestamp, request.header("x-amz-security-token"), None)


def _from_query(query: dict[str, str]) -> Scope:
    names = ("Credential", "SignedHeaders", "Signature")
    fields = {name: query.get(f"X-Amz-{name}", "") for name in names}
    expires = query.get("X-Amz-Expires", "")
    if not expires.isdecimal() or int(expires) > MAX_EXPIRY:
        raise BadSignature("malformed", f"X-Amz-Expires must be a number of seconds, at most {MAX_EXPIRY}.")
    return _scope(fields, query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token", ""), int(expires))


def _scope(fields: dict[str, str], timestamp: str, token: str, expires: int | None) -> Scope:
    credential = fields.get("Credential", "").split("/")
    complete = len(credential) == 5 and credential[4] == "aws4_request"
    if not complete or not fields.get("SignedHeaders") or not fields.get("Signature"):
        raise BadSignature("malformed", "The authorization must name Credential, SignedHeaders and Signature.")
    key, date, region, service, _ = credential
    headers = tuple(fields["SignedHeaders"].split(";"))
    if "host" not in headers or not timestamp.startswith(date):
        raise BadSignature("malformed", "The host header must be signed, and X-Amz-Date must fit the credential.")
    return Scope(key, date, region, service, timestamp, headers, fields["Signature"], token, expires)


def verify(request: HttpRequest, scope: Scope, secret: str, now: datetime) -> None:
    """Raise BadSignature unless the holder of `secret` signed this very request for about `now`."""
    _check_time(scope, now)
    claimed = request.header("x-amz-content-sha256")
    actual = hashlib.sha256(request.body).hexdigest()
    if re.fullmatch(r"[0-9a-f]{64}", claimed) and claimed != actual:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise BadSignature("payload", message)
    payload = claimed or (_UNSIGNED if scope.expires is not None and scope.service == "s3" else actual)
    digest = hashlib.sha256(_canonical(request, scope, payload).encode()).hexdigest()
    text = f"{ALGORITHM}\n{scope.timestamp}\n{scope.credential_scope}\n{digest}"
    expected = _mac(_signing_key(secret, scope.date, scope.region, scope.service), text).hex()
    if not hmac.compare_digest(expected.encode(), scope.signature.encode()):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS secret access key and signing method."
        )
        raise BadSignature("mismatch", message)


def _check_time(scope: Scope, now: datetime) -> None:
    try:
        signed = datetime.strptime(scope.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadSignature("malformed", "X-Amz-Date must have the form 20060102T150405Z.") from error
    until = signed + (MAX_SKEW if scope.expires is None else timedelta(seconds=scope.expires))
    if now > until and scope.expires is not None:
        raise BadSignature("expired", "Request has expired")
    if now > until or signed > now + MAX_SKEW:
        raise BadSignature("skewed", "The difference between the request time and the current time is too large.")


def _canonical(request: HttpRequest, scope: Scope, payload: str) -> str:
    headers = "".join(f"{name}:{' '.join(request.header(name).split())}\n" for name in scope.signed_headers)
    parts = (request.method, _canonical_path(request.path, scope.service), _canonical_query(request.query))
    return "\n".join((*parts, headers, ";".join(scope.signed_headers), payload))


def _canonical_path(path: str, service: str) -> str:
    """S3 signs the path as its key is spelled; every other service signs the once more encoded, tidied path."""
    if service in {"s3", "s3-outposts", "s3-object-lambda"}:
        return "/".join(_encoded(segment) for segment in path.split("/"))
    return quote(_tidied(path), safe="/-_.~")


def _tidied(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + tail


def _canonical_query(query: str) -> str:
    pairs = [piece.partition("=") for piece in query.split("&") if piece]
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
