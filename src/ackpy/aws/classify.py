"""An error of an AWS call -> what it means. The one place where a code gets its meaning.

The client asks it before repeating a call, the reconciler after each. What "not found", "wait" and "terminal" are called differs by
kind, so these texts come from the definition; the rest of AWS's vocabulary is the same in all services and stands here as tables.
Answers with HTTP 200 that list failures (`failures`, `UnprocessedKeys`, `Errors`) are no errors here: the caller reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ackpy.aws.failures import InvalidRequest, NoAwsAnswer, NoCredentials, NotConnected
from ackpy.aws.operations import is_write
from ackpy.errors import AwsApiError, AwsError, AwsRefused, AwsUnreachable


class Meaning(StrEnum):
    """What an error says about the world, and so what can be done."""

    NOT_FOUND = "not-found"
    THROTTLED = "throttled"
    TERMINAL = "terminal"
    UNREACHABLE = "unreachable"
    AMBIGUOUS = "ambiguous"
    DENIED = "denied"
    CREDENTIALS = "credentials"
    NOT_IMPLEMENTED = "not-implemented"
    RECOVERABLE = "recoverable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An error's meaning. `may_have_acted`: AWS's state is unknown until read again. `after`: the definition's pause in seconds.

    `action`, `principal` and `resource` are what a refusal for lack of permission names ("" where it does not).
    """

    meaning: Meaning
    may_have_acted: bool = False
    after: float = 0.0
    action: str = ""
    principal: str = ""
    resource: str = ""


# LimitExceededException is a quota in most services (ECR, IAM): waiting does not help, so that it is not among these.
_THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_CREDENTIALS: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset(
    {
        "403",  # what HEAD has in place of a code
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedOperation",
    }
)
_NOT_IMPLEMENTED: Final = frozenset({"NotImplemented", "NotImplementedException"})
_NO_VALID_ANSWER: Final = frozenset({500, 502, 503, 504})

_PERMISSION: Final = re.compile(
    r"(?:User: (?P<principal>\S+) )?is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?"
)


def codes(error: AwsError) -> frozenset[str]:
    """All names that an error goes by: wire code, shape name, modelled code, query code; empty when AWS gave no code."""
    return error.codes if isinstance(error, AwsApiError) else frozenset()


def matches(error: AwsError, text: str) -> bool:
    """Whether an error is what a definition's text says: a code ("NoSuchTagSet"), or a code and the start of AWS's message.

    The second form is "ValidationException: TimeToLive is already disabled". Never true of an answer that is not AWS's.
    """
    code, _, start = text.partition(":")
    if not isinstance(error, AwsApiError) or code not in error.codes:
        return False
    return error.detail.startswith(start.strip())


def classify(
    error: AwsError,
    *,
    not_found: Collection[str] = (),
    retry: Mapping[str, float] | None = None,
    terminal: Collection[str] = (),
) -> Verdict:
    """What an error means; the texts are a definition's, asked in this order before the tables."""
    acted = may_have_acted(error)
    if any(matches(error, text) for text in not_found):
        return Verdict(Meaning.NOT_FOUND)
    for text, after in (retry or {}).items():
        if matches(error, text):
            return Verdict(Meaning.RECOVERABLE, acted, after=after)
    if any(matches(error, text) for text in terminal):
        return Verdict(Meaning.TERMINAL)
    meaning = _meaning(error)
    return _denied(error) if meaning is Meaning.DENIED else Verdict(meaning, acted)


def may_have_acted(error: AwsError) -> bool:
    """Whether a failed call may have changed something in AWS all the same: then only a read tells.

    False for reads, for what was never sent, and for refusals; true for a write that ended in no answer, in an answer that cannot
    be read, or in an HTTP 5xx.
    """
    if not is_write(error.operation) or isinstance(error, (AwsRefused, NotConnected)):
        return False
    if isinstance(error, NoAwsAnswer):
        return error.status != 501 and not 300 <= error.status < 500
    if isinstance(error, AwsApiError):
        return error.status >= 500 and _answered(error) not in {Meaning.THROTTLED, Meaning.NOT_IMPLEMENTED}
    return isinstance(error, AwsUnreachable)


def is_transient(error: AwsError) -> bool:
    """Whether the same call may well succeed in a moment: throttling, no answer, an HTTP 5xx that is not "not implemented"."""
    if isinstance(error, NoAwsAnswer):
        return error.status in _NO_VALID_ANSWER
    if isinstance(error, AwsApiError):
        return _answered(error) is Meaning.THROTTLED or error.status in _NO_VALID_ANSWER
    return isinstance(error, AwsUnreachable)


def _meaning(error: AwsError) -> Meaning:
    match error:
        case NoCredentials():
            return Meaning.CREDENTIALS
        case InvalidRequest():
            return Meaning.TERMINAL
        case NoAwsAnswer():
            return Meaning.NOT_IMPLEMENTED
        case AwsUnreachable():
            return Meaning.UNREACHABLE
        case AwsApiError():
            return _answered(error)
        case _:
            return Meaning.RECOVERABLE


def _answered(error: AwsApiError) -> Meaning:
    if error.status == 501 or error.codes & _NOT_IMPLEMENTED:
        return Meaning.NOT_IMPLEMENTED
    if error.status == 429 or error.codes & _THROTTLED:
        return Meaning.THROTTLED
    if error.codes & _CREDENTIALS:
        return Meaning.CREDENTIALS
    if error.codes & _DENIED:
        return Meaning.DENIED
    if error.status >= 500 and is_write(error.operation):
        return Meaning.AMBIGUOUS
    return Meaning.RECOVERABLE


def _denied(error: AwsError) -> Verdict:
    found = _PERMISSION.search(str(error))
    if found is None:
        return Verdict(Meaning.DENIED)
    action, principal, resource = (found[name] or "" for name in ("action", "principal", "resource"))
    return Verdict(Meaning.DENIED, action=action, principal=principal, resource=resource.rstrip(".,"))
