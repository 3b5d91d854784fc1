"""The table of flags as click options, and back to a child's arguments."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from ackpy.cli.flags import GroupedCommand, controller_flags, given
from ackpy.operator.options import FLAGS


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


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.variable], ids=lambda flag: flag.variable)
def test_every_variable_sets_its_flag(flag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {str: "x", int: "7", bool: "true"}[flag.kind]
    seen: dict[str, Any] = {}

    @click.command()
    @controller_flags()
    def take(**values: Any) -> None:
        seen.update(values)

    monkeypatch.setenv(flag.variable, value)
    assert CliRunner().invoke(take, []).exit_code == 0
    assert str(seen[flag.field]).lower() == value


def test_help_lists_every_flag_under_its_heading() -> None:
    text = CliRunner().invoke(echo, ["--help"]).output
    sections = text.split("\n\n")
    for flag in FLAGS:
        if flag.name != "kubeconfig":
            assert any(section.startswith(f"{flag.group}:") and f"--{flag.name}" in section for section in sections), (
                flag.name
            )


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("--allow-unsafe-aws-endpoint-urls=false", "False"), ("--allow-unsafe-aws-endpoint-urls", "True")],
)
def test_a_boolean_flag_is_written_as_in_go(argument: str, expected: str) -> None:
    @click.command()
    @controller_flags()
    def show(**values: Any) -> None:
        print(values["allow_unsafe_aws_endpoint_urls"])

    assert CliRunner().invoke(show, [argument]).output.strip() == expected


def test_an_unknown_flag_is_an_error() -> None:
    result = CliRunner().invoke(echo, ["--deletion-polcy=retain"])
    assert result.exit_code == 2
    assert "--deletion-policy" in result.output
