"""What an object managed before: one annotation, bound to its uid, with a short digest per top-level spec path.

Pure. The pass reads it to tell a field taken out from one never set, and to see which paths somebody edited, also while no
controller ran. A path enters before the first AWS write that concerns it and leaves after its reset is confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.delta import Mode, digest
from ackpy.model.descriptor import Descriptor

ANNOTATION: Final = "ackpy.services.k8s.aws/managed"
VERSION: Final = 1
PENDING: Final = ""
"""The digest of a path that is about to be written for the first time."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Top-level spec path -> digest of the value that AWS has confirmed; PENDING while the first write is under way."""

    uid: str
    paths: Mapping[str, str]

    @classmethod
    def of(cls, obj: Object) -> Self | None:
        """The object's memory; None when it has none that counts: absent, unreadable, or copied from another object."""
        held = read_bound(obj, ANNOTATION, VERSION)
        paths = held.get("paths") if held else None
        if not isinstance(paths, dict) or not all(isinstance(each, str) for each in paths.values()):
            return None
        return cls(objects.uid_of(obj), paths)

    def annotation(self) -> str:
        """The annotation's value: the same memory is always the same text."""
        return write_bound(VERSION, self.uid, paths=dict(sorted(self.paths.items())))

    def gaining(self, paths: Collection[str]) -> Memory:
        """With paths that are to be written for the first time."""
        return Memory(self.uid, {**{path: PENDING for path in paths if path not in self.paths}, **self.paths})

    def doubting(self, paths: Collection[str]) -> Memory:
        """With paths that are still to be written for the first time."""
        return Memory(self.uid, {path: PENDING if path in paths else each for path, each in self.paths.items()})

    def after(self, applied: Mapping[str, str], reset: Collection[str]) -> Memory:
        """With the digests of what AWS confirmed, and without the paths whose reset it confirmed."""
        return Memory(self.uid, {path: each for path, each in {**self.paths, **applied}.items() if path not in reset})


def digests(descriptor: Descriptor, spec: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each top-level spec path that is set and that AWS knows; a reference stands for what it fills."""
    return {
        path: digest(value)
        for path, value in spec.items()
        if value is not None and (member := descriptor.spec.members.get(path)) is not None and member.ref is None
    }


def modes(
    descriptor: Descriptor, spec: Mapping[str, Any], memory: Memory | None, *, unconfirmed: bool = False
) -> dict[str, Mode]:
    """How each managed path is compared.

    Without a memory only what the spec says counts, leaf by leaf, and nothing is reset: an object that ACK managed comes over
    without a write. `unconfirmed`: the end of a create is not known, so that what follows a create call is looked at in full, and
    so is what the call carried and has changed since.
    """
    wanted = digests(descriptor, spec)
    known = {} if memory is None else memory.paths
    gone = dict.fromkeys((path for path in known if path not in wanted), Mode.CLEAR)
    if unconfirmed:
        carried = {fieldpath.of(path).top for path in descriptor.aspect("").paths}
        sent = {path for path, each in wanted.items() if path in carried and known.get(path, each) == each}
        return gone | {path: Mode.LEAVES if path in sent else Mode.WHOLE for path in wanted}
    if memory is None:
        return dict.fromkeys(wanted, Mode.LEAVES)
    return gone | {path: Mode.LEAVES if known.get(path) == each else Mode.WHOLE for path, each in wanted.items()}


def read_bound(obj: Object, annotation: str, version: int) -> dict[str, Any] | None:
    """The JSON object in an annotation of ours, if it is of this version and bound to this object's uid."""
    held = _held(obj, annotation)
    return held if held.get("v") == version and held.get("uid") == objects.uid_of(obj) else None


def is_foreign(obj: Object, annotation: str) -> bool:
    """Whether an annotation of ours is bound to another object: it was copied."""
    bound: Any = _held(obj, annotation).get("uid")
    return bound is not None and bool(bound != objects.uid_of(obj))


def _held(obj: Object, annotation: str) -> dict[str, Any]:
    try:
        held = json.loads(objects.annotations_of(obj).get(annotation, "{}"))
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def write_bound(version: int, uid: str, **content: Any) -> str:
    """The text of an annotation of ours, bound to a uid."""
    return json.dumps({"v": version, "uid": uid, **content}, separators=(",", ":"))
