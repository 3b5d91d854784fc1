"""The composition root: checked options -> the controllers of the chosen services, running until told to stop. Called by `ackpy run`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from ackpy import __version__
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Identity, Options, Sessions
from ackpy.controllers.controller import controller
from ackpy.controllers.ledger import Ledger
from ackpy.controllers.roles import ClusterRoles
from ackpy.controllers.tallies import Tallies
from ackpy.errors import AwsError, StartError
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import SystemClock
from ackpy.kube.config import KubeConfig
from ackpy.operator.elections import elections
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import Aws, RunOptions
from ackpy.operator.selection import selected
from ackpy.operator.shared import add_shared
from ackpy.runtime.leader import Election
from ackpy.runtime.manager import Manager, ManagerOptions

_log = logging.getLogger(__name__)

COMPONENT = "ackpy"


async def run(
    options: RunOptions, *, ready: Callable[[], None] | None = None, stop: asyncio.Event | None = None
) -> None:
    """Run until `stop` is set, or SIGTERM or SIGINT when None is given; `ready` is called once, when every controller works.

    ConfigError: a setting, a kubeconfig or credentials. StartError: AWS does not say who we are. LeadershipLost: another leads.
    """
    for notice in options.notices:
        _log.warning(notice)
    kinds = selected(options, descriptors(options.services, late_initialize=options.late_initialize))
    own, of_services = elections(options.replicas, {kind.service: None for kind, _ in kinds})
    async with KubeClient(
        KubeConfig.load(options.kubeconfig or None), user_agent=f"{COMPONENT}/{__version__}"
    ) as client:
        manager = Manager(client, _manager_options(options, own))
        async with Sessions(
            _session_options(options.aws), calls=Calls(manager.metrics.registry), clock=SystemClock()
        ) as sessions:
            account = await _identity(sessions, options.reconciler.region)
            ledger, roles = Ledger(Tallies(manager.metrics.registry)), ClusterRoles(manager, options.reconciler)
            for kind, settings in kinds:
                election = of_services.get(kind.service)
                controller(kind, settings, manager, sessions, account, ledger=ledger, election=election, roles=roles)
            add_shared(manager, kinds, options, of_services)
            if ready is not None:
                manager.add_service("announcement", lambda: _announce(manager, ready))
            await manager.run(stop)


async def caller_account(region: str) -> str:
    """The account id of the default credential chain, asked of STS. Raises StartError, ConfigError."""
    calls = Calls(CollectorRegistry())
    async with Sessions(Options(version=__version__), calls=calls, clock=SystemClock()) as sessions:
        return (await _identity(sessions, region)).account


async def _identity(sessions: Sessions, region: str) -> Identity:
    """Who we are to AWS, asked at the start: who has no credentials learns it now, and not from every object's conditions."""
    try:
        return await sessions.identity(region)
    except AwsError as error:
        raise StartError(
            f"AWS does not say who we are (STS GetCallerIdentity in {region}): {error}; "
            "check the credentials of this process and its way to AWS"
        ) from error


async def _announce(manager: Manager, ready: Callable[[], None]) -> None:
    await manager.wait_started()
    ready()


def _manager_options(options: RunOptions, election: Election | None) -> ManagerOptions:
    return ManagerOptions(
        component=COMPONENT,
        namespaces=options.namespaces,
        selector=options.selector,
        metrics_address=options.metrics_address,
        health_address=options.health_address,
        election=election,
        shutdown_grace=options.shutdown_grace,
        max_watch_silence=options.max_watch_silence,
    )


def _session_options(aws: Aws) -> Options:
    return Options(
        version=__version__,
        endpoint_url=aws.endpoint_url,
        identity_endpoint_url=aws.identity_endpoint_url,
        allow_unsafe_endpoints=aws.allow_unsafe_endpoints,
        path_style=aws.path_style,
        timeout=aws.timeout,
    )
