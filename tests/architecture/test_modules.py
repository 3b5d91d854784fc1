"""What a reader may rely on in every module: it says what it is for, and it is short."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ackpy"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.read_text().strip())
LONGEST_MODULE = 600
LONGEST_FUNCTION = 40
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# What may be imported beside the runtime dependencies. `testing` ships fixtures, and pytest is its user's.
EXTRAS = {
    "local": {"local"},
    "testing": {"local", "dev"},
    "cli/demo.py": {"local"},
    "controllers/field_export/jq_child.py": {"jq"},
}

every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def declared() -> dict[str, set[str]]:
    """The distributions that pyproject.toml names: "" for the runtime's, else by extra or group."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = {
        "": document["project"]["dependencies"],
        **document["project"]["optional-dependencies"],
        **document["dependency-groups"],
    }
    return {name: {canonicalize_name(Requirement(each).name) for each in found} for name, found in lists.items()}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_table(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it only names values and returns one: no branch, no loop, no call on the way."""
    body = [each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return all(isinstance(each, ast.Assign | ast.Return) for each in body) and not any(
        isinstance(node, ast.Call | ast.Await | ast.Lambda) for each in body for node in ast.walk(each)
    )


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@every_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "the docstring says what the module turns into what, and who calls it"


@every_module
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("folder", ["tests", "bench", "docs"])
def test_so_is_one_beside_the_source(folder: str) -> None:
    found = {path: len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert found
    assert {path: length for path, length in found.items() if length > LONGEST_MODULE} == {}


@every_module
def test_functions_are_short(path: Path) -> None:
    lengths = {
        each.name: (each.end_lineno or each.lineno) - each.lineno + 1 for each in functions(path) if not is_table(each)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@every_module
def test_what_is_imported_is_declared(path: Path) -> None:
    name = path.relative_to(SOURCE)
    extras = {extra for start, found in EXTRAS.items() if name.is_relative_to(start) for extra in found}
    allowed = declared()[""].union(*(declared()[extra] for extra in extras))
    names = set(imported(path)) - sys.stdlib_module_names - {"ackpy"}
    owners = {name: {canonicalize_name(each) for each in packages_distributions().get(name, [])} for name in names}
    assert {name: owner for name, owner in owners.items() if not owner & allowed} == {}


def test_no_room_is_named_for_having_no_purpose() -> None:
    assert MODULES
    names = {path: set(path.relative_to(SOURCE).with_suffix("").parts) for path in MODULES}
    assert [path for path, parts in names.items() if parts & NO_NAMES] == []
