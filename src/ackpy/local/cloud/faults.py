"""Faults at the HTTP seam, for tests: rules say which call fails and how. Asked by the front about every request.

A rule spends itself: it skips the first `after` matching calls, then acts on `times` of them (0: on all).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Act = Literal["error", "delay", "reset-before", "reset-after", "hang", "drop"]
ACTS: tuple[str, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule. Empty `service`, `operation`, `account` match all.

    `act`: `error` answers `status` with `code`; `delay` waits `seconds`, then serves; `reset-before` and `reset-after`
    cut the connection before or after the call took effect; `hang` serves it and never answers; `drop` answers 200 with an empty body
    and does nothing, for operations whose answer says nothing.
    `chance` below 1 acts on that share of matching calls, drawn from `seed`.
    """

    act: Act
    service: str = ""
    operation: str = ""
    account: str = ""
    after: int = 0
    times: int = 1
    status: int = 500
    code: str = "InternalError"
    message: str = "We encountered an internal error. Please try again."
    seconds: float = 0.0
    chance: float = 1.0
    seed: int = 0

    def matches(self, service: str, operation: str, account: str) -> bool:
        """Whether the rule speaks of this call."""
        pairs = ((self.service, service), (self.operation, operation), (self.account, account))
        return all(wanted in {"", found} for wanted, found in pairs)


def fault_from(members: Mapping[str, Any]) -> Fault:
    """The rule that a JSON object spells. Raises ValueError naming the wrong member."""
    known = {field.name for field in fields(Fault)}
    unknown = sorted(set(members) - known)
    if unknown:
        msg = f"a fault has no member {unknown[0]!r}; it has {', '.join(sorted(known))}"
        raise ValueError(msg)
    if members.get("act") not in ACTS:
        msg = f"a fault's act is one of {', '.join(ACTS)}; found {members.get('act')!r}"
        raise ValueError(msg)
    return Fault(**members)


class _Armed:
    """A rule and how often it has matched and acted."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._random = random.Random(fault.seed)  # noqa: S311  # repeatable on purpose
        self._matched = 0
        self._acted = 0

    def acts(self) -> bool:
        self._matched += 1
        if self._matched <= self.fault.after or self.spent:
            return False
        if self._random.random() >= self.fault.chance:
            return False
        self._acted += 1
        return True

    @property
    def spent(self) -> bool:
        return 0 < self.fault.times <= self._acted


class Faults:
    """The rules in force; the first that acts on a call decides."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> None:
        """Put the rule behind those in force."""
        self._armed.append(_Armed(fault))

    def clear(self, account: str | None = None) -> None:
        """Drop all rules, or those of one account."""
        self._armed = [armed for armed in self._armed if account not in {None, armed.fault.account}]

    def next_for(self, service: str, operation: str, account: str) -> Fault | None:
        """The fault that this call meets."""
        for armed in self._armed:
            if armed.fault.matches(service, operation, account) and armed.acts():
                return armed.fault
        return None
