"""Keys of ConfigMaps and Secrets, written and withdrawn by server-side apply. `reconciler` calls it.

Each FieldExport is a field manager of its own, so that the API server keeps the account of who owns which key: what an export applies and
no longer names goes away, unless somebody else has taken the key over; and no record of ours can make us remove
what the export has not written. See design/2026-11-24-field-export.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ackpy.controllers.field_export.export import Target
from ackpy.errors import NotFound
from ackpy.kube.calls import Preconditions, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, metadata, uid_of


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
            fields: Mapping[str, Any] = (entry.get("fieldsV1") or {}).get("f:data") or {}
            keys |= {name.removeprefix("f:") for name in fields if name.startswith("f:")}
    return keys


def _encoded(target: Target, text: str) -> str:
    return base64.b64encode(text.encode()).decode() if target.kind == "secret" else text
