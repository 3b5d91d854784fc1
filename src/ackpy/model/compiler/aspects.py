"""The units of reading and writing of a kind: the core, and each facet, set of members, attributes map, tags and update group.

Every spec path belongs to exactly one of them. What no other aspect owns is the core's: written by create and by the kind's own
update. Order: the core and tags, then groups, then facets and members as the definition lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.compiler import calls, paths, split
from ackpy.model.compiler.calls import Use
from ackpy.model.compiler.draft import Draft, unknown
from ackpy.model.compiler.nodes import Types
from ackpy.model.compiler.tagging import Tagging
from ackpy.model.definition import Facet, Field, Group, Members
from ackpy.model.descriptor import Aspect, AspectKind, Node, Operation, Role, Type
from ackpy.model.naming import upper_first

ATTRIBUTES: Final = "attributes"


class Writer:
    """Makes the aspects of one kind."""

    def __init__(self, draft: Draft, types: Types, spec: Node, status: Node) -> None:
        """`spec` and `status` are the kind's finished types."""
        self.draft, self.types, self.spec, self.status = draft, types, spec, status
        self.fields = draft.resource.fields

    def aspects(self, tags: Tagging | None) -> tuple[Aspect, ...]:
        """All aspects, the core first. DefinitionError where two own a path, or `after` names none of them."""
        others = [*self._tags(tags), *self._groups(), *self._attributes(), *self._faceted()]
        owned: dict[str, str] = {}
        for aspect in others:
            for path in aspect.paths:
                if path in owned:
                    raise DefinitionError(f"{path} has two writers, {owned[path]} and {aspect.name}: leave one of them")
                owned[path] = aspect.name
        core = Aspect("", AspectKind.CORE, tuple(sorted(set(self._values()) - set(owned))), order=0, in_create=True)
        return _ordered(
            [core, *(replace(each, order=place) for place, each in enumerate(others, start=1))],
            {**dict.fromkeys(core.paths, ""), **owned},
        )

    def _values(self) -> Iterator[str]:
        """The spec's properties, references left out."""
        return (name for name, member in self.spec.members.items() if member.ref is None)

    def _tags(self, tags: Tagging | None) -> Iterator[Aspect]:
        if tags is not None and tags.aspect is not None:
            yield tags.aspect

    def _groups(self) -> Iterator[Aspect]:
        groups = {group.operation: group for group in self.draft.resource.groups}
        own = self.draft.roles.update
        for key, field in self.fields.items():
            if field.update and not (own is not None and own is self.draft.model.operation(field.update)):
                before = groups.get(field.update, Group(operation=field.update, fields=()))
                after = tuple(dict.fromkeys((*before.after, *field.after)))
                groups[field.update] = replace(before, fields=tuple(dict.fromkeys((*before.fields, key))), after=after)
        for group in groups.values():
            yield self._group(group)

    def _group(self, group: Group) -> Aspect:
        api = paths.operation(self.draft.model, group.operation)
        for name in group.fields:
            if name not in self.draft.spec:
                raise unknown(f"group {group.operation}: spec property", name, self.draft.spec)
        at = split.input_wrapper(self.draft.resource, self.draft.model, api)
        others = self.draft.spec.keys() - set(group.fields)
        written = calls.written(self.draft, api, at, skip=others)
        lost = [name for name in group.fields if name not in written.values()]
        if lost:
            members = self.draft.model.shape(api.input).members
            raise unknown(
                f"{lost[0]}: member of {api.input}",
                upper_first(self.draft.spec[lost[0]].wire),
                members,
                "give the field `write`",
            )
        put = calls.operation(self.draft, api, Use(Role.UPDATE, at=at, fields=written, args=group.const))
        return Aspect(
            group.operation,
            AspectKind.GROUP,
            tuple(group.fields),
            order=0,
            put=put,
            after=tuple(group.after),
            in_create=all(self._in_create(name) for name in group.fields),
            alone=group.alone,
            whole=group.whole,
            const=group.const,
        )

    def _in_create(self, name: str) -> bool:
        create = self.draft.roles.create
        at = split.input_wrapper(self.draft.resource, self.draft.model, create)
        return name in calls.fields(self.draft, create, at).values()

    def _attributes(self) -> Iterator[Aspect]:
        """The map of attributes: one aspect for all of its keys."""
        said = self.draft.resource.attributes
        keys = {key: field for key, field in self.fields.items() if field.attribute}
        if said is None:
            if keys:
                raise DefinitionError(
                    f"{next(iter(keys))} is an attribute, but the kind says no Attributes(get=..., set=...)"
                )
            return
        table = {self.draft.spec[key].wire: key for key in keys if key in self.draft.spec}
        answers = {**table, **{self.draft.status[key].wire: key for key in keys if key in self.draft.status}}
        get = self._map(said.get, Role.READ, said.args, answers, one_by_one=False)
        yield Aspect(
            ATTRIBUTES,
            AspectKind.ATTRIBUTES,
            tuple(table.values()),
            order=0,
            get=get,
            put=self._map(said.set, Role.UPDATE, said.args, table, one_by_one=said.one_by_one),
            in_create=self.draft.model.shape(self.draft.roles.create.input).member("Attributes") is not None,
            one_by_one=said.one_by_one,
        )

    def _map(
        self, text: str, role: Role, args: Mapping[str, object], keys: Mapping[str, str], *, one_by_one: bool
    ) -> Operation:
        name, path = paths.split(text)
        api = paths.operation(self.draft.model, name)
        shape = self.draft.model.shape(api.output if role is Role.READ else api.input)
        at = paths.walk(self.draft.model, shape, path or ("AttributeValue" if one_by_one else "Attributes")).at
        known = {each: value for each, value in args.items() if self.draft.model.shape(api.input).member(each)}
        use = Use(role, at=at, args=known, key="AttributeName" if one_by_one else "")
        return replace(calls.operation(self.draft, api, use), fields=dict(keys))

    def _faceted(self) -> Iterator[Aspect]:
        for key, field in self.fields.items():
            if field.facet is None:
                continue
            try:
                made = (
                    self._members(key, field, field.facet)
                    if isinstance(field.facet, Members)
                    else self._facet(key, field.facet)
                )
            except DefinitionError as error:
                raise DefinitionError(f"{key}: {error}") from None
            yield replace(made, after=tuple(dict.fromkeys((*made.after, *field.after))), when=made.when or field.when)

    def _facet(self, key: str, facet: Facet) -> Aspect:
        if "." in key:
            raise DefinitionError("only a top-level property can be a facet")
        read_only = key in self.draft.status
        node = (self.status if read_only else self.spec).members[key].node
        put = self._put(facet) if facet.put else None
        get = self._got(key, facet, node, put) if facet.get else None
        return Aspect(
            key,
            AspectKind.FACET,
            () if read_only else (key, *self._also(facet.also)),
            order=0,
            node=node,
            value=f"status.{key}" if read_only else key,
            get=get,
            put=put,
            clear=self._plain(facet.delete, Role.CLEAR, facet.args) if facet.delete else None,
            absent=tuple(facet.absent),
            unsupported=tuple(facet.unsupported),
            done=tuple(facet.done),
            when=facet.when,
            after=tuple(facet.after),
            in_create=not read_only and self._in_create(key),
        )

    def _also(self, also: Sequence[str]) -> Iterator[str]:
        for name in also:
            if name not in self.spec.members:
                raise unknown("also: spec property", name, self.spec.members)
            yield name

    def _put(self, facet: Facet) -> Operation:
        name, path = paths.split(facet.put)
        api = paths.operation(self.draft.model, name)
        place = paths.walk(self.draft.model, self.draft.model.shape(api.input), path)
        also = {member: name for member, name in calls.fields(self.draft, api, "").items() if name in facet.also}
        lost = sorted(set(facet.also) - set(also.values()))
        if lost and self.draft.resource.hooks is None:
            raise DefinitionError(
                f"also={lost[0]!r}: {api.name} takes no such member: name it with `names`, or write a hook"
            )
        filled = (*also, *([each.name for each in place.shape.members.values()] if not path else ()))
        made = calls.operation(self.draft, api, Use(Role.PUT, at=place.at, args=facet.args, filled=filled))
        return replace(made, fields=also)

    def _got(self, key: str, facet: Facet, node: Node, put: Operation | None) -> Operation:
        name, path = paths.split(facet.get)
        api = paths.operation(self.draft.model, name)
        place = paths.walk(self.draft.model, self.draft.model.shape(api.output), path)
        self._check_alike(key, place, node)
        made = calls.operation(self.draft, api, Use(Role.READ, at=place.at, args=facet.args))
        reads = dict(self._reads(key, place, node))
        return replace(
            made, reads=reads, carry=self._carried(facet, place, node) if put and put.replaces else frozenset()
        )

    def _reads(self, key: str, place: paths.Place, node: Node) -> Iterator[tuple[str, str]]:
        """What fields of the value read elsewhere in the answer."""
        for path, field in self.fields.items():
            if not field.read or path.split(".")[0] != key:
                continue
            # below a list it is relative to the element, whose shape in the answer is reached by the value's own path
            if ".." not in path:
                leaf = node.at(path.removeprefix(key).removeprefix("."))
                try:
                    paths.check_reading(self.draft.model, place.shape, field, leaf.type)
                except DefinitionError as error:
                    raise DefinitionError(f"{path}: {error}") from None
            yield path, field.read

    def _check_alike(self, key: str, place: paths.Place, node: Node) -> None:
        """A value and its reading must be of one type, unless the definition converts it."""
        converted = self.draft.resource.hooks is not None or any(
            field.codec or field.read for path, field in self.fields.items() if path.split(".")[0] == key
        )
        if place.shape.type is not node.type and not converted:
            raise DefinitionError(
                f"is written as a {node.type} but read as a {place.shape.type}: give it `read` or `codec`"
            )

    def _carried(self, facet: Facet, read: paths.Place, node: Node) -> frozenset[str]:
        """Members of the value that were cut from the schema, which the answer gives and the put takes."""
        api = paths.operation(self.draft.model, paths.split(facet.put)[0])
        place = paths.walk(self.draft.model, self.draft.model.shape(api.input), paths.split(facet.put)[1])
        if node.type is not Type.STRUCTURE or not place.at:
            return frozenset()
        taken = self.draft.model.pristine(place.shape.name).members
        given = self.draft.model.pristine(read.shape.name).members
        return frozenset(taken[name].wire for name in taken.keys() & given.keys() if name not in place.shape.members)

    def _plain(self, text: str, role: Role, args: Mapping[str, object], key: str = "") -> Operation:
        name, path = paths.split(text)
        api = paths.operation(self.draft.model, name)
        place = paths.walk(
            self.draft.model, self.draft.model.shape(api.output if role is Role.READ else api.input), path
        )
        return calls.operation(self.draft, api, Use(role, at=place.at, args=args, key=key))

    def _members(self, key: str, field: Field, said: Members) -> Aspect:
        node = self.spec.members[key].node
        element = self._key_member(node, said)
        return Aspect(
            key,
            AspectKind.MEMBERS,
            (key, *self._also(said.also)),
            order=0,
            node=node,
            value=key,
            get=self._plain(said.list, Role.READ, {}) if said.list else None,
            one=self._plain(said.get, Role.READ, {}, element) if said.get else None,
            put=self._written_element(said.add, Role.PUT, element, node),
            change=self._written_element(said.change, Role.PUT, element, node) if said.change else None,
            clear=self._written_element(said.remove, Role.CLEAR, element, node),
            key=said.key,
            absent=tuple(said.absent),
            unsupported=tuple(said.unsupported),
            when=said.when,
            after=(*said.after, *field.after),
            in_create=self._in_create(key),
            members=said,
        )

    def _written_element(self, text: str, role: Role, key: str, node: Node) -> Operation:
        """A write of one element: `at` leads to the element itself, `node` is its type there where that is another than the CRD's."""
        made = self._plain(text, role, {}, key)
        name, path = paths.split(text)
        if not path or node.element is None:
            return made
        api = paths.operation(self.draft.model, name)
        shape, at = paths.walk(self.draft.model, self.draft.model.shape(api.input), path).shape, made.at
        if shape.type is Type.LIST and node.element.type is not Type.LIST:
            shape, at = self.draft.model.shape(shape.element), f"{at}.."
        other = shape.type is Type.STRUCTURE and shape.name != node.element.shape
        return replace(made, at=at, node=self.types.node(shape.name) if other else None)

    def _key_member(self, node: Node, said: Members) -> str:
        """AWS's name of an element's key: the member of that property, or the word itself for the key of a map."""
        if not said.key or node.element is None:
            return ""
        if node.type is Type.MAP:
            return said.key
        member = node.element.members.get(said.key)
        if member is None:
            raise unknown("key: property of an element", said.key, node.element.members)
        return member.aws


def _ordered(aspects: Sequence[Aspect], owned: Mapping[str, str]) -> tuple[Aspect, ...]:
    """The aspects with `after` as aspect names; DefinitionError for a name that is none, or a circle."""
    names = {aspect.name for aspect in aspects}
    result = []
    for aspect in aspects:
        for each in aspect.after:
            if each not in names and each not in owned:
                raise unknown(f"{aspect.name}: after: aspect", each, [*names, *owned])
        after = tuple(dict.fromkeys(each if each in names else owned[each] for each in aspect.after))
        result.append(replace(aspect, after=tuple(each for each in after if each != aspect.name)))
    _check_circle({aspect.name: aspect.after for aspect in result})
    return tuple(result)


def _check_circle(after: Mapping[str, Sequence[str]]) -> None:
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise DefinitionError(f"after: {' -> '.join((*way[way.index(name) :], name))} is a circle")
        if name not in done:
            for each in after[name]:
                visit(each, (*way, name))
            done.add(name)

    for name in after:
        visit(name, ())
