"""`ackpy run`: flags and environment -> the controllers, until told to stop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from ackpy.cli.flags import GroupedCommand, controller_flags
from ackpy.local.lifeline import told_to_stop
from ackpy.operator.options import RunOptions, parse


@click.command(cls=GroupedCommand)
@controller_flags()
@click.option(
    "--parent-pid", type=int, hidden=True, help="End when this process, the parent, has gone; say when ready."
)
def command(parent_pid: int | None, **values: Any) -> None:
    """Run the controllers against a cluster (KUBECONFIG or in-cluster) and AWS (the default credential chain)."""
    from ackpy.cli.logs import configure  # noqa: PLC0415  keeps `ackpy --help` fast

    options = parse(values)
    configure(options.log_level, development=options.development_logging)
    asyncio.run(_run(options, parent_pid))


async def _run(options: RunOptions, parent: int | None) -> None:
    from ackpy.operator.assemble import run  # noqa: PLC0415

    async with told_to_stop(parent) as stop:
        await run(options, ready=_announce if parent else None, stop=stop)


def _announce() -> None:
    print(json.dumps({"ready": True}), flush=True)
