"""What is special to a kind when it is written -> a row of a table; called by `writes`.

A row says how names are checked, what a create or update fills in, and what is refused beyond the schema.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import crd, names
from ackpy.local.apiserver.builtin_kinds import CRDS, EXTENSIONS, RBAC
from ackpy.local.apiserver.rules import ABSENT, check_rules
from ackpy.local.apiserver.status import (
    BLOCKING,
    RULES_NOT_CHECKED,
    FieldError,
    invalid_value,
    required,
)
from ackpy.local.apiserver.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.rules import RuleLibrary

Json = dict[str, Any]

NAMESPACE_FINALIZER = "kubernetes"


@dataclass(frozen=True, slots=True)
class Strategy:
    """The special part of a kind: `prepare(new, old)` completes an object (old is None on creation), `check(new, old)` refuses.

    `through` names the parts of an object that change through a subresource only, and the subresource.
    """

    name: Callable[[str, str], Iterator[FieldError]] = names.subdomain_errors
    prepare: Callable[[Json, Json | None], Json] = lambda new, _old: new
    check: Callable[[Json, Json | None], Iterator[FieldError]] = lambda _new, _old: iter(())
    unconditional_update: bool = True
    through: Mapping[str, str] = field(default_factory=dict)


def strategy_of(kind: Kind) -> Strategy:
    """The row of a kind; kinds without one are plain."""
    if kind.custom:
        return CUSTOM
    return BUILT_IN.get((kind.group, kind.kind), PLAIN)


def errors(kind: Kind, new: Json, old: Json | None, library: RuleLibrary) -> list[FieldError]:
    """Everything that keeps `new` from being written over `old`."""
    found = [*_name_errors(kind, new), *names.metadata_errors(new["metadata"])]
    if kind.custom:
        found += validate({k: v for k, v in new.items() if k != "metadata"}, kind.schema)
    elif kind is CRDS:
        found += _definition_errors(new, old, library)
    found += strategy_of(kind).check(new, old)
    if not kind.has_rules:
        return found
    if any(error.reason in BLOCKING for error in found):
        return [*found, RULES_NOT_CHECKED]
    return found + check_rules(new, ABSENT if old is None else old, kind.schema, library)


def _name_errors(kind: Kind, obj: Json) -> Iterator[FieldError]:
    name = obj["metadata"].get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    else:
        yield from strategy_of(kind).name("metadata.name", name)


def _definition_errors(new: Json, old: Json | None, library: RuleLibrary) -> list[FieldError]:
    """A definition with a field missing is not looked into further."""
    incomplete = validate(new.get("spec", {}), CRDS.schema["properties"]["spec"], "spec")
    if incomplete:
        return incomplete
    return crd.check(new, library) + ([] if old is None else crd.check_change(new, old))


def _prepare_namespace(new: Json, old: Json | None) -> Json:
    metadata = new["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    prepared = {**new, "metadata": {**metadata, "labels": labels}}
    if old is None:
        prepared["spec"] = {"finalizers": [NAMESPACE_FINALIZER]}
        prepared["status"] = {"phase": "Active"}
    else:
        prepared["spec"] = {**(old.get("spec") or {}), **(new.get("spec") or {})}
    return prepared


def _prepare_secret(new: Json, _old: Json | None) -> Json:
    prepared = {"type": "Opaque", **{name: value for name, value in new.items() if name != "stringData"}}
    plain = new.get("stringData") or {}
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        prepared["data"] = {**(new.get("data") or {}), **encoded}
    return prepared


def _check_secret(new: Json, old: Json | None) -> Iterator[FieldError]:
    yield from names.config_key_errors("data", new.get("data") or {})
    if old is not None and new["type"] != old["type"]:
        yield invalid_value("type", new["type"], "field is immutable")
    yield from _immutable(new, old, ("data",))


def _check_config_map(new: Json, old: Json | None) -> Iterator[FieldError]:
    for name in ("data", "binaryData"):
        yield from names.config_key_errors(name, new.get(name) or {})
    yield from _immutable(new, old, ("data", "binaryData"))


def _immutable(new: Json, old: Json | None, fields: tuple[str, ...]) -> Iterator[FieldError]:
    if old is None or not old.get("immutable"):
        return
    for name in ("immutable", *fields):
        if new.get(name) != old.get(name):
            text = "field is immutable when `immutable` is set"
            yield FieldError(name, "FieldValueForbidden", f"Forbidden: {text}")


def _check_lease(new: Json, _old: Json | None) -> Iterator[FieldError]:
    spec = new.get("spec") or {}
    for name, least, text in (
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ):
        if spec.get(name) is not None and spec[name] < least:
            yield invalid_value(f"spec.{name}", spec[name], text)


def _check_event(new: Json, _old: Json | None) -> Iterator[FieldError]:
    reference = "involvedObject" if "involvedObject" in new else "regarding"
    where = (new.get(reference) or {}).get("namespace", "")
    if where != new["metadata"]["namespace"] and not (where == "" and new["metadata"]["namespace"] == "default"):
        yield invalid_value(f"{reference}.namespace", where, "does not match event.namespace")


def _check_binding(new: Json, old: Json | None) -> Iterator[FieldError]:
    if old is not None and new.get("roleRef") != old.get("roleRef"):
        yield invalid_value("roleRef", new.get("roleRef"), "cannot change roleRef")


def _prepare_crd(new: Json, _old: Json | None) -> Json:
    return crd.with_defaults(new)


PLAIN = Strategy()
CUSTOM = Strategy(unconditional_update=False)
BUILT_IN = {
    ("", "Namespace"): Strategy(name=names.label_errors, prepare=_prepare_namespace, through={"spec": "finalize"}),
    ("", "Secret"): Strategy(prepare=_prepare_secret, check=_check_secret),
    ("", "ConfigMap"): Strategy(check=_check_config_map),
    ("", "Event"): Strategy(check=_check_event),
    ("events.k8s.io", "Event"): Strategy(check=_check_event),
    ("coordination.k8s.io", "Lease"): Strategy(check=_check_lease, unconditional_update=False),
    (EXTENSIONS, "CustomResourceDefinition"): Strategy(prepare=_prepare_crd, unconditional_update=False),
    (RBAC, "Role"): Strategy(name=names.path_segment_errors),
    (RBAC, "ClusterRole"): Strategy(name=names.path_segment_errors),
    (RBAC, "RoleBinding"): Strategy(name=names.path_segment_errors, check=_check_binding),
    (RBAC, "ClusterRoleBinding"): Strategy(name=names.path_segment_errors, check=_check_binding),
}
