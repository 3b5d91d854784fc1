"""A compiled kind: everything that the rest of ackpy asks of it, as frozen values. `compiler` makes them; nobody else does.

Objects are plain dicts in the CRD's form. A `Node` is one compiled type: it holds the CRD property <-> AWS member map both ways, so
that no name is ever inverted by rule. An `Aspect` is one unit of reading and writing: the core ("") or a facet, members, tags,
attributes or a group. Every spec path has exactly one writing aspect, or is immutable, or does not compile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from ackpy.model import fieldpath
from ackpy.model.definition import UNSET, By, Codec, Column, Compare, Effect, LateInit, Members, Ref, Resource
from ackpy.model.fieldpath import Name, Path
from ackpy.model.hooks import Hooks
from ackpy.model.when import When

Json = Any


class Type(StrEnum):
    """The type of a node: those of OpenAPI, the formats that AWS tells apart, and the two of ours."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    BLOB = "blob"
    TIMESTAMP = "timestamp"
    STRUCTURE = "structure"
    LIST = "list"
    MAP = "map"
    SECRET = "secret"  # noqa: S105  a type's name
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Member:
    """One property of a structure: `name` in the CRD, `aws` in the model ("" for a reference, which AWS does not know).

    `ref` stands on the reference property: `ref_to` is the sibling property that it fills, and `ref_required` says that one of the
    two must be there. `immutable` may carry advice.
    """

    name: str
    aws: str
    node: Node
    required: bool = False
    immutable: bool | str = False
    ref: Ref | None = None
    ref_to: str = ""
    ref_required: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A type. STRUCTURE has `members` by property name; LIST and MAP have `element`. `sensitive`: AWS's model says: show it nowhere.

    `marker`: AWS's structure without members, which the CRD shows as a string map; that it is there is all it says.
    """

    type: Type
    shape: str = ""
    doc: str = ""
    members: Mapping[str, Member] = field(default_factory=dict)
    element: Node | None = None
    union: bool = False
    sensitive: bool = False
    marker: bool = False

    def at(self, path: Path) -> Node:
        """The node below at a path, concrete or of a definition. KeyError names the path and the segment that is not there."""
        node = self
        for segment in fieldpath.of(path).segments:
            member = node.members.get(str(segment)) if isinstance(segment, Name) else None
            below = member.node if member else None if isinstance(segment, Name) else node.element
            if below is None:
                raise KeyError(f"{path}: no {segment} in a {node.type}")
            node = below
        return node

    def by_aws(self) -> Mapping[str, Member]:
        """The members by AWS's name."""
        return {member.aws: member for member in self.members.values() if member.aws}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a definition says of one path beyond its type: how it is compared, defaulted, cleared, converted.

    `path` is the definition's ("encryption.rules..bucketKeyEnabled"); delta and late initialisation look rules up by it.
    """

    path: str
    compare: Compare | By | None = None
    default: Any = UNSET
    clear: Any = UNSET
    codec: Codec | None = None
    when: When | None = None
    late_init: LateInit | None = None
    write_only: bool = False
    immutable: bool | str = False
    ignore: bool = False
    effect: Effect = Effect.UNSTATED
    secret: bool = False


class Role(StrEnum):
    """What an operation does for the kind."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    PUT = "put"
    CLEAR = "clear"
    TAG = "tag"
    UNTAG = "untag"

    @property
    def writes(self) -> bool:
        """Whether AWS's state may change."""
        return self is not Role.READ


@dataclass(frozen=True, slots=True)
class Binding:
    """One input member that is filled whatever differs: from a spec or status path, a value of the scope, a constant, an annotation.

    `member` is a dotted AWS path from the root of the input. `value` is the path for spec and status, the constant, or the
    `Annotation`. "key" is the key of the element that a Members operation is about (the removed, read or written one). `list` sends a
    list of the one value.
    """

    member: str
    source: Literal["spec", "status", "arn", "account", "region", "partition", "token", "const", "annotation", "key"]
    value: Any = None
    list: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of AWS as this kind uses it.

    `at` is where the value sits in input (writes) or output (reads): a dotted AWS path, `..` going through a list, "" the whole.
    `fields` maps input members to spec paths for operations that carry fields at top level: create (its tag member included), update
    and a group's, dotted from `at`; the `also` paths of a facet, from the root. For an attributes map it is attribute key -> CRD path.
    `required` are the members AWS demands. `out` is where the object sits in the answer of a create or update. `reads` says which CRD
    path (a spec path before a status path) has its value under another name than its own: path -> JMESPath in the object, or in a
    facet's value; that of a path through `..`, in the element. `observes` are the top-level CRD paths that the answer can carry.
    `node` is the type of the value at `at` where this operation takes or gives another form than the aspect's (a tag map for a tag
    list; the keys of an untag). `carry` are, of a facet's read, members that the CRD leaves out and the put accepts: they are carried
    over from the answer. `match` are, for a read that lists, members of an item -> the CRD path whose value they must equal.
    """

    name: str
    role: Role
    at: str = ""
    bindings: tuple[Binding, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    paginated: bool = False
    replaces: bool = False
    out: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    observes: frozenset[str] = frozenset()
    node: Node | None = None
    carry: frozenset[str] = frozenset()
    match: Mapping[str, str] = field(default_factory=dict)


class AspectKind(StrEnum):
    """How an aspect reads and writes."""

    CORE = "core"
    FACET = "facet"
    MEMBERS = "members"
    TAGS = "tags"
    ATTRIBUTES = "attributes"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One unit of reading and writing, named by its spec path ("cors"); "" is the core, a group is named by its operation.

    `paths` are the top-level (or definition) spec paths it owns, `value` the spec path that `at` holds ("" where it is `paths[0]`;
    "tagging.tagSet") and `node` its type. `members` is the definition's word, for an aspect of that kind. Write order follows `order`,
    then `after`; clears go in reverse.
    """

    name: str
    kind: AspectKind
    paths: tuple[str, ...]
    order: int
    node: Node | None = None
    get: Operation | None = None
    one: Operation | None = None
    put: Operation | None = None
    change: Operation | None = None
    clear: Operation | None = None
    key: str = ""
    absent: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    when: When | None = None
    after: tuple[str, ...] = ()
    in_create: bool = False
    alone: bool = False
    whole: bool = False
    const: Mapping[str, Any] = field(default_factory=dict)
    value: str = ""
    members: Members | None = None
    one_by_one: bool = False

    @property
    def path(self) -> str:
        """The spec path whose value the operations carry at `at`; "" for the core, attributes and groups."""
        if self.kind in (AspectKind.CORE, AspectKind.ATTRIBUTES, AspectKind.GROUP):
            return ""
        return self.value or self.paths[0]


@dataclass(frozen=True, slots=True)
class TagShape:
    """Where the kind's tags are: the spec path, and whether a map or a list of {key, value} properties."""

    path: str
    form: Literal["list", "map"]
    key: str = "key"
    value: str = "value"
    in_create: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference that the schema allows: `path` of the Ref property ("replication.roleRef"), what it may name and what it fills.

    `required`: it, or what it fills, must be there.
    """

    path: str
    fills: str
    ref: Ref
    list: bool
    required: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """One AWS operation as the kind uses it: for the IAM compiler, the plan, the ledger and drift attribution."""

    operation: str
    role: Role
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A compiled kind. `spec` and `status` are STRUCTURE nodes; `status` leaves out ackResourceMetadata and conditions.

    `service` is ACK's alias, `model` botocore's service name, `aspects[0]` the core. `arn_member` and `owner_member` are the members
    of an answer (or the attribute keys) that go to ackResourceMetadata. `finalizer` and `group` are ACK's names. `variants` are other
    creates, `reads` other core reads, each for the objects for which its condition holds.
    """

    definition: Resource
    group: str
    version: str
    kind: str
    plural: str
    singular: str
    service: str
    model: str
    spec: Node
    status: Node
    identifiers: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    rules: Mapping[str, Rule]
    read: Operation | None
    create: Operation
    update: Operation | None
    delete: Operation | None
    variants: tuple[tuple[When, Operation], ...]
    tags: TagShape | None
    columns: tuple[Column, ...]
    hooks: Hooks
    arn_member: str = ""
    owner_member: str = ""
    documentation: str = ""
    reads: tuple[tuple[When, Operation], ...] = ()

    @property
    def finalizer(self) -> str:
        """ACK's finalizer, e.g. finalizers.s3.services.k8s.aws/Bucket."""
        return f"finalizers.{self.group}/{self.kind}"

    @property
    def api_version(self) -> str:
        """Group and version, as in a manifest."""
        return f"{self.group}/{self.version}"

    @property
    def late_init(self) -> tuple[str, ...]:
        """The paths that are filled from AWS where the user left them out."""
        return tuple(path for path, rule in self.rules.items() if rule.late_init is LateInit.ALWAYS)

    def initialising_as_ack(self) -> Descriptor:
        """The same kind, which fills also what ACK alone fills."""
        rules = {path: replace(rule, late_init=rule.late_init and LateInit.ALWAYS) for path, rule in self.rules.items()}
        return replace(self, rules=rules)

    def read_of(self, spec: Mapping[str, Json]) -> Operation | None:
        """The core read of an object with this spec."""
        return next((operation for when, operation in self.reads if when.holds(spec)), self.read)

    def arn_of(self, spec: Mapping[str, Json]) -> str:
        """The template of the ARN of an object with this spec; "" where the definition has none."""
        others = (each.arn for each in self.definition.variants if each.arn and each.when.holds(spec))
        return next(others, self.definition.arn)

    def applies(self, name: str, desired: Mapping[str, Json], latest: Mapping[str, Json] | None = None) -> bool:
        """Whether an object has a top-level property, by the condition of the aspect that owns it."""
        owners = (aspect for aspect in self.aspects if aspect.when is not None and name in aspect.paths)
        return all(aspect.when is None or aspect.when.holds(desired, latest) for aspect in owners)

    def aspect(self, name: str) -> Aspect:
        """The aspect of that name; KeyError where there is none."""
        return next(aspect for aspect in self.aspects if aspect.name == name)

    def references(self) -> tuple[Edge, ...]:
        """Every reference that the schema allows, in path order."""
        return tuple(_edges(self.spec, ""))

    def operations(self) -> tuple[Usage, ...]:
        """Every AWS operation that the kind may call, with its role and the spec paths it serves."""
        return tuple(_usages(self))

    def writers(self, path: str) -> tuple[Operation, ...]:
        """The operations that may write a spec path, create included."""
        top = path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
        return tuple(
            operation
            for aspect in self.aspects
            if any(owned.split(".")[0] == top for owned in aspect.paths)
            for operation in (self.create if aspect.in_create else None, aspect.put, aspect.change, aspect.clear)
            if operation is not None
        )


def _edges(node: Node, prefix: str) -> Iterator[Edge]:
    for member in sorted(node.members.values(), key=lambda each: each.name):
        path = f"{prefix}{member.name}"
        if member.ref is not None:
            many = member.node.type is Type.LIST
            yield Edge(path, f"{prefix}{member.ref_to}", member.ref, many, member.ref_required)
        else:
            yield from _edges_below(member.node, path)


def _edges_below(node: Node, path: str) -> Iterator[Edge]:
    if node.type is Type.STRUCTURE:
        yield from _edges(node, f"{path}.")
    elif node.element is not None and node.element.type is Type.STRUCTURE:
        yield from _edges(node.element, f"{path}..")


def _usages(descriptor: Descriptor) -> Iterator[Usage]:
    top = tuple(descriptor.spec.members)
    named: Sequence[tuple[Operation | None, Callable[[], tuple[str, ...]]]] = [
        (descriptor.read, tuple),
        (descriptor.create, lambda: tuple(descriptor.create.fields.values())),
        (descriptor.update, lambda: top),
        (descriptor.delete, tuple),
    ]
    for operation, paths in named:
        if operation is not None:
            yield Usage(operation.name, operation.role, paths())
    for _, operation in descriptor.variants:
        yield Usage(operation.name, operation.role, tuple(operation.fields.values()))
    for aspect in descriptor.aspects:
        for operation in (aspect.get, aspect.one, aspect.put, aspect.change, aspect.clear):
            if operation is not None:
                yield Usage(operation.name, operation.role, aspect.paths)
