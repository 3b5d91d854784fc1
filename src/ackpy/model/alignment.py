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

    Elements belong together by the value of `key`. Desired ones without it take what is left: first what is alike at the same place,
    then what is alike elsewhere, then by order. Of several desired elements with one key the first counts.
    """
    keyed = {_key(element, key): element for element in reversed(latest)}
    named = {_key(element, key) for element in desired} - {None}
    left = {place: element for place, element in enumerate(latest) if _key(element, key) not in named}
    unnamed = {place: element for place, element in enumerate(desired) if _key(element, key) is None}
    found = _match(unnamed, left, alike)
    seen: set[str | None] = set()
    for place, element in enumerate(desired):
        name = _key(element, key)
        if name is None:
            yield Pair(Index(place), element, found.get(place))
        elif name not in seen:
            seen.add(name)
            yield Pair(Key(key, element[key]), element, keyed.get(name))
    for place, element in left.items():
        hop = Index(place) if _key(element, key) is None else Key(key, element[key])
        yield Pair(hop, None, element)


def _match(desired: Mapping[int, Any], left: dict[int, Any], alike: Alike) -> dict[int, Any]:
    """The counterparts by the desired element's place; what is found is taken out of `left`."""
    found: dict[int, Any] = {}
    for choose in (_same_place, _anywhere, _in_order):
        for place, element in desired.items():
            at = choose(place, element, left, alike) if place not in found else None
            if at is not None:
                found[place] = left.pop(at)
    return found


def _same_place(place: int, element: Any, left: Mapping[int, Any], alike: Alike) -> int | None:
    return place if place in left and alike(element, left[place]) else None


def _anywhere(_place: int, element: Any, left: Mapping[int, Any], alike: Alike) -> int | None:
    return next((at for at, other in left.items() if alike(element, other)), None)


def _in_order(_place: int, _element: Any, left: Mapping[int, Any], _alike: Alike) -> int | None:
    return next(iter(left), None)


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
    if value is None:
        return None
    return f'"{value}"' if isinstance(value, str) else canonical(value)  # in quotes, like no other JSON
