"""What a cluster does by itself. `settled` runs the collector over everything that was written, until nothing more follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ackpy.local.apiserver.lifecycle import Collector, remove_old_events
from ackpy.local.apiserver.watchers import Subscription
from ackpy.testing.widgets import CRDS, WIDGETS, widget

if TYPE_CHECKING:
    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.testing.api import InProcess
    from ackpy.testing.clock import FakeClock

Json = dict[str, Any]
MERGE = "application/merge-patch+json"


class Running:
    """The collector and its feed, stepped by hand."""

    def __init__(self, cluster: Cluster) -> None:
        self._feed: Subscription = cluster.watchers.subscribe(None)
        self._collector = Collector(cluster)
        self._collector.look_at_everything()

    def settle(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        while not self._feed.is_idle():
            change = await self._feed.next()
            assert change is not None
            self._collector.follow(change)


@pytest.fixture
def running(cluster: Cluster, embedded: InProcess) -> Running:
    return Running(cluster)


def make(api: InProcess, name: str, *owners: Json, finalizers: tuple[str, ...] = (), **reference: Any) -> Json:
    metadata: Json = {
        "ownerReferences": [_reference(owner) | reference for owner in owners],
        "finalizers": list(finalizers),
    }
    made = api.call("POST", WIDGETS, widget(name, metadata=metadata))
    assert made.code == 201, made.message
    found: Json = made.body
    return found


def _reference(owner: Json) -> Json:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }


def names(api: InProcess) -> list[str]:
    return [item["metadata"]["name"] for item in api.call("GET", WIDGETS).body["items"]]


def test_dependents_go_with_their_last_owner(embedded: InProcess, running: Running) -> None:
    one, two = make(embedded, "one"), make(embedded, "two")
    child = make(embedded, "child", one, two)
    make(embedded, "grandchild", child)
    embedded.call("DELETE", f"{WIDGETS}/one")
    running.settle()
    assert names(embedded) == ["child", "grandchild", "two"]
    assert [r["name"] for r in embedded.call("GET", f"{WIDGETS}/child").metadata["ownerReferences"]] == ["two"]
    embedded.call("DELETE", f"{WIDGETS}/two")
    running.settle()
    assert names(embedded) == []


def test_an_owner_deleted_in_the_foreground_waits_for_those_that_block(embedded: InProcess, running: Running) -> None:
    owner = make(embedded, "owner")
    make(embedded, "child", owner, finalizers=("a.b/c",), blockOwnerDeletion=True)
    reply = embedded.call("DELETE", f"{WIDGETS}/owner?propagationPolicy=Foreground")
    assert reply.metadata["finalizers"] == ["foregroundDeletion"]
    running.settle()
    assert names(embedded) == ["child", "owner"]
    assert "deletionTimestamp" in embedded.call("GET", f"{WIDGETS}/child").metadata
    embedded.call("PATCH", f"{WIDGETS}/child", {"metadata": {"finalizers": None}}, type_=MERGE)
    running.settle()
    assert names(embedded) == []


def test_orphans_stay(embedded: InProcess, running: Running) -> None:
    make(embedded, "child", make(embedded, "owner"))
    embedded.call("DELETE", f"{WIDGETS}/owner?propagationPolicy=Orphan")
    running.settle()
    assert names(embedded) == ["child"]
    assert "ownerReferences" not in embedded.call("GET", f"{WIDGETS}/child").metadata


def test_an_object_whose_owner_never_was_goes(embedded: InProcess, running: Running) -> None:
    make(embedded, "child", {"metadata": {"name": "nobody", "uid": "none"}})
    running.settle()
    assert names(embedded) == []


def test_an_owner_of_an_unknown_kind_is_left_to_be(embedded: InProcess, running: Running) -> None:
    make(embedded, "child", {"metadata": {"name": "x", "uid": "y"}}, kind="Unheard", apiVersion="no.example/v1")
    running.settle()
    assert names(embedded) == ["child"]


def test_a_namespace_goes_after_what_is_in_it(embedded: InProcess, running: Running) -> None:
    embedded.call("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}})
    inside = "/apis/example.com/v1/namespaces/n/widgets"
    embedded.call("POST", inside, widget("held", metadata={"finalizers": ["a.b/c"]}))
    embedded.call("POST", "/api/v1/namespaces/n/configmaps", {"metadata": {"name": "c"}})
    assert embedded.call("DELETE", "/api/v1/namespaces/n").body["status"]["phase"] == "Terminating"
    running.settle()
    assert embedded.call("GET", "/api/v1/namespaces/n/configmaps").body["items"] == []
    refused = embedded.call("POST", inside, widget("late"))
    assert (refused.code, refused.body["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    embedded.call("PATCH", f"{inside}/held", {"metadata": {"finalizers": None}}, type_=MERGE)
    running.settle()
    assert embedded.call("GET", "/api/v1/namespaces/n").code == 404


def test_a_definition_goes_after_its_objects(embedded: InProcess, running: Running) -> None:
    make(embedded, "held", finalizers=("a.b/c",))
    make(embedded, "free")
    embedded.call("DELETE", f"{CRDS}/widgets.example.com")
    running.settle()
    assert names(embedded) == ["held"]
    assert embedded.call("POST", WIDGETS, widget("late")).code == 405
    conditions = embedded.call("GET", f"{CRDS}/widgets.example.com").body["status"]["conditions"]
    assert ("Terminating", "True") in [(c["type"], c["status"]) for c in conditions]
    embedded.call("PATCH", f"{WIDGETS}/held", {"metadata": {"finalizers": None}}, type_=MERGE)
    running.settle()
    assert embedded.call("GET", WIDGETS).code == 404
    assert embedded.call("GET", f"{CRDS}/widgets.example.com").code == 404


def test_what_a_stop_interrupted_goes_on(embedded: InProcess, cluster: Cluster) -> None:
    make(embedded, "child", make(embedded, "owner"))
    embedded.call("DELETE", f"{WIDGETS}/owner")
    Running(cluster).settle()
    assert names(embedded) == []


def test_events_last_an_hour(embedded: InProcess, cluster: Cluster, clock: FakeClock) -> None:
    events = "/api/v1/namespaces/default/events"
    body = {"involvedObject": {"kind": "ConfigMap", "namespace": "default", "name": "a"}, "reason": "R"}
    embedded.call("POST", events, {"metadata": {"name": "old"}, **body})
    asyncio.run(clock.advance(3000))
    embedded.call("POST", events, {"metadata": {"name": "new"}, **body})
    asyncio.run(clock.advance(700))
    remove_old_events(cluster)
    assert [item["metadata"]["name"] for item in embedded.call("GET", events).body["items"]] == ["new"]
