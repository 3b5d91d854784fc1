"""The command behind `make demo`, whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LABELS = [
    "start",
    "apply",
    "wait",
    "counted",
    "at rest",
    "AWS holds",
    "drift",
    "mended",
    "event",
    "delete",
    "AWS says",
    "done",
]


@pytest.mark.slow
def test_every_step_is_seen_to_hold(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ACK", "KUBE"))}
    environment = {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "ackpy", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line[:10].strip() for line in done.stdout.splitlines()]
    assert [label for label in dict.fromkeys(said) if label] == LABELS
    assert "5 AWS calls from manifest to bucket" in done.stdout
    assert "4 reads a resync, no writes" in done.stdout
    assert list(tmp_path.glob("ackpy-demo-*")) == [], "nothing is left behind"
