"""What answers tell of a kind: the core read, a get or a list with the object somewhere in it, and what create and update answer."""

from __future__ import annotations

from dataclasses import replace

from ackpy.errors import DefinitionError
from ackpy.model.compiler import calls, paths, split
from ackpy.model.compiler.calls import Use
from ackpy.model.compiler.draft import Draft, Property, unknown
from ackpy.model.definition import Field, Members
from ackpy.model.descriptor import Operation, Role, Type
from ackpy.model.shapes import Api, Shape, ShapeMember


def answer(draft: Draft, api: Api, at: str, *, own_reads: bool = True) -> tuple[dict[str, str], frozenset[str]]:
    """What an answer tells: property -> JMESPath where the member has another name there, and every property it can carry.

    `own_reads` adds what fields say with `read`, which is of the core read.
    """
    shape = paths.walk(draft.model, draft.model.shape(api.output), at).shape
    while shape.type is Type.LIST:
        shape = draft.model.shape(shape.element)
    reads: dict[str, str] = {}
    observed: set[str] = set()
    for member in shape.members.values():
        found = draft.find(api, member)
        if found is not None and _compatible(draft, member, found[1]):
            observed.add(found[1].name)
            if found[1].wire != member.wire:
                reads[found[1].name] = member.wire
    for key, field in draft.resource.fields.items() if own_reads else ():
        if field.read and not _read_apart(draft, key):
            _check_read(draft, shape, key, field)
            reads[key] = field.read
            observed.add(key.split(".")[0])
    return reads, frozenset(observed)


def _compatible(draft: Draft, member: ShapeMember, found: Property) -> bool:
    """Whether a member of that name is the same thing: a structure is never read into a string."""
    return draft.model.shape(member.shape).type is draft.model.shape(found.shape).type


def _read_apart(draft: Draft, key: str) -> bool:
    """Whether a path belongs to a facet or to members that have a read of their own."""
    top = draft.resource.fields.get(key.split(".", maxsplit=1)[0])
    facet = top.facet if top is not None else None
    return bool(facet.list if isinstance(facet, Members) else facet and facet.get)


def _check_read(draft: Draft, shape: Shape, key: str, field: Field) -> None:
    if ".." in key:  # relative to the element, whose shape in the answer is reached by the value's own path
        return
    top = draft.spec.get(key) or draft.status.get(key)
    try:
        if top is None:
            paths.check_expression(draft.model, shape, field.read)
        else:
            paths.check_reading(draft.model, shape, field, draft.model.shape(top.shape).type)
    except DefinitionError as error:
        raise DefinitionError(f"{key}: {error}") from None


def read(draft: Draft) -> Operation | None:
    """The core read: a get, or a list whose matching item is the object."""
    api = draft.roles.read
    if api is None:
        return None
    at = _item_path(draft, api) if draft.roles.many else split.output_wrapper(draft.resource, draft.model, api)
    made = calls.operation(draft, api, Use(Role.READ, at=at, core=True))
    reads, observed = answer(draft, api, at)
    match = _match(draft, api, at) if draft.roles.many else {}
    _check_batch(draft, api, made)
    return replace(made, reads=reads, observes=observed, match=match)


def _check_batch(draft: Draft, api: Api, made: Operation) -> None:
    """A read of many must take many: the member that `batch` names is the one that takes the identifier, in a list."""
    batch, taken = draft.resource.batch, [each.member for each in made.bindings if each.list]
    if batch is not None and batch.ids and batch.ids not in taken:
        raise unknown(f"batch.ids: list of identifiers in {api.input}", batch.ids, taken)


def _item_path(draft: Draft, api: Api) -> str:
    """Where the list of items is in an answer: the lookup's path, a wrapper, else the first member that is a list of structures."""
    output = draft.model.shape(api.output)
    said = paths.split(draft.resource.lookup.list)[1] if draft.resource.lookup else ""
    said = said or split.output_wrapper(draft.resource, draft.model, api)
    if said:
        return paths.walk(draft.model, output, said).at
    for member in output.members.values():
        shape = draft.model.shape(member.shape)
        if shape.type is Type.LIST and draft.model.shape(shape.element).type is Type.STRUCTURE:
            return member.wire
    raise DefinitionError(
        f"{api.name} answers no list of structures: say with lookup=Lookup(list=...) where the items are"
    )


def _match(draft: Draft, api: Api, at: str) -> dict[str, str]:
    """Item members that must equal the object's properties: the lookup's, else the identifiers by their own names."""
    item = draft.model.shape(paths.walk(draft.model, draft.model.shape(api.output), at).shape.element)
    lookup = draft.resource.lookup
    if lookup is not None and lookup.match:
        return {_item_member(item, member): path for member, path in lookup.match.items()}
    known = {**draft.status, **draft.spec}
    pairs = {each.wire: name for name in draft.identifiers for each in (known[name],) if item.member(each.wire)}
    if not pairs:
        raise DefinitionError(
            f"an item of {api.name} has no member that names it: say with lookup=Lookup(match=...) what must equal"
        )
    return pairs


def _item_member(item: Shape, name: str) -> str:
    member = item.member(name)
    if member is None:
        raise unknown(f"lookup.match: member of {item.name}", name, item.members)
    return member.wire
