"""pytest fixture -> a whole local stack: cluster, AWS and controllers as `ackpy up` starts them, driven by kubectl and any AWS SDK.

    def test_it(local_stack: LocalStack) -> None:
        local_stack.apply(manifest)
        local_stack.kubectl("wait", "bucket/mine", "--for=condition=ACK.ResourceSynced")

Load it with `pytest_plugins = ["ackpy.testing.stack"]`. `stacked(options)` starts one with other options.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ackpy.local.kubectl import find_kubectl
from ackpy.local.stack import Stack, StackOptions, running
from ackpy.testing.aws import AwsClient, client_of
from ackpy.testing.cloud import Cloud

KUBECTL_SECONDS = 60.0
QUIET_SECONDS = 1.5
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Kubectl:
    """What one kubectl command did."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running stack: its processes, its AWS, and kubectl pointed at its cluster."""

    stack: Stack
    cloud: Cloud
    home: Path

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> Kubectl:
        """Run kubectl; AssertionError with what it said when it fails, unless `check` is False."""
        environment = {"HOME": str(self.home), "PATH": os.environ.get("PATH", ""), **self.stack.environment}
        done = subprocess.run(  # noqa: S603  a fixed program, the test's arguments
            [find_kubectl(), *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=KUBECTL_SECONDS,
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return Kubectl(done.returncode, done.stdout, done.stderr)

    def apply(self, *manifests: Mapping[str, Any], namespace: str = "default", check: bool = True) -> Kubectl:
        """Kubectl apply of manifests."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        return self.kubectl("apply", "-n", namespace, "-f", "-", stdin=text, check=check)

    def get(self, resource: str, namespace: str = "default") -> dict[str, Any]:
        """One object, as `kubectl get -o json` prints it."""
        found: dict[str, Any] = json.loads(self.kubectl("get", resource, "-n", namespace, "-o", "json").output)
        return found

    def wait(self, resource: str, condition: str, namespace: str = "default") -> None:
        """Until the object has the condition: "condition=ACK.ResourceSynced", "jsonpath=..."."""
        self.kubectl("wait", resource, "-n", namespace, f"--for={condition}", f"--timeout={KUBECTL_SECONDS / 2:.0f}s")

    def client(self, service: str, account: str = "", region: str = "us-east-1") -> AwsClient:
        """A botocore client of a service in the stack's AWS: of the controllers' account, or of another one."""
        return client_of(self.cloud, account or self.cloud.account_id, service, region)

    def last_call(self) -> int:
        """The number of the last AWS call, to count those after it."""
        return max((call.at_seq for call in self.cloud.calls()), default=0)

    def quiet(self) -> int:
        """Wait until AWS has not been called for longer than a verification takes to come; returns `last_call`."""
        last, since = self.last_call(), time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            time.sleep(POLL_SECONDS)
            if calls := self.cloud.calls(since=last):
                last, since = calls[-1].at_seq, time.monotonic()
        return last

    def writes(self) -> int:
        """How often objects of kinds that are no built-ins have been written, as the API server's own metric counts."""
        metrics = self.kubectl("get", "--raw", "/metrics").output
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in metrics.splitlines() if _is_write(line))


def eventually(holds: Callable[[], object], what: str, seconds: float = KUBECTL_SECONDS / 2) -> None:
    """Return when it holds; AssertionError that says what did not come within `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(POLL_SECONDS)


def _is_write(line: str) -> bool:
    return (
        line.startswith("apiserver_request_total{")
        and ".services.k8s.aws" in line
        and any(f'verb="{verb}"' in line for verb in ("PATCH", "PUT"))
    )


@contextmanager
def stacked(options: StackOptions) -> Iterator[LocalStack]:
    """A stack with these options, for as long as the block lasts. Its event loop runs in a thread of its own."""
    ready, stop = threading.Event(), threading.Event()
    outcome: list[Stack | BaseException] = []

    async def hold() -> None:
        async with running(options) as stack:
            outcome.append(stack)
            ready.set()
            await asyncio.to_thread(stop.wait)

    def supervise() -> None:
        try:
            asyncio.run(hold())
        except BaseException as error:  # noqa: BLE001  handed to the test's thread below
            outcome.append(error)
            ready.set()

    thread = threading.Thread(target=supervise, name="local-stack")
    thread.start()
    try:
        ready.wait()
        yield _handle(outcome, options.data)
    finally:
        stop.set()
        thread.join()
    if isinstance(outcome[-1], BaseException):
        raise outcome[-1]


def _handle(outcome: list[Stack | BaseException], home: Path) -> LocalStack:
    stack = outcome[0]
    if isinstance(stack, BaseException):
        raise stack
    cloud = Cloud(
        stack.aws_url,
        stack.environment.get("AWS_ACCESS_KEY_ID", ""),
        stack.environment.get("AWS_SECRET_ACCESS_KEY", ""),
        stack.account,
        stack.aws_admin_token,
    )
    return LocalStack(stack, cloud, home)


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack with all services for the session; objects are compared with AWS every ten hours unless something wakes them."""
    options = StackOptions(data=tmp_path_factory.mktemp("stack"), services=("s3", "ecr"), region="us-east-1")
    with stacked(options) as stack:
        yield stack
