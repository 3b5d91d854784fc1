"""Which REST resource an object belongs to, and its path on the API server.

A `Resource` known up front saves the discovery request; `KubeClient.resource_for` looks one up by kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from ackpy.kube.objects import ObjectKey


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of one group and version: `Resource("s3.services.k8s.aws", "v1alpha1", "buckets", "Bucket")`.

    `group` is empty for the core group. `namespaced` says whether objects live in namespaces.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`apiVersion` as objects carry it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def type_meta(self) -> dict[str, str]:
        """The two fields that say an object's type, for building one."""
        return {"apiVersion": self.api_version, "kind": self.kind}

    def collection_path(self, namespace: str = "") -> str:
        """The path to list, watch and create: of one namespace, or of all when `namespace` is empty."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        if namespace and self.namespaced:
            return f"{root}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        return f"{root}/{self.plural}"

    def object_path(self, key: ObjectKey, subresource: str = "") -> str:
        """The path of one object, or of a subresource of it (`status`).

        Raises ValueError when the name is empty, or a namespaced object's namespace is: such a path would mean a collection.
        """
        if not key.name or (self.namespaced and not key.namespace):
            raise ValueError(
                f"{self.kind} {str(key)!r}: a name{' and a namespace' if self.namespaced else ''} is needed"
            )
        path = f"{self.collection_path(key.namespace)}/{quote(key.name, safe='')}"
        return f"{path}/{subresource}" if subresource else path

    def holds(self, obj: dict[str, Any]) -> bool:
        """Whether the object says that it is of this resource."""
        return bool(obj.get("kind") == self.kind and obj.get("apiVersion") == self.api_version)

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CUSTOM_RESOURCE_DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
