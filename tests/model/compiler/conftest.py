"""The small kinds, compiled once."""

from collections.abc import Callable

import pytest
from tests.model.kinds import KINDS

from ackpy.model.compiler import compile_service
from ackpy.model.definition import Resource
from ackpy.model.descriptor import Descriptor


@pytest.fixture(scope="session")
def compiled() -> Callable[[Resource], Descriptor]:
    """What becomes of one of `KINDS`."""
    made = {each.kind: each for each in compile_service(KINDS)}
    return lambda resource: made[resource.kind]
