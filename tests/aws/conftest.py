"""A scripted AWS, and sessions that call it: no jitter, a clock at rest, a registry of their own."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from botocore.loaders import Loader
from prometheus_client import CollectorRegistry

from ackpy.aws import session
from ackpy.aws.budget import Clock
from ackpy.aws.client import Client
from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions, Target
from ackpy.testing.scripted import ScriptedServer, scripted_server

MODELS = Loader()


@pytest.fixture(autouse=True)
def models_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's files take a tenth of a second a service; all tests of a process read them once."""
    monkeypatch.setattr(session, "Loader", lambda: MODELS)


class NoJitter(random.Random):
    """Pauses before a repeat are of length zero: nothing waits."""

    def random(self) -> float:
        return 0.0


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


@pytest.fixture
def options(server: ScriptedServer) -> Options:
    keys = Keys("AKIAIOSFODNN7EXAMPLE", "sEcReT-oF-tHe-tEsT")
    return Options(version="1.2.3", endpoint_url=server.url, allow_unsafe_endpoints=True, timeout=10.0, keys=keys)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def calls(registry: CollectorRegistry) -> Calls:
    return Calls(registry)


class HurriedClock:
    """Time passes when somebody waits for it, and only then."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return HurriedClock()


@pytest.fixture
async def sessions(options: Options, calls: Calls, clock: Clock) -> AsyncIterator[Sessions]:
    async with Sessions(options, calls=calls, clock=clock, jitter=NoJitter()) as sessions:
        yield sessions


@pytest.fixture
async def s3(sessions: Sessions) -> Client:
    return await sessions.client(Target("s3", "eu-central-1"))


@pytest.fixture
async def ecr(sessions: Sessions) -> Client:
    return await sessions.client(Target("ecr", "eu-central-1"))


@pytest.fixture
async def iam(sessions: Sessions) -> Client:
    return await sessions.client(Target("iam", "eu-central-1"))


@pytest.fixture
async def ec2(sessions: Sessions) -> Client:
    return await sessions.client(Target("ec2", "eu-central-1"))
