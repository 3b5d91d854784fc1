"""The data folder of `ackpy up`: its places, and the lock that keeps it one process's. Used by `stack`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ackpy.errors import ConfigError
from ackpy.local.lock import locked


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where a local stack keeps its state; everything in it is private to its owner."""

    root: Path

    @property
    def cluster(self) -> Path:
        """The API server's database, certificates and token."""
        return self.root / "cluster"

    @property
    def cloud(self) -> Path:
        """The embedded AWS's log of changes and root secret."""
        return self.root / "cloud"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that is written unless another file is named."""
        return self.root / "kubeconfig"

    def log(self, process: str) -> Path:
        """The log of one child process, from its last start on."""
        return self.root / "logs" / f"{process}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder, and hold it as the only stack that uses it; ConfigError names the process that has it."""
        self._make()
        with locked(self.root / "up.lock", "another `ackpy up` (process {})"):
            yield

    def _make(self) -> None:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / "logs").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"--data: cannot make the folder {self.root}: {error.strerror}") from error
