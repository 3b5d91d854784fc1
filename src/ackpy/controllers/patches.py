"""What a pass writes to its object, as merge patches of our own parts only; None where there is nothing to write. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ackpy.controllers import conditions, intent, memory
from ackpy.controllers.intent import Intent
from ackpy.controllers.memory import Memory
from ackpy.controllers.observe import Observation
from ackpy.controllers.place import ADOPTED
from ackpy.controllers.run import Ending, overlaid
from ackpy.kube import objects
from ackpy.kube.objects import Object, merge_patch
from ackpy.model.request import Scope


def claiming(obj: Object, finalizer: str, remembered: Memory | None, intended: Intent | None = None) -> Object | None:
    """The patch before the first AWS write: the finalizer, what is about to be managed, and the intent of a create."""
    marks = {memory.ANNOTATION: remembered.annotation()} if remembered else {}
    if intended is not None:
        marks[intent.ANNOTATION] = intended.annotation()
    patch: Object = _annotating(obj, marks)
    held = objects.finalizers_of(obj)
    if finalizer not in held:
        patch["finalizers"] = [*held, finalizer]
    return {"metadata": patch} if patch else None


def adopting(obj: Object, finalizer: str, held: Memory, intended: Intent | None, spec: Mapping[str, Any]) -> Object:
    """The one patch that adopts: the finalizer, ACK's mark and ours, and the spec as it is from now on."""
    patch = (claiming(obj, finalizer, held, intended) or {}).get("metadata", {})
    marks = {ADOPTED: "true", **({} if intended else {intent.ANNOTATION: None})}
    annotations = {**patch.get("annotations", {}), **_annotating(obj, marks).get("annotations", {})}
    filled = merge_patch(obj.get("spec") or {}, spec)
    return {"metadata": {**patch, "annotations": annotations}, **({"spec": filled} if filled else {})}


def ending(obj: Object, end: Ending) -> Object | None:
    """The patch of metadata and spec after the AWS writes. An intent that has served goes along with any other change."""
    marks: dict[str, str | None] = {memory.ANNOTATION: end.memory.annotation()} if end.memory else {}
    if end.intent:
        marks[intent.ANNOTATION] = end.intent
    patch: Object = {"metadata": changed} if (changed := _annotating(obj, marks)) else {}
    if end.spec is not None and (filled := merge_patch(obj.get("spec") or {}, end.spec)):
        patch["spec"] = filled
    if patch and end.intent == "" and intent.ANNOTATION in objects.annotations_of(obj):
        patch.setdefault("metadata", {}).setdefault("annotations", {})[intent.ANNOTATION] = None
    return patch or None


def releasing(obj: Object, finalizer: str) -> Object | None:
    """The patch that lets the object go: our finalizer and marks leave."""
    held = objects.finalizers_of(obj)
    if finalizer not in held:
        return None
    marks = dict.fromkeys((memory.ANNOTATION, intent.ANNOTATION))
    return {"metadata": {"finalizers": [each for each in held if each != finalizer], **_annotating(obj, marks)}}


def status(obj: Object, end: Ending, scope: Scope, now: datetime, *, edited: bool) -> Object | None:
    """The patch of the status. `edited`: the pass answers a new generation."""
    before: Mapping[str, Any] = obj.get("status") or {}
    after = overlaid(before, end.latest) if end.latest else dict(before)
    after["ackResourceMetadata"] = resource_metadata(before.get("ackResourceMetadata") or {}, end.latest, scope)
    after["conditions"] = conditions.render(end.report, objects.conditions_of(obj), now, fresh=edited or end.edited)
    patch = merge_patch(before, after)
    return {"status": patch} if patch else None


def resource_metadata(before: Mapping[str, str], latest: Observation | None, scope: Scope) -> dict[str, str]:
    """status.ackResourceMetadata: sticky once the resource was made, the place where it would be made until then."""
    made = {"arn": latest.arn} if latest is not None and latest.arn else {}
    owner = {"ownerAccountID": latest.account} if latest is not None and latest.account else {}
    where = {"ownerAccountID": scope.account, "region": scope.region, "partition": scope.partition}
    return {**where, **owner, **before, **made} if before.get("arn") else {**before, **where, **owner, **made}


def _annotating(obj: Object, marks: Mapping[str, str | None]) -> Object:
    """The part of a metadata patch that sets the annotations which differ."""
    held = objects.annotations_of(obj)
    changed = {name: value for name, value in marks.items() if held.get(name) != value}
    return {"annotations": changed} if changed else {}
