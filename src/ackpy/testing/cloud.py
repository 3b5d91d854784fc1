"""pytest fixtures over one embedded AWS: `cloud` (a child process for the session), `account` (a fresh one a test).

Load them with `pytest_plugins = ["ackpy.testing.cloud"]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ackpy.local.cloud.server import CloudEndpoint


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key of one account, as any AWS SDK takes it."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request that the embedded AWS answered (or broke, by a fault: `status` 0).

    `at_seq` counts all requests from 1; `mutating` is False for reads by AWS's model.
    """

    service: str
    operation: str
    region: str
    account: str
    status: int
    request_id: str
    at_seq: int
    mutating: bool


@dataclass(frozen=True, slots=True)
class Cloud(CloudEndpoint):
    """A running embedded AWS in another process, and what tests ask of it (blocking HTTP on loopback)."""

    def credentials(self, account_id: str) -> Credentials:
        """Keys of any account, 12 digits; accounts need no creation."""
        raise NotImplementedError

    def calls(self, account: str | None = None, since: int | None = None) -> list[Call]:
        """The call log, oldest first: of one account, and only calls with `at_seq` greater than `since`."""
        raise NotImplementedError

    def snapshot(self, account: str) -> dict[str, Any]:
        """All state of the account as plain values: equal snapshots mean that nothing was changed in between."""
        raise NotImplementedError

    def fault(self, **rule: Any) -> None:
        """Add a rule of fault injection; its members are those of `ackpy.local.cloud.faults.Fault`."""
        raise NotImplementedError

    def clear_faults(self, account: str | None = None) -> None:
        """Remove the fault rules, all or those of one account."""
        raise NotImplementedError
