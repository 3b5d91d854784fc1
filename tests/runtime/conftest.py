from __future__ import annotations

import pytest

from ackpy.testing.clock import FakeClock
from ackpy.testing.memory import MemoryCluster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cluster(clock: FakeClock) -> MemoryCluster:
    return MemoryCluster(clock)
