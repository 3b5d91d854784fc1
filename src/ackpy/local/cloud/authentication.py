"""A signed request -> the identity that signed it, or the refusal in the service's own words. Called by the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from ackpy.local.cloud.call import Identity, State
from ackpy.local.cloud.credentials import AccessKey, account_of, credentials
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.signature import BadSignature, Scope, verify

if TYPE_CHECKING:
    from ackpy.local.cloud.wire import HttpRequest

_CODES: Mapping[str, Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "s3": {
            "missing": ("AccessDenied", 403),
            "unknown": ("InvalidAccessKeyId", 403),
            "token": ("InvalidToken", 400),
            "ended": ("ExpiredToken", 400),
            "malformed": ("AuthorizationHeaderMalformed", 400),
            "mismatch": ("SignatureDoesNotMatch", 403),
            "skewed": ("RequestTimeTooSkewed", 403),
            "expired": ("AccessDenied", 403),
            "payload": ("XAmzContentSHA256Mismatch", 400),
        },
        "ec2": {
            "missing": ("MissingAuthenticationToken", 403),
            "unknown": ("AuthFailure", 401),
            "token": ("AuthFailure", 401),
            "ended": ("RequestExpired", 400),
            "malformed": ("IncompleteSignature", 400),
            "mismatch": ("AuthFailure", 401),
            "skewed": ("RequestExpired", 400),
            "expired": ("RequestExpired", 400),
            "payload": ("SignatureDoesNotMatch", 403),
        },
        "query": {
            "missing": ("MissingAuthenticationToken", 403),
            "unknown": ("InvalidClientTokenId", 403),
            "token": ("InvalidClientTokenId", 403),
            "ended": ("ExpiredToken", 403),
            "malformed": ("IncompleteSignature", 400),
            "mismatch": ("SignatureDoesNotMatch", 403),
            "skewed": ("SignatureDoesNotMatch", 403),
            "expired": ("SignatureDoesNotMatch", 403),
            "payload": ("SignatureDoesNotMatch", 403),
        },
        "json": {
            "missing": ("MissingAuthenticationTokenException", 400),
            "unknown": ("UnrecognizedClientException", 400),
            "token": ("UnrecognizedClientException", 400),
            "ended": ("ExpiredTokenException", 400),
            "malformed": ("IncompleteSignatureException", 400),
            "mismatch": ("InvalidSignatureException", 400),
            "skewed": ("InvalidSignatureException", 400),
            "expired": ("InvalidSignatureException", 400),
            "payload": ("InvalidSignatureException", 400),
        },
    }
)
_DIALECTS = MappingProxyType({"rest-json": "json", "rest-xml": "query"})
_MESSAGES = MappingProxyType(
    {
        "missing": "The request is not signed: this AWS answers signed requests alone.",
        "unknown": "The AWS access key Id you provided does not exist in our records.",
        "token": "The security token included in the request is invalid.",
        "ended": "The provided token has expired.",
    }
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A key that exists here, and until when."""

    key: AccessKey
    until: datetime | None = None


def refusal(reason: str, *, service: str, protocol: str, message: str = "") -> ServiceError:
    """What the service answers to a request whose signature fails for this reason."""
    dialect = "s3" if service == "s3" else _DIALECTS.get(protocol, protocol)
    code, status = _CODES[dialect][reason]
    return ServiceError(code, message or _MESSAGES[reason], status)


class Authenticator:
    """Knows the keys of every account: those that follow from the root secret, IAM users' and temporary ones."""

    def __init__(self, root_secret: bytes, state: State) -> None:
        self._root = root_secret
        self._state = state

    def identity(self, request: HttpRequest, scope: Scope, now: datetime, *, service: str, protocol: str) -> Identity:
        """Who signed. Raises ServiceError."""
        known = self._find(scope)
        account = account_of(scope.access_key_id)
        if known is None or account is None:
            raise refusal("unknown", service=service, protocol=protocol)
        if (known.key.session_token or "") != scope.session_token:
            raise refusal("token", service=service, protocol=protocol)
        if known.until is not None and now >= known.until:
            raise refusal("ended", service=service, protocol=protocol)
        try:
            verify(request, scope, known.key.secret_access_key, now)
        except BadSignature as bad:
            raise refusal(bad.reason, service=service, protocol=protocol, message=bad.message) from bad
        return Identity(account, scope.region, scope.access_key_id, scope.service)

    def is_account_key(self, access_key_id: str) -> bool:
        """Whether the key follows from the root secret: it stands for the account itself."""
        account = account_of(access_key_id)
        return account is not None and credentials(self._root, account).access_key_id == access_key_id

    def _find(self, scope: Scope) -> _Known | None:
        key_id = scope.access_key_id
        account = account_of(key_id)
        if account is None:
            return None
        own = credentials(self._root, account)
        if own.access_key_id == key_id:
            return _Known(own)
        return self._session(account, key_id) or _in_moto(account, get_partition(scope.region), key_id)

    def _session(self, account: str, key_id: str) -> _Known | None:
        kept = self._state.of(account, "sts").get(key_id)
        if kept is None:
            return None
        key = AccessKey(key_id, kept["secret"], kept["token"])
        return _Known(key, datetime.fromisoformat(kept["until"]))


def _in_moto(account: str, partition: str, key_id: str) -> _Known | None:
    """A key that moto made: of an assumed role, or of an IAM user."""
    if account in sts_backends:
        role = sts_backends[account][partition].get_assumed_role_from_access_key(key_id)
        if role is not None:
            key = AccessKey(key_id, role.secret_access_key, role.session_token)
            return _Known(key, role.expiration.replace(tzinfo=UTC))
    if account in iam_backends:
        user_key = iam_backends[account][partition].access_keys.get(key_id)
        if user_key is not None and user_key.status == "Active":
            return _Known(AccessKey(key_id, user_key.secret_access_key))
    return None
