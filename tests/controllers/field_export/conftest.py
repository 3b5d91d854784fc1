"""The controller of FieldExports, running over a world in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.controllers.field_export.exporting import BUCKETS, Exporting, Start

from ackpy.controllers.field_export.controller import field_exports
from ackpy.controllers.options import ReconcilerOptions
from ackpy.kube.resource import Resource
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.clock import FakeClock
from ackpy.testing.memory import MemoryCluster
from ackpy.testing.running import running

SYSTEM = "ack-system"


@pytest.fixture
def start() -> Start:
    @asynccontextmanager
    async def start(
        cluster: MemoryCluster | None = None, *, sources: tuple[Resource, ...] = (BUCKETS,), **options: Any
    ) -> AsyncIterator[Exporting]:
        clock = FakeClock()
        cluster = cluster or MemoryCluster(clock)
        manager = Manager(cluster.client(), ManagerOptions(component="test"))
        field_exports(manager, sources, ReconcilerOptions(region="us-east-1", system_namespace=SYSTEM, **options))
        here = Exporting(cluster, clock, manager)
        cluster.faults.append(here.fault)
        async with running(manager):
            yield here
        cluster.faults.remove(here.fault)

    return start
