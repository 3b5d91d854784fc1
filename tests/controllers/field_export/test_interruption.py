"""A controller that ends between any two steps, and what the next one makes of it."""

from __future__ import annotations

from tests.controllers.field_export.exporting import ARN, Start, lost

from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube.objects import ObjectKey
from ackpy.testing.memory import MemoryCluster


async def test_an_end_between_any_two_steps_is_made_good(start: Start) -> None:
    """The answer to each write in turn is lost; afterwards all is as if nothing had been."""
    for number in range(6):
        cluster = MemoryCluster()
        async with start(cluster) as here:
            await here.bucket()
            await here.target(other="kept")
            cluster.loses = lost(number)
            await here.export()
            await here.rest()
        async with start(cluster) as here:
            await here.rest()
            assert here.data() == {"other": "kept", "arn": ARN}
            key = await here.export(to={"name": "u"})
            await here.target(name="u")
            await here.rest()
            assert (here.data(), here.data(name="u")) == ({"other": "kept"}, {"arn": ARN})
            await here.delete(FIELD_EXPORTS, key)
        async with start(cluster) as here:
            await here.rest()
            assert (here.data(), here.data(name="u")) == ({"other": "kept"}, {})
            assert cluster.peek(FIELD_EXPORTS, key) is None


async def test_an_end_between_any_two_steps_leaves_no_key_of_an_older_spec(start: Start) -> None:
    """The key changes within one ConfigMap, an answer is lost, and after the restart there is nothing to export."""
    for number in range(4):
        cluster = MemoryCluster()
        async with start(cluster) as here:
            await here.bucket()
            await here.target(other="kept")
            await here.export(to={"key": "older"})
            cluster.loses = lost(number)
            await here.export(to={"key": "newer"})
        cluster.loses = lambda _: False
        await here.bucket(synced="False")
        async with start(cluster) as here:
            await here.rest()
            assert "older" not in here.data()
            key = ObjectKey("default", "e")
            await here.delete(FIELD_EXPORTS, key)
            assert (here.data(), cluster.peek(FIELD_EXPORTS, key)) == ({"other": "kept"}, None)
