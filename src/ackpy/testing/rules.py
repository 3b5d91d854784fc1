"""A module of rows -> which rules it is about, which rows hold them, and which are held by none, and why. Used by the tables of rules.

A module says its rules in a literal `RULES` (number -> sentence), the rows by `@rule(number, sentence)`, or by such a mark of a parameter,
and in a literal `UNCOVERED` (number -> reason) what no row holds. It is read and not run.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_POINTER: Final = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")


@dataclass(frozen=True, slots=True)
class Section:
    """What one module of rows says: its rules by number, the rows (number, sentence), and the rules without one, with reasons."""

    rules: dict[str, str]
    rows: list[tuple[str, str]]
    uncovered: dict[str, str]

    def faults(self) -> list[str]:
        """What is wrong with it: each rule has rows, or else a reason."""
        held = {number for number, _ in self.rows}
        unreasoned = sorted(set(self.rules) - held - self.uncovered.keys())
        idle = sorted(self.uncovered.keys() - (set(self.rules) - held))
        return [
            *(f"a row holds {number}, which is not in RULES" for number in sorted(held - set(self.rules))),
            *(f"{number} has no row, and no reason in UNCOVERED" for number in unreasoned),
            *(f"{number} is in UNCOVERED, yet a row holds it or it is no rule" for number in idle),
            *(f"{number} has an empty reason" for number, reason in self.uncovered.items() if not reason),
        ]

    def repeated(self) -> list[str]:
        """The sentences that more than one row says."""
        return [says for says, times in Counter(says for _, says in self.rows).items() if times > 1]

    def dangling(self, root: Path) -> list[str]:
        """The tests that reasons point to ("tests/runtime/test_it.py::test_that") and that are not there; `root` is where "tests" is."""
        pointers = [found for reason in self.uncovered.values() for found in _POINTER.findall(reason)]
        return [f"{path}::{test}".rstrip(":") for path, test in pointers if not _is_there(root / path, test)]


def sections(folder: Path) -> list[Path]:
    """The modules of rows of a folder: all of its tests but the table itself."""
    return sorted(path for path in folder.glob("test_*.py") if path.stem != "test_table")


def read(path: Path) -> Section:
    """A module's RULES and UNCOVERED, and its rows."""
    tree = ast.parse(path.read_text())
    tables = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in {"RULES", "UNCOVERED"}
    }
    return Section(tables.get("RULES", {}), list(_rows(tree)), tables.get("UNCOVERED", {}))


def _is_there(path: Path, test: str) -> bool:
    return path.is_file() and (not test or f"def {test}(" in path.read_text())


def title(path: Path) -> str:
    """What a module is about: the first sentence of its docstring."""
    about = ast.get_docstring(ast.parse(path.read_text())) or path.stem
    return " ".join(about.split("\n\n")[0].split()).rstrip(".")


def _rows(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rule":
            number, says = (ast.literal_eval(each) for each in node.args)
            yield number, says
