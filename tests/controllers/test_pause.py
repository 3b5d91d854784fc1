"""An object that is paused: no AWS call, told once; its conditions stand as long as its spec does."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.controllers.steering import PAUSED
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.testing.world import MemoryWorld

NAME = "hama-test-bucket"
RETAIN = "services.k8s.aws/deletion-policy"


def annotate(world: MemoryWorld, key: ObjectKey, name: str, value: str | None) -> None:
    world.cluster.edit(key, {"metadata": {"annotations": {name: value}}})


@pytest.fixture
def key(world: MemoryWorld, key: ObjectKey) -> ObjectKey:
    """The talk's bucket, at rest, and paused now."""
    annotate(world, key, PAUSED, "true")
    return key


async def test_one_event_one_status_patch_and_no_aws_call(world: MemoryWorld, key: ObjectKey) -> None:
    before = world.conditions(key)
    for cause in (Cause.EDIT, Cause.RESYNC, Cause.START):
        await world.one_pass(key, cause)
    assert world.take_counts() == {"status": 1}
    assert [(each.reason, each.warning) for each in world.events.seen] == [("Paused", False)]
    after = world.conditions(key)
    assert after.pop("ACK.Advisory")["reason"] == "Paused"
    assert after == before


async def test_an_edit_meanwhile_counts_as_not_synced(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.one_pass(key)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "False"
    assert world.conditions(key)["Ready"]["status"] == "False"
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


async def test_it_goes_on_where_it_was_when_the_pause_ends(
    world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]
) -> None:
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    await world.one_pass(key)
    annotate(world, key, PAUSED, "false")
    await world.settle(key)
    assert "ACK.Advisory" not in world.conditions(key)
    assert world.conditions(key)["Ready"]["status"] == "True"
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Suspended"}


async def test_a_new_object_waits_unmade(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, annotations={PAUSED: "True"})
    await world.one_pass(key)
    assert world.take_counts() == {"status": 1}
    assert world.conditions(key)["Ready"]["status"] == "False"


async def test_a_deletion_waits_for_the_end_of_the_pause(world: MemoryWorld, key: ObjectKey) -> None:
    world.cluster.delete(key)
    await world.one_pass(key)
    assert world.take_counts() == {"status": 1}
    assert world.conditions(key)["Ready"]["status"] == "False"
    assert "paused" in world.conditions(key)["Ready"]["reason"]
    annotate(world, key, PAUSED, None)
    await world.settle(key)
    assert key not in world.cluster.objects
    assert NAME not in world.aws.buckets


async def test_a_deletion_that_asks_nothing_of_aws_does_not_wait(world: MemoryWorld, key: ObjectKey) -> None:
    annotate(world, key, RETAIN, "retain")
    world.cluster.delete(key)
    await world.one_pass(key)
    assert key not in world.cluster.objects
    assert NAME in world.aws.buckets
    assert world.aws.calls_made == []


async def test_a_word_without_a_meaning_is_refused(world: MemoryWorld, key: ObjectKey) -> None:
    annotate(world, key, PAUSED, "yes")
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert PAUSED in world.conditions(key)["ACK.Terminal"]["message"]


async def test_a_read_only_object_keeps_what_it_shows(world: MemoryWorld, key: ObjectKey, talk: dict[str, Any]) -> None:
    shown = world.cluster.apply("shown", {"name": talk["name"]}, annotations={"services.k8s.aws/read-only": "true"})
    await world.settle(shown)
    before = world.conditions(shown)["Ready"]
    annotate(world, shown, PAUSED, "true")
    await world.one_pass(shown)
    assert world.conditions(shown)["Ready"] == before
    conditions = world.cluster.objects[shown]["status"]["conditions"]
    assert [each["reason"] for each in conditions if each["type"] == "ACK.Advisory"].count("Paused") == 1
    assert before["status"] == "True"
