"""IAMRoleSelector objects -> values that say which objects they pick. Pure; `roles` watches them, `accounts` asks them.

The rules are ACK's (runtime contract, section 13): namespace, type and labels must all match, and what is left out matches everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from ackpy.aws.arn import Arn
from ackpy.errors import ConfigError
from ackpy.kube import objects
from ackpy.kube.objects import Object

_ROLE: Final = "role/"
_TYPE: Final = ("group", "version", "kind")


@dataclass(frozen=True, slots=True)
class RoleSelector:
    """Which objects are reconciled with a role. `types` hold group, version and kind, "" for any."""

    name: str
    version: str
    arn: str
    namespaces: Sequence[str] = ()
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    types: Sequence[tuple[str, str, str]] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, obj: Object) -> Self:
        """The selector as a value; ConfigError says all that is wrong with it."""
        spec: Mapping[str, Any] = obj.get("spec") or {}
        if mistakes := list(_mistakes(spec)):
            raise ConfigError("; ".join(mistakes))
        where = spec.get("namespaceSelector") or {}
        return cls(
            name=objects.key_of(obj).name,
            version=objects.version_of(obj),
            arn=spec["arn"],
            namespaces=tuple(where.get("names") or ()),
            namespace_labels=_labels(where.get("labelSelector")),
            types=tuple(_types(spec)),
            labels=_labels(spec.get("resourceLabelSelector")),
        )

    def picks(self, obj: Object, namespace: Object) -> bool:
        """Whether the object is among those that it is for."""
        return (
            (not self.namespaces or objects.key_of(obj).namespace in self.namespaces)
            and _has(namespace, self.namespace_labels)
            and (not self.types or any(_is_of(obj, each) for each in self.types))
            and _has(obj, self.labels)
        )

    @property
    def text(self) -> str:
        """What ACK.IAMRoleSelected says of it."""
        return f"roleARN: {self.arn}, selectorName: {self.name}, selectorResourceVersion: {self.version}"


def is_role(text: str) -> bool:
    """Whether it is the ARN of an IAM role of some account."""
    try:
        arn = Arn.parse(text)
    except ValueError:
        return False
    return arn.service == "iam" and is_account(arn.account) and arn.resource.startswith(_ROLE) and arn.resource != _ROLE


def is_account(text: str) -> bool:
    """Whether it is an AWS account id: twelve digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def _mistakes(spec: Mapping[str, Any]) -> Iterator[str]:
    if not is_role(arn := str(spec.get("arn") or "")):
        yield f"spec.arn: {arn!r} is no ARN of an IAM role (arn:aws:iam::ACCOUNT:role/NAME)"
    where = spec.get("namespaceSelector") or {}
    yield from _repeated("spec.namespaceSelector.names", names := list(where.get("names") or ()))
    if "" in names:
        yield "spec.namespaceSelector.names: a name is empty"
    for path, labels in (
        ("spec.namespaceSelector.labelSelector", _labels(where.get("labelSelector"))),
        ("spec.resourceLabelSelector", _labels(spec.get("resourceLabelSelector"))),
    ):
        if "" in labels:
            yield f"{path}.matchLabels: a label's name is empty"
    types = list(_types(spec))
    yield from _repeated("spec.resourceTypeSelector", types)
    if ("", "", "") in types:
        yield "spec.resourceTypeSelector: an entry names neither group nor version nor kind"


def _repeated(path: str, entries: Sequence[Any]) -> Iterator[str]:
    if len(set(entries)) != len(entries):
        yield f"{path}: an entry is there twice"


def _types(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for each in spec.get("resourceTypeSelector") or ():
        group, version, kind = (each.get(name) or "" for name in _TYPE)
        yield group, version, kind


def _labels(selector: Mapping[str, Any] | None) -> Mapping[str, str]:
    found: Mapping[str, str] = (selector or {}).get("matchLabels") or {}
    return found


def _has(obj: Object, labels: Mapping[str, str]) -> bool:
    held = objects.labels_of(obj)
    return all(held.get(name) == value for name, value in labels.items())


def _is_of(obj: Object, wanted: tuple[str, str, str]) -> bool:
    group, _, version = str(obj.get("apiVersion") or "").rpartition("/")
    found = (group, version, str(obj.get("kind") or ""))
    return all(not asked or asked == has for asked, has in zip(wanted, found, strict=True))
