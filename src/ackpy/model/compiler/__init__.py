"""Definitions and AWS's shapes to descriptors. `operator`, the command line and tests call it; nothing is generated or kept on disk.

A service is compiled as a whole, because what one kind says of a nested field (a secret, a reference, immutability) holds for the
shape, hence for every kind that uses it. The modules are the pipeline's steps, in this order: `cuts` corrects the shapes, `apis`
finds the operations, `split` the properties, `nested` lays fields over shapes, `nodes` builds types, then `aspects` (with `calls`,
`reading` and `tagging`), `variants`, `rules` and `columns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ackpy.errors import DefinitionError
from ackpy.model.compiler import apis, calls, cuts, nested, paths, reading, rules, split, tagging
from ackpy.model.compiler.aspects import Writer
from ackpy.model.compiler.calls import Use
from ackpy.model.compiler.columns import columns
from ackpy.model.compiler.draft import Draft
from ackpy.model.compiler.nodes import Types
from ackpy.model.compiler.tagging import Tagging
from ackpy.model.compiler.variants import lacking, without_lacking
from ackpy.model.definition import Resource
from ackpy.model.descriptor import Aspect, Descriptor, Operation, Role
from ackpy.model.hooks import Hooks
from ackpy.model.naming import plural
from ackpy.model.shapes import Api, load_model
from ackpy.model.when import When


def compile_service(resources: Sequence[Resource]) -> tuple[Descriptor, ...]:
    """The descriptors of kinds of one or more services, in the order given.

    DefinitionError, naming service, kind and path, where a definition says what the model does not hold.
    """
    by_service: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        by_service.setdefault((resource.service, resource.model or resource.service), []).append(resource)
    compiled = {
        (each.service, each.kind): each for (_, name), group in by_service.items() for each in _service(name, group)
    }
    return tuple(compiled[resource.service, resource.kind] for resource in resources)


def compile_resource(resource: Resource) -> Descriptor:
    """The descriptor of one kind, compiled as if it were its service's only one."""
    return compile_service([resource])[0]


def _service(name: str, resources: Sequence[Resource]) -> Iterator[Descriptor]:
    with _naming(resources[0]):
        model = load_model(name)
    for step in (cuts.add, cuts.cut):
        for resource in resources:
            with _naming(resource):
                step(model, resource)
    found = apis.Apis(model, [resource.kind for resource in resources])
    drafts = []
    for resource in resources:
        with _naming(resource):
            drafts.append(split.draft(resource, model, found.roles(resource)))
    marks = nested.Overlay()
    for draft in drafts:
        with _naming(draft.resource):
            nested.lay(draft, marks)
    types = Types(model, marks, {name for resource in resources for name in resource.empty})
    for draft in drafts:
        with _naming(draft.resource):
            yield _descriptor(draft, types)


@contextmanager
def _naming(resource: Resource) -> Iterator[None]:
    """Errors begin with the kind they are about."""
    try:
        yield
    except DefinitionError as error:
        raise DefinitionError(f"{resource.service} {resource.kind}: {error}") from None


def _descriptor(draft: Draft, types: Types) -> Descriptor:
    resource, roles = draft.resource, draft.roles
    calls.check_arguments(draft)
    spec, status = types.structure(draft.spec), types.structure(draft.status)
    tags = tagging.tagging(draft, types, spec)
    found = without_lacking(resource, Writer(draft, types, spec, status).aspects(tags))
    core, *others = found
    update = _update(draft, roles.update, core) if roles.update else None
    read = reading.read(draft) if roles.read else _read_by(resource.read_by, others)
    rule_table = rules.rules(draft, spec)
    rules.check_writers(draft, core, update, rule_table)
    rules.check_paths(draft, spec, status, found)
    rules.check_tokens(draft)
    return Descriptor(
        definition=replace(resource, refuse=(*resource.refuse, *lacking(resource))),
        group=f"{resource.service}.services.k8s.aws",
        version=resource.version,
        kind=resource.kind,
        plural=plural(resource.kind.lower()),
        singular=resource.kind.lower(),
        service=resource.service,
        model=draft.model.service,
        spec=spec,
        status=status,
        identifiers=draft.identifiers,
        aspects=(replace(core, get=read, put=update), *others),
        rules=rule_table,
        read=read,
        create=_create(draft, roles.create, tags),
        update=update,
        delete=calls.operation(draft, roles.delete, Use(Role.DELETE, core=True)) if roles.delete else None,
        variants=tuple((each.when, _variant(draft, each.create, tags)) for each in resource.variants if each.create),
        tags=tags.shape if tags else None,
        columns=columns(resource, spec, status),
        hooks=resource.hooks or Hooks(),
        arn_member=draft.arn,
        owner_member=draft.owner,
        documentation=_documentation(draft),
        reads=tuple(_reads(resource, others)),
    )


def _documentation(draft: Draft) -> str:
    """What AWS says of the thing itself: the documentation of the structure that create answers, in HTML; "" where it has none."""
    create = draft.roles.create
    at = split.output_wrapper(draft.resource, draft.model, create)
    return paths.walk(draft.model, draft.model.shape(create.output), at).shape.doc if at else ""


def _create(draft: Draft, api: Api, tags: Tagging | None) -> Operation:
    """The create operation: everything that its input takes, the tags under their own member where it has one."""
    at = split.input_wrapper(draft.resource, draft.model, api)
    fields = {**_attribute_fields(draft, api), **calls.fields(draft, api, at)}
    own = tagging.create_member(draft)
    if own and tags is not None:
        fields[own] = tags.shape.path
    out = split.output_wrapper(draft.resource, draft.model, api)
    reads, observed = reading.answer(draft, api, out, own_reads=False)
    made = calls.operation(draft, api, Use(Role.CREATE, at=at, fields=dict(sorted(fields.items())), core=True))
    return replace(made, out=out, reads=reads, observes=observed)


def _variant(draft: Draft, name: str, tags: Tagging | None) -> Operation:
    return _create(draft, paths.operation(draft.model, name), tags)


def _attribute_fields(draft: Draft, api: Api) -> dict[str, str]:
    """The members of the attributes map that create takes."""
    member = draft.model.shape(api.input).member("Attributes")
    if member is None or draft.resource.attributes is None:
        return {}
    return {f"{member.wire}.{each.wire}": each.name for each in draft.spec.values() if each.field.attribute}


def _update(draft: Draft, api: Api, core: Aspect) -> Operation:
    """The kind's own update: the core's paths that its input takes; identifiers and what never changes are bound."""
    at = split.input_wrapper(draft.resource, draft.model, api)
    fixed = {name for name, each in draft.spec.items() if each.field.immutable or name in draft.identifiers}
    foreign = set(draft.spec) - set(core.paths)
    skip = foreign if at else fixed | foreign  # inside a wrapper nothing can be bound
    fields = calls.written(draft, api, at, skip=skip)
    out = split.output_wrapper(draft.resource, draft.model, api)
    reads, observed = reading.answer(draft, api, out, own_reads=False)
    made = calls.operation(draft, api, Use(Role.UPDATE, at=at, fields=fields, core=True))
    return replace(made, out=out, reads=reads, observes=observed)


def _reads(resource: Resource, aspects: Sequence[Aspect]) -> Iterator[tuple[When, Operation]]:
    """The core reads of variants that have another."""
    for variant in resource.variants:
        if read := _read_by(variant.read_by, aspects):
            yield variant.when, read


def _read_by(name: str, aspects: Sequence[Aspect]) -> Operation | None:
    """The facet that doubles as the core read; None for a kind that cannot be read."""
    if not name:
        return None
    aspect = next((each for each in aspects if each.name == name), None)
    if aspect is None or aspect.get is None:
        raise DefinitionError(
            f"read_by={name!r} is no aspect with a read: choose from {', '.join(a.name for a in aspects if a.get)}"
        )
    return aspect.get
