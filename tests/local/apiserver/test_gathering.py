"""Requests that are ready together share one commit; none is answered, and no watcher told, before what it saw is on disk."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from ackpy.local.apiserver.options import ListOptions
from ackpy.local.apiserver.watch import Watch
from ackpy.testing.widgets import CRDS, WIDGETS, widget, widget_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.testing.api import InProcess

Json = dict[str, Any]


class Disk:
    """A connection that says what it commits, and refuses when told."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.commits = 0
        self.refuses = False
        self.before: Callable[[], None] = lambda: None

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self.before()
            self.commits += 1
            if self.refuses:
                raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(sql, *values)

    def close(self) -> None:
        self._connection.close()

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction


@pytest.fixture
def disk(cluster: Cluster, embedded: InProcess, monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk(cluster.storage._connection)
    monkeypatch.setattr(cluster.storage, "_connection", found)
    return found


async def post(api: InProcess, name: str, sent: list[int]) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": WIDGETS,
        "raw_path": WIDGETS.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {api.token}".encode())],
    }

    async def receive() -> Json:
        return {"type": "http.request", "body": json.dumps(widget(name)).encode()}

    async def send(message: Json) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    await api.application(scope, receive, send)


def test_requests_that_are_ready_together_share_a_commit(embedded: InProcess, disk: Disk) -> None:
    sent: list[int] = []
    answered_before: list[int] = []
    disk.before = lambda: answered_before.append(len(sent))

    async def run() -> None:
        await asyncio.gather(*(post(embedded, name, sent) for name in "abcd"))

    asyncio.run(run())
    assert (sent, disk.commits, answered_before) == ([201] * 4, 1, [0])


def test_a_refusal_leaves_nothing_open(embedded: InProcess, cluster: Cluster, disk: Disk) -> None:
    embedded.call("POST", WIDGETS, widget())
    assert embedded.call("POST", WIDGETS, widget()).code == 409
    assert not cluster.storage.is_gathering()


def test_a_disk_that_refuses_changes_nothing(embedded: InProcess, cluster: Cluster, disk: Disk) -> None:
    revision = cluster.storage.revision
    told = cluster.watchers.subscribe(None)
    disk.refuses = True
    assert embedded.call("POST", WIDGETS, widget()).code == 500
    other = widget_definition()
    other["metadata"]["name"] = "gadgets.example.com"
    other["spec"]["names"] = {"kind": "Gadget", "plural": "gadgets"}
    assert embedded.call("POST", CRDS, other).code == 500
    disk.refuses = False
    assert embedded.call("GET", f"{WIDGETS}/a").code == 404
    assert embedded.call("GET", "/apis/example.com/v1/gadgets").code == 404
    assert (cluster.storage.revision, told.is_idle()) == (revision, True)
    assert embedded.call("POST", WIDGETS, widget()).code == 201


def test_a_watch_that_begins_in_between_tells_once(embedded: InProcess, cluster: Cluster) -> None:
    kind = cluster.registry.find("example.com", "v1", "widgets")
    assert kind is not None

    async def run() -> list[tuple[str, str]]:
        writing = asyncio.create_task(post(embedded, "a", []))
        while not cluster.storage.is_gathering():  # noqa: ASYNC110 - one turn of the loop at a time is the point
            await asyncio.sleep(0)
        watch = Watch(cluster, kind, "default", ListOptions(watch=True, timeout=5), lambda _: True)
        await writing
        await post(embedded, "b", [])
        events = []
        async for event in watch.events():
            events.append((event.type, event.obj["metadata"]["name"]))
            if len(events) == 2:
                break
        return events

    assert asyncio.run(run()) == [("ADDED", "a"), ("ADDED", "b")]
