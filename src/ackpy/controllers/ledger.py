"""The last AWS calls of each object, and its last plan: what Events, and later `ackpy why`, are told from; and the tallies of all.

Bounded, in memory, by uid; operation, outcome and request id only: no parameter and no value of an answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ackpy.aws.metrics import Sent
from ackpy.controllers.tallies import Tallies

_CALLS: Final = 24


@dataclass(frozen=True, slots=True)
class LastCall:
    """One AWS call: `outcome` is "ok" or the error code, `request_id` AWS's ("" where there was no answer)."""

    operation: str
    outcome: str
    request_id: str = ""


@dataclass(slots=True)
class Entry:
    """What is kept of one object."""

    calls: deque[LastCall] = field(default_factory=lambda: deque(maxlen=_CALLS))
    plan: Mapping[str, Any] = field(default_factory=dict)

    def heard(self, sent: Sent) -> None:
        """Note a request: what an AWS client tells its listener."""
        self.calls.append(LastCall(sent.operation, sent.code or "ok", sent.request_id))


class Ledger:
    """Entries by uid. A pass makes them, the pass that finds the object gone forgets them. `tallies` count in a registry of their own
    unless some are given.
    """

    def __init__(self, tallies: Tallies | None = None) -> None:
        self.tallies = tallies or Tallies(CollectorRegistry())
        self._entries: dict[str, Entry] = {}

    def of(self, uid: str) -> Entry:
        """The entry of an object, to be written to."""
        return self._entries.setdefault(uid, Entry())

    def forget(self, uid: str) -> None:
        """Drop what is kept of an object that is gone."""
        self._entries.pop(uid, None)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """All entries as plain values."""
        return {
            uid: {
                "calls": [
                    {"operation": call.operation, "outcome": call.outcome, "requestId": call.request_id}
                    for call in entry.calls
                ],
                "plan": dict(entry.plan),
            }
            for uid, entry in self._entries.items()
        }
