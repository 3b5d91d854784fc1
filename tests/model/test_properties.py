"""What holds for every kind of the catalog: specs made from the compiled types and AWS's own shapes, sent and read back and compared."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ackpy.catalog import load, services
from ackpy.kube.objects import apply_merge_patch
from ackpy.model import fieldpath, request, response
from ackpy.model.compiler import compile_service
from ackpy.model.convert import pick, place
from ackpy.model.definition import By, Compare
from ackpy.model.delta import Mode, delta, digest
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor, Node, Operation, Rule, Type
from ackpy.model.fieldpath import Each, Entry, FieldPath, Index, Key, Name
from ackpy.model.redact import parameters, redact
from ackpy.model.request import Call, Scope, View

SCOPE = Scope(account="123456789012", region="eu-west-1", token="token-1")
ARN = "arn:aws:service:eu-west-1:123456789012:thing/name"
STATUS = {"ackResourceMetadata": {"arn": ARN, "ownerAccountID": "123456789012", "region": "eu-west-1"}}
POLICIES = st.lists(
    st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": st.lists(st.sampled_from(["a:B", "a:C"]), min_size=1)},
        optional={"Sid": st.sampled_from(["x", "y"]), "Resource": st.just("*")},
    ),
    max_size=3,
).map(lambda statements: json.dumps({"Version": "2012-10-17", "Statement": statements}))


@cache
def kinds() -> tuple[Descriptor, ...]:
    return tuple(kind for name in services() for kind in compile_service(load([name])))


@cache
def model(name: str) -> ServiceModel:
    return ServiceModel(botocore.loaders.create_loader().load_service_model(name, "service-2"), name)


def named(name: str) -> Descriptor:
    """Tests are given names, since a failing example is printed with its arguments."""
    return next(kind for kind in kinds() if kind.kind == name)


def each_aspect(*wanted: AspectKind) -> list[Any]:
    return [
        pytest.param(kind.kind, aspect.name, id=f"{kind.kind}-{aspect.name or 'core'}")
        for kind in kinds()
        for aspect in kind.aspects
        if aspect.kind in wanted and aspect.paths and (kind.kind, aspect.name) not in ODD
    ]


# Aspects whose hook gives AWS's answer another form than the request's: tested with the hook, in tests/catalog.
ODD = {("Bucket", "acl"), ("Bucket", "objectLockConfiguration")}


@dataclass(frozen=True)
class Making:
    """Makes values of a compiled type that AWS's model accepts."""

    service: ServiceModel
    rules: Mapping[str, Rule]

    def value(self, node: Node, shape: Any, at: str) -> st.SearchStrategy[Any]:
        rule = self.rules.get(at, Rule(at))
        if rule.compare is Compare.IAM_POLICY:
            return POLICIES
        match node.type:
            case Type.STRUCTURE:
                return self._structure(node, shape, at)
            case Type.LIST:
                return self._list(node, shape, at, rule)
            case Type.MAP if node.marker:
                return st.just({})
            case Type.MAP:
                element = self._element(node, getattr(shape, "value", None), at)
                return st.dictionaries(st.text("abc", min_size=1), element, max_size=2)
            case _:
                return self._scalar(node, shape)

    def _structure(self, node: Node, shape: Any, at: str) -> st.SearchStrategy[dict[str, Any]]:
        shapes = dict(shape.members) if shape is not None else {}
        needed = set(shape.required_members) if shape is not None else set()
        made: dict[str, Any] = {
            name: self.value(
                member.node, shapes.get(member.aws), f"{at}{'' if at.endswith('..') or not at else '.'}{name}"
            )
            for name, member in node.members.items()
            if member.aws and member.node.type is not Type.SECRET
        }
        if node.union:
            return st.one_of([one.map(lambda value, name=name: {name: value}) for name, one in made.items()])
        required = {
            name: made.pop(name) for name, member in node.members.items() if member.aws in needed and name in made
        }
        return st.fixed_dictionaries(required, optional=made)

    def _list(self, node: Node, shape: Any, at: str, rule: Rule) -> st.SearchStrategy[list[Any]]:
        least = (shape.metadata if shape is not None else {}).get("min", 0)
        element = self._element(node, getattr(shape, "member", None), at)
        key = (
            rule.compare.key if isinstance(rule.compare, By) else "key" if at.endswith("tagSet") or at == "tags" else ""
        )
        unique: Callable[[Any], str] | None = (lambda one: json.dumps(one.get(key, id(one)))) if key else None
        return st.lists(element, min_size=least, max_size=max(2, least), unique_by=unique)

    def _element(self, node: Node, shape: Any, at: str) -> st.SearchStrategy[Any]:
        assert node.element is not None
        return self.value(node.element, shape, f"{at}..")

    def _scalar(self, node: Node, shape: Any) -> st.SearchStrategy[Any]:
        least = (shape.metadata if shape is not None else {}).get("min", 0)
        enum = getattr(shape, "enum", None)
        match node.type:
            case Type.BOOLEAN:
                return st.booleans()
            case Type.INTEGER:
                return st.integers(int(least), int(least) + 99)
            case Type.NUMBER:
                return st.floats(float(least), float(least) + 99)
            case Type.BLOB:
                return st.binary(min_size=int(least), max_size=9).map(lambda octets: base64.b64encode(octets).decode())
            case Type.TIMESTAMP:
                return st.integers(0, 9).map(lambda second: f"2026-11-24T19:37:0{second}Z")
            case _ if enum:
                return st.sampled_from(enum)
            case _:
                return st.text("abc", min_size=max(1, int(least)), max_size=int(least) + 3)


def shape_at(operation: Operation, service: ServiceModel, at: str) -> Any:
    """The shape of the value at a dotted path of an operation's input (Any: botocore's stubs have no members on a shape)."""
    shape: Any = service.operation_model(operation.name).input_shape
    for name in filter(None, at.split(".")):
        shape = shape.members[name] if shape.type_name == "structure" else shape.member.members[name]
    return shape


def making(kind: Descriptor) -> Making:
    return Making(model(kind.model), kind.rules)


def identified(kind: Descriptor, spec: Mapping[str, Any]) -> View:
    """A view with an identity: identifiers that AWS's model accepts."""
    return View({**dict.fromkeys(kind.identifiers, "name"), **spec}, STATUS)


def aspect_values(kind: Descriptor, aspect: Aspect) -> st.SearchStrategy[dict[str, Any]]:
    """Fragments of spec at the aspect's paths."""
    made = making(kind)
    shape: Any = None
    if aspect.put is not None and aspect.path:
        shape = shape_at(aspect.put, made.service, aspect.put.at)
        if aspect.kind is AspectKind.MEMBERS:
            return keyed(made, kind, aspect, shape)
        return made.value(kind.spec.at(aspect.path), shape, aspect.path).map(
            lambda value: fieldpath.assign({}, aspect.path, value)
        )
    return spec_values(kind, aspect.paths)


def keyed(made: Making, kind: Descriptor, aspect: Aspect, shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    node = kind.spec.at(aspect.path)
    assert node.element is not None
    unique: Callable[[Any], Any] = lambda one: one[aspect.key] if aspect.key else one  # noqa: E731
    elements = st.lists(made.value(node.element, shape, f"{aspect.path}.."), max_size=2, unique_by=unique)
    return elements.map(lambda value: {aspect.path: value})


def spec_values(kind: Descriptor, paths: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Specs of some top-level paths, as the create input has them."""
    made = making(kind)
    taken: Any = model(kind.model).operation_model(kind.create.name).input_shape
    fields = {path: aws for aws, path in kind.create.fields.items() if "." not in aws}
    strategies = {
        path: made.value(kind.spec.members[path].node, taken.members.get(fields.get(path, "")), path)
        for path in paths
        if kind.spec.members[path].node.type not in (Type.SECRET, Type.REFERENCE)
    }
    needed = {path: strategies.pop(path) for path in list(strategies) if fields.get(path) in taken.required_members}
    return st.fixed_dictionaries(needed, optional=strategies)


def whole_specs(kind: Descriptor) -> st.SearchStrategy[dict[str, Any]]:
    """Specs with a value of the aspects, of some of them."""
    parts = [aspect_values(kind, aspect) for aspect in kind.aspects if aspect.paths]
    optional = [st.one_of(st.just({}), part) for part in parts[1:]]
    return st.tuples(parts[0], *optional).map(
        lambda each: {name: value for part in each for name, value in part.items()}
    )


def accepted(kind: Descriptor, call: Call | None) -> None:
    """botocore's own validation of a call's parameters; it raises for what the model forbids."""
    assert call is not None
    shape: Any = model(kind.model).operation_model(call.operation).input_shape
    assert call.operation in model(kind.model).operation_names
    validate_parameters(call.plain(), shape)


FACETS = each_aspect(AspectKind.FACET)
MEMBERS = each_aspect(AspectKind.MEMBERS)
TAGS = each_aspect(AspectKind.TAGS)
KINDS = [kind.kind for kind in kinds()]
some = settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)


def answered(aspect: Aspect, call: Call) -> dict[str, Any]:
    """AWS's answer when it echoes what was put."""
    assert aspect.get is not None
    assert aspect.put is not None
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}}
    place(answer, aspect.get.at, pick(call.params, aspect.put.at))
    return answer


@pytest.mark.parametrize(("name", "part"), [*FACETS, *TAGS])
@given(data=st.data())
@some
def test_what_a_facet_sends_it_reads_back(name: str, part: str, data: st.DataObject) -> None:
    kind, aspect = named(name), named(name).aspect(part)
    spec = data.draw(aspect_values(kind, aspect))
    desired = identified(kind, spec)
    if aspect.kind is AspectKind.TAGS:
        calls = request.tags(kind, aspect, desired, identified(kind, {}), SCOPE)
        assume(calls)
        call = calls[-1]
    else:
        call = request.put(kind, aspect, desired, identified(kind, {}), SCOPE)
    accepted(kind, call)
    found = response.observed(kind, aspect, answered(aspect, call))
    assert apply_merge_patch(found, spec) == found
    # what is read back beside it is what a member that was left out stands for
    assert not list(delta(kind, spec, found, dict.fromkeys(found, Mode.WHOLE)))


@pytest.mark.parametrize(("name", "part"), MEMBERS)
@given(data=st.data())
@some
def test_what_members_send_they_read_back(name: str, part: str, data: st.DataObject) -> None:
    kind, aspect = named(name), named(name).aspect(part)
    spec = data.draw(aspect_values(kind, aspect))
    adds = request.members(kind, aspect, identified(kind, spec), identified(kind, {}), SCOPE)
    removes = request.members(kind, aspect, identified(kind, {}), identified(kind, spec), SCOPE)
    assert len(adds) == len(removes) == len(spec[aspect.path])
    for call in (*adds, *removes):
        accepted(kind, call)
    assert aspect.get is not None
    assert aspect.put is not None
    answer: dict[str, Any] = {}
    place(answer, aspect.get.at, [pick(call.params, aspect.put.at) for call in adds])
    assert response.observed(kind, aspect, answer) == spec
    assert request.members(kind, aspect, identified(kind, spec), identified(kind, spec), SCOPE) == ()


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@some
def test_what_create_sends_the_core_reads_back(name: str, data: st.DataObject) -> None:
    kind = named(name)
    spec = data.draw(spec_values(kind, tuple(path for aspect in kind.aspects[:1] for path in aspect.paths)))
    view = identified(kind, spec)
    call = request.create(kind, view, SCOPE)
    accepted(kind, call)
    if kind.definition.read_by or kind.read is None:
        return
    answer: dict[str, Any] = {}
    place(answer, kind.read.at, [{"Other": 1}, dict(call.params)])
    observed = response.core(kind, kind.read, answer, view)
    assert observed.found
    assert {name: value for name, value in observed.spec.items() if name in spec} == spec


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@some
def test_every_call_of_a_whole_spec_is_accepted(name: str, data: st.DataObject) -> None:
    kind = named(name)
    spec = data.draw(whole_specs(kind))
    view = identified(kind, spec)
    accepted(kind, request.create(kind, view, SCOPE))
    for call in calls_by_identity(kind, view):
        accepted(kind, call)
    everything = delta(kind, view.spec, {}, dict.fromkeys(view.spec, Mode.LEAVES))
    for aspect in kind.aspects:
        group = aspect.kind is AspectKind.GROUP
        if everything.of(aspect.name) and (group or (aspect.kind is AspectKind.CORE and kind.update is not None)):
            accepted(kind, request.update(kind, aspect, everything, view, identified(kind, spec), SCOPE))


def calls_by_identity(kind: Descriptor, view: View) -> Iterator[Call | None]:
    if kind.read is not None:
        yield request.read(kind, view, SCOPE)
    if kind.delete is not None:
        yield request.delete(kind, view, SCOPE)
    for aspect in kind.aspects:
        if aspect.get is not None:
            yield request.get(kind, aspect, view, SCOPE)
        if aspect.kind is AspectKind.FACET and aspect.put is not None:
            cleared = request.clear(kind, aspect, View({**view.spec, aspect.path: None}, STATUS), view, SCOPE)
            yield from () if cleared is None else (cleared,)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@some
def test_equal_specs_do_not_differ(name: str, data: st.DataObject) -> None:
    kind = named(name)
    spec = data.draw(whole_specs(kind))
    for mode in (Mode.WHOLE, Mode.LEAVES):
        assert not delta(kind, spec, copy.deepcopy(spec), dict.fromkeys(spec, mode))
    assert {name: digest(value) for name, value in spec.items()} == {
        name: digest(copy.deepcopy(value)) for name, value in reversed(spec.items())
    }
    assert redact(kind, spec).keys() == spec.keys()
    json.dumps(parameters(kind, request.create(kind, identified(kind, spec), SCOPE).params))


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@some
def test_order_says_nothing_where_it_means_nothing(name: str, data: st.DataObject) -> None:
    kind = named(name)
    spec = data.draw(whole_specs(kind))
    shuffled = reordered(kind, kind.spec, spec, "", data.draw(st.randoms(use_true_random=False)).shuffle)
    for mode in (Mode.WHOLE, Mode.LEAVES):
        assert not delta(kind, spec, shuffled, dict.fromkeys(spec, mode))


def reordered(kind: Descriptor, node: Node, value: Any, at: str, shuffle: Callable[[list[Any]], None]) -> Any:
    """The value with every list shuffled whose order says nothing, policies' statements too."""
    rule = kind.rules.get(at, Rule(at))
    if rule.compare is Compare.IAM_POLICY and value:
        policy = json.loads(value)
        shuffle(policy["Statement"])
        return json.dumps(dict(reversed(policy.items())))
    if node.type is Type.STRUCTURE:
        dot = "" if at.endswith("..") or not at else "."
        items = list(value.items())
        shuffle(items)
        return {
            name: reordered(kind, node.members[name].node, each, f"{at}{dot}{name}", shuffle) for name, each in items
        }
    if node.type is not Type.LIST or node.element is None:
        return value
    elements = [reordered(kind, node.element, each, f"{at}..", shuffle) for each in value]
    if free(kind, node, value, at, rule):
        shuffle(elements)
    return elements


def free(kind: Descriptor, node: Node, value: list[Any], at: str, rule: Rule) -> bool:
    """Whether the order of a list's elements says nothing."""
    assert node.element is not None
    keys = [rule.compare.key] if isinstance(rule.compare, By) else []
    keys += [kind.tags.key] if kind.tags and kind.tags.path == at else []
    keys += [aspect.key for aspect in kind.aspects if aspect.kind is AspectKind.MEMBERS and aspect.path == at]
    if keys:
        return all(each.get(keys[0]) is not None for each in value)
    return node.element.type in (Type.STRING, Type.INTEGER) and rule.compare is not Compare.EXACT


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@some
def test_a_changed_leaf_is_found_at_its_path(name: str, data: st.DataObject) -> None:
    kind = named(name)
    spec = data.draw(whole_specs(kind))
    leaves = list(leaves_of(kind, kind.spec, spec, FieldPath()))
    assume(leaves)
    path, value = data.draw(st.sampled_from(leaves))
    latest = fieldpath.assign(spec, path, other(value))
    found = delta(kind, spec, latest, {path.top: Mode.LEAVES})
    assert found, f"{path}: {value!r}"
    assert all(fieldpath.covers(each.path_above, path.definition()) for each in map(Above.of, found))


@dataclass(frozen=True)
class Above:
    """The definition path that a difference stands at, the last hop left out: a changed key pairs elements otherwise."""

    path_above: FieldPath

    @classmethod
    def of(cls, difference: Any) -> Above:
        path = fieldpath.parse(difference.path).definition()
        return cls(path.parent if path.segments[-1] == Each() else path)


def leaves_of(kind: Descriptor, node: Node, value: Any, at: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    """The scalars that are compared, with their paths by index."""
    rule = kind.rules.get(str(at.definition()), Rule(""))
    unseen = rule.ignore or rule.write_only or rule.when is not None or rule.compare is Compare.IGNORE
    if unseen or (node.type is Type.STRUCTURE and not value):
        return
    if node.type is Type.STRUCTURE:
        for name, each in value.items():
            yield from leaves_of(kind, node.members[name].node, each, at / Name(name))
    elif node.element is not None:
        hops = [(Entry(k), v) for k, v in value.items()] if isinstance(value, dict) else None
        for hop, each in hops if hops is not None else [(Index(i), v) for i, v in enumerate(value)]:
            yield from leaves_of(kind, node.element, each, at / hop)
    else:
        yield at, value


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case _ if value.endswith("Z") and value.startswith("2026"):
            return "2027-01-01T00:00:00Z"
        case _ if value.startswith("{"):
            return "{}"
        case _:
            return f"{value}x"


def test_a_key_hop_is_a_definition_hop() -> None:
    assert FieldPath((Name("a"), Key("id", "b"))).definition() == fieldpath.parse("a..")
