"""Changes of an object as the smallest merge patch, noted in the ledger of our own writes. Reconcilers use `Manager.writer`."""

from __future__ import annotations

from ackpy.kube.calls import Preconditions, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, key_of, merge_patch, uid_of, version_of
from ackpy.kube.resource import Resource
from ackpy.runtime.ownwrites import OwnWrites


class ObjectWriter:
    """Writes objects; one serves all kinds."""

    def __init__(self, client: KubeClient, own_writes: OwnWrites, *, field_manager: str) -> None:
        self._client = client
        self._own_writes = own_writes
        self._options = WriteOptions(field_manager=field_manager)

    async def patch(self, resource: Resource, seen: Object, desired: Object, *, locked: bool = False) -> Object:
        """Change `seen` into `desired`, all but its status; returns it as stored, or `seen` itself when nothing differs.

        Conflict when the object is another one of the same name by now, or, if `locked`, when anybody has written since.
        A list is replaced whole, so a patch of one (finalizers!) wants to be locked.
        """
        patch = merge_patch(_without_status(seen), _without_status(desired))
        return seen if patch is None else await self.send(resource, seen, patch, locked=locked)

    async def patch_status(self, resource: Resource, seen: Object, desired: Object, *, locked: bool = False) -> Object:
        """Change the status of `seen` into that of `desired`, through the status subresource; otherwise as `patch`."""
        patch = merge_patch({"status": seen.get("status") or {}}, {"status": desired.get("status") or {}})
        return seen if patch is None else await self.send(resource, seen, patch, subresource="status", locked=locked)

    async def send(
        self, resource: Resource, seen: Object, patch: Object, *, subresource: str = "", locked: bool = False
    ) -> Object:
        """Send a merge patch that was computed elsewhere, such as one of `ackpy.runtime.finalizers`."""
        returned = await self._client.patch(
            resource,
            key_of(seen),
            patch,
            subresource=subresource,
            preconditions=Preconditions(uid_of(seen), version_of(seen) if locked else ""),
            options=self._options,
        )
        self._own_writes.record(seen, patch, returned)
        return returned


def _without_status(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name != "status"}
