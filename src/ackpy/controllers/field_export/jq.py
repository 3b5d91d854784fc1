"""A jq expression and an object -> its first result, computed by a process of its own. `evaluate` calls it.

jq can read the environment, and one expression can fill the memory or never end; so it gets an empty environment, 64 MB, a second of
processor time, and 64 KB for its answer (`jq_child` holds itself to them; this side waits and reads no longer than that).
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, Final

from ackpy.controllers.field_export.jq_child import FAILED, OUTPUT_BYTES, TOO_MUCH, UNPARSED

_CHILD: Final = Path(__file__).with_name("jq_child.py")
_WALL_SECONDS: Final = 10.0  # far more than its second of processor time, for machines that are busy


class Trouble(Enum):
    """Why there is no result; the values are for people."""

    UNPARSED = "it is no jq expression"
    FAILED = "jq fails on this object"
    TOO_MUCH = "its result is larger than 64 KB"
    LIMITS = "it took more than a second of processor time or 64 MB of memory, and was ended"


class JqFailed(Exception):
    """There is no result. jq's own text is left out: it may quote what is in the object."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


_BY_STATUS: Final[Mapping[int, Trouble]] = {
    UNPARSED: Trouble.UNPARSED,
    FAILED: Trouble.FAILED,
    TOO_MUCH: Trouble.TOO_MUCH,
}


def is_installed() -> bool:
    """Whether the Python package `jq` is there (`pip install ackpy[jq]`)."""
    return importlib.util.find_spec("jq") is not None


async def first(expression: str, obj: Mapping[str, Any]) -> Any:
    """The first result; None when there is none. Raises JqFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    try:
        async with asyncio.timeout(_WALL_SECONDS):
            answer = await _exchange(process, json.dumps({"program": expression, "input": obj}).encode())
            status = await process.wait()
    except TimeoutError:
        raise JqFailed(Trouble.LIMITS) from None
    finally:
        await _end(process)
    if status != 0:
        raise JqFailed(_BY_STATUS.get(status, Trouble.LIMITS))
    return json.loads(answer).get("value")


async def _exchange(process: asyncio.subprocess.Process, task: bytes) -> bytes:
    """Give the process its task and read its answer, but not more than it may have."""
    assert process.stdin is not None  # noqa: S101  it is a pipe
    assert process.stdout is not None  # noqa: S101
    with suppress(ConnectionError):  # it ended before it had read all: its status tells why
        process.stdin.write(task)
        await process.stdin.drain()
    process.stdin.close()
    answer = b""
    while len(answer) <= OUTPUT_BYTES and (part := await process.stdout.read(OUTPUT_BYTES + 1 - len(answer))):
        answer += part
    if len(answer) > OUTPUT_BYTES:
        raise JqFailed(Trouble.TOO_MUCH)
    return answer


async def _end(process: asyncio.subprocess.Process) -> None:
    """See to it that the process is gone, and its pipes are closed."""
    if process.returncode is None:
        process.kill()
    if process.stdout is not None:
        while await process.stdout.read(OUTPUT_BYTES):
            pass  # what it had said still: asyncio does not end a process whose pipe is full
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
        with suppress(ConnectionError):
            await process.stdin.wait_closed()
