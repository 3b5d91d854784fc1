"""botocore's exceptions -> ours, with texts that hold no value of a request and nothing secret.

The client calls it, `classify` tells the classes apart. They refine the exception tree of `ackpy.errors`:

AwsUnreachable
├── NotConnected     no connection came about (refused, DNS, TLS, connect time-out): AWS has not acted
└── NoAwsAnswer      HTTP answered, but not AWS: a proxy's page, an emulator's HTML 404, a 500 without a code
AwsRefused
├── NotAllowed       the view of the client does not allow the operation
├── NoCredentials    none were found, or they could not be had (a role that cannot be assumed, an unreachable provider)
└── InvalidRequest   AWS's model forbids the request
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from botocore import exceptions as boto
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from ackpy.aws.redact import clean, mask, sensitive, without_value
from ackpy.errors import AwsApiError, AwsError, AwsRefused, AwsUnreachable


class NotConnected(AwsUnreachable):
    """No connection came about: AWS has not acted."""


class NoAwsAnswer(AwsUnreachable):
    """HTTP answered with `status`, but the answer is none of AWS's: never taken for "resource not found"."""

    def __init__(self, message: str, *, service: str, operation: str, status: int) -> None:
        super().__init__(message, service=service, operation=operation)
        self.status = status


class NotAllowed(AwsRefused):
    """The operation is not among those that this view of the client allows."""


class NoCredentials(AwsRefused):
    """There are no credentials to sign with; the message says where they were looked for or why they cannot be had."""


class InvalidRequest(AwsRefused):
    """AWS's model forbids the request: the message names paths and what is expected there, never a value."""


class Stranger(Exception):
    """Raised inside botocore by `answers.check`: the HTTP answer with `status` is not AWS's, for `reason`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


NO_CREDENTIALS: Final = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.NoAuthTokenError,
    boto.MetadataRetrievalError,
    boto.ProfileNotFound,
    boto.SSOError,
)
_NOT_CONNECTED: Final = (boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)
_NO_ANSWER: Final = (boto.HTTPClientError, boto.IncompleteReadError, TimeoutError)
# What botocore's parsers raise, beside their own error, on well-formed answers of another form than the model's.
_UNREADABLE: Final = (ResponseParserError, KeyError, ValueError, TypeError, AttributeError)
EXPECTED: Final = (boto.BotoCoreError, boto.ClientError, Stranger, TimeoutError, AwsError, *_UNREADABLE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The call that failed: the service's name in texts, the operation and its parameters."""

    service: str
    model: OperationModel
    params: Mapping[str, Any]

    def translate(self, error: Exception) -> AwsError:
        """Our error for one of EXPECTED."""
        names = {"service": self.service, "operation": self.model.name}
        match error:
            case boto.ClientError():
                return self._answered(error)
            case Stranger():
                return NoAwsAnswer(f"not an answer of AWS: {error}", status=error.status, **names)
            case boto.ParamValidationError():
                return InvalidRequest(without_value(str(error.kwargs["report"])), **names)
            case _ if isinstance(
                error, (*NO_CREDENTIALS, AwsError)
            ):  # AwsError: a role was to be assumed just before signing
                return NoCredentials(f"no credentials: {clean(str(error))}", **names)
            case _ if _never_connected(error):
                return NotConnected(f"cannot connect to {_host(error)}: {_reason(error)}", **names)
            case _ if isinstance(error, _NO_ANSWER):
                return AwsUnreachable(f"no answer from {_host(error)}: {_reason(error)}", **names)
            case boto.BotoCoreError():
                return InvalidRequest(clean(str(error)), **names)
            case _:
                reason = f"{self.model.name} cannot be read by AWS's model ({type(error).__name__})"
                return NoAwsAnswer(f"not an answer of AWS: {reason}", status=200, **names)

    def _answered(self, error: Any) -> AwsApiError:
        found: Mapping[str, Any] = error.response.get("Error", {})
        metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
        code = str(found.get("Code") or "")
        return AwsApiError(
            service=self.service,
            operation=self.model.name,
            code=code,
            detail=mask(clean(str(found.get("Message") or "")), sensitive(self.params, self.model.input_shape)),
            status=int(metadata.get("HTTPStatusCode", 0)),
            codes=_names(code, str(found.get("QueryErrorCode") or ""), self.model),
            request_id=str(metadata.get("RequestId") or ""),
        )


def _names(code: str, query_code: str, model: OperationModel) -> frozenset[str]:
    names = {code, query_code} - {""}
    shapes: Any = model.service_model.error_shapes
    for shape in shapes:
        modelled = {shape.name, shape.error_code}
        if names & modelled:
            names |= modelled
    return frozenset(names)


def _never_connected(error: Exception) -> bool:
    if isinstance(error, boto.EndpointConnectionError):  # it also stands for a connection that broke in use
        return isinstance(error.kwargs.get("error"), (aiohttp.ClientConnectorError, socket.gaierror))
    return isinstance(error, _NOT_CONNECTED)


def _host(error: Exception) -> str:
    url = str(getattr(error, "kwargs", {}).get("endpoint_url") or "")
    return url.partition("://")[2].partition("/")[0] or "AWS"


def _reason(error: Exception) -> str:
    cause = getattr(error, "kwargs", {}).get("error") or error
    return clean(type(cause).__name__ if isinstance(cause, Exception) else str(cause))
