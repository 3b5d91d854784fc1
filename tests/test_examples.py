"""Every example is applied with kubectl, and AWS then holds what its expect.yaml says; every command of the guides runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from ackpy.local.kubectl import find_kubectl
from ackpy.testing.stack import LocalStack

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/expect.yaml"))
GUIDES = [
    ROOT / "docs" / "getting-started.md",
    ROOT / "docs" / "ja" / "getting-started.md",
    *(path / "README.md" for path in EXAMPLES),
]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)

ELSEWHERE = {
    "make demo": "tests/cli/test_demo.py runs the command behind it",
    ".venv/bin/ackpy up": "tests/end_to_end/test_up.py",
    "AWS_REGION=eu-west-1 ackpy run --services s3": "tests/end_to_end: every stack runs it",
}


def ask(stack: LocalStack, question: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = getattr(stack.client(question["service"]), question["operation"])(**question["with"])
    return answer


def holds(found: Any, expected: Any) -> bool:
    """Whether everything that is expected is found; what else is found does not matter."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(holds(found.get(name), value) for name, value in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(holds, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example(example: Path, local_stack: LocalStack) -> None:
    expected = yaml.safe_load((example / "expect.yaml").read_text())
    manifests = sorted(str(path) for path in example.glob("*.yaml") if path.name != "expect.yaml")
    files_of_it = [part for manifest in manifests for part in ("-f", manifest)]
    local_stack.kubectl("apply", *files_of_it)
    for resource in expected["synced"]:
        local_stack.wait(resource, "condition=ACK.ResourceSynced")
    for question in expected["aws"]:
        answer = ask(local_stack, question)
        assert holds(answer, question["holds"]), answer
    local_stack.kubectl("delete", *files_of_it, "--timeout=30s")
    for question in expected["gone"]:
        with pytest.raises(ClientError) as error:
            ask(local_stack, question)
        assert error.value.response["Error"]["Code"] == question["code"]


def test_the_demo_and_the_first_example_are_the_same_bucket() -> None:
    shipped = files("ackpy.cli").joinpath("talk-bucket.yaml").read_text()
    assert (ROOT / "examples" / "01-bucket" / "bucket.yaml").read_text() == shipped


def commands(guide: Path) -> list[str]:
    lines = [line.split("  #")[0].strip() for block in BLOCK.findall(guide.read_text()) for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_guide_run(guide: Path, local_stack: LocalStack, tmp_path: Path) -> None:
    virtual = Path(sys.executable).parent
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{virtual}:{Path(find_kubectl()).parent}:{os.environ['PATH']}",
        "AWS_DEFAULT_REGION": "us-east-1",
        **local_stack.stack.environment,
    }
    ran = [command for command in commands(guide) if command not in ELSEWHERE]
    assert ran
    try:
        for command in ran:
            line = command.replace(".venv/bin/", f"{virtual}/")
            done = subprocess.run(
                ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"
    finally:
        local_stack.kubectl("delete", "buckets,repositories", "--all", "--timeout=30s")
    left = {bucket["Name"] for bucket in local_stack.client("s3").list_buckets()["Buckets"]}
    assert "hama-test-bucket" not in left


def test_what_the_readme_tells_to_make_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\S+)", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert f"\n{target}:" in makefile
