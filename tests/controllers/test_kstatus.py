"""What Argo CD, Flux and `kubectl wait` make of our objects: kstatus's rules, computed on the conditions of every state.

The rules: sigs.k8s.io/cli-utils, pkg/kstatus/status (GetLegacyConditionsFn does not concern kinds with a Ready condition).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ackpy.controllers.steering import DRIFT_POLICY, PAUSED
from ackpy.kube.objects import Object, ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.testing.world import MemoryWorld, api_error

NAME = "hama-test-bucket"
Story = Callable[[MemoryWorld, dict[str, Any]], Awaitable[ObjectKey]]


def kstatus(obj: Object) -> str:
    """The status of an object by kstatus's rules for kinds that it does not know."""
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = obj.get("status") or {}
    if status.get("observedGeneration", obj["metadata"]["generation"]) != obj["metadata"]["generation"]:
        return "InProgress"
    held = {each["type"]: each["status"] for each in status.get("conditions", ())}
    if held.get("Reconciling") == "True":
        return "InProgress"
    if held.get("Stalled") == "True":
        return "Failed"
    return "Current" if held.get("Ready", "True") == "True" else "InProgress"


async def in_step(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    return key


async def refused(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    return await in_step(world, talk | {"name": "UPPER"})


async def throttled(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    return await read_fails(world, talk, "SlowDown", 503)


async def denied(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    return await read_fails(world, talk, "AccessDenied", 403)


async def read_fails(world: MemoryWorld, talk: dict[str, Any], code: str, status: int) -> ObjectKey:
    key = await in_step(world, talk)
    world.aws.failing["GetBucketTagging"].append(api_error("GetBucketTagging", code, status))
    await world.one_pass(key)
    return key


async def edit_refused(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await in_step(world, talk)
    world.cluster.apply("b", talk | {"versioning": {"status": "Suspended"}})
    world.aws.failing["PutBucketVersioning"].append(api_error("PutBucketVersioning", "AccessDenied", 403))
    await world.one_pass(key)
    return key


async def recovered(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await throttled(world, talk)
    await world.settle(key)
    return key


async def paused(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await in_step(world, talk)
    world.cluster.edit(key, {"metadata": {"annotations": {PAUSED: "true"}}})
    await world.one_pass(key)
    return key


async def drift_reported(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await in_step(world, talk)
    world.cluster.edit(key, {"metadata": {"annotations": {DRIFT_POLICY: "report"}}})
    world.aws.buckets[NAME].settings["Versioning"] = {"Status": "Suspended"}
    await world.settle(key, Cause.RESYNC)
    return key


async def deleting(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    key = await in_step(world, talk)
    world.aws.full.add(NAME)
    world.cluster.delete(key)
    await world.one_pass(key)
    return key


STORIES: list[tuple[Story, str, str]] = [
    (in_step, "Current", "True"),
    (refused, "InProgress", "False"),
    (throttled, "InProgress", "False"),
    (denied, "InProgress", "False"),
    (edit_refused, "InProgress", "False"),
    (recovered, "Current", "True"),
    (paused, "Current", "True"),
    (drift_reported, "Current", "True"),
    (deleting, "Terminating", "False"),
]


@pytest.mark.parametrize(("story", "status", "ready"), STORIES, ids=[story.__name__ for story, _, _ in STORIES])
async def test_ready_is_right(world: MemoryWorld, talk: dict[str, Any], story: Story, status: str, ready: str) -> None:
    key = await story(world, talk)
    assert kstatus(world.cluster.objects[key]) == status
    assert world.conditions(key)["Ready"]["status"] == ready
    assert [each["type"] for each in world.cluster.objects[key]["status"]["conditions"]][-1] == "Ready"


async def test_there_is_no_observed_generation(world: MemoryWorld, talk: dict[str, Any]) -> None:
    """ACK's schema has none, and a value that is pruned would read as an old one."""
    key = await in_step(world, talk)
    status = world.cluster.objects[key]["status"]
    assert "observedGeneration" not in status
    assert all("observedGeneration" not in each for each in status["conditions"])
