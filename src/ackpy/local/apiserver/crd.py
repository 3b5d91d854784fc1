"""A CustomResourceDefinition -> its errors, its status, and the kinds that it adds; called by `strategy` and `registry`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import schemas
from ackpy.local.apiserver.clock import rfc3339
from ackpy.local.apiserver.jsonpath import JsonPathError, parse
from ackpy.local.apiserver.kinds import AGE, Column, Kind, Schema
from ackpy.local.apiserver.rules import RuleLibrary, all_rules
from ackpy.local.apiserver.status import FieldError, invalid_value, not_supported, required
from ackpy.local.apiserver.structural import check_structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

Json = dict[str, Any]

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
VERSION = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
OWN_PROPERTIES = frozenset({"apiVersion", "kind", "metadata"})


def with_defaults(crd: Json) -> Json:
    """The definition with what the server fills in: the other names, and a conversion that converts nothing."""
    spec = dict(crd.get("spec") or {})
    names = dict(spec.get("names") or {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    if names:
        spec["names"] = names
    spec.setdefault("conversion", {"strategy": "None"})
    return {**crd, "spec": spec}


def check(crd: Json, library: RuleLibrary) -> list[FieldError]:
    """Everything wrong with a definition whose fields are of the right types."""
    return list(_errors(crd, library))


def check_change(crd: Json, old: Json) -> list[FieldError]:
    """What may not change once a definition is accepted."""
    spec, before = crd["spec"], old["spec"]
    fixed = [("spec.group", spec["group"], before["group"]), ("spec.scope", spec["scope"], before["scope"])]
    fixed += [(f"spec.names.{n}", spec["names"].get(n), before["names"].get(n)) for n in ("kind", "plural")]
    return [invalid_value(path, now, "field is immutable") for path, now, was in fixed if now != was]


def accepted_status(crd: Json, others: Iterable[Json], now: datetime) -> Json:
    """The status of a definition, given the other definitions: whether its names are free and whether it is served."""
    names = crd["spec"]["names"]
    taken = _name_taken(crd, others)
    previous = crd.get("status") or {}
    established = not taken or _is_true(previous, "Established")
    conditions = [
        _condition(previous, "NamesAccepted", now, *(taken or ("True", "NoConflicts", "no conflicts found"))),
        _condition(previous, "Established", now, *_established(established=established)),
    ]
    kept = [c for c in previous.get("conditions", ()) if c["type"] not in ("NamesAccepted", "Established")]
    storage = next(v["name"] for v in crd["spec"]["versions"] if v["storage"])
    stored = list(dict.fromkeys([*previous.get("storedVersions", ()), storage]))
    accepted = {"plural": names["plural"], "kind": ""} if taken else names
    return {"conditions": [*conditions, *kept], "acceptedNames": accepted, "storedVersions": stored}


def terminating_condition(status: Json, now: datetime) -> Json:
    """The status of a definition whose objects are being deleted."""
    message = "CustomResource deletion is in progress"
    condition = _condition(status, "Terminating", now, "True", "InstanceDeletionInProgress", message)
    kept = [c for c in status.get("conditions", ()) if c["type"] != "Terminating"]
    return {**status, "conditions": [*kept, condition]}


def is_established(crd: Json) -> bool:
    """Whether the kinds of a definition are served."""
    return _is_true(crd.get("status") or {}, "Established")


def kinds_of(crd: Json) -> list[Kind]:
    """The kinds that an accepted definition adds, one for each served version."""
    return [_kind(crd["spec"], version) for version in crd["spec"]["versions"] if version["served"]]


def _kind(spec: Json, version: Json) -> Kind:
    names = spec["names"]
    schema = _whole_schema(spec, version)
    columns = tuple(_column(column) for column in version.get("additionalPrinterColumns", ()))
    subresources = version.get("subresources") or {}
    return Kind(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced",
        schema=schema,
        list_kind=names.get("listKind", ""),
        singular=names.get("singular", ""),
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        columns=columns or (AGE,),
        status="status" in subresources,
        scale=subresources.get("scale"),
        custom=True,
        storage_version=next(v["name"] for v in spec["versions"] if v["storage"]),
        selectable=tuple(field["jsonPath"].lstrip(".") for field in version.get("selectableFields", ())),
        has_rules=any(True for _ in all_rules(schema)),
    )


def _whole_schema(spec: Json, version: Json) -> Schema:
    """The schema as written, with the metadata that every object has."""
    written = (version.get("schema") or {}).get("openAPIV3Schema") or schemas.OPEN
    properties = {name: inner for name, inner in written.get("properties", {}).items() if name not in OWN_PROPERTIES}
    own: Json = {"apiVersion": schemas.STRING, "kind": schemas.STRING, "metadata": schemas.OBJECT_META}
    gvk = [{"group": spec["group"], "version": version["name"], "kind": spec["names"]["kind"]}]
    return {**written, "properties": {**own, **properties}, "x-kubernetes-group-version-kind": gvk}


def _column(column: Json) -> Column:
    about = column.get("description") or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    return Column(
        name=column["name"],
        type=column["type"],
        path=column["jsonPath"],
        description=about,
        format=column.get("format", ""),
        priority=column.get("priority", 0),
    )


def _errors(crd: Json, library: RuleLibrary) -> Iterator[FieldError]:
    spec = crd["spec"]
    names = spec["names"]
    if not names.get("plural") or not names.get("kind"):
        yield from (required(f"spec.names.{name}") for name in ("plural", "kind") if not names.get(name))
        return
    if crd["metadata"].get("name") != f"{names['plural']}.{spec['group']}":
        text = 'must be spec.names.plural+"."+spec.group'
        yield invalid_value("metadata.name", crd["metadata"].get("name", ""), text)
    if "." not in spec["group"]:
        yield invalid_value("spec.group", spec["group"], "should be a domain with at least one dot")
    for path, value in (("plural", names["plural"]), ("singular", names["singular"])):
        if not LABEL.fullmatch(value):
            yield invalid_value(
                f"spec.names.{path}", value, "must be a DNS-1035 label: lower case letters, digits and '-'"
            )
    if spec["scope"] not in ("Cluster", "Namespaced"):
        yield not_supported("spec.scope", spec["scope"], ("Cluster", "Namespaced"))
    if spec["conversion"].get("strategy") != "None":
        text = "this server converts by strategy None only"
        yield invalid_value("spec.conversion.strategy", spec["conversion"].get("strategy", ""), text)
    if spec.get("preserveUnknownFields"):
        yield invalid_value("spec.preserveUnknownFields", value=True, detail="must be false")
    yield from _version_errors(spec["versions"], library)


def _version_errors(versions: list[Json], library: RuleLibrary) -> Iterator[FieldError]:
    if sum(version["storage"] for version in versions) != 1:
        names = [version["name"] for version in versions]
        yield invalid_value("spec.versions", names, "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        if not VERSION.fullmatch(version["name"]):
            yield invalid_value(f"{path}.name", version["name"], "must be a DNS-1035 label, such as v1 or v1alpha1")
        if version["name"] in [other["name"] for other in versions[:index]]:
            yield FieldError(f"{path}.name", "FieldValueDuplicate", f'Duplicate value: "{version["name"]}"')
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            yield required(f"{path}.schema.openAPIV3Schema", "schemas are required")
        else:
            yield from check_structure(schema, f"{path}.schema.openAPIV3Schema", library)
        yield from _column_errors(version, path)


def _column_errors(version: Json, path: str) -> Iterator[FieldError]:
    for index, column in enumerate(version.get("additionalPrinterColumns", ())):
        where = f"{path}.additionalPrinterColumns[{index}]"
        if column["type"] not in ("boolean", "date", "integer", "number", "string"):
            yield not_supported(f"{where}.type", column["type"], ("boolean", "date", "integer", "number", "string"))
        if not column["jsonPath"].startswith("."):
            yield invalid_value(f"{where}.jsonPath", column["jsonPath"], "must be a simple json path starting with .")
            continue
        try:
            parse(column["jsonPath"])
        except JsonPathError as error:
            yield invalid_value(f"{where}.jsonPath", column["jsonPath"], str(error))


def _name_taken(crd: Json, others: Iterable[Json]) -> tuple[str, str, str] | None:
    """Why the names cannot be accepted, as the status, reason and message of NamesAccepted."""
    spec = crd["spec"]
    group = [o["spec"]["names"] for o in others if o["spec"]["group"] == spec["group"] and is_established(o)]
    words = {word for names in group for word in (names["plural"], names["singular"], *names.get("shortNames", ()))}
    kinds = {kind for names in group for kind in (names["kind"], names["listKind"])}
    mine = spec["names"]
    for reason, found, taken in (
        ("PluralConflict", [mine["plural"]], words),
        ("SingularConflict", [mine["singular"]], words),
        ("ShortNamesConflict", mine.get("shortNames", []), words),
        ("KindConflict", [mine["kind"]], kinds),
        ("ListKindConflict", [mine["listKind"]], kinds),
    ):
        clashing = [name for name in found if name in taken]
        if clashing:
            return "False", reason, f'"{clashing[0]}" is already in use'
    return None


def _established(*, established: bool) -> tuple[str, str, str]:
    if established:
        return "True", "InitialNamesAccepted", "the initial names have been accepted"
    return "False", "NotAccepted", "not all names are accepted"


def _condition(status: Json, kind: str, now: datetime, value: str, reason: str, message: str) -> Json:
    made = {"type": kind, "status": value, "reason": reason, "message": message}
    before: Json = next((c for c in status.get("conditions", ()) if c["type"] == kind), {})
    since = before["lastTransitionTime"] if before.get("status") == value else rfc3339(now)
    return {**made, "lastTransitionTime": since}


def _is_true(status: Json, kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in status.get("conditions", ()))
