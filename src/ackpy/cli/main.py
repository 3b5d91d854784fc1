"""The `ackpy` command: turns a command's name into the module that holds it, imported only when it is asked for.

A command is one file of this package with a click command of the same name. Errors that we raise on purpose are printed as one line
and end with status 1 (2 for a wrong flag, file or folder); anything else is a bug and shows its traceback.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from ackpy import __version__
from ackpy.errors import AckpyError, ConfigError

COMMANDS: Mapping[str, str] = {
    "up": "Start a cluster, an AWS and the controllers on this machine.",
    "run": "Run the controllers against a cluster and AWS.",
    "crds": "Print the CustomResourceDefinitions.",
    "services": "List services, kinds and the AWS operations they use.",
    "demo": "Take one bucket from kubectl to AWS and back, on this machine.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """The command object of `ackpy.cli.<name>`; None for one that is not in the table."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ackpy.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        """The table itself: importing every command to print its summary would cost a second."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="ackpy")
def cli() -> None:
    """AWS Controllers for Kubernetes, in Python: Kubernetes manifests become AWS resources and stay as declared."""


def main() -> None:
    """Entry point of the console script."""
    try:
        cli(prog_name="ackpy")
    except ConfigError as error:
        _stop(error, status=2)
    except AckpyError as error:
        _stop(error, status=1)


def _stop(error: AckpyError, *, status: int) -> None:
    print(f"ackpy: {error}", file=sys.stderr)
    sys.exit(status)
