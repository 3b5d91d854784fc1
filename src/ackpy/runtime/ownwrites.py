"""The ledger of what we wrote ourselves: so that our own patch starts no pass, and no pass runs on a copy older than it.

Controllers consult it, ObjectWriter fills it. One ledger serves all kinds: it is kept by uid.
"""

from __future__ import annotations

from dataclasses import dataclass

from ackpy.kube import objects
from ackpy.kube.objects import Object


@dataclass(frozen=True, slots=True)
class _Write:
    resource_version: str
    alone: bool


class OwnWrites:
    """What we last wrote to each object."""

    def __init__(self) -> None:
        self._last: dict[str, _Write] = {}

    def record(self, seen: Object, patch: Object, returned: Object) -> None:
        """Note a merge patch of ours: the object that we patched, what we sent, and what the server answered.

        The write counts as ours alone only if the answer is what our patch makes of `seen`: same generation, or exactly one
        more if we changed the spec; same spec, labels, annotations, finalizers, deletion. Otherwise somebody else's
        change is in the answer too, and has to be looked at.
        """
        expected: Object = objects.apply_merge_patch(seen, patch)
        bump = 0 if objects.same_json(expected.get("spec"), seen.get("spec")) else 1
        alone = objects.generation_of(returned) == objects.generation_of(seen) + bump and _intent(expected) == _intent(
            returned
        )
        self._last[objects.uid_of(returned)] = _Write(objects.version_of(returned), alone)

    def is_own(self, obj: Object) -> bool:
        """Whether this version of the object is our last write, and holds nobody else's change."""
        write = self._last.get(objects.uid_of(obj))
        return write is not None and write.alone and write.resource_version == objects.version_of(obj)

    def fresh_enough(self, cached: Object) -> bool:
        """Whether a cached copy is at least as new as our last write of the object.

        Versions that are decimal numbers are ordered (Kubernetes promises it since 1.35, and always did it); a server that uses
        anything else makes only the very version that we wrote count.
        """
        write = self._last.get(objects.uid_of(cached))
        if write is None:
            return True
        found = objects.version_of(cached)
        if found.isdecimal() and write.resource_version.isdecimal():
            return int(found) >= int(write.resource_version)
        return found == write.resource_version

    def forget(self, uid: str) -> None:
        """Drop what is kept of an object that is gone."""
        self._last.pop(uid, None)

    def __len__(self) -> int:
        return len(self._last)


def _intent(obj: Object) -> tuple[object, ...]:
    """What people, not servers, say in an object."""
    return (
        obj.get("spec") or {},
        objects.labels_of(obj),
        objects.annotations_of(obj),
        objects.finalizers_of(obj),
        objects.is_being_deleted(obj),
    )
