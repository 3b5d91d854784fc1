from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ackpy.testing.certificates import Authority
from ackpy.testing.scripted import ScriptedServer, scripted_server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def ca_pem(authority: Authority) -> bytes:
    return authority.pem
