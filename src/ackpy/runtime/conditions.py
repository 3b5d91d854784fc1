"""Conditions of an object's status, as values and as lists that pure functions make from lists. Reconcilers call it.

When a transition time moves is a rule that is handed in: Kubernetes' own convention is `on_change`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self, TypeAlias, cast

from ackpy.kube.clock import parse_timestamp, timestamp

Status: TypeAlias = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. A member that is None is left out; an empty string is written."""

    type: str
    status: Status
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None
    observed_generation: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As in `status.conditions`."""
        members = {
            "type": self.type,
            "status": self.status,
            "observedGeneration": self.observed_generation,
            "lastTransitionTime": self.last_transition_time,
            "reason": self.reason,
            "message": self.message,
        }
        return {name: value for name, value in members.items() if value is not None}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        """From an entry of `status.conditions`; one without a status is Unknown."""
        return cls(
            type=entry.get("type") or "",
            status=cast("Status", entry.get("status") or "Unknown"),
            reason=entry.get("reason"),
            message=entry.get("message"),
            last_transition_time=entry.get("lastTransitionTime"),
            observed_generation=entry.get("observedGeneration"),
        )


TransitionRule: TypeAlias = Callable[[Condition | None, Condition, datetime], str | None]
"""The lastTransitionTime of a condition, from what it was (None: new), what it becomes, and now; None for no time."""


def on_change(before: Condition | None, after: Condition, now: datetime) -> str | None:
    """Now when the status changes, else as it was."""
    if before is not None and before.status == after.status and before.last_transition_time is not None:
        return before.last_transition_time
    return timestamp(now)


def untimed(_before: Condition | None, _after: Condition, _now: datetime) -> str | None:
    """No time at all."""
    return None


def refreshed(before: Condition | None, _after: Condition, now: datetime) -> str | None:
    """Now, and at least a second after what it was: for clients that wait until they see a strictly newer time."""
    if before is None or before.last_transition_time is None:
        return timestamp(now)
    try:
        earliest = parse_timestamp(before.last_transition_time) + timedelta(seconds=1)
    except ValueError:
        return timestamp(now)
    return timestamp(max(now, earliest))


def get_condition(conditions: Iterable[dict[str, Any]], kind: str) -> Condition | None:
    """The first condition of this type."""
    return next((Condition.from_json(entry) for entry in conditions if entry.get("type") == kind), None)


def set_condition(
    conditions: Sequence[dict[str, Any]], condition: Condition, *, now: datetime, rule: TransitionRule = on_change
) -> list[dict[str, Any]]:
    """The list with this condition in it: in the place of the first of its type, or at the end."""
    before = get_condition(conditions, condition.type)
    entry = _timed(condition, rule(before, condition, now)).to_json()
    if before is None:
        return [*conditions, entry]
    place = next(index for index, old in enumerate(conditions) if old.get("type") == condition.type)
    return [*conditions[:place], entry, *conditions[place + 1 :]]


def remove_condition(conditions: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The list without conditions of this type."""
    return [entry for entry in conditions if entry.get("type") != kind]


def in_order(conditions: Iterable[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """The list sorted by type as in `order`; types that it does not name come last, as they stood."""
    places = {kind: place for place, kind in enumerate(order)}
    return sorted(conditions, key=lambda entry: places.get(entry.get("type") or "", len(places)))


def _timed(condition: Condition, moment: str | None) -> Condition:
    return Condition(
        condition.type,
        condition.status,
        condition.reason,
        condition.message,
        moment,
        condition.observed_generation,
    )
