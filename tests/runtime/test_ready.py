from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.kube.objects import ObjectKey
from ackpy.runtime.ready import Ready

KEYS = st.builds(ObjectKey, st.sampled_from("pq"), st.sampled_from("abc"))


@given(st.lists(st.tuples(KEYS, st.integers(0, 3))))
def test_each_key_comes_once_the_highest_priority_first(puts: list[tuple[ObjectKey, int]]) -> None:
    ready = Ready()
    highest: dict[ObjectKey, int] = {}
    for key, priority in puts:
        ready.put(key, priority)
        highest[key] = max(priority, highest.get(key, priority))
    assert len(ready) == len(highest)
    assert set(ready) == set(highest)
    order = [ready.pop() for _ in range(len(ready))]
    assert sorted(order) == sorted(highest)
    assert [highest[key] for key in order] == sorted(highest.values(), reverse=True)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=4))
def test_no_namespace_waits_for_more_than_one_object_of_each_other(sizes: list[int]) -> None:
    ready = Ready()
    for namespace, size in enumerate(sizes):
        for number in range(size):
            ready.put(ObjectKey(str(namespace), str(number)), 0)
    order = [ready.pop().namespace for _ in range(len(ready))]
    for namespace, size in enumerate(sizes):
        places = [place for place, name in enumerate(order) if name == str(namespace)]
        gaps = [later - earlier for earlier, later in zip([-1, *places], places, strict=False)]
        assert len(places) == size
        assert all(gap <= len(sizes) for gap in gaps)


def test_nothing_is_ready() -> None:
    with pytest.raises(IndexError):
        Ready().pop()
