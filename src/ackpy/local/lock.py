"""A lock file -> a folder that one process uses at a time. Used by the stack and by both of its servers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ackpy.errors import ConfigError


@contextmanager
def locked(path: Path, holder: str = "process {}") -> Iterator[None]:
    """Hold the lock for as long as the block lasts; the kernel releases it when the process ends, however it ends.

    ConfigError when it is held already: it names the holder, whose process id fills `holder`.
    """
    path.touch(mode=0o600)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            found = holder.format(lock.read().strip() or "unknown")
            raise ConfigError(
                f"the data folder {path.parent} is in use by {found}: stop that one, or name another folder with --data"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
