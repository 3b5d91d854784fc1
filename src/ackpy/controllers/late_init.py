"""Late initialisation: what the user left to AWS and AWS has decided is written into the spec, from the observation in hand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ackpy.controllers.observe import tops
from ackpy.model import fieldpath
from ackpy.model.descriptor import AspectKind, Descriptor
from ackpy.model.fieldpath import FieldPath


@dataclass(frozen=True, slots=True)
class Filled:
    """The spec with what AWS decided, and the concrete paths for which AWS has no value yet."""

    spec: Mapping[str, Any]
    pending: tuple[str, ...] = ()


def fill(
    descriptor: Descriptor, spec: Mapping[str, Any], latest: Mapping[str, Any], told: Collection[str] = ()
) -> Filled:
    """The spec filled at the kind's late-initialised paths. A structure that the user left out stays out, as in ACK.

    `told` are the top-level paths that were read: a setting with a read of its own that has no value there will not get one.
    """
    pending: list[str] = []
    settings = {each for aspect in descriptor.aspects if aspect.kind is AspectKind.FACET for each in tops(aspect)}
    for definition in descriptor.late_init:
        path = fieldpath.of(definition)
        if not descriptor.applies(path.top, spec, latest):
            continue
        for parent, _ in list(fieldpath.find(spec, path.parent)):
            at = FieldPath((*parent.segments, path.segments[-1]))
            if fieldpath.get(spec, at) is not None:
                continue
            if (value := fieldpath.get(latest, at)) is not None:
                spec = fieldpath.assign(spec, at, value)
            elif at.top not in settings or at.top not in told:
                pending.append(str(at))
    return Filled(spec, tuple(pending))
