"""Makes what a request does repeatable: inside `pinned`, time stands still and moto's identifiers follow from the seed.

The journal keeps both, so that a replayed request gives the same times and identifiers. Used by the cloud for writes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import time_machine
from moto.moto_api._internal import mock_random


@contextmanager
def pinned(moment: float, seed: int) -> Iterator[None]:
    """Run the body at `moment` (seconds since 1970), with random numbers that follow from `seed`.

    Time is stopped for the whole process, so the body must be synchronous and short.
    """
    mock_random.seed(seed)
    state = random.getstate()
    random.seed(seed)  # some of moto's services draw from the module
    try:
        with time_machine.travel(datetime.fromtimestamp(moment, UTC), tick=False):
            yield
    finally:
        random.setstate(state)
