"""`ackpy up`: a data folder -> a cluster, an AWS and the controllers on this machine, until interrupted."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ackpy.cli.flags import GroupedCommand, controller_flags, given
from ackpy.errors import ConfigError
from ackpy.local.lifeline import told_to_stop
from ackpy.operator.flags import FLAGS
from ackpy.operator.options import parse
from ackpy.operator.syntax import split

if TYPE_CHECKING:
    from ackpy.local.stack import Stack, StackOptions

OF_UP = ("services", "kubeconfig", "aws-region")
PORT, AWS_PORT = 7443, 7444


@click.command(cls=GroupedCommand)
@click.option(
    "--services",
    default="",
    envvar="ACKPY_SERVICES",
    metavar="LIST",
    help="Services, comma-separated; all when left out.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(".ackpy"),
    metavar="DIR",
    show_default=True,
    help="Where state is kept.",
)
@click.option("--ephemeral", is_flag=True, help="Keep the state in a temporary folder, and remove it at the end.")
@click.option("--port", type=int, default=PORT, show_default=True, help="The API server's port; 0 takes a free one.")
@click.option(
    "--aws-port", type=int, default=AWS_PORT, show_default=True, help="The embedded AWS's port; 0 takes a free one."
)
@click.option(
    "--kubeconfig",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The kubeconfig to write; in the data folder when left out.",
)
@click.option(
    "--region",
    "--aws-region",
    "region",
    default="us-east-1",
    envvar="AWS_REGION",
    show_default=True,
    help="The AWS region.",
)
@click.option(
    "--pending",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="For how long databases, clusters, streams and file systems are being made in the embedded AWS; 0 makes them at once.",
)
@click.option("--no-controllers", is_flag=True, help="Start no controllers.")
@click.option("--no-aws", is_flag=True, help="Start no AWS: bring your own with AWS_ENDPOINT_URL.")
@click.option(
    "--real-aws", is_flag=True, help="With --no-aws and no AWS_ENDPOINT_URL: let the controllers write to the real AWS."
)
@controller_flags(leave_out=OF_UP)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Start a cluster, an AWS and the controllers on this machine; nothing outside the data folder is touched."""
    with ExitStack() as held:
        if values["ephemeral"]:
            values["data"] = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="ackpy-")))
        flags = given(ctx, leave_out=OF_UP)
        _check(values, flags)
        asyncio.run(_up(_options(values, flags), real_aws=values["real_aws"]))


def _check(values: dict[str, Any], flags: list[str]) -> None:
    """Say what is wrong with the controllers' flags before any process is started for nothing."""
    if not values["no_aws"] and _names_endpoint(flags):
        raise ConfigError("--aws-endpoint-url: this stack has an AWS of its own; add --no-aws to use another")
    of_run = {name: values[name] for name in values.keys() & {flag.field for flag in FLAGS}}
    parse({**of_run, "aws_region": values["region"], "kubeconfig": "", "allow_unsafe_aws_endpoint_urls": "true"})


def _names_endpoint(flags: Sequence[str]) -> bool:
    return any(flag.startswith("--aws-endpoint-url=") for flag in flags)


def _options(values: dict[str, Any], flags: list[str]) -> StackOptions:
    from ackpy.catalog import services  # noqa: PLC0415  keeps `ackpy --help` fast
    from ackpy.local.stack import StackOptions  # noqa: PLC0415

    return StackOptions(
        data=values["data"],
        services=split(values["services"]) or services(),
        region=values["region"],
        port=values["port"],
        aws_port=values["aws_port"],
        kubeconfig=values["kubeconfig"],
        aws=not values["no_aws"],
        pending=values["pending"],
        controllers=not values["no_controllers"],
        controller_flags=tuple(flags),
    )


async def _up(options: StackOptions, *, real_aws: bool) -> None:
    from ackpy.local.stack import running  # noqa: PLC0415

    started = time.monotonic()
    elsewhere = _names_endpoint(options.controller_flags) or os.environ.get("AWS_ENDPOINT_URL")
    if not options.aws and options.controllers and not elsewhere:
        await _name_account(options.region, allowed=real_aws)
    async with told_to_stop() as interrupted, running(options) as stack:
        print(ready_lines(options, stack, time.monotonic() - started), flush=True)
        ended = asyncio.ensure_future(stack.ended())
        await asyncio.wait({ended, asyncio.ensure_future(interrupted.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if not interrupted.is_set():
            raise await ended
        ended.cancel()
        print("stopping", flush=True)


async def _name_account(region: str, *, allowed: bool) -> None:
    """Nobody writes to a real account by accident: it takes a flag, and the account is printed first."""
    if not allowed:
        raise ConfigError(
            "--no-aws: AWS_ENDPOINT_URL names no endpoint, so this would be the real AWS; pass --real-aws if you mean it"
        )
    from ackpy.operator.assemble import caller_account  # noqa: PLC0415

    print(f"real AWS: account {await caller_account(region)}, region {region}", flush=True)


def ready_lines(options: StackOptions, stack: Stack, seconds: float) -> str:
    """What is printed when all serves: a line that begins with `ready`, and the exports to paste."""
    parts = [f"cluster {stack.cluster_url}"]
    if options.aws:
        parts.append(f"AWS {stack.aws_url} (account {stack.account}, {options.region})")
    if options.controllers:
        parts.append(f"controllers for {', '.join(options.services)}")
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in stack.environment.items())
    return f"ready in {seconds:.1f} s: {'; '.join(parts)}\n\n{exports}\n"
