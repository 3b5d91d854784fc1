"""Field paths: where a value stands in an object. Text to segments and back, and get, assign and remove along them.

A *definition* path names a field of the schema: "encryption.rules..bucketKeyEnabled", where `..` goes through a list or map. A
*concrete* path names one value: "tagging.tagSet[0].value" by index, "rules[id=a].status" by a key property, `variables["HOME"]` by
the key of a map. `parse` and `str` turn one into the other without loss. Definitions and rules are written in the first form,
differences, conditions and Events in the second. Nothing here changes the object it is given: `assign` and `remove` copy the
containers on the way and share the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

_BARE: Final = re.compile(r"[A-Za-z0-9_:/@+*.-]+")
_TOKEN: Final = re.compile(
    r"""(?P<each>\.\.)
    | \[(?P<index>\d+)\]
    | \[(?P<entry>"(?:[^"\\]|\\.)*")\]
    | \[(?P<by>[A-Za-z_]\w*)=(?P<value>"(?:[^"\\]|\\.)*"|[^\]"]+)\]
    | (?P<dot>\.)?(?P<name>[A-Za-z_$]\w*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A property of a structure."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Each:
    """Any element of a list, or any value of a map: in definition paths only."""

    def __str__(self) -> str:
        return ".."


@dataclass(frozen=True, slots=True)
class Index:
    """The element at a position."""

    index: int

    def __str__(self) -> str:
        return f"[{self.index}]"


@dataclass(frozen=True, slots=True)
class Key:
    """The element whose property has a value: a string, number or boolean."""

    name: str
    value: str | float | bool

    def __str__(self) -> str:
        return f"[{self.name}={_key_text(self.value)}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a map under a key."""

    key: str

    def __str__(self) -> str:
        return f"[{json.dumps(self.key)}]"


Segment: TypeAlias = Name | Each | Index | Key | Entry
HOPS: Final = (Each, Index, Key, Entry)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path as segments; `str` gives its text. The empty path is the whole object."""

    segments: tuple[Segment, ...] = ()

    def __str__(self) -> str:
        text = ""
        for previous, segment in zip((Each(), *self.segments), self.segments, strict=False):
            text += f".{segment}" if isinstance(segment, Name) and not isinstance(previous, Each) else str(segment)
        return text

    def __truediv__(self, segment: Segment | str) -> FieldPath:
        """The path one segment further; a string is a property."""
        return FieldPath((*self.segments, Name(segment) if isinstance(segment, str) else segment))

    def __bool__(self) -> bool:
        return bool(self.segments)

    @property
    def parent(self) -> FieldPath:
        """The path without its last segment."""
        return FieldPath(self.segments[:-1])

    def upwards(self) -> Iterator[FieldPath]:
        """The path, and what it is in, up to the first property."""
        for length in range(len(self.segments), 0, -1):
            yield FieldPath(self.segments[:length])

    @property
    def top(self) -> str:
        """The first property, "" of the empty path."""
        return str(self.segments[0]) if self.segments else ""

    def definition(self) -> FieldPath:
        """The same path with `..` for each index, key and entry: the form that rules are written in."""
        return FieldPath(tuple(Each() if isinstance(segment, HOPS) else segment for segment in self.segments))


Path: TypeAlias = FieldPath | str


@lru_cache(maxsize=4096)
def parse(text: str) -> FieldPath:
    """The segments of a path's text. ValueError names the text and the position that is no path."""
    segments: list[Segment] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or _misplaced(found, segments):
            raise ValueError(f"field path {text!r}: {text[position:]!r} at position {position} is no segment")
        segments.append(_segment(found))
        position = found.end()
    return FieldPath(tuple(segments))


def _misplaced(found: re.Match[str], before: Sequence[Segment]) -> bool:
    """A dot separates a property from what stands before it, except from `..`; a path begins with a property or `..`."""
    if found["name"] is not None:
        return bool(found["dot"]) != bool(before and not isinstance(before[-1], Each))
    return not before and found["each"] is None


def _segment(found: re.Match[str]) -> Segment:
    if found["each"] is not None:
        return Each()
    if found["index"] is not None:
        return Index(int(found["index"]))
    if found["entry"] is not None:
        return Entry(json.loads(found["entry"]))
    if found["by"] is not None:
        return Key(found["by"], _key_value(found["value"]))
    return Name(found["name"])


def _key_value(text: str) -> str | float | bool:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (str, int, float)) else text


def _key_text(value: str | float | bool) -> str:
    """The value bare where that reads back as itself, else as JSON."""
    if isinstance(value, str) and _BARE.fullmatch(value) and _key_value(value) == value:
        return value
    return json.dumps(value)


def of(path: Path) -> FieldPath:
    """The path itself, or its text parsed."""
    return parse(path) if isinstance(path, str) else path


def get(value: Any, path: Path, default: Any = None) -> Any:
    """The value at a concrete path; `default` where it, or a parent, is missing. ValueError for a path with `..`."""
    for segment in of(path).segments:
        value = _step(value, segment)
        if value is None:
            return default
    return value


def _step(value: Any, segment: Segment) -> Any:
    match segment:
        case Name(key) | Entry(key):
            return value.get(key) if isinstance(value, Mapping) else None
        case Index() | Key():
            position = _position(value, segment)
            return None if position is None else value[position]
        case Each():
            raise ValueError("a path with .. names many values: use `find`")


def _position(value: Any, segment: Index | Key) -> int | None:
    """Where in a list the element is; None where it is not."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return None
    if isinstance(segment, Index):
        return segment.index if segment.index < len(value) else None
    for position, element in enumerate(value):
        if isinstance(element, Mapping) and _same(element.get(segment.name), segment.value):
            return position
    return None


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def assign(value: Any, path: Path, new: Any) -> Any:
    """The object with `new` at a concrete path; missing structures are made, as are the next element and an element of a new key.

    IndexError for an index beyond the end, TypeError where a parent is no container, ValueError for a path with `..`.
    """
    segments = of(path).segments
    if not segments:
        return new
    match segments[0]:
        case Name(key) | Entry(key):
            return {**_mapping(value, key), key: assign(_mapping(value, key).get(key), FieldPath(segments[1:]), new)}
        case Index() | Key() as hop:
            return _assign_element(value, hop, FieldPath(segments[1:]), new)
        case Each():
            raise ValueError("a path with .. names many values")


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{key!r} cannot be set in a {type(value).__name__}")
    return value


def _assign_element(value: Any, hop: Index | Key, rest: FieldPath, new: Any) -> list[Any]:
    elements = [] if value is None else list(value)
    position = _position(elements, hop)
    if position is None:
        if isinstance(hop, Index) and hop.index != len(elements):
            raise IndexError(f"index {hop.index} of a list of {len(elements)}")
        elements.append({hop.name: hop.value} if isinstance(hop, Key) else None)
        position = len(elements) - 1
    elements[position] = assign(elements[position], rest, new)
    return elements


def remove(value: Any, path: Path) -> Any:
    """The object without the value at a concrete path; the object itself where there is none."""
    segments = of(path).segments
    if not segments or get(value, FieldPath(segments[:1])) is None:
        return value
    hop, rest = segments[0], FieldPath(segments[1:])
    if isinstance(hop, (Name, Entry)):
        key = hop.name if isinstance(hop, Name) else hop.key
        return {**value, key: remove(value[key], rest)} if rest else {k: v for k, v in value.items() if k != key}
    position = _position(value, hop) if isinstance(hop, (Index, Key)) else None
    return [
        remove(element, rest) if at == position else element
        for at, element in enumerate(value)
        if rest or at != position
    ]


def find(value: Any, path: Path) -> Iterator[tuple[FieldPath, Any]]:
    """Every value that a definition path names, with its concrete path; lists by index, maps by entry."""
    yield from _find(value, of(path).segments, FieldPath())


def _find(value: Any, segments: tuple[Segment, ...], at: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if not segments:
        yield at, value
    elif isinstance(segments[0], Each):
        for hop, element in _elements(value):
            yield from _find(element, segments[1:], at / hop)
    elif (below := _step(value, segments[0])) is not None:
        yield from _find(below, segments[1:], at / segments[0])


def _elements(value: Any) -> Iterator[tuple[Segment, Any]]:
    if isinstance(value, Mapping):
        yield from ((Entry(key), element) for key, element in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((Index(position), element) for position, element in enumerate(value))


def matches(concrete: Path, definition: Path) -> bool:
    """Whether the concrete path is one of those that the definition path names."""
    return of(concrete).definition() == of(definition)


def covers(upper: Path, lower: Path) -> bool:
    """Whether `upper` is `lower` or a parent of it; `..` in `upper` stands for any element."""
    above, below = of(upper).segments, of(lower).segments
    return len(above) <= len(below) and all(_admits(one, other) for one, other in zip(above, below, strict=False))


def _admits(one: Segment, other: Segment) -> bool:
    return one == other or (isinstance(one, Each) and isinstance(other, HOPS))
