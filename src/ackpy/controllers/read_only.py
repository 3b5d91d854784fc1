"""Read-only objects: they show their AWS resource in the status and never change it. Pure; `resource`, `run` and `controller` ask here."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ackpy.controllers import place
from ackpy.controllers.conditions import Advisory, Report
from ackpy.controllers.intent import SHOWN, is_shown
from ackpy.controllers.options import Gates
from ackpy.kube import objects
from ackpy.kube.objects import Object

_NOTE: Final = Advisory(SHOWN, "the AWS resource is shown here and not managed")


def is_read_only(obj: Object, gates: Gates) -> bool:
    """Whether the object only shows its resource: by its annotation, unless the gate is off."""
    return gates.read_only_resources and place.is_read_only(obj)


def noted(report: Report, obj: Object, finalizer: str, gates: Gates) -> Report:
    """The report with the advisory that tells shown from managed.

    It stays when the annotation goes, until the object has a resource of its own: the ARN in the status must not pass for a claim.
    """
    left = is_shown(obj) and finalizer not in objects.finalizers_of(obj)
    return replace(report, advisories=(*report.advisories, _NOTE)) if is_read_only(obj, gates) or left else report
