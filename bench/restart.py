"""What a restart costs with many objects: AWS calls, requests to the API server, time and memory. `python -m bench restart`.

Half of the objects are the talk's buckets, half repositories with both policies. They are made, rest for a resync period, and then the
controllers are killed as kill -9 does and started again over the same cluster and the same AWS.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.counts import SUBJECTS

from ackpy.local.stack import StackOptions
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.counts import Counts, Meter, free_address
from ackpy.testing.stack import LocalStack, eventually

COUNT = 500
RESYNC_SECONDS = 30
LOOKED_SECONDS = 300.0
NAMESPACE = "default"
KINDS = (SUBJECTS[1], SUBJECTS[3])
LEASE = f"--leader-election-namespace={NAMESPACE}"


@dataclass(frozen=True, slots=True)
class Step:
    """One span: what it cost, and after how many seconds the controllers worked and every object had been looked at."""

    title: str
    working: float
    looked_at: float
    counts: Counts


class Herd:
    """So many objects of both kinds, half and half, in a stack of their own."""

    def __init__(self, stack: LocalStack, controllers: Controllers, count: int) -> None:
        self.stack = stack
        self.controllers = controllers
        self.count = count
        self._of_each = count // len(KINDS)

    def start(self, *flags: str) -> Meter:
        """Start the controllers under a Lease; a meter that counts from the beginning of the process."""
        before, address = self.stack.last_call(), free_address()
        self.controllers.start("--enable-leader-election", LEASE, f"--metrics-addr={address}", *flags)
        return Meter(self.stack, address, started_after=before)

    def make(self) -> None:
        """Apply all objects and wait until each is Synced."""
        for subject in KINDS:
            self.stack.apply(*(subject.manifest(f"of-a-herd-{number}") for number in range(self._of_each)))
        for subject in KINDS:
            self.stack.kubectl("wait", subject.plural, "--all", "--for=condition=ACK.ResourceSynced", "--timeout=50s")

    def looked_at(self, since: int) -> None:
        """Wait until AWS has been asked about every object after this call."""

        def over() -> bool:
            asked = Counter(call.operation for call in self.stack.cloud.calls(since=since))
            return all(asked[subject.read] >= self._of_each for subject in KINDS)

        eventually(over, f"{self.count} objects are looked at", LOOKED_SECONDS)


@contextmanager
def herd(count: int) -> Iterator[Herd]:
    """A stack for so many objects, its controllers not yet started."""
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(data=Path(folder) / "data", services=("s3", "ecr"), region="us-east-1")
        with controlled(options) as (stack, controllers):
            yield Herd(stack, controllers, count)


def measure(count: int = COUNT, resync: int = RESYNC_SECONDS) -> Iterator[Step]:
    """The steps, each as soon as it is over."""
    with herd(count) as objects:
        yield made(objects)
        objects.controllers.stop()
        yield at_rest(objects, resync)
        objects.controllers.kill()
        yield restarted("killed and started again", objects)
        objects.controllers.stop()
        yield restarted("stopped and started again", objects)


def made(objects: Herd) -> Step:
    """Start the controllers and make all objects, until it is quiet."""
    began = time.monotonic()
    meter = objects.start()
    working = time.monotonic() - began
    objects.make()
    return _over("made, until quiet", objects, meter, working, began)


def at_rest(objects: Herd, resync: int) -> Step:
    """One round of resyncs, of controllers that are started for it."""
    meter = objects.start(f"--reconcile-default-resync-seconds={resync}")
    objects.stack.quiet()
    meter.take()
    began = time.monotonic()
    objects.looked_at(objects.stack.last_call())
    return _over(f"at rest, one round of resyncs every {resync} s", objects, meter, 0.0, began)


def restarted(title: str, objects: Herd) -> Step:
    """Start the controllers, until they have looked at everything."""
    before, began = objects.stack.last_call(), time.monotonic()
    meter = objects.start()
    working = time.monotonic() - began
    objects.looked_at(before)
    return _over(title, objects, meter, working, began)


def _over(title: str, objects: Herd, meter: Meter, working: float, began: float) -> Step:
    looked_at = time.monotonic() - began
    objects.stack.quiet()
    return Step(title, working, looked_at, meter.take())


def main() -> None:
    """Measure and print."""
    for step in measure():
        spent = step.counts
        print(f"{step.title}: working after {step.working:.1f} s, all looked at after {step.looked_at:.1f} s")
        print(
            f"  {spent.aws.total()} AWS calls, {spent.passes} passes, CPU {spent.cpu_seconds:.1f} s, {spent.memory:.0f} MiB"
        )
        print(f"  AWS: {_listed(spent.aws)}")
        print(f"  Kubernetes: {_listed(spent.requests)}", flush=True)


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(found.items()))
