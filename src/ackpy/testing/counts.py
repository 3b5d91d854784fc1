"""A running local stack -> what its controllers cost in a span of time: AWS calls on the wire, requests to the API server, CPU, memory.

    meter = Meter(stack, address)
    stack.apply(manifest)
    stack.quiet()
    assert meter.take().aws == Counter(GetBucketTagging=2, CreateBucket=1)

AWS calls are those that the embedded AWS answered, less STS's. The rest is the controllers' own /metrics, which `--metrics-addr` opens.
Used by the benches, and by tests that hold what they show.
"""

from __future__ import annotations

import socket
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from ackpy.testing.stack import LocalStack

SCRAPE_SECONDS: Final = 10.0
_PATCHES: Final = {"": "patch", "status": "status"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What one span of time cost.

    `aws` are calls by operation; `writes` patches of AWS's objects by what they change ("patch" is metadata and spec, "status");
    `reads` the GETs and LISTs of any resource; `requests` all that went to the API server, as "list buckets.s3.services.k8s.aws";
    `passes` ended reconciles. `memory` is the resident set at its end, in MiB.
    """

    aws: Counter[str]
    writes: Counter[str]
    requests: Counter[str]
    reads: int
    passes: int
    cpu_seconds: float
    memory: float


class Meter:
    """Counts from one `take` to the next; the first one counts from the meter's making. A new process needs a new meter."""

    def __init__(self, stack: LocalStack, address: str, *, started_after: int | None = None) -> None:
        """`address` is where the controllers serve their metrics: host:port.

        With `started_after`, the last AWS call before the process, the first take counts from the process's start.
        """
        self._stack = stack
        self._url = f"http://{address}/metrics"
        self._last_call = stack.last_call() if started_after is None else started_after
        self._last: Mapping[_Sample, float] = _scrape(self._url) if started_after is None else {}

    def take(self) -> Counts:
        """What happened since the last take. Raises OSError when the controllers do not answer."""
        calls = [call for call in self._stack.cloud.calls(since=self._last_call) if call.service != "sts"]
        now = _scrape(self._url)
        spent = Counter({sample: value - self._last.get(sample, 0.0) for sample, value in now.items()})
        self._last_call, self._last = self._stack.last_call(), now
        return Counts(
            aws=Counter(call.operation for call in calls),
            writes=_writes(spent),
            requests=_all_requests(spent),
            reads=round(sum(_requests(spent, "get", "list").values())),
            passes=round(
                sum(value for each, value in spent.items() if each.name == "controller_runtime_reconcile_total")
            ),
            cpu_seconds=spent[_Sample("process_cpu_seconds_total", ())],
            memory=now[_Sample("process_resident_memory_bytes", ())] / 2**20,
        )


def free_address() -> str:
    """An address on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class _Sample:
    """One line of a metrics page, less its value."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def label(self, name: str) -> str:
        return dict(self.labels).get(name, "")


def _scrape(url: str) -> Mapping[_Sample, float]:
    with urllib.request.urlopen(url, timeout=SCRAPE_SECONDS) as page:  # noqa: S310  a loopback URL of our own
        families = list(text_string_to_metric_families(page.read().decode()))
    samples = [sample for family in families for sample in family.samples]
    return {_Sample(each.name, tuple(sorted(each.labels.items()))): float(each.value) for each in samples}


def _requests(spent: Mapping[_Sample, float], *verbs: str) -> dict[_Sample, float]:
    return {
        each: value
        for each, value in spent.items()
        if each.name == "rest_client_requests_total" and each.label("verb") in verbs
    }


def _all_requests(spent: Mapping[_Sample, float]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each, value in spent.items():
        if each.name == "rest_client_requests_total":
            what = "/".join(filter(None, (each.label("resource"), each.label("subresource"))))
            found[f"{each.label('verb')} {what}"] += round(value)
    return +found


def _writes(spent: Mapping[_Sample, float]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each, value in _requests(spent, "patch", "update").items():
        if ".services.k8s.aws" in each.label("resource"):
            found[_PATCHES.get(each.label("subresource"), each.label("subresource"))] += round(value)
    return +found
