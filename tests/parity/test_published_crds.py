"""Our CRDs against those that ACK publishes, by the checker beside the checkout, where there is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ackpy.catalog import services
from ackpy.model.crd import to_yaml
from ackpy.operator.kinds import custom_resource_definitions

SHARED = Path(__file__).parents[3] / "shared"


@pytest.mark.slow
def test_every_published_property_matches(tmp_path: Path) -> None:
    checker = SHARED / "check" / "crd-parity"
    if not checker.exists():
        pytest.skip("skipped: no ../shared")
    names = [*services(), "services"]  # the last is the group that all share
    for each in custom_resource_definitions():
        (tmp_path / f"{each['metadata']['name']}.yaml").write_text(to_yaml(each), encoding="utf-8")
    command = [sys.executable, str(checker), str(tmp_path), "--floor", "100", "--show", "50", "--service", *names]
    seen = subprocess.run(command, capture_output=True, text=True, check=False)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    total = re.search(
        r"^total +(?P<kinds>\d+) +(?P<absent>\d+) +(?P<published>\d+) +(?P<match>\d+)(?P<rest>.*)$",
        seen.stdout,
        re.MULTILINE,
    )
    assert total is not None
    missing, mismatched, _, rules, columns, differing = (int(each) for each in total["rest"].split())
    assert (total["absent"], missing, mismatched, rules, columns, differing) == ("0", 0, 0, 0, 0, 0), seen.stdout
    assert int(total["match"]) == int(total["published"]) >= 465
