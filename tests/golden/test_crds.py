"""The schemas that we publish, frozen without descriptions. A difference that is meant is taken over with ACKPY_UPDATE_GOLDEN=1."""

import os
from pathlib import Path

import pytest

from ackpy.catalog import load, services
from ackpy.model.compiler import compile_service
from ackpy.model.crd import custom_resource_definition, to_yaml

FOLDER = Path(__file__).parent / "crds"
KINDS = {f"{each.service}.services.k8s.aws_{each.plural}.yaml": each for each in compile_service(load(services()))}


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_is_as_frozen(name: str) -> None:
    text = to_yaml(custom_resource_definition(KINDS[name], descriptions=False))
    if os.environ.get("ACKPY_UPDATE_GOLDEN"):
        (FOLDER / name).write_text(text, encoding="utf-8")
    assert text == (FOLDER / name).read_text(encoding="utf-8")


def test_no_frozen_schema_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(KINDS)
