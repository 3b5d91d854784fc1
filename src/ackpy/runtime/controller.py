"""One kind's loop: what is seen of its objects, through a queue, into passes of a reconciler. Made by a Manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource
from ackpy.runtime.causes import Cause

MapFunction = Callable[[Object], Iterable[ObjectKey]]
"""From a changed object of another kind to the keys of the objects to look at."""


class Controller:
    """One kind's loop. `Manager.add_controller` makes it."""

    name: str
    resource: Resource

    def watches(self, resource: Resource, mapping: MapFunction, *, cause: str = Cause.REFERENCE) -> None:
        """Look at `mapping(object)` whenever an object of another resource appears, changes or goes."""
        raise NotImplementedError

    def enqueue(
        self, key: ObjectKey, *, cause: str = Cause.MANUAL, priority: int | None = None, after: float = 0.0
    ) -> None:
        """Ask for a pass."""
        raise NotImplementedError
