"""How a kind's tags are read and written, found in the model: TagResource and its like, their members by name and type.

`Tags` in a definition overrides each part. Tags that no operation of their own writes travel with the kind's create and update.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.compiler import calls, paths, split
from ackpy.model.compiler.calls import Use
from ackpy.model.compiler.draft import Draft, unknown
from ackpy.model.compiler.nodes import Types
from ackpy.model.definition import Tags
from ackpy.model.descriptor import Aspect, AspectKind, Node, Operation, Role, TagShape, Type
from ackpy.model.shapes import Api, ShapeMember

NAME: Final = "tags"
_LIST: Final = (
    *(
        "ListTagsForResource",
        "ListTagsOfResource",
        "ListTags",
        "ListResourceTags",
        "List{kind}Tags",
        "ListTagsFor{kind}",
    ),
    *("GetResourceTags", "GetTags"),
)
_ADD: Final = ("TagResource", "Tag{kind}", "AddTagsTo{kind}", "AddTagsToResource", "AddTags", "CreateTags")
_REMOVE: Final = (
    "UntagResource",
    "Untag{kind}",
    "RemoveTagsFrom{kind}",
    "RemoveTagsFromResource",
    "RemoveTags",
    "DeleteTags",
)


@dataclass(frozen=True, slots=True)
class Tagging:
    """The tags of a kind: their shape in the spec, and the aspect that keeps them (None: the core's operations do)."""

    shape: TagShape
    aspect: Aspect | None
    top: str


def tagging(draft: Draft, types: Types, spec: Node) -> Tagging | None:
    """The kind's tags; None where the definition says that it has none. DefinitionError where none are found and nothing is said."""
    said = draft.resource.tags or Tags()
    if said.ignore:
        return None
    top = said.path.split(".")[0]
    if top not in spec.members:
        raise DefinitionError(
            f"tags: no property {said.path!r} in the spec: give Tags(path=...), or Tags(ignore=True) for a kind without"
        )
    shape = _shape(said, spec)
    in_create = _on_create(draft, said, top)
    aspect = _aspect(draft, said, types, spec.at(said.path), top)
    if aspect is not None:
        aspect = replace(aspect, in_create=bool(in_create))
    return Tagging(replace(shape, in_create=bool(in_create)), aspect, top)


def create_member(draft: Draft) -> str:
    """The member of create's input that takes the tags where it is no property of its own; "" for none."""
    said = draft.resource.tags
    if said is None or not said.on_create or said.ignore:
        return ""
    shape, at = draft.model.pristine(draft.roles.create.input), ""
    for segment in said.on_create.split("."):
        member = shape.member(segment)
        if member is None:
            raise unknown(f"tags.on_create: member of {shape.name}", segment, shape.members)
        at = f"{at}.{member.wire}" if at else member.wire
        shape = draft.model.pristine(member.shape)
    return at


def _on_create(draft: Draft, said: Tags, top: str) -> str:
    if said.on_create is None:
        return ""
    return create_member(draft) or next(
        (each.wire for each in _create_input(draft) if draft.spec[top].wire == each.wire), ""
    )


def _create_input(draft: Draft) -> Iterable[ShapeMember]:
    create = draft.roles.create
    at = split.input_wrapper(draft.resource, draft.model, create)
    return paths.walk(draft.model, draft.model.shape(create.input), at).shape.members.values()


def _shape(said: Tags, spec: Node) -> TagShape:
    node = spec.at(said.path)
    if node.type is Type.MAP:
        return TagShape(said.path, "map")
    element = node.element
    if node.type is not Type.LIST or element is None or element.type is not Type.STRUCTURE:
        raise DefinitionError(f"tags: {said.path} is a {node.type}: tags are a map, or a list of structures")
    by_name = {member.aws.lower(): name for name, member in element.members.items()}
    names = [by_name.get(each.lower(), "") for each in (said.key, said.value)]
    if not all(names):
        raise unknown(
            "tags: member", said.key if not names[0] else said.value, [each.aws for each in element.members.values()]
        )
    return TagShape(said.path, "list", key=names[0], value=names[1])


def _aspect(draft: Draft, said: Tags, types: Types, node: Node, top: str) -> Aspect | None:
    if said.replace is not None:
        return _replaced(draft, said, node, top)
    add, remove = _find(draft, said.add, _ADD), _find(draft, said.remove, _REMOVE)
    if add is None or remove is None:
        return None
    reading = _find(draft, said.list, _LIST)
    return Aspect(
        NAME,
        AspectKind.TAGS,
        (top,),
        order=0,
        node=node,
        value=said.path,
        get=_reading(draft, reading, paths.split(said.list)[1], types, node) if reading else None,
        put=_writing(draft, add, paths.split(said.add)[1], types, node),
        clear=_removing(draft, remove, paths.split(said.remove)[1], types),
        key=said.key,
    )


def _replaced(draft: Draft, said: Tags, node: Node, top: str) -> Aspect:
    """Tags that are set all at once: a facet with get, put and delete."""
    facet = said.replace
    if facet is None or not facet.get or not facet.put:
        raise DefinitionError("tags: replace needs get and put")

    def made(text: str, role: Role) -> Operation:
        name, path = paths.split(text)
        api = paths.operation(draft.model, name)
        side = api.output if role is Role.READ else api.input
        at = paths.walk(draft.model, draft.model.shape(side), path).at
        return calls.operation(draft, api, Use(role, at=at, args=facet.args))

    return Aspect(
        top,
        AspectKind.TAGS,
        (top,),
        order=0,
        node=node,
        value=said.path,
        get=made(facet.get, Role.READ),
        put=made(facet.put, Role.TAG),
        clear=made(facet.delete, Role.UNTAG) if facet.delete else None,
        key=said.key,
        absent=tuple(facet.absent),
        unsupported=tuple(facet.unsupported),
        done=tuple(facet.done),
        when=facet.when,
        after=tuple(facet.after),
    )


def _find(draft: Draft, said: str, usual: Iterable[str]) -> Api | None:
    if said:
        return paths.operation(draft.model, paths.split(said)[0])
    candidates = (draft.model.operation(name.format(kind=draft.resource.kind)) for name in usual)
    return next((api for api in candidates if api is not None and _fits(draft, api)), None)


def _fits(draft: Draft, api: Api) -> bool:
    """Whether a usual tag operation can name this kind's objects: everything demanded beside the tags can be filled."""
    try:
        calls.operation(draft, api, Use(Role.READ, filled=_tag_members(draft, api)))
    except DefinitionError:
        return False
    return True


def _tag_members(draft: Draft, api: Api) -> list[str]:
    return [each.name for each in draft.model.shape(api.input).members.values() if "tag" in each.name.lower()]


def _reading(draft: Draft, api: Api, path: str, types: Types, node: Node) -> Operation:
    member = path or _container(draft, api.output, api)
    place = paths.walk(draft.model, draft.model.shape(api.output), member)
    return replace(
        calls.operation(draft, api, Use(Role.READ, at=place.at)), node=_other(types.node(place.shape.name), node)
    )


def _writing(draft: Draft, api: Api, path: str, types: Types, node: Node) -> Operation:
    place = paths.walk(draft.model, draft.model.shape(api.input), path or _container(draft, api.input, api))
    return replace(
        calls.operation(draft, api, Use(Role.TAG, at=place.at)), node=_other(types.node(place.shape.name), node)
    )


def _removing(draft: Draft, api: Api, path: str, types: Types) -> Operation:
    place = paths.walk(draft.model, draft.model.shape(api.input), path or _container(draft, api.input, api))
    return replace(calls.operation(draft, api, Use(Role.UNTAG, at=place.at)), node=types.node(place.shape.name))


def _container(draft: Draft, shape: str, api: Api) -> str:
    """The member of an input or output that holds tags or their keys: a list or map with "tag" in its name."""
    for member in draft.model.shape(shape).members.values():
        if "tag" in member.name.lower() and draft.model.shape(member.shape).type in (Type.LIST, Type.MAP):
            return member.name
    raise DefinitionError(
        f"tags: {api.name} has no list or map of tags: write the path after its name, as in {api.name}:Tags"
    )


def _other(node: Node, own: Node) -> Node | None:
    """The type where it is another form than the spec's own (a map for a list, other member names)."""
    if node.type is not own.type:
        return node
    ours, theirs = own.element, node.element
    same = ours is not None and theirs is not None and set(ours.by_aws()) == set(theirs.by_aws())
    return None if same else node
