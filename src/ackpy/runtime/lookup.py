"""What a look-up in a cache answers: the object, Missing, or Unknown. Reconcilers take the protocol; SharedInformers is one.

Absence that is not yet known must not be taken for absence that is: a reconciler that deletes because its cache was empty
after a start is a classic disaster.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol, TypeAlias

from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource


class Absence(Enum):
    """Why there is no object to return. Compare with `is`: mypy narrows the answer by it."""

    MISSING = "missing"
    """The cache has seen the whole list, and the object is not in it."""
    UNKNOWN = "unknown"
    """The cache has not seen the whole list yet, or nobody watches this resource."""


Lookup: TypeAlias = Object | Absence
"""An object of the cache (shared: never change it in place), or why there is none."""


class ObjectLookup(Protocol):
    """Anything that knows objects by resource and key, without I/O."""

    def lookup(self, resource: Resource, key: ObjectKey) -> Lookup:
        """The object as last seen, Absence.MISSING or Absence.UNKNOWN."""
        ...
