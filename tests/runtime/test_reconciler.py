from __future__ import annotations

import pytest

from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome, Result


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="must be zero or more"):
        Result.after(seconds)


def test_what_each_result_asks_for() -> None:
    error = ValueError("x")
    assert Result.done().outcome is Outcome.DONE
    assert (Result.after(5).outcome, Result.after(5).seconds, Result.after(5).cause) == (Outcome.AFTER, 5, Cause.RESYNC)
    assert Result.after(1, cause=Cause.VERIFY, priority=3).priority == 3
    assert (Result.retry().outcome, Result.retry().error) == (Outcome.RETRY, None)
    assert (Result.retry(error).outcome, Result.retry(error).error) == (Outcome.ERROR, error)
