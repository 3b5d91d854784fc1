"""Pairs the elements of two lists, so that `delta` compares like with like whatever their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ackpy.model.compare import canonical
from ackpy.model.fieldpath import Index, Key

Alike = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """A desired and a latest element that belong together (one may be None: it has no counterpart), and how a path names it."""

    hop: Key | Index
    desired: Any
    latest: Any


def align(key: str, desired: Sequence[Any], latest: Sequence[Any], alike: Alike) -> Iterator[Pair]:
    """Every desired element in its order with its counterpart, then the latest elements that have none.

    Elements belong together by the value of `key`. Desired ones without it take what is left: first what is alike, then by order.
    Of several desired elements with one key the first counts.
    """
    keyed = {_key(element, key): element for element in reversed(latest)}
    named = {_key(element, key) for element in desired} - {None}
    left = [element for element in latest if _key(element, key) not in named]
    matched = _match([element for element in desired if _key(element, key) is None], left, alike)
    seen: set[str | None] = set()
    for position, element in enumerate(desired):
        name = _key(element, key)
        if name is None:
            yield Pair(Index(position), element, next(matched))
        elif name not in seen:
            seen.add(name)
            yield Pair(Key(key, element[key]), element, keyed.get(name))
    for element in left:
        yield Pair(_hop(key, element, latest), None, element)


def _match(desired: Sequence[Any], left: list[Any], alike: Alike) -> Iterator[Any]:
    """For each desired element its counterpart in `left` (None where that runs out), taken away from there at once."""
    found: dict[int, Any] = {}
    for position, element in enumerate(desired):
        like = next((at for at, other in enumerate(left) if alike(element, other)), None)
        if like is not None:
            found[position] = left.pop(like)
    for position in range(len(desired)):
        if position not in found and left:
            found[position] = left.pop(0)
    return iter([found.get(position) for position in range(len(desired))])


def same_elements(desired: Sequence[Any], latest: Sequence[Any], alike: Alike) -> bool:
    """Whether each desired element has a counterpart of its own and none is left."""
    left = list(latest)
    for element in desired:
        like = next((at for at, other in enumerate(left) if alike(element, other)), None)
        if like is None:
            return False
        del left[like]
    return not left


def _key(element: Any, key: str) -> str | None:
    value = element.get(key) if isinstance(element, Mapping) else None
    return None if value is None else canonical(value)


def _hop(key: str, element: Any, latest: Sequence[Any]) -> Key | Index:
    if _key(element, key) is not None:
        return Key(key, element[key])
    return Index(next(at for at, other in enumerate(latest) if other is element))
