"""What keeps an export from being made, as a value: ACK's text for the condition, and what to do about it for people.

Called by the modules beside it; `reconciler` makes conditions of it. No value of a field, and no text of jq's that may quote one, gets in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Gravity(Enum):
    """What it takes until the export is made."""

    TERMINAL = "somebody edits the FieldExport"
    RECOVERABLE = "somebody changes what it reads or writes"
    WAITING = "the object that it reads is in step"


@dataclass(frozen=True, slots=True)
class Fault:
    """`message` is the condition's, `advice` for people. `retry`: worth another try by itself, after a delay."""

    message: str
    advice: str = ""
    gravity: Gravity = Gravity.TERMINAL
    retry: bool = False


PATH_ABSENT: Final = Fault(
    "path does not exist in this object",
    "spec.from.path must lead to a text, a boolean or a whole number; it is read again when the object changes",
    Gravity.RECOVERABLE,
)


def unparsable(advice: str) -> Fault:
    """The path or jq expression is none, or may not run."""
    return Fault("unable to parse path", f"spec.from.path: {advice}")


def unexecutable(advice: str) -> Fault:
    """The path or jq expression failed on this object."""
    return Fault("unable to execute query", f"spec.from.path: {advice}")


def refused(field: str, why: str) -> Fault:
    """Something in the spec that is never done, whatever else happens."""
    return Fault(f"{field}: {why}")


def waiting(why: str) -> Fault:
    """What it reads is not there yet: the change that brings it wakes the FieldExport."""
    return Fault(why, gravity=Gravity.WAITING)


def unwritable(message: str, advice: str) -> Fault:
    """What it writes to is not there, or may not be written."""
    return Fault(message, advice, Gravity.RECOVERABLE, retry=True)
