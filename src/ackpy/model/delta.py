"""Desired against latest: what differs, where, who writes it. Pure: plan and conditions read the result.

Only managed paths are compared. A path whose digest changed is compared in full, one whose digest did not only in the leaves that
the spec sets, at every depth and inside aligned list elements. At each path: `when`, the kind's normal form, `default`, `compare`;
codecs were applied by `response`, both sides are in the CRD's form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ackpy.model.definition import Effect
from ackpy.model.descriptor import Descriptor, Json


class Mode(StrEnum):
    """How a top-level spec path is compared."""

    WHOLE = "whole"
    LEAVES = "leaves"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Difference:
    """One concrete path whose desired and latest values differ; the values are redacted. `aspect` writes it.

    `immutable` is True, or the advice, where AWS does not let it change. `cleared`: it left the spec and is to be reset.
    """

    path: str
    desired: Json
    latest: Json
    aspect: str
    effect: Effect = Effect.UNSTATED
    immutable: bool | str = False
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """The differences, in the order of the spec's paths; empty is False."""

    differences: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    @property
    def aspects(self) -> tuple[str, ...]:
        """The aspects that have something to write, in the descriptor's order of paths."""
        raise NotImplementedError

    @property
    def immutable(self) -> tuple[Difference, ...]:
        """The differences that AWS does not let be mended."""
        raise NotImplementedError

    def at(self, prefix: str) -> Delta:
        """The differences at, below or above a path (a difference of the whole structure is one of its members too)."""
        raise NotImplementedError

    def of(self, aspect: str) -> Delta:
        """The differences that the aspect writes."""
        raise NotImplementedError


def delta(
    descriptor: Descriptor,
    desired_spec: Mapping[str, Json],
    latest_spec: Mapping[str, Json],
    modes: Mapping[str, Mode],
    *,
    unobserved: Collection[str] = (),
) -> Delta:
    """The differences at the managed top-level paths (`modes`).

    WHOLE compares both ways, so that a member that left the spec is seen; what it finds equal in full is not written again.
    LEAVES compares what the spec sets. CLEAR is for a path that left the spec: no difference where AWS is at the default already, or
    where the path is late-initialised. `unobserved` are top-level paths that nothing observed tells of: WHOLE and CLEAR report them
    as a difference with `latest` None, LEAVES skips them.
    """
    raise NotImplementedError


def digest(value: Json, key: bytes = b"") -> str:
    """Sixteen hex digits (8 bytes) of the value's canonical JSON, equal for equal values; with a `key`, nobody else can guess by it."""
    raise NotImplementedError
