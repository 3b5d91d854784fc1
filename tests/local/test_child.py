"""A child process of the stack: it announces itself, is refused, dies, stays silent, or is stopped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ackpy.errors import ConfigError, StackError
from ackpy.local.child import Child, start

pytestmark = pytest.mark.slow

SERVES = "import json, time; print('warming up'); print(json.dumps({'ready': True, 'url': 'x'}), flush=True); time.sleep(600)"
DIES = "import sys; print('{\"ready\": true}', flush=True); sys.stderr.write('the disk is full\\n'); sys.exit(3)"
REFUSES = "import sys; sys.stderr.write('ackpy: port 1 is taken; name another with --port\\n'); sys.exit(2)"
CRASHES = "raise RuntimeError('what a day')"
SILENT = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(600)"
)


async def started(program: str, tmp_path: Path, timeout: float = 30.0) -> Child:
    return await start("thing", ["-c", program], environment=os.environ, log=tmp_path / "thing.log", timeout=timeout)


async def test_it_announces_itself_and_is_stopped(tmp_path: Path) -> None:
    child = await started(SERVES, tmp_path)
    assert child.announced == {"ready": True, "url": "x"}
    await child.stop()
    assert child.process.returncode == -15


async def test_one_that_dies_is_named_with_its_last_lines(tmp_path: Path) -> None:
    child = await started(DIES, tmp_path)
    error = await child.ended()
    assert "the thing ended with status 3" in str(error)
    assert "the disk is full" in str(error)


async def test_one_that_is_killed_says_by_which_signal(tmp_path: Path) -> None:
    child = await started(SERVES, tmp_path)
    child.process.kill()
    assert "the thing ended by signal 9" in str(await child.ended())


async def test_a_refusal_is_a_wrong_setting_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^port 1 is taken; name another with --port$"):
        await started(REFUSES, tmp_path)


async def test_a_crash_before_it_serves_shows_the_traceback(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"ended with status 1 before it served(.|\n)*what a day"):
        await started(CRASHES, tmp_path)


async def test_one_that_stays_silent_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="the thing did not serve within 0 s"):
        await started(SILENT, tmp_path, timeout=0.2)


async def test_one_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ackpy.local.child.STOP_SECONDS", 0.2)
    child = await started(STUBBORN, tmp_path)
    await child.stop()
    assert child.process.returncode == -9
