"""The metadata: it resolves at once, the AWS packages fit one another, and each extra brings what its part needs."""

import re
import subprocess
import sys
import textwrap
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
EXTRAS = {
    name: [Requirement(text) for text in texts] for name, texts in PYPROJECT["project"]["optional-dependencies"].items()
}
GROUPS = {name: [Requirement(text) for text in texts] for name, texts in PYPROJECT["dependency-groups"].items()}
LOCKED_FOR = {
    "demo.lock": [*RUNTIME, *EXTRAS["local"], *EXTRAS["demo"], *GROUPS["build"]],
    "dev.lock": [*RUNTIME, *EXTRAS["local"], *EXTRAS["demo"], *GROUPS["build"], *GROUPS["dev"]],
}
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+))? \\")
RESOLVE_SECONDS = 240


@dataclass(frozen=True)
class Pin:
    """One entry of a lock file."""

    version: str
    marker: str
    hashes: int


def locked(file: str) -> dict[str, Pin]:
    return dict(_pins((ROOT / "requirements" / file).read_text().replace("\\\n", "\\ ").splitlines()))


def _pins(lines: list[str]) -> Iterator[tuple[str, Pin]]:
    for line in lines:
        if found := _PIN.match(line):
            yield (
                canonicalize_name(found["name"]),
                Pin(found["version"], found["marker"] or "", line.count("--hash=sha256:")),
            )


def bounds(requirements: list[Requirement], name: str) -> str:
    return next(str(each.specifier) for each in requirements if each.name == name)


def test_the_aws_packages_are_bound_to_aiobotocores_own_range() -> None:
    asked = [Requirement(text) for text in requires("aiobotocore") or []]
    botocore = next(each.specifier for each in asked if each.name == "botocore" and each.marker is None)
    assert Requirement(f"botocore{bounds(RUNTIME, 'botocore')}").specifier == botocore
    assert Requirement(f"boto3{bounds(EXTRAS['local'], 'boto3')}").specifier == botocore


@pytest.mark.parametrize("file", LOCKED_FOR)
def test_a_lock_holds_what_the_metadata_asks_for(file: str) -> None:
    pins = locked(file)
    missing = [str(each) for each in LOCKED_FOR[file] if canonicalize_name(each.name) not in pins]
    assert missing == [], "run `make lock`"
    wrong = {str(each): pins[canonicalize_name(each.name)].version for each in LOCKED_FOR[file]
             if not each.specifier.contains(pins[canonicalize_name(each.name)].version)}  # fmt: skip
    assert wrong == {}


@pytest.mark.parametrize("file", LOCKED_FOR)
def test_a_lock_pins_by_hash(file: str) -> None:
    assert {name for name, pin in locked(file).items() if not pin.hashes} == set()


def test_the_locks_agree() -> None:
    demo, dev = locked("demo.lock"), locked("dev.lock")
    assert len(demo) > len(RUNTIME)
    assert {name for name, pin in demo.items() if name not in dev or dev[name].version != pin.version} == set()


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "design" / "dependencies.md").read_text()
    rows = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    parts = [RUNTIME, *EXTRAS.values(), *GROUPS.values()]
    named = {each.name for part in parts for each in part}
    assert rows == named


WITHOUT_EXTRAS = textwrap.dedent(
    """
    import importlib, pkgutil, sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in BLOCKED:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    import ackpy
    skipped = ("ackpy.local", "ackpy.testing", "ackpy.__main__")
    seen = 0
    for module in pkgutil.walk_packages(ackpy.__path__, "ackpy.", onerror=lambda name: None):
        if not module.name.startswith(skipped):
            importlib.import_module(module.name)
            seen += 1
    print(seen)
    """
)


@pytest.mark.slow
def test_the_controllers_need_no_extra() -> None:
    runtime_too = {"botocore", "aiobotocore"}
    blocked = {
        "flask",
        "flask_cors",
        "moto",
        "uvicorn",
        "uvloop",
        "httptools",
        "boto3",
        "cryptography",
        "jsonpatch",
        "re2",
        "pytest",
    }
    script = f"BLOCKED = {blocked - runtime_too!r}\n{WITHOUT_EXTRAS}"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 20


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pip of a fresh virtual environment; skips where no package index answers."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True)
    pip = folder / "bin" / "pip"
    probe = [
        str(pip),
        "download",
        "-q",
        "--no-deps",
        "--retries",
        "0",
        "--timeout",
        "10",
        "-d",
        str(folder / "probe"),
        "pluralizer==2.0.0",
    ]
    result = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode:
        pytest.skip(f"skipped: no package index reachable: {result.stderr.strip()[-200:]}")
    return pip


@pytest.mark.slow
def test_the_metadata_resolves_without_looking_back(pip: Path) -> None:
    command = [str(pip), "install", "--dry-run", "--ignore-installed", "--no-input", f"{ROOT}[local,demo]"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RESOLVE_SECONDS)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output[-2000:]
    assert "Would install" in output
    assert re.findall(r"pip is looking at multiple versions of \S+", output) == []
