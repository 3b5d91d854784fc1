"""When a request is sent again: reads that the server put off or never answered, writes that never left. Called by client.

A write that may have arrived is never repeated here: its caller reads the object and decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from ackpy.errors import KubeError, KubeUnreachable
from ackpy.kube.backoff import Backoff
from ackpy.kube.errors import NotSent

_PUT_OFF: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` in all, `backoff` between them; a longer Retry-After than `patience` seconds is not waited for."""

    attempts: int = 4
    backoff: Backoff = field(default=Backoff(initial=0.2, cap=5.0))
    patience: float = 30.0

    def delay(self, failure: Failure, random: Random) -> float | None:
        """Seconds until the request is sent again, or None to give up."""
        if failure.attempt + 1 >= self.attempts or not failure.repeatable:
            return None
        wait = self.backoff.delay(failure.attempt, random)
        if failure.retry_after is None:
            return wait
        return None if failure.retry_after > self.patience else failure.retry_after + wait


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt (from 0) that failed. `status` is 0 and `retry_after` None when no answer came."""

    attempt: int
    read: bool
    error: KubeError
    status: int = 0
    retry_after: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it again can do no harm, and may do good."""
        if isinstance(self.error, NotSent):
            return True
        return self.read and (self.status in _PUT_OFF or isinstance(self.error, KubeUnreachable))


def parse_retry_after(value: str | None) -> float | None:
    """Retry-After in seconds; API servers send no dates, and what is no number counts as absent."""
    try:
        return max(float(value), 0.0) if value else None
    except ValueError:
        return None
