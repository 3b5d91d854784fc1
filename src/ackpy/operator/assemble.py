"""The composition root: checked options -> the controllers of the chosen services, running until told to stop. Called by `ackpy run`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from ackpy import __version__
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions
from ackpy.controllers.controller import controller
from ackpy.controllers.ledger import Ledger
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import SystemClock
from ackpy.kube.config import KubeConfig
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import RunOptions
from ackpy.runtime.manager import Manager, ManagerOptions

COMPONENT = "ackpy"


async def run(
    options: RunOptions, *, ready: Callable[[], None] | None = None, stop: asyncio.Event | None = None
) -> None:
    """Run until `stop` is set, or SIGTERM or SIGINT when None is given; `ready` is called once, when every controller works.

    ConfigError: a setting, a kubeconfig or credentials. KubeError, AwsError: the first words with the cluster or STS failed.
    """
    kinds = descriptors(options.services)
    async with KubeClient(
        KubeConfig.load(options.kubeconfig or None), user_agent=f"{COMPONENT}/{__version__}"
    ) as client:
        manager = Manager(client, _manager_options(options))
        async with Sessions(
            _session_options(options), calls=Calls(manager.metrics.registry), clock=SystemClock()
        ) as sessions:
            account = await sessions.identity(options.reconciler.region)
            ledger = Ledger()
            for kind in kinds:
                controller(kind, options.reconciler, manager, sessions, account, ledger=ledger)
            if ready is not None:
                manager.add_service("announcement", lambda: _announce(manager, ready))
            await manager.run(stop)


async def caller_account(region: str) -> str:
    """The account id of the default credential chain, asked of STS. Raises AwsError."""
    calls = Calls(CollectorRegistry())
    async with Sessions(Options(version=__version__), calls=calls, clock=SystemClock()) as sessions:
        return (await sessions.identity(region)).account


async def _announce(manager: Manager, ready: Callable[[], None]) -> None:
    await manager.wait_started()
    ready()


def _manager_options(options: RunOptions) -> ManagerOptions:
    return ManagerOptions(
        component=COMPONENT,
        namespaces=options.namespaces,
        metrics_address=options.metrics_address,
        health_address=options.health_address,
    )


def _session_options(options: RunOptions) -> Options:
    return Options(
        version=__version__,
        endpoint_url=options.endpoint_url,
        allow_unsafe_endpoints=options.allow_unsafe_endpoint,
    )
