"""The schemas of the built-in kinds, written as a table; read by `builtin_kinds` and, for metadata, by `crd`.

They say what pruning, server-side apply, strategic merge and `kubectl explain` need of the kinds that controllers and their tools
touch. A kind that is only stored (workloads, RBAC) lists its keyed lists and preserves the rest. Facts: the OpenAPI document of
kube-apiserver 1.35.
"""

from __future__ import annotations

from typing import Any

from ackpy.local.apiserver.kinds import Schema

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer", "format": "int32"}
LONG: Schema = {"type": "integer", "format": "int64"}
BOOLEAN: Schema = {"type": "boolean"}
BYTES: Schema = {"type": "string", "format": "byte"}
TIME: Schema = {"type": "string", "format": "date-time", "nullable": True}
OPEN: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
ANY: Schema = {"x-kubernetes-preserve-unknown-fields": True}


def said(schema: Schema, description: str) -> Schema:
    """A schema with the sentence that `kubectl explain` shows."""
    return {**schema, "description": description}


def record(*, needs: tuple[str, ...] = (), open_: bool = False, **properties: Schema) -> Schema:
    """An object of named fields; an open one keeps fields that it does not name."""
    schema: Schema = {"type": "object", "properties": properties}
    if needs:
        schema["required"] = list(needs)
    return {**schema, "x-kubernetes-preserve-unknown-fields": True} if open_ else schema


def mapping(items: Schema) -> Schema:
    """An object whose keys the user chooses."""
    return {"type": "object", "additionalProperties": items}


def atomic(value: Schema) -> Schema:
    """An object that one owner sets as a whole."""
    return {**value, "x-kubernetes-map-type": "atomic"}


def array(items: Schema) -> Schema:
    """A list that one owner sets as a whole."""
    return {"type": "array", "items": items, "x-kubernetes-list-type": "atomic"}


def unique(items: Schema) -> Schema:
    """A list that is a set of scalars."""
    return {"type": "array", "items": items, "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"}


def keyed(items: Schema, *keys: str, merge: str | None = None) -> Schema:
    """A list whose items are told apart by `keys`; `merge` is the key of strategic merge when it is another."""
    return {
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": merge or keys[0],
    }


OWNER_REFERENCE = atomic(
    record(apiVersion=STRING, kind=STRING, name=STRING, uid=STRING, controller=BOOLEAN, blockOwnerDeletion=BOOLEAN)
)
MANAGED_FIELDS = record(
    manager=STRING, operation=STRING, apiVersion=STRING, time=TIME, fieldsType=STRING, fieldsV1=OPEN, subresource=STRING
)
OBJECT_META = said(
    record(
        name=said(STRING, "The name, unique in the namespace; it cannot be changed."),
        generateName=said(STRING, "A prefix to which the server adds random characters when no name is given."),
        namespace=said(STRING, "The namespace in which the name is unique; it cannot be changed."),
        selfLink=STRING,
        uid=said(STRING, "What tells this object from an earlier one of the same name; set by the server."),
        resourceVersion=said(STRING, "The version of the object, opaque to clients; set by the server."),
        generation=said(LONG, "Counts the changes of the desired state; set by the server."),
        creationTimestamp=said(TIME, "When the object was made; set by the server."),
        deletionTimestamp=said(TIME, "When deletion was asked for; set by the server."),
        deletionGracePeriodSeconds=LONG,
        labels=said(mapping(STRING), "Keys and values by which objects are selected."),
        annotations=said(mapping(STRING), "Keys and values that tools keep with the object."),
        ownerReferences=said(keyed(OWNER_REFERENCE, "uid"), "The objects with whose last one this one is deleted."),
        finalizers=said(unique(STRING), "Who must agree before the object is removed."),
        managedFields=said(array(MANAGED_FIELDS), "Who set which fields."),
    ),
    "Standard object's metadata.",
)
LIST_META: Schema = {
    "type": "object",
    "properties": {"resourceVersion": STRING, "continue": STRING, "remainingItemCount": LONG, "selfLink": STRING},
}
CONDITION = record(
    type=STRING, status=STRING, reason=STRING, message=STRING, lastTransitionTime=TIME, observedGeneration=LONG
)
OBJECT_REFERENCE = atomic(
    record(
        kind=STRING,
        namespace=STRING,
        name=STRING,
        uid=STRING,
        apiVersion=STRING,
        resourceVersion=STRING,
        fieldPath=STRING,
    )
)
LOCAL_REFERENCE = atomic(record(name=STRING))
SELECTOR = atomic(
    record(
        matchLabels=mapping(STRING),
        matchExpressions=array(record(key=STRING, operator=STRING, values=array(STRING))),
    )
)

NAMESPACE = {
    "spec": record(finalizers=array(STRING)),
    "status": record(phase=STRING, conditions=keyed(CONDITION, "type")),
}
CONFIG_MAP = {
    "data": said(mapping(STRING), "The configuration data; keys are letters, digits, '-', '_' and '.'."),
    "binaryData": mapping(BYTES),
    "immutable": BOOLEAN,
}
SECRET = {
    "data": said(mapping(BYTES), "The secret data, each value base64 encoded."),
    "stringData": said(mapping(STRING), "Values in plain text, moved into data by the server; write only."),
    "type": said(STRING, "What the secret is for."),
    "immutable": BOOLEAN,
}
SERVICE_ACCOUNT = {
    "secrets": keyed(OBJECT_REFERENCE, "name"),
    "imagePullSecrets": array(LOCAL_REFERENCE)
    | {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"},
    "automountServiceAccountToken": BOOLEAN,
}
EVENT_SOURCE = record(component=STRING, host=STRING)
EVENT_SERIES = record(count=INTEGER, lastObservedTime=TIME)
CORE_EVENT = {
    "involvedObject": OBJECT_REFERENCE,
    "reason": STRING,
    "message": STRING,
    "source": EVENT_SOURCE,
    "firstTimestamp": TIME,
    "lastTimestamp": TIME,
    "count": INTEGER,
    "type": STRING,
    "eventTime": TIME,
    "series": EVENT_SERIES,
    "action": STRING,
    "related": OBJECT_REFERENCE,
    "reportingComponent": STRING,
    "reportingInstance": STRING,
}
# events.k8s.io/v1 names -> the core names under which both are stored.
EVENT_RENAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_RENAMED = {stored: name for name, stored in EVENT_RENAMES.items()}
EVENT = {_RENAMED.get(name, name): schema for name, schema in CORE_EVENT.items()}
LEASE = {
    "spec": record(
        holderIdentity=STRING,
        leaseDurationSeconds=INTEGER,
        acquireTime=TIME,
        renewTime=TIME,
        leaseTransitions=INTEGER,
        strategy=STRING,
        preferredHolder=STRING,
    )
}

CONTAINER = record(
    open_=True,
    ports={
        **keyed(record(open_=True, protocol={"type": "string", "default": "TCP"}), "containerPort", "protocol"),
    },
    env=keyed(record(open_=True), "name"),
    volumeMounts=keyed(record(open_=True), "mountPath"),
    volumeDevices=keyed(record(open_=True), "devicePath"),
)
POD_SPEC = record(
    open_=True,
    containers=keyed(CONTAINER, "name"),
    initContainers=keyed(CONTAINER, "name"),
    volumes=keyed(record(open_=True), "name"),
    imagePullSecrets=keyed(LOCAL_REFERENCE, "name"),
    hostAliases=keyed(record(open_=True), "ip"),
    topologySpreadConstraints=keyed(record(open_=True), "topologyKey", "whenUnsatisfiable"),
    nodeSelector=atomic(mapping(STRING)),
)
POD_TEMPLATE = record(open_=True, metadata=OBJECT_META, spec=POD_SPEC)
WORKLOAD_STATUS = record(open_=True, conditions=keyed(record(open_=True), "type"))
WORKLOAD = {"spec": record(open_=True, selector=SELECTOR, template=POD_TEMPLATE), "status": WORKLOAD_STATUS}
POD = {"spec": POD_SPEC, "status": WORKLOAD_STATUS}
CRON_JOB = {
    "spec": record(open_=True, jobTemplate=record(open_=True, spec=record(open_=True, template=POD_TEMPLATE))),
    "status": OPEN,
}
SERVICE_PORT = record(open_=True, protocol={"type": "string", "default": "TCP"})
SERVICE = {
    "spec": record(
        open_=True,
        ports=keyed(SERVICE_PORT, "port", "protocol"),
        selector=atomic(mapping(STRING)),
    ),
    "status": OPEN,
}
PLAIN = {"spec": OPEN, "status": OPEN}
RULE = record(
    verbs=array(STRING), apiGroups=array(STRING), resources=array(STRING), resourceNames=array(STRING),
    nonResourceURLs=array(STRING),
)  # fmt: skip
ROLE = {"rules": array(RULE)}
CLUSTER_ROLE = {**ROLE, "aggregationRule": record(clusterRoleSelectors=array(SELECTOR))}
SUBJECT = atomic(record(kind=STRING, apiGroup=STRING, name=STRING, namespace=STRING))
BINDING = {
    "subjects": array(SUBJECT),
    "roleRef": atomic(record(apiGroup=STRING, kind=STRING, name=STRING)),
}

CRD_NAMES = record(
    plural=STRING,
    singular=STRING,
    kind=STRING,
    listKind=STRING,
    shortNames=array(STRING),
    categories=array(STRING),
)
CRD_COLUMN = record(
    name=STRING, type=STRING, format=STRING, description=STRING, priority=INTEGER, jsonPath=STRING,
    needs=("jsonPath", "name", "type"),
)  # fmt: skip
CRD_SUBRESOURCES = record(
    status=OPEN, scale=record(specReplicasPath=STRING, statusReplicasPath=STRING, labelSelectorPath=STRING)
)
CRD_VERSION = record(
    name=STRING,
    served=BOOLEAN,
    storage=BOOLEAN,
    deprecated=BOOLEAN,
    deprecationWarning=STRING,
    schema=record(openAPIV3Schema=OPEN),
    subresources=CRD_SUBRESOURCES,
    additionalPrinterColumns=array(CRD_COLUMN),
    selectableFields=array(record(jsonPath=STRING)),
    needs=("name", "served", "storage"),
)
CRD = {
    "spec": record(
        group=said(STRING, "The API group; the name of the definition is PLURAL.GROUP."),
        names=said(CRD_NAMES, "How the kind is called."),
        scope=said(STRING, "Cluster or Namespaced."),
        versions=said(array(CRD_VERSION), "All versions; one of them is the one that is stored."),
        conversion=record(strategy=STRING, webhook=OPEN),
        preserveUnknownFields=BOOLEAN,
        needs=("group", "names", "scope", "versions"),
    ),
    "status": record(
        conditions=keyed(CONDITION, "type"),
        acceptedNames=CRD_NAMES,
        storedVersions=array(STRING),
        observedGeneration=LONG,
    ),
}


def whole(fields: dict[str, Schema], description: str, **more: Any) -> Schema:
    """The schema of a whole object of the fields given."""
    own = {"apiVersion": STRING, "kind": STRING, "metadata": OBJECT_META}
    return {"type": "object", "description": description, "properties": {**own, **fields}, **more}
