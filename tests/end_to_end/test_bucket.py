"""The talk's bucket, from kubectl to AWS and back, counted on the wire."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from ackpy.local.stack import StackOptions
from ackpy.testing.stack import LocalStack, stacked

pytestmark = pytest.mark.slow

TALK: dict[str, Any] = yaml.safe_load(files("ackpy.cli").joinpath("talk-bucket.yaml").read_text())
BUCKET = "bucket/hama-test-bucket"
RESYNC_SECONDS = 4
QUIET_SECONDS = 2.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of its own, so that every call counted is the bucket's."""
    flags = (f"--reconcile-default-resync-seconds={RESYNC_SECONDS}",)
    options = StackOptions(
        data=tmp_path_factory.mktemp("talk"), services=("s3",), region="us-east-1", controller_flags=flags
    )
    with stacked(options) as running:
        yield running


def s3(stack: LocalStack) -> Any:
    keys = stack.cloud.credentials(stack.cloud.account_id)
    return boto3.client(
        "s3",
        endpoint_url=stack.cloud.url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )


def operations(stack: LocalStack, since: int) -> Counter[str]:
    return Counter(call.operation for call in stack.cloud.calls(since=since) if call.service == "s3")


def last_call(stack: LocalStack) -> int:
    return max((call.at_seq for call in stack.cloud.calls()), default=0)


def quiet_since(stack: LocalStack) -> int:
    """The number of the last AWS call, once none has come for a while shorter than a resync."""
    last, since = last_call(stack), time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(0.05)
        if last_call(stack) != last:
            last, since = last_call(stack), time.monotonic()
    return last


def test_its_life(stack: LocalStack) -> None:
    """One story, for each step stands on the one before."""
    created_and_counted(stack)
    drift_is_mended_and_told(stack)
    a_setting_taken_out_goes_back_to_the_default(stack)
    it_goes_with_its_manifest(stack)


def created_and_counted(stack: LocalStack) -> None:
    before = last_call(stack)
    stack.apply(TALK)
    stack.wait(BUCKET, "condition=ACK.ResourceSynced")
    to_synced = operations(stack, before)
    assert to_synced.total() <= 9, to_synced
    assert to_synced["CreateBucket"] == 1

    status = stack.get(BUCKET)["status"]
    assert status["ackResourceMetadata"] == {
        "arn": "arn:aws:s3:::hama-test-bucket",
        "ownerAccountID": stack.cloud.account_id,
        "region": "us-east-1",
        "partition": "aws",
    }
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "ACK.ResourceSynced": "True",
        "Ready": "True",
    }

    settled = quiet_since(stack)
    writes = stack.writes()
    assert writes <= 3
    assert not [call for call in stack.cloud.calls(since=settled) if call.mutating]

    resyncs = wait_for_resyncs(stack, settled, 2)
    assert resyncs.total() / resyncs["GetBucketTagging"] <= 7, resyncs
    assert stack.writes() == writes, "a steady resync writes nothing to Kubernetes"


def wait_for_resyncs(stack: LocalStack, since: int, count: int) -> Counter[str]:
    """The calls of the first `count` whole resyncs after a moment at rest."""
    deadline = time.monotonic() + 10 * RESYNC_SECONDS
    while time.monotonic() < deadline:
        found = operations(stack, since)
        if found["GetBucketTagging"] >= count:
            quiet_since(stack)
            return operations(stack, since)
        time.sleep(0.1)
    raise AssertionError(f"no {count} resyncs within {10 * RESYNC_SECONDS} s")


def drift_is_mended_and_told(stack: LocalStack) -> None:
    client = s3(stack)
    client.put_bucket_versioning(Bucket="hama-test-bucket", VersioningConfiguration={"Status": "Suspended"})
    deadline = time.monotonic() + 5 * RESYNC_SECONDS
    while client.get_bucket_versioning(Bucket="hama-test-bucket").get("Status") != "Enabled":
        assert time.monotonic() < deadline, "the drift was not mended"
        time.sleep(0.1)
    events = stack.kubectl("get", "events", "-o", "jsonpath={range .items[*]}{.reason} {.message}{'\\n'}{end}").output
    assert "DriftDetected" in events
    assert "versioning" in events


def a_setting_taken_out_goes_back_to_the_default(stack: LocalStack) -> None:
    edited = {**TALK, "spec": {name: value for name, value in TALK["spec"].items() if name != "versioning"}}
    stack.apply(edited)
    client = s3(stack)
    deadline = time.monotonic() + 20
    while client.get_bucket_versioning(Bucket="hama-test-bucket").get("Status") != "Suspended":
        assert time.monotonic() < deadline, "versioning was not suspended"
        time.sleep(0.1)
    stack.apply(TALK)
    while client.get_bucket_versioning(Bucket="hama-test-bucket").get("Status") != "Enabled":
        assert time.monotonic() < deadline, "versioning was not enabled again"
        time.sleep(0.1)


def it_goes_with_its_manifest(stack: LocalStack) -> None:
    stack.kubectl("delete", BUCKET, "--timeout=30s")
    buckets = [bucket["Name"] for bucket in s3(stack).list_buckets()["Buckets"]]
    assert buckets == []


def test_ten_buckets_survive_a_restart_without_an_aws_write(tmp_path: Path) -> None:
    options = StackOptions(data=tmp_path / "data", services=("s3", "ecr"), region="us-east-1")
    names = [f"survivor-{number}" for number in range(10)]
    buckets = [{**TALK, "metadata": {"name": name}, "spec": {**TALK["spec"], "name": name}} for name in names]
    with stacked(options) as first:
        first.apply(*buckets)
        for name in names:
            first.wait(f"bucket/{name}", "condition=ACK.ResourceSynced")
        quiet_since(first)
        held = first.cloud.snapshot(first.cloud.account_id)
        objects = {name: first.get(f"bucket/{name}") for name in names}
    with stacked(options) as second:
        started = 0
        deadline = time.monotonic() + 30
        while operations(second, started)["GetBucketTagging"] < len(names):
            assert time.monotonic() < deadline, "the controllers did not look at every bucket"
            time.sleep(0.1)
        quiet_since(second)
        assert [call for call in second.cloud.calls() if call.mutating] == []
        assert second.cloud.snapshot(second.cloud.account_id) == held
        assert {name: second.get(f"bucket/{name}") for name in names} == objects, (
            "a restart writes nothing to Kubernetes"
        )
