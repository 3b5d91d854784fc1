from __future__ import annotations

import pytest

from ackpy.kube.calls import Answer, RequestKind
from ackpy.kube.objects import ObjectKey
from ackpy.runtime.causes import Cause
from ackpy.runtime.metrics import RuntimeMetrics
from ackpy.runtime.reconciler import Outcome
from ackpy.runtime.workqueue import WorkQueue
from ackpy.testing.clock import FakeClock

A, B = ObjectKey("ns", "a"), ObjectKey("ns", "b")
QUEUE = {"name": "widget", "controller": "widget", "group": "example.org"}


@pytest.fixture
def metrics(clock: FakeClock) -> RuntimeMetrics:
    return RuntimeMetrics(clock)


async def test_the_work_queues_metrics_have_controller_runtimes_names(
    metrics: RuntimeMetrics, clock: FakeClock
) -> None:
    queue: WorkQueue
    observer = metrics.queue("widget", "example.org", lambda: queue.snapshot())  # noqa: PLW0108 - there is no queue yet
    queue = WorkQueue(clock=clock, observer=observer)
    value = metrics.registry.get_sample_value
    assert value("workqueue_depth", {**QUEUE, "priority": "0"}) == 0
    queue.add(A, cause=Cause.EDIT)
    queue.add(B, cause=Cause.RESYNC)
    await clock.advance(2)
    assert value("workqueue_depth", {**QUEUE, "priority": "100"}) == 1
    assert value("workqueue_depth", {**QUEUE, "priority": "0"}) == 1
    for _ in range(2):
        await queue.get()
    await clock.advance(5)
    assert value("workqueue_unfinished_work_seconds", QUEUE) == 10
    assert value("workqueue_longest_running_processor_seconds", QUEUE) == 5
    assert value("workqueue_retrying", QUEUE) == 0
    assert value("workqueue_next_retry_seconds", QUEUE) is None
    delay = queue.retry(A)
    queue.done(A)
    assert value("workqueue_retrying", QUEUE) == 1
    assert value("workqueue_next_retry_seconds", QUEUE) == pytest.approx(delay)
    await clock.advance(delay + 1)
    assert value("workqueue_next_retry_seconds", QUEUE) == 0
    assert value("workqueue_adds_total", QUEUE) == 3
    assert value("workqueue_retries_total", QUEUE) == 1
    assert value("workqueue_queue_duration_seconds_sum", QUEUE) == 4
    assert value("workqueue_work_duration_seconds_sum", QUEUE) == 5
    queue.close()


async def test_the_controllers_metrics(metrics: RuntimeMetrics, clock: FakeClock) -> None:
    mine = metrics.controller("widget", "example.org", workers=4)
    value = metrics.registry.get_sample_value
    with mine.working():
        await clock.advance(3)
        assert value("controller_runtime_active_workers", {"controller": "widget", "group": "example.org"}) == 1
    mine.ended(Outcome.ERROR)
    assert value("controller_runtime_active_workers", {"controller": "widget", "group": "example.org"}) == 0
    assert value("controller_runtime_max_concurrent_reconciles", {"controller": "widget", "group": "example.org"}) == 4
    assert value("controller_runtime_reconcile_time_seconds_sum", {"controller": "widget", "group": "example.org"}) == 3
    assert (
        value("controller_runtime_reconcile_total", {"controller": "widget", "group": "example.org", "result": "error"})
        == 1
    )
    assert value("controller_runtime_reconcile_errors_total", {"controller": "widget", "group": "example.org"}) == 1


def test_requests_by_code_and_what_they_were_for(metrics: RuntimeMetrics) -> None:
    kind = RequestKind("patch", "widgets.example.org", "status")
    for code in (200, 200, 0):
        metrics.request(Answer(kind, "PATCH", code, 0.5, "10.0.0.1:6443"))
    what = {"verb": "patch", "resource": "widgets.example.org", "subresource": "status"}
    labels = {"host": "10.0.0.1:6443", "method": "PATCH", **what}
    value = metrics.registry.get_sample_value
    assert value("rest_client_requests_total", {**labels, "code": "200"}) == 2
    assert value("rest_client_requests_total", {**labels, "code": "<error>"}) == 1
    assert value("rest_client_request_duration_seconds_count", {"verb": "patch"}) == 3


def test_each_has_a_registry_of_its_own(clock: FakeClock) -> None:
    one, two = RuntimeMetrics(clock), RuntimeMetrics(clock)
    one.leading("lease", leads=True)
    assert one.registry.get_sample_value("leader_election_master_status", {"name": "lease"}) == 1
    assert two.registry.get_sample_value("leader_election_master_status", {"name": "lease"}) is None
