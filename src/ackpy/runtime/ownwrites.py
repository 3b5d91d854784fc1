"""The ledger of what we wrote ourselves: so that a pass's own patch starts no pass, and none runs on a copy older than it.

ObjectWriter fills it; controllers and ObjectReader consult it. One ledger serves all kinds: it is kept by uid. What one controller
writes is foreign to another: each is the author of what is written in its passes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from ackpy.kube import objects
from ackpy.kube.objects import Object

_KEPT: Final = 8  # versions of one object; a pass makes two


# Context-local, so that tasks which a pass starts write in its name, and passes that run at the same time do not mix.
_author: ContextVar[str] = ContextVar("author of writes", default="")


@contextmanager
def authored_by(name: str) -> Iterator[None]:
    """Writes made in this context, and in tasks started in it, are this author's. A Controller puts it around its passes."""
    token = _author.set(name)
    try:
        yield
    finally:
        _author.reset(token)


@dataclass(slots=True)
class _Writes:
    last: str = ""
    alone: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_KEPT))


class OwnWrites:
    """The resourceVersions that our last writes of each object made."""

    def __init__(self) -> None:
        self._writes: dict[str, _Writes] = {}

    def record(self, seen: Object, patch: Object, returned: Object) -> None:
        """Note a merge patch of ours: the object that we patched, what we sent, and what the server answered.

        The write counts as ours alone only if the answer is what our patch makes of `seen`: same generation, or exactly one
        more if we changed the spec; same spec, labels, annotations, finalizers, deletion. Otherwise somebody else's
        change is in the answer too, and has to be looked at.
        """
        writes = self._writes.setdefault(objects.uid_of(returned), _Writes())
        writes.last = objects.version_of(returned)
        if _is_alone(seen, objects.apply_merge_patch(seen, patch), returned):
            writes.alone.append((_author.get(), writes.last))

    def is_own(self, obj: Object, author: str) -> bool:
        """Whether this version of the object is a write of this author that holds nobody else's change."""
        writes = self._writes.get(objects.uid_of(obj))
        return writes is not None and (author, objects.version_of(obj)) in writes.alone

    def fresh_enough(self, cached: Object) -> bool:
        """Whether a cached copy is at least as new as our last write of the object.

        Versions that are decimal numbers are ordered: Kubernetes promises it since 1.35, and has always done so. Of a server
        that uses anything else, only the very version that we wrote counts.
        """
        writes = self._writes.get(objects.uid_of(cached))
        if writes is None:
            return True
        found = objects.version_of(cached)
        if found.isdecimal() and writes.last.isdecimal():
            return int(found) >= int(writes.last)
        return found == writes.last

    def forget(self, uid: str) -> None:
        """Drop what is kept of an object that is gone."""
        self._writes.pop(uid, None)

    def __len__(self) -> int:
        return len(self._writes)


def _is_alone(seen: Object, expected: Object, returned: Object) -> bool:
    bump = 0 if objects.same_json(expected.get("spec"), seen.get("spec")) else 1
    if objects.generation_of(returned) != objects.generation_of(seen) + bump:
        return False
    return _intent(expected) == _intent(returned)


def _intent(obj: Object) -> tuple[object, ...]:
    """What people, not servers, say in an object."""
    return (
        obj.get("spec") or {},
        objects.labels_of(obj),
        objects.annotations_of(obj),
        objects.finalizers_of(obj),
        objects.is_being_deleted(obj),
    )
