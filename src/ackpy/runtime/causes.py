"""Why an object is looked at, and how soon: the names that queue, pass, ledger and metrics share.

A work queue merges the causes of one object's waiting additions; the reconciler gets them in its Request.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Cause(StrEnum):
    """The causes that this runtime gives. A cause is any string: an operator may add its own."""

    EDIT = "edit"
    """Somebody changed the object: created it, edited it, asked for its deletion."""
    GONE = "gone"
    """The object has left the API server."""
    MANUAL = "manual"
    """Somebody asked for a pass."""
    REFERENCE = "reference"
    """An object that this one refers to has changed."""
    SECRET = "secret"  # noqa: S105 - the cause's name, no password
    """A Secret that this one reads has changed."""
    RETRY = "retry"
    """The last pass failed, or asked for another try."""
    VERIFY = "verify"
    """The last pass asked for a look at what it did."""
    START = "start"
    """The object was there when the controller started."""
    RESYNC = "resync"
    """Time has passed."""
    FEED = "feed"
    """A feed of the outside world says that something changed."""


class Priority(IntEnum):
    """How soon: a higher number goes first. A priority is any int: there is room between the names."""

    EDIT = 100
    MANUAL = 90
    DEPENDENCY = 70
    FEED = 60
    RETRY = 50
    VERIFY = 30
    START = 10
    RESYNC = 0


PRIORITY_OF: Final[Mapping[str, int]] = MappingProxyType(
    {
        Cause.EDIT: Priority.EDIT,
        Cause.GONE: Priority.EDIT,
        Cause.MANUAL: Priority.MANUAL,
        Cause.REFERENCE: Priority.DEPENDENCY,
        Cause.SECRET: Priority.DEPENDENCY,
        Cause.FEED: Priority.FEED,
        Cause.RETRY: Priority.RETRY,
        Cause.VERIFY: Priority.VERIFY,
        Cause.START: Priority.START,
        Cause.RESYNC: Priority.RESYNC,
    }
)
"""The priority of an addition that names none; a cause of an operator's own counts as DEPENDENCY."""
