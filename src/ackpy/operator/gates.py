"""ACK's feature gates: a table, and `--feature-gates A=true,B=false` -> the Gates that reconcilers read. Called by `options`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ackpy.controllers.options import Gates
from ackpy.errors import ConfigError
from ackpy.operator.syntax import boolean, nearest, pair

FLAG: Final = "--feature-gates"


class Stage(StrEnum):
    """How far a feature is: an alpha one is off unless asked for, a beta one on."""

    ALPHA = "alpha"
    BETA = "beta"


@dataclass(frozen=True, slots=True)
class Gate:
    """`name` is ACK's, `field` the attribute of Gates that it sets, and that holds its default."""

    name: str
    field: str
    stage: Stage

    @property
    def default(self) -> bool:
        """Whether it is on when nobody says anything."""
        on: bool = getattr(Gates(), self.field)
        return on


GATES: tuple[Gate, ...] = (
    Gate("IgnoreFieldDrift", "ignore_field_drift", Stage.ALPHA),
    Gate("ResourceAdoption", "resource_adoption", Stage.BETA),
    Gate("ReadOnlyResources", "read_only_resources", Stage.BETA),
    Gate("TeamLevelCARM", "team_level_carm", Stage.ALPHA),
    Gate("ServiceLevelCARM", "service_level_carm", Stage.ALPHA),
    Gate("IAMRoleSelector", "iam_role_selector", Stage.ALPHA),
)


def parse_gates(entries: Sequence[str]) -> Gates:
    """`Name=true` entries -> Gates; the last of a name holds, as in Go. ConfigError: another form, an unknown name."""
    return replace(Gates(), **dict(_setting(entry) for entry in entries))


def _setting(entry: str) -> tuple[str, bool]:
    name, value = pair(FLAG, entry, "Name=true or Name=false")
    fields = {gate.name: gate.field for gate in GATES}
    if name not in fields:
        raise ConfigError(f"{FLAG}: there is no feature gate {name!r}; {nearest(name, fields)}")
    return fields[name], boolean(f"{FLAG}={name}", value)
