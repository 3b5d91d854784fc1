"""The table of what clients written for ACK rely on: which rules there are, which rows hold them, and which are held by none, and why."""

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


def test_a_table_with_gaps_is_told(tmp_path: Path) -> None:
    module = tmp_path / "test_gaps.py"
    module.write_text(
        'RULES = {"1": "one", "2": "two", "3": "three", "4": "four"}\n'
        'UNCOVERED = {"1": "held all the same", "3": ""}\n'
        '@rule("1", "a row")\n@rule("1", "a row")\n@rule("9", "another")\ndef test_it(): ...\n'
    )
    assert read(module).faults() == [
        "a row holds 9, which is not in RULES",
        "2 has no row, and no reason in UNCOVERED",
        "4 has no row, and no reason in UNCOVERED",
        "1 is in UNCOVERED, yet a row holds it or it is no rule",
        "3 has an empty reason",
    ]
    assert read(module).repeated() == ["a row"]


def test_a_pointer_to_nothing_is_told(tmp_path: Path) -> None:
    module = tmp_path / "test_pointers.py"
    module.write_text(
        'UNCOVERED = {"1": "held by tests/contract/test_table.py::test_nothing, tests/no.py, tests/conftest.py"}\n'
    )
    assert read(module).dangling(ROOT) == ["tests/contract/test_table.py::test_nothing", "tests/no.py"]
