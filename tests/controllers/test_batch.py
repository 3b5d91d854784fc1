"""Objects that come due together share a core read: what it costs on the wire, and that nobody is told what is not so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ackpy.controllers.batch import Ask, Batches
from ackpy.controllers.place import REGION as REGION_ANNOTATION
from ackpy.controllers.place import Place
from ackpy.kube.objects import ObjectKey
from ackpy.model.call import Call
from ackpy.model.definition import Batch
from ackpy.runtime.causes import Cause
from ackpy.runtime.reconciler import Outcome, Result
from ackpy.testing.clock import settle
from ackpy.testing.kept import Keep, Kept

pytestmark = pytest.mark.slow

CORE, TAGS = "DescribeRepositories", "ListTagsForResource"


@dataclass
class Herd:
    """Repositories at rest, and the AWS calls since the last time."""

    kept: Kept
    keys: list[ObjectKey]
    seen: int = 0

    def take(self) -> Counter[str]:
        calls = [call for call in self.kept.cloud.calls(self.kept.account, self.seen) if call.service == "ecr"]
        self.seen = max([self.seen, *(call.at_seq for call in calls)])
        return Counter(call.operation for call in calls)

    async def add(self, name: str, region: str = "") -> ObjectKey:
        annotations = {REGION_ANNOTATION: region} if region else {}
        key = self.kept.world.cluster.apply(name, {"name": f"team/{name}"}, annotations=annotations)
        await self.kept.world.settle(key)
        self.keys.append(key)
        return key

    async def round(self, keys: Sequence[ObjectKey] = (), cause: str = Cause.RESYNC) -> list[Result]:
        """One pass over each, all of which are due, one after the other as a queue gives them out."""
        world = self.kept.world
        world.due = list(keys or self.keys)
        results = []
        for key in tuple(world.due):
            results.append(await world.one_pass(key, cause))
            world.due.remove(key)
        return results

    def scan(self, key: ObjectKey, *, on_push: bool) -> None:
        """What somebody else changes in AWS."""
        setting = {"scanOnPush": on_push}
        name = f"team/{key.name}"
        assert isinstance(
            self.kept.ask("PutImageScanningConfiguration", repositoryName=name, imageScanningConfiguration=setting),
            dict,
        )


@pytest.fixture
async def herd(keep: Keep) -> Herd:
    herd = Herd(await keep("ecr", "Repository", verify=False), [])
    for number in range(4):
        await herd.add(f"r{number}")
    herd.take()
    return herd


@pytest.mark.parametrize("cause", [Cause.RESYNC, Cause.START])
async def test_those_that_are_due_together_are_read_with_one_call(herd: Herd, cause: str) -> None:
    results = await herd.round(cause=cause)
    assert herd.take() == Counter({CORE: 1, TAGS: 4})
    assert [result.outcome for result in results] == [Outcome.DONE] * 4


async def test_one_alone_is_read_alone(herd: Herd) -> None:
    await herd.round(herd.keys[:1])
    assert herd.take() == Counter((CORE, TAGS))


@pytest.mark.parametrize("cause", [Cause.EDIT, Cause.VERIFY, Cause.RETRY, Cause.MANUAL])
async def test_who_is_looked_at_for_another_reason_is_read_alone(herd: Herd, cause: str) -> None:
    await herd.round(cause=cause)
    assert herd.take() == Counter({CORE: 4, TAGS: 4})


async def test_one_that_is_missing_is_made_again_and_the_others_are_read_alone(herd: Herd) -> None:
    assert isinstance(herd.kept.ask("DeleteRepository", repositoryName="team/r3"), dict)
    herd.take()
    await herd.round()
    counts = herd.take()
    assert counts == Counter({CORE: 1 + 4, TAGS: 4, "CreateRepository": 1})
    assert len(herd.kept.read("DescribeRepositories:repositories[]")) == 4
    await herd.kept.world.settle(herd.keys[3])
    herd.take()
    await herd.round()
    assert herd.take() == Counter({CORE: 1, TAGS: 4})


async def test_one_that_goes_after_it_was_read_is_not_taken_for_there(herd: Herd) -> None:
    world = herd.kept.world
    world.due = list(herd.keys)
    await world.one_pass(herd.keys[0], Cause.RESYNC)
    assert isinstance(herd.kept.ask("DeleteRepository", repositoryName="team/r1"), dict)
    herd.take()
    await world.one_pass(herd.keys[1], Cause.RESYNC)
    counts = herd.take()
    assert (counts[CORE], counts["CreateRepository"]) == (1, 1)


async def test_a_drift_is_looked_at_again_before_it_is_set_back(herd: Herd) -> None:
    world, drifted = herd.kept.world, herd.keys[1]
    world.cluster.edit(drifted, {"spec": {"imageScanningConfiguration": {"scanOnPush": False}}})
    await world.settle(drifted)
    herd.scan(drifted, on_push=True)
    herd.take()
    await herd.round()
    assert herd.take() == Counter({CORE: 1 + 1, TAGS: 4 + 1, "PutImageScanningConfiguration": 1})


async def test_what_somebody_else_has_set_back_meanwhile_is_not_written(herd: Herd) -> None:
    world, drifted = herd.kept.world, herd.keys[1]
    world.cluster.edit(drifted, {"spec": {"imageScanningConfiguration": {"scanOnPush": False}}})
    await world.settle(drifted)
    herd.scan(drifted, on_push=True)
    world.due = list(herd.keys)
    await world.one_pass(herd.keys[0], Cause.RESYNC)
    herd.scan(drifted, on_push=False)
    herd.take()
    await world.one_pass(drifted, Cause.RESYNC)
    assert herd.take() == Counter({CORE: 1, TAGS: 2})


async def test_what_was_read_before_an_edit_is_not_used_after_it(herd: Herd) -> None:
    world, edited = herd.kept.world, herd.keys[1]
    world.due = list(herd.keys)
    await world.one_pass(herd.keys[0], Cause.RESYNC)
    world.cluster.edit(edited, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    await world.settle(edited)
    world.due = []
    herd.take()
    await world.one_pass(edited, Cause.RESYNC)
    assert herd.take() == Counter((CORE, TAGS))


async def test_what_was_read_long_ago_is_not_used(herd: Herd) -> None:
    world = herd.kept.world
    world.due = list(herd.keys)
    await world.one_pass(herd.keys[0], Cause.RESYNC)
    world.time.advance(120)
    world.due = []
    herd.take()
    await world.one_pass(herd.keys[1], Cause.RESYNC)
    assert herd.take() == Counter((CORE, TAGS))


async def test_a_call_that_is_throttled_is_not_followed_by_one_for_each(herd: Herd) -> None:
    """The object whose turn it was comes back after a while; the next one asks for those that are left."""
    tries = 3
    herd.kept.cloud.fault(
        act="error",
        service="ecr",
        operation=CORE,
        account=herd.kept.account,
        times=tries,
        status=400,
        code="ThrottlingException",
    )
    results = await herd.round()
    assert herd.take() == Counter({CORE: tries + 1, TAGS: 3})
    assert [result.outcome for result in results] == [Outcome.ERROR, *[Outcome.DONE] * 3]


async def test_each_region_is_asked_for_its_own(herd: Herd) -> None:
    for number in range(3):
        await herd.add(f"e{number}", region="eu-west-1")
    herd.take()
    await herd.round()
    assert herd.take() == Counter({CORE: 2, TAGS: 7})


async def test_fifty_take_as_many_calls_as_their_number_needs(keep: Keep) -> None:
    kept = await keep("ecr", "Repository", verify=False)
    definition = kept.world.descriptor.definition
    twenty = replace(kept.world.descriptor, definition=replace(definition, batch=Batch(ids="repositoryNames", max=20)))
    herd = Herd(await keep("ecr", twenty, verify=False), [])
    for number in range(50):
        await herd.add(f"many-{number}")
    herd.take()
    await herd.round()
    assert herd.take() == Counter({CORE: 3, TAGS: 50})


async def test_those_who_look_at_the_same_time_wait_for_one_answer(herd: Herd) -> None:
    world = herd.kept.world
    world.due = list(herd.keys)
    results = await asyncio.gather(*(world.one_pass(key, Cause.RESYNC) for key in herd.keys))
    assert herd.take() == Counter({CORE: 1, TAGS: 4})
    assert {result.outcome for result in results} == {Outcome.DONE}


class Answering:
    """An AWS that has what it is asked for, and notes how many at a time."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        raise NotImplementedError(operation, params)

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        self.asked.append(params["repositoryNames"])
        return [{"repositoryName": name} for name in params["repositoryNames"]]


HERE = Place("123456789012", "us-east-1")


@pytest.mark.parametrize(
    "other",
    [
        Place("210987654321", "us-east-1"),
        Place("123456789012", "eu-west-1"),
        Place("123456789012", "us-east-1", role_arn="arn:aws:iam::123456789012:role/team"),
        Place("123456789012", "us-east-1", endpoint_url="https://elsewhere.example"),
    ],
    ids=["account", "region", "role", "endpoint"],
)
async def test_nobody_is_asked_for_in_anothers_place(keep: Keep, other: Place) -> None:
    world = (await keep("ecr", "Repository")).world
    batches, aws = Batches(world.descriptor, world.time), Answering()
    places = {"a": HERE, "b": other, "c": HERE, "d": other}
    asks = [Ask(name, place, Call(CORE, {"repositoryNames": [name]})) for name, place in places.items()]
    for each in asks:
        assert await batches.answer(each, lambda: asks, aws) is not None
    assert aws.asked == [["a", "c"], ["b", "d"]]


class Hanging:
    """An AWS that never answers."""

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        raise NotImplementedError(operation, params)

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        raise await asyncio.get_running_loop().create_future()


async def test_who_waits_for_a_call_that_is_given_up_reads_alone(keep: Keep) -> None:
    world = (await keep("ecr", "Repository")).world
    batches, place = Batches(world.descriptor, world.time), Place("123456789012", "us-east-1")
    asks = [Ask(name, place, Call(CORE, {"repositoryNames": [name]})) for name in ("a", "b", "c")]
    first = asyncio.create_task(batches.answer(asks[0], lambda: asks, Hanging()))
    await settle()
    second = asyncio.create_task(batches.answer(asks[1], list, Hanging()))
    await settle()
    assert not second.done()
    first.cancel()
    assert await second is None
    assert await batches.answer(asks[2], list, Hanging()) is None
