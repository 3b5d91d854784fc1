from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from random import Random

import pytest

from ackpy.errors import KubeUnreachable
from ackpy.kube.events import EventRecorder
from ackpy.kube.objects import Object, metadata
from ackpy.kube.resource import EVENTS
from ackpy.kube.transport import HttpRequest
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal

WIDGET: Object = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"namespace": "ns", "name": "w", "uid": "u", "resourceVersion": "7"},
}


@pytest.fixture
async def recorder(cluster: MemoryCluster) -> AsyncIterator[EventRecorder]:
    made = EventRecorder(cluster.client(), "widgets", instance="pod-1", capacity=3, random=Random(1))
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()


async def events(cluster: MemoryCluster) -> list[Object]:
    return list((await cluster.client().list(EVENTS)).items)


async def test_an_event_names_its_object_and_who_says_it(cluster: MemoryCluster, recorder: EventRecorder) -> None:
    recorder.record(WIDGET, "Warning", "Broken", "it broke")
    await recorder.flush()
    (event,) = await events(cluster)
    assert metadata(event)["namespace"] == "ns"
    assert metadata(event)["name"].startswith("w.")
    assert event["involvedObject"] == {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "namespace": "ns",
        "name": "w",
        "uid": "u",
        "resourceVersion": "7",
    }
    assert (event["type"], event["reason"], event["message"], event["count"]) == ("Warning", "Broken", "it broke", 1)
    assert (event["source"], event["reportingInstance"]) == ({"component": "widgets"}, "pod-1")


async def test_the_same_event_again_is_a_count(
    cluster: MemoryCluster, recorder: EventRecorder, clock: FakeClock
) -> None:
    for _ in range(2):
        recorder.record(WIDGET, "Normal", "Done", "well")
    await recorder.flush()
    await clock.advance(60)
    recorder.record(WIDGET, "Normal", "Done", "well")
    recorder.record(WIDGET, "Normal", "Done", "otherwise")
    await recorder.flush()
    counts = {event["message"]: event["count"] for event in await events(cluster)}
    assert counts == {"well": 3, "otherwise": 1}
    (well,) = [event for event in await events(cluster) if event["message"] == "well"]
    assert (well["firstTimestamp"], well["lastTimestamp"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")
    assert cluster.writes(EVENTS) == ["POST", "PATCH", "POST"]


async def test_an_event_that_has_expired_is_written_anew(cluster: MemoryCluster, recorder: EventRecorder) -> None:
    recorder.record(WIDGET, "Normal", "Done", "well")
    await recorder.flush()
    (event,) = await events(cluster)
    cluster.faults.append(lambda request: refusal(404, "NotFound", "gone") if request.method == "PATCH" else None)
    recorder.record(WIDGET, "Normal", "Done", "well")
    await recorder.flush()
    assert cluster.writes(EVENTS) == ["POST", "PATCH", "POST"]
    assert len(await events(cluster)) == 2
    assert metadata(event)["name"] not in {metadata(new)["name"] for new in (await events(cluster)) if new != event}


async def test_recording_never_waits_and_the_queue_is_bounded(
    cluster: MemoryCluster, recorder: EventRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(9):
        recorder.record(WIDGET, "Normal", "Done", f"number {number}")
    await recorder.flush()
    assert dict(recorder.counts) == {"recorded": 9, "dropped": 6, "written": 3}
    assert "dropping event Done about ns/w" in caplog.text


async def test_a_refused_event_is_counted_and_logged(
    cluster: MemoryCluster, recorder: EventRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    cluster.faults.append(lambda _request: refusal(403, "Forbidden", "not you"))
    recorder.record(WIDGET, "Normal", "Done", "well")
    await recorder.flush()
    assert recorder.counts["failed"] == 1
    assert "event Done about w was not written: Forbidden: not you" in caplog.text


async def test_a_server_that_does_not_answer_is_asked_again(
    cluster: MemoryCluster, recorder: EventRecorder, clock: FakeClock
) -> None:
    def down(_request: HttpRequest) -> Answer | None:
        raise KubeUnreachable("no route")

    cluster.faults.append(down)
    recorder.record(WIDGET, "Normal", "Done", "well")
    await clock.advance(1)
    cluster.faults.clear()
    await clock.advance(20)
    assert [event["message"] for event in await events(cluster)] == ["well"]
    cluster.faults.append(down)
    recorder.record(WIDGET, "Normal", "Done", "again")
    await clock.advance(120)
    assert recorder.counts["failed"] == 1


async def test_an_object_in_no_namespace_has_its_events_in_the_default_one(
    cluster: MemoryCluster, recorder: EventRecorder
) -> None:
    recorder.record({"kind": "Role", "metadata": {"name": "r" * 253, "uid": "u"}}, "Normal", "Done", "ä" * 2000)
    await recorder.flush()
    (event,) = await events(cluster)
    assert metadata(event)["namespace"] == "default"
    assert len(metadata(event)["name"]) == 253
    assert len(event["message"].encode()) <= 1024
    assert event["message"].endswith("ä...")


async def test_an_event_recorded_while_another_is_written_is_written_too(
    cluster: MemoryCluster, recorder: EventRecorder
) -> None:
    recorder.record(WIDGET, "Normal", "One", "1")
    await asyncio.sleep(0)
    recorder.record(WIDGET, "Normal", "Two", "2")
    await recorder.flush()
    await settle()
    assert {event["reason"] for event in await events(cluster)} == {"One", "Two"}
