"""Every setting of every kind, driven by the real reconciler against the embedded AWS and looked at with an independent client.

The tables are `settings/*.yaml`. A row: a `setting` (a top-level spec path) has a `value`, and AWS then `holds` what `read` reads
("Operation:JMESPath", or a code of refusal; $any is any text); `changed`, it `becomes` something else; each of the `drifts` is made
behind the controller's back and mended; taken out of the spec, it `returns` to AWS's default. One that the spec never named is
`fresh` (what it returns to, unless said), and what somebody made of it `by_hand` is left alone. `with` are other settings, `before`
calls that come first, `name` tells rows apart, `open` says what does not hold yet (the row must
fail until it does). $name is the resource's name, $other another's, $account the account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

Same = Callable[[Any, Any], bool]

pytestmark = pytest.mark.slow

TABLES = sorted((Path(__file__).parent / "settings").glob("*.yaml"))
ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; `call` are the parameters by which AWS knows the resource."""

    service: str
    kind: str
    setting: str
    read: str
    value: Any
    holds: Any
    spec: Mapping[str, Any]
    call: Mapping[str, Any]
    name: str = ""
    region: str = "us-east-1"
    before: tuple[Mapping[str, Any], ...] = ()
    with_: Mapping[str, Any] = field(default_factory=dict)
    changed: Any = None
    becomes: Any = None
    drifts: tuple[Mapping[str, Any], ...] = ()
    by_hand: Mapping[str, Any] = field(default_factory=dict)
    returns: Any = ABSENT
    fresh: Any = ABSENT
    open: str = ""

    def __str__(self) -> str:
        return f"{self.kind}.{self.name or self.setting}"


def rows() -> Iterator[Row]:
    for path in TABLES:
        table = yaml.safe_load(path.read_text())
        shared = {name: table[name] for name in ("service", "kind", "spec", "call")}
        for setting in table["settings"]:
            words = {("with_" if name == "with" else name): value for name, value in setting.items()}
            yield Row(**{**shared, **words})


ROWS = list(rows())


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """The value with $name, $other and $account filled in; what else begins with a dollar stays."""
    if isinstance(value, str):
        return Template(value).safe_substitute(names)
    if isinstance(value, Mapping):
        return {key: filled(each, names) for key, each in value.items()}
    return [filled(each, names) for each in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Case:
    """A row for one resource, and what it is driven with."""

    row: Row
    kept: Any
    names: Mapping[str, str]

    def of(self, value: Any) -> Any:
        return filled(value, self.names)

    @property
    def base(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.of({**self.row.spec, **self.row.with_})
        return spec

    def held(self) -> Any:
        return self.kept.read(self.of(self.row.read), **self.of(self.row.call))

    def do(self, calls: Mapping[str, Any]) -> None:
        for operation, parameters in calls.items():
            answer = self.kept.ask(operation, **{**self.of(self.row.call), **self.of(parameters or {})})
            assert not isinstance(answer, str), f"{operation}: {answer}"


def check(case: Case, expected: Any, same: Same) -> None:
    found = case.held()
    assert same(case.of(expected), found), (case.of(expected), found, case.kept.condition("Ready"))


@pytest.fixture
async def case(request: pytest.FixtureRequest, keep: Any, account: str) -> Case:
    row: Row = request.param
    kept = await keep(row.service, row.kind, row.region)
    made = Case(row, kept, {"name": f"kept-{account}", "other": f"other-{account}", "account": account})
    for before in row.before:
        for operation, parameters in before.items():
            answer = kept.ask(operation, **made.of(parameters or {}))
            assert not isinstance(answer, str), f"{operation}: {answer}"
    return made


def parameters(chosen: Iterable[Row]) -> list[Any]:
    """The rows as parameters of a test; one that does not hold yet has to fail."""
    return [
        pytest.param(row, id=str(row), marks=[pytest.mark.xfail(strict=True, reason=row.open)] if row.open else [])
        for row in chosen
    ]


@pytest.mark.parametrize("case", parameters(ROWS), indirect=True)
async def test_created_changed_drifted_and_taken_out(case: Case, same: Same) -> None:
    row, kept = case.row, case.kept
    await kept.apply({**case.base, row.setting: case.of(row.value)})
    check(case, row.holds, same)
    assert await kept.written(kept.resync) == [], "a second pass writes nothing"
    for drift in row.drifts:
        case.do(drift)
        await kept.resync()
        check(case, row.holds, same)
        assert await kept.written(kept.resync) == []
    if row.changed is not None:
        await kept.change(**{row.setting: case.of(row.changed)})
        check(case, row.becomes, same)
        assert await kept.written(kept.resync) == []
    if row.returns is not ABSENT:
        await kept.change(**{row.setting: None})
        check(case, row.returns, same)
        assert await kept.written(kept.resync) == []


@pytest.mark.parametrize("case", [pytest.param(row, id=str(row)) for row in ROWS if row.by_hand], indirect=True)
async def test_never_set_and_left_alone(case: Case, same: Same) -> None:
    row, kept = case.row, case.kept
    await kept.apply(case.base)
    check(case, row.returns if row.fresh is ABSENT else row.fresh, same)
    case.do(row.by_hand)
    made = case.held()
    assert await kept.written(kept.resync) == []
    assert same(made, case.held())
