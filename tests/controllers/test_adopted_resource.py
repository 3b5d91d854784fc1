"""AdoptedResources: the object that they become, and what they report of it. The kind's own reconciler is played by the tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ackpy.controllers.adopted_resource import ADOPTED, FINALIZER, adopted_resources
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.controllers.place import ADOPTION_FIELDS
from ackpy.controllers.references import resource_of
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCES
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster, refusal
from ackpy.testing.running import running

ME = ObjectKey("default", "a")
Start = Callable[..., Any]


@dataclass
class Adopting:
    """A running controller of AdoptedResources and its cluster."""

    cluster: MemoryCluster
    clock: FakeClock
    buckets: Resource

    async def ask(self, aws: Object | None = None, *, kind: str = "Bucket", group: str = "", **more: Any) -> None:
        """Apply an AdoptedResource of a bucket; `metadata` is of the object, `marks` of itself."""
        wanted = {"group": group or self.buckets.group, "kind": kind, "metadata": more.get("metadata", {})}
        spec = {"aws": {"nameOrID": "theirs"} if aws is None else aws, "kubernetes": wanted}
        meta = {"namespace": ME.namespace, "name": ME.name, **more.get("marks", {})}
        self.cluster.put(ADOPTED_RESOURCES, {"metadata": meta, "spec": spec})
        await settle()
        await settle()

    def made(self, key: ObjectKey = ME) -> Object:
        """The object that was made."""
        found = self.cluster.peek(self.buckets, key)
        assert found is not None
        return found

    async def becomes(self, *kinds: str, message: str = "", **annotations: str) -> None:
        """What the reconciler of buckets makes of the object."""
        found = self.made()
        meta = {**found["metadata"], "annotations": {**objects.annotations_of(found), **annotations}}
        status = {"conditions": [{"type": kind, "status": "True", "message": message} for kind in kinds]}
        self.cluster.put(self.buckets, {**found, "metadata": meta, "status": status})
        await settle()

    @property
    def condition(self) -> dict[str, Any] | None:
        """ACK.Adopted, without its time."""
        found = objects.condition_of(self.cluster.peek(ADOPTED_RESOURCES, ME) or {}, ADOPTED)
        return found and {name: value for name, value in found.items() if name not in {"type", "lastTransitionTime"}}


@pytest.fixture
def start(bucket: Descriptor) -> Start:
    @asynccontextmanager
    async def start(namespaces: tuple[str, ...] = (), **options: Any) -> AsyncIterator[Adopting]:
        clock = FakeClock()
        cluster = MemoryCluster(clock)
        manager = Manager(cluster.client(), ManagerOptions(component="test", namespaces=namespaces))
        adopted_resources(manager, [bucket], ReconcilerOptions(region="us-east-1", **options))
        async with running(manager):
            yield Adopting(cluster, clock, resource_of(bucket))

    return start


async def test_it_becomes_an_object_that_adopts(start: Start) -> None:
    async with start() as here:
        await here.ask(marks={"annotations": {"services.k8s.aws/region": "eu-west-1", "other": "stays"}})
        assert objects.annotations_of(here.made()) == {
            "services.k8s.aws/adoption-policy": "adopt",
            "services.k8s.aws/adoption-fields": '{"name": "theirs"}',
            "services.k8s.aws/region": "eu-west-1",
        }
        assert here.condition is None
        await here.becomes("ACK.ResourceSynced", **{"services.k8s.aws/adopted": "true"})
        assert here.condition == {"status": "True"}


@pytest.mark.parametrize(
    ("aws", "fields"),
    [
        ({"nameOrID": "n"}, {"name": "n"}),
        ({"arn": "arn:aws:s3:::n"}, {"arn": "arn:aws:s3:::n"}),
        ({"nameOrID": "n", "arn": "arn:aws:s3:::n"}, {"name": "n", "arn": "arn:aws:s3:::n"}),
        ({"additionalKeys": {"name": "n"}}, {"name": "n"}),
        ({"nameOrID": "n", "additionalKeys": {"more": "m"}}, {"more": "m", "name": "n"}),
    ],
)
async def test_identifiers_become_adoption_fields(start: Start, aws: Object, fields: dict[str, str]) -> None:
    async with start() as here:
        await here.ask(aws)
        assert json.loads(objects.annotations_of(here.made())[ADOPTION_FIELDS]) == fields


async def test_metadata_is_taken_over(start: Start) -> None:
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]
    metadata = {
        "name": "n",
        "namespace": "other",
        "labels": {"l": "1"},
        "annotations": {"b": "2"},
        "ownerReferences": owners,
    }
    async with start() as here:
        await here.ask(metadata=metadata)
        made = here.made(ObjectKey("other", "n"))["metadata"]
        assert (made["labels"], made["annotations"]["b"], made["ownerReferences"]) == ({"l": "1"}, "2", owners)


async def test_a_generated_name_is_the_same_at_each_try(start: Start) -> None:
    async with start() as here:
        await here.ask(metadata={"generateName": "made-"})
        uid = objects.uid_of(here.cluster.peek(ADOPTED_RESOURCES, ME) or {})
        first = here.made(ObjectKey("default", f"made-{uid[:8]}"))
        await here.ask(metadata={"generateName": "made-", "labels": {"more": "x"}})
        assert here.made(ObjectKey("default", f"made-{uid[:8]}")) == first


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("no kind", {"kind": "Bukket"}, {}, "has no kind Bukket here"),
    ("nothing to go by", {"aws": {}}, {}, "give nameOrID or arn"),
    ("one name too many", {"aws": {"nameOrID": "n", "additionalKeys": {"name": "m"}}}, {}, "spec.aws.nameOrID"),
    ("another namespace", {"metadata": {"namespace": "b"}}, {"cross_namespace": False}, "--enable-cross-namespace"),
    ("not looked after", {"metadata": {"namespace": "b"}}, {"namespaces": ("default",)}, "does not look after b"),
    ("gate off", {}, {"gates": Gates(resource_adoption=False)}, "ResourceAdoption=true"),
]


@pytest.mark.parametrize(("ask", "options", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_what_cannot_be_is_said(start: Start, ask: dict[str, Any], options: dict[str, Any], text: str) -> None:
    async with start(**options) as here:
        await here.ask(**ask)
        assert here.condition is not None
        assert here.condition["status"] == "False"
        assert text in here.condition["message"]
        assert here.cluster.writes(here.buckets) == []


@pytest.mark.parametrize("kind", ["ACK.Terminal", "ACK.Recoverable"])
async def test_what_keeps_the_object_from_adopting_is_reported(start: Start, kind: str) -> None:
    async with start() as here:
        await here.ask()
        await here.becomes(kind, message="adopted resource not found")
        assert here.condition == {"status": "False", "message": "adopted resource not found"}
        await here.becomes("ACK.ResourceSynced", **{"services.k8s.aws/adopted": "true"})
        assert here.condition == {"status": "True"}


async def test_an_object_that_is_there_is_not_written(start: Start, bucket: Descriptor) -> None:
    async with start() as here:
        meta = {"namespace": "default", "name": "a", "finalizers": [bucket.finalizer]}
        here.cluster.put(here.buckets, {"metadata": meta, "spec": {"name": "mine"}})
        await settle()
        await here.ask()
        assert here.cluster.writes(here.buckets) == []
        await here.becomes("ACK.ResourceSynced")
        assert here.condition == {"status": "True"}


async def test_a_stranger_that_is_synced_without_being_ours_is_no_success(start: Start) -> None:
    async with start() as here:
        await here.ask()
        await here.becomes("ACK.ResourceSynced")
        assert here.condition is None


async def test_what_is_adopted_is_done_with(start: Start) -> None:
    async with start() as here:
        await here.ask()
        await here.becomes("ACK.ResourceSynced", **{"services.k8s.aws/adopted": "true"})
        here.cluster.remove(here.buckets, ME)
        await settle()
        await here.clock.advance(3600)
        assert here.cluster.peek(here.buckets, ME) is None
        assert here.condition == {"status": "True"}


async def test_a_refused_object_is_tried_again(start: Start) -> None:
    async with start() as here:
        full = refusal(403, "Forbidden", "exceeded quota")
        here.cluster.faults.append(lambda each: full if each.method == "POST" and "buckets" in each.path else None)
        await here.ask()
        assert here.condition == {"status": "False", "message": "the object cannot be made: exceeded quota"}
        here.cluster.faults.clear()
        await here.clock.advance(10)
        assert here.made()


async def test_deleting_it_only_lets_it_go(start: Start) -> None:
    async with start() as here:
        await here.ask(marks={"finalizers": [FINALIZER, "theirs"]})
        here.cluster.remove(ADOPTED_RESOURCES, ME)
        await settle()
        assert objects.finalizers_of(here.cluster.peek(ADOPTED_RESOURCES, ME) or {}) == ["theirs"]
        assert here.made()


async def test_another_services_is_left_alone(start: Start) -> None:
    async with start() as here:
        await here.ask(group="sqs.services.k8s.aws", marks={"finalizers": [FINALIZER]})
        here.cluster.remove(ADOPTED_RESOURCES, ME)
        await settle()
        assert here.condition is None
        assert objects.finalizers_of(here.cluster.peek(ADOPTED_RESOURCES, ME) or {}) == [FINALIZER]
