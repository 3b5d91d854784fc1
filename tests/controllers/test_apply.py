"""Carrying a plan out: order, independence of failures, and what counts as done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ackpy.controllers.apply import apply
from ackpy.controllers.concurrency import together
from ackpy.controllers.plan import Cause, Plan, Stage, Write
from ackpy.errors import AwsError
from ackpy.model.call import Call
from ackpy.model.delta import Difference
from ackpy.testing.world import api_error


class Scripted:
    """AWS that notes what it is asked and refuses what it is told to."""

    def __init__(self, refused: Mapping[str, Exception] | None = None) -> None:
        self.made: list[str] = []
        self._refused = refused or {}

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.made.append(operation)
        if operation in self._refused:
            raise self._refused[operation]
        return {"of": operation, **params}

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        raise AssertionError(operation, at, params)


def write(operation: str, aspect: str, *after: str, done: Sequence[str] = (), stage: Stage = Stage.REST) -> Write:
    differences = (Difference(f"{aspect}.x", 1, 2, aspect),)
    return Write(Call(operation, {"P": 1}), aspect, stage, differences, Cause.EDIT, after=after, done=tuple(done))


async def test_everything_is_written_in_its_order() -> None:
    aws = Scripted()
    plan = Plan((write("PutB", "b", "a"), write("PutA", "a"), write("Tag", "t", stage=Stage.TAGS)))
    applied = await apply(plan, aws)
    assert aws.made == ["Tag", "PutA", "PutB"]
    assert [each.answer["of"] for each in applied.written] == ["Tag", "PutA", "PutB"]
    assert applied.failed_paths == frozenset()


async def test_a_failure_stops_its_own_aspect_and_what_comes_after_it_and_nothing_else() -> None:
    denied = api_error("PutA1", "AccessDenied", 403)
    aws = Scripted({"PutA1": denied})
    plan = Plan(
        (
            write("PutA1", "a"),
            write("PutA2", "a"),
            write("PutB", "b", "a"),
            write("PutC", "c", "b"),
            write("PutD", "d"),
        )
    )
    applied = await apply(plan, aws)
    assert set(aws.made) == {"PutA1", "PutD"}
    assert [(failure.aspect, failure.error) for failure in applied.failures] == [("a", denied)]
    assert applied.failed_paths == {"a", "b", "c"}
    assert [each.write.operation for each in applied.written] == ["PutD"]


async def test_several_failures_come_back_together() -> None:
    refused = {name: api_error(name, name, 400) for name in ("PutA", "PutB")}
    applied = await apply(Plan((write("PutA", "a"), write("PutB", "b"))), Scripted(refused))
    assert [failure.error for failure in applied.failures] == list(refused.values())


@pytest.mark.parametrize(
    ("done", "code", "failed"),
    [(["Already"], "Already", False), (["Already: it was"], "Already", True), (["Other"], "Already", True)],
)
async def test_a_code_may_mean_that_it_was_so_already(done: list[str], code: str, failed: bool) -> None:
    aws = Scripted({"PutA": api_error("PutA", code, 400, "no, it is not")})
    applied = await apply(Plan((write("PutA", "a", done=done), write("PutA2", "a"))), aws)
    assert bool(applied.failures) is failed
    assert ("PutA2" in aws.made) is not failed


async def test_a_bug_is_no_failure_of_aws_and_is_raised_when_all_have_ended() -> None:
    aws = Scripted({"PutA": ZeroDivisionError()})
    with pytest.raises(ZeroDivisionError):
        await apply(Plan((write("PutA", "a"), write("PutB", "b"))), aws)
    assert aws.made == ["PutA", "PutB"]


async def test_results_keep_their_order() -> None:
    async def give(value: int) -> int:
        return value

    assert await together(give(number) for number in range(5)) == list(range(5))


def test_an_aws_error_is_what_apply_catches() -> None:
    assert isinstance(api_error("PutA", "X", 400), AwsError)
