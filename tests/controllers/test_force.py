"""A pass that somebody asks for: it reads all that is managed, and its end can be waited for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from ackpy.controllers.controller import OWN_ANNOTATIONS
from ackpy.controllers.steering import RECONCILE_NOW
from ackpy.kube.clock import parse_timestamp
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.runtime.predicate import edited
from ackpy.runtime.store import Change, ChangeType
from ackpy.testing.world import MemoryWorld

READS = ["GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetBucketLifecycleConfiguration"]


def ask(world: MemoryWorld, key: ObjectKey, word: str) -> None:
    world.cluster.edit(key, {"metadata": {"annotations": {RECONCILE_NOW: word}}})


def synced_at(world: MemoryWorld, key: ObjectKey) -> Any:
    return parse_timestamp(world.conditions(key)["ACK.ResourceSynced"]["lastTransitionTime"])


async def test_it_reads_all_and_its_end_shows(world: MemoryWorld, key: ObjectKey) -> None:
    before = world.time.moment = synced_at(world, key)
    ask(world, key, "1")
    await world.one_pass(key)
    assert world.take_counts() == Counter([*READS, "status"])
    assert synced_at(world, key) == before + timedelta(seconds=1)


async def test_the_same_word_is_answered_once(world: MemoryWorld, key: ObjectKey) -> None:
    ask(world, key, "1")
    await world.one_pass(key)
    world.take_counts()
    await world.one_pass(key, Cause.EDIT)
    assert world.take_counts()["status"] == 0


async def test_a_restart_takes_an_old_word_for_answered(world: MemoryWorld, key: ObjectKey) -> None:
    ask(world, key, "1")
    await world.one_pass(key)
    world.restart()
    await world.one_pass(key, Cause.START)
    world.take_counts()
    await world.one_pass(key, Cause.RESYNC)
    assert world.take_counts() == Counter(READS)


async def test_the_annotation_alone_starts_a_pass(world: MemoryWorld, key: ObjectKey) -> None:
    before = world.cluster.objects[key]
    ask(world, key, "2")
    assert edited(ignoring=OWN_ANNOTATIONS)(Change(1, ChangeType.MODIFIED, key, before, world.cluster.objects[key]))
