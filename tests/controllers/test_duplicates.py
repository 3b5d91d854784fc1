"""Two objects that name one AWS resource: one owner, and the other says who it is."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.controllers.identity import Identity, identity
from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.testing.world import ACCOUNT, REGION, MemoryWorld

NAME = "hama-test-bucket"


async def test_the_younger_names_the_older_and_asks_aws_nothing(world: MemoryWorld, talk: dict[str, Any]) -> None:
    older = world.cluster.apply("older", talk)
    younger = world.cluster.apply("younger", talk | {"versioning": {"status": "Suspended"}}, namespace="team")
    await world.settle(younger)
    assert world.aws.calls_made == []
    message = world.conditions(younger)["ACK.Terminal"]["message"]
    assert message == f"Bucket {NAME} is already declared by Bucket default/older"
    assert world.events.reasons == ["Duplicate"]
    await world.settle(older)
    assert world.conditions(older)["ACK.ResourceSynced"]["status"] == "True"


async def test_the_one_that_made_it_is_the_owner_whatever_its_age(world: MemoryWorld, talk: dict[str, Any]) -> None:
    older = world.cluster.apply("older", talk | {"name": "something-else"})
    younger = world.cluster.apply("younger", talk)
    await world.settle(younger)
    world.aws.calls_made.clear()
    world.cluster.apply("older", talk)
    await world.settle(older)
    assert world.aws.calls_made == []
    assert "default/younger" in world.conditions(older)["ACK.Terminal"]["message"]


async def test_when_the_older_goes_the_younger_takes_its_turn(world: MemoryWorld, talk: dict[str, Any]) -> None:
    older = world.cluster.apply("older", talk)
    younger = world.cluster.apply("younger", talk)
    await world.settle(older)
    await world.settle(younger)
    world.cluster.delete(older)
    await world.settle(older)
    await world.settle(younger, Cause.REFERENCE)
    assert world.aws.created == [NAME, NAME]
    assert "ACK.Terminal" not in world.conditions(younger)


async def test_a_duplicate_that_is_deleted_leaves_the_resource_to_its_owner(
    world: MemoryWorld, talk: dict[str, Any]
) -> None:
    older = world.cluster.apply("older", talk)
    await world.settle(older)
    younger = world.cluster.apply("younger", talk, finalizers=["finalizers.s3.services.k8s.aws/Bucket"])
    world.cluster.delete(younger)
    await world.settle(younger)
    assert list(world.cluster.objects) == [older]
    assert world.aws.deleted == []


@pytest.mark.parametrize(
    ("obj", "found"),
    [
        ({"spec": {"name": "b"}}, Identity("s3", "Bucket", ACCOUNT, "global", ("b",))),
        ({"spec": {}}, None),
        ({}, None),
        ({"spec": None, "status": None}, None),
    ],
)
def test_an_identity_is_complete_or_none(bucket: Descriptor, obj: dict[str, Any], found: Identity | None) -> None:
    assert identity(bucket, obj, ACCOUNT, REGION) == found


def test_a_key_tells_objects_apart(world: MemoryWorld, talk: dict[str, Any]) -> None:
    assert world.cluster.apply("a", talk) == ObjectKey("default", "a")
