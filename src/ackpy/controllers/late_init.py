"""Late initialisation: what the user left to AWS and AWS has decided is written into the spec, from the observation in hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor
from ackpy.model.fieldpath import FieldPath


@dataclass(frozen=True, slots=True)
class Filled:
    """The spec with what AWS decided, and the concrete paths for which AWS has no value yet."""

    spec: Mapping[str, Any]
    pending: tuple[str, ...] = ()


def fill(descriptor: Descriptor, spec: Mapping[str, Any], latest: Mapping[str, Any]) -> Filled:
    """The spec filled at the kind's late-initialised paths. A structure that the user left out stays out, as in ACK."""
    pending: list[str] = []
    for definition in descriptor.late_init:
        path = fieldpath.of(definition)
        for parent, _ in list(fieldpath.find(spec, path.parent)):
            at = FieldPath((*parent.segments, path.segments[-1]))
            if fieldpath.get(spec, at) is not None:
                continue
            if (value := fieldpath.get(latest, at)) is None:
                pending.append(str(at))
            else:
                spec = fieldpath.assign(spec, at, value)
    return Filled(spec, tuple(pending))
