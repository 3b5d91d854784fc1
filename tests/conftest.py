"""Fixtures that every test may ask for: an API server, an AWS, a clock. They are the ones that we ship in `ackpy.testing`."""

pytest_plugins = ["ackpy.testing.cluster", "ackpy.testing.cloud", "ackpy.testing.stack"]
