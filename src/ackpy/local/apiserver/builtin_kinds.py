"""The table of kinds that the server has before any CustomResourceDefinition; read by `registry`.

A row with `stored=False` answers reviews and keeps nothing. Columns follow what kube-apiserver 1.35 prints.
"""

from __future__ import annotations

from dataclasses import replace

from ackpy.local.apiserver import schemas
from ackpy.local.apiserver.kinds import AGE, Column, Kind, Schema

CREATED_AT = Column("Created At", "date", ".metadata.creationTimestamp", render="time")
RBAC = "rbac.authorization.k8s.io"
EXTENSIONS = "apiextensions.k8s.io"


def _kind(group_version: str, kind: str, plural: str, fields: dict[str, Schema], about: str) -> Kind:
    group, _, version = group_version.rpartition("/")
    gvk = [{"group": group, "version": version, "kind": kind}]
    schema = schemas.whole(fields, about, **{"x-kubernetes-group-version-kind": gvk})
    return Kind(
        group, version, kind, plural, namespaced=True, schema=schema, status="status" in fields, generation=False,
        storage_version=version, strategic=True,
    )  # fmt: skip


def _workload(group_version: str, kind: str, plural: str, fields: dict[str, Schema], *short: str) -> Kind:
    made = _kind(group_version, kind, plural, fields, f"A {kind}, stored as it is: nothing here runs it.")
    return replace(made, short_names=short, categories=("all",), generation=True, strategic=False)


def _rbac(kind: str, plural: str, fields: dict[str, Schema], *, namespaced: bool, columns: tuple[Column, ...]) -> Kind:
    made = _kind(
        f"{RBAC}/v1", kind, plural, fields, f"A {kind}, stored as it is: this server lets its one user do all."
    )
    return replace(made, namespaced=namespaced, columns=columns)


def _review(group: str, kind: str, plural: str, *, namespaced: bool = False) -> Kind:
    fields = {"spec": schemas.OPEN, "status": schemas.OPEN}
    made = _kind(f"{group}/v1", kind, plural, fields, "A question to the server about what the user may do.")
    return replace(made, namespaced=namespaced, stored=False, status=False, verbs=("create",), strategic=False)


ROLE_COLUMNS = (Column("Role", "string", ".roleRef", render="reference"), AGE)
EVENT_COLUMNS = (
    Column("Last Seen", "string", ".lastTimestamp", render="last-seen"),
    Column("Type", "string", ".type"),
    Column("Reason", "string", ".reason"),
    Column("Object", "string", ".involvedObject", render="reference"),
    Column("Source", "string", ".source.component", priority=1),
    Column("Message", "string", ".message"),
    Column("First Seen", "string", ".firstTimestamp", priority=1, render="last-seen"),
    Column("Count", "string", ".count", priority=1),
    Column("Name", "string", ".metadata.name", format="name", priority=1),
)


def _renamed(column: Column) -> Column:
    """A column of core Events for events.k8s.io/v1."""
    names = {stored: name for name, stored in schemas.EVENT_RENAMES.items()}
    first, dot, rest = column.path[1:].partition(".")
    return replace(column, path=f".{names.get(first, first)}{dot}{rest}")


EVENT_SELECTORS = (
    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "type",
    "reportingComponent", "source",
)  # fmt: skip

NAMESPACES = replace(
    _kind("v1", "Namespace", "namespaces", schemas.NAMESPACE, "A scope for names."),
    namespaced=False,
    short_names=("ns",),
    columns=(Column("Status", "string", ".status.phase"), AGE),
    selectable=("status.phase",),
)
SECRETS = replace(
    _kind("v1", "Secret", "secrets", schemas.SECRET, "Data that only some may read."),
    columns=(Column("Type", "string", ".type"), Column("Data", "integer", ".data", render="count"), AGE),
    selectable=("type",),
)
EVENTS = replace(
    _kind("v1", "Event", "events", schemas.CORE_EVENT, "What happened to an object, kept for an hour."),
    short_names=("ev",),
    columns=EVENT_COLUMNS,
    selectable=EVENT_SELECTORS,
)
CRDS = replace(
    _kind(
        f"{EXTENSIONS}/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        schemas.CRD,
        "A kind that a user adds to the server.",
    ),
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(CREATED_AT,),
    generation=True,
)

KINDS: tuple[Kind, ...] = (
    NAMESPACES,
    replace(
        _kind("v1", "ConfigMap", "configmaps", schemas.CONFIG_MAP, "Configuration for others to read."),
        short_names=("cm",),
        columns=(Column("Data", "string", ".data", render="count"), AGE),
    ),
    SECRETS,
    replace(
        _kind("v1", "ServiceAccount", "serviceaccounts", schemas.SERVICE_ACCOUNT, "An identity for a process."),
        short_names=("sa",),
        columns=(Column("Secrets", "string", ".secrets", render="count"), AGE),
    ),
    EVENTS,
    replace(
        EVENTS,
        group="events.k8s.io",
        schema=schemas.whole(
            schemas.EVENT,
            "What happened to an object, kept for an hour.",
            **{"x-kubernetes-group-version-kind": [{"group": "events.k8s.io", "version": "v1", "kind": "Event"}]},
        ),
        columns=tuple(_renamed(column) for column in EVENT_COLUMNS),
        stored_group="",
        renames=schemas.EVENT_RENAMES,
    ),
    replace(
        _kind("coordination.k8s.io/v1", "Lease", "leases", schemas.LEASE, "Who holds a lock, and since when."),
        columns=(Column("Holder", "string", ".spec.holderIdentity"), AGE),
    ),
    CRDS,
    _workload("v1", "Pod", "pods", schemas.POD, "po"),
    _workload("v1", "Service", "services", schemas.SERVICE, "svc"),
    _workload("apps/v1", "Deployment", "deployments", schemas.WORKLOAD, "deploy"),
    _workload("apps/v1", "StatefulSet", "statefulsets", schemas.WORKLOAD, "sts"),
    _workload("apps/v1", "DaemonSet", "daemonsets", schemas.WORKLOAD, "ds"),
    _workload("apps/v1", "ReplicaSet", "replicasets", schemas.WORKLOAD, "rs"),
    _workload("batch/v1", "Job", "jobs", schemas.WORKLOAD),
    _workload("batch/v1", "CronJob", "cronjobs", schemas.CRON_JOB, "cj"),
    replace(_workload("networking.k8s.io/v1", "Ingress", "ingresses", schemas.PLAIN, "ing"), categories=()),
    replace(
        _workload("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", schemas.PLAIN, "netpol"), categories=()
    ),
    replace(_workload("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", schemas.PLAIN, "pdb"), categories=()),
    _rbac("Role", "roles", schemas.ROLE, namespaced=True, columns=(CREATED_AT,)),
    _rbac("ClusterRole", "clusterroles", schemas.CLUSTER_ROLE, namespaced=False, columns=(CREATED_AT,)),
    _rbac("RoleBinding", "rolebindings", schemas.BINDING, namespaced=True, columns=ROLE_COLUMNS),
    _rbac("ClusterRoleBinding", "clusterrolebindings", schemas.BINDING, namespaced=False, columns=ROLE_COLUMNS),
    _review("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
    _review("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews"),
    _review("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", namespaced=True),
    _review("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
    _review("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews"),
)
