from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.kube.backoff import Backoff


@given(st.integers(0, 10_000), st.integers())
def test_a_delay_is_at_least_half_of_the_doubling_and_never_over_the_cap(attempt: int, seed: int) -> None:
    backoff = Backoff(initial=1.0, cap=1000.0)
    full = 1000.0 if attempt >= 10 else 2.0**attempt
    assert full / 2 <= backoff.delay(attempt, Random(seed)) <= full


def test_two_that_failed_together_come_back_apart() -> None:
    random = Random(1)
    assert len({Backoff().delay(3, random) for _ in range(20)}) == 20


@pytest.mark.parametrize(("initial", "cap"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)])
def test_a_backoff_that_makes_no_sense_is_refused(initial: float, cap: float) -> None:
    with pytest.raises(ValueError, match="0 < initial <= cap"):
        Backoff(initial, cap)
