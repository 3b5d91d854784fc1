"""`ackpy crds`: services -> their CustomResourceDefinitions as YAML, on the terminal or one file each."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ackpy.operator.syntax import split


@click.command()
@click.option("--services", default="", metavar="LIST", help="Services, comma-separated; all when left out.")
@click.option("--adopted-resource", is_flag=True, help="With AdoptedResource, which only older installations have.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write one file a kind into DIR.")
def command(services: str, adopted_resource: bool, output: Path | None) -> None:
    """Print the CustomResourceDefinitions, as `kubectl apply -f -` takes them."""
    from ackpy.model.crd import to_yaml  # noqa: PLC0415  keeps `ackpy --help` fast
    from ackpy.operator.kinds import custom_resource_definitions  # noqa: PLC0415

    definitions = custom_resource_definitions(split(services), adopted_resource=adopted_resource)
    if output is None:
        sys.stdout.write("".join(f"---\n{to_yaml(definition)}" for definition in definitions))
        return
    output.mkdir(parents=True, exist_ok=True)
    for definition in definitions:
        group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
        (output / f"{group}_{plural}.yaml").write_text(to_yaml(definition))
    print(f"{len(definitions)} CustomResourceDefinitions in {output}")
