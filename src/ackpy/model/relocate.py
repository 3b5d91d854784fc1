"""Values that lie elsewhere in an answer than under their own name, laid into what the tables made of it. `response` calls it.

`reads` is a definition's `Field.read`, compiled: CRD path -> JMESPath. An expression is asked of the object (or of a facet's value);
that of a path through a list or map, of the element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath

from ackpy.model import fieldpath
from ackpy.model.convert import Rules, from_aws
from ackpy.model.descriptor import Json, Node
from ackpy.model.fieldpath import Entry, FieldPath, Index, Name, Segment


def relocated(node: Node, value: Json, reads: Mapping[str, str], answer: Any, rules: Rules, base: str = "") -> Json:
    """The value with what `reads` finds in the answer; `base` is the definition path at which value and answer stand."""
    start = fieldpath.parse(base)
    for path in sorted(reads, key=len):
        segments = fieldpath.parse(path).segments[len(start.segments) :]
        leaf = node.at(FieldPath(segments))
        for at, raw in _Search(reads, start).along(node, segments, FieldPath(), answer, answer):
            if raw is not None:
                value = fieldpath.assign(value, at, from_aws(leaf, raw, path, rules))
    return value


class _Search:
    """One walk along a path through the type and the answer at once."""

    def __init__(self, reads: Mapping[str, str], start: FieldPath) -> None:
        self._reads, self._start = reads, start

    def along(
        self, node: Node, segments: tuple[Segment, ...], at: FieldPath, raw: Any, whole: Any
    ) -> Iterator[tuple[FieldPath, Any]]:
        """Each concrete path that the segments name, with what AWS holds for it; `whole` is the object, or the element walked into."""
        if not segments:
            yield at, raw
        elif isinstance(segments[0], Name):
            member = node.members[segments[0].name]
            below = at / segments[0]
            yield from self.along(member.node, segments[1:], below, self._held(below, member.aws, raw, whole), whole)
        elif node.element is not None:
            for hop, element in _elements(raw):
                yield from self.along(node.element, segments[1:], at / hop, element, element)

    def _held(self, at: FieldPath, aws: str, raw: Any, whole: Any) -> Any:
        path = str(FieldPath((*self._start.segments, *at.definition().segments)))
        if path in self._reads:
            return jmespath.search(self._reads[path], whole)
        return raw.get(aws) if isinstance(raw, Mapping) else None


def _elements(raw: Any) -> Iterator[tuple[Segment, Any]]:
    if isinstance(raw, Mapping):
        yield from ((Entry(key), element) for key, element in raw.items())
    else:
        yield from ((Index(position), element) for position, element in enumerate(raw or ()))
