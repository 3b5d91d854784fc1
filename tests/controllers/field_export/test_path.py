"""Plain paths: which texts are one, and what they find."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers.field_export import path

OBJECT = {
    "spec": {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}], "on": True, "a b": "x", 'q"': "y"},
    "status": {"arn": "arn:x", "none": None, "ü": "u"},
}


@pytest.mark.parametrize(
    ("text", "steps", "value"),
    [
        (".status.arn", ("status", "arn"), "arn:x"),
        ("  .status.arn\n", ("status", "arn"), "arn:x"),
        ('.status["arn"]', ("status", "arn"), "arn:x"),
        ('.["status"].arn', ("status", "arn"), "arn:x"),
        ('.status."arn"', ("status", "arn"), "arn:x"),
        ('."status"."ü"', ("status", "ü"), "u"),
        ('.status["\\u00fc"]', ("status", "ü"), "u"),
        (".spec.tags[0].value", ("spec", "tags", 0, "value"), "1"),
        (".spec.tags.[1].key", ("spec", "tags", 1, "key"), "b"),
        (".spec.tags[-1].key", ("spec", "tags", -1, "key"), "b"),
        (".spec.tags[ 0 ].key", ("spec", "tags", 0, "key"), "a"),
        ('.spec["a b"]', ("spec", "a b"), "x"),
        ('.spec["q\\""]', ("spec", 'q"'), "y"),
        (".spec.on", ("spec", "on"), True),
        (".spec.absent", ("spec", "absent"), None),
        (".spec.absent.deeper[3].still", ("spec", "absent", "deeper", 3, "still"), None),
        (".status.none.x", ("status", "none", "x"), None),
        (".spec.tags[2]", ("spec", "tags", 2), None),
        (".spec.tags[-3]", ("spec", "tags", -3), None),
        (".", (), OBJECT),
    ],
)
def test_a_plain_path(text: str, steps: tuple[str | int, ...], value: Any) -> None:
    assert path.parse(text) == steps
    assert path.read(OBJECT, steps) == value


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "status.arn",
            ".status.a-b",
            "..",
            ".a..b",
            ".a b",
            ".a[]",
            ".a[0:1]",
            ".a?",
            ".a | .b",
            ".a[",
            ".1",
            "env",
        ),
        *(". a", "$__loc__", ".a.", ".a[00000000000]"),
        *('.a["x]', '.a["\\q"]', '.a["\\u12"]', '.a["\\(env)"]', '.["a"]b'),
    ],
)
def test_what_is_no_plain_path(text: str) -> None:
    assert path.parse(text) is None


@pytest.mark.parametrize("text", [".spec[0]", ".spec.tags.key", ".status.arn.x", ".status.arn[0]", ".spec.on.x"])
def test_a_step_that_its_value_does_not_have(text: str) -> None:
    steps = path.parse(text)
    assert steps is not None
    with pytest.raises(path.Misstep):
        path.read(OBJECT, steps)


@given(st.lists(st.one_of(st.text(), st.integers(-(10**8), 10**8)), max_size=6))
def test_any_steps_can_be_written(steps: list[str | int]) -> None:
    text = "." + "".join(f"[{json.dumps(step)}]" for step in steps)
    assert path.parse(text if steps else ".") == tuple(steps)
