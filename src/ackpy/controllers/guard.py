"""The convergence guard: what was written to AWS three times over, and is still as it was, is not written a fourth time.

Kept by object in the memory of the process: a restart, an edit of the spec or a forced pass gives every path another three writes.
The pass asks it before it plans and tells it what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ackpy.model import fieldpath
from ackpy.model.delta import Difference, digest

MOST_WRITES: Final = 3
_PATHS: Final = 128


@dataclass(frozen=True, slots=True)
class Attempt:
    """One write of a path, as often as it was made in a row: `sameness` tells it from other values, `operation` is the last call."""

    sameness: str
    times: int
    operation: str


@dataclass(slots=True)
class Guard:
    """The writes of one object that have not been seen to take effect; of 128 paths at most."""

    attempts: dict[str, Attempt] = field(default_factory=dict)

    def stops(self, difference: Difference, values: Mapping[str, str]) -> Attempt | None:
        """The writes that speak against another of the same; None while there are too few. `values` are the spec's digests."""
        attempt = self.attempts.get(difference.path)
        if attempt is None or attempt.times < MOST_WRITES:
            return None
        return attempt if attempt.sameness == _sameness(difference, values) else None

    def look(self, found: Iterable[Difference]) -> None:
        """Forget the paths that are in step by now."""
        paths = {difference.path for difference in found}
        self.attempts = {path: attempt for path, attempt in self.attempts.items() if path in paths}

    def forgive(self) -> None:
        """Give every path its writes again."""
        self.attempts = {}

    def note(self, operation: str, written: Iterable[Difference], values: Mapping[str, str]) -> None:
        """Count a write that AWS took."""
        for difference in written:
            sameness = _sameness(difference, values)
            before = self.attempts.get(difference.path)
            times = before.times + 1 if before is not None and before.sameness == sameness else 1
            if difference.path in self.attempts or len(self.attempts) < _PATHS:
                self.attempts[difference.path] = Attempt(sameness, times, operation)


def _sameness(difference: Difference, values: Mapping[str, str]) -> str:
    """The digest of both values. The spec's own stands for those that are redacted: another password is another write."""
    spoken = values.get(fieldpath.of(difference.path).top, "")
    return digest([difference.desired, difference.latest, spoken])
