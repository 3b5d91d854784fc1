"""A local stack whose controllers a test starts, kills and starts again, beside a cluster and an AWS that go on.

    with controlled(StackOptions(...)) as (stack, controllers):
        controllers.start()
        stack.apply(manifest)
        controllers.kill()
        controllers.start("--reconcile-default-resync-seconds=5")

Used by tests of crashes and restarts, and by measurements, which need the process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ackpy.local.child import last_lines
from ackpy.local.folder import DataFolder
from ackpy.local.stack import StackOptions, controllers_command
from ackpy.testing.stack import LocalStack, stacked

STOP_SECONDS = 25.0


class Controllers:
    """The controllers of a stack: at most one process at a time. `log` holds what all of them said."""

    def __init__(self, options: StackOptions, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._options = options
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the process that runs. Raises RuntimeError with its last words when none does."""
        return self._running().pid

    def launch(self, *flags: str) -> None:
        """Start a process, with more flags of `ackpy run` than the stack's options have; do not wait for it."""
        if self._process is not None:
            raise RuntimeError("the controllers run already: kill or stop them first")
        flagged = replace(self._options, controller_flags=(*self._options.controller_flags, *flags))
        arguments, environment = controllers_command(flagged, self._environment)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log
            )

    def start(self, *flags: str) -> None:
        """Launch a process and wait until its controllers work. Raises RuntimeError with its last words when it ends instead."""
        self.launch(*flags)
        process = self._running()
        if process.stdout is None or not process.stdout.readline():
            self._forget(process)
            raise self._ended()

    def kill(self) -> None:
        """End the process as kill -9 does. Raises RuntimeError with its last words when the process had ended by itself."""
        process = self._running()
        process.kill()
        self._forget(process)

    def stop(self) -> None:
        """Ask the process to end, as a cluster does, and wait for it; nothing when none runs."""
        if self._process is None:
            return
        process = self._running()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            self._forget(process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise self._ended()
        return self._process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _ended(self) -> RuntimeError:
        return RuntimeError(f"the controllers do not run; their last words ({self.log}):\n{last_lines(self.log)}")


@contextmanager
def controlled(options: StackOptions) -> Iterator[tuple[LocalStack, Controllers]]:
    """A stack with these options whose controllers wait to be started; they end with the block."""
    with stacked(replace(options, controllers=False)) as stack:
        log = DataFolder(options.data).log("controllers")
        controllers = Controllers(options, stack.stack.environment, log)
        try:
            yield stack, controllers
        finally:
            controllers.stop()
