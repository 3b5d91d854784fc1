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

from ackpy.aws.failures import NoCredentials
from ackpy.aws.redact import clean
from ackpy.errors import AwsError

_METHOD: Final = "sts-assume-role"


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key given outright, in place of the default credential chain."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class RoleProvider(CredentialProvider):
    """A credential provider of botocore's kind that has one answer: the role, assumed when first used."""

    METHOD = _METHOD
    CANONICAL_NAME = None

    def __init__(self, assume: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """`assume` returns AWS's answer to AssumeRole."""
        super().__init__()
        self._assume = assume

    def resolver(self) -> AioCredentialResolver:
        """The chain of this provider alone."""
        return AioCredentialResolver(providers=[self])

    async def load(self) -> AioDeferredRefreshableCredentials:
        """The role's credentials; nothing is asked of AWS before they sign something."""
        return AioDeferredRefreshableCredentials(self._refresh, _METHOD)

    async def _refresh(self) -> dict[str, str]:
        found = (await self._assume())["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }


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
