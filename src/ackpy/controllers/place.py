"""In which region an object's AWS resource lives: object, namespace and flag in, a name out. Pure."""

from __future__ import annotations

from typing import Final

from ackpy.controllers.blocked import Blocked, Code
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath

REGION: Final = "services.k8s.aws/region"
DEFAULT_REGION: Final = "services.k8s.aws/default-region"
READ_ONLY: Final = "services.k8s.aws/read-only"
ADOPTION_POLICY: Final = "services.k8s.aws/adoption-policy"
ADOPTED: Final = "services.k8s.aws/adopted"


def is_read_only(obj: Object) -> bool:
    """Whether the object only shows its AWS resource and never changes it."""
    return objects.annotations_of(obj).get(READ_ONLY, "").lower() == "true"


def region(obj: Object, namespace: Object, flag: str, *, made: bool) -> str:
    """The region: where the resource was made, else the object's annotation, the namespace's default, the flag."""
    held: str = fieldpath.get(obj.get("status") or {}, "ackResourceMetadata.region", "") if made else ""
    asked = objects.annotations_of(obj).get(REGION, "")
    return held or asked or objects.annotations_of(namespace).get(DEFAULT_REGION, "") or flag


def moved(obj: Object, where: str) -> Blocked | None:
    """Whether the annotation asks for another region than the one where the resource is. A default that changes is not followed."""
    asked = objects.annotations_of(obj).get(REGION, "")
    return Blocked(Code.REGION, {"found": where, "wanted": asked}) if asked and asked != where else None
