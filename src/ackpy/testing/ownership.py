"""Server-side apply for the cluster in memory, as far as the entries of `data` go: who applied which, and what goes with its manager.

`memory` calls it. ConfigMaps and Secrets need no more; the embedded API server has the whole of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackpy.kube.objects import Object, metadata


def applied(found: Object, body: Mapping[str, Any], manager: str) -> Object:
    """The object after `manager` has applied `body` with force: its entries are set, those that it alone owned before are gone."""
    wanted: Mapping[str, str] = body.get("data") or {}
    owners = _owners(found)
    mine = owners.pop(manager, frozenset())
    held: dict[str, str] = found.get("data") or {}
    changed = {name for name, value in wanted.items() if held.get(name) != value}
    others = {name: keys - changed for name, keys in owners.items()}
    gone = mine - wanted.keys() - frozenset().union(*others.values())
    kept = {name: value for name, value in held.items() if name not in gone}
    return _with({**found, "data": {**kept, **wanted}}, {**others, manager: frozenset(wanted)})


def updated(found: Object, wanted: Object) -> Object:
    """The object after somebody has written it in another way: what changed is no longer owned by who applied it."""
    before, after = found.get("data") or {}, wanted.get("data") or {}
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return _with(wanted, {name: keys - changed for name, keys in _owners(found).items()})


def _owners(obj: Object) -> dict[str, frozenset[str]]:
    return {
        entry["manager"]: frozenset(name.removeprefix("f:") for name in entry["fieldsV1"]["f:data"])
        for entry in metadata(obj).get("managedFields") or ()
    }


def _with(obj: Object, owners: Mapping[str, frozenset[str]]) -> Object:
    entries = [
        {"manager": name, "operation": "Apply", "fieldsV1": {"f:data": {f"f:{key}": {} for key in sorted(keys)}}}
        for name, keys in owners.items()
        if keys
    ]
    meta = {name: value for name, value in metadata(obj).items() if name != "managedFields"}
    return {**obj, "metadata": {**meta, **({"managedFields": entries} if entries else {})}}
