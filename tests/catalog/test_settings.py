"""Every setting of every kind, driven by the real reconciler against the embedded AWS and looked at with an independent client.

The tables are `settings/*.yaml`. A row: a `setting` (a top-level spec path) has a `value`, and AWS then `holds` what `read` reads
("Operation:JMESPath", or a code of refusal; $any is any text); `changed`, it `becomes` something else; each of the `drifts` is made
behind the controller's back and mended; taken out of the spec, it `returns` to AWS's default, or `stays` where there is no way back.
One that the spec never named is `fresh` (what it returns to, unless said), and what somebody made of it `by_hand` is left alone.
`along` are other settings, `before` calls that come first, `name` tells rows apart. $name is the resource's name, $other another's,
$account the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from string import Template
from typing import Any, Final

import pytest
import yaml

from ackpy.catalog import load
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor, Node, Type
from ackpy.testing.kept import Keep, Kept

pytestmark = pytest.mark.slow

UNSAID: Final = "unsaid"
ANY: Final = "$any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; `spec` and `call` are how Kubernetes and AWS know the resource."""

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
    before: list[Mapping[str, Any]] = field(default_factory=list)
    along: Mapping[str, Any] = field(default_factory=dict)
    changed: Any = UNSAID
    becomes: Any = None
    drifts: list[Mapping[str, Any]] = field(default_factory=list)
    by_hand: Mapping[str, Any] = field(default_factory=dict)
    returns: Any = UNSAID
    fresh: Any = UNSAID
    stays: bool = False

    def __str__(self) -> str:
        return f"{self.kind}.{self.name or self.setting}"

    @property
    def bare(self) -> dict[str, Any]:
        """The spec without the setting."""
        return {**self.spec, **self.along}

    @property
    def whole(self) -> dict[str, Any]:
        """The spec with it."""
        return {**self.bare, self.setting: self.value}

    def filled(self, **names: str) -> Row:
        """With names in place of $name and so on."""
        return replace(self, **{each.name: _filled(getattr(self, each.name), names) for each in fields(self)})


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).safe_substitute(names)
    if isinstance(value, dict):
        return {name: _filled(each, names) for name, each in value.items()}
    return [_filled(each, names) for each in value] if isinstance(value, list) else value


def _rows() -> Iterator[Row]:
    for path in sorted((Path(__file__).parent / "settings").glob("*.yaml")):
        table = yaml.safe_load(path.read_text())
        rows = table.pop("settings")
        yield from (Row(**{**table, **row}) for row in rows)


ROWS: Final = tuple(_rows())


def rows(*saying: str) -> pytest.MarkDecorator:
    """Parametrise with the rows that say all of this."""
    chosen = [row for row in ROWS if all(getattr(row, each) not in (UNSAID, [], {}, False) for each in saying)]
    return pytest.mark.parametrize("row", chosen, ids=str)


@dataclass(frozen=True, slots=True)
class Case:
    """A row with the names of this test, and the object that it is tried on."""

    row: Row
    kept: Kept

    @property
    def fresh(self) -> Any:
        """What AWS holds before the setting is touched."""
        return self.row.returns if self.row.fresh == UNSAID else self.row.fresh

    def read(self) -> Any:
        """What AWS holds."""
        return self.kept.read(self.row.read, **self.row.call)

    def call(self, change: Mapping[str, Any]) -> None:
        """Make calls past the controller: operation to parameters."""
        for operation, parameters in change.items():
            answer = self.kept.ask(operation, **{**self.row.call, **parameters})
            assert isinstance(answer, dict), f"{operation} was refused: {answer}"

    async def rests_with(self, expected: Any, advisory: str = "") -> None:
        """The object is in step, AWS holds what is expected, and another look writes nothing."""
        assert self.kept.condition("ACK.ResourceSynced").startswith("True"), self.kept.condition("Ready")
        found = self.read()
        assert same(expected, found), found
        assert await self.kept.resync() == []
        advised = self.kept.condition("ACK.Advisory")
        assert advised.startswith(advisory) if advisory else not advised


def same(expected: Any, found: Any) -> bool:
    """Whether an answer is the expected one; ANY stands for any text."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(each, found[name]) for name, each in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return (isinstance(found, str) and bool(found)) if expected == ANY else bool(expected == found)


@pytest.fixture
async def case(row: Row, keep: Keep, account: str) -> Case:
    filled = row.filled(name=f"b-{account}", other=f"other-{account}", account=account)
    made = Case(filled, await keep(row.service, row.kind, row.region))
    for change in filled.before:
        made.call(change)
    return made


@rows()
async def test_created_with_it(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.whole)
    await case.rests_with(case.row.holds)


@rows("returns")
async def test_added_and_taken_out(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.bare)
    await case.rests_with(case.fresh)
    await case.kept.change(**{row.setting: case.row.value})
    await case.rests_with(case.row.holds)
    await case.kept.change(**{row.setting: None})
    await case.rests_with(case.row.returns)


@rows("stays")
async def test_taken_out_without_a_way_back(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.whole)
    await case.kept.change(**{row.setting: None})
    await case.rests_with(case.row.holds, advisory=f"True spec.{row.setting} was taken out")


@rows("changed")
async def test_changed_and_back(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.whole)
    await case.kept.change(**{row.setting: case.row.changed})
    await case.rests_with(case.row.becomes)
    await case.kept.change(**{row.setting: case.row.value})
    await case.rests_with(case.row.holds)


@rows("drifts")
async def test_drift_is_mended(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.whole)
    for drift in case.row.drifts:
        case.call(drift)
        assert not same(case.row.holds, case.read()), f"{drift} changes nothing"
        assert await case.kept.resync() != []
        await case.rests_with(case.row.holds)


@rows("by_hand")
async def test_never_set_is_left_alone(row: Row, case: Case) -> None:
    await case.kept.apply(case.row.bare)
    case.call(case.row.by_hand)
    found = case.read()
    assert not same(case.fresh, found), f"{row.by_hand} changes nothing"
    assert set(await case.kept.resync()) <= {"status patch"}  # AWS's time of the change stands in some kinds' status
    await case.rests_with(found)
    await case.kept.apply(case.row.bare, annotations={"example.com/edited": "yes"})
    await case.rests_with(found)


UNTRIED: Final = {
    "Bucket.logging.loggingEnabled.targetGrants..grantee.displayName": "AWS answers display names no more",
    "Bucket.logging.loggingEnabled.targetGrants..grantee.emailAddress": "AWS answers the canonical id instead",
}
"""Properties that no row has, and why."""


def leaves(node: Node, path: str) -> Iterator[str]:
    """The paths of a type's values; references stand beside what they fill."""
    if node.type is Type.LIST and node.element is not None:
        yield from leaves(node.element, f"{path}.")
    elif node.members:
        for name, member in node.members.items():
            if member.ref is None:
                yield from leaves(member.node, f"{path}.{name}")
    else:
        yield path


def said(value: Any, path: str) -> Iterator[str]:
    """The paths that a value says something of."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from said(each, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from said(each, f"{path}.")
    else:
        yield path


@pytest.mark.parametrize(
    "kind", compile_service(load(["s3"])) + compile_service(load(["ecr"])), ids=lambda each: each.kind
)
def test_every_property_is_tried(kind: Descriptor) -> None:
    mine = [row for row in ROWS if row.kind == kind.kind]
    specs = [spec for row in mine for spec in (row.whole, {row.setting: row.changed})]
    untried = set(leaves(kind.spec, kind.kind)) - {path for spec in specs for path in said(spec, kind.kind)}
    assert {path for path in untried if not any(path.startswith(known) for known in UNTRIED)} == set()


ALL: Final = frozenset({"changed", "drifts", "by_hand", "taken out"})
FIXED: Final = {
    "Bucket.createBucketConfiguration": ALL,  # said at creation alone
    "Bucket.namespace": ALL,
    "Bucket.objectOwnership": ALL,
    "Bucket.objectLockEnabledForBucket": {"changed", "drifts"},  # never switched off again
    "PullThroughCacheRule.registryID": ALL,  # immutable
    "PullThroughCacheRule.upstreamRegistry": ALL,
    "PullThroughCacheRule.upstreamRegistryURL": ALL,
    "PullThroughCacheRule.upstreamRepositoryPrefix": ALL,
    "Repository.encryptionConfiguration": ALL,
    "Repository.imageTagMutabilityExclusionFilters": {"by_hand", "taken out"},  # with the mutability: below
    "Repository.registryID": ALL,
    "RepositoryCreationTemplate.appliedFor": {"by_hand", "taken out"},  # required
    "RepositoryCreationTemplate.imageTagMutabilityExclusionFilters": {"by_hand", "taken out"},  # as the Repository's
}
"""What is not tried of a setting, for there is no such thing."""


def tried(setting: str) -> set[str]:
    """What the rows of a setting try beside its creation."""
    mine = [row for row in ROWS if f"{row.kind}.{row.setting}" == setting]
    found = {"changed"} if any(row.changed != UNSAID for row in mine) else set()
    found |= {"taken out"} if any(row.returns != UNSAID or row.stays for row in mine) else set()
    return found | {name for name in ("drifts", "by_hand") if any(getattr(row, name) for row in mine)}


@pytest.mark.parametrize("setting", sorted({f"{row.kind}.{row.setting}" for row in ROWS}))
def test_every_setting_goes_through_everything(setting: str) -> None:
    assert tried(setting) == ALL - FIXED.get(setting, frozenset())


@pytest.mark.parametrize(
    ("kind", "identity", "read"),
    [
        ("Repository", {"name": "team/app"}, "DescribeRepositories:repositories"),
        (
            "RepositoryCreationTemplate",
            {"prefix": "team", "appliedFor": ["REPLICATION"]},
            "DescribeRepositoryCreationTemplates:repositoryCreationTemplates",
        ),
    ],
)
async def test_a_mutability_and_its_exclusions_come_and_go_together(
    kind: str, identity: dict[str, Any], read: str, keep: Keep
) -> None:
    kept = await keep("ecr", kind)
    where = f"{read}[0].[imageTagMutability, imageTagMutabilityExclusionFilters]"
    filters = [{"filterType": "WILDCARD", "filter": "latest"}]
    await kept.apply(identity)
    assert kept.read(where) == ["MUTABLE", None]
    await kept.change(imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters)
    assert kept.read(where) == ["IMMUTABLE_WITH_EXCLUSION", filters]
    await kept.change(imageTagMutability=None, imageTagMutabilityExclusionFilters=None)
    assert kept.read(where)[0] == "MUTABLE"
    assert not kept.read(where)[1]
    assert await kept.resync() == []
    assert kept.condition("ACK.ResourceSynced").startswith("True")
