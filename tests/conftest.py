"""Fixtures that every test may ask for: an API server, an AWS, a clock. They are the ones that we ship in `ackpy.testing`."""

import os

from hypothesis import settings

# The processors are shared: an example's time says nothing. `make test` tries the same examples each time, so that a run that fails
# can be repeated; `make test-long` tries new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("fresh", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ACKPY_TEST_PROFILE", "repeatable"))

pytest_plugins = [
    "ackpy.testing.cluster",
    "ackpy.testing.cloud",
    "ackpy.testing.stack",
    "ackpy.testing.kept",
    "ackpy.testing.stage",
]
