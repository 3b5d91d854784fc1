from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ackpy.kube.objects import Object
from ackpy.runtime.ownwrites import OwnWrites, authored_by


def obj(version: str, generation: int = 1, spec: dict[str, Any] | None = None, uid: str = "u", **meta: Any) -> Object:
    metadata = {"name": "a", "uid": uid, "generation": generation, "resourceVersion": version, **meta}
    return {"metadata": metadata, "spec": spec or {}}


SEEN = obj("10", 3, {"a": 1})
SPEC: Object = {"spec": {"a": 2}}
ANNOTATE: Object = {"metadata": {"annotations": {"mine": "x"}}}
STATUS: Object = {"status": {"ok": True}}


@pytest.mark.parametrize(
    ("patch", "returned", "own"),
    [
        (SPEC, obj("11", 4, {"a": 2}), True),
        (ANNOTATE, obj("11", 3, {"a": 1}, annotations={"mine": "x"}), True),
        (STATUS, obj("11", 3, {"a": 1}), True),
        (SPEC, obj("12", 5, {"a": 2, "b": 1}), False),  # somebody edited the spec between
        (SPEC, obj("12", 4, {"a": 2, "b": 1}), False),  # theirs held our change too
        (SPEC, obj("12", 3, {"a": 2}), False),  # a server that counts no generations: better one pass too many
        (ANNOTATE, obj("12", 4, {"a": 5}, annotations={"mine": "x"}), False),
        (ANNOTATE, obj("12", 3, {"a": 1}, annotations={"mine": "x", "theirs": "y"}), False),
        (ANNOTATE, obj("12", 3, {"a": 1}, annotations={"mine": "x"}, labels={"theirs": "y"}), False),
        (STATUS, obj("12", 4, {"a": 1}, deletionTimestamp="2026-01-01T00:00:00Z"), False),
        (STATUS, obj("12", 3, {"a": 1}, finalizers=["theirs"]), False),
    ],
)
def test_a_write_is_ours_alone_if_the_answer_holds_nothing_else(patch: Object, returned: Object, own: bool) -> None:
    own_writes = OwnWrites()
    own_writes.record(SEEN, patch, returned)
    assert own_writes.is_own(returned, "") is own
    assert not own_writes.fresh_enough(SEEN)


def test_both_writes_of_a_pass_are_known() -> None:
    own_writes = OwnWrites()
    first, second = obj("11", 4, {"a": 2}), obj("12", 4, {"a": 2})
    own_writes.record(SEEN, SPEC, first)
    own_writes.record(first, STATUS, second)
    assert own_writes.is_own(first, "")
    assert own_writes.is_own(second, "")
    assert not own_writes.is_own(SEEN, "")
    assert not own_writes.is_own(obj("13", 5, {"a": 2}), "")


@pytest.mark.parametrize(
    ("written", "cached", "fresh"),
    [
        ("100", "99", False),
        ("100", "100", True),
        ("100", "101", True),
        ("9", "10", True),
        ("b", "a", False),
        ("b", "b", True),
    ],
)
def test_a_copy_older_than_our_write_is_not_fresh(written: str, cached: str, fresh: bool) -> None:
    own_writes = OwnWrites()
    own_writes.record(obj("1"), STATUS, obj(written))
    assert own_writes.fresh_enough(obj(cached)) is fresh


def test_what_we_never_wrote_is_fresh_and_foreign() -> None:
    own_writes = OwnWrites()
    own_writes.record(obj("1"), STATUS, obj("100"))
    other = obj("5", uid="other")
    assert own_writes.fresh_enough(other)
    assert not own_writes.is_own(other, "")


def test_what_is_gone_is_forgotten() -> None:
    own_writes = OwnWrites()
    for version in range(100):
        own_writes.record(obj("1"), STATUS, obj(str(version)))
    assert len(own_writes) == 1
    own_writes.forget("u")
    own_writes.forget("u")
    assert len(own_writes) == 0


async def test_what_is_written_in_a_pass_is_its_controllers_own() -> None:
    own_writes = OwnWrites()

    async def write(author: str, version: str) -> None:
        with authored_by(author):
            await asyncio.sleep(0)
            await asyncio.create_task(record(version))

    async def record(version: str) -> None:
        own_writes.record(obj("1"), STATUS, obj(version))

    await asyncio.gather(write("one", "2"), write("two", "3"))
    assert own_writes.is_own(obj("2"), "one")
    assert own_writes.is_own(obj("3"), "two")
    assert not own_writes.is_own(obj("3"), "one")
    assert not own_writes.is_own(obj("3"), "")
