"""Everything that one process runs: the client, informers, controllers, election, metrics and health."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ackpy.kube.client import KubeClient
from ackpy.kube.clock import Clock
from ackpy.kube.resource import Resource
from ackpy.runtime.controller import Controller
from ackpy.runtime.lookup import ObjectLookup
from ackpy.runtime.ownwrites import OwnWrites
from ackpy.runtime.reconciler import Reconciler


@dataclass(frozen=True, slots=True)
class ManagerOptions:
    """Addresses are `host:port`, `0` for off; no namespaces means all."""

    component: str
    namespaces: tuple[str, ...] = ()
    label_selector: str = ""
    metrics_address: str = "0"
    health_address: str = "0"
    shutdown_grace: float = 20.0


class Manager:
    """Everything that one process runs.

    Hands out what reconcilers are built from: `client`, `informers` (an ObjectLookup), `own_writes`, `events`, `metrics`, `clock`,
    `reader(resource)`, `writer`.
    """

    client: KubeClient
    informers: ObjectLookup
    own_writes: OwnWrites

    def __init__(self, client: KubeClient, options: ManagerOptions, *, clock: Clock | None = None) -> None:
        raise NotImplementedError

    def add_controller(
        self, name: str, resource: Resource, reconciler: Reconciler, *, workers: int = 1, resync: float | None = None
    ) -> Controller:
        """A controller of `resource`, to run with the manager."""
        raise NotImplementedError

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Run until `stop` is set, or SIGTERM or SIGINT when None is given."""
        raise NotImplementedError
