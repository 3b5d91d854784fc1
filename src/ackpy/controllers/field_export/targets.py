"""Keys of ConfigMaps and Secrets, written and withdrawn by server-side apply. `reconciler` calls it.

Each FieldExport is a field manager of its own, so that the API server keeps the account of who owns which key: what an export applies and
no longer names goes away, unless somebody else has taken the key over; and no record of ours can make us remove
what the export has not written. See design/2026-11-24-field-export.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ackpy.controllers.field_export.export import Target
from ackpy.errors import NotFound
from ackpy.kube.calls import Preconditions, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, metadata, uid_of, version_of

ACKS_MANAGER: Final = "controller"
"""The field manager of ACK's controllers: the API server takes the program's name, and theirs is this."""


def manager_of(export_uid: str) -> str:
    """The field manager in whose name a FieldExport writes."""
    return f"ackpy-field-export-{export_uid}"


class Targets:
    """ConfigMaps and Secrets of a cluster. All raise KubeError."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def read(self, target: Target) -> Object | None:
        """The ConfigMap or Secret; None when there is none."""
        try:
            return await self._client.get(target.resource, target.object)
        except NotFound:
            return None

    async def write(self, target: Target, found: Object, manager: str, text: str) -> Object:
        """Set the key, and take away other keys of this manager. Conflict when `found` is another object by now."""
        return await self._apply(target, found, manager, {target.key: _encoded(target, text)})

    async def withdraw(self, target: Target, manager: str) -> bool:
        """Take away all keys that this manager alone owns; whether there were any of its own."""
        found = await self.read(target)
        if found is None or not _owned(found, manager):
            return False
        await self._apply(target, found, manager, {})
        return True

    async def inherit(self, target: Target, found: Object, manager: str, text: str) -> None:
        """Make the key this manager's, if it holds the text and ACK's controller has written it. Conflict when `found` is out of date."""
        entries = metadata(found).get("managedFields") or []
        moved = _moved(entries, target.key, manager)
        if moved is None or (found.get("data") or {}).get(target.key) != _encoded(target, text):
            return
        patch: list[Object] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": version_of(found)},
            {"op": "replace", "path": "/metadata/managedFields", "value": moved},
        ]
        await self._client.patch(target.resource, target.object, patch, kind="json")

    async def _apply(self, target: Target, found: Object, manager: str, data: Mapping[str, str]) -> Object:
        return await self._client.patch(
            target.resource,
            target.object,
            {
                **target.resource.type_meta,
                "metadata": {"namespace": target.namespace, "name": target.name},
                **({"data": data} if data else {}),
            },
            kind="apply",
            preconditions=Preconditions(uid=uid_of(found)),  # an apply would make the object when it has gone
            options=WriteOptions(field_manager=manager, force=True),
        )


def holds(found: Object, target: Target, manager: str, text: str) -> bool:
    """Whether there is nothing to write: the key has the text, whoever put it there, and no other key is left of this manager."""
    same = (found.get("data") or {}).get(target.key) == _encoded(target, text)
    return same and _owned(found, manager) <= {target.key}


def _owned(found: Object, manager: str) -> set[str]:
    """The keys that a manager has applied."""
    keys: set[str] = set()
    for entry in metadata(found).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply":
            keys |= {name.removeprefix("f:") for name in _fields(entry) if name.startswith("f:")}
    return keys


def _moved(entries: Sequence[Object], key: str, manager: str) -> list[Object] | None:
    """The entries with the key moved from ACK's controller to `manager`; None when the key is not ACK's alone."""
    owners = [each for each in entries if f"f:{key}" in _fields(each)]
    if [(each.get("manager"), each.get("operation")) for each in owners] != [(ACKS_MANAGER, "Update")]:
        return None
    [old] = owners
    rest = {name: value for name, value in _fields(old).items() if name != f"f:{key}"}
    kept = {**old, "fieldsV1": {**old["fieldsV1"], "f:data": rest}}
    mine = {**old, "manager": manager, "operation": "Apply", "fieldsV1": {"f:data": {f"f:{key}": {}}}}
    return [*(kept if each is old else each for each in entries), mine]


def _fields(entry: Object) -> Mapping[str, Any]:
    """The keys of `data` that an entry of managedFields names, with Kubernetes' `f:` before them."""
    fields: Mapping[str, Any] = (entry.get("fieldsV1") or {}).get("f:data") or {}
    return fields


def _encoded(target: Target, text: str) -> str:
    return base64.b64encode(text.encode()).decode() if target.kind == "secret" else text
