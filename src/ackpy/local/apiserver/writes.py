"""Create, replace, patch and apply -> one write of one object; called by `app`.

Each function returns the object that the client is sent and the warnings of its header. They follow the order of
kube-apiserver's generic registry: decode, complete, own, check, write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import apply, crd, intake, managed, strategy
from ackpy.local.apiserver.builtin_kinds import CRDS, NAMESPACES
from ackpy.local.apiserver.cluster import generated_name, new_uid
from ackpy.local.apiserver.managed import APPLY, UPDATE, Manager
from ackpy.local.apiserver.patch import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, PATCHES, STRATEGIC_PATCH
from ackpy.local.apiserver.status import (
    ApiError,
    FieldError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    invalid_value,
    not_found,
    unsupported_media_type,
)

if TYPE_CHECKING:
    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.options import WriteOptions

Json = dict[str, Any]

OBJECT_LIMIT = 1_572_864  # etcd's default request limit, 1.5 MiB


@dataclass(frozen=True, slots=True)
class Target:
    """What a request writes to; `name` is empty for a creation by POST."""

    kind: Kind
    namespace: str
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write."""

    obj: Json
    warnings: list[str]
    created: bool = False


def create(cluster: Cluster, target: Target, body: Json, options: WriteOptions) -> Written:
    """Make the object of the body; raises 409 when its name is taken."""
    obj, warnings = intake.admit(body, target.kind, options.validation)
    return _create(cluster, target, obj, warnings, options, Manager(options.manager, UPDATE, target.kind.api_version))


def replace(cluster: Cluster, target: Target, body: Json, options: WriteOptions) -> Written:
    """Write the body over the object; raises 409 when somebody wrote in between."""
    current = _existing(cluster, target)
    new, warnings = intake.admit(body, target.kind, options.validation)
    _check_same_name(new, current)
    if not new["metadata"].get("resourceVersion") and not strategy.strategy_of(target.kind).unconditional_update:
        error = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid(target.kind.group, target.kind.plural, target.name, [error])
    _check_uid(target.kind, current, new)
    return _update(cluster, target, current, new, options, warnings)


def patch(cluster: Cluster, target: Target, body: Any, content_type: str, options: WriteOptions) -> Written:
    """Change the object as the patch says; an applied configuration also makes it when it is not there."""
    if content_type == APPLY_PATCH:
        return _apply(cluster, target, body, options)
    _check_patch_type(target.kind, content_type)
    current = _existing(cluster, target)
    proposed = PATCHES[content_type](current, body, target.kind.schema)
    new, warnings = intake.admit(proposed, target.kind, options.validation)
    _check_same_name(new, current)
    return _update(cluster, target, current, new, options, warnings)


def accepted_patches(kind: Kind) -> tuple[str, ...]:
    """The patch types that a kind takes."""
    return (
        (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
        if kind.custom
        else (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)
    )


def store_update(cluster: Cluster, kind: Kind, current: Json, new: Json, *, dry_run: bool = False) -> Json:
    """Write `new` over `current`; an object in deletion that nothing holds any more is removed instead."""
    if dry_run:
        return new
    if is_released(new):
        return cluster.erase(kind, current, new)
    return cluster.write(kind, current, new)


def is_released(obj: Json) -> bool:
    """Whether an object is to be deleted and nobody's finalizer holds it."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    held_by_spec = obj["kind"] == NAMESPACES.kind and obj["apiVersion"] == NAMESPACES.api_version
    return not (held_by_spec and (obj.get("spec") or {}).get("finalizers"))


def _check_patch_type(kind: Kind, content_type: str) -> None:
    if content_type not in accepted_patches(kind):
        raise unsupported_media_type(accepted_patches(kind))


def _apply(cluster: Cluster, target: Target, body: Any, options: WriteOptions) -> Written:
    kind = target.kind
    config = _checked_config(target, body)
    manager = Manager(options.manager, APPLY, kind.api_version, target.subresource)
    current = cluster.read(kind, target.namespace, target.name)
    if current is None and target.subresource:
        raise not_found(kind.group, kind.plural, target.name)
    if current is None and config["metadata"].get("uid"):
        why = f"uid mismatch: the provided object specified uid {config['metadata']['uid']}, and no existing object was found"
        raise conflict(kind.group, kind.plural, target.name, why)
    empty = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": target.name}}
    merged = apply.apply(current or empty, config, kind, manager, cluster.clock(), force=options.force)
    owned = managed.entries_of(merged)
    new, warnings = intake.admit(merged, kind, options.validation, applied=True)
    if current is None:
        return _create(cluster, target, managed.with_entries(new, owned), warnings, options, None)
    return _update(cluster, target, current, new, options, warnings, applied=True)


def _checked_config(target: Target, body: Any) -> Json:
    kind = target.kind
    if not isinstance(body, dict):
        raise bad_request("error decoding YAML: an applied configuration must be an object")
    if body.get("apiVersion") != kind.api_version or body.get("kind") != kind.kind:
        found = f"{body.get('apiVersion', '')}, Kind={body.get('kind', '')}"
        raise bad_request(f"the object provided is {found}, expected {kind.api_version}, Kind={kind.kind}")
    metadata = body.setdefault("metadata", {})
    if metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    if metadata.get("name", target.name) != target.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )
    intake.check_metadata(body, kind)
    return body


def _create(
    cluster: Cluster, target: Target, obj: Json, warnings: list[str], options: WriteOptions, manager: Manager | None
) -> Written:
    kind = target.kind
    _check_version_unset(obj)
    new = _completed(cluster, target, obj)
    _check_room(cluster, target, new)
    if manager is not None:
        new = managed.after_update(None, new, kind, manager, cluster.clock())
    _refuse(cluster, kind, new, None)
    new = _established(cluster, kind, new)
    intake.check_size(new, OBJECT_LIMIT)
    warned = warnings + _finalizer_warnings(new)
    return Written(new if options.dry_run else cluster.write(kind, None, new), warned, created=True)


def _check_version_unset(obj: Json) -> None:
    if obj["metadata"].get("resourceVersion"):
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")


def _completed(cluster: Cluster, target: Target, obj: Json) -> Json:
    """The new object with what the server alone may set."""
    kind = target.kind
    sent = obj["metadata"]
    dropped = ("uid", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion")
    metadata = {name: value for name, value in sent.items() if name not in dropped and value is not None}
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])
    metadata |= {"uid": new_uid(), "creationTimestamp": cluster.now()}
    metadata |= _namespace_of(target, sent)
    if kind.generation:
        metadata["generation"] = 1
    without_status = {name: value for name, value in obj.items() if name != "status" or not kind.status}
    return strategy.strategy_of(kind).prepare({**without_status, "metadata": metadata}, None)


def _namespace_of(target: Target, sent: Json) -> Json:
    if not target.kind.namespaced:
        return {}
    if sent.get("namespace", target.namespace) != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return {"namespace": target.namespace}


def _check_room(cluster: Cluster, target: Target, new: Json) -> None:
    """Whether the name is free and the namespace there and not going."""
    kind, name = target.kind, new["metadata"].get("name", "")
    if kind.namespaced:
        _check_namespace(cluster, kind, target.namespace, name)
    if cluster.registry.is_terminating(kind.resource):
        message = "create not allowed while custom resource definition is terminating"
        raise ApiError(405, "MethodNotAllowed", message, {})
    taken = cluster.read(kind, target.namespace, name) if name else None
    if taken is not None:
        raise already_exists(kind.group, kind.plural, name, deleting="deletionTimestamp" in taken["metadata"])


def _check_namespace(cluster: Cluster, kind: Kind, namespace: str, name: str) -> None:
    found = cluster.read(NAMESPACES, "", namespace)
    if found is None:
        raise not_found("", "namespaces", namespace)
    if "deletionTimestamp" in found["metadata"]:
        causes = [
            {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
        ]
        text = f"unable to create new content in namespace {namespace} because it is being terminated"
        details: Json = {"name": name, "group": kind.group, "kind": kind.plural, "causes": causes}
        raise forbidden(f'{kind.resource} "{name}" is forbidden: {text}', details)


def _update(
    cluster: Cluster,
    target: Target,
    current: Json,
    proposed: Json,
    options: WriteOptions,
    warnings: list[str],
    *,
    applied: bool = False,
) -> Written:
    kind = target.kind
    _check_version(kind, current, proposed)
    new = _carried_over(kind, current, proposed, target.subresource)
    new = strategy.strategy_of(kind).prepare(new, current)
    new = _with_generation(kind, current, new)
    if not applied:
        manager = Manager(options.manager, UPDATE, kind.api_version, target.subresource)
        new = managed.after_update(current, new, kind, manager, cluster.clock())
    _refuse(cluster, kind, new, current)
    new = _established(cluster, kind, new)
    if new == current:
        return Written(current, warnings)
    intake.check_size(new, OBJECT_LIMIT)
    warned = warnings + _finalizer_warnings(new, current)
    return Written(store_update(cluster, kind, current, new, dry_run=options.dry_run), warned)


def _existing(cluster: Cluster, target: Target) -> Json:
    found = cluster.read(target.kind, target.namespace, target.name)
    if found is None:
        raise not_found(target.kind.group, target.kind.plural, target.name)
    return found


def _check_version(kind: Kind, current: Json, proposed: Json) -> None:
    sent = proposed["metadata"].get("resourceVersion")
    if sent and sent != current["metadata"]["resourceVersion"]:
        raise conflict(kind.group, kind.plural, current["metadata"]["name"])


def _check_same_name(new: Json, current: Json) -> None:
    now, was = new["metadata"].get("name"), current["metadata"]["name"]
    if now != was:
        raise bad_request(f"the name of the object ({now or ''}) does not match the name on the URL ({was})")
    now, was = new["metadata"].get("namespace"), current["metadata"].get("namespace")
    if now and now != was:
        raise bad_request(f"the namespace of the object ({now}) does not match the namespace on the URL ({was})")


def _carried_over(kind: Kind, current: Json, proposed: Json, subresource: str) -> Json:
    """The proposed object, with what this request may not change taken from the current one."""
    if subresource == "status":
        kept = {name: value for name, value in current.items() if name != "status"}
        changed = {"status": proposed["status"]} if proposed.get("status") is not None else {}
        sent = {"managedFields": proposed["metadata"].get("managedFields")}
        return {
            **kept,
            **changed,
            "metadata": {**current["metadata"], **{k: v for k, v in sent.items() if v is not None}},
        }
    new = dict(proposed)
    fixed = [part for part, through in strategy.strategy_of(kind).through.items() if through != subresource]
    for part in [*fixed, *(["status"] if kind.status else [])]:
        new.pop(part, None)
        new |= {part: current[part]} if part in current else {}
    return {**new, "metadata": _carried_metadata(kind, current["metadata"], proposed["metadata"])}


def _carried_metadata(kind: Kind, current: Json, proposed: Json) -> Json:
    fixed = ("name", "namespace", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
             "resourceVersion")  # fmt: skip
    sent = {name: value for name, value in proposed.items() if value not in (None, {}, []) or name == "managedFields"}
    if sent.get("uid", current["uid"]) != current["uid"]:
        raise invalid(
            kind.group, kind.kind, current["name"], [invalid_value("metadata.uid", sent["uid"], "field is immutable")]
        )
    return {**sent, "uid": current["uid"], **{name: current[name] for name in fixed if name in current}}


def _check_uid(kind: Kind, current: Json, sent: Json) -> None:
    """A whole object with another uid is meant for another object; a patch of the uid is refused as a change of a fixed field."""
    uid, found = sent["metadata"].get("uid"), current["metadata"]["uid"]
    if uid and uid != found:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
        raise conflict(kind.group, kind.plural, current["metadata"]["name"], why)


def _with_generation(kind: Kind, current: Json, new: Json) -> Json:
    """The generation counts changes outside metadata and status."""
    apart = ("metadata", "status")
    same = {k: v for k, v in new.items() if k not in apart} == {k: v for k, v in current.items() if k not in apart}
    if same or not kind.generation:
        return new
    metadata = {**new["metadata"], "generation": current["metadata"].get("generation", 0) + 1}
    return {**new, "metadata": metadata}


def _refuse(cluster: Cluster, kind: Kind, new: Json, old: Json | None) -> None:
    errors = strategy.errors(kind, new, old, cluster.rules)
    errors += _finalizers_added(new, old)
    if errors:
        raise invalid(kind.group, kind.kind, new["metadata"].get("name", ""), errors)


def _finalizers_added(new: Json, old: Json | None) -> list[FieldError]:
    if old is None or "deletionTimestamp" not in old["metadata"]:
        return []
    before = old["metadata"].get("finalizers") or []
    added = [name for name in new["metadata"].get("finalizers") or [] if name not in before]
    if not added:
        return []
    text = f"no new finalizers can be added if the object is being deleted, found new finalizers {added!r}"
    return [FieldError("metadata.finalizers", "FieldValueForbidden", f"Forbidden: {text}")]


def _established(cluster: Cluster, kind: Kind, new: Json) -> Json:
    """A definition of a custom kind is judged, and served, in the write that brings it."""
    if kind is not CRDS:
        return new
    name = new["metadata"]["name"]
    status = crd.accepted_status(new, cluster.definitions(but=name), cluster.clock())
    finalizers = new["metadata"].get("finalizers") or []
    if "deletionTimestamp" not in new["metadata"] and crd.CLEANUP not in finalizers:
        finalizers = [*finalizers, crd.CLEANUP]
    metadata = {**new["metadata"], "finalizers": finalizers}
    return {**new, "metadata": metadata, "status": status}


def _finalizer_warnings(new: Json, old: Json | None = None) -> list[str]:
    before = (old or {}).get("metadata", {}).get("finalizers") or []
    text = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
    return [
        f'metadata.finalizers: "{name}": {text}'
        for name in new["metadata"].get("finalizers") or []
        if "/" not in name and name not in before and name not in ("orphan", "foregroundDeletion") and "." not in name
    ]
