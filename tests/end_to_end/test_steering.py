"""Pause, a pass now, drift that is reported, and writes that do not take: with kubectl, on a stack of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ackpy.local.stack import StackOptions
from ackpy.testing.stack import LocalStack, eventually, stacked

pytestmark = pytest.mark.slow

PREFIX = "ackpy.services.k8s.aws/"
RESYNC_SECONDS = 2


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Objects are compared with AWS every two seconds."""
    options = StackOptions(
        data=tmp_path_factory.mktemp("steering"),
        services=("s3",),
        region="us-east-1",
        controller_flags=(f"--reconcile-default-resync-seconds={RESYNC_SECONDS}",),
    )
    with stacked(options) as running:
        yield running


class Bucket:
    """A bucket with versioning, from kubectl and from AWS."""

    def __init__(self, stack: LocalStack, name: str, **annotations: str) -> None:
        self.stack, self.name, self.resource = stack, name, f"bucket/{name}"
        self.annotations = {PREFIX + word: value for word, value in annotations.items()}
        self.client: Any = stack.client("s3")
        self.apply("Enabled")
        stack.wait(self.resource, "condition=Ready")

    def apply(self, versioning: str) -> None:
        self.stack.apply(
            {
                "apiVersion": "s3.services.k8s.aws/v1alpha1",
                "kind": "Bucket",
                "metadata": {"name": self.name, "annotations": self.annotations},
                "spec": {"name": self.name, "versioning": {"status": versioning}},
            }
        )

    def annotate(self, word: str, value: str) -> None:
        self.stack.kubectl("annotate", "--overwrite", self.resource, f"{PREFIX}{word}={value}")

    @property
    def versioning(self) -> str:
        found: str = self.client.get_bucket_versioning(Bucket=self.name).get("Status", "")
        return found

    def drift(self) -> None:
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Suspended"})

    def says(self, reason: str) -> bool:
        """Whether an Advisory has this reason."""
        conditions = self.stack.get(self.resource)["status"]["conditions"]
        return any(each["type"] == "ACK.Advisory" and each["reason"] == reason for each in conditions)

    def events(self, reason: str) -> int:
        """How often an Event of this reason was recorded about the bucket."""
        counts = self.stack.kubectl(
            "get",
            "events",
            f"--field-selector=involvedObject.name={self.name},reason={reason}",
            "-o",
            "jsonpath={.items[*].count}",
        )
        return sum(int(each) for each in counts.output.split())

    def synced_at(self) -> str:
        [found] = [
            each["lastTransitionTime"]
            for each in self.stack.get(self.resource)["status"]["conditions"]
            if each["type"] == "ACK.ResourceSynced"
        ]
        return str(found)


def two_resyncs(bucket: Bucket) -> None:
    """Wait until the bucket has been compared with AWS twice, as far as its calls can be told from others'."""
    stack = bucket.stack
    since = stack.last_call()
    eventually(
        lambda: sum(call.operation == "GetBucketTagging" for call in stack.cloud.calls(since=since)) > 8, "resyncs"
    )


def test_a_paused_object_is_left_alone_until_the_pause_ends(stack: LocalStack) -> None:
    bucket, witness = Bucket(stack, "steering-paused"), Bucket(stack, "steering-witness")
    bucket.annotate("paused", "true")
    eventually(lambda: bucket.says("Paused"), "the pause is told")
    bucket.drift()
    bucket.apply("Enabled")
    two_resyncs(witness)
    assert bucket.versioning == "Suspended"
    assert bucket.events("Paused") == 1
    stack.kubectl("delete", bucket.resource, "--wait=false")
    bucket.annotate("paused", "false")
    stack.kubectl("wait", bucket.resource, "--for=delete", "--timeout=20s")


def test_a_pass_now_is_seen_to_end(stack: LocalStack) -> None:
    bucket = Bucket(stack, "steering-now")
    before = bucket.synced_at()
    bucket.annotate("reconcile-now", "1")
    eventually(lambda: bucket.synced_at() > before, "a newer time")


def test_drift_is_reported_and_edits_are_written(stack: LocalStack) -> None:
    bucket = Bucket(stack, "steering-report", **{"drift-policy": "report"})
    two_resyncs(bucket)  # what a create did not keep is mended all the same
    bucket.drift()
    eventually(lambda: bucket.says("DriftReported"), "the drift is told")
    assert bucket.versioning == "Suspended"
    bucket.annotate("drift-policy", "correct")
    eventually(lambda: bucket.versioning == "Enabled", "the drift is corrected")
    eventually(lambda: not bucket.says("DriftReported"), "the report goes")
    bucket.annotations = {PREFIX + "drift-policy": "report"}
    bucket.apply("Suspended")
    eventually(lambda: bucket.versioning == "Suspended", "the edit is written")


def test_a_write_that_aws_forgets_is_made_three_times(stack: LocalStack) -> None:
    bucket = Bucket(stack, "steering-guard")
    stack.cloud.fault(act="drop", operation="PutBucketVersioning", times=0)
    since = stack.last_call()
    bucket.apply("Suspended")
    eventually(lambda: bucket.says("NotConverging"), "the guard is told")
    two_resyncs(bucket)
    puts = [call for call in stack.cloud.calls(since=since) if call.operation == "PutBucketVersioning"]
    assert len(puts) == 3
    stack.wait(bucket.resource, "condition=ACK.ResourceSynced")
    stack.cloud.clear_faults()
    bucket.annotate("reconcile-now", "1")
    eventually(lambda: bucket.versioning == "Suspended", "another try")
