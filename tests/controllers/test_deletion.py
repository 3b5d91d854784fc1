"""The end of an object: policies, what AWS refuses, what was never made."""

from __future__ import annotations

from collections import Counter
from typing import Any, SupportsIndex

import pytest

from ackpy.controllers.options import DeletionPolicy, ReconcilerOptions
from ackpy.errors import AwsError, AwsUnreachable
from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome
from ackpy.testing.world import ACCOUNT, REGION, Bucket, MemoryWorld, api_error

NAME = "hama-test-bucket"
POLICY = "services.k8s.aws/deletion-policy"
OF_SERVICE = "s3.services.k8s.aws/deletion-policy"
FINALIZER = "finalizers.s3.services.k8s.aws/Bucket"


async def made(world: MemoryWorld, talk: dict[str, Any], **annotations: str) -> ObjectKey:
    key = world.cluster.apply("b", talk, annotations=annotations)
    await world.settle(key)
    world.take_counts()
    world.events.seen.clear()
    return key


async def test_a_bucket_goes_with_its_object(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.cluster.delete(key)
    result = await world.one_pass(key)
    assert result.outcome is Outcome.DONE
    assert world.cluster.objects == {}
    assert world.aws.buckets == {}
    assert world.take_counts() == Counter(["GetBucketTagging", "DeleteBucket", "object"])
    assert world.events.reasons == ["Deleted"]


@pytest.mark.parametrize(
    ("own", "namespaced", "flag", "kept"),
    [
        ("retain", "", "delete", True),
        ("retain", "delete", "delete", True),
        ("delete", "retain", "retain", False),
        ("", "retain", "delete", True),
        ("", "delete", "retain", False),
        ("", "", "retain", True),
        ("", "", "delete", False),
    ],
)
async def test_the_policy_is_the_objects_then_the_namespaces_then_the_flags(
    bucket: Descriptor, talk: dict[str, Any], own: str, namespaced: str, flag: str, kept: bool
) -> None:
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, deletion_policy=DeletionPolicy(flag)))
    meta = {"name": "default", "annotations": {OF_SERVICE: namespaced, "ecr.services.k8s.aws/deletion-policy": "x"}}
    world.cluster.namespaces["default"] = {"metadata": meta}
    key = await made(world, talk, **{POLICY: own})
    world.cluster.delete(key)
    await world.settle(key)
    assert world.cluster.objects == {}
    assert (NAME in world.aws.buckets) is kept
    assert world.events.reasons == ["Retained" if kept else "Deleted"]
    assert (world.aws.calls_made == []) is kept


@pytest.mark.parametrize("deleted", [True, False], ids=["when deleted", "while it lives"])
async def test_a_mistyped_policy_is_refused_loudly(world: MemoryWorld, talk: dict[str, Any], deleted: bool) -> None:
    key = await made(world, talk)
    world.cluster.edit(key, {"metadata": {"annotations": {POLICY: "Retain"}}})
    if deleted:
        world.cluster.delete(key)
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert objects.finalizers_of(world.cluster.objects[key]) == [FINALIZER]
    message = world.conditions(key)["ACK.Terminal"]["message"]
    assert message == (
        'the annotation services.k8s.aws/deletion-policy of Bucket default/b is "Retain"; it must be "delete" or "retain"'
    )
    assert world.events.reasons == ["Refused"]


async def test_a_mistyped_policy_of_the_namespace_is_named(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    meta = {"name": "default", "annotations": {OF_SERVICE: "keep"}}
    world.cluster.namespaces["default"] = {"metadata": meta}
    world.cluster.delete(key)
    await world.one_pass(key)
    assert NAME in world.aws.buckets
    assert 'of Namespace default is "keep"' in world.conditions(key)["ACK.Terminal"]["message"]


async def test_a_bucket_that_is_gone_already_ends_it(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    del world.aws.buckets[NAME]
    world.cluster.delete(key)
    await world.settle(key)
    assert world.cluster.objects == {}
    assert "DeleteBucket" not in world.aws.calls_made


async def test_a_bucket_that_goes_between_look_and_call_ends_it(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.aws.failing["DeleteBucket"].append(api_error("DeleteBucket", "NoSuchBucket", 404))
    world.cluster.delete(key)
    await world.settle(key)
    assert world.cluster.objects == {}


async def test_a_full_bucket_keeps_its_finalizer_and_says_why(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.aws.full.add(NAME)
    world.cluster.delete(key)
    results = [await world.one_pass(key, cause) for cause in (Cause.EDIT, Cause.RETRY)]
    assert [result.seconds for result in results] == [30.0, 30.0]
    assert objects.finalizers_of(world.cluster.objects[key]) == [FINALIZER]
    text = "api error BucketNotEmpty: The bucket you tried to delete is not empty"
    assert world.conditions(key)["ACK.Recoverable"]["message"] == text
    assert world.conditions(key)["Ready"]["status"] == "False"
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "Unknown"
    assert world.take_counts()["status"] == 1
    world.aws.full.clear()
    await world.settle(key, Cause.RETRY)
    assert world.cluster.objects == {}


async def test_an_unknown_end_blocks_the_deletion(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.aws.failing["GetBucketTagging"].append(AwsUnreachable("x", service="s3", operation="GetBucketTagging"))
    world.cluster.delete(key)
    assert (await world.one_pass(key)).outcome is Outcome.ERROR
    assert objects.finalizers_of(world.cluster.objects[key]) == [FINALIZER]
    await world.settle(key, Cause.RETRY)
    assert (world.cluster.objects, world.aws.buckets) == ({}, {})


async def test_a_delete_call_that_acted_without_an_answer_ends_it(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.time.advance(world.options.settle_seconds + 1)
    world.cluster.delete(key)
    world.aws.losing["DeleteBucket"] = [AwsUnreachable("no answer", service="s3", operation="DeleteBucket")]
    await world.one_pass(key)
    assert world.cluster.objects == {}
    assert world.aws.buckets == {}


class Blinding(list[AwsError]):
    """A delete call without an answer, after which one read does not see the bucket."""

    def __init__(self, world: MemoryWorld) -> None:
        super().__init__([AwsUnreachable("no answer", service="s3", operation="DeleteBucket")])
        self._world = world

    def pop(self, index: SupportsIndex = -1) -> AwsError:
        self._world.aws.failing["GetBucketTagging"] = [api_error("GetBucketTagging", "NoSuchBucket", 404)]
        return super().pop(index)


async def test_a_read_after_it_is_not_believed_so_soon_after_the_create(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    key = await made(world, talk)
    world.cluster.delete(key)
    world.aws.failing["DeleteBucket"] = Blinding(world)
    await world.one_pass(key)
    assert key in world.cluster.objects
    await world.settle(key)
    assert (world.cluster.objects, world.aws.buckets) == ({}, {})


async def test_what_was_refused_is_let_go_without_a_call(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    world.aws.failing["CreateBucket"].append(api_error("CreateBucket", "InvalidBucketName", 400))
    await world.one_pass(key)
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION)  # a stranger's, made since
    world.take_counts()
    world.cluster.delete(key)
    await world.settle(key)
    assert world.cluster.objects == {}
    assert world.take_counts() == Counter(["object"])
    assert NAME in world.aws.buckets


@pytest.mark.parametrize(
    ("code", "status", "let_go"),
    [
        ("InvalidBucketName", 400, True),
        ("AccessDenied", 403, False),
        ("InternalError", 500, False),
        ("SlowDown", 503, False),
    ],
)
async def test_what_was_never_made_is_let_go_when_the_read_itself_is_refused(
    world: MemoryWorld, talk: dict[str, Any], code: str, status: int, let_go: bool
) -> None:
    key = world.cluster.apply("b", talk)
    lost = AwsUnreachable("x", service="s3", operation="CreateBucket")
    world.aws.failing["CreateBucket"].append(lost)  # the intent stays open
    await world.one_pass(key)
    world.cluster.delete(key)
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", code, status))
    await world.one_pass(key)
    assert (world.cluster.objects == {}) is let_go


async def test_a_refused_read_of_what_was_made_does_not_let_go(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await made(world, talk)
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", "InvalidBucketName", 400))
    world.cluster.delete(key)
    await world.one_pass(key)
    assert objects.finalizers_of(world.cluster.objects[key]) == [FINALIZER]
    assert NAME in world.aws.buckets


async def test_an_object_without_our_finalizer_is_none_of_ours(world: MemoryWorld, talk: dict[str, Any]) -> None:
    world.aws.buckets[NAME] = Bucket(ACCOUNT, REGION)
    key = world.cluster.apply("b", talk, finalizers=["example.com/hold"])
    world.cluster.delete(key)
    await world.settle(key)
    assert world.aws.calls_made == []
    assert world.cluster.writes == []


async def test_other_finalizers_outlive_ours(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, finalizers=["example.com/hold"])
    await world.settle(key)
    world.cluster.delete(key)
    await world.settle(key)
    assert objects.finalizers_of(world.cluster.objects[key]) == ["example.com/hold"]
    assert "ackpy" not in str(objects.annotations_of(world.cluster.objects[key]))
    assert world.aws.buckets == {}
