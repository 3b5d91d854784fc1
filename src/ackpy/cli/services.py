"""`ackpy services`: the catalog -> a table of services, kinds and the AWS operations they use."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from ackpy.model.descriptor import Descriptor
from ackpy.operator.syntax import split

WIDTH = 116


@click.command()
@click.option("--services", default="", metavar="LIST", help="Services, comma-separated; all when left out.")
@click.option("--emulation", is_flag=True, help="What of the embedded AWS answers each operation instead.")
def command(services: str, emulation: bool) -> None:
    """List services, kinds and the AWS operations that each may call."""
    from ackpy.operator.kinds import descriptors  # noqa: PLC0415  keeps `ackpy --help` fast

    kinds = descriptors(split(services))
    for line in _emulation(kinds) if emulation else _operations(kinds):
        print(line)


def _operations(kinds: tuple[Descriptor, ...]) -> Iterator[str]:
    for kind in kinds:
        yield f"{kind.service:<10}{kind.kind:<30}{kind.plural}.{kind.group}"
        for role, names in _by_role(kind).items():
            lines = textwrap.wrap(", ".join(names), WIDTH - 20)
            yield from (f"{role if not index else '':>18}  {line}" for index, line in enumerate(lines))


def _by_role(kind: Descriptor) -> dict[str, list[str]]:
    by_role: dict[str, list[str]] = {}
    for usage in kind.operations():
        names = by_role.setdefault(usage.role.value, [])
        if usage.operation not in names:
            names.append(usage.operation)
    return by_role


def _emulation(kinds: tuple[Descriptor, ...]) -> Iterator[str]:
    from ackpy.local.cloud.emulation import emulation  # noqa: PLC0415  needs ackpy[local]

    for service in dict.fromkeys(kind.model for kind in kinds):
        used = {usage.operation for kind in kinds if kind.model == service for usage in kind.operations()}
        for row in emulation(service):
            if row.operation in used:
                yield f"{service:<10}{row.operation:<45}{row.served_by}"
