"""The vocabulary of a definition: what a catalog file may say that AWS's model does not.

A definition is a frozen value. Left of the colon stands the path that the user types (`encryption.rules..bucketKeyEnabled`, `..`
going through a list or map), right of it AWS's name. An operation is written "PutBucketCors:CORSConfiguration": the operation, and
where the value sits in its input or output; empty after the colon is the whole. What is left out is inferred by the compiler from
the model and the kind's name. Catalog files write these words, `compiler` alone reads them.

Paths are in the CRD's spelling, shapes and members in AWS's. Every word is checked when the kind is compiled: an operation, member,
path or name that does not exist is a DefinitionError that says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ackpy.model.hooks import Hooks
    from ackpy.model.when import When


class Unset(StrEnum):
    """Stands for "not said" where None is a value of its own."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class Compare(StrEnum):
    """How a desired and an observed value are compared; lists of strings are sets unless EXACT."""

    EXACT = "exact"
    SET = "set"
    CASELESS = "caseless"
    VERSION = "version"
    IAM_POLICY = "iam-policy"
    DOCUMENT = "document"
    KMS_KEY = "kms-key"
    IGNORE = "ignore"


class LateInit(StrEnum):
    """When a field that the user left to AWS is written into the spec: always, or only where ACK's way is asked for."""

    ALWAYS = "always"
    ACK = "ack"


class Effect(StrEnum):
    """What a change does to the running resource; UNSTATED until known."""

    UNSTATED = "unstated"
    NONE = "none"
    BRIEF = "brief"
    RESTART = "restart"
    REPLACE = "replace"
    DATA_LOSS = "data-loss"


@dataclass(frozen=True, slots=True)
class By:
    """Compare a list of structures by the value of one property, whatever their order."""

    key: str


@dataclass(frozen=True, slots=True)
class Codec:
    """Pure conversions between AWS's form (`decode` takes it) and the CRD's (`encode` takes it)."""

    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """The field may be given as `<name>Ref: {from: {name, namespace}}` to another of our objects.

    `path` is the property of the target whose value is taken, `unchecked` lets it be taken before the target is synced (cycles).
    """

    service: str
    kind: str
    path: str = "status.ackResourceMetadata.arn"
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A printer column: `path` only for one that is no field of its own."""

    name: str
    path: str = ""
    type: str = ""
    priority: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One setting with operations of its own. No `put` makes it read-only (status); no `get` takes it from the core read.

    `absent`: codes that mean "not set"; `unsupported`: codes that mean "not offered here"; `done`: codes of a write that mean it
    was so already. A text is a code, or "CODE: start of the message". `also`: further spec paths that travel in the same put.
    """

    get: str = ""
    put: str = ""
    delete: str = ""
    absent: Sequence[str] = ()
    unsupported: Sequence[str] = ()
    done: Sequence[str] = ()
    also: Sequence[str] = ()
    when: When | None = None
    after: Sequence[str] = ()
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """A set or keyed list that is kept by one call an element (or a batch of elements).

    `key` is the property that names an element ("" for plain values). `get` reads one element where `list` gives only keys.
    `remove_first` turns add-change-remove round, `recreate` removes and adds a changed element, `serial` does one and waits.
    """

    list: str
    add: str
    remove: str
    get: str = ""
    change: str = ""
    key: str = ""
    batch: int = 1
    serial: bool = False
    remove_first: bool = False
    recreate: bool = False
    keep: Sequence[str] = ()
    absent: Sequence[str] = ()
    unsupported: Sequence[str] = ()
    also: Sequence[str] = ()
    when: When | None = None
    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """How tags are read, added, removed and given to create. Most is inferred; `ignore` says that the kind has none.

    `path` is the spec path of the tag list or map, `key` and `value` the AWS member names in an element, `replace` the facet that
    sets all tags at once where AWS has no tag and untag, `on_create` the create input's member path ("" inferred, None: not taken).
    """

    path: str = "tags"
    key: str = "Key"
    value: str = "Value"
    list: str = ""
    add: str = ""
    remove: str = ""
    replace: Facet | None = None
    on_create: str | None = ""
    chunk: int = 0
    ignore: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Settings that are a string map: read with `get`, written with `set`, one key a call when `one_by_one`."""

    get: str
    set: str
    one_by_one: bool = False
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What each observed value of a status path permits.

    `ready`: in step (ResourceSynced); `busy` (every other value unless named): only tags and what `allow` names are written;
    `failed`: Terminal with AWS's reason from `also`; `gone`: counts as not found. `poll`: seconds until the next look,
    `settle`: seconds after an asynchronous write during which the object counts as busy whatever AWS says.
    """

    path: str
    ready: Sequence[str]
    failed: Sequence[str] = ()
    gone: Sequence[str] = ()
    allow: Sequence[str] = ()
    also: str = ""
    starts: Sequence[str] = ()
    poll: float = 30.0
    settle: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that travel together in an update operation other than the kind's own; `whole` sends all of them, `alone` ends the pass."""

    operation: str
    fields: Sequence[str]
    const: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    alone: bool = False
    after: Sequence[str] = ()
    effect: Effect = Effect.UNSTATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is otherwise for objects for which a condition holds (restore, replica, import; a directory bucket).

    Another `create` operation, another `arn` template, another `read_by`. `lacks` are spec properties, or paths below them, that AWS
    does not have for such an object: they are neither read nor written, and one that is set is refused, for the reason `why`.
    """

    when: When
    create: str = ""
    arn: str = ""
    read_by: str = ""
    lacks: Sequence[str] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The core read is a list: `list` with the item path, `match` AWS members that must equal the object's identifiers.

    `ids` is the input member that takes the identifier (a list), so that one call reads many; `by` finds an identifier from other
    fields (for adoption, and for a create whose answer was lost); `take` is the item's member that then is the identifier.
    """

    list: str
    match: Mapping[str, str] = field(default_factory=dict)
    ids: str = ""
    by: Mapping[str, str] = field(default_factory=dict)
    take: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A value of the last read (`read`, a path of the core answer) that goes with a write (`send`, its input member)."""

    read: str
    send: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """What AWS will never accept: Terminal with the advice, before any call."""

    when: When
    why: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation `name` that becomes request argument `to` ("DeleteRepository:force"), read as `type`, else `default`."""

    name: str
    to: str
    type: type[bool] | type[int] | type[str] = str
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """What is emptied or cleared before the delete call, in which states it is made, and whether it is polled until gone."""

    first: Sequence[str] = ()
    only_in: Sequence[str] = ()
    until_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """How many objects are read with one call: the core lookup's `ids` or a `filter` name, at most `max` a call.

    `complete=False` says that the list is a summary, whose `stamp` (a member) tells when a full read is due.
    """

    ids: str = ""
    filter: str = ""
    max: int = 100
    complete: bool = True
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One path. Only what AWS's model does not say is given. The path's last segment is the property's name.

    Names: `aws` is AWS's member, where the property is not its name by the rules (at the top, the create input's; an attribute's
    key); in operations that call it differently see `Resource.names`. `name_as` is the name, in AWS's spelling, that a reference's
    name is made of where the property's does not do ("VpcId" gives vpcRef). Where the value comes from when create does not take it:
    `source` ("Operation:Member.Path", "." the whole input), `facet`, `attribute`, `list_of` / `map_of` a shape, or `type`: a shape
    or an expression of "string", "integer", "boolean", "number", "timestamp", "blob", "[]T", "map[string]T"; a nested path with a
    `type` adds a member. What is said of a nested path's secret, reference, immutability and name holds for the shape, hence for
    every kind of the service.
    `status` puts it on the status side. `read` is where the observed value lies (JMESPath, from the object, in a facet from its
    value, below `..` from the element), `write` its member in the update. `immutable=True` is a rule of the schema; a text is advice,
    without a rule, for what AWS alone refuses. `ignore` leaves it out of comparison. `default` is what AWS reports when never set (a
    value, or UNSET for not known); `clear` is what is sent when a field is taken out; a
    structure is laid over what is observed, and a None in it takes the member away; None sends nothing, for another field's reset takes
    this one along.
    """

    aws: str = ""
    name_as: str = ""
    source: str = ""
    list_of: str = ""
    map_of: str = ""
    type: str = ""
    status: bool = False
    identifier: bool = False
    arn: bool = False
    owner_account: bool = False
    attribute: bool = False
    required: bool | None = None
    immutable: bool | str = False
    ref: Ref | None = None
    secret: bool = False
    late_init: LateInit | None = None
    column: str | Column = ""
    read: str = ""
    write: str = ""
    update: str = ""
    facet: Facet | Members | None = None
    compare: Compare | By | None = None
    default: Any = UNSET
    clear: Any = UNSET
    codec: Codec | None = None
    write_only: bool = False
    ignore: bool = False
    when: When | None = None
    after: Sequence[str] = ()
    effect: Effect = Effect.UNSTATED


@dataclass(frozen=True, slots=True)
class Operations:
    """Which operation plays which part; "" is inferred from the kind's name, "-" says that there is none."""

    create: str = ""
    read: str = ""
    update: str = ""
    delete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind. `service` is ACK's alias (the API group's first label), `model` botocore's name where it differs.

    `advice`: code of `terminal` -> what to change, for people.
    `names`: per operation, AWS member -> the CRD field's name (the property or its original), where an operation calls a field
    differently. `wrappers`: operation -> path inside its input or output whose members are the fields; "<Operation>Input" and
    "<Operation>Output" where the two differ. `ignore`: "Shape.Member[.Member]" cut from the model, for every kind of the service;
    `ignore_shapes`: shapes cut wherever they occur; `empty`: structures without members that become string maps; `shapes`: structures
    of our own (name -> member -> type expression). `idempotency`: the create token is ours, and no field of the spec.
    `args`: operation member -> constant, "$account", "$region", "$partition", "$arn", "$token" or a path "$spec.name" or
    "$status.id", for every operation that has the member ("Operation:Member.Path" for one). `found_by`: how a create whose answer
    was lost is found again: "name", "token" or "tag". `read_by`: the aspect that doubles as the core read where AWS has no other.
    """

    service: str
    kind: str
    model: str = ""
    version: str = "v1alpha1"
    operations: Operations = Operations()
    lookup: Lookup | None = None
    read_by: str = ""
    found_by: str = "name"
    scope: str = "region"
    arn: str = ""
    not_found: Sequence[str]
    retry: Mapping[str, float] = field(default_factory=dict)
    terminal: Sequence[str] = ()
    advice: Mapping[str, str] = field(default_factory=dict)
    exists: Sequence[str] = ()
    wrappers: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    args: Mapping[str, Any] = field(default_factory=dict)
    ignore: Sequence[str] = ()
    ignore_shapes: Sequence[str] = ()
    empty: Sequence[str] = ()
    shapes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    idempotency: bool = True
    fields: Mapping[str, Field] = field(default_factory=dict)
    tags: Tags | None = None
    attributes: Attributes | None = None
    states: Sequence[State] = ()
    groups: Sequence[Group] = ()
    variants: Sequence[Variant] = ()
    tokens: Sequence[Token] = ()
    refuse: Sequence[Refuse] = ()
    annotations: Sequence[Annotation] = ()
    deletion: Delete = Delete()
    batch: Batch | None = None
    columns: Sequence[Column] = ()
    synced_column: bool | None = None
    age_column: bool = False
    order_columns_by: str = "name"
    short_names: Sequence[str] = ()
    hooks: Hooks | None = None
