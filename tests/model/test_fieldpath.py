from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.model import fieldpath
from ackpy.model.fieldpath import Each, Entry, FieldPath, Index, Key, Name, Segment, parse

NAMES = st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True)
KEYS = st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
HOPS: st.SearchStrategy[Segment] = st.one_of(
    st.just(Each()), st.builds(Index, st.integers(0, 99)), st.builds(Entry, st.text()), st.builds(Key, NAMES, KEYS)
)
SEGMENTS = st.lists(st.one_of(st.builds(Name, NAMES), HOPS), max_size=6).map(
    lambda each: each if not each or isinstance(each[0], (Name, Each)) else [Name("top"), *each]
)

SPEC: dict[str, Any] = {
    "name": "a",
    "tagging": {"tagSet": [{"key": "k", "value": "v"}, {"key": "l", "value": "w"}]},
    "rules": [{"id": "a", "status": "on"}, {"id": "b", "days": 3}],
    "variables": {"HOME": "/", "a.b]": "c"},
}


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", ()),
        ("name", (Name("name"),)),
        ("a.b", (Name("a"), Name("b"))),
        ("encryption.rules..kmsKeyID", (Name("encryption"), Name("rules"), Each(), Name("kmsKeyID"))),
        ("subnets..", (Name("subnets"), Each())),
        ("a....b", (Name("a"), Each(), Each(), Name("b"))),
        ("tagging.tagSet[0].value", (Name("tagging"), Name("tagSet"), Index(0), Name("value"))),
        ("rules[id=a].status", (Name("rules"), Key("id", "a"), Name("status"))),
        ('rules[id="a]b"]', (Name("rules"), Key("id", "a]b"))),
        ("ports[port=80]", (Name("ports"), Key("port", 80))),
        ('ports[port="80"]', (Name("ports"), Key("port", "80"))),
        ("rules[on=true]", (Name("rules"), Key("on", value=True))),
        ('variables["a.b]"]', (Name("variables"), Entry("a.b]"))),
        ("rules[id=arn:aws:iam::1:role/x]", (Name("rules"), Key("id", "arn:aws:iam::1:role/x"))),
    ],
)
def test_text_and_segments_are_one(text: str, segments: tuple[Segment, ...]) -> None:
    assert parse(text).segments == segments
    assert str(FieldPath(segments)) == text


@given(SEGMENTS)
def test_every_path_reads_back(segments: list[Segment]) -> None:
    path = FieldPath(tuple(segments))
    assert parse(str(path)) == path


@pytest.mark.parametrize(
    "text", ["a b", ".a", "a.", "a...", "a[", "a[x]", "a[id=]", "[0]", "a..b..c...", "a[-1]", 'a["']
)
def test_what_is_no_path_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="position") as caught:
        parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "a"),
        ("tagging.tagSet[1].value", "w"),
        ("tagging.tagSet[2].value", None),
        ("rules[id=b].days", 3),
        ("rules[id=c].days", None),
        ('variables["a.b]"]', "c"),
        ("name.of.nothing", None),
        ("name[0]", None),
        ("", SPEC),
    ],
)
def test_get(path: str, value: Any) -> None:
    assert fieldpath.get(SPEC, path) == value


def test_upwards_is_the_path_and_all_that_it_is_in() -> None:
    found = fieldpath.parse("rules[id=a].transitions..days").upwards()
    assert [str(each) for each in found] == [
        "rules[id=a].transitions..days",
        "rules[id=a].transitions..",
        "rules[id=a].transitions",
        "rules[id=a]",
        "rules",
    ]


def test_a_key_is_told_from_its_text() -> None:
    ports = {"ports": [{"port": "80"}, {"port": 80, "name": "number"}, {"port": True, "name": "flag"}]}
    assert fieldpath.get(ports, "ports[port=80].name") == "number"
    assert fieldpath.get(ports, "ports[port=true].name") == "flag"


def test_get_gives_the_default_and_refuses_many() -> None:
    assert fieldpath.get(SPEC, "nothing", "d") == "d"
    with pytest.raises(ValueError, match="find"):
        fieldpath.get(SPEC, "rules..id")


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("name", "b"),
        ("brand.new.path", 1),
        ("tagging.tagSet[0].value", "x"),
        ("tagging.tagSet[2].key", "appended"),
        ("rules[id=a].status", "off"),
        ("rules[id=c].status", "made"),
        ('variables["HOME"]', "/root"),
        ("list[0]", "first"),
    ],
)
def test_assign_copies_the_way_and_shares_the_rest(path: str, new: Any) -> None:
    before = copy.deepcopy(SPEC)
    after = fieldpath.assign(SPEC, path, new)
    assert fieldpath.get(after, path) == new
    assert before == SPEC
    untouched = set(SPEC) - {fieldpath.parse(path).top}
    assert all(after[name] is SPEC[name] for name in untouched)


@pytest.mark.parametrize(
    ("path", "error"), [("rules[5].id", IndexError), ("name.x", TypeError), ("rules..id", ValueError)]
)
def test_assign_refuses(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        fieldpath.assign(SPEC, path, 1)


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("tagging.tagSet[0]", {"tagging": {"tagSet": [{"key": "l", "value": "w"}]}}),
        ("rules[id=b].days", {"rules": [{"id": "a", "status": "on"}, {"id": "b"}]}),
        ("rules[id=a]", {"rules": [{"id": "b", "days": 3}]}),
        ('variables["HOME"]', {"variables": {"a.b]": "c"}}),
    ],
)
def test_remove(path: str, rest: dict[str, Any]) -> None:
    before = copy.deepcopy(SPEC)
    assert fieldpath.remove(SPEC, path) == SPEC | rest
    assert before == SPEC


@pytest.mark.parametrize("path", ["nothing", "rules[7]", "rules[id=z].days", "tagging.other", "name.x"])
def test_removing_nothing_changes_nothing(path: str) -> None:
    assert fieldpath.remove(SPEC, path) == SPEC


def test_find_names_each_value() -> None:
    found = [(str(path), value) for path, value in fieldpath.find(SPEC, "rules..id")]
    assert found == [("rules[0].id", "a"), ("rules[1].id", "b")]
    assert [str(path) for path, _ in fieldpath.find(SPEC, "variables..")] == ['variables["HOME"]', 'variables["a.b]"]']
    assert list(fieldpath.find(SPEC, "nothing..id")) == []


JSON_TREES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=12,
)


def paths_in(value: Any, at: FieldPath) -> list[FieldPath]:
    below: list[tuple[Segment, Any]] = []
    if isinstance(value, dict):
        below = [(Name(name), each) for name, each in value.items()]
    elif isinstance(value, list):
        below = [(Index(position), each) for position, each in enumerate(value)]
    return [path for hop, each in below for path in (at / hop, *paths_in(each, at / hop))]


@given(st.dictionaries(NAMES, JSON_TREES, min_size=1), st.data())
def test_assign_then_get_then_remove(tree: dict[str, Any], data: st.DataObject) -> None:
    before = json.dumps(tree)
    path = data.draw(st.sampled_from(paths_in(tree, FieldPath())))
    assert fieldpath.assign(tree, path, fieldpath.get(tree, path)) == tree
    assert fieldpath.get(fieldpath.assign(tree, path, "new"), str(path)) == "new"
    assert fieldpath.remove(tree, path) != tree
    assert json.dumps(tree) == before


@pytest.mark.parametrize(
    ("concrete", "definition", "same"),
    [
        ("tagging.tagSet[0].value", "tagging.tagSet..value", True),
        ("rules[id=a].status", "rules..status", True),
        ('variables["HOME"]', "variables..", True),
        ("name", "name", True),
        ("rules[0]", "rules", False),
        ("rules[0].id", "rules..status", False),
        ("rulesets[0].id", "rules..id", False),
    ],
)
def test_a_concrete_path_matches_its_definition(concrete: str, definition: str, *, same: bool) -> None:
    assert fieldpath.matches(concrete, definition) is same


@pytest.mark.parametrize(
    ("upper", "lower", "yes"),
    [
        ("tagging", "tagging.tagSet[0]", True),
        ("tagging.tagSet..", "tagging.tagSet[0].value", True),
        ("tag", "tagging.tagSet", False),
        ("rules[0]", "rules[1].id", False),
        ("rules[0].id", "rules[0]", False),
        ("", "anything", True),
    ],
)
def test_covers(upper: str, lower: str, *, yes: bool) -> None:
    assert fieldpath.covers(upper, lower) is yes
