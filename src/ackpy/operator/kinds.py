"""Names of services -> compiled kinds: the one place that joins the catalog with the compiler. Called by commands and `assemble`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ackpy.catalog import load, services
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCE, PUBLISHED
from ackpy.model.compiler import compile_service
from ackpy.model.crd import custom_resource_definition
from ackpy.model.descriptor import Descriptor
from ackpy.operator.options import LateInitialize


def descriptors(
    chosen: Sequence[str] = (), *, late_initialize: LateInitialize = LateInitialize.MINIMAL
) -> tuple[Descriptor, ...]:
    """The compiled kinds of the services, in the catalog's order; of all services when none is named.

    ConfigError for a service that the catalog does not hold.
    """
    names = tuple(chosen) or services()
    kinds = tuple(kind for name in names for kind in _compiled(name))
    return tuple(kind.initialising_as_ack() for kind in kinds) if late_initialize is LateInitialize.ACK else kinds


@cache
def _compiled(service: str) -> tuple[Descriptor, ...]:
    """The kinds of one service: they hang on nothing but the catalog and botocore, and reading botocore's model takes a while."""
    return tuple(compile_service(load((service,))))


def custom_resource_definitions(
    chosen: Sequence[str] = (), *, adopted_resource: bool = False
) -> tuple[dict[str, Any], ...]:
    """The CRDs of the services and of the group that all services share, as manifests.

    `adopted_resource` adds that group's kind which ACK has given up and older installations still have.
    """
    shared = (*PUBLISHED, ADOPTED_RESOURCE) if adopted_resource else PUBLISHED
    return (
        *(custom_resource_definition(kind) for kind in descriptors(chosen)),
        *(kind.custom_resource_definition() for kind in shared),
    )
