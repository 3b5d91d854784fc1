from __future__ import annotations

from typing import Any

import pytest

from ackpy.kube.objects import Object, key_of
from ackpy.runtime import predicate
from ackpy.runtime.ownwrites import OwnWrites, authored_by
from ackpy.runtime.predicate import Predicate
from ackpy.runtime.store import Change, ChangeType

OWN = ("example.org/managed", "internal.example.org/")


def obj(version: str = "1", generation: int = 1, uid: str = "u", **meta: Any) -> Object:
    return {"metadata": {"name": "a", "uid": uid, "generation": generation, "resourceVersion": version, **meta}}


def change(before: Object | None, after: Object | None) -> Change:
    kind = ChangeType.ADDED if before is None else ChangeType.DELETED if after is None else ChangeType.MODIFIED
    return Change(1, kind, key_of(after or before or {}), before, after)


ALL = {
    "generation": predicate.generation_changed,
    "deletion": predicate.deletion_changed,
    "labels": predicate.labels_changed,
    "annotations": predicate.annotations_changed(OWN),
    "anything": predicate.anything_changed,
}
BEFORE = obj()
CHANGES: list[tuple[Object, set[str]]] = [
    (obj("2"), set()),
    (obj("2", 2), {"generation"}),
    (obj("2", deletionTimestamp="2026-01-01T00:00:00Z"), {"deletion", "anything"}),
    (obj("2", labels={"a": "b"}), {"labels", "anything"}),
    (obj("2", annotations={"a": "b"}), {"annotations", "anything"}),
    (obj("2", annotations={"example.org/managed": "x"}), {"anything"}),
    (obj("2", annotations={"internal.example.org/x": "x"}), {"anything"}),
    (obj("2", annotations={"example.org/managed-too": "x"}), {"annotations", "anything"}),
    (obj("2", finalizers=["x"]), {"anything"}),
    (obj("2", managedFields=[1]), set()),
    (obj("2") | {"status": {"a": 1}}, {"anything"}),
    (obj("2") | {"data": {"a": "b"}}, {"anything"}),
]


@pytest.mark.parametrize(("after", "expected"), CHANGES)
def test_what_each_predicate_sees(after: Object, expected: set[str]) -> None:
    assert {name for name, sees in ALL.items() if sees(change(BEFORE, after))} == expected


@pytest.mark.parametrize("name", ALL)
def test_all_see_appearance_end_and_replacement(name: str) -> None:
    sees = ALL[name]
    assert sees(change(None, obj()))
    assert sees(change(obj(), None))
    assert sees(change(obj(uid="old"), obj("2", uid="new")))


YES: Predicate = lambda _: True  # noqa: E731
NO: Predicate = lambda _: False  # noqa: E731


def test_joining() -> None:
    nothing = change(obj(), obj("2"))
    assert predicate.any_of(NO, YES)(nothing)
    assert not predicate.any_of(NO, NO)(nothing)
    assert predicate.all_of(YES, YES)(nothing)
    assert not predicate.all_of(YES, NO)(nothing)


def test_an_edit_is_of_spec_deletion_or_other_peoples_annotations() -> None:
    edited = predicate.edited(OWN)
    seen = [edited(change(BEFORE, after)) for after, _ in CHANGES]
    assert seen == [bool(expected & {"generation", "deletion", "annotations"}) for _, expected in CHANGES]


def test_our_own_write_is_not_foreign() -> None:
    own_writes = OwnWrites()
    foreign = predicate.foreign(own_writes, "me")
    seen, ours, theirs = obj("1"), obj("2", annotations={"a": "b"}), obj("3", annotations={"a": "c"})
    with authored_by("me"):
        own_writes.record(seen, {"metadata": {"annotations": {"a": "b"}}}, ours)
    assert not foreign(change(seen, ours))
    assert foreign(change(ours, theirs))
    assert foreign(change(None, ours))
    assert predicate.foreign(own_writes, "another")(change(seen, ours))
