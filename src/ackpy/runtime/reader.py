"""The object that a pass is about, never older than our own last write of it. Reconcilers get one from `Manager.reader`."""

from __future__ import annotations

import asyncio
from typing import Final

from ackpy.errors import NotFound
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, ObjectKey
from ackpy.runtime.informer import Informer
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.ownwrites import OwnWrites

_PATIENCE: Final = 0.5  # a watch usually tells within milliseconds; past this it is slower than a read


class ObjectReader:
    """Reads one resource: from the cache while that is good enough, from the server when it is not."""

    def __init__(
        self, client: KubeClient, informer: Informer, own_writes: OwnWrites, *, patience: float = _PATIENCE
    ) -> None:
        self._client = client
        self._informer = informer
        self._own_writes = own_writes
        self._patience = patience

    async def read(self, key: ObjectKey) -> Object | None:
        """The object, or None when there is none. It may be shared: do not change it in place.

        While the cache is older than our last write it is given some time to catch up; then, or when it does not know,
        the server is asked. Raises KubeError as `KubeClient.get` does.
        """
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    sequence = self._informer.store.sequence
                    found = self._found(key)
                    if found is Absence.MISSING:
                        return None
                    if found is Absence.UNKNOWN:
                        break
                    if self._own_writes.fresh_enough(found):
                        return found
                    await self._informer.store.changed(sequence)
        except TimeoutError:
            pass  # the watch is late: ask the server
        return await self._ask(key)

    def _found(self, key: ObjectKey) -> Lookup:
        """What the cache knows. An object that its selectors leave out is none of ours, so it counts as gone."""
        scope = self._informer.scope
        return self._informer.store.get(key) if scope.labels or scope.fields else self._informer.lookup(key)

    async def _ask(self, key: ObjectKey) -> Object | None:
        try:
            return await self._client.get(self._informer.resource, key)
        except NotFound:
            return None
