"""What a definition says of single paths, checked and gathered: rules, and the paths that conditions, states and deletions name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ackpy.errors import DefinitionError
from ackpy.model.compiler import paths
from ackpy.model.compiler.draft import Draft, unknown
from ackpy.model.definition import By, Compare, Field, Resource
from ackpy.model.descriptor import Aspect, Node, Operation, Rule, Type
from ackpy.model.when import When

FIXED: Final = "no operation of AWS changes it: delete the object and make it anew"
_PLACEHOLDER: Final = re.compile(r"\{([^}]*)\}")
_SCOPE: Final = ("partition", "region", "account")


def rules(draft: Draft, spec: Node) -> dict[str, Rule]:
    """The rules by path. DefinitionError for a path that leads nowhere."""
    found: dict[str, Rule] = {}
    for path, field in draft.resource.fields.items():
        if field.status or path.split(".", maxsplit=1)[0] not in spec.members:
            continue
        node = _at(spec, path)
        rule = _rule(path, field)
        if isinstance(rule.compare, By):
            _check_by(path, node, rule.compare)
        if rule != Rule(path):
            found[path] = rule
    return found


def _rule(path: str, field: Field) -> Rule:
    return Rule(
        path,
        compare=field.compare,
        default=field.default,
        clear=field.clear,
        codec=field.codec,
        when=field.when,
        late_init=field.late_init,
        write_only=field.write_only,
        immutable=field.immutable,
        ignore=field.ignore,
        effect=field.effect,
        secret=field.secret,
    )


def _at(node: Node, path: str) -> Node:
    try:
        return node.at(path)
    except (KeyError, ValueError) as error:
        raise DefinitionError(f"{path}: {error.args[0]}") from None


def _check_by(path: str, node: Node, by: By) -> None:
    if node.type is not Type.LIST or node.element is None or by.key not in node.element.members:
        known = node.element.members if node.element else ()
        raise unknown(f"{path}: compare=By: property of an element", by.key, known)


def check_writers(draft: Draft, core: Aspect, update: Operation | None, found: dict[str, Rule]) -> None:
    """Hold that something writes every path of the core, or that it never changes.

    Where the definition says that the kind has no update at all, what nothing writes is fixed, and `found` says so.
    """
    written = set(update.fields.values()) if update else set()
    orphans = [path for path in core.paths if path not in written and not _settled(draft, path, found)]
    if orphans and draft.resource.operations.update != "-":
        advice = "say update=, a facet, a group, or immutable=; operations=Operations(update='-') where nothing can be updated"
        raise DefinitionError(f"{', '.join(orphans)}: nothing writes it after create: {advice}")
    for path in orphans:
        found[path] = replace(found.get(path, Rule(path)), immutable=FIXED)


def _settled(draft: Draft, path: str, found: dict[str, Rule]) -> bool:
    """Whether a difference at a path that nothing writes is dealt with: refused, or not looked at."""
    rule = found.get(path, Rule(path))
    return bool(rule.immutable) or rule.ignore or rule.compare is Compare.IGNORE or path in draft.identifiers


def check_paths(draft: Draft, spec: Node, status: Node, aspects: Sequence[Aspect]) -> None:
    """Hold that every path, and every aspect, that the definition's other words name exists."""
    resource = draft.resource
    for where, condition in _conditions(resource):
        for path in condition.paths():
            _known(f"{where}: condition", path, spec, status)
    for state in resource.states:
        _known("state", state.path, status, spec)
        if state.also:
            _known("state.also", state.also, status, spec)
        for path in state.allow:
            _known("state.allow", path, spec)
    names = [aspect.name for aspect in aspects]
    for name in resource.deletion.first:
        if name not in names:
            raise unknown("deletion.first: aspect", name, names)
    for variant in resource.variants:
        for path in variant.lacks:
            _known("variant: lacks", path, spec)
    for template in (resource.arn, *(variant.arn for variant in resource.variants)):
        for name in _PLACEHOLDER.findall(template):
            if name not in _SCOPE:
                _known("arn", name, spec, status)


def _conditions(resource: Resource) -> Iterator[tuple[str, When]]:
    for path, field in resource.fields.items():
        conditions = (field.when, field.facet.when if field.facet is not None else None)
        yield from ((path, each) for each in conditions if each is not None)
    yield from (("refuse", each.when) for each in resource.refuse)
    yield from (("variant", each.when) for each in resource.variants)


def _known(where: str, path: str, *sides: Node) -> None:
    for side in sides:
        try:
            side.at(path)
        except (KeyError, ValueError):
            continue
        return
    raise unknown(f"{where}: path", path, [name for side in sides for name in side.members])


def check_tokens(draft: Draft) -> None:
    """Hold that what the last read gives exists in its answer, and that an update or a delete takes it."""
    model, roles = draft.model, draft.roles
    takers = [model.shape(api.input) for api in (roles.update, roles.delete) if api is not None]
    for token in draft.resource.tokens:
        if roles.read is None:
            raise DefinitionError(f"token {token.send}: nothing is read that could give it")
        paths.walk(model, model.shape(roles.read.output), token.read)
        if not any(shape.member(token.send) for shape in takers):
            raise unknown(
                "token: member of update or delete", token.send, [name for shape in takers for name in shape.members]
            )
