"""What FieldExports ask of the API server and write to it: no more than what changes needs."""

from __future__ import annotations

from tests.controllers.field_export.exporting import ARN, Start, T

from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.resource import CONFIG_MAPS, SECRETS


async def test_exports_to_one_configmap_do_not_read_it_for_each_other(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        for number in range(8):
            await here.export(f"e{number}", to={"key": f"k{number}"})
        assert here.data() == {f"k{number}": ARN for number in range(8)}
        assert here.requests(0, CONFIG_MAPS) == ["GET", "PATCH"] * 8


async def test_nothing_is_asked_or_written_while_nothing_changes(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        since = len(here.cluster.requests)
        await here.bucket(unrelated="x")
        await here.clock.advance(9 * 3600)
        assert here.requests(since, CONFIG_MAPS) == here.requests(since, FIELD_EXPORTS) == []


async def test_a_writer_who_insists_is_answered_no_more_than_twice_a_minute(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        since = len(here.cluster.requests)
        for second in range(120):
            await here.edit(CONFIG_MAPS, T, {"data": {"arn": f"theirs {second}"}})
            await here.clock.advance(1)
        assert here.requests(since, CONFIG_MAPS).count("PATCH") <= 5
        await here.clock.advance(60)
        assert here.data() == {"arn": ARN}


async def test_the_status_is_written_once_a_change(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        assert here.cluster.writes(FIELD_EXPORTS) == ["PATCH", "PATCH status"]
        for number in range(5):
            await here.bucket(ackResourceMetadata={"arn": f"arn:{number}"})
        assert here.data() == {"arn": "arn:4"}
        assert here.cluster.writes(FIELD_EXPORTS) == ["PATCH", "PATCH status"]


async def test_an_edit_shows_in_a_newer_time_though_the_status_is_the_same(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        before = objects.condition_of(here.stored(key), "Ready")
        await here.export(path=".status.ackResourceMetadata.region")
        after = objects.condition_of(here.stored(key), "Ready")
        assert before is not None
        assert after is not None
        assert after["lastTransitionTime"] > before["lastTransitionTime"]


async def test_of_what_is_written_to_only_metadata_is_watched_where_it_is_needed(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target("secret")
        await here.export(to={"kind": "secret"})
        await here.export("forbidden", to={"kind": "secret", "namespace": "kube-system"})
        scopes = {each.scope for each in here.manager.informers.all if each.resource == SECRETS}
        assert [(scope.namespaces, scope.metadata_only) for scope in scopes] == [(("default",), True)]
        assert not [each for each in here.manager.informers.all if each.resource == CONFIG_MAPS]
