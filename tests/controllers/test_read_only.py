"""Read-only objects: nothing of AWS and nothing of the spec changes; the status is AWS's word."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.errors import AwsUnreachable
from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld

NAME = "hama-test-bucket"
READ_ONLY = "services.k8s.aws/read-only"
FINALIZER = "finalizers.s3.services.k8s.aws/Bucket"


@pytest.fixture
def world(bucket: Descriptor) -> MemoryWorld:
    return with_bucket(MemoryWorld(bucket))


def with_bucket(world: MemoryWorld) -> MemoryWorld:
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION)
    return world


def shown(world: MemoryWorld, talk: dict[str, Any], value: str = "true") -> ObjectKey:
    return world.cluster.apply("b", talk, annotations={READ_ONLY: value})


def toggle(world: MemoryWorld, key: ObjectKey, value: str | None) -> None:
    world.cluster.edit(key, {"metadata": {"annotations": {READ_ONLY: value}}})


@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
async def test_one_read_and_one_status(world: MemoryWorld, talk: dict[str, Any], value: str) -> None:
    key = shown(world, talk, value)
    assert (await world.one_pass(key)).outcome is Outcome.DONE
    assert world.aws.calls_made == ["GetBucketTagging"]
    assert [target for target, _ in world.cluster.writes] == ["status"]
    obj = world.cluster.objects[key]
    assert not objects.finalizers_of(obj)
    assert objects.annotations_of(obj) == {READ_ONLY: value}
    assert obj["spec"] == talk
    assert obj["status"]["ackResourceMetadata"]["arn"] == f"arn:aws:s3:::{NAME}"
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert world.conditions(key)["ACK.Advisory"]["reason"] == "ReadOnly"


async def test_a_resync_refreshes_and_writes_nothing_that_is_the_same(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = shown(world, talk)
    await world.settle(key)
    world.take_counts()
    await world.settle(key, Cause.RESYNC)
    assert world.take_counts() == {"GetBucketTagging": 1}


@pytest.mark.parametrize("value", ["false", "yes", ""])
async def test_any_other_value_is_none(world: MemoryWorld, talk: dict[str, Any], value: str) -> None:
    key = shown(world, talk, value)
    await world.settle(key)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"


async def test_the_gate_off_the_annotation_means_nothing(bucket: Descriptor, talk: dict[str, Any]) -> None:
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, gates=Gates(read_only_resources=False)))
    await world.settle(shown(world, talk))
    assert world.aws.created == [NAME]


async def test_a_missing_resource_is_said_and_not_made(world: MemoryWorld, talk: dict[str, Any]) -> None:
    del world.aws.buckets[NAME]
    key = shown(world, talk)
    assert (await world.one_pass(key)).outcome is Outcome.RETRY
    conditions = world.conditions(key)
    assert conditions["ACK.Recoverable"]["message"] == "read-only resource not found"
    assert (conditions["ACK.ResourceSynced"]["status"], conditions["Ready"]["status"]) == ("False", "False")
    assert world.aws.created == []
    with_bucket(world)
    await world.settle(key, Cause.RETRY)
    assert world.conditions(key)["Ready"]["status"] == "True"
    assert "ACK.Recoverable" not in world.conditions(key)


async def test_an_unresolved_reference_does_not_matter(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = shown(world, talk | {"replication": {"roleRef": {"from": {"name": "nobody"}}}})
    await world.settle(key)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"


async def test_a_managed_object_pauses_and_resumes(world: MemoryWorld, talk: dict[str, Any]) -> None:
    del world.aws.buckets[NAME]
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    toggle(world, key, "true")
    world.aws.calls_made.clear()
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    world.cluster.edit(key, {"spec": {"policy": "{}"}})
    await world.settle(key)
    assert world.aws.writes == []
    assert FINALIZER in objects.finalizers_of(world.cluster.objects[key])
    toggle(world, key, None)
    await world.settle(key)
    assert sorted(world.aws.writes) == ["PutBucketPolicy", "PutBucketVersioning"]
    assert "ACK.Advisory" not in world.conditions(key)


async def test_what_was_shown_is_no_claim(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = shown(world, talk)
    await world.settle(key)
    toggle(world, key, None)
    world.aws.failing["GetBucketTagging"].append(AwsUnreachable("time-out", service="s3", operation="GetBucketTagging"))
    await world.settle(key)
    assert world.conditions(key)["ACK.Terminal"]["message"] == "Resource already exists"
    assert world.aws.writes == []


async def test_what_was_shown_may_be_adopted(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = shown(world, talk)
    await world.settle(key)
    annotations = {READ_ONLY: None, "services.k8s.aws/adoption-policy": "adopt-or-create"}
    world.cluster.edit(key, {"metadata": {"annotations": annotations}})
    await world.settle(key)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}


async def test_adopt_or_create_waits_while_read_only(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = shown(world, talk)
    world.cluster.edit(key, {"metadata": {"annotations": {"services.k8s.aws/adoption-policy": "adopt-or-create"}}})
    await world.settle(key)
    assert world.aws.writes == []
    assert not objects.finalizers_of(world.cluster.objects[key])


@pytest.mark.parametrize("managed", [False, True])
async def test_its_deletion_leaves_aws_alone(world: MemoryWorld, talk: dict[str, Any], managed: bool) -> None:
    if managed:
        del world.aws.buckets[NAME]
        key = world.cluster.apply("b", talk)
        await world.settle(key)
        toggle(world, key, "true")
    else:
        key = shown(world, talk)
    await world.settle(key)
    world.aws.calls_made.clear()
    world.cluster.delete(key)
    await world.settle(key)
    assert key not in world.cluster.objects
    assert NAME in world.aws.buckets
    assert world.aws.calls_made == []


async def test_it_stands_beside_the_owner(world: MemoryWorld, talk: dict[str, Any]) -> None:
    """The older one that only shows is no rival of the younger one that owns, nor the other way round."""
    del world.aws.buckets[NAME]
    viewer = shown(world, talk)
    owner = world.cluster.apply("owner", talk)
    await world.settle(owner)
    assert world.conditions(owner)["ACK.ResourceSynced"]["status"] == "True"
    await world.settle(viewer)
    assert world.conditions(viewer)["ACK.ResourceSynced"]["status"] == "True"
    later = world.cluster.apply("later", talk, annotations={READ_ONLY: "true"})
    await world.settle(later)
    assert world.conditions(later)["ACK.ResourceSynced"]["status"] == "True"
    assert world.aws.created == [NAME]
