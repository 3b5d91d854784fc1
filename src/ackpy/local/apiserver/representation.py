"""Objects and an Accept header -> the form that the client wants: whole, metadata only, or a Table; called by `app`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.jsonpath import find, parse
from ackpy.local.apiserver.status import not_acceptable

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Column, Kind
    from ackpy.local.apiserver.reads import Page
    from ackpy.local.apiserver.watch import Event

Json = dict[str, Any]

JSON = "application/json"
PARTIAL, PARTIAL_LIST, TABLE = "PartialObjectMetadata", "PartialObjectMetadataList", "Table"
NAME_COLUMN = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name must be unique within a namespace.",
    "priority": 0,
}


@dataclass(frozen=True, slots=True)
class Form:
    """How to show objects: `shape` is empty for whole ones; `include` says what a Table's rows carry."""

    shape: str = ""
    include: str = "Metadata"

    def media_type(self) -> str:
        """The Content-Type of an answer in this form."""
        return f"{JSON};as={self.shape};g=meta.k8s.io;v=v1" if self.shape else JSON


def form_of(accept: str, include: str) -> Form:
    """The first form in an Accept header that this server speaks; raises 406 when there is none."""
    for part in (accept or "*/*").split(","):
        media, *rest = (piece.strip() for piece in part.split(";"))
        parameters = dict(piece.split("=", 1) for piece in rest if "=" in piece)
        if media not in (JSON, "*/*", "application/*"):
            continue
        shape = parameters.get("as", "")
        if not shape:
            return Form()
        if (
            parameters.get("v") == "v1"
            and parameters.get("g") == "meta.k8s.io"
            and shape in (PARTIAL, PARTIAL_LIST, TABLE)
        ):
            return Form(TABLE if shape == TABLE else PARTIAL, include or "Metadata")
    raise not_acceptable()


def show_object(obj: Json, kind: Kind, form: Form, now: datetime) -> Json:
    """One object in a form."""
    if form.shape == TABLE:
        return _table([obj], kind, form, now, {"resourceVersion": obj["metadata"].get("resourceVersion", "")})
    return _partial(obj) if form.shape == PARTIAL else obj


def show_page(page: Page, kind: Kind, form: Form, now: datetime) -> Json:
    """A list in a form."""
    if form.shape == TABLE:
        return _table(page.items, kind, form, now, page.metadata)
    if form.shape == PARTIAL:
        items = [_partial(item) for item in page.items]
        return {"kind": PARTIAL_LIST, "apiVersion": "meta.k8s.io/v1", "metadata": page.metadata, "items": items}
    return {"kind": kind.list_name, "apiVersion": kind.api_version, "metadata": page.metadata, "items": page.items}


def show_event(event: Event, kind: Kind, form: Form, now: datetime) -> Json:
    """A watch event, its object in a form; errors are shown as they are."""
    if event.type == "ERROR":
        return {"type": event.type, "object": event.obj}
    if event.type == "BOOKMARK" and form.shape == TABLE:
        table = _table([], kind, form, now, {"resourceVersion": event.obj["metadata"]["resourceVersion"]})
        row = {"cells": [], "object": _partial(event.obj)}
        return {"type": event.type, "object": {**table, "rows": [row]}}
    return {"type": event.type, "object": show_object(event.obj, kind, form, now)}


def _partial(obj: Json) -> Json:
    return {"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _table(items: list[Json], kind: Kind, form: Form, now: datetime, metadata: Json) -> Json:
    named = not any(column.name == "Name" for column in kind.columns)
    columns = [_definition(column) for column in kind.columns]
    return {
        "kind": TABLE,
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [NAME_COLUMN, *columns] if named else columns,
        "rows": [_row(item, kind, form, now, named=named) for item in items],
    }


def _definition(column: Column) -> Json:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _row(obj: Json, kind: Kind, form: Form, now: datetime, *, named: bool) -> Json:
    cells = [_RENDERERS[column.render](column, obj, now) for column in kind.columns]
    row: Json = {"cells": [obj["metadata"].get("name", ""), *cells] if named else cells}
    if form.include == "Object":
        row["object"] = obj
    elif form.include != "None":
        row["object"] = _partial(obj)
    return row


def _value_cell(column: Column, obj: Json, now: datetime) -> object:
    found = find(parse(column.path), obj)
    if not found or found[0] is None:
        return "<unknown>" if column.path == ".metadata.creationTimestamp" else None
    return _cell(found, column.type, now)


def _cell(found: list[Any], kind: str, now: datetime) -> object:
    value = found[0]
    if kind == "date":
        return age(value, now)
    if kind in ("integer", "number"):
        return value if isinstance(value, (int, float)) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, str):
        return value
    return orjson.dumps(value if len(found) == 1 else found).decode()


def _count_cell(column: Column, obj: Json, _now: datetime) -> object:
    found = find(parse(column.path), obj)
    return len(found[0]) if found and found[0] else 0


def _time_cell(column: Column, obj: Json, _now: datetime) -> object:
    found = find(parse(column.path), obj)
    return found[0] if found else None


def _reference_cell(column: Column, obj: Json, _now: datetime) -> object:
    """KIND/NAME of the reference at the column's path."""
    found = find(parse(column.path), obj)
    reference = found[0] if found else {}
    kind = reference.get("kind", "")
    return f"{kind.lower() if obj['kind'] == 'Event' else kind}/{reference.get('name', '')}"


def _both_cell(column: Column, obj: Json, now: datetime) -> object:
    """The age of an Event: when it was last seen, in whichever field its writer put that."""
    found = (obj.get("series") or {}).get("lastObservedTime") or obj.get(column.path.lstrip("."))
    found = found or obj.get("deprecatedLastTimestamp") or obj.get("eventTime")
    return age(found, now) if found else "<unknown>"


_RENDERERS = {
    "value": _value_cell,
    "count": _count_cell,
    "time": _time_cell,
    "reference": _reference_cell,
    "last-seen": _both_cell,
}


def age(timestamp: object, now: datetime) -> str:
    """How long ago, as kubectl prints it (apimachinery, duration.HumanDuration)."""
    try:
        seconds = int((now - datetime.fromisoformat(str(timestamp))).total_seconds())
    except (ValueError, TypeError):
        return "<invalid>"
    if seconds < -1:
        return "<invalid>"
    return human_duration(max(seconds, 0))


def human_duration(seconds: int) -> str:
    """`90s`, `5m10s`, `3h`, `2d4h`: two units at most, fewer as it grows."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    for limit, big, small in (
        (120, f"{seconds}s", ""),
        (600, f"{minutes}m", _unless_zero(seconds % 60, "s")),
        (3 * 3600, f"{minutes}m", ""),
        (8 * 3600, f"{hours}h", _unless_zero(minutes % 60, "m")),
        (48 * 3600, f"{hours}h", ""),
        (8 * 86400, f"{days}d", _unless_zero(hours % 24, "h")),
        (2 * 365 * 86400, f"{days}d", ""),
        (8 * 365 * 86400, f"{days // 365}y", _unless_zero(days % 365, "d")),
    ):
        if seconds < limit:
            return big + small
    return f"{days // 365}y"


def _unless_zero(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""
