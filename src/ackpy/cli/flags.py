"""The table of controller flags -> click options, and back to arguments for a child process. Used by `run` and `up`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ackpy.operator.options import FLAGS, Flag

Command = TypeVar("Command", bound=Callable[..., Any])


class GroupedCommand(click.Command):
    """A command whose help lists its options under the headings of the table."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options of its own first, then the controller flags group by group."""
        headings = {flag.field: flag.group for flag in FLAGS}
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(headings.get(parameter.name or "", "Options"), []).append(record)
        for heading in sorted(sections, key=lambda name: name != "Options"):
            with formatter.section(heading):
                formatter.write_dl(sections[heading])


def controller_flags(leave_out: Sequence[str] = ()) -> Callable[[Command], Command]:
    """A decorator that gives a click command every controller flag but those left out."""

    def decorate(command: Command) -> Command:
        for flag in reversed(FLAGS):
            if flag.name not in leave_out:
                command = _option(flag)(command)
        return command

    return decorate


def given(ctx: click.Context, leave_out: Sequence[str] = ()) -> list[str]:
    """The controller flags of this command line as arguments: those that were typed, not those from defaults or variables."""
    return [
        f"--{flag.name}={_text(ctx.params[flag.field])}"
        for flag in FLAGS
        if flag.name not in leave_out and ctx.get_parameter_source(flag.field) is ParameterSource.COMMANDLINE
    ]


def _option(flag: Flag) -> Callable[[Command], Command]:
    extra: dict[str, Any] = {"is_flag": False, "flag_value": True} if flag.kind is bool else {}
    return click.option(
        f"--{flag.name}",
        flag.field,
        type=flag.kind,
        default=flag.default,
        envvar=flag.variable or None,
        metavar=flag.metavar or ("[=true|false]" if flag.kind is bool else None),
        help=flag.help,
        show_default=flag.kind is not bool and flag.default not in ("", 0),
        show_envvar=bool(flag.variable),
        **extra,
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
