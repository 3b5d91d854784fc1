"""AWS from a test's side: plain botocore clients that never retry, and errors as values to compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from ackpy.testing.cloud import Cloud

AwsClient = Any
_NO_SESSIONS: Any = {"disable_s3_express_session_auth": True}  # nobody reads objects in directory buckets here
NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20, s3=_NO_SESSIONS)


@dataclass(frozen=True, slots=True)
class Refusal:
    """AWS's error to a call: code, message, HTTP status, headers (names in lower case), members of the error."""

    code: str
    message: str
    status: int
    headers: dict[str, str]
    members: dict[str, Any]


def client_of(cloud: Cloud, account: str, service: str, region: str = "us-east-1", **options: Any) -> AwsClient:
    """A botocore client with keys of the account; `options` go to botocore's `create_client`."""
    key = cloud.credentials(account)
    defaults = {
        "aws_access_key_id": key.access_key_id,
        "aws_secret_access_key": key.secret_access_key,
        "endpoint_url": cloud.url,
        "region_name": region,
        "config": NO_RETRIES,
    }
    return _session().create_client(service, **{**defaults, **options})


def session_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The session's keys in STS's answer, as options of `client_of`."""
    key = answer["Credentials"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "aws_session_token": key["SessionToken"],
    }


@cache
def _session() -> botocore.session.Session:
    """One session: it holds no keys, and remembers the models that it has read."""
    return botocore.session.Session()


def refused(call: Callable[..., Any], **parameters: Any) -> Refusal:
    """Make the call, which AWS must refuse. Raises AssertionError when it succeeds."""
    try:
        call(**parameters)
    except ClientError as error:
        return _refusal(error)
    name = getattr(call, "__name__", "the call")
    msg = f"{name} was not refused"
    raise AssertionError(msg)


def _refusal(error: ClientError) -> Refusal:
    told, about = dict(error.response["Error"]), error.response["ResponseMetadata"]
    code, message = str(told.pop("Code", "")), str(told.pop("Message", ""))
    return Refusal(code, message, int(about["HTTPStatusCode"]), dict(about["HTTPHeaders"]), told)
