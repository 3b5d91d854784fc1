"""Conditions of a definition: `has("a.b")`, `is_("billingMode", "PROVISIONED")`, joined with & | ~.

A `When` is a value that says when a facet, field or rule applies; `holds` asks it of a desired spec (and, for `changed`, of the
latest one). Catalog files build them, compiler checks their paths, observe and plan ask them.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class When:
    """A test of one path, or a conjunction, disjunction or negation of others."""

    test: Literal["has", "is", "matches", "changed", "and", "or", "not"]
    path: str = ""
    values: tuple[Any, ...] = ()
    parts: tuple[When, ...] = ()

    def __and__(self, other: When) -> When:
        return When("and", parts=(self, other))

    def __or__(self, other: When) -> When:
        return When("or", parts=(self, other))

    def __invert__(self) -> When:
        return When("not", parts=(self,))

    def paths(self) -> Iterator[str]:
        """Every spec path that is asked, for the compiler's check."""
        if self.path:
            yield self.path
        for part in self.parts:
            yield from part.paths()

    def holds(self, desired: Spec, latest: Spec | None = None) -> bool:
        """Whether it applies. `latest` is None while nothing has been observed: then `changed` holds for what is set."""
        match self.test:
            case "and":
                return all(part.holds(desired, latest) for part in self.parts)
            case "or":
                return any(part.holds(desired, latest) for part in self.parts)
            case "not":
                return not self.parts[0].holds(desired, latest)
            case "has":
                return lookup(desired, self.path) is not None
            case "is":
                return lookup(desired, self.path) in self.values
            case "matches":
                value = lookup(desired, self.path)
                return isinstance(value, str) and any(fnmatch.fnmatchcase(value, pattern) for pattern in self.values)
            case "changed":
                differs: bool = lookup(desired, self.path) != lookup(latest or {}, self.path)
                return differs


def lookup(spec: Spec, path: str) -> Any:
    """The value at a dotted path without list hops; None where it, or a parent, is missing."""
    value: Any = spec
    for segment in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(segment)
    return value


def has(path: str) -> When:
    """The path is set."""
    return When("has", path)


def is_(path: str, *values: Any) -> When:
    """The path holds one of the values; None among them stands for unset."""
    return When("is", path, values)


def matches(path: str, patterns: str | Sequence[str]) -> When:
    """The path holds a string that one of the shell patterns matches, case-sensitively."""
    return When("matches", path, (patterns,) if isinstance(patterns, str) else tuple(patterns))


def changed(path: str) -> When:
    """Desired and latest differ at the path."""
    return When("changed", path)
