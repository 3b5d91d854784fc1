"""kubectl's client-side apply annotation, when kubectl turns to server-side apply; called by `apply`.

What kubectl applied before by itself is its own: a conflict about it is none, and the annotation follows what it applies now
(apimachinery, managedfields/internal/lastappliedmanager.go and lastappliedupdater.go). Other managers opt out by their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.fieldset import Paths, compare, fields_of

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

MANAGER = "kubectl"
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
ANNOTATION_PATH = ("f:metadata", "f:annotations", f"f:{ANNOTATION}")


def own_fields(live: Json, kind: Kind) -> Paths:
    """The fields that client-side apply set and that nobody has changed since."""
    try:
        last = orjson.loads(_annotations(live).get(ANNOTATION, ""))
    except orjson.JSONDecodeError:
        return frozenset({ANNOTATION_PATH})  # a broken annotation owns nothing but itself
    if not isinstance(last, dict):
        return frozenset({ANNOTATION_PATH})
    change = compare(last, live, kind.schema, structs=False)
    unchanged = fields_of(last, kind.schema) - change.modified - change.added - change.removed
    return unchanged | {ANNOTATION_PATH}


def follow(obj: Json, live: Json, config: Json, manager: str) -> Json:
    """The object with the annotation brought up to date, if kubectl applies and the annotation was there."""
    if manager != MANAGER or ANNOTATION not in _annotations(live):
        return obj
    text = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    annotations = {**_annotations(obj), ANNOTATION: text}
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def _annotations(obj: Json) -> dict[str, str]:
    found: dict[str, str] = obj.get("metadata", {}).get("annotations") or {}
    return found
