"""A role to assume, and the provider that botocore asks for it. Sessions registers one in each role's session.

botocore's refreshable credentials ask again fifteen minutes before the old ones expire, and refuse to sign with less than ten left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiobotocore.credentials import AioCredentialResolver, AioDeferredRefreshableCredentials
from botocore.credentials import CredentialProvider
from botocore.exceptions import BotoCoreError

from ackpy.aws.budget import Clock
from ackpy.aws.failures import NoCredentials
from ackpy.aws.redact import clean
from ackpy.errors import AwsError

_METHOD: Final = "sts-assume-role"
REFUSED_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key given outright, in place of the default credential chain."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class RoleProvider(CredentialProvider):
    """A credential provider of botocore's kind that has one answer: the role, assumed when first used.

    A refusal stands for REFUSED_SECONDS, so that a thousand objects that wait for one role do not each ask for it.
    """

    METHOD = _METHOD
    CANONICAL_NAME = None

    def __init__(self, assume: Callable[[], Awaitable[dict[str, Any]]], clock: Clock) -> None:
        """`assume` returns AWS's answer to AssumeRole."""
        super().__init__()
        self._assume = assume
        self._clock = clock
        self._refusal: AwsError | None = None
        self._refused_at = 0.0

    def resolver(self) -> AioCredentialResolver:
        """The chain of this provider alone."""
        return AioCredentialResolver(providers=[self])

    async def load(self) -> AioDeferredRefreshableCredentials:
        """The role's credentials; nothing is asked of AWS before they sign something."""
        return AioDeferredRefreshableCredentials(self._refresh, _METHOD)

    async def _refresh(self) -> dict[str, str]:
        found = (await self._answer())["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    async def _answer(self) -> dict[str, Any]:
        if self._refusal and self._clock.monotonic() < self._refused_at + REFUSED_SECONDS:
            raise self._refusal.with_traceback(None)
        self._refusal = None
        try:
            return await self._assume()
        except AwsError as error:
            self._refusal, self._refused_at = error, self._clock.monotonic()
            raise


@dataclass(frozen=True, slots=True)
class Signing:
    """Makes sure before a call that there is something to sign with, so that its failure is never taken for the call's.

    `role_arn` and `service` are for the text.
    """

    credentials: Any
    service: str
    role_arn: str

    async def ready(self, operation: str) -> None:
        """Return when the credentials are good for a call; NoCredentials says why they cannot be had."""
        reason = await self._trouble()
        if not reason:
            return
        what = f"cannot assume role {self.role_arn}" if self.role_arn else "cannot refresh the credentials"
        raise NoCredentials(f"{what}: {reason}", service=self.service, operation=operation)

    async def _trouble(self) -> str:
        try:
            await self.credentials.get_frozen_credentials()
        except (AwsError, BotoCoreError, OSError, RuntimeError) as error:  # RuntimeError: botocore's "still expired"
            return clean(str(error))
        return ""
