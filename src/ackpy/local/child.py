"""One child process of the local stack: a command line -> a running process that has said that it serves. Used by `stack`.

A child announces itself with one JSON line on stdout; everything else that it prints goes to its log. It is told its parent's process
id and ends when that has gone, so that nothing is left behind even by a kill.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackpy.errors import ConfigError, StackError

LAST_LINES = 12
STOP_SECONDS = 25.0
REFUSED = 2  # the exit status of a child whose flags, port or folder are wrong


@dataclass(frozen=True, slots=True)
class Child:
    """A child process that serves: what it announced, and how it ends."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    announced: Mapping[str, Any]
    draining: asyncio.Task[None]

    async def ended(self) -> StackError:
        """Wait for the process to end by itself: the error that says so, with its last log lines."""
        status = await self.process.wait()
        await self.draining
        return StackError(f"the {self.name} ended {_how(status)}; its last lines ({self.log}):\n{last_lines(self.log)}")

    async def stop(self) -> None:
        """Ask it to end, and kill it if it has not within its grace time."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self.draining


async def start(
    name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path, timeout: float
) -> Child:
    """Start `python ARGUMENTS` and wait until it has announced itself.

    ConfigError when it refuses its settings, StackError when it ends or stays silent for `timeout` seconds.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=dict(environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
    try:
        announced = await asyncio.wait_for(_announcement(process), timeout)
    except TimeoutError:
        process.kill()
        await _drain(process)
        raise StackError(
            f"the {name} did not serve within {timeout:.0f} s; its last lines ({log}):\n{last_lines(log)}"
        ) from None
    if announced is None:
        raise _refusal(name, await process.wait(), log)
    return Child(name, process, log, announced, asyncio.create_task(_drain(process)))


async def _announcement(process: asyncio.subprocess.Process) -> Mapping[str, Any] | None:
    """The JSON line that the child prints when it serves; None when its output ends without one."""
    if process.stdout is None:
        raise StackError("a child process has no output to read")
    async for line in process.stdout:
        if line.startswith(b"{"):
            announced: Mapping[str, Any] = json.loads(line)
            return announced
    return None


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read on until the process has ended: a full pipe would hold it up, and an open one would outlive the event loop."""
    if process.stdout is not None:
        async for _ in process.stdout:
            pass
    await process.wait()


def _refusal(name: str, status: int, log: Path) -> ConfigError | StackError:
    said = last_lines(log)
    if status == REFUSED:
        return ConfigError(said.rsplit("ackpy: ", 1)[-1])
    return StackError(f"the {name} ended {_how(status)} before it served; its last lines ({log}):\n{said}")


def _how(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"with status {status}"


def last_lines(log: Path) -> str:
    """The last lines of a log, without the part that nobody reads."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-LAST_LINES:]) or "(it printed nothing)"
