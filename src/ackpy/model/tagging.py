"""The calls that turn observed tags into desired ones. `request` offers it.

A list of {key, value} and a map are the same tags: both forms are read, and each operation is sent the form that it takes. What is
really gone is untagged first; a changed value is written by tag alone, so that a tag never disappears for a moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ackpy.model import fieldpath
from ackpy.model.call import Call, Scope, View, bind, finished, needed
from ackpy.model.convert import place
from ackpy.model.definition import Tags
from ackpy.model.descriptor import Aspect, Descriptor, Json, Node, Operation, TagShape, Type


def tags(
    descriptor: Descriptor,
    aspect: Aspect,
    desired: View,
    latest: View,
    scope: Scope,
    *,
    keep: Sequence[str] = ("aws:",),
) -> tuple[Call, ...]:
    """The calls that turn the observed tags into the desired: untag for those really gone, then tag for new and changed values.

    One call with the whole set where AWS has only that. Observed keys that begin with one of `keep` are never removed.
    """
    wanted, held = tag_map(descriptor, desired.spec), tag_map(descriptor, latest.spec)
    kept = {key: value for key, value in held.items() if key.startswith(tuple(keep)) and key not in wanted}
    work = _Work(descriptor, aspect, desired, latest, scope)
    if aspect.put is not None and aspect.put.replaces:
        return tuple(work.replace(wanted | kept, held))
    gone = [key for key in held if key not in wanted and key not in kept]
    changed = {key: value for key, value in wanted.items() if held.get(key) != value}
    return (*work.untag(gone), *work.tag(changed))


def tag_map(descriptor: Descriptor, spec: Mapping[str, Json]) -> dict[str, str]:
    """A spec's tags as key -> value, in their order; of a key given twice the last counts, a missing value is ""."""
    shape = _shape(descriptor)
    value = fieldpath.get(spec, shape.path) or ()
    if isinstance(value, Mapping):
        return {key: text or "" for key, text in value.items()}
    return {tag[shape.key]: tag.get(shape.value) or "" for tag in value if tag.get(shape.key) is not None}


def _shape(descriptor: Descriptor) -> TagShape:
    if descriptor.tags is None:
        raise ValueError(f"{descriptor.kind} has no tags")
    return descriptor.tags


class _Work:
    """One object's tag calls."""

    def __init__(self, descriptor: Descriptor, aspect: Aspect, desired: View, latest: View, scope: Scope) -> None:
        self._descriptor, self._aspect, self._scope = descriptor, aspect, scope
        self._desired, self._latest = desired, latest
        self._words = descriptor.definition.tags or Tags()

    def replace(self, wanted: Mapping[str, str], held: Mapping[str, str]) -> Iterator[Call]:
        """The whole set in one call; none at all by the delete operation where there is one."""
        if wanted == held:
            return
        if not wanted and self._aspect.clear is not None:
            yield self._call(self._aspect.clear, None)
        else:
            put = needed(self._aspect.put, self._aspect, "write")
            yield self._call(put, self._form(put, wanted))

    def tag(self, changed: Mapping[str, str]) -> Iterator[Call]:
        """New and changed tags, as many a call as AWS takes."""
        for some in _chunks(list(changed), self._words.chunk):
            put = needed(self._aspect.put, self._aspect, "tag operation")
            yield self._call(put, self._form(put, {key: changed[key] for key in some}))

    def untag(self, gone: Sequence[str]) -> Iterator[Call]:
        """Keys that are gone, as many a call as AWS takes; structures of the key alone where AWS wants those."""
        for some in _chunks(list(gone), self._words.chunk):
            clear = needed(self._aspect.clear, self._aspect, "untag operation")
            compound = _element(clear.node).type is Type.STRUCTURE if clear.node else False
            names = self._names(clear.node) if compound and clear.node else ("", "")
            yield self._call(clear, [{names[0]: key} for key in some] if compound else some)

    def _form(self, operation: Operation, tags: Mapping[str, str]) -> Any:
        node = operation.node or self._aspect.node or self._descriptor.spec.at(_shape(self._descriptor).path)
        if node.type is Type.MAP:
            return dict(tags)
        key, value = self._names(node)
        return [{key: name, value: text} for name, text in tags.items()]

    def _names(self, node: Node) -> tuple[str, str]:
        """AWS's names of a tag's key and value in this list."""
        shape, members = _shape(self._descriptor), _element(node).members
        key, value = members.get(shape.key), members.get(shape.value)
        return key.aws if key else self._words.key, value.aws if value else self._words.value

    def _call(self, operation: Operation, value: Any) -> Call:
        params: dict[str, Any] = {}
        if value is not None:
            place(params, operation.at, value)
        bind(params, self._descriptor, operation, self._desired.over(self._latest), self._scope)
        return finished(self._descriptor, operation, params, self._desired, self._latest)


def _element(node: Node) -> Node:
    if node.element is None:
        raise TypeError(f"a {node.type} of tags without an element type")
    return node.element


def _chunks(keys: list[str], size: int) -> Iterator[list[str]]:
    """The keys in runs of at most `size` (0: all at once)."""
    left = iter(keys)
    while some := list(islice(left, size or len(keys))):
        yield some
