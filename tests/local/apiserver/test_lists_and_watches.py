from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ackpy.local.apiserver.options import ListOptions, list_options
from ackpy.local.apiserver.reads import tests as both_selectors
from ackpy.local.apiserver.watch import Event, Watch
from ackpy.testing.widgets import WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.testing.api import Api, InProcess, Reply
    from ackpy.testing.clock import FakeClock

Json = dict[str, Any]
MERGE = "application/merge-patch+json"


def make(api: Api, name: str, **labels: str) -> Json:
    made = api.call("POST", WIDGETS, widget(name, metadata={"labels": labels}))
    assert made.code == 201
    found: Json = made.body
    return found


def names(reply: Reply) -> list[str]:
    return [item["metadata"]["name"] for item in reply.body["items"]]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app%3Dx", ["a"]),
        ("app%3D%3Dx", ["a"]),
        ("app!%3Dx", ["b", "c"]),
        ("app", ["a", "b"]),
        ("!app", ["c"]),
        ("app%20in%20(x,y)", ["a", "b"]),
        ("app%20notin%20(x)", ["b", "c"]),
        ("app,size%3E2", ["b"]),
        ("app%3Dx,size%3C2", ["a"]),
    ],
)
def test_label_selectors(api: Api, selector: str, expected: list[str]) -> None:
    make(api, "a", app="x", size="1")
    make(api, "b", app="y", size="3")
    make(api, "c")
    assert names(api.call("GET", f"{WIDGETS}?labelSelector={selector}")) == expected


@pytest.mark.parametrize("selector", ["a%20b%20c", "%3Dx", "app%20in%20x", "a,,b"])
def test_a_label_selector_that_is_none_is_refused(api: Api, selector: str) -> None:
    reply = api.call("GET", f"{WIDGETS}?labelSelector={selector}")
    assert (reply.code, reply.body["reason"]) == (400, "BadRequest")


def test_pages_are_one_snapshot(api: Api) -> None:
    for name in "abcde":
        make(api, name)
    first = api.call("GET", f"{WIDGETS}?limit=2")
    assert first.metadata["remainingItemCount"] == 3
    api.call("DELETE", f"{WIDGETS}/d")
    make(api, "bb")
    second = api.call("GET", f"{WIDGETS}?limit=2&continue={first.metadata['continue']}")
    third = api.call("GET", f"{WIDGETS}?limit=2&continue={second.metadata['continue']}")
    assert [names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert {page.metadata["resourceVersion"] for page in (first, second, third)} == {first.metadata["resourceVersion"]}
    assert not third.metadata.get("continue")


def test_an_old_continue_token_expires_with_another_to_go_on(
    embedded: InProcess, cluster: Cluster, clock: FakeClock
) -> None:
    for name in "abc":
        make(embedded, name)
    token = embedded.call("GET", f"{WIDGETS}?limit=1").metadata["continue"]
    make(embedded, "d")
    asyncio.run(clock.advance(3600))
    cluster.storage.compact(keep_revisions=0)
    expired = embedded.call("GET", f"{WIDGETS}?limit=1&continue={token}")
    assert (expired.code, expired.body["reason"]) == (410, "Expired")
    rest = embedded.call("GET", f"{WIDGETS}?continue={expired.metadata['continue']}")
    assert names(rest) == ["b", "c", "d"]


def test_a_list_at_a_version_is_that_version(api: Api) -> None:
    version = make(api, "a")["metadata"]["resourceVersion"]
    make(api, "b")
    assert names(api.call("GET", f"{WIDGETS}?resourceVersion={version}&resourceVersionMatch=Exact")) == ["a"]
    assert names(api.call("GET", f"{WIDGETS}?resourceVersion={version}&resourceVersionMatch=NotOlderThan")) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize("truth", ["1", "t", "T", "true", "True", "TRUE"])
def test_booleans_are_gos(truth: str) -> None:
    assert list_options({"watch": truth}).watch


class Following:
    """A watch whose events are taken as they come, for as long as there are any."""

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        kind = cluster.registry.find("example.com", "v1", "widgets")
        assert kind is not None
        chosen = ListOptions(watch=True, timeout=5, **options)
        self._watch = Watch(cluster, kind, "default", chosen, both_selectors(kind, chosen))

    def seen(self, count: int) -> list[tuple[str, str]]:
        return [(event.type, event.obj["metadata"].get("name", "")) for event in self.events(count)]

    def events(self, count: int) -> list[Event]:
        async def take() -> list[Event]:
            found: list[Event] = []
            async for event in self._watch.events():
                found.append(event)
                if len(found) == count:
                    break
            return found

        return asyncio.run(take())


def test_a_watch_without_a_version_begins_with_what_is_there(embedded: InProcess, cluster: Cluster) -> None:
    make(embedded, "a")
    following = Following(cluster)
    make(embedded, "b")
    embedded.call("PATCH", f"{WIDGETS}/a", {"spec": {"size": 2}}, type_=MERGE)
    embedded.call("DELETE", f"{WIDGETS}/b")
    assert following.seen(4) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_watch_from_a_version_replays_the_history(embedded: InProcess, cluster: Cluster) -> None:
    version = make(embedded, "a")["metadata"]["resourceVersion"]
    make(embedded, "b")
    following = Following(cluster, version=version)
    embedded.call("DELETE", f"{WIDGETS}/a")
    assert following.seen(2) == [("ADDED", "b"), ("DELETED", "a")]


def test_a_selector_sees_objects_come_and_go(embedded: InProcess, cluster: Cluster) -> None:
    make(embedded, "a", app="x")
    following = Following(cluster, labels="app=x")
    for value in ("y", "x", "x"):
        embedded.call("PATCH", f"{WIDGETS}/a", {"metadata": {"labels": {"app": value}}}, type_=MERGE)
    embedded.call("DELETE", f"{WIDGETS}/a")
    assert following.seen(4) == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a")]


def test_initial_events_end_with_a_bookmark(embedded: InProcess, cluster: Cluster) -> None:
    make(embedded, "a")
    following = Following(cluster, initial_events=True, match="NotOlderThan", bookmarks=True)
    added, bookmark = following.events(2)
    assert (added.type, bookmark.type) == ("ADDED", "BOOKMARK")
    assert bookmark.obj["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark.obj["metadata"]["resourceVersion"] == str(cluster.storage.revision)


def test_an_idle_watch_is_told_the_version(embedded: InProcess, cluster: Cluster) -> None:
    cluster.watchers.bookmark_seconds = 0.01
    following = Following(cluster, version=str(cluster.storage.revision), bookmarks=True)
    (bookmark,) = following.events(1)
    assert (bookmark.type, bookmark.obj["metadata"]["resourceVersion"]) == ("BOOKMARK", str(cluster.storage.revision))


def test_a_watch_from_forgotten_history_is_told_to_list_again(
    embedded: InProcess, cluster: Cluster, clock: FakeClock
) -> None:
    version = make(embedded, "a")["metadata"]["resourceVersion"]
    make(embedded, "b")
    asyncio.run(clock.advance(3600))
    cluster.storage.compact(keep_revisions=0)
    (error,) = Following(cluster, version=version).events(1)
    assert (error.type, error.obj["code"], error.obj["reason"]) == ("ERROR", 410, "Expired")


def test_a_slow_watcher_is_cut_off(cluster: Cluster, embedded: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ackpy.local.apiserver.watch.BACKLOG", 2)
    following = Following(cluster)
    for name in "abcd":
        make(embedded, name)
    assert following.seen(9) == [("ADDED", "a"), ("ADDED", "b")]
