"""The drift policy `report`: AWS is not written for a drift, edits are; Event, Advisory and metric name the paths."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ackpy.controllers.memory import ANNOTATION as MEMORY
from ackpy.controllers.steering import DRIFT_POLICY
from ackpy.controllers.tallies import Tallies
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.testing.world import MemoryWorld

NAME = "hama-test-bucket"
SUSPENDED = {"Status": "Suspended"}


async def drifting(world: MemoryWorld, talk: dict[str, Any], policy: str, where: str = "object") -> ObjectKey:
    """A bucket in step whose versioning and whose first tag somebody then changed."""
    if where == "namespace":
        meta = {"name": "default", "annotations": {DRIFT_POLICY: policy}}
        world.cluster.namespaces["default"] = {"kind": "Namespace", "metadata": meta}
    annotations = {DRIFT_POLICY: policy} if where == "object" and policy else {}
    key = world.cluster.apply("b", talk, annotations=annotations)
    await world.settle(key)
    settings = world.aws.buckets[NAME].settings
    settings["Versioning"] = dict(SUSPENDED)
    settings["Tagging"]["TagSet"] = settings["Tagging"]["TagSet"][1:]
    world.take_counts()
    world.events.seen.clear()
    return key


@pytest.mark.parametrize(
    ("policy", "where", "mends"),
    [
        ("", "object", True),
        ("correct", "object", True),
        ("report", "object", False),
        ("report", "namespace", False),
        ("correct", "namespace", True),
    ],
)
async def test_who_decides(world: MemoryWorld, talk: dict[str, Any], policy: str, where: str, *, mends: bool) -> None:
    key = await drifting(world, talk, policy, where)
    await world.settle(key, Cause.RESYNC)
    assert (world.aws.settings(NAME)["Versioning"] != SUSPENDED) is mends
    assert world.events.reasons == ["DriftDetected"]


async def test_the_object_overrules_its_namespace(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "report", "namespace")
    world.cluster.edit(key, {"metadata": {"annotations": {DRIFT_POLICY: "correct"}}})
    await world.settle(key)
    assert world.aws.settings(NAME)["Versioning"] != SUSPENDED


async def test_a_report_names_the_paths_once(world: MemoryWorld, talk: dict[str, Any]) -> None:
    registry = CollectorRegistry()
    key = await drifting(world, talk, "report")
    world.ledger.tallies = Tallies(registry)
    for _ in range(3):
        await world.settle(key, Cause.RESYNC)
    assert [each for each in world.aws.writes if each.startswith("Put")] == []
    assert world.take_counts()["status"] == 1
    [event] = world.events.seen
    assert event.warning
    for text in (event.message, world.conditions(key)["ACK.Advisory"]["message"]):
        assert "spec.versioning.status" in text
        assert "spec.tagging.tagSet[key=first]" in text
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    for path in ("versioning.status", "tagging.tagSet.."):
        assert registry.get_sample_value("ackpy_drift_total", {"kind": "Bucket", "path": path}) == 1


async def test_edits_are_written_and_carry_what_has_drifted(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "report")
    await world.settle(key, Cause.RESYNC)
    world.cluster.apply("b", talk | {"encryption": {"rules": [{"bucketKeyEnabled": True}]}})
    await world.settle(key)
    assert [each for each in world.aws.writes if each.startswith("Put")] == ["PutBucketEncryption"]
    assert world.aws.settings(NAME)["Versioning"] == SUSPENDED
    world.cluster.apply("b", talk | {"versioning": {"status": "Enabled"}, "tagging": {"tagSet": []}})
    await world.settle(key)
    assert world.aws.settings(NAME)["Versioning"] == SUSPENDED, "the spec says of it what it said before: still a drift"


async def test_what_was_never_in_step_counts_as_drift(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "report")
    world.cluster.edit(key, {"metadata": {"annotations": {MEMORY: None}}})
    world.restart()
    await world.settle(key, Cause.START)
    assert world.aws.settings(NAME)["Versioning"] == SUSPENDED


async def test_the_advisory_goes_with_the_drift(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "report")
    await world.settle(key, Cause.RESYNC)
    world.cluster.edit(key, {"metadata": {"annotations": {DRIFT_POLICY: None}}})
    await world.settle(key)
    assert "ACK.Advisory" not in world.conditions(key)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


async def test_another_word_is_refused(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, annotations={DRIFT_POLICY: "Report"})
    await world.settle(key)
    assert DRIFT_POLICY in world.conditions(key)["ACK.Terminal"]["message"]
    assert world.aws.calls_made == []
