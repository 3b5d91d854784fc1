"""Stand-ins for kinds that nobody looks after: CRDs without a schema, and objects whose status a test writes by hand.

For tests and measurements of objects that wait for others.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ackpy.errors import AlreadyExists
from ackpy.kube.client import KubeClient
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CUSTOM_RESOURCE_DEFINITIONS, SECRETS, Resource


async def install(client: KubeClient, resource: Resource) -> None:
    """Make the CRD of a kind; one that is there is left as it is."""
    with suppress(AlreadyExists):
        await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition(resource))


def definition(resource: Resource) -> Object:
    """A CRD that takes anything and has a status."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": resource.version, "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"kind": resource.kind, "plural": resource.plural, "listKind": f"{resource.kind}List"}
    return {
        **CUSTOM_RESOURCE_DEFINITIONS.type_meta,
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced",
            "names": {**names, "singular": resource.kind.lower()},
            "versions": [{**version, "schema": schema}],
        },
    }


async def make(client: KubeClient, resource: Resource, key: ObjectKey, spec: Mapping[str, Any]) -> Object:
    """Create an object."""
    meta = {"name": key.name, "namespace": key.namespace}
    return await client.create(resource, {**resource.type_meta, "metadata": meta, "spec": dict(spec)})


async def become_ready(client: KubeClient, resource: Resource, key: ObjectKey, arn: str) -> Object:
    """Write the status that a controller writes once AWS has the resource."""
    condition = {"type": "ACK.ResourceSynced", "status": "True"}
    status = {"conditions": [condition], "ackResourceMetadata": {"arn": arn}}
    return await client.patch(resource, key, {"status": status}, subresource="status")


async def put_secret(client: KubeClient, key: ObjectKey, data: Mapping[str, str]) -> Object:
    """Create a Secret, or write its data anew."""
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    meta = {"name": key.name, "namespace": key.namespace}
    try:
        return await client.create(SECRETS, {**SECRETS.type_meta, "metadata": meta, "data": encoded})
    except AlreadyExists:
        return await client.patch(SECRETS, key, {"data": encoded})
