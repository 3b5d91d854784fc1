"""`python -m ackpy.local.cloud`: the embedded AWS as a child process; started by `ackpy up` and by the test fixtures.

Prints one JSON line when it serves. Ends on SIGTERM or SIGINT, and when its parent is gone. A bad option, a taken port, a
folder in use or a damaged log: one line on standard error and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from ackpy.local.cloud.endpoint import CloudOptions
from ackpy.local.lifeline import told_to_stop
from ackpy.local.serving import exit_code_of

if TYPE_CHECKING:
    from ackpy.local.cloud.endpoint import CloudEndpoint


def main() -> int:
    """Serve; the exit code."""
    arguments = _parser().parse_args()
    _prepare_environment()
    data = None if arguments.ephemeral else arguments.data
    options = CloudOptions(data=data, port=arguments.port, region=arguments.region, pending=arguments.pending)
    return exit_code_of(_serve(options, arguments.parent_pid))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ackpy.local.cloud", description=__doc__)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--data", type=Path, metavar="DIR", help="the folder that keeps its state")
    place.add_argument("--ephemeral", action="store_true", help="keep nothing")
    parser.add_argument("--port", type=int, default=0, help="the port on loopback; 0, the default, takes a free one")
    parser.add_argument("--region", default="us-east-1", help="the region of unsigned calls")
    parser.add_argument(
        "--pending", type=float, default=0.0, metavar="SECONDS", help="how long slow kinds are being made"
    )
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="end when this process is no longer the parent")
    return parser


def _prepare_environment() -> None:
    """No profile or key of the user's reaches the emulation, and it knows AWS's managed policies."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"


async def _serve(options: CloudOptions, parent: int | None) -> None:
    from ackpy.local.cloud.server import serve  # noqa: PLC0415  # moto reads the environment when it is imported

    async with told_to_stop(parent) as stop:
        await serve(options, ready=_print_ready, stop=stop)


def _print_ready(endpoint: CloudEndpoint) -> None:
    line = {
        "ready": True,
        "url": endpoint.url,
        "accountId": endpoint.account_id,
        "accessKeyId": endpoint.access_key_id,
        "secretAccessKey": endpoint.secret_access_key,
        "adminToken": endpoint.admin_token,
    }
    print(orjson.dumps(line).decode(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
