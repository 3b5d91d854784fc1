"""A kind made by hand, for tests of requests, responses and the delta: it has every sort of aspect and type, and no AWS model behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ackpy.model.definition import (
    Annotation,
    By,
    Codec,
    Compare,
    Effect,
    Group,
    LateInit,
    Members,
    Resource,
    Tags,
)
from ackpy.model.descriptor import (
    Aspect,
    AspectKind,
    Binding,
    Descriptor,
    Member,
    Node,
    Operation,
    Role,
    Rule,
    TagShape,
    Type,
)
from ackpy.model.hooks import Hooks
from ackpy.model.when import is_

TEXT, NUMBER, FLAG, WHOLE = (Node(each) for each in (Type.STRING, Type.NUMBER, Type.BOOLEAN, Type.INTEGER))
TIME, BLOB, SECRET = Node(Type.TIMESTAMP), Node(Type.BLOB), Node(Type.SECRET)


def structure(*, union: bool = False, **members: Node) -> Node:
    """A structure whose properties are called as AWS calls them, but for the case of the first letter."""
    return Node(
        Type.STRUCTURE,
        union=union,
        members={name: Member(name, name[0].upper() + name[1:], node) for name, node in members.items()},
    )


def listed(element: Node) -> Node:
    return Node(Type.LIST, element=element)


def mapped(element: Node) -> Node:
    return Node(Type.MAP, element=element)


def reference(name: str, target: str, node: Node) -> Member:
    return Member(name, "", Node(Type.REFERENCE, members=node.members), ref_to=target)


TAG = structure(key=TEXT, value=TEXT)
RULE = structure(id=TEXT, status=TEXT, days=WHOLE, until=TIME, labels=listed(TEXT), filter=structure(prefix=TEXT))
SOURCE = structure(union=True, bucket=TEXT, inline=BLOB)

SPEC = structure(
    name=TEXT,
    description=TEXT,
    mode=TEXT,
    weight=NUMBER,
    size=WHOLE,
    capacity=structure(read=WHOLE, write=WHOLE),
    roleARN=TEXT,
    keyID=TEXT,
    subnets=listed(TEXT),
    source=SOURCE,
    password=SECRET,
    users=listed(structure(name=TEXT, password=SECRET)),
    variables=mapped(TEXT),
    policy=TEXT,
    document=TEXT,
    versioning=structure(status=TEXT),
    lifecycle=structure(rules=listed(RULE), note=TEXT),
    steps=listed(structure(name=TEXT, seconds=WHOLE)),
    cors=structure(origins=listed(TEXT)),
    metrics=listed(structure(id=TEXT, prefix=TEXT, threshold=WHOLE)),
    attached=listed(TEXT),
    inline=mapped(TEXT),
    delay=WHOLE,
    topicPolicy=TEXT,
    tagging=structure(tagSet=listed(TAG)),
    code=structure(zip=BLOB, hash=TEXT),
    engine=TEXT,
    alias=TEXT,
    flag=Node(Type.MAP, element=TEXT, marker=True),
    tokens=listed(SECRET),
)
STATUS = structure(state=TEXT, createdAt=TIME, location=TEXT, widgetID=TEXT, usage=structure(bytes=WHOLE))

NAME = Binding("Name", "spec", "name")
OWNER = Binding("Owner", "account")
IDENTITY = (NAME, OWNER)


def operation(name: str, role: Role, at: str = "", *bindings: Binding, **more: Any) -> Operation:
    more.setdefault("required", frozenset({"Name"}))
    return Operation(name, role, at=at, bindings=bindings or IDENTITY, **more)


def facet(path: str, name: str, at: str, *, delete: bool = False, whole: bool = False, **more: Any) -> Aspect:
    return Aspect(
        path,
        AspectKind.FACET,
        (path,),
        order=0,
        get=operation(f"Get{name}", Role.READ, "" if whole else at, carry=frozenset({"Hidden"})),
        put=operation(f"Put{name}", Role.PUT, at, replaces=True),
        clear=operation(f"Delete{name}", Role.CLEAR) if delete else None,
        **more,
    )


KEY = Binding("Id", "key")
TAKEN = Binding("Taken", "key")

CORE_PATHS = (
    "name", "weight", "size", "capacity", "roleARN", "keyID", "subnets", "source", "password", "users", "variables",
    "steps", "code", "engine", "alias", "flag", "tokens",
)  # fmt: skip

CORE_FIELDS = {
    **{(path[0].upper() + path[1:]): path for path in CORE_PATHS},
    "Description": "description",
    "Config.Mode": "mode",
    "Config.Tags": "tagging.tagSet",
    "Attributes.Delay": "delay",
}

ASPECTS = (
    Aspect("", AspectKind.CORE, CORE_PATHS, order=0, in_create=True),
    Aspect(
        "tagging",
        AspectKind.TAGS,
        ("tagging",),
        order=1,
        value="tagging.tagSet",
        get=operation("ListTags", Role.READ, "TagSet"),
        put=operation("Tag", Role.TAG, "Tags"),
        clear=operation("Untag", Role.UNTAG, "TagKeys"),
    ),
    Aspect(
        "UpdateMode",
        AspectKind.GROUP,
        ("mode", "description"),
        order=2,
        put=operation("UpdateMode", Role.UPDATE, fields={"Mode": "mode", "Description": "description"}),
        const={"ApplyImmediately": True},
    ),
    Aspect(
        "attributes",
        AspectKind.ATTRIBUTES,
        ("delay", "topicPolicy"),
        order=3,
        get=operation("GetAttributes", Role.READ, "Attributes", fields={"Delay": "delay", "Policy": "topicPolicy"}),
        put=operation("SetAttributes", Role.UPDATE, "Attributes", fields={"Delay": "delay", "Policy": "topicPolicy"}),
    ),
    facet("policy", "Policy", "Policy", delete=True),
    facet("document", "Document", "Body.Text"),
    facet("versioning", "Versioning", "VersioningConfiguration", whole=True),
    facet("lifecycle", "Lifecycle", "LifecycleConfiguration", whole=True, delete=True),
    facet("cors", "Cors", "CORS", whole=True),
    Aspect(
        "metrics",
        AspectKind.MEMBERS,
        ("metrics",),
        order=8,
        key="id",
        get=operation("ListMetrics", Role.READ, "Metrics"),
        put=operation("PutMetric", Role.PUT, "Metric", *IDENTITY, KEY),
        clear=operation("DeleteMetric", Role.CLEAR, "", *IDENTITY, KEY),
        members=Members(list="", add="", remove="", key="id", keep=["system-*"]),
    ),
    Aspect(
        "attached",
        AspectKind.MEMBERS,
        ("attached",),
        order=9,
        get=operation("ListAttached", Role.READ, "Attached..Arn"),
        put=operation("Attach", Role.PUT, "Arns.."),
        clear=operation("Detach", Role.CLEAR, "Arns.."),
        members=Members(list="", add="", remove="", batch=2),
    ),
    Aspect(
        "inline",
        AspectKind.MEMBERS,
        ("inline",),
        order=10,
        key="Taken",
        get=operation("ListInline", Role.READ, "Names"),
        one=operation("GetInline", Role.READ, "Document", *IDENTITY, TAKEN),
        put=operation("PutInline", Role.PUT, "Document", *IDENTITY, TAKEN),
        clear=operation("DeleteInline", Role.CLEAR, "", *IDENTITY, TAKEN),
        members=Members(list="", add="", remove="", get="x", key="Taken"),
    ),
    Aspect(
        "usage", AspectKind.FACET, (), order=11, value="status.usage", get=operation("GetUsage", Role.READ, "Usage")
    ),
)

RULES = (
    Rule("keyID", compare=Compare.KMS_KEY, effect=Effect.BRIEF),
    Rule("policy", compare=Compare.IAM_POLICY),
    Rule("document", compare=Compare.DOCUMENT, default="{}"),
    Rule("topicPolicy", compare=Compare.IAM_POLICY, clear=""),
    Rule("versioning", default={"status": "Suspended"}),
    Rule("lifecycle.rules", compare=By("id")),
    Rule("lifecycle.rules..days", default=30),
    Rule("size", immutable="a widget keeps its size", effect=Effect.REPLACE),
    Rule("capacity", when=is_("mode", "provisioned", None)),
    Rule("description", clear=""),
    Rule("weight", default=1.5, late_init=LateInit.ALWAYS),
    Rule("engine", compare=Compare.CASELESS),
    Rule("code", write_only=True),
    Rule("alias", codec=Codec(decode=lambda text: text.removeprefix("alias/"), encode=lambda text: f"alias/{text}")),
    Rule("cors", clear={}),
)

READ = operation(
    "DescribeWidgets",
    Role.READ,
    "Widgets",
    Binding("Names", "spec", "name", list=True),
    required=frozenset({"Names"}),
    match={"Name": "name"},
    reads={"mode": "Config.Mode", "steps..seconds": "Timing.Seconds", "state": "Lifecycle.Current"},
    observes=frozenset({*CORE_PATHS, "mode", "description", "state", "createdAt"}),
)

CREATE = operation(
    "CreateWidget",
    Role.CREATE,
    "",
    Binding("ClientToken", "token"),
    Binding("Kind", "const", "small"),
    Binding("Zone", "region"),
    fields=CORE_FIELDS,
    out="Widget",
    observes=frozenset({"name", "widgetID", "createdAt"}),
)

FORCE = Annotation("widgets.services.k8s.aws/force", to="DeleteWidget:Force", type=bool, default=False)
DAYS = Annotation("widgets.services.k8s.aws/days", to="DeleteWidget:Days", type=int)

WIDGET = Descriptor(
    definition=Resource(
        service="widgets",
        kind="Widget",
        not_found=["NoSuchWidget"],
        arn="arn:{partition}:widgets:{region}:{account}:widget/{name}",
        tags=Tags(path="tagging.tagSet"),
        groups=[Group(operation="UpdateMode", fields=["mode", "description"], effect=Effect.RESTART)],
    ),
    group="widgets.services.k8s.aws",
    version="v1alpha1",
    kind="Widget",
    plural="widgets",
    singular="widget",
    service="widgets",
    model="widgets",
    spec=replace(SPEC, members={**SPEC.members, "roleRef": reference("roleRef", "roleARN", TEXT)}),
    status=STATUS,
    identifiers=("name",),
    aspects=ASPECTS,
    rules={rule.path: rule for rule in RULES},
    read=READ,
    create=CREATE,
    update=operation(
        "UpdateWidget", Role.UPDATE, fields={k: v for k, v in CORE_FIELDS.items() if v in CORE_PATHS and v != "name"}
    ),
    delete=operation(
        "DeleteWidget",
        Role.DELETE,
        "",
        *IDENTITY,
        Binding("Arn", "arn"),
        Binding("Force", "annotation", FORCE),
        Binding("Days", "annotation", DAYS),
    ),
    variants=(
        (is_("mode", "restored"), operation("RestoreWidget", Role.CREATE, "", NAME, fields={"Source": "source"})),
    ),
    tags=TagShape("tagging.tagSet", "list", in_create=True),
    columns=(),
    hooks=Hooks(),
    arn_member="WidgetArn",
    owner_member="OwnerId",
)


@pytest.fixture(scope="session")
def widget() -> Descriptor:
    """The hand-made kind."""
    return WIDGET


@pytest.fixture(scope="session")
def with_aspect() -> Callable[..., Descriptor]:
    """The hand-made kind with one aspect changed: `with_aspect("tagging", put=...)`; `members` words by `Members` fields."""

    def change(name: str, **parts: Any) -> Descriptor:
        aspects = tuple(replace(each, **parts) if each.name == name else each for each in WIDGET.aspects)
        return replace(WIDGET, aspects=aspects)

    return change


@pytest.fixture(scope="session")
def with_rules() -> Callable[[Mapping[str, Rule]], Descriptor]:
    """The hand-made kind with further rules."""
    return lambda rules: replace(WIDGET, rules={**WIDGET.rules, **rules})
