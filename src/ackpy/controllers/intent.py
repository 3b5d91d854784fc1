"""The create intent: the mark, bound to the object's uid, that says a create may have happened or was refused.

Pure. A finalizer alone is no claim: a name that AWS refused to us may be a stranger's by the next look. The mark opens in the
patch that brings the finalizer, before the create call; a definite refusal turns it into REFUSED, an ambiguous end leaves it
open, and the first metadata patch after success takes it away.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from ackpy.controllers import memory
from ackpy.controllers.memory import is_foreign, read_bound, write_bound
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor

ANNOTATION: Final = "ackpy.services.k8s.aws/create-intent"
VERSION: Final = 1
_PLACE: Final = ("account", "region")
SHOWN: Final = "ReadOnly"
"""The reason of the Advisory under which a status shows a resource that is not the object's own."""


class Stage(StrEnum):
    """What is known of the last create attempt."""

    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Intent:
    """The last create attempt of the object `uid`; `nonce` tells attempts apart.

    `account` and `region` are where it was made: the resource is looked for there, whatever annotations say by then.
    """

    uid: str
    stage: Stage
    nonce: str
    account: str = ""
    region: str = ""

    @classmethod
    def of(cls, obj: Object) -> Self | None:
        """The object's intent; None when it has none that counts."""
        held = read_bound(obj, ANNOTATION, VERSION)
        if held is None or held.get("stage") not in set(Stage) or not isinstance(held.get("nonce"), str):
            return None
        where = [str(held.get(name) or "") for name in _PLACE]
        return cls(objects.uid_of(obj), Stage(held["stage"]), held["nonce"], *where)

    def annotation(self) -> str:
        """The annotation's value."""
        where = {name: value for name in _PLACE if (value := getattr(self, name))}
        return write_bound(VERSION, self.uid, stage=self.stage, nonce=self.nonce, **where)

    def withdrawn(self) -> str:
        """The annotation once AWS has refused the attempt: what is found from now on is a stranger's."""
        return replace(self, stage=Stage.REFUSED).annotation()

    @property
    def token(self) -> str:
        """The idempotency token of this attempt: the same for every try of it, 32 hexadecimal digits."""
        return hashlib.sha256(f"{self.uid}/{self.nonce}".encode()).hexdigest()[:32]


class Claim(StrEnum):
    """What an object may do with the AWS resource that it names."""

    NONE = "none"
    """It never tried to create it: what is found is a stranger's."""
    REFUSED = "refused"
    """It tried and AWS said no: what is found is a stranger's."""
    OPEN = "open"
    """It tried and the end is not known: what is found is its own."""
    OWNED = "owned"
    """It created, adopted or took it over."""


def claim(descriptor: Descriptor, obj: Object) -> Claim:
    """What the object's marks say.

    A finalizer without marks is a claim (ACK's objects have none); one beside marks of another object is not, for it came with a
    copied manifest. Without the finalizer an ARN in the status is a claim: a replace of the object takes finalizer and annotations
    away but leaves the status. Not beside a Terminal condition, under which ACK shows the ARN of what it refuses to touch, nor
    where the object is or was read-only.
    """
    if descriptor.finalizer not in objects.finalizers_of(obj):
        replaced = bool(_arn(obj)) and not _holds(obj, "ACK.Terminal") and not is_shown(obj)
        return Claim.OWNED if replaced else Claim.NONE
    intent = Intent.of(obj)
    if intent is None:
        return Claim.NONE if is_copied(obj) and not made(descriptor, obj) else Claim.OWNED
    if intent.stage is Stage.REFUSED:
        return Claim.REFUSED
    return Claim.OWNED if made(descriptor, obj) else Claim.OPEN


def is_shown(obj: Object) -> bool:
    """Whether the status shows a resource that the object does not manage."""
    return any(
        each.get("type") == "ACK.Advisory" and each.get("reason") == SHOWN for each in objects.conditions_of(obj)
    )


def is_copied(obj: Object) -> bool:
    """Whether a mark of ours is bound to another object: it came with a copied manifest, and so did what stands beside it."""
    return any(is_foreign(obj, mark) for mark in (ANNOTATION, memory.ANNOTATION))


def made(descriptor: Descriptor, obj: Object) -> bool:
    """Whether the status shows that a create has once succeeded: an ARN, an identifier that AWS gave, or that all was in step."""
    given = [path for path in descriptor.identifiers if fieldpath.of(path).top in descriptor.status.members]
    status = obj.get("status") or {}
    return bool(_arn(obj)) or any(fieldpath.get(status, path) for path in given) or _holds(obj, "ACK.ResourceSynced")


def _arn(obj: Object) -> str:
    found: str = fieldpath.get(obj.get("status") or {}, "ackResourceMetadata.arn", "")
    return found


def _holds(obj: Object, kind: str) -> bool:
    return (objects.condition_of(obj, kind) or {}).get("status") == "True"
