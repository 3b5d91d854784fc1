"""The table of flags as click options, and back to a child's arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ackpy.cli.flags import GroupedCommand, controller_flags, given
from ackpy.cli.run import command as run
from ackpy.operator.flags import FLAGS, Flag, Kind

HELP = Path(__file__).parents[1] / "golden" / "run-help.txt"


@click.command(cls=GroupedCommand)
@controller_flags(leave_out=("kubeconfig",))
@click.pass_context
def echo(ctx: click.Context, /, **values: Any) -> None:
    print(given(ctx, leave_out=("services",)), sorted(values))


def test_only_what_was_typed_goes_to_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELETION_POLICY", "retain")  # the child inherits the variable
    result = CliRunner().invoke(echo, ["--log-level=debug", "--services", "s3", "--allow-unsafe-aws-endpoint-urls"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("['--allow-unsafe-aws-endpoint-urls=true', '--log-level=debug'] ")


def seen_by(*arguments: str) -> dict[str, Any]:
    """What a command with every flag is called with."""
    seen: dict[str, Any] = {}

    @click.command()
    @controller_flags()
    def take(**values: Any) -> None:
        seen.update(values)

    result = CliRunner().invoke(take, arguments)
    assert result.exit_code == 0, result.output
    return seen


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.variable], ids=lambda flag: flag.variable)
def test_every_variable_sets_its_flag_and_the_flag_wins(flag: Flag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(flag.variable, "of the variable")
    of_variable, of_flag = seen_by()[flag.field], seen_by(f"--{flag.name}=typed")[flag.field]
    repeated = flag.kind is Kind.REPEATED
    assert of_variable == (("of the variable",) if repeated else "of the variable")
    assert of_flag == (("typed",) if repeated else "typed")


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_is_taken_with_and_without_an_equals_sign(flag: Flag) -> None:
    joined = seen_by(f"--{flag.name}=x")[flag.field]
    apart = seen_by(f"--{flag.name}", *(() if flag.kind is Kind.BOOLEAN else ("x",)))[flag.field]
    assert joined in {"x", ("x",)}
    assert apart == ("true" if flag.kind is Kind.BOOLEAN else joined)


def test_what_is_not_typed_is_the_default() -> None:
    assert seen_by() == {flag.field: flag.raw_default for flag in FLAGS}


def test_the_last_one_holds_and_a_repeated_one_adds_up() -> None:
    seen = seen_by("--log-level=debug", "--log-level=warn", "--resource-tags=a=b", "--resource-tags=c=d,e=f")
    assert (seen["log_level"], seen["resource_tags"]) == ("warn", ("a=b", "c=d,e=f"))


def test_a_repeated_flag_goes_to_the_child_as_often() -> None:
    result = CliRunner().invoke(echo, ["--resource-tags=a=b", "--resource-tags=c=d"])
    assert result.output.startswith("['--resource-tags=a=b', '--resource-tags=c=d'] ")


def test_help_is_the_committed_one() -> None:
    text = CliRunner().invoke(run, ["--help"], prog_name="ackpy run", terminal_width=100).output
    if os.environ.get("ACKPY_UPDATE_GOLDEN"):
        HELP.write_text(text)
    assert text == HELP.read_text(), "ACKPY_UPDATE_GOLDEN=1 takes the change over"


def test_help_lists_every_flag_under_its_heading() -> None:
    text = CliRunner().invoke(echo, ["--help"]).output
    sections = text.split("\n\n")
    for flag in FLAGS:
        if flag.name != "kubeconfig":
            assert any(section.startswith(f"{flag.group}:") and f"--{flag.name}" in section for section in sections), (
                flag.name
            )


def test_an_unknown_flag_is_an_error() -> None:
    result = CliRunner().invoke(echo, ["--deletion-polcy=retain"])
    assert result.exit_code == 2
    assert "--deletion-policy" in result.output
