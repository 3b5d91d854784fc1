"""What passes find by field path -> ackpy's own counters, in the registry handed in. The composition root makes one for all kinds.

Paths are those of the definition (`tagging.tagSet..value`), never of an object: there are as many as the kinds have fields.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class Tallies:
    """Counts drift and paths whose writes have been stopped."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the counters; ValueError when the registry has them already."""
        self._drift = Counter(
            "ackpy_drift",
            "Differences between spec and AWS that nobody asked for, by kind and field path.",
            ["kind", "path"],
            registry=registry,
        )
        self._stopped = Counter(
            "ackpy_not_converging",
            "Field paths that are written no more because AWS does not keep what is written, by kind.",
            ["kind", "path"],
            registry=registry,
        )

    def drift(self, kind: str, path: str) -> None:
        """Count a difference that was corrected, reported, or ignored on purpose."""
        self._drift.labels(kind, path).inc()

    def stopped(self, kind: str, path: str) -> None:
        """Count a path that the convergence guard has stopped."""
        self._stopped.labels(kind, path).inc()
