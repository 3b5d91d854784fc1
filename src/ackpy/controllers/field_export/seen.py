"""What the keys of FieldExports were last seen to hold, so that a target is read again only when somebody else has written to it.

Many exports go to one ConfigMap: whoever has read or written it looks for all of them. In memory only: losing it costs a read.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from ackpy.controllers.field_export.export import Target
from ackpy.controllers.field_export.targets import holds, manager_of
from ackpy.kube.objects import Object, ObjectKey, version_of

Place: TypeAlias = tuple[str, ObjectKey]


@dataclass(frozen=True, slots=True)
class Kept:
    """The text that a key held at a version of its object; `mended` is when it was last set back, None when never."""

    target: Target
    text: str = field(repr=False)
    version: str
    mended: datetime | None


class Seen:
    """By the uid of the FieldExport."""

    def __init__(self) -> None:
        self._kept: dict[Place, dict[str, Kept]] = defaultdict(dict)
        self._places: dict[str, Place] = {}

    def get(self, uid: str, target: Target, text: str) -> Kept | None:
        """What is known of this FieldExport, if it is about this key and text."""
        kept = self._kept[self._places[uid]][uid] if uid in self._places else None
        return kept if kept is not None and (kept.target, kept.text) == (target, text) else None

    def keep(self, uid: str, kept: Kept) -> None:
        """Remember that the key of a FieldExport holds what it should."""
        self.forget(uid)
        place = (kept.target.kind, kept.target.object)
        self._places[uid] = place
        self._kept[place][uid] = kept

    def look(self, found: Object, target: Target) -> None:
        """Look through a target in hand for all keys that hold what they should."""
        held = self._kept.get((target.kind, target.object), {})
        for uid, kept in held.items():
            if holds(found, kept.target, manager_of(uid), kept.text):
                held[uid] = replace(kept, version=version_of(found))

    def forget(self, uid: str) -> None:
        """Drop what is known of a FieldExport."""
        place = self._places.pop(uid, None)
        if place is not None:
            del self._kept[place][uid]
            if not self._kept[place]:
                del self._kept[place]
