"""An object as it is kept <-> in the terms of one served version of its kind; called by `cluster`, `reads` and `watch`.

Versions convert by strategy None: only apiVersion differs. Events are kept once and served by two groups under different names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]


def to_stored(obj: Json, kind: Kind) -> Json:
    """An object as it is kept: in the storage version, under the stored names."""
    renamed = {kind.renames.get(name, name): value for name, value in obj.items()} if kind.renames else obj
    group = kind.group if kind.stored_group is None else kind.stored_group
    version = kind.storage_version or kind.version
    return {**renamed, "apiVersion": f"{group}/{version}" if group else version, "kind": kind.kind}


def from_stored(obj: Json, kind: Kind) -> Json:
    """A kept object in the terms of `kind`."""
    if kind.renames:
        names = {stored: name for name, stored in kind.renames.items()}
        obj = {names.get(name, name): value for name, value in obj.items()}
    return {**obj, "apiVersion": kind.api_version, "kind": kind.kind}
