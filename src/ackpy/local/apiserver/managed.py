"""metadata.managedFields <-> entries, and who owns what after an update; called by `writes` and `apply`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.clock import rfc3339
from ackpy.local.apiserver.fieldset import Comparison, Paths, compare, from_v1, to_v1

if TYPE_CHECKING:
    from datetime import datetime

    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

APPLY, UPDATE = "Apply", "Update"


@dataclass(frozen=True, slots=True)
class Manager:
    """Who wrote: two writes with equal values here share one entry."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def display(self) -> str:
        """As the server's conflicts print it."""
        if self.operation == APPLY:
            return f'"{self.name}"'
        through = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.name}"{through} using {self.api_version}'


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one manager, and when they last changed."""

    manager: Manager
    fields: Paths
    time: str

    def encode(self) -> Json:
        """The entry as it stands in metadata."""
        who = self.manager
        body: Json = {"manager": who.name, "operation": who.operation, "apiVersion": who.api_version, "time": self.time}
        body |= {"fieldsType": "FieldsV1", "fieldsV1": to_v1(self.fields)}
        return body | ({"subresource": who.subresource} if who.subresource else {})


def entries_of(obj: Json) -> list[Entry]:
    """The entries in an object's metadata; ones that are not of FieldsV1 are left out."""
    found = obj.get("metadata", {}).get("managedFields") or ()
    return [_decode(entry) for entry in found if entry.get("fieldsType") == "FieldsV1" and "manager" in entry]


def with_entries(obj: Json, entries: list[Entry]) -> Json:
    """The object with these entries, in the server's order; empty ones are left out."""
    ordered = sorted((e for e in entries if e.fields), key=_order)
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    if ordered:
        metadata["managedFields"] = [entry.encode() for entry in ordered]
    return {**obj, "metadata": metadata}


def after_update(old: Json | None, new: Json, kind: Kind, manager: Manager, now: datetime) -> Json:
    """`new` with the ownership that results when `manager` writes it over `old`."""
    change = compare(old or {}, new, kind.schema, structs=not kind.custom)
    entries = _starting_entries(old, new)
    if change.is_same:
        return with_entries(new, entries)
    mine = next((entry for entry in entries if entry.manager == manager), Entry(manager, frozenset(), ""))
    others = [without(entry, change, now) for entry in entries if entry.manager != manager]
    owned = (mine.fields - change.removed) | change.modified | change.added
    return with_entries(new, [*others, touched(mine, owned, now)])


def without(entry: Entry, change: Comparison, now: datetime) -> Entry:
    """The entry after somebody else's change."""
    return touched(entry, entry.fields - change.modified - change.added - change.removed, now)


def touched(entry: Entry, fields: Paths, now: datetime) -> Entry:
    """The entry with other fields; its time moves only when they differ."""
    return entry if fields == entry.fields else replace(entry, fields=fields, time=rfc3339(now))


def _starting_entries(old: Json | None, new: Json) -> list[Entry]:
    """A client that sends entries means them; one that sends an empty one resets; one that sends none keeps the present ones."""
    sent = new["metadata"].get("managedFields")
    if sent in ([], [{}]) and old is not None:
        return []
    return entries_of(new) or entries_of(old or {})


def _decode(entry: Json) -> Entry:
    who = Manager(entry["manager"], entry["operation"], entry["apiVersion"], entry.get("subresource", ""))
    return Entry(who, from_v1(entry.get("fieldsV1") or {}), entry.get("time") or "")


def _order(entry: Entry) -> tuple[str, ...]:
    who = entry.manager
    return who.operation, entry.time, who.name, who.api_version, who.subresource
