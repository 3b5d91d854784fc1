"""The table of flags as click options, and back to a child's arguments."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ackpy.cli.flags import GroupedCommand, controller_flags, given
from ackpy.cli.run import command as run
from ackpy.errors import ConfigError
from ackpy.operator.flags import FLAGS, Flag, Kind
from ackpy.operator.options import RunOptions, parse

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
        if flag.hidden:
            assert f"--{flag.name} " not in text
        elif flag.name != "kubeconfig":
            assert any(section.startswith(f"{flag.group}:") and f"--{flag.name}" in section for section in sections), (
                flag.name
            )


def test_an_unknown_flag_is_an_error() -> None:
    result = CliRunner().invoke(echo, ["--deletion-polcy=retain"])
    assert result.exit_code == 2
    assert "--deletion-policy" in result.output


CHART = """
    --aws-region eu-west-1 --aws-endpoint-url= --aws-identity-endpoint-url= --enable-development-logging --log-level info
    --resource-tags services.k8s.aws/controller-version=%CONTROLLER_SERVICE%-%CONTROLLER_VERSION%,services.k8s.aws/namespace=%K8S_NAMESPACE%
    --watch-namespace= --watch-selectors= --reconcile-resources Bucket --deletion-policy= --enable-leader-election
    --leader-election-namespace= --reconcile-default-resync-seconds 0 --reconcile-resource-resync-seconds Bucket=60
    --reconcile-default-max-concurrent-syncs 1 --reconcile-resource-max-concurrent-syncs Bucket=4 --feature-gates
    ReadOnlyResources=true,ResourceAdoption=true --enable-carm=true --metrics-addr 0.0.0.0:8080 --healthz-addr 0.0.0.0:8081
"""


def settings_of(arguments: str) -> RunOptions:
    """What `ackpy run` is told by a Deployment's arguments."""
    return parse(seen_by(*arguments.split()), {})


def test_the_arguments_of_acks_chart_are_taken_with_empty_values_too() -> None:
    options = settings_of(CHART)
    assert options.reconciler.region == "eu-west-1"
    assert options.reconciler.deletion_policy == "delete"
    assert options.resync_of == {"Bucket": 60}
    assert options.notices == ()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ("info", False)),
        ("--log-level=", ("info", False)),
        ("--log-level=ERROR", ("error", False)),
        ("-v=4", ("debug", False)),
        ("-v 5", ("debug", False)),
        ("--v=2", ("info", False)),
        ("--log-level info --zap-log-level error", ("error", False)),
        ("--zap-log-level=5", ("debug", False)),
        ("--zap-devel", ("info", True)),
        ("--zap-devel --zap-encoder=json", ("info", False)),
        ("--logtostderr --zap-encoder=console", ("info", True)),
    ],
)
def test_logging_flags_of_gos_programs(arguments: str, expected: tuple[str, bool]) -> None:
    options = settings_of(f"--aws-region=eu-west-1 {arguments}")
    assert (options.log_level, options.development_logging) == expected
    assert options.notices == ()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--zap-log-level=loud", "--zap-log-level: found 'loud', expected one of debug"),
        ("--zap-log-level=0", "or a number above zero"),
        ("--zap-encoder=xml", "--zap-encoder: found 'xml', expected one of json, console"),
        ("-v=high", "--v: found 'high', expected a whole number"),
        ("--zap-devel=perhaps", "--zap-devel: found 'perhaps', expected true or false"),
    ],
)
def test_a_logging_flag_without_sense_is_an_error(arguments: str, text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)):
        settings_of(f"--aws-region=eu-west-1 {arguments}")


def test_an_unknown_letter_is_an_error() -> None:
    assert CliRunner().invoke(echo, ["-x"]).exit_code == 2
