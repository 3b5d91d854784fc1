"""The controllers of S3 and ECR between a Kubernetes API server and an AWS over HTTP: what they cost, counted on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from bench.counts import LIFECYCLE, POLICY

from ackpy.catalog import load
from ackpy.controllers.references import resource_of
from ackpy.errors import NotFound
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import EVENTS
from ackpy.local.apiserver.server import Endpoint
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.controller import Controller
from ackpy.testing.cloud import Cloud, MakeClient
from ackpy.testing.inprocess import PATIENCE, Controlled, controlling, until

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Running(Controlled):
    """The controllers of a test's namespace and account, and what a test asks of both ends."""

    kinds: dict[str, Descriptor]

    def enqueue(self, kind: str, name: str, cause: str) -> None:
        self.controller(kind).enqueue(self.key(name), cause=cause)

    def controller(self, kind: str) -> Controller:
        [found] = [each for each in self.manager.controllers if each.resource == resource_of(self.kinds[kind])]
        return found

    def key(self, name: str) -> ObjectKey:
        return ObjectKey(self.namespace, name)

    async def apply(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        descriptor = self.kinds[kind]
        obj = {
            "apiVersion": descriptor.api_version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }
        await self.client.create(resource_of(descriptor), obj)

    async def get(self, kind: str, name: str) -> Object:
        return await self.client.get(resource_of(self.kinds[kind]), self.key(name))

    async def wait(self, kind: str, name: str, condition: str, status: str = "True") -> Object:
        async def holds() -> bool:
            found = objects.condition_of(await self.get(kind, name), condition)
            return found is not None and found["status"] == status

        await until(holds)
        return await self.get(kind, name)

    async def wait_gone(self, kind: str, name: str) -> None:
        async def gone() -> bool:
            try:
                await self.get(kind, name)
            except NotFound:
                return True
            return False

        await until(gone)

    async def at_rest(self, kind: str) -> None:
        """Until the kind's queue holds nothing but resyncs, and no pass is under way."""

        async def quiet() -> bool:
            queue = self.controller(kind).queue()
            return not queue.ready and not queue.active and all(due > PATIENCE for due in queue.delayed.values())

        await until(quiet)

    def aws_calls(self) -> Counter[str]:
        return Counter(call.operation for call in self.calls())

    def kube_writes(self) -> int:
        kinds = {str(resource_of(descriptor)) for descriptor in self.kinds.values()}
        return sum(
            count
            for kind, count in self.client.requests.items()
            if kind.verb in {"patch", "update"} and kind.resource in kinds
        )

    async def events(self) -> list[str]:
        await self.manager.events.flush()
        found = await self.client.list(EVENTS)
        return [each["reason"] for each in found.items if objects.key_of(each).namespace == self.namespace]


@pytest.fixture
async def running(api_server: Endpoint, cloud: Cloud, account: str, namespace: str) -> AsyncIterator[Running]:
    kinds = compile_service(load(["s3", "ecr"]))
    async with controlling(api_server, cloud, account, namespace, kinds) as here:
        yield Running(here.client, here.manager, cloud, account, namespace, {kind.kind: kind for kind in kinds})


async def test_the_talks_bucket_from_create_to_quiet(running: Running, talk: dict[str, Any], aws: MakeClient) -> None:
    talk["name"] = f"b-{running.account}"
    await running.apply("Bucket", "talk", talk)
    await running.wait("Bucket", "talk", "ACK.ResourceSynced")
    await running.at_rest("Bucket")
    calls = running.aws_calls()
    reads = {
        "GetBucketTagging": 1,
        "GetBucketVersioning": 1,
        "GetBucketEncryption": 1,
        "GetBucketLifecycleConfiguration": 1,
    }
    writes = {
        "CreateBucket": 1,
        "PutBucketVersioning": 1,
        "PutBucketEncryption": 1,
        "PutBucketLifecycleConfiguration": 1,
    }
    assert calls == Counter(reads) + Counter(writes) + Counter(["GetBucketTagging"])  # five to Synced, four to verify
    assert running.kube_writes() == 2
    client = aws("s3")
    assert client.get_bucket_versioning(Bucket=talk["name"])["Status"] == "Enabled"
    tags = {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=talk["name"])["TagSet"]}
    assert tags == {
        "first": "1",
        "second": "2",
        "services.k8s.aws/controller-version": "s3-unknown",
        "services.k8s.aws/namespace": running.namespace,
    }
    assert await running.events() == ["Created"]


async def test_a_resync_at_rest_drift_an_edit_and_the_end(
    running: Running, talk: dict[str, Any], aws: MakeClient
) -> None:
    talk["name"] = f"b-{running.account}"
    await running.apply("Bucket", "talk", talk)
    await running.wait("Bucket", "talk", "ACK.ResourceSynced")
    await running.at_rest("Bucket")
    calls, writes = running.aws_calls(), running.kube_writes()

    running.enqueue("Bucket", "talk", Cause.MANUAL)
    await running.at_rest("Bucket")
    assert (running.aws_calls() - calls).total() == 4
    assert running.kube_writes() == writes

    client = aws("s3")
    client.put_bucket_versioning(Bucket=talk["name"], VersioningConfiguration={"Status": "Suspended"})
    running.enqueue("Bucket", "talk", Cause.MANUAL)
    await running.at_rest("Bucket")
    assert client.get_bucket_versioning(Bucket=talk["name"])["Status"] == "Enabled"
    assert "DriftDetected" in await running.events()

    calls, writes = running.aws_calls(), running.kube_writes()
    resource = resource_of(running.kinds["Bucket"])
    await running.client.patch(resource, running.key("talk"), {"spec": {"lifecycle": None}})

    async def reset() -> bool:
        return bool((running.aws_calls() - calls)["DeleteBucketLifecycle"])

    await until(reset)
    await running.at_rest("Bucket")
    assert (running.aws_calls() - calls).total() == 5
    assert running.kube_writes() == writes + 3  # the edit is one of them

    calls = running.aws_calls()
    await running.client.delete(resource, running.key("talk"))
    await running.wait_gone("Bucket", "talk")
    assert running.aws_calls() - calls == Counter(["GetBucketTagging", "DeleteBucket"])
    assert client.list_buckets()["Buckets"] == []


async def test_a_repository_is_late_initialised_from_the_answer_in_hand(running: Running, aws: MakeClient) -> None:
    await running.apply("Repository", "repo", {"name": "team/app"})
    await running.wait("Repository", "repo", "ACK.ResourceSynced")
    await running.at_rest("Repository")
    obj = await running.get("Repository", "repo")
    assert obj["spec"]["registryID"] == running.account
    assert obj["status"]["ackResourceMetadata"]["arn"].endswith(":repository/team/app")
    late = objects.condition_of(obj, "ACK.LateInitialized")
    assert late is not None
    assert late["status"] == "True"
    assert running.kube_writes() == 3
    before = running.aws_calls()
    running.enqueue("Repository", "repo", Cause.MANUAL)
    await running.at_rest("Repository")
    assert running.kube_writes() == 3
    assert (running.aws_calls() - before).total() <= 4
    await running.client.delete(resource_of(running.kinds["Repository"]), running.key("repo"))
    await running.wait_gone("Repository", "repo")
    assert aws("ecr").describe_repositories()["repositories"] == []


async def test_repositories_that_come_due_together_share_the_core_read(running: Running) -> None:
    """Three calls for each, and one for all: whichever of them comes first takes the others from the queue."""
    names = [f"r{number}" for number in range(10)]
    for name in names:
        spec = {"name": f"team/{name}", "policy": POLICY, "lifecyclePolicy": LIFECYCLE}
        await running.apply("Repository", name, spec)
    for name in names:
        await running.wait("Repository", name, "ACK.ResourceSynced")
    await running.at_rest("Repository")
    calls, writes = running.aws_calls(), running.kube_writes()
    for name in names:
        running.enqueue("Repository", name, Cause.RESYNC)
    await running.at_rest("Repository")
    each = dict.fromkeys(("ListTagsForResource", "GetRepositoryPolicy", "GetLifecyclePolicy"), len(names))
    assert running.aws_calls() - calls == Counter({"DescribeRepositories": 1, **each})
    assert running.kube_writes() == writes


async def test_a_bucket_of_another_account_is_reported_and_left_alone(
    running: Running, talk: dict[str, Any], aws: MakeClient
) -> None:
    stranger = "111122223333"
    talk["name"] = f"b-{running.account}"
    aws("s3", of=stranger).create_bucket(Bucket=talk["name"])
    before = running.cloud.snapshot(stranger)
    await running.apply("Bucket", "taken", talk)
    obj = await running.wait("Bucket", "taken", "Ready", "False")
    condition = objects.condition_of(obj, "ACK.Recoverable")
    assert condition is not None
    assert condition["message"].startswith("api error AccessDenied")
    assert running.cloud.snapshot(stranger) == before
    await running.client.delete(resource_of(running.kinds["Bucket"]), running.key("taken"))
    await running.wait_gone("Bucket", "taken")
    aws("s3", of=stranger).delete_bucket(Bucket=talk["name"])


async def test_a_duplicate_waits_and_is_woken_when_the_name_is_free(
    running: Running, talk: dict[str, Any], aws: MakeClient
) -> None:
    talk["name"] = f"b-{running.account}"
    await running.apply("Bucket", "first", talk)
    await running.wait("Bucket", "first", "ACK.ResourceSynced")
    await running.apply("Bucket", "second", talk)
    obj = await running.wait("Bucket", "second", "ACK.Terminal")
    assert objects.finalizers_of(obj) == []
    await running.client.delete(resource_of(running.kinds["Bucket"]), running.key("first"))
    await running.wait_gone("Bucket", "first")
    await running.wait("Bucket", "second", "ACK.ResourceSynced")
    await running.at_rest("Bucket")
    assert [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]] == [talk["name"]]
