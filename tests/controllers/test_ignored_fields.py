"""`services.k8s.aws/ignore-field-drift`, with the gate IgnoreFieldDrift: runtime contract, section 2.2b, one test a rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ackpy.controllers import plan as plans
from ackpy.controllers.leave import leaving
from ackpy.controllers.observe import Observation
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.run import Run, Trace
from ackpy.controllers.steering import IGNORE_FIELD_DRIFT, Steering, spec_paths
from ackpy.controllers.tallies import Tallies
from ackpy.kube.objects import ObjectKey
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.testing.world import REGION, MemoryWorld

NAME = "hama-test-bucket"
SUSPENDED = {"Status": "Suspended"}
GATED = ReconcilerOptions(region=REGION, gates=Gates(ignore_field_drift=True))


@pytest.fixture
def world(bucket: Descriptor) -> MemoryWorld:
    return MemoryWorld(bucket, GATED)


async def drifting(world: MemoryWorld, talk: dict[str, Any], listed: str) -> ObjectKey:
    key = world.cluster.apply("b", talk, annotations={IGNORE_FIELD_DRIFT: listed})
    await world.settle(key)
    world.aws.buckets[NAME].settings["Versioning"] = dict(SUSPENDED)
    world.take_counts()
    world.events.seen.clear()
    return key


@pytest.mark.parametrize(
    ("listed", "left"),
    [
        ("spec.versioning", True),
        ("spec.versioning.status", True),
        ("SPEC.Versioning.STATUS", True),
        (" spec.tagging ,, spec.versioning ", True),
        ("spec", True),
        ("spec.tagging", False),
        ("versioning", False),
        ("", False),
    ],
)
async def test_a_difference_at_or_under_a_listed_path_is_left(
    world: MemoryWorld, talk: dict[str, Any], listed: str, *, left: bool
) -> None:
    key = await drifting(world, talk, listed)
    await world.settle(key, Cause.RESYNC)
    assert (world.aws.settings(NAME)["Versioning"] == SUSPENDED) is left
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert world.cluster.objects[key]["spec"]["versioning"] == {"status": "Enabled"}


async def test_the_gate_is_off_by_default(bucket: Descriptor, talk: dict[str, Any]) -> None:
    world = MemoryWorld(bucket)
    key = await drifting(world, talk, "spec.versioning, %")
    await world.settle(key, Cause.RESYNC)
    assert world.aws.settings(NAME)["Versioning"] != SUSPENDED
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}


@pytest.mark.parametrize(
    ("listed", "shown"),
    [
        ("spec.tags[0]", "[spec.tags[0]]"),
        ("spec./x, spec.ok, spec..b", "[spec..b spec./x]"),
        ("1spec.a", "[1spec.a]"),
    ],
)
async def test_a_malformed_path_is_terminal_before_anything_is_done(
    world: MemoryWorld, talk: dict[str, Any], listed: str, shown: str
) -> None:
    key = world.cluster.apply("b", talk, annotations={IGNORE_FIELD_DRIFT: listed})
    await world.one_pass(key)
    assert world.aws.calls_made == []
    assert world.conditions(key)["ACK.Terminal"]["message"] == (
        f"ignore-field-drift annotation contains malformed paths {shown}; fix the annotation before reconciliation can proceed"
    )


async def test_a_malformed_path_does_not_hold_up_a_deletion(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "spec.versioning")
    world.cluster.edit(key, {"metadata": {"annotations": {IGNORE_FIELD_DRIFT: "%"}}})
    world.cluster.delete(key)
    await world.settle(key)
    assert NAME not in world.aws.buckets


async def test_an_unknown_path_is_an_advisory(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "spec.versoning, spec.versioning")
    await world.settle(key, Cause.RESYNC)
    advisory = world.conditions(key)["ACK.Advisory"]
    assert advisory["reason"] == "UnknownFieldPath"
    assert advisory["message"].endswith(": spec.versoning")
    assert world.aws.settings(NAME)["Versioning"] == SUSPENDED


async def test_an_unknown_path_is_told_with_the_create_and_not_later(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, annotations={IGNORE_FIELD_DRIFT: "spec.versoning"})
    await world.one_pass(key)
    assert world.conditions(key)["ACK.Advisory"]["reason"] == "UnknownFieldPath"
    assert world.events.reasons.count("UnknownFieldPath") == 1
    world.take_counts()
    await world.settle(key, Cause.VERIFY)
    assert world.take_counts()["status"] == 0


async def test_the_declared_value_is_used_at_create(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk, annotations={IGNORE_FIELD_DRIFT: "spec.versioning, spec.tagging"})
    await world.settle(key)
    assert world.aws.settings(NAME)["Versioning"] == {"Status": "Enabled"}


async def test_an_edit_of_an_ignored_field_is_left_too(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = await drifting(world, talk, "spec.versioning, spec.lifecycle")
    spec = {path: value for path, value in talk.items() if path != "lifecycle"}
    world.cluster.apply("b", spec | {"versioning": {"status": "Enabled", "mfaDelete": "Disabled"}})
    await world.settle(key)
    assert world.aws.writes == []
    assert "LifecycleConfiguration" in world.aws.settings(NAME)


def test_a_request_that_carries_an_ignored_field_carries_awss_value(bucket: Descriptor) -> None:
    wanted = {"blockPublicACLs": True, "blockPublicPolicy": True}
    spec = {"name": NAME, "publicAccessBlock": wanted}
    obj = {"metadata": {"name": "b", "namespace": "default", "uid": "u"}, "spec": spec}
    place = Place("123456789012", REGION)
    run = replace(
        Run.of(obj, bucket, ReconcilerOptions(region=REGION, resource_tags=()), place, Trace("u"), edited=False),
        steering=Steering(ignored=("spec.publicAccessBlock.blockPublicACLs",)),
    )
    found = {"name": NAME, "publicAccessBlock": {"blockPublicACLs": False, "blockPublicPolicy": False}}
    latest = Observation(found=True, spec=found, carried=frozenset(found))
    left = leaving(run, latest)
    plan = plans.update(bucket, left.desired, latest, run.latest(latest), run.scope, left.modes)
    [write] = plan.writes
    sent = write.call.plain()["PublicAccessBlockConfiguration"]
    assert (sent["BlockPublicAcls"], sent["BlockPublicPolicy"]) == (False, True)
    assert [each.path for each in left.ignored] == ["publicAccessBlock.blockPublicACLs"]


async def test_ignored_drift_is_told_and_counted_once(world: MemoryWorld, talk: dict[str, Any]) -> None:
    registry = CollectorRegistry()
    key = await drifting(world, talk, "spec.versioning")
    world.ledger.tallies = Tallies(registry)
    for _ in range(3):
        await world.settle(key, Cause.RESYNC)
    assert [(event.reason, event.warning) for event in world.events.seen] == [("DriftIgnored", False)]
    assert world.take_counts()["status"] == 0
    labels = {"kind": "Bucket", "path": "versioning.status"}
    assert registry.get_sample_value("ackpy_drift_total", labels) == 1


def test_paths_are_spelled_as_the_kind_spells_them(bucket: Descriptor) -> None:
    found, notices = spec_paths(bucket, ("spec.ACL", "spec.Tagging.tagset", "spec.tagging.tagSet.key", "spec"))
    assert found == ("acl", "tagging.tagSet", "")
    assert [notice.reason for notice in notices] == ["UnknownFieldPath"]
