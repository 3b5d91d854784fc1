"""Where the API server is and who we are to it: kubeconfig files, or the Pod's service account, into a KubeConfig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class KubeConfig:
    """One cluster and one user of it."""

    server: str
    namespace: str = "default"

    @classmethod
    def load(cls, kubeconfig: str | None = None, *, context: str | None = None) -> Self:
        """From `kubeconfig` (or $KUBECONFIG, a list of files; ~/.kube/config; in-cluster). ConfigError names file and key."""
        raise NotImplementedError
