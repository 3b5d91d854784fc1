from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model import convert
from ackpy.model.convert import from_aws, pick, place, place_each, to_aws
from ackpy.model.descriptor import Member, Node, Type

TIMES = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)).map(  # noqa: DTZ001  the text says the zone
    lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z"
)
SCALARS = {
    Type.STRING: st.text(max_size=4),
    Type.BOOLEAN: st.booleans(),
    Type.INTEGER: st.integers(),
    Type.NUMBER: st.floats(allow_nan=False),
    Type.BLOB: st.binary(max_size=4).map(lambda octets: base64.b64encode(octets).decode()),
    Type.TIMESTAMP: TIMES,
}


def structures(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    named = st.dictionaries(st.from_regex(r"[a-z]\w{0,3}", fullmatch=True), inner, min_size=1, max_size=4)
    return named.map(
        lambda nodes: Node(
            Type.STRUCTURE, members={name: Member(name, f"{name.swapcase()}Aws", node) for name, node in nodes.items()}
        )
    )


NODES = st.recursive(
    st.sampled_from([Node(each) for each in SCALARS]),
    lambda inner: (
        structures(inner)
        | inner.map(lambda node: Node(Type.LIST, element=node))
        | inner.map(lambda node: Node(Type.MAP, element=node))
    ),
    max_leaves=8,
)


def values(node: Node) -> st.SearchStrategy[Any]:
    if node.type is Type.STRUCTURE:
        return st.fixed_dictionaries({}, optional={name: values(each.node) for name, each in node.members.items()})
    if node.element is None:
        return SCALARS[node.type]
    if node.type is Type.MAP:
        return st.dictionaries(st.text(max_size=3), values(node.element), max_size=3)
    return st.lists(values(node.element), max_size=3)


@given(NODES.flatmap(lambda node: st.tuples(st.just(node), values(node))))
def test_out_and_in_is_the_same(pair: tuple[Node, Any]) -> None:
    node, value = pair
    assert from_aws(node, to_aws(node, value, "", {}), "", {}) == value


def nulled(value: Any) -> Any:
    """The value with a null beside everything that it holds."""
    if isinstance(value, dict):
        return {**{f"null {key}": None for key in value}, **{key: nulled(each) for key, each in value.items()}}
    return [item for each in value for item in (None, nulled(each))] if isinstance(value, list) else value


@given(NODES.flatmap(lambda node: st.tuples(st.just(node), values(node))))
def test_null_is_never_sent(pair: tuple[Node, Any]) -> None:
    node, value = pair
    assert to_aws(node, nulled(value), "", {}) == to_aws(node, value, "", {})


@pytest.mark.parametrize(
    ("at", "values_", "params"),
    [
        ("", [{"A": 1}], {"A": 1}),
        ("A", [1], {"A": 1}),
        ("A.B.C", [1], {"A": {"B": {"C": 1}}}),
        ("A..", [1, 2], {"A": [1, 2]}),
        ("A.B..C", [1, 2], {"A": {"B": [{"C": 1}, {"C": 2}]}}),
        ("A..B..C", [1], {"A": [{"B": [{"C": 1}]}]}),
    ],
)
def test_values_are_placed(at: str, values_: list[Any], params: dict[str, Any]) -> None:
    made: dict[str, Any] = {}
    place_each(made, at, values_)
    assert made == params


def test_placing_merges_structures() -> None:
    params: dict[str, Any] = {"A": {"X": 1}}
    place(params, "A", {"Y": 2})
    place(params, "A.Z", 3)
    assert params == {"A": {"X": 1, "Y": 2, "Z": 3}}


def test_only_one_value_goes_where_no_list_is() -> None:
    with pytest.raises(TypeError):
        place_each({}, "A.B", [1, 2])


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("", {"A": {"B": [{"C": 1}, {"C": [2, 3]}, {}]}}),
        ("A.B", [{"C": 1}, {"C": [2, 3]}, {}]),
        ("A.B..C", [1, 2, 3]),
        ("A.B.C", [1, 2, 3]),
        ("A.X", None),
        ("X.Y..Z", None),
    ],
)
def test_values_are_picked(at: str, found: Any) -> None:
    assert pick({"A": {"B": [{"C": 1}, {"C": [2, 3]}, {}]}}, at) == found


@pytest.mark.parametrize("text", ["soon", "", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the text is that of datetime
        convert.instant(text)


def test_a_time_without_a_zone_is_utc() -> None:
    assert convert.instant("2026-11-24") == dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
