"""Keys in the order in which to serve them: the highest priority first, within one priority the namespaces in turn.

The work queue keeps here what is due now. One namespace's thousand objects delay another's one by one object, not a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ackpy.kube.objects import ObjectKey


class Ready:
    """Each key once, at the highest priority that it was put in with."""

    def __init__(self) -> None:
        self._priorities: dict[ObjectKey, int] = {}
        self._lanes: dict[int, _Lane] = {}

    def put(self, key: ObjectKey, priority: int) -> None:
        """Put a key in, or move it up; never down."""
        before = self._priorities.get(key)
        if before is not None and before >= priority:
            return
        if before is not None:
            self._leave(key, before)
        self._priorities[key] = priority
        self._lanes.setdefault(priority, _Lane()).put(key)

    def pop(self) -> ObjectKey:
        """Take the next key out. IndexError when there is none."""
        if not self._lanes:
            raise IndexError("nothing is ready")
        priority = max(self._lanes)
        lane = self._lanes[priority]
        key = lane.pop()
        if not lane:
            del self._lanes[priority]
        del self._priorities[key]
        return key

    def depths(self) -> Mapping[int, int]:
        """How many keys wait at each priority."""
        return Counter(self._priorities.values())

    def up_to(self, priority: int) -> Iterator[ObjectKey]:
        """The keys that wait at no more than a priority, in the order in which `pop` would give them."""
        chosen = sorted((each for each in self._lanes if each <= priority), reverse=True)
        return (key for each in chosen for key in self._lanes[each])

    def __len__(self) -> int:
        return len(self._priorities)

    def __contains__(self, key: ObjectKey) -> bool:
        return key in self._priorities

    def __iter__(self) -> Iterator[ObjectKey]:
        return iter(self._priorities)

    def _leave(self, key: ObjectKey, priority: int) -> None:
        lane = self._lanes[priority]
        lane.discard(key)
        if not lane:
            del self._lanes[priority]


class _Lane:
    """The keys of one priority: namespaces in turn, first come first served in each. Dicts serve as ordered sets."""

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[ObjectKey, None]] = {}

    def put(self, key: ObjectKey) -> None:
        self._namespaces.setdefault(key.namespace, {})[key] = None

    def pop(self) -> ObjectKey:
        namespace = next(iter(self._namespaces))
        keys = self._namespaces.pop(namespace)
        key = next(iter(keys))
        del keys[key]
        if keys:
            self._namespaces[namespace] = keys  # to the end of the turn
        return key

    def __iter__(self) -> Iterator[ObjectKey]:
        """In the order of `pop`."""
        turns = [iter(keys) for keys in self._namespaces.values()]
        while turns:
            keys = [(turn, next(turn, None)) for turn in turns]
            yield from (key for _, key in keys if key is not None)
            turns = [turn for turn, key in keys if key is not None]

    def discard(self, key: ObjectKey) -> None:
        keys = self._namespaces[key.namespace]
        del keys[key]
        if not keys:
            del self._namespaces[key.namespace]

    def __bool__(self) -> bool:
        return bool(self._namespaces)
