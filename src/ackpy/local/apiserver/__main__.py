"""Flags -> a serving API server as a process of its own; started by the supervisor of `ackpy up` and by the test fixtures.

One JSON line on stdout says that it serves. SIGTERM and SIGINT end it cleanly, and so does the end of `--parent-pid`.
A wrong flag, port, folder or database is one line on stderr that begins with `ackpy: `, and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ackpy.local.apiserver.server import ApiServerOptions, Endpoint, serve
from ackpy.local.lifeline import told_to_stop
from ackpy.local.serving import exit_code_of


def main(arguments: list[str] | None = None) -> int:
    """Run the server; returns the exit code: 0 after a clean stop, 2 when it could not start."""
    flags = _parser().parse_args(arguments)
    options = ApiServerOptions(data=flags.data, host=flags.host, port=flags.port, kubeconfig=flags.kubeconfig)
    return exit_code_of(_run(options, flags.parent_pid))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ackpy.local.apiserver", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the state is kept")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: kubeconfig in the data folder")
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="end when this process, the parent, has gone")
    return parser


async def _run(options: ApiServerOptions, parent: int | None) -> None:
    async with told_to_stop(parent) as stop:
        await serve(options, ready=_announce, stop=stop)


def _announce(endpoint: Endpoint) -> None:
    line = {
        "ready": True,
        "url": endpoint.url,
        "kubeconfig": str(endpoint.kubeconfig),
        "ca_file": str(endpoint.ca_file),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
