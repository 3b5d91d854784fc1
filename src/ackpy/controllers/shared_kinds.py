"""The kinds of ACK's shared group, `services.k8s.aws`, as resources and CustomResourceDefinitions.

They stand for nothing in AWS, so that no definition and no botocore model is behind them: their schemas are written here, equal to those
that ACK publishes. `operator.kinds` renders them with the kinds of the services; the controllers of each kind take its resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ackpy.kube.resource import Resource
from ackpy.model.crd import conditions_schema, object_schema
from ackpy.model.schema import Schema

GROUP: Final = "services.k8s.aws"
VERSION: Final = "v1alpha1"
FIELD_EXPORTS: Final = Resource(GROUP, VERSION, "fieldexports", "FieldExport")
ROLE_SELECTORS: Final = Resource(GROUP, VERSION, "iamroleselectors", "IAMRoleSelector", namespaced=False)
ADOPTED_RESOURCES: Final = Resource(GROUP, VERSION, "adoptedresources", "AdoptedResource")


@dataclass(frozen=True, slots=True)
class SharedKind:
    """One kind of the group: its resource, what it is for, and the schemas of spec and status."""

    resource: Resource
    about: str
    spec: Schema
    status: Schema

    def custom_resource_definition(self) -> dict[str, Any]:
        """The CRD as a plain dict, keys in ACK's order."""
        resource = self.resource
        kind = resource.kind
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": str(resource)},
            "spec": {
                "group": resource.group,
                "names": {"kind": kind, "listKind": f"{kind}List", "plural": resource.plural, "singular": kind.lower()},
                "scope": "Namespaced" if resource.namespaced else "Cluster",
                "versions": [
                    {
                        "name": resource.version,
                        "schema": {"openAPIV3Schema": object_schema(self.about, self.spec, self.status)},
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}},
                    }
                ],
            },
        }


def _text(about: str, **more: Any) -> Schema:
    return {"description": about, **more, "type": "string"}


def _texts(about: str) -> Schema:
    return {"additionalProperties": {"type": "string"}, "description": about, "type": "object"}


def _list(about: str, items: Schema) -> Schema:
    return {"description": about, "items": items, "type": "array"}


def _fields(about: str, properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    needed = {"required": list(required)} if required else {}
    return {"description": about, "properties": dict(sorted(properties.items())), **needed, "type": "object"}


_WITH_CONDITIONS: Final = _fields("What came of it.", {"conditions": conditions_schema()}, ("conditions",))

_SOURCE: Final = _fields(
    "The object that has the field; it lives in the namespace of the FieldExport.",
    {
        "group": _text("The API group of the object: s3.services.k8s.aws."),
        "kind": _text("The kind of the object: Bucket."),
        "name": _text("The name of the object."),
    },
    ("group", "kind", "name"),
)
_FIELD_EXPORT: Final = _fields(
    "Which field of which object is written where.",
    {
        "from": _fields(
            "The field.",
            {
                "path": _text("Where the value is in the object: .status.ackResourceMetadata.arn; or a jq expression."),
                "resource": _SOURCE,
            },
            ("path", "resource"),
        ),
        "to": _fields(
            "The ConfigMap or Secret, which must be there already, and the key in it.",
            {
                "key": _text("The key to write; <namespace>.<name of the FieldExport> when left out."),
                "kind": _text("What is written to.", enum=["configmap", "secret"]),
                "name": _text("The name of the ConfigMap or Secret."),
                "namespace": _text("Its namespace; that of the FieldExport when left out."),
            },
            ("kind", "name"),
        ),
    },
    ("from", "to"),
)

_LABELS: Final = _fields(
    "By labels: all of them must be there.", {"matchLabels": _texts("Labels by name.")}, ("matchLabels",)
)
_TYPE: Final = {
    "properties": {
        "group": {"type": "string"},
        "kind": {"type": "string"},
        "version": {"type": "string"},
    },
    "required": ["group", "kind", "version"],
    "type": "object",
}
_ROLE_SELECTOR: Final = _fields(
    "Which objects are reconciled with which IAM role: those that all selectors pick; one left out picks everything.",
    {
        "arn": _text(
            "The ARN of the role that is assumed.",
            **{"x-kubernetes-validations": [{"message": "Value is immutable once set", "rule": "self == oldSelf"}]},
        ),
        "namespaceSelector": _fields(
            "By namespace: one of these names and, if given, all of these labels.",
            {"labelSelector": _LABELS, "names": _list("Names of namespaces.", {"type": "string"})},
            ("names",),
        ),
        "resourceLabelSelector": _LABELS,
        "resourceTypeSelector": _list("By kind: one of these; an empty text stands for any.", _TYPE),
    },
    ("arn",),
)

_OWNER: Final = _fields(
    "An object on whose end this one ends too.",
    {name: {"type": "string"} for name in ("apiVersion", "kind", "name", "uid")}
    | {name: {"type": "boolean"} for name in ("blockOwnerDeletion", "controller")},
    ("apiVersion", "kind", "name", "uid"),
)
_METADATA: Final = _fields(
    "Metadata of the object to be made.",
    {
        "annotations": _texts("Annotations by name."),
        "generateName": _text("The beginning of a name that the API server completes."),
        "labels": _texts("Labels by name."),
        "name": _text("The name; that of the AdoptedResource when left out."),
        "namespace": _text("The namespace; that of the AdoptedResource when left out."),
        "ownerReferences": _list("Its owners.", _OWNER),
    },
)
_ADOPTED_RESOURCE: Final = _fields(
    "Which AWS resource is to be managed by which object.",
    {
        "aws": _fields(
            "What identifies the resource in AWS.",
            {
                "additionalKeys": _texts("Further identifiers, by the name of their field."),
                "arn": _text("Its ARN, for kinds that are identified by it."),
                "nameOrID": _text("Its name or id, for the others."),
            },
        ),
        "kubernetes": _fields(
            "The object to be made.",
            {
                "group": _text("Its API group."),
                "kind": _text("Its kind."),
                "metadata": _METADATA,
            },
            ("group", "kind"),
        ),
    },
    ("aws", "kubernetes"),
)

FIELD_EXPORT: Final = SharedKind(
    FIELD_EXPORTS, "FieldExport writes a field of an object to a ConfigMap or Secret.", _FIELD_EXPORT, _WITH_CONDITIONS
)
ROLE_SELECTOR: Final = SharedKind(
    ROLE_SELECTORS,
    "IAMRoleSelector says which IAM role serves which objects.",
    _ROLE_SELECTOR,
    {"description": "Nothing so far.", "type": "object"},
)
ADOPTED_RESOURCE: Final = SharedKind(
    ADOPTED_RESOURCES,
    "AdoptedResource makes the object for an AWS resource that is there already. Superseded by annotations.",
    _ADOPTED_RESOURCE,
    _WITH_CONDITIONS,
)
PUBLISHED: Final = (FIELD_EXPORT, ROLE_SELECTOR)
"""The kinds that an installation has. AdoptedResource is only served where an older one has left it."""
