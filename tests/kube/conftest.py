from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ackpy.testing.certificates import Authority
from ackpy.testing.clock import FakeClock
from ackpy.testing.memory import MemoryCluster
from ackpy.testing.scripted import ScriptedServer, scripted_server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cluster(clock: FakeClock) -> MemoryCluster:
    return MemoryCluster(clock)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def ca_pem(authority: Authority) -> bytes:
    return authority.pem
