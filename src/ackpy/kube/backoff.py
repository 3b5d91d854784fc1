"""How long to wait before trying again: doubling, capped, jittered. Called by the client, watches, work queues and elections."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: before attempt n (from 0) a random part, at least half, of `initial * 2**n`, and of `cap` at most.

    The random half keeps those that failed together from coming back together.
    """

    initial: float = 1.0
    cap: float = 1000.0

    def __post_init__(self) -> None:
        if not 0 < self.initial <= self.cap:
            raise ValueError(f"Backoff(initial={self.initial}, cap={self.cap}): needs 0 < initial <= cap")

    def delay(self, attempt: int, random: Random) -> float:
        """Seconds to wait when `attempt` attempts in a row have failed before this one."""
        doublings = min(attempt, 64)  # far past any cap, and short of a float's end
        return float(min(self.cap, self.initial * 2.0**doublings) * random.uniform(0.5, 1.0))
