"""Whether AWS's "there is none" may be believed: some reads do not see for seconds what has just been created. Pure.

The pass asks before it gives up a claim or lets an object go. A resource that was made, or may have been made, a moment ago is not
taken for gone before the moment is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.intent import Claim
from ackpy.controllers.run import Run
from ackpy.kube import objects
from ackpy.kube.clock import parse_timestamp

DOUBT_POLL_SECONDS: Final = 5.0
"""Between two looks at most, while an absence is doubted."""


def is_doubtful(run: Run, now: datetime) -> bool:
    """Whether the object's resource may be there although a read says that it is not."""
    if run.claim not in {Claim.OPEN, Claim.OWNED}:
        return False
    window = timedelta(seconds=run.options.settle_seconds)
    return any(now - moment < window for moment in _creations(run))


def is_anothers(run: Run, now: datetime) -> bool:
    """Whether a moment ago somebody else had what the object names, by its conditions' word.

    A create that a process sends for the word of a read that lags behind, and after which it dies, leaves the next one to believe that
    what is there is its own.
    """
    terminal = objects.condition_of(run.obj, "ACK.Terminal") or {}
    said = terminal.get("status") == "True" and terminal.get("message") == Blocked(Code.EXISTS).text
    window = timedelta(seconds=run.options.settle_seconds)
    return said and any(now - moment < window for moment in _last_synced(run))


def unsettled(run: Run, now: datetime) -> frozenset[str]:
    """The top-level paths that were written a moment ago: that AWS does not have them may be said by a read that lags behind."""
    window = timedelta(seconds=run.options.settle_seconds)
    return frozenset(path for path, moment in run.trace.written.items() if now - moment < window)


def _creations(run: Run) -> Iterator[datetime]:
    """When the resource may have been made: by this process, by the conditions' word, or, where no mark says when, just before it began."""
    if run.trace.created is not None:
        yield run.trace.created
    if run.claim is Claim.OPEN and run.trace.began is not None:
        yield run.trace.began
    if run.claim is Claim.OWNED:
        yield from _last_synced(run)


def _last_synced(run: Run) -> Iterator[datetime]:
    """When ResourceSynced was last told."""
    synced = objects.condition_of(run.obj, "ACK.ResourceSynced") or {}
    if synced.get("lastTransitionTime"):
        yield parse_timestamp(synced["lastTransitionTime"])
