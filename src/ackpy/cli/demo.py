"""`ackpy demo`: one bucket from kubectl to AWS and back, on a stack of its own; succeeds only if every step was seen to hold.

What AWS holds is read by a client that shares nothing with the controllers (boto3); the cluster is spoken to by kubectl alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ackpy.errors import StackError
from ackpy.local.kubectl import find_kubectl

if TYPE_CHECKING:
    from ackpy.local.stack import Stack

BUCKET = "hama-test-bucket"
RESYNC_SECONDS = 1
CORE_READ = "GetBucketTagging"
WAIT_SECONDS = 30.0
DECLARED = {
    "versioning": "Enabled",
    "lifecycle": "/logs/ to GLACIER after 60 days",
    "encryption": "AES256",
    "tags": "first=1 second=2",
}

Found = TypeVar("Found")


@click.command()
def command() -> None:
    """Take one bucket from kubectl to AWS and back, on a cluster and an AWS started for it and thrown away."""
    with tempfile.TemporaryDirectory(prefix="ackpy-demo-") as folder:
        asyncio.run(_demo(Path(folder)))


async def _demo(folder: Path) -> None:
    from ackpy.local.stack import StackOptions, running  # noqa: PLC0415  keeps `ackpy --help` fast

    started = time.monotonic()
    flags = (f"--reconcile-default-resync-seconds={RESYNC_SECONDS}",)
    options = StackOptions(data=folder / "data", services=("s3",), region="us-east-1", controller_flags=flags)
    async with running(options) as stack:
        _say(
            "start",
            f"cluster {stack.cluster_url}, AWS {stack.aws_url}, controllers for s3 ({time.monotonic() - started:.1f} s)",
        )
        await asyncio.to_thread(Tour.of(stack, folder).run)
    _say("done", f"every step was seen to hold ({time.monotonic() - started:.1f} s)")


@dataclass(frozen=True, slots=True)
class Tour:
    """The steps, on a running stack: `s3` is a boto3 client, `call_log` what the embedded AWS was asked, `manifest` the talk's bucket."""

    s3: Any
    call_log: urllib.request.Request
    kubectl: str
    environment: Mapping[str, str]
    manifest: Path

    @classmethod
    def of(cls, stack: Stack, folder: Path) -> Tour:
        """A tour whose kubectl and AWS client know only what `ackpy up` prints to paste."""
        import boto3  # noqa: PLC0415  a second to import, and of ackpy[local]

        manifest = folder / "bucket.yaml"
        manifest.write_text(files("ackpy.cli").joinpath("talk-bucket.yaml").read_text())
        names = {"endpoint_url": "AWS_ENDPOINT_URL", "region_name": "AWS_REGION"}
        names |= {name: name.upper() for name in ("aws_access_key_id", "aws_secret_access_key")}
        client = boto3.client("s3", **{name: stack.environment[variable] for name, variable in names.items()})
        home = {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}
        admin = {"Authorization": f"Bearer {stack.aws_admin_token}"}
        call_log = urllib.request.Request(f"{stack.aws_url}/_ackpy/calls", headers=admin)  # noqa: S310  loopback
        return cls(client, call_log, find_kubectl(), {**home, **stack.environment}, manifest)

    def run(self) -> None:
        """All steps; StackError at the first that does not hold."""
        self.apply()
        self.rest()
        self.read_back()
        self.drift()
        self.delete()

    def apply(self) -> None:
        """The manifest, by kubectl, until the object says that it is in step."""
        self._kubectl("apply", "apply", "-f", str(self.manifest))
        condition = "--for=condition=ACK.ResourceSynced"
        self._kubectl("wait", "wait", f"bucket/{BUCKET}", condition, f"--timeout={WAIT_SECONDS:.0f}s")

    def rest(self) -> None:
        """What it cost on the wire, and that a look at a bucket in step changes nothing."""
        created = self._calls()
        _say(
            "counted",
            f"{len(created)} AWS calls from manifest to bucket: {', '.join(call['operation'] for call in created)}",
        )
        later = self._until(lambda: self._calls()[len(created) :], _two_passes, "the bucket was not looked at again")
        self._demand(not any(call["mutating"] for call in later), f"a bucket in step was written to: {later}")
        _say("at rest", f"{len(_pass(later))} reads a resync, no writes")

    def read_back(self) -> None:
        """What AWS holds now is what the manifest says."""
        held = self._held()
        for index, (setting, value) in enumerate(held.items()):
            _say("AWS holds" if not index else "", f"{setting:<11} {value}")
        self._demand(held == DECLARED, f"AWS holds {held}, the manifest says {DECLARED}")

    def drift(self) -> None:
        """Two settings changed behind the controllers' back come back."""
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        kept = [tag for tag in self.s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] if tag["Key"] != "second"]
        self.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": kept})
        broken = self._held()
        _say("drift", f"behind the controllers' back: versioning {broken['versioning']}, tags {broken['tags']}")
        self._demand(broken != DECLARED, "the bucket could not be changed")
        began = time.monotonic()
        held = self._until(self._held, lambda found: found == DECLARED, "the drift was not mended")
        _say(
            "mended",
            f"versioning {held['versioning']}, tags {held['tags']} ({time.monotonic() - began:.1f} s; resync {RESYNC_SECONDS} s)",
        )
        reports = self._until(self._drift_events, bool, "no Event tells of the drift")
        for report in reports:
            _say("event", report)

    def delete(self) -> None:
        """The manifest goes, and the bucket with it."""
        self._kubectl("delete", "delete", "-f", str(self.manifest), f"--timeout={WAIT_SECONDS:.0f}s")
        code = self._until(self._absence, bool, "the bucket is still there")
        _say("AWS says", f"{code}: the bucket is gone")

    def _held(self) -> dict[str, str]:
        rules = self.s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        encryption = self.s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
        tags = sorted((tag["Key"], tag["Value"]) for tag in self.s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"])
        return {
            "versioning": self.s3.get_bucket_versioning(Bucket=BUCKET).get("Status", "never set"),
            "lifecycle": "; ".join(_lifecycle(rule) for rule in rules),
            "encryption": encryption[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
            "tags": " ".join(f"{key}={value}" for key, value in tags if not key.startswith("services.k8s.aws/")),
        }

    def _calls(self) -> list[dict[str, Any]]:
        """The S3 calls that the embedded AWS has answered, oldest first."""
        with urllib.request.urlopen(self.call_log) as answer:  # noqa: S310  loopback
            return [call for call in json.load(answer) if call["service"] == "s3"]

    def _absence(self) -> str:
        try:
            self.s3.get_bucket_tagging(Bucket=BUCKET)
        except self.s3.exceptions.ClientError as error:
            code: str = error.response["Error"]["Code"]
            return code if code == "NoSuchBucket" else ""
        return ""

    def _drift_events(self) -> list[str]:
        template = '{range .items[?(@.reason=="DriftDetected")]}{.reason}: {.message}{"\\n"}{end}'
        return self._run("get", "events", "-o", f"jsonpath={template}").splitlines()

    def _kubectl(self, label: str, *arguments: str) -> None:
        shown = " ".join(argument.replace(str(self.manifest), self.manifest.name) for argument in arguments)
        _say(label, f"$ kubectl {shown}")
        for line in self._run(*arguments).splitlines():
            _say("", line)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603  a fixed program, our own arguments
            [self.kubectl, *arguments], env=dict(self.environment), capture_output=True, text=True, check=False
        )
        self._demand(done.returncode == 0, f"kubectl {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def _until(self, look: Callable[[], Found], good: Callable[[Found], bool], complaint: str) -> Found:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if good(found):
                return found
            time.sleep(0.1)
        raise StackError(f"{complaint} within {WAIT_SECONDS:.0f} s")

    @staticmethod
    def _demand(holds: bool, complaint: str) -> None:
        if not holds:
            raise StackError(complaint)


def _two_passes(calls: list[dict[str, Any]]) -> bool:
    """A third has begun, so two are whole: the look after the creation, and a resync."""
    return [call["operation"] for call in calls].count(CORE_READ) > 2


def _pass(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls of the second pass: it starts with reading the core, as every pass does."""
    starts = [index for index, call in enumerate(calls) if call["operation"] == CORE_READ]
    return calls[starts[1] : starts[2]]


def _lifecycle(rule: Mapping[str, Any]) -> str:
    prefix = rule.get("Prefix") or rule.get("Filter", {}).get("Prefix", "")
    moves = ", ".join(f"{each['StorageClass']} after {each['Days']} days" for each in rule["Transitions"])
    return f"{prefix} to {moves}"


def _say(label: str, text: str) -> None:
    print(f"{label:<10} {text}", flush=True)
