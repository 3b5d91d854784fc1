"""Fixtures that every test may ask for: a cluster in memory, its clock, an API server, an AWS: those that we ship in `ackpy.testing`."""

import os

import pytest
from hypothesis import settings

# The processors are shared: an example's time says nothing. `make test` tries the same examples each time, so that a run that fails
# can be repeated; `make test-long` tries new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("fresh", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ACKPY_TEST_PROFILE", "repeatable"))

pytest_plugins = [
    "ackpy.testing.memory",
    "ackpy.testing.cluster",
    "ackpy.testing.cloud",
    "ackpy.testing.stack",
    "ackpy.testing.kept",
    "ackpy.testing.stage",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the rows that hold one rule of ACK's contract the first is for every run; the others are for `make test-long`."""
    held: set[str] = set()
    for item in items:
        rules = {mark.args[0] for mark in item.iter_markers("rule")}
        if rules and rules <= held:
            item.add_marker(pytest.mark.long)
        held |= rules
