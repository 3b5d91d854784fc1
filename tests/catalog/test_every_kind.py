"""One sweep over the catalog: every kind compiles, and everything that its descriptor names exists in AWS's model."""

from collections.abc import Iterator
from functools import cache

import pytest

from ackpy.catalog import load, services
from ackpy.model.compiler import compile_service, paths
from ackpy.model.crd import custom_resource_definition
from ackpy.model.definition import UNSET
from ackpy.model.descriptor import Descriptor, Node, Operation, Role, Type
from ackpy.model.naming import camel
from ackpy.model.shapes import Model, load_model


@cache
def kinds() -> dict[str, Descriptor]:
    return {f"{each.service}.{each.kind}": each for each in compile_service(load(services()))}


@cache
def model(name: str) -> Model:
    return load_model(name)


NAMES = [f"{each.service}.{each.kind}" for each in load(services())]
every_kind = pytest.mark.parametrize("name", NAMES)


def operations(kind: Descriptor) -> Iterator[Operation]:
    own = (kind.read, kind.create, kind.update, kind.delete, *(each for _, each in kind.variants))
    of_aspects = (
        each for aspect in kind.aspects for each in (aspect.get, aspect.one, aspect.put, aspect.change, aspect.clear)
    )
    yield from (each for each in (*own, *of_aspects) if each is not None)


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for member in node.members.values():
        yield from nodes(member.node)
    if node.element is not None:
        yield from nodes(node.element)


@every_kind
def test_operations_members_and_places_exist(name: str) -> None:
    kind = kinds()[name]
    shapes = model(kind.model)
    assert kind.definition.not_found
    for each in operations(kind):
        api = paths.operation(shapes, each.name)
        given, answered = shapes.pristine(api.input), shapes.pristine(api.output)
        paths.walk(shapes, answered if each.role is Role.READ else given, each.at)
        paths.walk(shapes, answered, each.out)
        for binding in each.bindings:
            paths.walk(shapes, given, binding.member)


@every_kind
def test_bindings_and_fields_lead_to_properties(name: str) -> None:
    kind = kinds()[name]
    for each in operations(kind):
        for binding in each.bindings:
            if binding.source in ("spec", "status"):
                (kind.spec if binding.source == "spec" else kind.status).at(str(binding.value))
        for path in each.fields.values():
            assert kind.spec.at(path).type
        for top in each.observes:
            assert top in {*kind.spec.members, *kind.status.members}


@every_kind
def test_every_path_has_one_writer_or_is_fixed(name: str) -> None:
    kind = kinds()[name]
    owned = [path for aspect in kind.aspects for path in aspect.paths]
    assert sorted(owned) == sorted(path for path, member in kind.spec.members.items() if member.ref is None)
    for path in kind.spec.members:
        if kind.spec.members[path].ref is None:
            rule = kind.rules.get(path)
            fixed = path in kind.identifiers or (rule is not None and (rule.immutable or rule.ignore))
            assert fixed or any(each.role is not Role.CREATE for each in kind.writers(path)), path


@every_kind
def test_defaults_and_clears_fit_the_type(name: str) -> None:
    kind = kinds()[name]
    for path, rule in kind.rules.items():
        for value in (rule.default, rule.clear):
            if value not in (UNSET, None):
                assert fits(kind.spec.at(path), value), (path, value)


def fits(node: Node, value: object) -> bool:
    if node.type is Type.STRUCTURE:
        return isinstance(value, dict) and all(
            key in node.members and (each is None or fits(node.members[key].node, each)) for key, each in value.items()
        )
    if node.type is Type.LIST:
        return isinstance(value, list) and node.element is not None and all(fits(node.element, each) for each in value)
    wanted = {Type.STRING: str, Type.BOOLEAN: bool, Type.INTEGER: int, Type.NUMBER: float, Type.MAP: dict}[node.type]
    return isinstance(value, wanted)


@every_kind
def test_names_follow_acks_rules(name: str) -> None:
    kind = kinds()[name]
    assert kind.kind == camel(kind.kind)
    assert kind.finalizer == f"finalizers.{kind.service}.services.k8s.aws/{kind.kind}"
    assert kind.aspects[0].name == ""
    assert len({aspect.name for aspect in kind.aspects}) == len(kind.aspects)


@every_kind
def test_the_schema_is_structural(name: str) -> None:
    crd = custom_resource_definition(kinds()[name], descriptions=False)
    text = repr(crd)
    for word in ("enum", "pattern", "default'", "oneOf", "nullable"):
        assert f"'{word}" not in text
    assert all(node.type is not Type.STRUCTURE or node.members for node in nodes(kinds()[name].spec))
