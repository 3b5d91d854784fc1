from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ackpy.errors import KubeUnreachable
from ackpy.kube.backoff import Backoff
from ackpy.kube.calls import Selection
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey, key_of, metadata, version_of
from ackpy.kube.resource import CONFIG_MAPS, Resource
from ackpy.kube.retry import RetryPolicy
from ackpy.kube.transport import HttpRequest
from ackpy.kube.watch import EventType, ListWatch, WatchEvent, without_managed_fields
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal
from ackpy.testing.scripted import Reply, ScriptedServer, answers, drops, refuses, streams

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
QUICK = Backoff(initial=0.001, cap=0.002)


def widget(name: str, version: str = "1", uid: str = "") -> Object:
    return {"metadata": {"namespace": "ns", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": version}}


def listing(version: str, *items: Object) -> Reply:
    return answers({"metadata": {"resourceVersion": version}, "items": list(items)})


def line(kind: str, obj: Object) -> Object:
    return {"type": kind, "object": obj}


def bookmark(version: str) -> Object:
    return line("BOOKMARK", {"metadata": {"resourceVersion": version}})


def failed(code: int, reason: str) -> Object:
    return line("ERROR", {"kind": "Status", "code": code, "reason": reason, "message": "no"})


def told(event: WatchEvent) -> tuple[str, str]:
    return (event.type.value, key_of(event.object).name if event.object else "")


@asynccontextmanager
async def scripted_watch(server: ScriptedServer, silence: float = 9.0) -> AsyncIterator[ListWatch]:
    retry = RetryPolicy(attempts=1)
    async with KubeClient(KubeConfig(server.url), user_agent="x", retry=retry) as client:
        yield ListWatch(client, WIDGETS, backoff=QUICK, silence=silence)


async def first_events(watch: ListWatch, count: int) -> list[tuple[str, str]]:
    seen = []
    async with asyncio.timeout(5):
        async for event in watch.events():
            seen.append(told(event))
            if len(seen) == count:
                break
    return seen


async def test_a_list_then_what_the_watch_tells(server: ScriptedServer) -> None:
    server.script(
        listing("5", widget("a", "3")),
        streams(line("ADDED", widget("b", "6")), line("MODIFIED", widget("a", "7")), line("DELETED", widget("b", "8"))),
    )
    async with scripted_watch(server) as watch:
        seen = await first_events(watch, 5)
    assert seen == [("ADDED", "a"), ("SYNCED", ""), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert server.requests[1].query["resourceVersion"] == "5"


@pytest.mark.parametrize("ending", ["end", "drop"])
async def test_a_watch_that_ends_goes_on_from_the_last_version(server: ScriptedServer, ending: str) -> None:
    half = b'{"type":"ADDED","object":{"metadata":{"name":"half"'
    first = streams(line("ADDED", widget("a", "6")), bookmark("9"), half, ending="drop" if ending == "drop" else "end")
    server.script(listing("5"), first, streams(line("ADDED", widget("b", "10"))))
    async with scripted_watch(server) as watch:
        assert await first_events(watch, 3) == [("SYNCED", ""), ("ADDED", "a"), ("ADDED", "b")]
    assert server.requests[2].query["resourceVersion"] == "9"


async def test_a_silent_watch_is_given_up_and_resumed(server: ScriptedServer) -> None:
    silent = streams(line("ADDED", widget("a", "6")), ending="hang")
    server.script(listing("5"), silent, streams(line("ADDED", widget("b", "7"))))
    async with scripted_watch(server, silence=0.05) as watch:
        assert await first_events(watch, 3) == [("SYNCED", ""), ("ADDED", "a"), ("ADDED", "b")]
    assert server.requests[2].query["resourceVersion"] == "6"


async def test_watches_of_a_resource_of_which_there_is_nothing_to_say_are_no_failures(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    quiet = streams(ending="hang")
    server.script(listing("5"), *([quiet] * 4), streams(line("ADDED", widget("b", "7"))))
    async with scripted_watch(server, silence=0.05) as watch:
        assert await first_events(watch, 2) == [("SYNCED", ""), ("ADDED", "b")]
        assert watch.error is None
    assert [request.query.get("resourceVersion") for request in server.requests[1:6]] == ["5"] * 5
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


async def test_who_may_list_and_not_watch_polls_and_is_told_once(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    denied = refuses(403, "Forbidden")
    server.script(listing("5"), denied, listing("7", widget("a", "6")), denied, listing("7", widget("a", "6")), denied)
    async with scripted_watch(server) as watch:
        assert await first_events(watch, 4) == [("SYNCED", ""), ("ADDED", "a"), ("SYNCED", ""), ("SYNCED", "")]
    said = [record.levelname for record in caplog.records if "Forbidden" in record.getMessage()]
    assert said == ["WARNING"]


@pytest.mark.parametrize("expired", [streams(failed(410, "Expired")), refuses(410, "Gone")])
async def test_an_expired_version_is_listed_again_and_what_was_missed_is_told(
    server: ScriptedServer, expired: Reply
) -> None:
    server.script(
        listing(
            "5", widget("kept", "1"), widget("edited", "2"), widget("gone", "3"), widget("replaced", "4", uid="old")
        ),
        expired,
        listing(
            "9", widget("kept", "1"), widget("edited", "7"), widget("new", "8"), widget("replaced", "9", uid="new")
        ),
    )
    async with scripted_watch(server) as watch:
        seen = await first_events(watch, 11)
    assert seen[5:] == [
        ("DELETED", "gone"),
        ("DELETED", "replaced"),
        ("MODIFIED", "edited"),
        ("ADDED", "new"),
        ("ADDED", "replaced"),
        ("SYNCED", ""),
    ]


@pytest.mark.parametrize("bad_luck", [drops, refuses(500, "InternalError"), refuses(403, "Forbidden")])
async def test_a_list_that_fails_is_tried_again(server: ScriptedServer, bad_luck: Reply) -> None:
    server.script(bad_luck, bad_luck, listing("5", widget("a")))
    async with scripted_watch(server) as watch:
        assert await first_events(watch, 2) == [("ADDED", "a"), ("SYNCED", "")]
        assert watch.error is None


async def test_what_the_server_does_not_know_is_empty_until_it_does(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = refuses(404, "NotFound")
    server.script(unknown, unknown, listing("5", widget("a")), streams(failed(410, "Gone")), unknown, listing("9"))
    async with scripted_watch(server) as watch:
        seen = await first_events(watch, 7)
    empty = ("SYNCED", "")
    assert seen == [empty, empty, ("ADDED", "a"), empty, ("DELETED", "a"), empty, empty]
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (
        said[0]
        == "watch of widgets.example.org: the API server does not know it; install its CRD, it will be picked up"
    )


async def test_a_server_without_the_core_group_is_no_api_server(server: ScriptedServer) -> None:
    server.script(refuses(404, "NotFound"), listing("5"))
    async with KubeClient(KubeConfig(server.url), user_agent="x", retry=RetryPolicy(attempts=1)) as client:
        watch = ListWatch(client, CONFIG_MAPS, backoff=QUICK)
        assert await first_events(watch, 1) == [("SYNCED", "")]
    assert [request.path for request in server.requests][:2] == ["/api/v1/configmaps"] * 2


async def test_a_server_that_answers_that_it_does_not_know_is_not_silent(
    cluster: MemoryCluster, clock: FakeClock
) -> None:
    cluster.faults.append(lambda _request: refusal(404, "NotFound", "the server could not find it"))
    watch = ListWatch(cluster.client(), WIDGETS)
    task = asyncio.create_task(first_events(watch, 100))
    await settle()
    for _ in range(20):
        await clock.advance(31)
    assert watch.age() < 31
    assert "NotFound" in str(watch.error)
    task.cancel()


async def test_a_server_that_keeps_refusing_our_version_is_listed_again(server: ScriptedServer) -> None:
    too_large = streams(failed(504, "Timeout"))
    server.script(listing("900", widget("a", "800")), too_large, too_large, too_large, listing("5", widget("a", "4")))
    async with scripted_watch(server) as watch:
        seen = await first_events(watch, 4)
    assert seen == [("ADDED", "a"), ("SYNCED", ""), ("MODIFIED", "a"), ("SYNCED", "")]


async def test_what_a_server_tells_twice_is_told_once(server: ScriptedServer) -> None:
    again = [line("ADDED", widget("a", "3")), line("ADDED", widget("a", "6")), line("DELETED", widget("b", "6"))]
    server.script(listing("5", widget("a", "3")), streams(*again, line("MODIFIED", widget("c", "7"))))
    async with scripted_watch(server) as watch:
        assert await first_events(watch, 4) == [("ADDED", "a"), ("SYNCED", ""), ("MODIFIED", "a"), ("ADDED", "c")]


async def test_the_error_of_a_failing_watch_can_be_seen(cluster: MemoryCluster, clock: FakeClock) -> None:
    def down(_request: HttpRequest) -> Answer | None:
        raise KubeUnreachable("no route")

    cluster.faults.append(down)
    watch = ListWatch(cluster.client(), CONFIG_MAPS)
    following = asyncio.create_task(first_events(watch, 1))
    await clock.advance(10)
    assert str(watch.error) == "no route"
    assert watch.age() == 10
    cluster.faults.clear()
    await clock.advance(60)
    assert await following == [("SYNCED", "")]
    assert watch.error is None


async def test_back_off_grows_and_stays_within_its_cap(cluster: MemoryCluster, clock: FakeClock) -> None:
    cluster.faults.append(lambda _request: refusal(500, "InternalError", "no"))
    following = asyncio.create_task(
        first_events(ListWatch(cluster.client(), CONFIG_MAPS, backoff=Backoff(1.0, 30.0)), 1)
    )
    await clock.advance(600)
    following.cancel()
    assert 20 <= len(cluster.requests) <= 50


async def test_a_server_that_ends_watches_at_once_is_not_hammered(cluster: MemoryCluster, clock: FakeClock) -> None:
    async def follow() -> None:
        async for _ in ListWatch(cluster.client(), CONFIG_MAPS).events():
            pass

    cluster.faults.append(lambda request: _Empty() if dict(request.query).get("watch") else None)
    following = asyncio.create_task(follow())
    await clock.advance(60)
    following.cancel()
    assert len(cluster.requests) < 15


class _Empty(Answer):
    def __init__(self) -> None:
        super().__init__(200, {})

    async def chunks(self) -> AsyncIterator[bytes]:
        nothing: tuple[bytes, ...] = ()
        for chunk in nothing:
            yield chunk


async def test_age_counts_from_the_last_word(cluster: MemoryCluster, clock: FakeClock) -> None:
    watch = ListWatch(cluster.client(), CONFIG_MAPS)
    following = asyncio.create_task(first_events(watch, 9))
    await clock.advance(50)
    assert watch.age() == 50
    cluster.bookmark()
    await settle()
    assert watch.age() == 0
    following.cancel()


async def test_selection_and_transform(cluster: MemoryCluster) -> None:
    for name, labels in (("a", {"app": "x"}), ("b", {"app": "y"})):
        cluster.put(
            CONFIG_MAPS, {"metadata": {"namespace": "ns", "name": name, "labels": labels, "managedFields": [1]}}
        )
    cluster.put(CONFIG_MAPS, {"metadata": {"namespace": "other", "name": "c", "labels": {"app": "x"}}})
    watch = ListWatch(cluster.client(), CONFIG_MAPS, Selection("ns", labels="app=x"))
    assert await first_events(watch, 2) == [("ADDED", "a"), ("SYNCED", "")]
    assert str(watch) == "watch of configmaps in ns"


def test_managed_fields_are_left_out_without_touching_the_object() -> None:
    obj = {"metadata": {"name": "a", "managedFields": [1]}, "data": {}}
    assert without_managed_fields(obj) == {"metadata": {"name": "a"}, "data": {}}
    assert "managedFields" in metadata(obj)
    bare: Object = {"metadata": {"name": "a"}}
    assert without_managed_fields(bare) is bare


STEPS = st.lists(
    st.sampled_from(["put", "put", "remove", "compact", "end", "lose", "bookmark", "blackout", "rest", "rest"]),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@given(STEPS, st.integers())
async def test_whatever_happens_a_follower_ends_up_with_what_is_there(steps: list[str], seed: int) -> None:
    """Replaying the events gives the cluster's objects; each event makes sense after those before it."""
    clock, dice = FakeClock(), random.Random(seed)
    cluster = MemoryCluster(clock)
    mirror: dict[ObjectKey, Object] = {}
    following = asyncio.create_task(_mirror(ListWatch(cluster.client(), WIDGETS), mirror))
    for step in steps:
        _do(cluster, step, dice)
        if step == "rest":
            await clock.advance(dice.choice([0.1, 40]))
    cluster.faults.clear()
    cluster.bookmark()
    cluster.end_watches()
    await clock.advance(120)
    there = {key: cluster.peek(WIDGETS, key) for key in map(_key, range(3)) if cluster.peek(WIDGETS, key)}
    assert not following.done()
    assert mirror == there
    following.cancel()


def _key(number: int) -> ObjectKey:
    return ObjectKey("ns", f"w{number}")


def _do(cluster: MemoryCluster, step: str, dice: random.Random) -> None:
    key = _key(dice.randrange(3))
    if step == "put":
        cluster.put(WIDGETS, {"metadata": {"namespace": key.namespace, "name": key.name}, "spec": {"n": dice.random()}})
    elif step == "remove" and cluster.peek(WIDGETS, key):
        cluster.remove(WIDGETS, key)
    elif step == "compact":
        cluster.compact()
    elif step == "end":
        cluster.end_watches()
    elif step == "lose":
        cluster.faults[:] = [lambda _request: refusal(503, "ServiceUnavailable", "no") if dice.random() < 0.5 else None]
    elif step == "bookmark":
        cluster.bookmark()
    elif step == "blackout":
        _do(cluster, "end", dice)
        for unseen in dice.choices(["put", "remove"], k=3):
            _do(cluster, unseen, dice)
        _do(cluster, "compact", dice)


async def _mirror(watch: ListWatch, mirror: dict[ObjectKey, Object]) -> None:
    async for event in watch.events():
        if event.object is None:
            continue
        key = key_of(event.object)
        if event.type is EventType.DELETED:
            del mirror[key]
        else:
            assert (key in mirror) == (event.type is EventType.MODIFIED)
            assert key not in mirror or version_of(mirror[key]) != version_of(event.object)
            mirror[key] = event.object
