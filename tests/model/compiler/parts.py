"""Parts of a compiled kind that tests look at: the properties of its schema, the bindings of an operation."""

from typing import Any

from ackpy.model.crd import custom_resource_definition
from ackpy.model.descriptor import Binding, Descriptor, Operation


def properties(descriptor: Descriptor, side: str) -> dict[str, Any]:
    crd = custom_resource_definition(descriptor, descriptions=False)
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][side]["properties"]
    return found


def binding(operation: Operation | None, member: str) -> Binding | None:
    assert operation is not None
    return next((each for each in operation.bindings if each.member == member), None)
