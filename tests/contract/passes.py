"""What rows about the queue share: a period and a fault to have passes by, and how AWS, the metrics and the log tell of them."""

from __future__ import annotations

import re

import pytest

from ackpy.testing.stage import Stage

EVERY_SECOND = "--reconcile-default-resync-seconds=1"
DENIED = {"act": "error", "status": 403, "code": "AccessDenied", "message": "no"}


async def until_called(stage: Stage, operation: str, times: int, since: int) -> None:
    async def called() -> bool:
        return stage.operations(since).count(operation) >= times

    await stage.wait(called, f"{operation}, {times} times")


async def passes(stage: Stage, result: str, controller: str = "bucket") -> float:
    return await stage.metric("controller_runtime_reconcile_total", controller=controller, result=result)


async def until_passes(stage: Stage, result: str, least: int, controller: str = "bucket") -> None:
    async def ended() -> bool:
        return await passes(stage, result, controller) >= least

    await stage.wait(ended, f"{least} passes that end in {result}")


def waits(caplog: pytest.LogCaptureFixture) -> list[tuple[int, float]]:
    """The failed passes in the log: the how many-th in a row, and the seconds until the next."""
    found = re.findall(r"pass (\d+) failed: .*; again in ([\d.]+) s", caplog.text)
    return [(int(number), float(seconds)) for number, seconds in found]
