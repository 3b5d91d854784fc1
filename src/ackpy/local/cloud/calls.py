"""The log of answered requests, bounded, as `/_ackpy/calls` shows it. Written by the front, read by `ackpy.testing.cloud`."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 50_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One request that was answered, or broken by a fault: `status` 0.

    `at_seq` counts all requests from 1; `mutating` is False for reads by AWS's model and for session keys.
    A refused signature leaves `account` empty.
    """

    at_seq: int
    service: str
    operation: str
    region: str
    account: str
    status: int
    request_id: str
    mutating: bool


class CallLog:
    """The last calls, oldest first, numbered from 1."""

    def __init__(self, kept: int = KEPT) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=kept)
        self._seq = 0

    def add(
        self, *, service: str, operation: str, region: str, account: str, status: int, request_id: str, mutating: bool
    ) -> None:
        """Number and keep the call."""
        self._seq += 1
        call = LoggedCall(self._seq, service, operation, region, account, status, request_id, mutating)
        self._calls.append(call)

    def page(self, account: str | None, since: int) -> list[dict[str, Any]]:
        """The calls with a number above `since`, of one account or of all."""
        chosen = (call for call in self._calls if call.at_seq > since and account in {None, call.account})
        return [asdict(call) for call in chosen]
