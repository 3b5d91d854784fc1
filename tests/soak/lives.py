"""A process of the controllers: in this one, to be cancelled between two requests, or a child that gets real signals.

    python -m tests.soak.lives '{"kube": ..., "aws": ..., ...}'

Nothing is remembered from one life to the next but what the API server and AWS hold.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, replace

from prometheus_client import CollectorRegistry
from tests.soak.kinds import KINDS, REGION, Kind

from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Identity, Options, Sessions
from ackpy.controllers.controller import controller
from ackpy.controllers.options import ReconcilerOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.credentials import Credential, StaticCredentials
from ackpy.kube.transport import AiohttpTransport, HttpRequest, HttpResponse
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.clock import HastyClock

PACE = 30.0
"""How much faster than the machine's the controllers' clock goes: their first back-off of a second takes 33 ms."""
TIMEOUT = 3.0
"""Seconds of the machine's clock after which the controllers give up a request."""
SETTLE = 4.0
"""Seconds of the machine's clock for which the controllers doubt an absence: far longer than reads lag behind."""
RESYNC = 45.0
TERMINAL_RETRY = 60.0


@dataclass(frozen=True)
class Ground:
    """Where a process works: its two servers, its credentials, its namespace."""

    kube: str
    token: str
    aws: str
    access_key_id: str
    secret_access_key: str
    account: str
    namespace: str

    def text(self) -> str:
        return json.dumps(asdict(self))


class Impatient:
    """The client's transport with shorter time-outs."""

    def __init__(self, config: KubeConfig, timeout: float) -> None:
        self._transport = AiohttpTransport(config)
        self._timeout = timeout

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        return self._transport.send(request if request.total is None else replace(request, total=self._timeout))

    def refused(self) -> bool:
        return self._transport.refused()

    async def close(self) -> None:
        await self._transport.close()


@asynccontextmanager
async def manager_of(ground: Ground, kinds: Sequence[Kind], timeout: float = TIMEOUT) -> AsyncIterator[Manager]:
    """The controllers of these kinds, to be run; a request may take `timeout` seconds."""
    clock = HastyClock(PACE)
    config = KubeConfig(ground.kube, credentials=StaticCredentials(Credential(f"Bearer {ground.token}")))
    aws = Options(
        version="soak",
        endpoint_url=ground.aws,
        allow_unsafe_endpoints=True,
        timeout=timeout,
        keys=Keys(ground.access_key_id, ground.secret_access_key),
    )
    async with (
        KubeClient(config, user_agent="soak", clock=clock, transport=Impatient(config, timeout)) as client,
        Sessions(aws, calls=Calls(CollectorRegistry()), clock=clock) as sessions,
    ):
        manager = Manager(client, ManagerOptions(component="soak", namespaces=(ground.namespace,), shutdown_grace=2.0))
        options = ReconcilerOptions(
            region=REGION,
            concurrency=2,
            resync_seconds=RESYNC,
            terminal_retry_seconds=TERMINAL_RETRY,
            settle_seconds=SETTLE,
        )
        me = Identity(ground.account, "aws", f"arn:aws:iam::{ground.account}:root")
        for kind in kinds:
            controller(kind.descriptor, options, manager, sessions, me)
        yield manager


def passes(manager: Manager) -> int:
    """How many passes have ended."""
    samples = (sample for family in manager.metrics.registry.collect() for sample in family.samples)
    return round(sum(each.value for each in samples if each.name == "controller_runtime_reconcile_total"))


async def main(ground: Ground) -> None:
    """Run until SIGTERM."""
    async with manager_of(ground, KINDS) as manager:
        running = asyncio.create_task(manager.run())
        started = asyncio.create_task(manager.wait_started())
        await asyncio.wait({running, started}, return_when=asyncio.FIRST_COMPLETED)
        print("started", flush=True)
        await running


if __name__ == "__main__":
    asyncio.run(main(Ground(**json.loads(sys.argv[1]))))
