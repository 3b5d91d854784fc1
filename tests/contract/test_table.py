"""The table of ACK's contract: which rules there are, which rows hold them, and which are held by none, and why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SECTIONS = sorted(path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))


@dataclass(frozen=True, slots=True)
class Section:
    """What one module of rows says: its rules by number, the rows (number, sentence), and the rules without one, with reasons."""

    rules: dict[str, str]
    rows: list[tuple[str, str]]
    uncovered: dict[str, str]


def read(path: Path) -> Section:
    """A module's RULES and UNCOVERED, and its `@rule(...)` decorators."""
    tree = ast.parse(path.read_text())
    tables = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in {"RULES", "UNCOVERED"}
    }
    return Section(tables.get("RULES", {}), list(_rows(tree)), tables.get("UNCOVERED", {}))


def _rows(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rule":
            number, says = (ast.literal_eval(each) for each in node.args)
            yield number, says


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_every_rule_has_a_row_or_a_reason(path: Path) -> None:
    section = read(path)
    held = {number for number, _ in section.rows}
    assert held - set(section.rules) == set(), "rows of rules that are not in RULES"
    assert held & set(section.uncovered) == set(), "UNCOVERED, yet a row holds it"
    assert set(section.rules) - held == set(section.uncovered), "rules without a row need a reason in UNCOVERED"
    assert all(section.uncovered.values())


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.stem)
def test_no_sentence_is_said_twice(path: Path) -> None:
    sentences = [says for _, says in read(path).rows]
    assert sorted(set(sentences)) == sorted(sentences)
