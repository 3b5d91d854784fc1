"""Feature gates: the contract's table, and what may be written on the command line."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest

from ackpy.controllers.options import Gates
from ackpy.errors import ConfigError
from ackpy.operator.gates import GATES, Stage, parse_gates

CONTRACT = {
    "IgnoreFieldDrift": ("alpha", False),
    "ResourceAdoption": ("beta", True),
    "ReadOnlyResources": ("beta", True),
    "TeamLevelCARM": ("alpha", False),
    "ServiceLevelCARM": ("alpha", False),
    "IAMRoleSelector": ("alpha", False),
}


def test_names_stages_and_defaults_are_those_of_the_contract() -> None:
    assert {gate.name: (gate.stage.value, gate.default) for gate in GATES} == CONTRACT


def test_every_gate_has_a_row_and_an_alpha_one_is_off() -> None:
    assert {gate.field for gate in GATES} == {field.name for field in fields(Gates)}
    assert all(gate.default is (gate.stage is Stage.BETA) for gate in GATES)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_is_turned_alone(gate: object) -> None:
    row = next(each for each in GATES if each is gate)
    turned = asdict(parse_gates((f"{row.name}={str(not row.default).lower()}",)))
    assert turned == asdict(Gates()) | {row.field: not row.default}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), Gates()),
        (("TeamLevelCARM=T", "ResourceAdoption=0"), Gates(team_level_carm=True, resource_adoption=False)),
        ((" TeamLevelCARM = true ",), Gates(team_level_carm=True)),
        (("TeamLevelCARM=true", "TeamLevelCARM=false"), Gates()),
    ],
    ids=["none", "Go's booleans", "blanks", "the last one holds"],
)
def test_entries(entries: tuple[str, ...], expected: Gates) -> None:
    assert parse_gates(entries) == expected


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("TeamLevelCarm=true", "no feature gate 'TeamLevelCarm'; did you mean TeamLevelCARM"),
        ("Nothing=true", "no feature gate 'Nothing'; there are IAMRoleSelector, "),
        ("TeamLevelCARM", "found 'TeamLevelCARM', expected Name=true"),
        ("TeamLevelCARM=", "expected Name=true"),
        ("TeamLevelCARM=yes", "--feature-gates=TeamLevelCARM: found 'yes'"),
        ("", "found '', expected Name=true"),
    ],
)
def test_a_gate_that_makes_no_sense_is_named(entry: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_gates((entry,))
