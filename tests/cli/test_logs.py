"""A record -> a line: JSON for collectors, text for people; which levels pass."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from ackpy.cli.logs import LEVELS, ConsoleFormatter, JsonFormatter, configure
from ackpy.operator.flags import LOG_LEVELS


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """Logging is the process's: pytest's own handlers come back after the test."""
    root, ours = logging.getLogger(), logging.getLogger("ackpy")
    kept = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = kept


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("ackpy.x", logging.WARNING, "x.py", 1, "took %d s", (3,), None)
    vars(made).update(extra)
    return made


def failed() -> logging.LogRecord:
    error = ValueError("boom")
    return logging.LogRecord("ackpy.x", logging.ERROR, "x.py", 1, "no", (), (ValueError, error, None))


def test_json() -> None:
    line = json.loads(JsonFormatter().format(record(kind="Bucket")))
    assert line.pop("ts").endswith("+00:00")
    assert line == {"level": "warning", "logger": "ackpy.x", "msg": "took 3 s", "kind": "Bucket"}
    assert "ValueError: boom" in json.loads(JsonFormatter().format(failed()))["stacktrace"]


def test_console() -> None:
    assert ConsoleFormatter().format(record(kind="Bucket")).endswith(" WARNING  ackpy.x: took 3 s kind=Bucket")
    first, *rest = ConsoleFormatter().format(failed()).splitlines()
    assert first.endswith("ERROR    ackpy.x: no")
    assert rest == ["ValueError: boom"]


LOUDNESS = [
    ("debug", "debug info warning error critical"),
    ("info", "info warning error critical"),
    ("warn", "warning error critical"),
    ("error", "error critical"),
    ("dpanic", "critical"),
    ("panic", "critical"),
    ("fatal", "critical"),
]


def test_every_level_has_a_row() -> None:
    assert [level for level, _ in LOUDNESS] == list(LOG_LEVELS) == list(LEVELS)


@pytest.mark.parametrize(("level", "heard"), LOUDNESS)
@pytest.mark.parametrize("development", [False, True], ids=["json", "console"])
def test_what_a_level_lets_through(
    level: str, heard: str, development: bool, as_it_was: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(level, development=development)
    for name in ("debug", "info", "warning", "error", "critical"):
        getattr(logging.getLogger("ackpy.any"), name)("it is %s", name)
        getattr(logging.getLogger("library"), name)("library: %s", name)
    lines = capsys.readouterr().err.splitlines()
    names = [line.partition("it is ")[2].rstrip('"}') for line in lines if "it is" in line]
    assert names == heard.split()
    assert not any("library: debug" in line or "library: info" in line for line in lines)
    assert lines[0].startswith("{") is not development
