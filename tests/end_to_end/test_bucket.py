"""The talk's bucket, from kubectl to AWS and back, counted on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from ackpy.local.stack import StackOptions
from ackpy.testing.aws import AwsClient
from ackpy.testing.stack import LocalStack, eventually, stacked

pytestmark = pytest.mark.slow

TALK: dict[str, Any] = yaml.safe_load(files("ackpy.cli").joinpath("talk-bucket.yaml").read_text())
BUCKET = "bucket/hama-test-bucket"
RESYNC_SECONDS = 4


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of its own, so that every call counted is the bucket's."""
    flags = (f"--reconcile-default-resync-seconds={RESYNC_SECONDS}",)
    options = StackOptions(
        data=tmp_path_factory.mktemp("talk"), services=("s3",), region="us-east-1", controller_flags=flags
    )
    with stacked(options) as running:
        yield running


def operations(stack: LocalStack, since: int = 0) -> Counter[str]:
    return Counter(call.operation for call in stack.cloud.calls(since=since) if call.service == "s3")


def versioning(s3: AwsClient) -> Any:
    return s3.get_bucket_versioning(Bucket="hama-test-bucket").get("Status")


def test_its_life(stack: LocalStack) -> None:
    """One story, for each step stands on the one before."""
    created_and_counted(stack)
    drift_is_mended_and_told(stack)
    a_setting_taken_out_goes_back_to_the_default(stack)
    it_goes_with_its_manifest(stack)


def created_and_counted(stack: LocalStack) -> None:
    before = stack.last_call()
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

    settled = stack.quiet()
    writes = stack.writes()
    assert writes <= 3
    assert not [call for call in stack.cloud.calls(since=settled) if call.mutating]

    resyncs = wait_for_resyncs(stack, settled, 2)
    assert resyncs.total() / resyncs["GetBucketTagging"] <= 7, resyncs
    assert stack.writes() == writes, "a steady resync writes nothing to Kubernetes"


def wait_for_resyncs(stack: LocalStack, since: int, count: int) -> Counter[str]:
    """The calls of the first `count` whole resyncs after a moment at rest."""
    eventually(
        lambda: operations(stack, since)["GetBucketTagging"] >= count, f"{count} resyncs", seconds=10 * RESYNC_SECONDS
    )
    stack.quiet()
    return operations(stack, since)


def drift_is_mended_and_told(stack: LocalStack) -> None:
    s3 = stack.client("s3")
    s3.put_bucket_versioning(Bucket="hama-test-bucket", VersioningConfiguration={"Status": "Suspended"})
    eventually(lambda: versioning(s3) == "Enabled", "the drift is mended", seconds=5 * RESYNC_SECONDS)
    events = stack.kubectl("get", "events", "-o", "jsonpath={range .items[*]}{.reason} {.message}{'\\n'}{end}").output
    assert "DriftDetected" in events
    assert "versioning" in events


def a_setting_taken_out_goes_back_to_the_default(stack: LocalStack) -> None:
    edited = {**TALK, "spec": {name: value for name, value in TALK["spec"].items() if name != "versioning"}}
    stack.apply(edited)
    s3 = stack.client("s3")
    eventually(lambda: versioning(s3) == "Suspended", "versioning is suspended", seconds=20)
    stack.apply(TALK)
    eventually(lambda: versioning(s3) == "Enabled", "versioning is enabled again", seconds=20)


def it_goes_with_its_manifest(stack: LocalStack) -> None:
    stack.kubectl("delete", BUCKET, "--timeout=30s")
    buckets = [bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]]
    assert buckets == []


def test_ten_buckets_survive_a_restart_without_an_aws_write(tmp_path: Path) -> None:
    options = StackOptions(data=tmp_path / "data", services=("s3", "ecr"), region="us-east-1")
    names = [f"survivor-{number}" for number in range(10)]
    buckets = [{**TALK, "metadata": {"name": name}, "spec": {**TALK["spec"], "name": name}} for name in names]
    with stacked(options) as first:
        first.apply(*buckets)
        for name in names:
            first.wait(f"bucket/{name}", "condition=ACK.ResourceSynced")
        first.quiet()
        held = first.cloud.snapshot(first.cloud.account_id)
        objects = {name: first.get(f"bucket/{name}") for name in names}
    with stacked(options) as second:
        eventually(lambda: operations(second)["GetBucketTagging"] >= len(names), "the controllers look at every bucket")
        second.quiet()
        assert [call for call in second.cloud.calls() if call.mutating] == []
        assert second.cloud.snapshot(second.cloud.account_id) == held
        assert {name: second.get(f"bucket/{name}") for name in names} == objects, (
            "a restart writes nothing to Kubernetes"
        )
