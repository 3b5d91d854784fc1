"""The calls that turn observed members into desired ones: elements that AWS keeps by an add and a remove operation. `request` offers it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ackpy.errors import TerminalError
from ackpy.model import fieldpath
from ackpy.model.call import Call, Scope, View, bind, finished, needed
from ackpy.model.compare import WORDS, canonical, exact
from ackpy.model.convert import place_each, to_aws
from ackpy.model.definition import Compare
from ackpy.model.delta import Comparison, Delta, Spot
from ackpy.model.descriptor import Aspect, Descriptor, Json, Operation, Type
from ackpy.model.fieldpath import Entry, FieldPath, Key


@dataclass(frozen=True, slots=True)
class Element:
    """One member: what names it (the value itself where nothing else does), and its value."""

    key: Json
    value: Json


def members(
    descriptor: Descriptor,
    aspect: Aspect,
    desired: View,
    latest: View,
    scope: Scope,
    *,
    delta: Delta | None = None,
) -> tuple[Call, ...]:
    """The calls that turn the observed members into the desired: adds, changes, removes; removes first where declared so.

    An element has changed where `delta` has a difference in it; without a delta, where a leaf that it sets differs. Of elements with one
    key the first counts; `keep` protects observed ones (shell patterns of the key). A `serial` aspect is one call a pass: take the first.
    TerminalError for an element without its key.
    """
    work = _Work(descriptor, aspect, desired, latest, scope, delta)
    return tuple(work.calls())


@dataclass(frozen=True, slots=True)
class _Work:
    descriptor: Descriptor
    aspect: Aspect
    desired: View
    latest: View
    scope: Scope
    delta: Delta | None

    def calls(self) -> Iterator[Call]:
        wanted, held = self._elements(self.desired), self._elements(self.latest)
        added = [each for each in wanted if self._counterpart(each, held) is None]
        removed = [each for each in held if self._counterpart(each, wanted) is None and not self._kept(each)]
        changed = [each for each in wanted if self._changed(each, self._counterpart(each, held))]
        first = bool(self.aspect.members and self.aspect.members.remove_first)
        yield from self._removes(removed if first else [])
        yield from self._adds(added)
        yield from self._changes(changed, held)
        yield from self._removes([] if first else removed)

    def _adds(self, elements: Sequence[Element]) -> Iterator[Call]:
        if elements:
            yield from self._each(needed(self.aspect.put, self.aspect, "add"), elements)

    def _removes(self, elements: Sequence[Element]) -> Iterator[Call]:
        if elements:
            yield from self._each(needed(self.aspect.clear, self.aspect, "remove"), elements)

    def _changes(self, elements: Sequence[Element], held: Sequence[Element]) -> Iterator[Call]:
        if self.aspect.members is not None and self.aspect.members.recreate:
            for each in elements:
                before = self._counterpart(each, held)
                yield from self._removes([before] if before else [])
                yield from self._adds([each])
        elif elements:
            yield from self._each(needed(self.aspect.change or self.aspect.put, self.aspect, "change"), elements)

    def _each(self, operation: Operation, elements: Sequence[Element]) -> Iterator[Call]:
        size = self.aspect.members.batch if self.aspect.members else 1
        for start in range(0, len(elements), size):
            yield self._call(operation, elements[start : start + size])

    def _call(self, operation: Operation, elements: Sequence[Element]) -> Call:
        """One call about one element, or a batch of them; an operation without a place for the value takes the key by its binding."""
        params: dict[str, Any] = {}
        if operation.at or not any(binding.source == "key" for binding in operation.bindings):
            place_each(params, operation.at, [self._sent(operation, each) for each in elements])
        bind(params, self.descriptor, operation, self.desired.over(self.latest), self.scope, elements[0].key)
        return finished(self.descriptor, operation, params, self.desired, self.latest)

    def _sent(self, operation: Operation, element: Element) -> Any:
        node = operation.node or self._spot().node
        return to_aws(node, element.value, f"{self.aspect.path}..", self.descriptor.rules)

    def _spot(self) -> Spot:
        """Where an element stands, for its type and its comparison."""
        path = FieldPath(fieldpath.parse(self.aspect.path).segments)
        node = self.aspect.node or self.descriptor.spec.at(path)
        return Spot(path, self.aspect.path, node).element(fieldpath.Each())

    def _elements(self, view: View) -> list[Element]:
        value = fieldpath.get(view.spec, self.aspect.path) or []
        found = self._of_map(value) if isinstance(value, dict) else self._of_list(value)
        first: dict[str, Element] = {}
        for each in found:
            first.setdefault(canonical(each.key), each)
        return list(first.values())

    def _of_map(self, value: dict[str, Json]) -> list[Element]:
        return [Element(key, each) for key, each in value.items()]

    def _of_list(self, value: Sequence[Json]) -> list[Element]:
        if not self.aspect.key:
            return [Element(each, each) for each in value]
        return [Element(self._key(each, position), each) for position, each in enumerate(value)]

    def _key(self, element: Json, position: int) -> Json:
        key = element.get(self.aspect.key)
        if key is None:
            raise TerminalError(
                f"spec.{self.aspect.path}[{position}]: {self.aspect.key} is missing: name the element, AWS keeps it by that"
            )
        return key

    def _counterpart(self, element: Element, others: Sequence[Element]) -> Element | None:
        plain = not self.aspect.key and self._spot().node.type is not Type.STRUCTURE
        rule = self.descriptor.rules.get(f"{self.aspect.path}..")
        word = rule.compare if plain and rule else None
        same = WORDS[word] if isinstance(word, Compare) else exact
        return next((each for each in others if same(element.key, each.key)), None)

    def _changed(self, element: Element, before: Element | None) -> bool:
        if before is None:
            return False
        if self.delta is not None:
            path = FieldPath((*fieldpath.parse(self.aspect.path).segments, self._hop(element)))
            return any(fieldpath.covers(path, difference.path) for difference in self.delta)
        comparison = Comparison(self.descriptor, self.desired.spec, self.latest.spec)
        return any(comparison.differences(self._spot(), element.value, before.value))

    def _hop(self, element: Element) -> Key | Entry:
        return Key(self.aspect.key, element.key) if self.aspect.key else Entry(str(element.key))

    def _kept(self, element: Element) -> bool:
        patterns = self.aspect.members.keep if self.aspect.members else ()
        return any(fnmatch.fnmatchcase(str(element.key), pattern) for pattern in patterns)
