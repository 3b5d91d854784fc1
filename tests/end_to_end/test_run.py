"""`ackpy run` as a process: what it serves over HTTP, how replicas take turns, how it starts, ends and refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ackpy import __version__
from ackpy.local.stack import StackOptions
from ackpy.testing.stack import LocalStack, stacked

pytestmark = pytest.mark.slow

SECONDS = 60.0
ELECTING = ("--enable-leader-election", "--leader-election-namespace=default")


@dataclass(frozen=True, slots=True)
class Replica:
    """A running `ackpy run`: its process, and the file with its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, text: str) -> list[dict[str, Any]]:
        """The log records whose message holds the text."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [record for record in map(json.loads, lines) if text in record["msg"]]

    def get(self, what: str, path: str) -> tuple[int, str]:
        """The answer of its "metrics" or "health" server. Waits until that serves."""
        until(lambda: self.said(f"{what} served at") or self.process.poll() is not None)
        address = self.said(f"{what} served at")[0]["msg"].rpartition(" ")[2]
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, /, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        found = 0.0
        for line in self.get("metrics", "/metrics")[1].splitlines():
            sample = re.fullmatch(r"([a-z_]+)(\{.*\})? ([^ ]+)", line)
            if sample and sample[1] == name and all(f'{key}="{value}"' in line for key, value in labels.items()):
                found += float(sample[3])
        return found

    def leads(self, lease: str = "ackpy") -> bool:
        """Whether its metrics say that it holds the Lease."""
        return self.metric("leader_election_master_status", name=lease) == 1

    def is_ready(self) -> bool:
        """Whether /readyz answers 200."""
        return self.get("health", "/readyz")[0] == 200

    def end(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


def until(true: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    data = tmp_path_factory.mktemp("run")
    with stacked(StackOptions(data=data, services=("s3", "ecr"), region="us-east-1", controllers=False)) as made:
        yield made


def command(*flags: str) -> list[str]:
    addresses = ("--metrics-addr=127.0.0.1:0", "--healthz-addr=127.0.0.1:0", "--allow-unsafe-aws-endpoint-urls")
    return [sys.executable, "-m", "ackpy", "run", *addresses, *flags]


def environment(stack: LocalStack, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ACK", "KUBE"))}
    return {**kept, "HOME": str(stack.home), **stack.stack.environment, **more}


@contextmanager
def replica(stack: LocalStack, log: Path, *flags: str) -> Iterator[Replica]:
    with (
        log.open("wb") as errors,
        subprocess.Popen(command(*flags), env=environment(stack), stdout=subprocess.DEVNULL, stderr=errors) as process,
    ):
        try:
            yield Replica(process, log)
        finally:
            process.kill()


@contextmanager
def silenced(pid: int) -> Iterator[None]:
    """The process stands still inside the block: its connections stay open, and nobody answers."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def api_server(stack: LocalStack) -> int:
    return stack.stack.children[0].process.pid


def bucket(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "s3.services.k8s.aws/v1alpha1",
        "kind": "Bucket",
        "metadata": {"name": name},
        "spec": {"name": f"{name}.run.example"},
    }


def repository(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "ecr.services.k8s.aws/v1alpha1",
        "kind": "Repository",
        "metadata": {"name": name},
        "spec": {"name": name},
    }


def test_metrics_and_health_have_acks_names(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "log", *ELECTING) as one:
        until(one.is_ready)
        assert one.get("health", "/healthz") == (200, "ok")
        stack.apply(bucket("metrics"))
        stack.wait("bucket/metrics", "condition=ACK.ResourceSynced")
        until(lambda: one.metric("controller_runtime_reconcile_total", controller="bucket") >= 1)
        s3 = {"controller": "bucket", "group": "s3.services.k8s.aws"}
        for name, labels, least in (
            ("ack_outbound_api_requests_total", {"service": "s3", "op_type": "CREATE", "op_id": "CreateBucket"}, 1),
            ("ack_outbound_api_requests_error_total", {"service": "s3", "status_code": "404"}, 1),
            ("controller_runtime_reconcile_total", s3, 1),
            ("controller_runtime_reconcile_errors_total", s3, 0),
            ("controller_runtime_reconcile_time_seconds_count", s3, 1),
            ("controller_runtime_max_concurrent_reconciles", s3, 8),
            ("controller_runtime_active_workers", s3, 0),
            ("workqueue_adds_total", {"name": "bucket", **s3}, 1),
            ("workqueue_depth", {"name": "bucket"}, 0),
            ("workqueue_queue_duration_seconds_count", {"name": "bucket"}, 1),
            ("workqueue_work_duration_seconds_count", {"name": "bucket"}, 1),
            ("workqueue_retries_total", {"name": "bucket"}, 0),
            ("rest_client_requests_total", {"code": "200", "method": "GET"}, 2),
            ("leader_election_master_status", {"name": "ackpy"}, 1),
            ("process_cpu_seconds_total", {}, 0.1),
        ):
            assert f"\n{name}" in one.get("metrics", "/metrics")[1], name
            assert one.metric(name, **labels) >= least, name
        tags = stack.cloud.snapshot(stack.stack.account)
        assert f"s3-{__version__}" in json.dumps(tags), "the tag names the service, as ACK's own controller does"
        assert one.end() == 0


def test_it_is_ready_when_its_caches_are(stack: LocalStack, tmp_path: Path) -> None:
    with silenced(api_server(stack)), replica(stack, tmp_path / "log") as one:
        status, text = one.get("health", "/readyz")
        assert status == 503
        assert "cache of buckets.s3.services.k8s.aws: not synced" in text
        assert one.get("health", "/healthz")[0] == 200, "that is no reason to start it again"
        os.kill(api_server(stack), signal.SIGCONT)
        until(one.is_ready)


def test_it_is_not_alive_when_the_api_server_is_silent_for_too_long(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "log", "--max-watch-silence=5s") as one:
        until(one.is_ready)
        assert one.get("health", "/healthz") == (200, "ok")
        with silenced(api_server(stack)):
            until(lambda: one.get("health", "/healthz")[0] == 503)
            complaint = (
                "watch of buckets.s3.services.k8s.aws: silent for"  # each watch is too old at a moment of its own
            )
            until(lambda: complaint in one.get("health", "/healthz")[1])
            assert one.get("health", "/healthz")[0] == 503


def test_of_two_replicas_one_acts_and_the_other_takes_over(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "one", *ELECTING) as one:
        until(one.leads)
        with replica(stack, tmp_path / "two", *ELECTING) as two:
            until(lambda: two.said("is held by"))
            until(two.is_ready)
            stack.apply(bucket("first"))
            stack.wait("bucket/first", "condition=ACK.ResourceSynced")
            assert two.metric("ack_outbound_api_requests_total", service="s3") == 0
            assert not two.leads()
            one.process.kill()
            killed = time.monotonic()
            stack.apply(bucket("second"))
            until(two.leads)
            assert time.monotonic() - killed < 15 + 2 * 2.2 + 3, (
                "the Lease's length, a try, and some time of the machine"
            )
            stack.wait("bucket/second", "condition=ACK.ResourceSynced")
            assert two.end() == 0


def test_who_is_told_to_end_gives_the_lease_away(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "one", *ELECTING) as one:
        until(one.leads)
        with replica(stack, tmp_path / "two", *ELECTING) as two:
            until(lambda: two.said("is held by"))
            assert one.end() == 0
            until(two.leads, seconds=10)
            assert two.end() == 0
    lease = stack.get("lease/ackpy")
    assert lease["spec"]["holderIdentity"] == ""


def test_a_service_that_acks_controller_holds_is_left_to_it(stack: LocalStack, tmp_path: Path) -> None:
    held = {"holderIdentity": "go-controller", "leaseDurationSeconds": 3600, "renewTime": "2026-11-24T00:00:00.000000Z"}
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "ack-s3.services.k8s.aws"},
        "spec": held,
    }
    stack.apply(lease)
    with replica(stack, tmp_path / "log", "--ack-leases", "--leader-election-namespace=default") as one:
        until(lambda: one.said("lease default/ack-s3.services.k8s.aws is held by go-controller"))
        until(lambda: one.leads("ack-ecr.services.k8s.aws"))
        stack.apply(bucket("left"), repository("taken"))
        stack.wait("repository/taken", "condition=ACK.ResourceSynced")
        assert one.metric("ack_outbound_api_requests_total", service="s3") == 0
        stack.apply({**lease, "spec": {**held, "holderIdentity": ""}})
        stack.wait("bucket/left", "condition=ACK.ResourceSynced")
        assert one.leads("ack-s3.services.k8s.aws")
        stack.kubectl("delete", "repository", "taken")
        assert one.end() == 0
    for service in ("s3", "ecr"):
        assert stack.get(f"lease/ack-{service}.services.k8s.aws")["spec"]["holderIdentity"] == ""


def test_a_crd_that_comes_later_is_picked_up(stack: LocalStack, tmp_path: Path) -> None:
    name = "repositories.ecr.services.k8s.aws"
    crd = stack.get(f"crd/{name}")
    manifest = {**crd, "metadata": {"name": name}, "status": None}
    stack.kubectl("delete", "crd", name)
    with replica(stack, tmp_path / "log") as one:
        until(one.is_ready)
        assert [record["level"] for record in one.said(f"watch of {name}: the API server does not know it")] == [
            "warning"
        ]
        stack.apply(bucket("beside"))
        stack.wait("bucket/beside", "condition=ACK.ResourceSynced")
        stack.apply(manifest)
        stack.kubectl("wait", f"crd/{name}", "--for=condition=Established", "--timeout=30s")
        stack.apply(repository("late"))
        stack.wait("repository/late", "condition=ACK.ResourceSynced")
        assert one.get("health", "/healthz")[0] == 200


def test_a_pass_under_way_is_finished_before_the_end(stack: LocalStack, tmp_path: Path) -> None:
    stack.cloud.fault(act="delay", service="s3", operation="CreateBucket", seconds=3.0)
    with replica(stack, tmp_path / "log") as one:
        until(one.is_ready)
        stack.apply(bucket("slow"))
        until(lambda: one.metric("controller_runtime_active_workers", controller="bucket") == 1)
        assert one.end() == 0
        assert not one.said("abandoning")
    conditions = {each["type"]: each["status"] for each in stack.get("bucket/slow")["status"]["conditions"]}
    assert conditions["ACK.ResourceSynced"] == "True"


def test_a_pass_that_takes_too_long_is_abandoned_and_taken_up_again(stack: LocalStack, tmp_path: Path) -> None:
    stack.cloud.fault(act="delay", service="s3", operation="CreateBucket", seconds=8.0)
    with replica(stack, tmp_path / "one", "--shutdown-grace=500ms") as one:
        until(one.is_ready)
        stack.apply(bucket("abandoned"))
        until(lambda: "finalizers" in stack.get("bucket/abandoned")["metadata"])
        assert one.end() == 0
        assert one.said("abandoning default/abandoned")
    with replica(stack, tmp_path / "two") as two:
        stack.wait("bucket/abandoned", "condition=ACK.ResourceSynced")
        assert two.end() == 0


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7NOTHERE"}, "api error InvalidClientTokenId"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot connect to 127.0.0.1:9"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"},
            "no AWS credentials",
        ),
    ],
    ids=["an unknown key", "no way to AWS", "no credentials"],
)
def test_without_an_identity_it_ends_with_one_clear_line(
    variables: dict[str, str], reason: str, stack: LocalStack
) -> None:
    done = subprocess.run(
        command(), env=environment(stack, **variables), capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith("ackpy: AWS does not say who we are (STS GetCallerIdentity in us-east-1): ")
    assert reason in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "variables", "complaint"),
    [
        (("--deletion-polcy=retain",), {}, "--deletion-policy"),
        (("--reconcile-resources=Buket",), {}, "did you mean Bucket?"),
        (("--reconcile-resource-resync-seconds=bucket=5",), {}, "did you mean Bucket?"),
        (("--feature-gates=ResourceAdoptoin=true",), {}, "did you mean ResourceAdoption?"),
        (("--services=s33",), {}, "unknown service s33"),
        (("--enable-leader-election",), {}, "--leader-election-namespace: this is no Pod"),
        ((), {"ACK_LOG_LEVL": "debug"}, "did you mean ACK_LOG_LEVEL?"),
        ((), {"AWS_REGION": ""}, "no AWS region: give --aws-region or set AWS_REGION"),
    ],
)
def test_a_setting_that_makes_no_sense_ends_it_at_once(
    flags: tuple[str, ...], variables: dict[str, str], complaint: str, stack: LocalStack
) -> None:
    done = subprocess.run(
        command(*flags), env=environment(stack, **variables), capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_flag_that_means_nothing_here_is_said_in_the_log(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "log", "--enable-webhook-server") as one:
        until(lambda: one.said("--enable-webhook-server: every CRD has one version"))
        assert one.end() == 0


@pytest.mark.long
def test_silence_and_its_end_over_several_bookmarks(stack: LocalStack, tmp_path: Path) -> None:
    with replica(stack, tmp_path / "log", "--max-watch-silence=75s") as one:
        until(one.is_ready)
        began = time.monotonic()
        while time.monotonic() - began < 130:  # nothing happens, but the server says a word every minute
            assert one.get("health", "/healthz") == (200, "ok")
            time.sleep(1)
        with silenced(api_server(stack)):
            until(lambda: one.get("health", "/healthz")[0] == 503, seconds=90)
        until(lambda: one.get("health", "/healthz")[0] == 200, seconds=150)
