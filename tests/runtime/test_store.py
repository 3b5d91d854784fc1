from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.kube.objects import Object, ObjectKey, key_of
from ackpy.runtime.lookup import Absence
from ackpy.runtime.store import ChangeType, Store
from ackpy.testing.clock import settle


def thing(name: str, *, colours: tuple[str, ...] = (), namespace: str = "ns") -> Object:
    return {"metadata": {"namespace": namespace, "name": name}, "spec": {"colours": list(colours)}}


def colours(obj: Object) -> list[str]:
    found: list[str] = obj["spec"]["colours"]
    return found


A = ObjectKey("ns", "a")


def test_an_absent_object_is_unknown_until_the_list_is_complete() -> None:
    store = Store()
    assert store.get(A) is Absence.UNKNOWN
    store.put(thing("a"))
    assert store.get(A) == thing("a")
    store.mark_synced()
    assert store.get(ObjectKey("ns", "b")) is Absence.MISSING


def test_changes_say_what_was_and_what_is() -> None:
    store = Store()
    added = store.put(thing("a"), initial=True)
    assert (added.sequence, added.type, added.before, added.after, added.initial) == (
        1,
        ChangeType.ADDED,
        None,
        thing("a"),
        True,
    )
    modified = store.put(thing("a", colours=("red",)))
    assert (modified.type, modified.before) == (ChangeType.MODIFIED, thing("a"))
    last = thing("a", colours=("blue",))
    removed = store.remove(A, last)
    assert removed is not None
    assert (removed.sequence, removed.type, removed.before, removed.after) == (3, ChangeType.DELETED, last, None)
    assert removed.object == last
    assert store.remove(A) is None


def test_the_feed_goes_on_from_any_number_that_it_still_reaches() -> None:
    store = Store(feed_length=3)
    for name in "abcd":
        store.put(thing(name))
    assert store.changes(4) == ()
    assert [change.key.name for change in store.changes(2) or ()] == ["c", "d"]
    assert [change.sequence for change in store.changes(1) or ()] == [2, 3, 4]
    assert store.changes(0) is None


def test_a_snapshot_is_where_a_feed_begins() -> None:
    store = Store()
    store.put(thing("a"))
    snapshot = store.snapshot()
    store.put(thing("b"))
    assert (snapshot.sequence, snapshot.synced, list(snapshot.objects)) == (1, False, [A])
    assert [change.key.name for change in store.changes(snapshot.sequence) or ()] == ["b"]


async def test_waiting_for_a_change() -> None:
    store = Store()
    waiting = [asyncio.create_task(store.changed(0)) for _ in range(2)]
    await settle()
    assert not any(task.done() for task in waiting)
    store.put(thing("a"))
    assert await asyncio.gather(*waiting) == [1, 1]
    assert await store.changed(0) == 1
    assert not store._waiting


async def test_who_stops_waiting_is_forgotten() -> None:
    store = Store()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await store.changed(0)
    assert not store._waiting
    store.put(thing("a"))


def test_objects_of_a_namespace() -> None:
    store = Store()
    store.put(thing("a"))
    store.put(thing("a", namespace="other"))
    assert store.list("ns") == (thing("a"),)
    assert len(store.list()) == len(store) == 2


def test_an_index_added_late_has_the_objects_already_here() -> None:
    store = Store()
    store.put(thing("a", colours=("red", "blue")))
    store.add_index("colour", colours)
    assert store.by_index("colour", "red") == (thing("a", colours=("red", "blue")),)
    assert store.index_values("colour", A) == {"red", "blue"}
    assert store.index_values("colour", ObjectKey("ns", "none")) == frozenset()
    with pytest.raises(ValueError, match="'colour' exists already"):
        store.add_index("colour", colours)
    with pytest.raises(KeyError):
        store.by_index("size", "red")


NAMES, COLOURS = st.sampled_from("abc"), st.lists(st.sampled_from(["red", "green", "blue"]), max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), NAMES, COLOURS), max_size=30)


@given(STEPS)
def test_an_index_always_agrees_with_the_objects(steps: list[tuple[str, str, list[str]]]) -> None:
    store = Store({"colour": colours})
    model: dict[ObjectKey, Any] = {}
    for step, name, values in steps:
        obj = thing(name, colours=tuple(values))
        if step == "put":
            store.put(obj)
            model[key_of(obj)] = obj
        else:
            store.remove(key_of(obj))
            model.pop(key_of(obj), None)
    for colour in ("red", "green", "blue"):
        having = {key for key, obj in model.items() if colour in colours(obj)}
        assert {key_of(obj) for obj in store.by_index("colour", colour)} == having
    assert all(store.index_values("colour", key) == set(colours(obj)) for key, obj in model.items())
    assert not store._indexes["colour"]._keys.keys() - {value for obj in model.values() for value in colours(obj)}
