"""`ackpy up` as a user starts it: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from ackpy.local.kubectl import find_kubectl

pytestmark = pytest.mark.slow

FREE = ("--port", "0", "--aws-port", "0", "--services", "s3")
SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ACK", "KUBE"))}
    return {**kept, "HOME": str(tmp_path)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ackpy", "up", *arguments]


@contextmanager
def up(environment: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str], str]]:
    """A started `ackpy up`: the process, what it exports, and its ready line."""
    with subprocess.Popen(
        command(*arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, *announced(process)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def announced(process: subprocess.Popen[str]) -> tuple[dict[str, str], str]:
    assert process.stdout is not None
    ready = process.stdout.readline()
    exports: dict[str, str] = {}
    for line in process.stdout:
        if line.startswith("export "):
            name, value = line.removeprefix("export ").split("=", 1)
            exports[name] = shlex.split(value)[0]
        elif exports:
            break
    return exports, ready


def refused(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return done.returncode, done.stderr


def test_it_says_what_to_paste_and_leaves_home_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE) as (_, exports, ready):
        assert ready.startswith("ready in ")
        assert "controllers for s3" in ready
        assert set(exports) == {
            "KUBECONFIG",
            "AWS_REGION",
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        }
        kubeconfig = Path(exports["KUBECONFIG"])
        assert kubeconfig == tmp_path / "data" / "kubeconfig"
        assert kubeconfig.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_interrupt_ends_all_of_it(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE) as (process, _, _):
        children = children_of(process.pid)
        assert len(children) == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS) == 0
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def children_of(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def test_a_process_that_dies_is_named_with_its_last_lines(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE) as (process, _, _):
        cloud = next(
            pid for pid in children_of(process.pid) if b"ackpy.local.cloud" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(cloud, signal.SIGKILL)
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 1
        assert errors.startswith("ackpy: the embedded AWS ended by signal 9")


def test_nothing_outlives_a_kill(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE) as (process, _, _):
        children = children_of(process.pid)
        process.kill()
        process.wait(timeout=SECONDS)
        for pid in children:
            wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([descriptor], [], [], SECONDS)
        assert ready, f"process {pid} is still there"
    finally:
        os.close(descriptor)


def test_a_taken_port_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, errors = refused(environment, "--data", str(tmp_path / "data"), *FREE, "--port", port)
    assert status == 2
    assert f"ackpy: cannot listen on 127.0.0.1:{port}: Address already in use; name another port with --port" in errors


def test_a_taken_aws_port_is_named_by_its_own_flag(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, errors = refused(environment, "--data", str(tmp_path / "data"), *FREE, "--aws-port", port)
    assert status == 2
    assert port in errors
    assert "--aws-port" in errors


def test_a_second_up_on_the_same_folder_is_refused(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE) as (process, _, _):
        status, errors = refused(environment, "--data", str(tmp_path / "data"), *FREE)
        assert status == 2
        assert f"in use by another `ackpy up` (process {process.pid})" in errors


@pytest.mark.parametrize("path", ["cluster/state.db", "cloud/requests.log"])
def test_a_corrupt_data_folder_is_named(path: str, tmp_path: Path, environment: dict[str, str]) -> None:
    data = tmp_path / "data"
    with up(environment, "--data", str(data), *FREE):
        pass
    corrupted = data / path
    assert corrupted.exists(), sorted(str(each.relative_to(data)) for each in data.rglob("*"))
    corrupted.write_bytes(b"this is no state\nof ours\n" * 400)
    status, errors = refused(environment, "--data", str(data), *FREE)
    assert status == 2
    assert str(corrupted) in errors or str(corrupted.parent) in errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ("--no-aws",),
            "AWS_ENDPOINT_URL names no endpoint, so this would be the real AWS; pass --real-aws if you mean it",
        ),
        (("--services", "s4"), "s4"),
        (("--deletion-policy", "Delete"), '--deletion-policy="Delete": it must be "delete" or "retain"'),
        (("--http-client-timeout", "60"), "--http-client-timeout: found '60', expected a duration"),
        (("--aws-endpoint-url=https://aws.example",), "this stack has an AWS of its own; add --no-aws to use another"),
    ],
    ids=["no AWS", "an unknown service", "a wrong controller flag", "no duration", "two AWS"],
)
def test_a_wrong_setting_is_named(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    status, errors = refused(environment, "--data", str(tmp_path / "data"), *FREE, *arguments)
    assert status == 2
    assert complaint in errors
    assert "Traceback" not in errors


def test_a_wrong_controller_flag_starts_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    refused(environment, "--data", str(tmp_path / "data"), *FREE, "--log-level=loud")
    assert not (tmp_path / "data").exists()


def test_it_takes_the_controllers_flags(tmp_path: Path, environment: dict[str, str]) -> None:
    election = ("--enable-leader-election", "--leader-election-namespace=default", "--aws-region=eu-west-1")
    with up(environment, "--data", str(tmp_path / "data"), *FREE, *election) as (_, exports, _):
        assert exports["AWS_REGION"] == "eu-west-1"
        kubectl = [find_kubectl(), "get", "lease", "ackpy", "-o", "jsonpath={.spec.holderIdentity}"]
        held = subprocess.run(kubectl, env={**environment, **exports}, capture_output=True, text=True, check=True)
        assert held.stdout != ""


def test_a_cluster_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    with up(environment, "--data", str(tmp_path / "data"), *FREE, "--no-aws", "--no-controllers") as (
        process,
        exports,
        _,
    ):
        assert len(children_of(process.pid)) == 1
        assert set(exports) == {"KUBECONFIG", "AWS_REGION"}


def test_an_ephemeral_stack_leaves_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with up({**environment, "TMPDIR": str(temporary)}, "--ephemeral", *FREE) as (process, exports, _):
        assert exports["KUBECONFIG"].startswith(str(temporary))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS) == 0
    assert list(temporary.iterdir()) == []


def test_its_aws_takes_its_time_when_told_to(tmp_path: Path, environment: dict[str, str]) -> None:
    slow = ("--no-controllers", "--pending=600")
    with up(environment, "--data", str(tmp_path / "data"), *FREE, *slow) as (_, exports, _):
        kinesis = boto3.client(
            "kinesis",
            endpoint_url=exports["AWS_ENDPOINT_URL"],
            region_name=exports["AWS_REGION"],
            aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        )
        kinesis.create_stream(StreamName="slow", ShardCount=1)
        assert (
            kinesis.describe_stream_summary(StreamName="slow")["StreamDescriptionSummary"]["StreamStatus"] == "CREATING"
        )
