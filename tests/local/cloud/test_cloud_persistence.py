"""Stopped, killed and started again, the embedded AWS has lost nothing that it answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from ackpy.local.cloud.journal import LOG_NAME
from ackpy.testing.aws import client_of, refused, session_of
from ackpy.testing.cloud import Cloud, end_cloud, start_cloud

pytestmark = pytest.mark.slow

ACCOUNT = "210987654321"
TRUST = json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}})


def populate(cloud: Cloud) -> dict[str, str]:
    """Something of every service that we install; the session keys of an assumed role."""
    s3, ecr, iam, sts = (client_of(cloud, ACCOUNT, service) for service in ("s3", "ecr", "iam", "sts"))
    s3.list_buckets()
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "1"}]})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    rule = {"Status": "Enabled", "Prefix": "", "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": [rule]})
    s3.put_bucket_metrics_configuration(Bucket="kept", Id="m", MetricsConfiguration={"Id": "m"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket="kept", Key="k ü/+", Body=body)
    s3.delete_object(Bucket="kept", Key="k ü/+")
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
    s3.upload_part(Bucket="kept", Key="parts", PartNumber=1, UploadId=upload, Body=b"part")
    zone, kind = (
        {"Type": "AvailabilityZone", "Name": "use1-az4"},
        {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"},
    )
    s3.create_bucket(Bucket="kept--use1-az4--x-s3", CreateBucketConfiguration={"Location": zone, "Bucket": kind})
    iam.list_policies(MaxItems=1)
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="user")
    iam.create_access_key(UserName="user")
    ecr.create_repository(repositoryName="repository", tags=[{"Key": "a", "Value": "1"}])
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
    refused(ecr.create_repository, repositoryName="repository")
    answer = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/role", RoleSessionName="session")
    return session_of(answer)


def started(folder: Path) -> tuple[subprocess.Popen[str], Cloud]:
    return start_cloud("--data", str(folder))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_nothing(tmp_path: Path, number: signal.Signals) -> None:
    process, cloud = started(tmp_path)
    session = populate(cloud)
    issued = session_of(client_of(cloud, ACCOUNT, "sts").get_session_token())
    before, keys = cloud.snapshot(ACCOUNT), cloud.credentials(ACCOUNT)
    process.send_signal(number)
    assert process.wait(10) == (0 if number is signal.SIGTERM else -signal.SIGKILL)
    end_cloud(process)
    process, again = started(tmp_path)
    try:
        assert again.snapshot(ACCOUNT) == before
        assert again.credentials(ACCOUNT) == keys
        identity = client_of(again, ACCOUNT, "sts", **session).get_caller_identity()
        assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/role/session"
        own = client_of(again, ACCOUNT, "sts", **issued).get_caller_identity()
        assert own["Account"] == ACCOUNT
        size = (tmp_path / LOG_NAME).stat().st_size
        client_of(again, ACCOUNT, "s3").get_bucket_tagging(Bucket="kept")
        assert (tmp_path / LOG_NAME).stat().st_size == size, "reads are not kept"
    finally:
        end_cloud(process)


def test_killed_amid_writes_it_has_all_that_it_answered(tmp_path: Path) -> None:
    process, cloud = started(tmp_path)
    s3 = client_of(cloud, ACCOUNT, "s3")
    answered: list[str] = []
    enough = threading.Event()

    def write() -> None:
        try:
            for number in range(10_000):
                s3.create_bucket(Bucket=f"bucket-{number}")
                answered.append(f"bucket-{number}")
                if number == 40:
                    enough.set()
        except (BotoCoreError, ClientError):
            enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(60)
    process.kill()
    writer.join(30)
    end_cloud(process)
    process, again = started(tmp_path)
    try:
        found = {one["Name"] for one in client_of(again, ACCOUNT, "s3").list_buckets()["Buckets"]}
        assert len(answered) > 40
        assert set(answered) <= found
        assert len(found - set(answered)) <= 1, "at most the write that was never answered"
    finally:
        end_cloud(process)


def test_the_log_holds_no_signature_and_no_token(tmp_path: Path) -> None:
    process, cloud = started(tmp_path)
    try:
        session = populate(cloud)
        client_of(cloud, ACCOUNT, "s3", **session).create_bucket(Bucket="by-session")
        log = (tmp_path / LOG_NAME).read_text()
        assert session["aws_session_token"] not in log
        assert "authorization" not in log
        assert cloud.credentials(ACCOUNT).secret_access_key not in log
    finally:
        end_cloud(process)


def run(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "ackpy.local.cloud", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    process, _ = started(tmp_path)
    try:
        code, told = run("--data", str(tmp_path))
        assert code == 2
        assert told.startswith(f"ackpy: the data folder {tmp_path} is in use by process {process.pid}:")
        assert told.count("\n") == 1
    finally:
        end_cloud(process)


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = run("--ephemeral", "--port", str(port))
    assert (code, told) == (
        2,
        f"ackpy: cannot listen on 127.0.0.1:{port}: Address already in use; name another port with --port\n",
    )


def test_a_damaged_log_is_refused_and_left_alone(tmp_path: Path) -> None:
    log = tmp_path / LOG_NAME
    log.write_text("00000000 {}\n")
    code, told = run("--data", str(tmp_path))
    assert code == 2
    assert told.startswith(f"ackpy: {log} is damaged at line 1 (")
    assert log.read_text() == "00000000 {}\n"


def test_a_torn_log_is_told(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_text("0000")
    command = [sys.executable, "-m", "ackpy.local.cloud", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"ready":true')
        process.terminate()
        assert "dropped a torn last record" in process.stderr.read()


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    read, write = os.pipe()
    child = f"[{sys.executable!r}, '-m', 'ackpy.local.cloud', '--data', {str(tmp_path)!r}, '--parent-pid', str(os.getpid())]"
    program = f"import os, subprocess; p = subprocess.Popen({child}, stdout={write}, pass_fds=[{write}]); os.read(0, 1)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, pass_fds=[write])
    os.close(write)
    with os.fdopen(read) as output:
        assert output.readline().startswith('{"ready":true')
        parent.kill()
        parent.wait()
        assert output.read() == "", "the pipe closes when the cloud is gone"
    if parent.stdin is not None:
        parent.stdin.close()
