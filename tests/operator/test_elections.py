"""Which Leases are held."""

from __future__ import annotations

from pathlib import Path

import pytest

from ackpy.errors import ConfigError
from ackpy.operator.elections import elections
from ackpy.operator.options import Replicas


def replicas(*, elect: bool = False, ack_leases: bool = False, namespace: str = "ns") -> Replicas:
    return Replicas(elect=elect, lease="ackpy", namespace=namespace, ack_leases=ack_leases)


@pytest.mark.parametrize(
    ("settings", "own", "of_services"),
    [
        (replicas(), None, {}),
        (replicas(elect=True), "ns/ackpy", {}),
        (replicas(ack_leases=True), None, {"s3": "ns/ack-s3.services.k8s.aws", "ecr": "ns/ack-ecr.services.k8s.aws"}),
        (
            replicas(elect=True, ack_leases=True),
            "ns/ackpy",
            {"s3": "ns/ack-s3.services.k8s.aws", "ecr": "ns/ack-ecr.services.k8s.aws"},
        ),
    ],
    ids=["none", "ours", "ACK's", "both"],
)
def test_leases(settings: Replicas, own: str | None, of_services: dict[str, str]) -> None:
    mine, theirs = elections(settings, ("s3", "ecr"))
    assert (None if mine is None else str(mine.key)) == own
    assert {service: str(each.key) for service, each in theirs.items()} == of_services
    held = [*theirs.values(), *([mine] if mine else [])]
    assert len({each.identity for each in held}) == min(1, len(held)), "one process, one name"
    assert all((e.lease_duration, e.renew_deadline, e.retry_period) == (15, 10, 2) for e in held), "client-go's"


def test_a_pod_knows_its_namespace(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("ack-system\n")
    own, _ = elections(replicas(elect=True, namespace=""), (), pod=tmp_path)
    assert own is not None
    assert own.namespace == "ack-system"


def test_outside_a_pod_the_namespace_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--leader-election-namespace: this is no Pod"):
        elections(replicas(elect=True, namespace=""), (), pod=tmp_path)
    assert elections(replicas(namespace=""), (), pod=tmp_path) == (None, {})
