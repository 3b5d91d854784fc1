"""Controllers in the test's own process, between an API server and an AWS that run in others. Used by tests and measurements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions
from ackpy.controllers.controller import controller
from ackpy.controllers.field_export.controller import field_exports
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.shared_kinds import FIELD_EXPORT
from ackpy.errors import AlreadyExists
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import SystemClock
from ackpy.kube.config import KubeConfig
from ackpy.kube.resource import CUSTOM_RESOURCE_DEFINITIONS, Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.model.crd import custom_resource_definition
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.cloud import Call, Cloud
from ackpy.testing.running import running

REGION: Final = "us-east-1"
PATIENCE: Final = 30.0
POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Controlled:
    """Running controllers of one namespace and account, and what is asked of both ends."""

    client: KubeClient
    manager: Manager
    cloud: Cloud
    account: str
    namespace: str

    def calls(self, since: int = 0) -> list[Call]:
        """The AWS calls of the account after a number, less those that only ask who one is."""
        return [call for call in self.cloud.calls(self.account, since) if call.service != "sts"]

    def last_call(self) -> int:
        """The number of the last of them."""
        return max((call.at_seq for call in self.calls()), default=0)


@asynccontextmanager
async def controlling(
    endpoint: Endpoint,
    cloud: Cloud,
    account: str,
    namespace: str,
    kinds: Sequence[Descriptor],
    *,
    exported: Sequence[Resource] = (),
    options: ReconcilerOptions | None = None,
) -> AsyncIterator[Controlled]:
    """Controllers of these kinds, whose CRDs are installed, for as long as the block lasts.

    FieldExports are looked after too where they read objects of `exported`. `options` None are the defaults, in REGION.
    """
    settings = options or ReconcilerOptions(region=REGION)
    async with (
        KubeClient(KubeConfig.load(str(endpoint.kubeconfig)), user_agent="test") as client,
        Sessions(_as_account(cloud, account), calls=Calls(CollectorRegistry()), clock=SystemClock()) as sessions,
    ):
        shared = (FIELD_EXPORT,) if exported else ()
        await _install(
            client, *map(custom_resource_definition, kinds), *(each.custom_resource_definition() for each in shared)
        )
        manager = Manager(client, ManagerOptions(component="test", namespaces=(namespace,)))
        identity = await sessions.identity(REGION)
        for kind in kinds:
            controller(kind, settings, manager, sessions, identity)
        if exported:
            field_exports(manager, exported, settings)
        async with running(manager):
            yield Controlled(client, manager, cloud, account, namespace)


def _as_account(cloud: Cloud, account: str) -> Options:
    keys = cloud.credentials(account)
    return Options(
        version="test",
        endpoint_url=cloud.url,
        allow_unsafe_endpoints=True,
        keys=Keys(keys.access_key_id, keys.secret_access_key),
    )


async def _install(client: KubeClient, *definitions: dict[str, Any]) -> None:
    for definition in definitions:
        with suppress(AlreadyExists):
            await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Return when it holds; TimeoutError when it does not within so many seconds."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  what is waited for is in other processes
            await asyncio.sleep(POLL_SECONDS)
