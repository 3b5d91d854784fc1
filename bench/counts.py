"""What one AWS resource costs: calls to AWS, requests to the API server, CPU and memory, beside ACK's figures. `python -m bench counts`.

The first object is alone, so that every call is its own and the counts are exact; then come CROWD more, for what needs an average.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions, Target
from ackpy.kube.clock import SystemClock
from ackpy.local.stack import StackOptions
from ackpy.testing.cloud import Cloud
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.counts import Counts, Meter, free_address
from ackpy.testing.stack import LocalStack, eventually

CROWD = 50
HERD = 200
RESYNC_SECONDS = 5
SYNC_SECONDS = 120.0
REGION = "us-east-1"
YARDSTICK_CALLS = 500
Manifest = dict[str, Any]

TALK: Manifest = yaml.safe_load(files("ackpy.cli").joinpath("talk-bucket.yaml").read_text())["spec"]
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"*"},'
    '"Action":["ecr:BatchGetImage"]}]}'
)
LIFECYCLE = (
    '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":9},'
    '"action":{"type":"expire"}}]}'
)


@dataclass(frozen=True, slots=True)
class Ack:
    """What ACK's Go controller of the service took for one such object; None was not measured.

    Source: ACK's S3 and ECR controllers (runtime v0.62.0) on kube-apiserver 1.35, moto with AWS's default encryption, one worker, two
    cores, counted on the wire and by the API server's own counters: means of 20 buckets and of 50 repositories, November 2026.
    """

    synced: float | None = None
    quiet: float | None = None
    resync: float | None = None
    delete: float | None = None
    patches: float | None = None
    statuses: float | None = None
    reads: float | None = None
    cpu_quiet: float | None = None
    cpu_resync: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of object to measure: its spec but for the name, an edit of one setting, the read that every pass makes for itself once."""

    title: str
    kind: str
    group: str
    spec: Mapping[str, Any]
    edit: Mapping[str, Any]
    read: str
    ack: Ack

    @property
    def plural(self) -> str:
        return {"Bucket": "buckets", "Repository": "repositories"}[self.kind]

    def manifest(self, name: str, **edits: Any) -> Manifest:
        spec = {**self.spec, **edits, "name": name}
        return {"apiVersion": f"{self.group}/v1alpha1", "kind": self.kind, "metadata": {"name": name}, "spec": spec}


def _bucket(title: str, spec: Mapping[str, Any], ack: Ack) -> Subject:
    edit = {"versioning": {"status": "Suspended" if "versioning" in spec else "Enabled"}}
    return Subject(title, "Bucket", "s3.services.k8s.aws", spec, edit, "GetBucketTagging", ack)


def _repository(title: str, spec: Mapping[str, Any], ack: Ack) -> Subject:
    edit = {"imageTagMutability": "IMMUTABLE"}
    return Subject(title, "Repository", "ecr.services.k8s.aws", spec, edit, "ListTagsForResource", ack)


SUBJECTS = (
    _bucket("a minimal bucket", {}, Ack(49.3, 57.8, 42.3, 24.2, 1.0, 2.2, 13.7, 63, 44)),
    _bucket("the talk's bucket", TALK, Ack(51.1, 59.3, 41.3, 24.4, 1.0, 2.2, 13.6, 73, 46)),
    _repository("a repository", {}, Ack(10.2, 13.5, 7.9, 5.2, 3.0, 1.4, 9.8, 22, 10)),
    _repository("a repository with policies", {"policy": POLICY, "lifecyclePolicy": LIFECYCLE}, Ack()),
)


@dataclass(frozen=True, slots=True)
class Alone:
    """What each step cost the first object; `verified` is the look that follows a creation, after Synced."""

    synced: Counts
    verified: Counts
    resynced: Counts
    edited: Counts
    deleted: Counts


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many objects cost together: until all were quiet, and in one resync of each; `seconds` until all were Synced."""

    count: int
    seconds: float
    quiet: Counts
    resynced: Counts


def alone(subject: Subject) -> Alone:
    """Count every step of one object's life."""
    with _stack() as (stack, controllers):
        meter = _started(stack, controllers)
        stack.apply(subject.manifest("first"))
        _synced(stack, subject, 1)
        synced = meter.take()
        verified = _at_rest(stack, meter)
        controllers.stop()
        meter = _started(stack, controllers, resync=RESYNC_SECONDS)
        resynced = _resynced(stack, meter, subject, 1)
        stack.apply(subject.manifest("first", **subject.edit))
        edited = _at_rest(stack, meter)
        stack.kubectl("delete", subject.plural, "--all", "--timeout=60s")
        return Alone(synced, verified, resynced, edited, _at_rest(stack, meter))


def crowd(subject: Subject, count: int = CROWD) -> Crowd:
    """Measure what needs many objects to be seen."""
    with _stack() as (stack, controllers):
        meter = _started(stack, controllers)
        began = time.monotonic()
        stack.apply(*(subject.manifest(f"one-of-many-{number}") for number in range(count)))
        _synced(stack, subject, count)
        seconds = time.monotonic() - began
        quiet = _at_rest(stack, meter)
        controllers.stop()
        meter = _started(stack, controllers, resync=2 * RESYNC_SECONDS)
        return Crowd(count, seconds, quiet, _resynced(stack, meter, subject, count))


async def _bare_calls(cloud: Cloud) -> float:
    """CPU seconds of one read by the same AWS client, with no controller around it."""
    keys = Keys(cloud.access_key_id, cloud.secret_access_key)
    options = Options(version="bench", endpoint_url=cloud.url, allow_unsafe_endpoints=True, keys=keys)
    async with Sessions(options, calls=Calls(CollectorRegistry()), clock=SystemClock()) as sessions:
        client = await sessions.client(Target("s3", REGION))
        await client.call("CreateBucket", Bucket="yardstick")
        began = time.process_time()
        for _ in range(YARDSTICK_CALLS):
            await client.call("GetBucketVersioning", Bucket="yardstick")
        return (time.process_time() - began) / YARDSTICK_CALLS


def yardstick() -> float:
    """CPU milliseconds of one bare AWS call on this machine, now."""
    with _stack() as (stack, _):
        return 1000 * asyncio.run(_bare_calls(stack.cloud))


def memory(count: int = HERD) -> tuple[float, float]:
    """The controllers' resident memory in MiB: with nothing to do, and with `count` of the talk's buckets at rest."""
    subject = SUBJECTS[1]
    with _stack() as (stack, controllers):
        meter = _started(stack, controllers)
        idle = _at_rest(stack, meter).memory
        stack.apply(*(subject.manifest(f"one-of-a-herd-{number}") for number in range(count)))
        _synced(stack, subject, count)
        return idle, _at_rest(stack, meter).memory


@contextmanager
def _stack() -> Iterator[tuple[LocalStack, Controllers]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        controlled(StackOptions(data=Path(folder) / "data", services=("s3", "ecr"), region=REGION)) as running,
    ):
        yield running


def _started(stack: LocalStack, controllers: Controllers, resync: int = 0) -> Meter:
    """Start the controllers; a meter of them, once their first passes are over. `resync` 0 is ten hours."""
    address = free_address()
    controllers.start(f"--metrics-addr={address}", f"--reconcile-default-resync-seconds={resync}")
    stack.quiet()
    return Meter(stack, address)


def _synced(stack: LocalStack, subject: Subject, count: int) -> None:
    """Until so many objects are Synced."""
    path = "jsonpath={.items[*].status.conditions[?(@.type=='ACK.ResourceSynced')].status}"

    def synced() -> bool:
        return stack.kubectl("get", subject.plural, "-o", path).output.split() == ["True"] * count

    eventually(synced, f"{count} objects are Synced", SYNC_SECONDS)


def _at_rest(stack: LocalStack, meter: Meter) -> Counts:
    stack.quiet()
    return meter.take()


def _resynced(stack: LocalStack, meter: Meter, subject: Subject, count: int) -> Counts:
    """One round of resyncs: `count` passes that come together, with silence before and after."""
    last = stack.last_call()

    def over() -> bool:
        return sum(call.operation == subject.read for call in stack.cloud.calls(since=last)) >= count

    eventually(over, f"{count} resyncs", 4 * RESYNC_SECONDS)
    return _at_rest(stack, meter)


def rows(one: Alone, many: Crowd, ack: Ack, call: float) -> Iterator[tuple[str, float, float | None]]:
    """The lines of a subject's table: what, ours, ACK's. `call` is the yardstick."""
    quiet = one.synced.aws + one.verified.aws
    cpu_resync = 1000 * many.resynced.cpu_seconds / many.count
    yield "AWS calls to Synced", one.synced.aws.total(), ack.synced
    yield "AWS calls until quiet", quiet.total(), ack.quiet
    yield "AWS calls for one setting changed", one.edited.aws.total(), None
    yield "AWS calls per resync, one alone", one.resynced.aws.total(), ack.resync
    yield f"AWS calls per resync, {many.count} together", many.resynced.aws.total() / many.count, ack.resync
    yield "AWS calls per delete", one.deleted.aws.total(), ack.delete
    created = one.synced.writes + one.verified.writes
    yield "Kubernetes writes until quiet: metadata and spec", created["patch"], ack.patches
    yield "Kubernetes writes until quiet: status", created["status"], ack.statuses
    yield "Kubernetes writes for one setting changed", one.edited.writes.total(), None
    yield "Kubernetes writes per resync", one.resynced.writes.total(), None
    yield "Kubernetes reads until quiet", one.synced.reads + one.verified.reads, ack.reads
    yield "CPU ms until quiet", 1000 * many.quiet.cpu_seconds / many.count, ack.cpu_quiet
    yield "CPU ms per resync", cpu_resync, ack.cpu_resync
    yield "CPU of a resync, in bare AWS calls", cpu_resync / call, None
    yield f"seconds until {many.count} are Synced", many.seconds, None


def table(title: str, lines: Iterable[tuple[str, float, float | None]]) -> str:
    """Markdown."""
    head = [f"| {title} | ackpy | ACK | ACK / ackpy |", "|---|---|---|---|"]
    body = [f"| {what} | {_number(ours)} | {_number(acks)} | {_ratio(ours, acks)} |" for what, ours, acks in lines]
    return "\n".join([*head, *body])


def _number(value: float | None) -> str:
    return (
        ""
        if value is None
        else f"{value:.2f}".rstrip("0").removesuffix(".")
        if value < 10
        else f"{value:.1f}".removesuffix(".0")
    )


def _ratio(ours: float, acks: float | None) -> str:
    return "" if acks is None or not ours else f"{acks / ours:.1f}"


def main() -> None:
    """Measure everything and print it."""
    call = yardstick()
    print(f"yardstick: a bare AWS call takes {call:.2f} ms of CPU\n")
    for subject in SUBJECTS:
        one, many = alone(subject), crowd(subject)
        print(table(subject.title, rows(one, many, subject.ack, call)), flush=True)
        for step in ("synced", "verified", "resynced", "edited", "deleted"):
            print(f"  {step}: {dict(getattr(one, step).aws)}")
        print()
    idle, full = memory()
    print(
        f"memory, both services in one process: {idle:.0f} MiB idle, {full:.0f} MiB with {HERD} of the talk's buckets"
    )
    print("ACK: 53 MiB (s3) and 49 MiB (ecr) idle, 63 and 58 MiB with 20 buckets and 50 repositories")
