"""Go's spelling of what flags hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.errors import ConfigError
from ackpy.operator.selectors import check_selector
from ackpy.operator.syntax import boolean, duration, kind_numbers, nearest, number, split


@pytest.mark.parametrize(
    ("text", "parts"), [("", ()), (" ", ()), ("a", ("a",)), ("a, b", ("a", "b")), ("a,", ("a", ""))]
)
def test_split(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize("text", ["1", "t", "T", "true", "TRUE", "True"])
def test_true_as_go_has_it(text: str) -> None:
    assert boolean("--x", text) is True


@pytest.mark.parametrize("text", ["0", "f", "F", "false", "FALSE", "False"])
def test_false_as_go_has_it(text: str) -> None:
    assert boolean("--x", text) is False


@pytest.mark.parametrize("text", ["", "yes", "tRUE", "on", "2"])
def test_no_boolean_of_gos(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--x: found "):
        boolean("--x", text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("60s", 60), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25), (".5s", 0.5), ("1h0m2s", 3602)],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert duration("--x", text) == seconds


@pytest.mark.parametrize("text", ["", "60", "1d", "s", "1m 30s", "-1s", "1m30", "x1s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--x: found "):
        duration("--x", text)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([("h", 3600), ("m", 60), ("s", 1)])), min_size=1))
def test_the_parts_of_a_duration_add_up(parts: list[tuple[int, tuple[str, int]]]) -> None:
    text = "".join(f"{amount}{unit}" for amount, (unit, _) in parts)
    assert duration("--x", text) == sum(amount * seconds for amount, (_, seconds) in parts)


def test_a_number() -> None:
    assert number("--x", "-3") == -3
    with pytest.raises(ConfigError, match=r"^--x: found '3\.5'"):
        number("--x", "3.5")


def test_numbers_by_kind() -> None:
    assert kind_numbers("--x", ["Bucket=1", " Queue = 2 ", "Bucket=3"]) == {"Bucket": 3, "Queue": 2}


@pytest.mark.parametrize(
    ("name", "said"),
    [("buckt", "did you mean Bucket?"), ("BUCKET", "did you mean Bucket?"), ("zzz", "there are Bucket, Queue")],
)
def test_the_nearest_name(name: str, said: str) -> None:
    assert nearest(name, ["Queue", "Bucket"]) == said


SELECTORS = [
    "", "a", "!a", "a=b", "a==b", "a!=b", "a=", "a in (b)", "a in (b, c)", "a notin (b)", "a=b,c", "a = b , !c",
    "app.kubernetes.io/name=x", "a in (b,c),d=e,!f",
]  # fmt: skip


@pytest.mark.parametrize("text", SELECTORS)
def test_a_label_selector(text: str) -> None:
    assert check_selector("--watch-selectors", text) == text


@pytest.mark.parametrize(
    "text", [",", "a=b,", "=b", "a in", "a in b", "a in ()x", "a=b=c", "-a", "A/b=c", "a b", "a>1"]
)
def test_no_label_selector(text: str) -> None:
    with pytest.raises(ConfigError, match="is no label selector"):
        check_selector("--watch-selectors", text)
