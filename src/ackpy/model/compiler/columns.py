"""The columns of `kubectl get`: those that fields ask for and the kind's own, sorted as it says, then Synced and Age."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.definition import Column, Resource
from ackpy.model.descriptor import Node, Type

_TYPES: Final = {
    Type.STRING: "string",
    Type.BOOLEAN: "boolean",
    Type.INTEGER: "integer",
    Type.NUMBER: "number",
    Type.TIMESTAMP: "date",
    Type.BLOB: "string",
}
_ORDERS: Final = {
    "name": lambda column: column.name,
    "type": lambda column: column.type,
    "jsonpath": lambda column: column.path,
    "index": lambda column: column.index,
}
_SYNCED: Final = Column("Synced", '.status.conditions[?(@.type=="ACK.ResourceSynced")].status', "string")
_AGE: Final = Column("Age", ".metadata.creationTimestamp", "date")


def columns(resource: Resource, spec: Node, status: Node) -> tuple[Column, ...]:
    """The columns, complete with JSON path and type. Synced stands unless it is refused, where there is any column or it is asked for."""
    asked = [*_of_fields(resource, spec, status), *resource.columns]
    order = _ORDERS.get(resource.order_columns_by)
    if order is None:
        raise DefinitionError(f"order_columns_by={resource.order_columns_by!r}: choose from {', '.join(_ORDERS)}")
    synced = resource.synced_column if resource.synced_column is not None else bool(asked)
    return (*sorted(asked, key=order), *([_SYNCED] if synced else ()), *([_AGE] if resource.age_column else ()))


def _of_fields(resource: Resource, spec: Node, status: Node) -> Iterator[Column]:
    for path, field in resource.fields.items():
        if field.column:
            said = field.column if isinstance(field.column, Column) else Column(field.column)
            side, node = _found(
                path, (("status", status), ("spec", spec)) if field.status else (("spec", spec), ("status", status))
            )
            kind = said.type or _TYPES.get(node.type, "string")
            yield Column(said.name, said.path or f".{side}.{path}", kind, said.priority, said.index)


def _found(path: str, sides: tuple[tuple[str, Node], ...]) -> tuple[str, Node]:
    for name, side in sides:
        try:
            return name, side.at(path)
        except KeyError:
            continue
    raise DefinitionError(f"{path}: column: no such property")
