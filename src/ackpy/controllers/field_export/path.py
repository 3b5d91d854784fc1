"""A path as FieldExports have it -> the value there. Plain paths are read here; what is more than a path is a jq expression.

    .status.ackResourceMetadata.arn    .spec.tags[0].value    .status["x"]    ."a b"    .spec.list[-1]

The meaning is jq's: a step into null gives null, a missing key and an index past the end too, and a step into anything else that has no
such step is an error. Pure; `evaluate` calls it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Step: TypeAlias = str | int

_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | \.(?P<quoted>"(?:[^"\\]|\\["\\/bfnrtu])*")
      | \.?\[\s*(?:(?P<key>"(?:[^"\\]|\\["\\/bfnrtu])*")|(?P<index>-?[0-9]{1,9}))\s*\]""",
    re.VERBOSE,
)


class Misstep(Exception):
    """The path leads into a value that has no such step: a name into a list, an index into text."""


def parse(text: str) -> tuple[Step, ...] | None:
    """The steps of a plain path; None when the text is none. `.` alone has no steps."""
    text = text.strip()
    if text == ".":
        return ()
    if not text.startswith("."):
        return None
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        step = _step(found) if found else None
        if found is None or step is None:
            return None
        steps.append(step)
        at = found.end()
    return tuple(steps)


def read(value: Any, steps: tuple[Step, ...]) -> Any:
    """The value at the end of the steps; None where there is none. Raises Misstep."""
    for step in steps:
        value = _into(value, step)
    return value


def _step(found: re.Match[str]) -> Step | None:
    if found["name"] is not None:
        return found["name"]
    if found["index"] is not None:
        return int(found["index"])
    try:
        text: str = json.loads(found["quoted"] or found["key"])
    except ValueError:
        return None  # an escape that JSON does not have
    return text


def _into(value: Any, step: Step) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int):
        return value[step] if -len(value) <= step < len(value) else None
    raise Misstep(f"a step {step!r} leads into {type(value).__name__}")
