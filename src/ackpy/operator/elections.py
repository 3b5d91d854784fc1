"""The settings for several replicas -> the Leases to hold: one of ours, and with --ack-leases one for each service. Called by `assemble`.

ACK runs one process a service, and each holds a Lease of its own. Who moves from ACK to ackpy by stages holds them too, so that
a service's Go controller and ours never act at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ackpy.errors import ConfigError
from ackpy.kube.config import SERVICE_ACCOUNT, pod_namespace
from ackpy.operator.options import Replicas
from ackpy.runtime.leader import Election, default_identity


def elections(
    replicas: Replicas, services: Iterable[str], *, pod: Path = SERVICE_ACCOUNT
) -> tuple[Election | None, Mapping[str, Election]]:
    """The process's own election (None: it acts without), and those of services by name (empty without --ack-leases).

    `pod` is where a Pod finds its namespace. ConfigError when Leases are wanted and no namespace is known.
    """
    if not (replicas.elect or replicas.ack_leases):
        return None, {}
    namespace, identity = replicas.namespace or _namespace(pod), default_identity()
    own = Election(namespace, replicas.lease, identity) if replicas.elect else None
    names = services if replicas.ack_leases else ()
    return own, {name: Election(namespace, f"ack-{name}.services.k8s.aws", identity) for name in names}


def _namespace(pod: Path) -> str:
    if namespace := pod_namespace(pod):
        return namespace
    raise ConfigError(
        "--leader-election-namespace: this is no Pod, which would have a namespace; name the one for the Lease"
    )
