"""The table of controller flags -> click options, and back to arguments for a child process. Used by `run` and `up`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ackpy.operator.flags import FLAGS, Flag, Kind

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
        f"--{flag.name}={text}"
        for flag in FLAGS
        if flag.name not in leave_out and ctx.get_parameter_source(flag.field) is ParameterSource.COMMANDLINE
        for text in _texts(ctx.params[flag.field])
    ]


class _Text(click.types.StringParamType):
    """A text that `Flag.read` takes apart: a variable of a repeated flag is one occurrence, blanks and all."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Click would split it at blanks."""
        return [rv]


class _OfLetter(_Text):
    """The text of a flag that has a letter: `-v=4` is Go's, where click's `-v4` keeps the equals sign."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take it off."""
        return super().convert(value, param, ctx).removeprefix("=")


def _option(flag: Flag) -> Callable[[Command], Command]:
    extra: dict[str, Any] = {"is_flag": False, "flag_value": "true"} if flag.kind is Kind.BOOLEAN else {}
    return click.option(
        *([f"-{flag.short}"] if flag.short else []),
        f"--{flag.name}",
        flag.field,
        type=_OfLetter() if flag.short else _Text(),
        default=flag.raw_default,
        envvar=flag.variable or None,
        metavar=flag.metavar or ("[=true|false]" if flag.kind is Kind.BOOLEAN else None),
        help=flag.help,
        multiple=flag.kind is Kind.REPEATED,
        show_default=flag.default not in {"", "0", "false"},
        show_envvar=bool(flag.variable),
        hidden=flag.hidden,
        **extra,
    )


def _texts(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
