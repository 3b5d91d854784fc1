"""Which AWS resource an object names: one value that serves duplicates, batches, adoption and indexes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ackpy.controllers.adoption import addressed
from ackpy.controllers.intent import Claim, claim
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """One AWS resource. `scope` is the region, or "global"; `values` follow the kind's identifiers, a parent's included."""

    service: str
    kind: str
    account: str
    scope: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {'/'.join(self.values)}"


def identifiers(descriptor: Descriptor, obj: Object) -> tuple[str, ...] | None:
    """The values of the kind's identifiers, from spec, status or what is to be adopted; None while one is missing."""
    obj = addressed(descriptor, obj)
    found = tuple(_value(descriptor, obj, path) for path in descriptor.identifiers)
    if not found or any(value is None for value in found):
        return None
    return tuple(str(value) for value in found)


def identity(descriptor: Descriptor, obj: Object, account: str, region: str) -> Identity | None:
    """The AWS resource that the object names; None while an identifier is missing."""
    values = identifiers(descriptor, obj)
    if values is None:
        return None
    scope = "global" if descriptor.definition.scope == "global" else region
    return Identity(descriptor.service, descriptor.kind, account, scope, values)


def is_given(descriptor: Descriptor) -> bool:
    """Whether AWS chooses what names a resource of the kind: an identifier in the status, or an ARN alone."""
    return not descriptor.identifiers or any(
        fieldpath.of(path).top in descriptor.status.members for path in descriptor.identifiers
    )


def owner(descriptor: Descriptor, contenders: Iterable[Object]) -> Object:
    """Which of several objects that name one resource may act: one that has claimed it, else the oldest."""
    return min(contenders, key=lambda obj: _seniority(descriptor, obj))


def _seniority(descriptor: Descriptor, obj: Object) -> tuple[bool, str, str]:
    unclaimed = claim(descriptor, obj) in {Claim.NONE, Claim.REFUSED}
    return unclaimed, objects.metadata(obj).get("creationTimestamp") or "", objects.uid_of(obj)


def _value(descriptor: Descriptor, obj: Object, path: str) -> Any:
    side = "status" if fieldpath.of(path).top in descriptor.status.members else "spec"
    return fieldpath.get(obj.get(side) or {}, path)
