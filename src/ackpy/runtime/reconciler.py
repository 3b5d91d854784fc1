"""The contract between a controller and the code that makes one object as it should be.

A controller calls `reconcile` with the key of an object whose world may have changed; the reconciler reads what it needs,
acts, and says with a Result what happens next. There is no default: forgetting to say it is a type error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Self

from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause


@dataclass(frozen=True, slots=True)
class Request:
    """One pass over one object.

    `causes`    why, merged from all additions since the last pass; see Cause. More may have happened: never rely on
                a cause being absent.
    `priority`  the highest of those additions.
    `attempt`   how many passes before this one failed in a row; 0 after success.
    `uid`       of the object as the cache had it, empty when the cache has none. A key may name another object by now.
    """

    key: ObjectKey
    causes: frozenset[str]
    priority: int
    attempt: int = 0
    uid: str = ""


class Outcome(Enum):
    """What a Result asks for."""

    DONE = "success"
    AFTER = "requeue_after"
    RETRY = "requeue"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Result:
    """What happens next. Made by `done`, `after`, `retry` only."""

    outcome: Outcome
    seconds: float = 0.0
    cause: str = Cause.RESYNC
    priority: int | None = None
    error: Exception | None = None

    @classmethod
    def done(cls) -> Self:
        """Nothing, until something changes or the controller's resync period ends. Forgets the back-off."""
        return cls(Outcome.DONE)

    @classmethod
    def after(cls, seconds: float, *, cause: str = Cause.RESYNC, priority: int | None = None) -> Self:
        """Another pass in `seconds`, or sooner if something changes. Forgets the back-off.

        ValueError when `seconds` is negative or no finite number.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"Result.after({seconds!r}): the seconds must be zero or more")
        return cls(Outcome.AFTER, seconds, cause, priority)

    @classmethod
    def retry(cls, error: Exception | None = None) -> Self:
        """Another pass after a delay that doubles with each retry in a row. An `error` is logged and counted."""
        return cls(Outcome.RETRY if error is None else Outcome.ERROR, cause=Cause.RETRY, error=error)


class Reconciler(Protocol):
    """Makes one object as it should be.

    - At most one pass runs for one object at a time; passes over different objects run concurrently.
    - It must be level-triggered: what a pass does follows from the state of the world, not from the causes.
    - It must be idempotent: it may be called again at any time, and after a crash between any two of its steps.
    - An exception that escapes is logged, counted and retried with back-off, as `Result.retry(error)` is.
    - The object may be gone: that is a pass like any other, which has usually nothing to do.
    - On shutdown a pass has the manager's grace time to end, and is then cancelled at its next `await`.
    """

    async def reconcile(self, request: Request) -> Result:
        """Run one pass and say what happens next."""
        ...
