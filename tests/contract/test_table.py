"""The table of ACK's contract: which rules there are, which rows hold them, and which are held by none, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from ackpy.testing.rules import read, sections

SECTIONS = sections(Path(__file__).parent)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_every_rule_has_a_row_or_a_reason(path: Path) -> None:
    assert read(path).faults() == []


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_no_sentence_is_said_twice(path: Path) -> None:
    assert read(path).repeated() == []


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_reasons_point_to_tests_that_are_there(path: Path) -> None:
    assert read(path).dangling(ROOT) == []


def test_there_are_as_many_rows_as_were_asked_for() -> None:
    assert sum(len(read(path).rows) for path in SECTIONS) >= 150
