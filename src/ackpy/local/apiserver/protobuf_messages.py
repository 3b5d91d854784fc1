"""The protobuf messages of the built-in kinds that Go clients write, as tables; read by `protobuf`.

One line a field: number, JSON name, type (string when left out). `*` repeats, `map` is a map from string, `?` keeps a zero value
(a pointer in Go). Facts: the generated.proto files of k8s.io/api and k8s.io/apimachinery.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    name: str
    type: str = "string"
    is_repeated: bool = False
    is_map: bool = False
    keeps_zero: bool = False


Message = dict[int, Field]


def message(lines: str) -> Message:
    """The message of a table."""
    fields = (line.split() for line in lines.strip().splitlines())
    return {int(words[0]): _field(words[1], words[2:]) for words in fields}


def _field(name: str, words: list[str]) -> Field:
    written = words[0] if words else "string"
    kind = written.strip("*?").removeprefix("map:")
    return Field(name, kind or "string", "*" in written, written.startswith("map:"), "?" in written)


UNKNOWN = message("""
    1 typeMeta TypeMeta
    2 raw raw
    3 contentEncoding
    4 contentType
""")

MESSAGES: dict[str, Message] = {
    name: message(lines)
    for name, lines in {
        "TypeMeta": """
            1 apiVersion
            2 kind
        """,
        "ObjectMeta": """
            1 name
            2 generateName
            3 namespace
            4 selfLink
            5 uid
            6 resourceVersion
            7 generation int
            8 creationTimestamp Time
            9 deletionTimestamp Time
            10 deletionGracePeriodSeconds int?
            11 labels map:string
            12 annotations map:string
            13 ownerReferences *OwnerReference
            14 finalizers *
            17 managedFields *ManagedFieldsEntry
        """,
        "OwnerReference": """
            1 kind
            3 name
            4 uid
            5 apiVersion
            6 controller bool?
            7 blockOwnerDeletion bool?
        """,
        "ManagedFieldsEntry": """
            1 manager
            2 operation
            3 apiVersion
            4 time Time
            6 fieldsType
            7 fieldsV1 FieldsV1
            8 subresource
        """,
        "ObjectReference": """
            1 kind
            2 namespace
            3 name
            4 uid
            5 apiVersion
            6 resourceVersion
            7 fieldPath
        """,
        "LocalObjectReference": """
            1 name
        """,
        "LabelSelector": """
            1 matchLabels map:string
            2 matchExpressions *LabelSelectorRequirement
        """,
        "LabelSelectorRequirement": """
            1 key
            2 operator
            3 values *
        """,
        "NamespaceSpec": """
            1 finalizers *
        """,
        "NamespaceStatus": """
            1 phase
        """,
        "LeaseSpec": """
            1 holderIdentity string?
            2 leaseDurationSeconds int?
            3 acquireTime MicroTime
            4 renewTime MicroTime
            5 leaseTransitions int?
            6 strategy
            7 preferredHolder
        """,
        "EventSource": """
            1 component
            2 host
        """,
        "EventSeries": """
            1 count int
            2 lastObservedTime MicroTime
        """,
        "Preconditions": """
            1 uid
            2 resourceVersion
        """,
        "PolicyRule": """
            1 verbs *
            2 apiGroups *
            3 resources *
            4 resourceNames *
            5 nonResourceURLs *
        """,
        "Subject": """
            1 kind
            2 apiGroup
            3 name
            4 namespace
        """,
        "RoleRef": """
            1 apiGroup
            2 kind
            3 name
        """,
        "AggregationRule": """
            1 clusterRoleSelectors *LabelSelector
        """,
        "ResourceAttributes": """
            1 namespace
            2 verb
            3 group
            4 version
            5 resource
            6 subresource
            7 name
        """,
        "NonResourceAttributes": """
            1 path
            2 verb
        """,
        "SelfSubjectAccessReviewSpec": """
            1 resourceAttributes ResourceAttributes
            2 nonResourceAttributes NonResourceAttributes
        """,
        "SubjectAccessReviewSpec": """
            1 resourceAttributes ResourceAttributes
            2 nonResourceAttributes NonResourceAttributes
            3 user
            4 groups *
            6 uid
        """,
        "SelfSubjectRulesReviewSpec": """
            1 namespace
        """,
        "ServicePort": """
            1 name
            2 protocol
            3 port int
            4 targetPort IntOrString?
            5 nodePort int
            6 appProtocol
        """,
        "ServiceSpec": """
            1 ports *ServicePort
            2 selector map:string
            3 clusterIP
            4 type
            5 externalIPs *
            7 sessionAffinity
            8 loadBalancerIP
            10 externalName
            18 clusterIPs *
        """,
        "DeploymentSpec": """
            1 replicas int?
            2 selector LabelSelector
            3 template PodTemplateSpec
            5 minReadySeconds int
            6 revisionHistoryLimit int?
            7 paused bool
            9 progressDeadlineSeconds int?
        """,
        "PodTemplateSpec": """
            1 metadata ObjectMeta
            2 spec PodSpec
        """,
        "PodSpec": """
            2 containers *Container
            3 restartPolicy
            7 nodeSelector map:string
            8 serviceAccountName
        """,
        "Container": """
            1 name
            2 image
            3 command *
            4 args *
            5 workingDir
            6 ports *ContainerPort
            7 env *EnvVar
            8 resources ResourceRequirements
            14 imagePullPolicy
        """,
        "ContainerPort": """
            1 name
            2 hostPort int
            3 containerPort int
            4 protocol
            5 hostIP
        """,
        "EnvVar": """
            1 name
            2 value
        """,
        "ResourceRequirements": """
            1 limits map:Quantity
            2 requests map:Quantity
        """,
    }.items()
}

# (apiVersion, kind), or ("", kind) for options that belong to every group.
KINDS: dict[tuple[str, str], Message] = {
    key: message(lines)
    for key, lines in {
        ("v1", "Namespace"): """
            1 metadata ObjectMeta
            2 spec NamespaceSpec
            3 status NamespaceStatus
        """,
        ("v1", "ConfigMap"): """
            1 metadata ObjectMeta
            2 data map:string
            3 binaryData map:bytes
            4 immutable bool?
        """,
        ("v1", "Secret"): """
            1 metadata ObjectMeta
            2 data map:bytes
            3 type
            4 stringData map:string
            5 immutable bool?
        """,
        ("v1", "ServiceAccount"): """
            1 metadata ObjectMeta
            2 secrets *ObjectReference
            3 imagePullSecrets *LocalObjectReference
            4 automountServiceAccountToken bool?
        """,
        ("v1", "Event"): """
            1 metadata ObjectMeta
            2 involvedObject ObjectReference
            3 reason
            4 message
            5 source EventSource
            6 firstTimestamp Time
            7 lastTimestamp Time
            8 count int
            9 type
            10 eventTime MicroTime
            11 series EventSeries
            12 action
            13 related ObjectReference
            14 reportingComponent
            15 reportingInstance
        """,
        ("events.k8s.io/v1", "Event"): """
            1 metadata ObjectMeta
            2 eventTime MicroTime
            3 series EventSeries
            4 reportingController
            5 reportingInstance
            6 action
            7 reason
            8 regarding ObjectReference
            9 related ObjectReference
            10 note
            11 type
            12 deprecatedSource EventSource
            13 deprecatedFirstTimestamp Time
            14 deprecatedLastTimestamp Time
            15 deprecatedCount int
        """,
        ("coordination.k8s.io/v1", "Lease"): """
            1 metadata ObjectMeta
            2 spec LeaseSpec
        """,
        ("rbac.authorization.k8s.io/v1", "Role"): """
            1 metadata ObjectMeta
            2 rules *PolicyRule
        """,
        ("rbac.authorization.k8s.io/v1", "ClusterRole"): """
            1 metadata ObjectMeta
            2 rules *PolicyRule
            3 aggregationRule AggregationRule
        """,
        ("rbac.authorization.k8s.io/v1", "RoleBinding"): """
            1 metadata ObjectMeta
            2 subjects *Subject
            3 roleRef RoleRef
        """,
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): """
            1 metadata ObjectMeta
            2 subjects *Subject
            3 roleRef RoleRef
        """,
        ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): """
            1 metadata ObjectMeta
            2 spec SelfSubjectAccessReviewSpec
        """,
        ("authorization.k8s.io/v1", "SubjectAccessReview"): """
            1 metadata ObjectMeta
            2 spec SubjectAccessReviewSpec
        """,
        ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): """
            1 metadata ObjectMeta
            2 spec SelfSubjectRulesReviewSpec
        """,
        ("authentication.k8s.io/v1", "SelfSubjectReview"): """
            1 metadata ObjectMeta
        """,
        ("v1", "Service"): """
            1 metadata ObjectMeta
            2 spec ServiceSpec
        """,
        ("apps/v1", "Deployment"): """
            1 metadata ObjectMeta
            2 spec DeploymentSpec
        """,
        ("", "DeleteOptions"): """
            1 gracePeriodSeconds int?
            2 preconditions Preconditions
            3 orphanDependents bool?
            4 propagationPolicy
            5 dryRun *
        """,
    }.items()
}
