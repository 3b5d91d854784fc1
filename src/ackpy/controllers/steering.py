"""What an object's annotations, and its namespace's, ask of its passes: now, not at all, or not at some fields. Pure.

The pass reads the `Steering` that comes of them; `leave` carries out what it says of drift.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.conditions import Advisory
from ackpy.controllers.place import mistyped
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor, Node

PAUSED: Final = "ackpy.services.k8s.aws/paused"
RECONCILE_NOW: Final = "ackpy.services.k8s.aws/reconcile-now"
DRIFT_POLICY: Final = "ackpy.services.k8s.aws/drift-policy"
IGNORE_FIELD_DRIFT: Final = "services.k8s.aws/ignore-field-drift"
_SEGMENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TRUTHS: Final = {"": False, "false": False, "true": True}


class DriftPolicy(StrEnum):
    """What is done about a difference that nobody asked for in the manifest."""

    CORRECT = "correct"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Steering:
    """`paused`: no AWS call. `now`: another text than at the last pass asks for one. `ignored`: paths as the annotation lists them."""

    paused: bool = False
    now: str = ""
    drift: DriftPolicy = DriftPolicy.CORRECT
    ignored: tuple[str, ...] = ()

    @classmethod
    def of(cls, obj: Object, namespace: Object, *, ignoring: bool = False) -> Self | Blocked:
        """What the annotations say. A word without a meaning is refused, not guessed. `ignoring`: the gate IgnoreFieldDrift is on."""
        held = objects.annotations_of(obj)
        paused = _TRUTHS.get(held.get(PAUSED, "").lower())
        if paused is None:
            return mistyped(obj, PAUSED, '"true" or "false"')
        drift = _drift(obj, namespace)
        if isinstance(drift, Blocked):
            return drift
        listed = (path.strip() for path in held.get(IGNORE_FIELD_DRIFT, "").split(",")) if ignoring else ()
        ignored = tuple(path for path in listed if path)
        return _malformed(ignored) or cls(paused, held.get(RECONCILE_NOW, ""), drift, ignored)


UNSTEERED: Final = Steering()
"""What an object without such annotations asks for."""


def spec_paths(descriptor: Descriptor, ignored: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Advisory, ...]]:
    """The kind's own spelling of the listed paths, below the spec, and a notice of those that the kind does not have."""
    found = [(path, _spelled(descriptor.spec, path)) for path in ignored]
    unknown = [path for path, spelled in found if spelled is None]
    notice = Advisory(
        "UnknownFieldPath",
        f"the annotation {IGNORE_FIELD_DRIFT} lists what is no field of a {descriptor.kind}, or lies inside a list: "
        f"{', '.join(unknown)}",
    )
    return tuple(spelled for _, spelled in found if spelled is not None), (notice,) if unknown else ()


def _malformed(paths: tuple[str, ...]) -> Blocked | None:
    """Why nothing is done while a listed path is none, in ACK's words."""
    bad = sorted(path for path in paths if not all(map(_SEGMENT.fullmatch, path.split("."))))
    why = (
        f"ignore-field-drift annotation contains malformed paths [{' '.join(bad)}]; "
        "fix the annotation before reconciliation can proceed"
    )
    return Blocked(Code.REFUSED, {"why": why}) if bad else None


def _drift(obj: Object, namespace: Object) -> DriftPolicy | Blocked:
    """The object's policy, else its namespace's, else to correct."""
    for holder in (obj, namespace):
        if found := objects.annotations_of(holder).get(DRIFT_POLICY, ""):
            known = found in set(DriftPolicy)
            return DriftPolicy(found) if known else mistyped(holder, DRIFT_POLICY, '"correct" or "report"')
    return DriftPolicy.CORRECT


def _spelled(spec: Node, path: str) -> str | None:
    """A listed path in the kind's spelling, without `spec`; None where it leads to no field. Segments are compared ignoring case."""
    root, *segments = path.split(".")
    spelled = list(_names(spec, segments))
    return ".".join(spelled) if root.lower() == "spec" and len(spelled) == len(segments) else None


def _names(node: Node, segments: list[str]) -> Iterator[str]:
    for segment in segments:
        name = next((each for each in node.members if each.lower() == segment.lower()), None)
        if name is None:
            return
        yield name
        node = node.members[name].node
