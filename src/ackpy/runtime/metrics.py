"""The metrics of one Manager, under controller-runtime's names, in a registry of its own. Controllers and queues report here.

What can be read from a snapshot when somebody scrapes (depths, work in progress, ages) costs nothing until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from ackpy.kube.calls import Answer
from ackpy.kube.clock import Clock
from ackpy.runtime.reconciler import Outcome
from ackpy.runtime.workqueue import QueueSnapshot

_PASS_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_QUEUE_SECONDS: Final = (0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000)
_REQUEST_SECONDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)


class RuntimeMetrics:
    """All metrics of the runtime. Others may register theirs in `registry`."""

    def __init__(self, clock: Clock) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        pass_labels = ("controller", "group")
        queue_labels = ("name", *pass_labels)
        self._passes = self._counter("controller_runtime_reconcile", "Passes by how they ended", *pass_labels, "result")
        self._errors = self._counter("controller_runtime_reconcile_errors", "Passes that failed", *pass_labels)
        self._seconds = self._histogram(
            "controller_runtime_reconcile_time_seconds", "Length of a pass", _PASS_SECONDS, *pass_labels
        )
        self._active = self._gauge("controller_runtime_active_workers", "Passes under way", *pass_labels)
        self._workers = self._gauge(
            "controller_runtime_max_concurrent_reconciles", "Passes at a time, at most", *pass_labels
        )
        self._adds = self._counter("workqueue_adds", "Additions", *queue_labels)
        self._retries = self._counter("workqueue_retries", "Additions after a failed pass", *queue_labels)
        self._waits = self._histogram(
            "workqueue_queue_duration_seconds", "From due to begun", _QUEUE_SECONDS, *queue_labels
        )
        self._works = self._histogram(
            "workqueue_work_duration_seconds", "From begun to done", _QUEUE_SECONDS, *queue_labels
        )
        request_labels = ("verb", "resource", "subresource")
        self._requests = self._counter(
            "rest_client_requests", "Requests to the API server", "code", "host", "method", *request_labels
        )
        self._request_seconds = self._histogram(
            "rest_client_request_duration_seconds",
            "Length of a request, a watch's until its head",
            _REQUEST_SECONDS,
            "verb",
        )
        self._leader = self._gauge("leader_election_master_status", "1 while this process leads", "name")
        self._queues = _Queues()
        self.registry.register(self._queues)

    def controller(self, name: str, group: str, workers: int) -> ControllerMetrics:
        """Where a controller reports its passes. `group` is its objects' API group: kinds of one name are in several."""
        labels = (name, group)
        self._workers.labels(*labels).set(workers)
        return ControllerMetrics(
            self._clock,
            {outcome: self._passes.labels(*labels, outcome.value) for outcome in Outcome},
            self._errors.labels(*labels),
            self._seconds.labels(*labels),
            self._active.labels(*labels),
        )

    def queue(self, name: str, group: str, snapshot: Callable[[], QueueSnapshot]) -> QueueMetrics:
        """Where a controller's queue reports (a QueueObserver); `snapshot` is called when somebody scrapes."""
        labels = (name, name, group)
        self._queues.snapshots[labels] = snapshot
        return QueueMetrics(
            self._adds.labels(*labels),
            self._retries.labels(*labels),
            self._waits.labels(*labels),
            self._works.labels(*labels),
        )

    def request(self, answer: Answer) -> None:
        """Where a KubeClient reports: add it to its `observers`. A request that got no answer has client-go's code, `<error>`."""
        kind = answer.kind
        code = str(answer.code) if answer.code else "<error>"
        self._requests.labels(code, answer.host, answer.method, kind.verb, kind.resource, kind.subresource).inc()
        self._request_seconds.labels(kind.verb).observe(answer.seconds)

    def leading(self, name: str, *, leads: bool) -> None:
        """Where an election reports."""
        self._leader.labels(name).set(int(leads))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)


class ControllerMetrics:
    """The passes of one controller."""

    def __init__(
        self, clock: Clock, results: Mapping[Outcome, Counter], errors: Counter, seconds: Histogram, active: Gauge
    ) -> None:
        self._clock = clock
        self._results = results
        self._errors = errors
        self._seconds = seconds
        self._active = active

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around a pass."""
        started = self._clock.monotonic()
        self._active.inc()
        try:
            yield
        finally:
            self._active.dec()
            self._seconds.observe(self._clock.monotonic() - started)

    def ended(self, outcome: Outcome) -> None:
        """After a pass."""
        self._results[outcome].inc()
        if outcome is Outcome.ERROR:
            self._errors.inc()


class QueueMetrics:
    """The work of one queue: a QueueObserver."""

    def __init__(self, adds: Counter, retries: Counter, waits: Histogram, works: Histogram) -> None:
        self._adds = adds
        self._retries = retries
        self._waits = waits
        self._works = works

    def added(self) -> None:
        """See QueueObserver."""
        self._adds.inc()

    def retried(self) -> None:
        """See QueueObserver."""
        self._retries.inc()

    def waited(self, seconds: float) -> None:
        """See QueueObserver."""
        self._waits.observe(seconds)

    def worked(self, seconds: float) -> None:
        """See QueueObserver."""
        self._works.observe(seconds)


class _Queues(Collector):
    """What is read from the queues when somebody scrapes."""

    def __init__(self) -> None:
        self.snapshots: dict[tuple[str, str, str], Callable[[], QueueSnapshot]] = {}

    def collect(self) -> Iterable[Metric]:
        labels = ("name", "controller", "group")
        depth = GaugeMetricFamily("workqueue_depth", "Keys that are due", labels=(*labels, "priority"))
        unfinished = GaugeMetricFamily("workqueue_unfinished_work_seconds", "Passes under way, summed", labels=labels)
        longest = GaugeMetricFamily(
            "workqueue_longest_running_processor_seconds", "The longest pass under way", labels=labels
        )
        retrying = GaugeMetricFamily("workqueue_retrying", "Keys that are to be tried again", labels=labels)
        next_retry = GaugeMetricFamily(
            "workqueue_next_retry_seconds", "Until the first of them is, where there are any", labels=labels
        )
        for values, take in self.snapshots.items():
            snapshot = take()
            for priority, count in _depths(snapshot).items():
                depth.add_metric((*values, str(priority)), count)
            unfinished.add_metric(values, sum(snapshot.active.values()))
            longest.add_metric(values, max(snapshot.active.values(), default=0.0))
            retrying.add_metric(values, len(snapshot.retries))
            if snapshot.retries:
                next_retry.add_metric(values, min(snapshot.retries.values()))
        return depth, unfinished, longest, retrying, next_retry


def _depths(snapshot: QueueSnapshot) -> dict[int, int]:
    depths: dict[int, int] = {}
    for priority in snapshot.ready.values():
        depths[priority] = depths.get(priority, 0) + 1
    return depths or {0: 0}  # an empty queue shows as a zero, not as a gap
