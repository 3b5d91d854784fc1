"""A FieldExport -> what it asks for, what speaks against it, and what it was once given. Pure; `reconciler` and `controller` call it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from ackpy.controllers.conditions import Advisory
from ackpy.controllers.field_export.faults import Fault, refused
from ackpy.controllers.memory import read_bound, write_bound
from ackpy.controllers.references import crossing
from ackpy.kube.objects import Object, ObjectKey, key_of, uid_of
from ackpy.kube.resource import CONFIG_MAPS, SECRETS, Resource

ANNOTATION: Final = "ackpy.services.k8s.aws/exported"
FINALIZER: Final = "finalizers.services.k8s.aws/FieldExport"
RESOURCES: Final = {"configmap": CONFIG_MAPS, "secret": SECRETS}
NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_VERSION: Final = 1
_AWS_AUTH: Final = "aws-auth"  # in it EKS keeps who may do what in the cluster


@dataclass(frozen=True, slots=True)
class Source:
    """A field of an object: kind and name in lower case, for ACK compares them so."""

    group: str
    kind: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Target:
    """A key of a ConfigMap or Secret: `kind` is "configmap" or "secret"."""

    kind: str
    namespace: str
    name: str
    key: str

    @property
    def resource(self) -> Resource:
        """The resource of the object."""
        return RESOURCES[self.kind]

    @property
    def object(self) -> ObjectKey:
        """The object that holds the key."""
        return ObjectKey(self.namespace, self.name)

    def misnamed(self) -> Fault | None:
        """Which of its names cannot be one."""
        names = (
            ("spec.to.name", self.name, NAME, "no name of an object"),
            ("spec.to.namespace", self.namespace, NAMESPACE, "no name of a namespace"),
            ("spec.to.key", self.key, KEY, "no key: up to 253 letters, digits, dashes, dots, underscores"),
        )
        for field, value, pattern, what in names:
            if not pattern.fullmatch(value) or value in {".", ".."}:
                return refused(field, f'"{value}" is {what}')
        return None

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.object}, key {self.key}"


@dataclass(frozen=True, slots=True)
class Export:
    """What one FieldExport asks for; `key` is its own."""

    key: ObjectKey
    source: Source
    target: Target

    @classmethod
    def of(cls, obj: Object) -> Self:
        """What the spec asks for, defaults filled in."""
        me, spec = key_of(obj), obj.get("spec") or {}
        origin, to = spec.get("from") or {}, spec.get("to") or {}
        resource = origin.get("resource") or {}
        name, kind = str(resource.get("name") or "").lower(), str(resource.get("kind") or "").lower()
        source = Source(resource.get("group") or "", kind, name, origin.get("path") or "")
        key = str(to.get("key") or "").strip() or f"{me.namespace}.{me.name}"
        target = Target(to.get("kind") or "configmap", to.get("namespace") or me.namespace, to.get("name") or "", key)
        return cls(me, source, target)

    @property
    def crosses(self) -> bool:
        """Whether it leaves its namespace."""
        return self.target.namespace != self.key.namespace

    def advisories(self) -> tuple[Advisory, ...]:
        """ACK's notice on exports that leave their namespace."""
        if not self.crosses:
            return ()
        text = crossing("field export", "to.namespace", self.key.namespace, self.target.namespace)
        return (Advisory("CrossNamespaceOptInRequired", text),)

    def record(self, uid: str) -> str:
        """The annotation that says what was exported where, bound to the FieldExport's uid."""
        return write_bound(_VERSION, uid, source=_parts(self.source), target=_parts(self.target))


def recorded(obj: Object) -> Export | None:
    """What the FieldExport was last found to ask for when it could be had; None when never, or when the record was copied.

    Anybody who may edit the FieldExport may write a record: what follows from one is bounded by who owns the key (`targets`).
    """
    held = read_bound(obj, ANNOTATION, _VERSION)
    if held is None:
        return None
    source, target = _texts(held.get("source")), _texts(held.get("target"))
    if not len(source) == len(target) == 4 or target[0] not in RESOURCES:
        return None
    export = Export(key_of(obj), Source(*source), Target(*target))
    return None if export.target.misnamed() else export


@dataclass(frozen=True, slots=True)
class Rules:
    """Where exports may go. `protected` are namespaces that none gets into from outside: the controller's own."""

    cross_namespace: bool
    protected: frozenset[str]

    def forbid(self, export: Export) -> Fault | None:
        """Why the export is never made, if so."""
        return next(self._reasons(export), None)

    def _reasons(self, export: Export) -> Iterator[Fault]:
        target = export.target
        if fault := target.misnamed():
            yield fault
        if target.kind == "configmap" and target.name == _AWS_AUTH:
            yield refused(
                "spec.to.name", f"{_AWS_AUTH} decides who may do what in the cluster; no export is made to it"
            )
        if export.crosses and (target.namespace.startswith("kube-") or target.namespace in self.protected):
            yield refused("spec.to.namespace", f"no export gets into namespace {target.namespace} from outside")
        if export.crosses and not self.cross_namespace:
            yield refused(
                "spec.to.namespace",
                f"cross-namespace field export is not allowed: it names {target.namespace}, the FieldExport is in namespace "
                f"{export.key.namespace}; stay in it, or let the controller run with --enable-cross-namespace",
            )


def rival(obj: Object, others: list[Object], rules: Rules) -> Fault | None:
    """The older FieldExport that writes the same key, if there is one: two would overwrite each other for ever."""
    allowed = [each for each in others if rules.forbid(Export.of(each)) is None]
    first = min([obj, *allowed], key=_age)
    if uid_of(first) == uid_of(obj):
        return None
    return refused("spec.to", f"{Export.of(obj).target} is written by FieldExport {key_of(first)} already")


def _age(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("creationTimestamp") or "", uid_of(obj)


def _parts(value: Source | Target) -> list[str]:
    return [getattr(value, name) for name in value.__slots__]


def _texts(parts: Any) -> list[str]:
    return [each for each in parts if isinstance(each, str)] if isinstance(parts, list) else []
