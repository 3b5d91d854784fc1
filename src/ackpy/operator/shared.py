"""The kinds that run -> the controllers of the group that all services share. Called by `assemble`.

ACK's process of a service looks after the shared kinds where they are about that service. So here: what acts under one Lease has
one controller of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ackpy.controllers import adopted_resource
from ackpy.controllers.adopted_resource import adopted_resources
from ackpy.controllers.field_export import controller as field_export
from ackpy.controllers.field_export.controller import field_exports
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.references import resource_of
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCES
from ackpy.errors import KubeError, NotFound
from ackpy.kube.client import KubeClient
from ackpy.kube.config import pod_namespace
from ackpy.kube.resource import Resource
from ackpy.model.descriptor import Descriptor
from ackpy.operator.options import RunOptions
from ackpy.runtime.leader import Election
from ackpy.runtime.manager import Manager

LOOK_SECONDS: Final = 300.0
"""How often to ask for a kind that ACK has given up: who installs it now restores an old cluster."""
RETRY_SECONDS: Final = 10.0


def add_shared(
    manager: Manager,
    kinds: Sequence[tuple[Descriptor, ReconcilerOptions]],
    options: RunOptions,
    elections: Mapping[str, Election],
) -> None:
    """Add what the options ask for. `elections` are those of services by name; the others act under the manager's own."""
    together: dict[str, list[Descriptor]] = {}
    for kind, _ in kinds:
        together.setdefault(kind.service if kind.service in elections else "", []).append(kind)
    for service, group in together.items() if options.field_export else ():
        sources, protected = [resource_of(kind) for kind in group], {pod_namespace()} - {""}
        name, election = _named(field_export.NAME, service), elections.get(service)
        field_exports(manager, sources, options.reconciler, protected=protected, name=name, election=election)
    _add_adopted_resources(manager, together, options, elections)


def _add_adopted_resources(
    manager: Manager,
    together: Mapping[str, Sequence[Descriptor]],
    options: RunOptions,
    elections: Mapping[str, Election],
) -> None:
    """Now or when the kind is installed: hardly any cluster has it, and the controller need not be allowed to list it."""

    async def when_served() -> None:
        await _served(manager.client, ADOPTED_RESOURCES)
        for service, group in together.items():
            name, election = _named(adopted_resource.NAME, service), elections.get(service)
            adopted_resources(manager, group, options.reconciler, name=name, election=election)

    manager.add_service("look-out for AdoptedResource", when_served)


def _named(name: str, service: str) -> str:
    return f"{name}-{service}" if service else name


async def _served(client: KubeClient, resource: Resource) -> None:
    """Return when the API server has a kind that most have not, so that it is not worth being watched for."""
    while True:
        try:
            await client.resource_for(resource.api_version, resource.kind)
        except NotFound:
            rest = LOOK_SECONDS
        except KubeError:  # it does not answer yet; the informers say so
            rest = RETRY_SECONDS
        else:
            return
        await client.clock.sleep(rest)
