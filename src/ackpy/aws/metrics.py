"""Each request that goes to AWS -> ACK's outbound counters in the registry handed in, and a plain count that tests read.

The client reports to it. Every attempt counts, repeats too: it is what AWS sees and bills.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric

from ackpy.aws.operations import OpType


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it ended: `status` is HTTP's (0: no answer came), `code` AWS's error code ("" on success)."""

    service: str
    operation: str
    op_type: OpType
    status: int
    code: str
    request_id: str
    seconds: float
    attempt: int
    failed: bool


class Calls:
    """Counts requests by service and operation. `status_code` is the real HTTP status, where ACK has its SDK's fault class."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register ACK's two counters; ValueError when the registry has them already."""
        self.count: Counter[tuple[str, str]] = Counter()
        self._requests = Metric(
            "ack_outbound_api_requests_total",
            "Total number of outbound AWS API requests by service, op_type and op_id.",
            ["service", "op_type", "op_id"],
            registry=registry,
        )
        self._errors = Metric(
            "ack_outbound_api_requests_error_total",
            "Total number of outbound AWS API requests that failed, by service, op_id and HTTP status.",
            ["service", "op_id", "status_code"],
            registry=registry,
        )

    def add(self, sent: Sent) -> None:
        """Count one request."""
        self.count[sent.service, sent.operation] += 1
        self._requests.labels(sent.service, sent.op_type.value, sent.operation).inc()
        if sent.failed:
            self._errors.labels(sent.service, sent.operation, str(sent.status)).inc()
