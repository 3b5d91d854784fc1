"""A world in memory for FieldExports: a cluster of dicts, what stands in it, what people do to it and what can be seen there.

The fixture `start` runs the controller over it, in a time that tests move.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch
from ackpy.kube.resource import CONFIG_MAPS, EVENTS, SECRETS, Resource
from ackpy.kube.transport import HttpRequest
from ackpy.runtime.manager import Manager
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal

BUCKETS = Resource("s3.services.k8s.aws", "v1alpha1", "buckets", "Bucket")
ARN = "arn:aws:s3:::b"
T = ObjectKey("default", "t")
DONE = {"ACK.ResourceSynced": "True", "Ready": "True"}
RESOURCES = {"configmap": CONFIG_MAPS, "secret": SECRETS}
Start: TypeAlias = Callable[..., AbstractAsyncContextManager["Exporting"]]


@dataclass
class Exporting:
    """A running controller and the cluster that it works on."""

    cluster: MemoryCluster
    clock: FakeClock
    manager: Manager
    refused: dict[tuple[str, str], Answer] = field(default_factory=dict)

    async def rest(self) -> None:
        """Let all come to rest that waits for nothing but itself."""
        seen = -1
        while seen != len(self.cluster.requests):
            seen = len(self.cluster.requests)
            await settle()

    async def bucket(self, name: str = "b", namespace: str = "default", *, synced: str = "True", **status: Any) -> None:
        """A bucket with a status: its ARN, unless another is given."""
        content = {
            "ackResourceMetadata": {"arn": ARN, "region": "us-east-1"},
            "conditions": [{"type": "ACK.ResourceSynced", "status": synced}],
            **status,
        }
        obj = {"metadata": {"name": name, "namespace": namespace}, "spec": {"name": name}, "status": content}
        if self.cluster.peek(BUCKETS, ObjectKey(namespace, name)) is None:
            self.cluster.put(BUCKETS, obj)  # without its status, as API servers create objects
        self.cluster.put(BUCKETS, obj)
        await self.rest()

    async def target(self, kind: str = "configmap", name: str = "t", namespace: str = "default", **data: str) -> None:
        """A ConfigMap or Secret, made or written whole by somebody else."""
        stored = {key: _encoded(value) if kind == "secret" else value for key, value in data.items()}
        meta = {"name": name, "namespace": namespace}
        self.cluster.put(RESOURCES[kind], {"metadata": meta, "data": stored})
        await self.rest()

    async def export(self, name: str = "e", namespace: str = "default", **changes: Any) -> ObjectKey:
        """Apply a FieldExport of the bucket's ARN to ConfigMap t; `path`, `kind`, `group`, `source`, `to` change it."""
        key = ObjectKey(namespace, name)
        source = {"group": changes.pop("group", BUCKETS.group), "kind": changes.pop("source_kind", "Bucket")}
        origin = {"path": changes.pop("path", ".status.ackResourceMetadata.arn")}
        origin["resource"] = {**source, "name": changes.pop("source", "b")}
        spec = {"from": origin, "to": {"kind": "configmap", "name": "t", "key": "arn", **changes.pop("to", {})}}
        found = self.cluster.peek(FIELD_EXPORTS, key) or {}
        meta = {**objects.metadata(found), "name": name, "namespace": namespace, **changes}
        self.cluster.put(FIELD_EXPORTS, {**found, "metadata": meta, "spec": spec})
        await self.rest()
        return key

    async def delete(self, resource: Resource, key: ObjectKey) -> None:
        """What somebody deletes."""
        self.cluster.remove(resource, key)
        await self.rest()

    async def edit(self, resource: Resource, key: ObjectKey, patch: Object) -> None:
        """What somebody patches."""
        self.cluster.put(resource, apply_merge_patch(self.cluster.peek(resource, key) or {}, patch))
        await self.rest()

    def data(self, kind: str = "configmap", name: str = "t", namespace: str = "default") -> dict[str, str]:
        """What a ConfigMap or Secret holds, decoded."""
        stored = (self.cluster.peek(RESOURCES[kind], ObjectKey(namespace, name)) or {}).get("data") or {}
        return {key: base64.b64decode(value).decode() if kind == "secret" else value for key, value in stored.items()}

    def stored(self, key: ObjectKey) -> Object:
        """A FieldExport that must be there, as it stands."""
        found = self.cluster.peek(FIELD_EXPORTS, key)
        assert found is not None, key
        return found

    def conditions(self, key: ObjectKey) -> dict[str, dict[str, Any]]:
        """The conditions of a FieldExport by type, without their times."""
        found = objects.conditions_of(self.cluster.peek(FIELD_EXPORTS, key) or {})
        return {
            each["type"]: {name: value for name, value in each.items() if name not in {"type", "lastTransitionTime"}}
            for each in found
        }

    def status_of(self, key: ObjectKey) -> dict[str, str]:
        """The status of each condition of a FieldExport."""
        return {kind: each["status"] for kind, each in self.conditions(key).items()}

    async def events(self) -> list[tuple[str, str]]:
        """Reason and message of every Event so far."""
        listed = await self.cluster.client().list(EVENTS)
        return [(each["reason"], each["message"]) for each in listed.items]

    def requests(self, since: int, resource: Resource) -> list[str]:
        """The methods of requests on objects of a resource after a number of requests, watches and lists left out."""
        return [request.method for request in self.cluster.requests[since:] if f"/{resource.plural}/" in request.path]

    def refuse(self, method: str, resource: Resource, code: int, reason: str, message: str = "no") -> None:
        """Let the API server refuse requests on objects of a resource from now on."""
        self.refused[method, resource.plural] = refusal(code, reason, message)

    def fault(self, request: HttpRequest) -> Answer | None:
        """See `MemoryCluster.faults`."""
        found = (answer for (method, plural), answer in self.refused.items() if _is(request, method, plural))
        return next(found, None)


def _is(request: HttpRequest, method: str, plural: str) -> bool:
    return request.method == method and f"/{plural}/" in request.path


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def lost(number: int) -> Callable[[HttpRequest], bool]:
    """For `MemoryCluster.loses`: of the patches, those of Events left out, the answer to the one of that number is lost."""
    patches = count()
    return lambda request: request.method == "PATCH" and "events" not in request.path and next(patches) == number
