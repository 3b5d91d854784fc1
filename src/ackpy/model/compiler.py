"""Definitions and AWS's shapes to descriptors. `operator`, the command line and tests call it; nothing is generated or kept on disk.

A service is compiled as a whole, because what one kind says of a nested field (a secret, a reference, immutability) holds for the
shape, hence for every kind that uses it. The order is the pipeline's: shapes loaded and cut, operations found, spec and status
split, nested fields laid over the shapes, types built, then aspects, rules and columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from ackpy.errors import DefinitionError
from ackpy.model.definition import Resource
from ackpy.model.descriptor import Descriptor
from ackpy.model.shapes import load_model


def compile_service(resources: Sequence[Resource]) -> tuple[Descriptor, ...]:
    """The descriptors of one or more services' kinds, in the order given.

    DefinitionError, naming kind, path and the nearest names, where a definition says what the model does not hold.
    """
    services = {resource.service: resource.model or resource.service for resource in resources}
    models = {service: load_model(model) for service, model in services.items()}
    raise DefinitionError(f"the compiler is being written: {sorted(models)}")


def compile_resource(resource: Resource) -> Descriptor:
    """The descriptor of one kind, compiled as if it were its service's only one."""
    return compile_service([resource])[0]
