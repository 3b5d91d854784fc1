"""A JSONPath of the kind that printer columns and `kubectl` use -> the values that it finds; called by `table`, `crd` and `selectors`.

Understood are fields (`.a.b`, `['a.b']`), indexes, `[*]`, and filters `[?(@.type=="Ready")]` with `==` and `!=`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"""\.(?P<field>[A-Za-z0-9_$/-]+(?:\\\.[A-Za-z0-9_$/-]+)*)
      | \[\s*(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\s*\]
      | \[\s*(?P<index>-?\d+)\s*\]
      | (?P<all>\[\*\]|\.\*)
      | \[\?\(\s*@(?P<left>[^=!<>]+?)\s*(?P<operator>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|true|false|-?\d+)\s*\)\]
    """,
    re.VERBOSE,
)


class JsonPathError(ValueError):
    """A path that is not understood; the text says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property by name."""

    name: str

    def of(self, value: Any) -> list[Any]:
        """The property's value, if it is there."""
        return [value[self.name]] if isinstance(value, dict) and self.name in value else []


@dataclass(frozen=True, slots=True)
class Index:
    """One item by position; a negative one counts from the end."""

    position: int

    def of(self, value: Any) -> list[Any]:
        """The item, if it is there."""
        within = isinstance(value, list) and -len(value) <= self.position < len(value)
        return [value[self.position]] if within else []


@dataclass(frozen=True, slots=True)
class Every:
    """All items or property values."""

    def of(self, value: Any) -> list[Any]:
        """The items."""
        if isinstance(value, dict):
            return list(value.values())
        return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Filter:
    """The items whose `path` equals (or does not equal) a value."""

    path: tuple[Step, ...]
    value: object
    equal: bool

    def of(self, value: Any) -> list[Any]:
        """The items that pass."""
        items = value if isinstance(value, list) else []
        return [item for item in items if any((found == self.value) is self.equal for found in find(self.path, item))]


Step = Field | Index | Every | Filter


@lru_cache(maxsize=4096)
def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path such as `.status.conditions[?(@.type=="Ready")].status`; raises JsonPathError."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise JsonPathError(f"unrecognized character in JSONPath at {path[position:]!r}")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def find(steps: tuple[Step, ...], value: Any) -> list[Any]:
    """The values that the steps lead to, in order."""
    found = [value]
    for step in steps:
        found = [inner for item in found for inner in step.of(item)]
    return found


def _step(match: re.Match[str]) -> Step:
    if match["field"] is not None:
        return Field(match["field"].replace("\\.", "."))
    if match["quoted"] is not None:
        return Field(match["quoted"])
    if match["index"] is not None:
        return Index(int(match["index"]))
    if match["all"] is not None:
        return Every()
    return Filter(parse(match["left"].strip()), _literal(match["value"]), match["operator"] == "==")


def _literal(text: str) -> object:
    if text[0] in "\"'":
        return text[1:-1]
    return {"true": True, "false": False}[text] if text in ("true", "false") else int(text)
