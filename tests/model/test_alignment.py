from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model.alignment import align, same_elements


def alike(desired: Any, latest: Any) -> bool:
    return all(latest.get(name) == value for name, value in desired.items())


def pairs(desired: list[Any], latest: list[Any]) -> list[tuple[str, Any, Any]]:
    return [(str(pair.hop), pair.desired, pair.latest) for pair in align("id", desired, latest, alike)]


A, B, X = {"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "x", "n": 1}


@pytest.mark.parametrize(
    ("desired", "latest", "expected"),
    [
        ([A, B], [B, A], [("[id=a]", A, A), ("[id=b]", B, B)]),
        ([A], [B], [("[id=a]", A, None), ("[id=b]", None, B)]),
        ([A, {**A, "n": 5}], [A], [("[id=a]", A, A)]),
        ([{"n": 1}], [B, X], [("[0]", {"n": 1}, X), ("[id=b]", None, B)]),
        ([{"n": 9}], [B, X], [("[0]", {"n": 9}, B), ("[id=x]", None, X)]),
        ([A, {"n": 1}], [X, A], [("[id=a]", A, A), ("[1]", {"n": 1}, X)]),
        ([{"n": 0, "m": 0}, {}], [{"n": 1, "m": 0}, {}], [("[0]", {"n": 0, "m": 0}, {"n": 1, "m": 0}), ("[1]", {}, {})]),
        ([], [{"n": 1}], [("[0]", None, {"n": 1})]),
        ([{"id": 1}], [{"id": "1"}], [("[id=1]", {"id": 1}, None), ('[id="1"]', None, {"id": "1"})]),
        ([{"id": 1}], [{"id": True}], [("[id=1]", {"id": 1}, None), ("[id=true]", None, {"id": True})]),
    ],
)  # fmt: skip
def test_like_meets_like(desired: list[Any], latest: list[Any], expected: list[Any]) -> None:
    assert pairs(desired, latest) == expected


ELEMENTS = st.fixed_dictionaries({"n": st.integers(0, 2)}, optional={"id": st.sampled_from("abc")})


@given(st.lists(ELEMENTS, max_size=5), st.lists(ELEMENTS, max_size=5, unique_by=lambda each: each.get("id", id(each))))
def test_no_latest_element_is_lost_or_used_twice(desired: list[Any], latest: list[Any]) -> None:
    used = [pair.latest for pair in align("id", desired, latest, alike) if pair.latest is not None]
    assert sorted(map(id, used)) == sorted(map(id, latest))


@given(st.lists(st.integers(0, 3), max_size=5), st.randoms())
def test_the_same_elements_in_any_order(values: list[int], random: Any) -> None:
    shuffled = random.sample(values, len(values))
    assert same_elements(values, shuffled, int.__eq__)
    assert not same_elements(values, [*shuffled, 0], int.__eq__)
    assert not same_elements([*values, 9], [*shuffled, 0], int.__eq__)
