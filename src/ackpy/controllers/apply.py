"""Carries a plan out: its writes in AWS, round by round, side by side where nothing says otherwise.

A write that fails stops those of its own aspect and those that must come after it, and no other. What was refused comes back as
values, all of it, beside what succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ackpy.aws import classify
from ackpy.controllers.concurrency import together
from ackpy.controllers.observe import Failure
from ackpy.controllers.plan import Plan, Write
from ackpy.controllers.world import Calls
from ackpy.errors import AwsError


@dataclass(frozen=True, slots=True)
class Written:
    """A write that AWS took, and its answer."""

    write: Write
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan: the writes that AWS took, the errors, and the writes not made because of them."""

    written: tuple[Written, ...] = ()
    failures: tuple[Failure, ...] = ()
    unwritten: tuple[Write, ...] = ()

    @property
    def failed_paths(self) -> frozenset[str]:
        """The top-level spec paths that are not in step with AWS for sure."""
        return frozenset().union(*(write.paths for write in self.unwritten))


async def apply(plan: Plan, calls: Calls) -> Applied:
    """Make the plan's writes. AWS's errors are in the result; anything else that is raised is a bug, or the end of the process."""
    written: list[Written] = []
    failures: list[Failure] = []
    unwritten: list[Write] = []
    for wave in plan.waves():
        failed = {failure.aspect for failure in failures} | {write.aspect for write in unwritten}
        ready = [group for group in wave if not failed & {group[0].aspect, *group[0].after}]
        unwritten += [write for group in wave if group not in ready for write in group]
        for done in await together(_group(group, calls) for group in ready):
            written += done.written
            failures += done.failures
            unwritten += done.unwritten
    return Applied(tuple(written), tuple(failures), tuple(unwritten))


async def _group(group: Sequence[Write], calls: Calls) -> Applied:
    """The writes of one aspect, in order, up to the first that fails."""
    written: list[Written] = []
    for position, write in enumerate(group):
        try:
            written.append(Written(write, await calls.call(write.operation, **write.call.plain())))
        except AwsError as error:
            if any(classify.matches(error, text) for text in write.done):
                written.append(Written(write, {}))
                continue
            return Applied(tuple(written), (Failure(write.aspect, error),), tuple(group[position:]))
    return Applied(tuple(written))
