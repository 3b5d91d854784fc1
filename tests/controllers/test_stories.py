"""Whatever happens to an object - edits, drift, refusals, lost answers, processes that end - it ends as its spec says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ackpy.catalog import load
from ackpy.errors import AwsUnreachable, Conflict
from ackpy.kube.objects import ObjectKey
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.testing.world import Killed, MemoryWorld, api_error

NAME = "hama-test-bucket"
FIELDS: dict[str, Any] = {
    "versioning": {"status": "Enabled"},
    "lifecycle": {"rules": [{"id": "r", "status": "Enabled", "prefix": "", "expiration": {"days": 3}}]},
    "policy": '{"Version":"2012-10-17","Statement":[]}',
    "tagging": {"tagSet": [{"key": "a", "value": "1"}]},
}
HELD = {"versioning": "Versioning", "lifecycle": "LifecycleConfiguration", "policy": "Policy"}
CALLS = ["GetBucketTagging", "CreateBucket", "PutBucketVersioning", "DeleteBucketLifecycle", "PutBucketPolicy"]


@dataclass(frozen=True)
class Edit:
    """Somebody applies a spec of these fields."""

    fields: frozenset[str]


@dataclass(frozen=True)
class Drift:
    """Somebody takes a setting away in AWS."""

    field: str


@dataclass(frozen=True)
class Trouble:
    """The next such call is refused, fails, or acts and loses its answer."""

    operation: str
    how: str


@dataclass(frozen=True)
class Conflicting:
    """Somebody writes the object at the wrong moment."""


@dataclass(frozen=True)
class Pass:
    """A pass; the process ends at a step of it, or does not."""

    ends_at: int | None


events = st.one_of(
    st.builds(Edit, st.frozensets(st.sampled_from(sorted(FIELDS)))),
    st.builds(Drift, st.sampled_from(sorted(HELD))),
    st.builds(Trouble, st.sampled_from(CALLS), st.sampled_from(["refused", "failed", "lost"])),
    st.just(Conflicting()),
    st.builds(Pass, st.none() | st.integers(0, 20)),
)


def spec_of(fields: frozenset[str]) -> dict[str, Any]:
    return {"name": NAME, **{name: FIELDS[name] for name in sorted(fields)}}


def trouble(world: MemoryWorld, event: Trouble) -> None:
    errors: dict[str, Callable[[], Any]] = {
        "refused": lambda: api_error(event.operation, "AccessDenied", 403),
        "failed": lambda: api_error(event.operation, "InternalError", 500),
        "lost": lambda: AwsUnreachable("no answer", service="s3", operation=event.operation),
    }
    queue = world.aws.losing if event.how == "lost" else world.aws.failing
    queue[event.operation].append(errors[event.how]())


async def happen(world: MemoryWorld, key: ObjectKey, event: object) -> None:
    match event:
        case Edit(fields):
            world.cluster.apply("b", spec_of(fields))
        case Drift(field) if NAME in world.aws.buckets:
            world.aws.buckets[NAME].settings.pop(HELD[field], None)
        case Trouble():
            trouble(world, event)
        case Conflicting():
            world.cluster.refusals.append(Conflict(409, "Conflict", "somebody wrote"))
        case Pass(ends_at):
            world.steps.names.clear()
            world.steps.end_at = ends_at
            try:
                await world.one_pass(key)
            except Killed:
                world.restart()
            world.steps.end_at = None


@cache
def bucket() -> Descriptor:
    """Not a fixture: a failing example would print all of it."""
    [descriptor] = compile_service(load(["s3"]))
    return descriptor


async def story(first: frozenset[str], happenings: list[object]) -> MemoryWorld:
    world = MemoryWorld(bucket())
    key = world.cluster.apply("b", spec_of(first))
    for event in happenings:
        await happen(world, key, event)
    world.aws.failing.clear()
    world.aws.losing.clear()
    world.cluster.refusals.clear()
    await world.settle(key)
    return world


@settings(max_examples=200, deadline=None)
@given(first=st.frozensets(st.sampled_from(sorted(FIELDS))), happenings=st.lists(events, max_size=14))
def test_it_ends_as_the_spec_says(first: frozenset[str], happenings: list[object]) -> None:
    world = asyncio.run(story(first, happenings))
    key = ObjectKey("default", "b")
    spec, held = world.cluster.objects[key]["spec"], world.aws.settings(NAME)
    assert world.conditions(key)["ACK.ResourceSynced"]["status"] == "True"
    assert set(world.conditions(key)) == {"ACK.ResourceSynced", "Ready"}
    assert world.aws.created == [NAME]
    assert (held.get("Versioning") == {"Status": "Enabled"}) is ("versioning" in spec)
    assert ("LifecycleConfiguration" in held) is ("lifecycle" in spec)
    assert ("Policy" in held) is ("policy" in spec)
    assert ("a" in {tag["Key"] for tag in held["Tagging"]["TagSet"]}) is ("tagging" in spec)
    before = len(world.aws.writes), len(world.cluster.writes)
    asyncio.run(at_rest(world, key))
    assert (len(world.aws.writes), len(world.cluster.writes)) == before


async def at_rest(world: MemoryWorld, key: ObjectKey) -> None:
    await world.settle(key, Cause.RESYNC)


@settings(max_examples=100, deadline=None)
@given(first=st.frozensets(st.sampled_from(sorted(FIELDS))), happenings=st.lists(events, max_size=10))
def test_whatever_happened_nothing_stays_behind(first: frozenset[str], happenings: list[object]) -> None:
    async def to_the_end() -> MemoryWorld:
        world = await story(first, happenings)
        world.cluster.delete(ObjectKey("default", "b"))
        await world.settle(ObjectKey("default", "b"))
        return world

    world = asyncio.run(to_the_end())
    assert (world.cluster.objects, world.aws.buckets) == ({}, {})
