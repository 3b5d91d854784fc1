"""Where an object's AWS resource lives: object, namespace and flags -> a `Scope` for requests, or why it cannot be told. Pure."""

from __future__ import annotations

from ackpy.controllers.blocked import Blocked, Code
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.request import Scope

REGION: str = "services.k8s.aws/region"
DEFAULT_REGION: str = "services.k8s.aws/default-region"


def region(obj: Object, namespace: Object, flag: str, *, made: bool) -> str | Blocked:
    """The region: where the resource was made, else the object's annotation, the namespace's default, the flag.

    An annotation that asks for another region than the one where it was made is refused; a default that changes is not followed.
    """
    held: str = fieldpath.get(obj.get("status") or {}, "ackResourceMetadata.region", "") if made else ""
    asked = objects.annotations_of(obj).get(REGION, "")
    if held and asked and held != asked:
        return Blocked(Code.REGION, {"found": held, "wanted": asked})
    return held or asked or objects.annotations_of(namespace).get(DEFAULT_REGION, "") or flag


def scope(obj: Object, account: str, where: str, partition: str) -> Scope:
    """What requests need to know of account, region and object."""
    return Scope(account, where, partition, objects.annotations_of(obj))
