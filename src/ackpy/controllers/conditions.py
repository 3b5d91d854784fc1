"""What a pass found -> the conditions of the object, in ACK's types, texts and order. Pure; the clock's time is handed in.

Rebuilt on each pass. Texts are functions of the fault alone: no time, attempt or request id, so that a try that ends as the last one
did leaves the object as it is. `ACK.Terminal` and `ACK.Recoverable` have type, status and message and nothing else, and are
absent when they do not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ackpy.kube.clock import parse_timestamp, timestamp

REFERENCES: Final = "ACK.ReferencesResolved"
SYNCED: Final = "ACK.ResourceSynced"
TERMINAL: Final = "ACK.Terminal"
RECOVERABLE: Final = "ACK.Recoverable"
ADVISORY: Final = "ACK.Advisory"
LATE_INITIALIZED: Final = "ACK.LateInitialized"
ROLE_SELECTED: Final = "ACK.IAMRoleSelected"
READY: Final = "Ready"

SYNCED_TEXT: Final = "Resource synced successfully"
UNRESOLVED_TEXT: Final = "Reference resolution failed"
NO_ROLE_TEXT: Final = "IAM Role is not available"
NOT_SYNCED_TEXT: Final = "Resource not synced"
UNKNOWN_TEXT: Final = "Unable to determine if desired resource state matches latest observed state"
TERMINAL_REASON: Final = "resource is in terminal condition"

_BEFORE_ADVISORIES: Final = frozenset({REFERENCES, TERMINAL, RECOVERABLE})

Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Advisory:
    """Something worth knowing that stops nothing; several are told apart by `reason`."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass found.

    `synced` is None when it cannot be told because of `recoverable`. `terminal` and `recoverable` are the condition's messages, "" where
    it does not hold. `references` is the status of ACK.ReferencesResolved, "" for an object that refers to none; where they failed,
    `reason` says why. `advice` says what to do, for people. `late` says whether late initialisation is complete; None on kinds without.
    `kept` says that the object was not looked at: what its conditions say still stands, apart from the advisories.
    `roleless` says that it is not synced because nobody may act; `selected` is what ACK.IAMRoleSelected says, "" where it is absent.
    """

    synced: bool | None
    reason: str = ""
    terminal: str = ""
    recoverable: str = ""
    advice: str = ""
    advisories: tuple[Advisory, ...] = ()
    late: bool | None = None
    roleless: bool = False
    selected: str = ""
    references: str = ""
    kept: bool = False

    @property
    def failed(self) -> bool:
        """Whether something went wrong, rather than is under way."""
        return bool(self.terminal or self.recoverable)


def render(report: Report, previous: Sequence[Condition], now: datetime, *, fresh: bool = False) -> list[Condition]:
    """The conditions that say so. `previous` are those of the object: what has not changed keeps its transition time.

    `fresh`: this pass answers a new generation, so that ResourceSynced and Ready get a time that is newer, by a second at least.
    """
    if report.kept and any(each.get("type") == SYNCED for each in previous):
        return _kept(report, previous, now)
    synced = _synced(report)
    entries = [
        *_references(report),
        *_fault(TERMINAL, report.terminal),
        *_fault(RECOVERABLE, report.recoverable),
        *(_entry(ADVISORY, "True", each.reason, each.message) for each in report.advisories),
        *_late(report),
        synced,
        *_selected(report),
        _ready(report, synced),
    ]
    return [_timed(entry, previous, now, fresh=fresh and entry["type"] in {SYNCED, READY}) for entry in entries]


def _kept(report: Report, previous: Sequence[Condition], now: datetime) -> list[Condition]:
    """The previous conditions with the advisories in their place."""
    said = {each.reason for each in report.advisories}
    others = [each for each in previous if each.get("type") != ADVISORY or each.get("reason") not in said]
    advisories = [_entry(ADVISORY, "True", each.reason, each.message) for each in report.advisories]
    before = [each for each in others if each.get("type") in _BEFORE_ADVISORIES]
    timed = [_timed(each, previous, now, fresh=False) for each in advisories]
    return [*before, *timed, *(each for each in others if each not in before)]


def _references(report: Report) -> list[Condition]:
    if report.references in {"", "True"}:
        return [{"type": REFERENCES, "status": "True"}] if report.references else []
    return [_entry(REFERENCES, report.references, report.reason, UNRESOLVED_TEXT)]


def _fault(kind: str, message: str) -> list[Condition]:
    return [{"type": kind, "status": "True", "message": message}] if message else []


def _entry(kind: str, status: str, reason: str, message: str) -> Condition:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _synced(report: Report) -> Condition:
    if report.terminal:
        return _entry(SYNCED, "False", TERMINAL_REASON, NOT_SYNCED_TEXT)
    if report.synced is None:
        return _entry(SYNCED, "Unknown", report.reason or report.recoverable, UNKNOWN_TEXT)
    if report.synced:
        return _entry(SYNCED, "True", report.reason, SYNCED_TEXT)
    return _entry(SYNCED, "False", report.reason, NO_ROLE_TEXT if report.roleless else NOT_SYNCED_TEXT)


def _selected(report: Report) -> list[Condition]:
    return [_entry(ROLE_SELECTED, "True", "Selected", report.selected)] if report.selected else []


def _late(report: Report) -> list[Condition]:
    if report.late is None:
        return []
    if report.late:
        text = "Late initialization successful"
        return [_entry(LATE_INITIALIZED, "True", text, text)]
    return [
        _entry(
            LATE_INITIALIZED,
            "False",
            "Delayed Late Initialization",
            "Late initialization did not complete, requeuing with delay of 5 seconds",
        )
    ]


def _ready(report: Report, synced: Condition) -> Condition:
    """Ready mirrors the gravest; its message also says what to do."""
    for kind, message in ((TERMINAL, report.terminal), (RECOVERABLE, report.recoverable)):
        if message:
            return _entry(READY, "False", kind, f"{message}. {report.advice}" if report.advice else message)
    if report.references not in {"", "True"}:
        return _entry(READY, "False", REFERENCES, f"{report.reason}. {report.advice}")
    if report.roleless:
        return _entry(READY, "False", SYNCED, f"{NO_ROLE_TEXT}: {report.reason}. {report.advice}")
    return {**synced, "type": READY}


def _timed(entry: Condition, previous: Sequence[Condition], now: datetime, *, fresh: bool) -> Condition:
    if entry["type"] in {TERMINAL, RECOVERABLE}:
        return entry
    before = _same_kind(entry, previous)
    moment = None if before is None else before.get("lastTransitionTime")
    if before is None or moment is None:
        return entry | {"lastTransitionTime": timestamp(now)}
    if fresh:
        return entry | {"lastTransitionTime": timestamp(max(now, parse_timestamp(moment) + timedelta(seconds=1)))}
    changed = any(entry.get(name) != before.get(name) for name in ("status", "reason", "message"))
    return entry | {"lastTransitionTime": timestamp(now) if changed else moment}


def _same_kind(entry: Mapping[str, Any], previous: Sequence[Condition]) -> Condition | None:
    """The condition that this one follows; Advisories are told apart by their reason."""
    for before in previous:
        if before.get("type") == entry["type"] and (
            entry["type"] != ADVISORY or before.get("reason") == entry["reason"]
        ):
            return before
    return None
