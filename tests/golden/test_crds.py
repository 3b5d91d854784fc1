"""The schemas that we publish, frozen without descriptions. A difference that is meant is taken over with ACKPY_UPDATE_GOLDEN=1."""

import os
from pathlib import Path
from typing import Any

import pytest

from ackpy.catalog import load, services
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCE, PUBLISHED
from ackpy.model.compiler import compile_service
from ackpy.model.crd import custom_resource_definition, to_yaml

FOLDER = Path(__file__).parent / "crds"


def undescribed(schema: Any) -> Any:
    """A schema without its descriptions; a property of that name stays."""
    if isinstance(schema, list):
        return [undescribed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: undescribed(value)
        for name, value in schema.items()
        if name != "description" or not isinstance(value, str)
    }


KINDS = {
    **{
        f"{each.group}_{each.plural}.yaml": custom_resource_definition(each, descriptions=False)
        for each in compile_service(load(services()))
    },
    **{
        f"{each.resource.group}_{each.resource.plural}.yaml": undescribed(each.custom_resource_definition())
        for each in (*PUBLISHED, ADOPTED_RESOURCE)
    },
}


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_is_as_frozen(name: str) -> None:
    text = to_yaml(KINDS[name])
    if os.environ.get("ACKPY_UPDATE_GOLDEN"):
        (FOLDER / name).write_text(text, encoding="utf-8")
    assert text == (FOLDER / name).read_text(encoding="utf-8")


def test_no_frozen_schema_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(KINDS)
