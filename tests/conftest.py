"""Fixtures that every test may ask for: an API server, an AWS, a clock. They are the ones that we ship in `ackpy.testing`."""

from hypothesis import settings

settings.register_profile("busy-machine", deadline=None)  # the processors are shared: an example's time says nothing
settings.load_profile("busy-machine")

pytest_plugins = ["ackpy.testing.cluster", "ackpy.testing.cloud", "ackpy.testing.stack"]
