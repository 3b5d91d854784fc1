"""What rows about conditions share: their texts, how one is read, and how AWS is made to refuse."""

from __future__ import annotations

from typing import Any

from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, conditions

SYNCED_TEXT = "Resource synced successfully"
NOT_SYNCED_TEXT = "Resource not synced"
UNKNOWN_TEXT = "Unable to determine if desired resource state matches latest observed state"
TERMINAL_REASON = "resource is in terminal condition"


def said(obj: Object, kind: str) -> tuple[Any, ...]:
    """Status, reason and message of a condition."""
    found = conditions(obj)[kind]
    return found["status"], found.get("reason"), found.get("message")


def types(obj: Object) -> list[str]:
    """Those of its conditions, in their order."""
    return [each["type"] for each in objects.conditions_of(obj)]


def refuse(stage: Stage, operation: str, code: str, message: str, times: int = 0) -> None:
    """Let AWS answer 400 with this code."""
    stage.fault(act="error", operation=operation, status=400, code=code, message=message, times=times)
