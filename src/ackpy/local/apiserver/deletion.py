"""A deletion -> an object removed, or marked and held by finalizers; called by `app` and `lifecycle`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import crd
from ackpy.local.apiserver.builtin_kinds import CRDS, NAMESPACES
from ackpy.local.apiserver.status import conflict, forbidden, not_found, success
from ackpy.local.apiserver.writes import is_released

if TYPE_CHECKING:
    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind
    from ackpy.local.apiserver.options import DeleteOptions

Json = dict[str, Any]

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
FINALIZER_OF_POLICY = {"Orphan": ORPHAN, "Foreground": FOREGROUND, "Background": None}
PERMANENT_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})


def delete(cluster: Cluster, kind: Kind, namespace: str, name: str, options: DeleteOptions) -> Json:
    """Delete one object; returns a Status when it is gone, the object when something holds it."""
    current = cluster.read(kind, namespace, name)
    if current is None:
        raise not_found(kind.group, kind.plural, name)
    _check_preconditions(kind, current, options)
    _check_permanent(kind, name)
    marked = _marked(cluster, kind, current, options)
    if is_released(marked):
        if not options.dry_run:
            cluster.erase(kind, current, marked)
        return success(kind.group, kind.plural, name, current["metadata"]["uid"])
    if options.dry_run or marked == current:
        return marked
    return cluster.write(kind, current, marked)


def _check_preconditions(kind: Kind, current: Json, options: DeleteOptions) -> None:
    metadata = current["metadata"]
    if options.uid is not None and options.uid != metadata["uid"]:
        why = f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']})"
        text = f"{why}. The object might have been deleted and then recreated"
        raise conflict(kind.group, kind.kind, metadata["name"], text)
    wanted, found = options.resource_version, metadata["resourceVersion"]
    if wanted is not None and wanted != found:
        why = (
            f"the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({found})"
        )
        raise conflict(kind.group, kind.kind, metadata["name"], f"{why}. The object might have been modified")


def _check_permanent(kind: Kind, name: str) -> None:
    if kind is NAMESPACES and name in PERMANENT_NAMESPACES:
        details = {"name": name, "kind": "namespaces"}
        raise forbidden(f'namespaces "{name}" is forbidden: this namespace may not be deleted', details)


def _marked(cluster: Cluster, kind: Kind, current: Json, options: DeleteOptions) -> Json:
    """The object as one to be deleted, with the finalizer that the policy asks for."""
    metadata = dict(current["metadata"])
    finalizers = [name for name in metadata.get("finalizers", ()) if name not in (ORPHAN, FOREGROUND)]
    wanted = FINALIZER_OF_POLICY[options.policy]
    if wanted is not None and kind is not NAMESPACES:
        finalizers.append(wanted)
    metadata.pop("finalizers", None)
    if finalizers:
        metadata["finalizers"] = finalizers
    if "deletionTimestamp" not in metadata:
        metadata |= {"deletionTimestamp": cluster.now(), "deletionGracePeriodSeconds": 0}
        if kind.generation:
            metadata["generation"] = metadata.get("generation", 0) + 1
    marked = {**current, "metadata": metadata}
    if kind is NAMESPACES:
        marked["status"] = {**(current.get("status") or {}), "phase": "Terminating"}
    if kind is CRDS:
        marked["status"] = crd.terminating_condition(current["status"], cluster.clock())
    return marked
