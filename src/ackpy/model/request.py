"""A spec becomes the parameters of AWS calls. Pure: the reconciler's plan asks here what each write and read would send.

Every function takes the descriptor, the object as `View`s and the `Scope`, and gives `Call`s. What is nil is left out and never sent
as null; `[]` and "" are sent, since the user means "none" by them. An operation that replaces gets the whole value, with what the
schema leaves out carried over from the observation; one that updates gets what differs, what AWS demands and the identifiers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ackpy.model import fieldpath
from ackpy.model.call import Call, Scope, View, arn, bind, bound, finished, needed
from ackpy.model.convert import pick, place, to_aws
from ackpy.model.definition import UNSET
from ackpy.model.delta import Delta
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor, Json, Node, Operation
from ackpy.model.members import members
from ackpy.model.tagging import tags

__all__ = [
    "Call",
    "Scope",
    "View",
    "arn",
    "attributes",
    "clear",
    "create",
    "delete",
    "get",
    "members",
    "one",
    "put",
    "read",
    "resettable",
    "tags",
    "update",
]


def read(descriptor: Descriptor, view: View, scope: Scope) -> Call | None:
    """The core read; None where an identifier that it demands is missing, so that the object was never created."""
    return _identified(descriptor, descriptor.read_of(view.spec), view, scope)


def delete(descriptor: Descriptor, view: View, scope: Scope) -> Call | None:
    """The delete call; None where the kind has none, or an identifier that it demands is missing."""
    return _identified(descriptor, descriptor.delete, view, scope)


def get(descriptor: Descriptor, aspect: Aspect, view: View, scope: Scope) -> Call | None:
    """The read of a facet, of a list of members, of tags or attributes; None where it has none, or an identifier is missing."""
    return _identified(descriptor, aspect.get, view, scope)


def one(descriptor: Descriptor, aspect: Aspect, key: Json, view: View, scope: Scope) -> Call:
    """The read of one member, where the list gives only keys. ValueError for an aspect whose list gives all (`aspect.one` is None)."""
    operation = needed(aspect.one, aspect, "read of one member")
    params: dict[str, Any] = {}
    bind(params, descriptor, operation, view, scope, key)
    return finished(descriptor, operation, params, view, view)


def create(descriptor: Descriptor, view: View, scope: Scope) -> Call:
    """The create call (of the variant whose condition holds) with everything that its input takes, tags included.

    An empty list of tags is left out: nothing is there yet that it could take away, and not every create accepts one.
    """
    operation = next((each for when, each in descriptor.variants if when.holds(view.spec)), descriptor.create)
    params: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    tag_path = descriptor.tags.path if descriptor.tags is not None else ""
    untagged = bool(tag_path) and not fieldpath.get(view.spec, tag_path)
    _fill(fields, descriptor, operation, view.spec, lambda _member, path: not (untagged and path == tag_path))
    place(params, operation.at, fields)
    bind(params, descriptor, operation, view, scope)
    return finished(descriptor, operation, params, view, View({}))


def update(descriptor: Descriptor, aspect: Aspect, delta: Delta, desired: View, latest: View, scope: Scope) -> Call:
    """The kind's own update (the core aspect) or a group's operation: what differs, what is demanded, the identifiers.

    All fields of a group that is `whole`, or whose operation replaces. A field that was taken out is sent as its rule's `clear`, else
    `default`. What AWS demands and the spec leaves out is sent as observed, else as the default. ValueError for a core without an
    update operation.
    """
    operation = needed(descriptor.update if aspect.kind is AspectKind.CORE else aspect.put, aspect, "update")
    spec = _with_demanded(
        descriptor, operation, _with_resets(descriptor, delta, desired.spec, latest.spec), latest.spec
    )
    whole = aspect.whole or operation.replaces
    params: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    _fill(
        fields,
        descriptor,
        operation,
        spec,
        lambda member, path: whole or member in operation.required or bool(delta.at(path)),
    )
    place(params, operation.at, fields)
    for member, value in aspect.const.items():
        place(params, member, value)
    bind(params, descriptor, operation, desired.over(latest), scope)
    return finished(descriptor, operation, params, desired, latest)


def put(
    descriptor: Descriptor,
    aspect: Aspect,
    desired: View,
    latest: View,
    scope: Scope,
    *,
    answer: Mapping[str, Any] | None = None,
) -> Call:
    """The write of a facet: the whole value, and the fields that travel along.

    `answer` is what `aspect.get` answered: members that the write accepts and the CRD leaves out are carried over from it.
    """
    value = fieldpath.get(_with_stated(descriptor, aspect, desired.spec), aspect.path)
    return _put(descriptor, aspect, value, desired, latest, scope, answer)


def clear(
    descriptor: Descriptor,
    aspect: Aspect,
    desired: View,
    latest: View,
    scope: Scope,
    *,
    answer: Mapping[str, Any] | None = None,
) -> Call | None:
    """What resets a facet that left the spec: `clear` written, else the delete operation, else `default` written; None: nothing can.

    A structure to be cleared is laid over the observed one (AWS may demand the name of what is switched off); {} is sent as it is.
    """
    rule = descriptor.rules.get(aspect.path)
    observed = fieldpath.get(latest.spec, aspect.path)
    if rule is not None and rule.clear is not UNSET:
        return _put(descriptor, aspect, _laid_over(rule.clear, observed), desired, latest, scope, answer)
    if aspect.clear is not None:
        params: dict[str, Any] = {}
        bind(params, descriptor, aspect.clear, desired.over(latest), scope)
        return finished(descriptor, aspect.clear, params, desired, latest)
    if rule is not None and rule.default is not UNSET and rule.default is not None and aspect.put is not None:
        return _put(descriptor, aspect, _laid_over(rule.default, observed), desired, latest, scope, answer)
    return None


def attributes(
    descriptor: Descriptor, aspect: Aspect, delta: Delta, desired: View, latest: View, scope: Scope
) -> tuple[Call, ...]:
    """The writes of an attributes map: the changed keys in one call, or one call a key; a cleared one is its `clear`, `default` or ""."""
    operation = needed(aspect.put, aspect, "write")
    changed = {
        key: _attribute(descriptor, path, desired.spec) for key, path in operation.fields.items() if delta.at(path)
    }
    batches = [{key: text} for key, text in changed.items()] if aspect.one_by_one else [changed] if changed else []
    return tuple(_attributes_call(descriptor, aspect, operation, batch, desired, latest, scope) for batch in batches)


def _attributes_call(
    descriptor: Descriptor,
    aspect: Aspect,
    operation: Operation,
    batch: Mapping[str, str],
    desired: View,
    latest: View,
    scope: Scope,
) -> Call:
    params: dict[str, Any] = {}
    bind(params, descriptor, operation, desired.over(latest), scope)
    if aspect.one_by_one:
        [(params["AttributeName"], params["AttributeValue"])] = batch.items()
    else:
        place(params, operation.at, dict(batch))
    return finished(descriptor, operation, params, desired, latest)


def _attribute(descriptor: Descriptor, path: str, spec: Mapping[str, Json]) -> Any:
    """The text of an attribute: AWS takes nothing else."""
    value = fieldpath.get(spec, path)
    if value is None:
        value = _reset(descriptor, path)
    return "" if value is None else attribute_text(value)


def attribute_text(value: Json) -> Any:
    """A value as the text of an attribute: "true", "5"; secrets stay wrapped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _identified(descriptor: Descriptor, operation: Operation | None, view: View, scope: Scope) -> Call | None:
    """A call that identifiers alone make; None where there is no operation, or what it needs to find the object is missing."""
    if operation is None:
        return None
    params: dict[str, Any] = {}
    bind(params, descriptor, operation, view, scope)
    unknown = any(
        binding.value in descriptor.identifiers and bound(descriptor, binding, view, scope) is None
        for binding in operation.bindings
        if binding.source in ("spec", "status")
    )
    if unknown or not operation.required <= params.keys():
        return None
    return finished(descriptor, operation, params, view, view)


def _fill(
    params: dict[str, Any],
    descriptor: Descriptor,
    operation: Operation,
    spec: Mapping[str, Json],
    chosen: Callable[[str, str], bool],
) -> None:
    """The chosen fields at their members, outer structures before what goes into them."""
    texts = _attribute_paths(descriptor)
    for member, path in sorted(operation.fields.items(), key=lambda each: each[0].count(".")):
        if chosen(member, path):
            value = to_aws(descriptor.spec.at(path), fieldpath.get(spec, path), path, descriptor.rules)
            if value is not None:
                place(params, member, attribute_text(value) if path in texts else value)


def _attribute_paths(descriptor: Descriptor) -> frozenset[str]:
    return frozenset(
        path for aspect in descriptor.aspects if aspect.kind is AspectKind.ATTRIBUTES for path in aspect.paths
    )


def _put(
    descriptor: Descriptor,
    aspect: Aspect,
    value: Json,
    desired: View,
    latest: View,
    scope: Scope,
    answer: Mapping[str, Any] | None,
) -> Call:
    operation = needed(aspect.put, aspect, "write")
    params: dict[str, Any] = {}
    sent = to_aws(_node(descriptor, aspect, operation), value, aspect.path, descriptor.rules)
    if sent is not None:
        place(params, operation.at, {**_carried(aspect, answer), **sent} if isinstance(sent, dict) else sent)
    _fill(params, descriptor, operation, desired.spec, lambda _member, _path: True)
    bind(params, descriptor, operation, desired.over(latest), scope)
    return finished(descriptor, operation, params, desired, latest)


def _with_stated(descriptor: Descriptor, aspect: Aspect, spec: Mapping[str, Json]) -> Mapping[str, Json]:
    """The spec with the stated default of each member that a facet's structure leaves out: AWS keeps what it is not sent, or refuses."""
    for path, rule in descriptor.rules.items():
        parent = fieldpath.of(path).parent
        if path == aspect.path or not fieldpath.covers(aspect.path, path) or ".." in path:
            continue
        stated = None if rule.default is UNSET else rule.default
        if stated is not None and fieldpath.get(spec, parent) is not None and fieldpath.get(spec, path) is None:
            spec = fieldpath.assign(spec, path, stated)
    return spec


def _node(descriptor: Descriptor, aspect: Aspect, operation: Operation) -> Node:
    return operation.node or aspect.node or descriptor.spec.at(aspect.path)


def _carried(aspect: Aspect, answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the observed value holds beyond the schema, and the write takes."""
    if answer is None or aspect.get is None:
        return {}
    observed = pick(answer, aspect.get.at) or {}
    return {name: observed[name] for name in sorted(aspect.get.carry) if name in observed}


def _with_demanded(
    descriptor: Descriptor, operation: Operation, spec: Mapping[str, Json], latest: Mapping[str, Json]
) -> Mapping[str, Json]:
    """The spec with what AWS demands and it leaves out: as observed, else the default."""
    for member, path in operation.fields.items():
        if member in operation.required and fieldpath.get(spec, path) is None:
            observed = fieldpath.get(latest, path)
            value = _default(descriptor, path) if observed is None else observed
            spec = spec if value is None else fieldpath.assign(spec, path, value)
    return spec


def _default(descriptor: Descriptor, path: str) -> Json:
    rule = descriptor.rules.get(path)
    return None if rule is None or rule.default is UNSET else rule.default


def _with_resets(
    descriptor: Descriptor, delta: Delta, desired: Mapping[str, Json], latest: Mapping[str, Json]
) -> Mapping[str, Json]:
    """The desired spec with, at each path that was taken out of it, what resets it."""
    spec = desired
    for path, value in _resets(descriptor, delta, desired, latest):
        spec = fieldpath.assign(spec, path, value)
    return spec


def _resets(
    descriptor: Descriptor, delta: Delta, desired: Mapping[str, Json], latest: Mapping[str, Json]
) -> Iterator[tuple[str, Json]]:
    for difference in delta:
        if fieldpath.get(desired, difference.path) is None:
            value = _reset(descriptor, str(fieldpath.parse(difference.path).definition()))
            if value is not None:
                yield difference.path, _laid_over(value, fieldpath.get(latest, difference.path))


def resettable(descriptor: Descriptor, path: str) -> bool:
    """Whether it is known how a field that is taken out goes back to AWS's default."""
    rule = descriptor.rules.get(path)
    return rule is not None and not (rule.clear is UNSET and rule.default is UNSET)


def _reset(descriptor: Descriptor, path: str) -> Json:
    """What is sent for a field that is taken out: its `clear`, else its `default`; None: nothing is known."""
    rule = descriptor.rules.get(path)
    if rule is None:
        return None
    return next((value for value in (rule.clear, rule.default) if value is not UNSET), None)


def _laid_over(value: Json, observed: Json) -> Json:
    both = isinstance(value, Mapping) and isinstance(observed, Mapping)
    return {**observed, **value} if both and value else value
