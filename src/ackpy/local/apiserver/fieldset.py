"""Objects -> sets of field paths, as server-side apply owns them, and back to FieldsV1; called by `managed` and `apply`.

A path is a tuple of the keys of FieldsV1: `f:NAME` for a property, `k:{...}` for an item of a map list, `v:VALUE` for a member of a
set. Sets of paths are plain frozensets, so ownership is set arithmetic. Rules: sigs.k8s.io/structured-merge-diff, v6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.pruning import schema_of
from ackpy.local.apiserver.validation import list_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ackpy.local.apiserver.kinds import Schema

Json = dict[str, Any]
Path = tuple[str, ...]
Paths = frozenset[Path]

ABSENT = object()
# Fields that nobody owns: they identify the object or belong to the server (apimachinery, managedfields/internal/stripmeta.go).
UNOWNED: Paths = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The paths that differ between two objects."""

    added: Paths
    modified: Paths
    removed: Paths

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.modified or self.removed)


def fields_of(value: Json, schema: Schema) -> Paths:
    """The fields that an applied configuration sets."""
    return frozenset(path for path in _leaves(value, schema, ()) if not _is_unowned(path))


def compare(old: Json, new: Json, schema: Schema, *, structs: bool) -> Comparison:
    """What changed between two objects. With `structs`, named fields that hold objects are always there, as in Go's types."""
    added: set[Path] = set()
    modified: set[Path] = set()
    removed: set[Path] = set()
    for path, before, after, inner in _differences(old, new, schema, ()):
        if before is ABSENT:
            added.update(_with_containers(after, inner, path, structs=structs))
        elif after is ABSENT:
            removed.update(_with_containers(before, inner, path, structs=False))
        else:
            modified.add(path)
    owned = [frozenset(p for p in paths if not _is_unowned(p)) for paths in (added, modified, removed)]
    return Comparison(*owned)


def to_v1(paths: Paths) -> Json:
    """FieldsV1: nested objects, a `.` where a path with children is itself owned."""
    root: Json = {}
    for path in sorted(paths):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _without_lone_dots(root)


def from_v1(fields: Json) -> Paths:
    """The paths of a FieldsV1 object."""
    return frozenset(_paths_of(fields, ()))


def display(path: Path) -> str:
    """A path as the server's conflicts print it: `.spec.tags[key="k2"].value`."""
    return "".join(_display_element(element) for element in path)


def element_of(item: object, schema: Schema) -> str:
    """The path element of an item of a set or map list."""
    if schema.get("x-kubernetes-list-type") == "set":
        return f"v:{orjson.dumps(item).decode()}"
    return f"k:{orjson.dumps(dict(list_key(item, schema)), option=orjson.OPT_SORT_KEYS).decode()}"


def is_granular(value: object, schema: Schema) -> bool:
    """Whether the inside of a value is owned field by field, rather than as a whole."""
    if isinstance(value, dict):
        return schema.get("x-kubernetes-map-type") != "atomic"
    return isinstance(value, list) and schema.get("x-kubernetes-list-type") in ("map", "set")


def children(value: Any, schema: Schema) -> Iterator[tuple[str, Any, Schema]]:
    """The parts of a granular value: path element, value, schema."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield f"f:{name}", item, schema_of(schema, name) or {}
    else:
        for item in value:
            yield element_of(item, schema), item, schema.get("items") or {}


def _leaves(value: Any, schema: Schema, path: Path) -> Iterator[Path]:
    if not is_granular(value, schema) or not value:
        yield path
        return
    for element, item, inner in children(value, schema):
        here = (*path, element)
        yield from _leaves(item, inner, here)
        if not _is_named(element, schema):
            yield here


def _is_named(element: str, schema: Schema) -> bool:
    return element.startswith("f:") and element[2:] in schema.get("properties", {})


def _with_containers(value: Any, schema: Schema, path: Path, *, structs: bool) -> Iterator[Path]:
    """The leaves of a value that came or went, and the containers that came or went with them."""
    is_struct = structs and isinstance(value, dict) and "properties" in schema
    if not is_struct or not value or not is_granular(value, schema):
        yield path
    if not is_granular(value, schema):
        return
    for element, item, inner in children(value, schema):
        yield from _with_containers(item, inner, (*path, element), structs=structs)


def _differences(old: Any, new: Any, schema: Schema, path: Path) -> Iterator[tuple[Path, Any, Any, Schema]]:
    if old is not ABSENT and new is not ABSENT and type(old) is type(new) and is_granular(old, schema):
        before = {element: (item, inner) for element, item, inner in children(old, schema)}
        after = {element: (item, inner) for element, item, inner in children(new, schema)}
        for element in {**before, **after}:
            was, inner = before.get(element, (ABSENT, {}))
            now, inner_now = after.get(element, (ABSENT, inner))
            yield from _differences(was, now, inner_now, (*path, element))
    elif old is ABSENT or new is ABSENT or old != new:
        yield path, old, new, schema


def _is_unowned(path: Path) -> bool:
    return path[:2] in UNOWNED or path in UNOWNED or path == ()


def _without_lone_dots(node: Json) -> Json:
    if set(node) == {"."}:
        return {}
    return {key: value if key == "." else _without_lone_dots(value) for key, value in node.items()}


def _paths_of(node: Json, path: Path) -> Iterator[Path]:
    for key, inner in node.items():
        if key == ".":
            yield path
        elif not inner:
            yield (*path, key)
        else:
            yield from _paths_of(inner, (*path, key))


def _display_element(element: str) -> str:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        keys: Iterable[tuple[str, Any]] = orjson.loads(rest).items()
        return f"[{','.join(f'{name}={orjson.dumps(value).decode()}' for name, value in keys)}]"
    return f"[={rest}]" if kind == "v" else f"[{rest}]"
