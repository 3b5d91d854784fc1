"""Clients wait for what takes AWS its time: the first look comes soon, the next ones grow rarer, and Synced says False meanwhile.

S3 and ECR answer at once. The kinds here are the tests' own: a Kinesis stream, whose create answers nothing, and an instance profile, which
nothing changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ackpy.controllers.references import resource_of
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Field, Operations, Resource, State, Tags
from ackpy.model.descriptor import Descriptor
from ackpy.testing.cloud import end_cloud, start_cloud
from ackpy.testing.inprocess import Controlled, controlling, until
from ackpy.testing.stage import Stage, conditions, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "C1-4": "a kind whose create answers no state or ARN reads once before the first status",
    "C6-1": "the first look comes after half a second, the next after twice as long, up to the kind's own interval",
    "C6-2": "a delete is followed by a read at once, then after 0.5, 1 and 2 seconds",
    "C6-3": "kinds with a synced rule say Synced=False in the create pass, unless the read says ready already",
    "C6-4": "late initialisation that is not complete is looked at within ACK's 5 seconds",
    "C15-4": "pending states, where AWS takes minutes, are a flag of `ackpy up`",
    "C14-1": "an edit of what no operation changes is Terminal",
}
UNCOVERED = {
    "C6-1": "needs a clock: tests/controllers/test_states.py, test_looks_at_a_busy_resource_grow_rarer_up_to_the_kinds_interval",
    "C6-2": "needs a clock: tests/controllers/test_states.py, test_a_deletion_that_lasts_is_asked_for_once_and_watched",
    "C6-4": "takes seconds, and is held by tests/contract/test_03_conditions.py, rule 3.6-2",
}


@pytest.fixture(scope="module")
def stream() -> Descriptor:
    ignored = ("streamModeDetails", "maxRecordSizeInKiB", "warmThroughputMiBps")
    return compile_resource(
        Resource(
            service="kinesis",
            kind="Stream",
            operations=Operations(read="DescribeStreamSummary", update="-"),
            wrappers={"DescribeStreamSummaryOutput": "StreamDescriptionSummary"},
            not_found=["ResourceNotFoundException"],
            tags=Tags(ignore=True),
            states=[State(path="streamStatus", ready=["ACTIVE"], gone=["DELETING"], poll=10)],
            fields={
                "name": Field(aws="StreamName", identifier=True, immutable=True),
                "shardCount": Field(immutable=True),
                "streamStatus": Field(
                    source="DescribeStreamSummary:StreamDescriptionSummary.StreamStatus", status=True
                ),
                **{name: Field(ignore=True) for name in ignored},
            },
        )
    )


@pytest.fixture(scope="module")
def profile() -> Descriptor:
    return compile_resource(
        Resource(
            service="iam",
            kind="InstanceProfile",
            scope="global",
            operations=Operations(update="-"),
            not_found=["NoSuchEntity"],
            tags=Tags(ignore=True),
            fields={"name": Field(aws="InstanceProfileName", identifier=True)},
        )
    )


@pytest.fixture
async def running(stage: Stage, stream: Descriptor, profile: Descriptor) -> AsyncIterator[Controlled]:
    async with controlling(stage.endpoint, stage.cloud, stage.account, stage.namespace, [stream, profile]) as running:
        yield running


async def make(running: Controlled, kind: Descriptor, **spec: Any) -> ObjectKey:
    resource = resource_of(kind)
    meta = {"name": "mine", "namespace": running.namespace}
    await running.client.create(resource, {**resource.type_meta, "metadata": meta, "spec": {"name": "mine", **spec}})
    return ObjectKey(running.namespace, "mine")


async def become(
    running: Controlled,
    kind: Descriptor,
    key: ObjectKey,
    so: Callable[[Object], object] = lambda obj: obj.get("status"),
) -> Object:
    """The object once it is so: by default, once it has a status."""
    found: Object = {}

    async def holds() -> bool:
        found.update(await running.client.get(resource_of(kind), key))
        return bool(so(found))

    await until(holds)
    return found


def operations(running: Controlled) -> list[str]:
    return [call.operation for call in running.calls()]


@rule("C1-4", "a stream, whose create answers nothing, is read once, and its state is in the first status")
@rule("C6-3", "a stream that the read shows as ready is Synced in the pass that creates it")
async def test_what_the_read_shows(running: Controlled, stream: Descriptor) -> None:
    key = await make(running, stream, shardCount=1)
    found = await become(running, stream, key)
    assert found["status"]["streamStatus"] == "ACTIVE"
    assert statuses(found) == {"ACK.ResourceSynced": "True", "Ready": "True"}
    assert operations(running)[:3] == ["DescribeStreamSummary", "CreateStream", "DescribeStreamSummary"]


@rule("C6-3", "one that the read does not show yet is not Synced, and is looked at soon")
async def test_what_the_read_does_not_show(running: Controlled, stream: Descriptor) -> None:
    fault = {"status": 400, "code": "ResourceNotFoundException", "operation": "DescribeStreamSummary"}
    running.cloud.fault(act="error", account=running.account, after=1, **fault)
    key = await make(running, stream, shardCount=1)
    found = await become(running, stream, key)
    assert statuses(found) == {"ACK.ResourceSynced": "False", "Ready": "False"}
    assert conditions(found)["ACK.ResourceSynced"]["message"] == "Resource not synced"
    found = await become(running, stream, key, lambda obj: statuses(obj)["ACK.ResourceSynced"] == "True")
    assert found["status"]["streamStatus"] == "ACTIVE"
    assert operations(running).count("CreateStream") == 1


@rule("C15-4", "a stream of a slow AWS is CREATING and not Synced in its first status, then ACTIVE and Synced")
async def test_a_slow_aws(stage: Stage, stream: Descriptor) -> None:
    process, slow = start_cloud("--ephemeral", "--pending", "2")
    async with controlling(stage.endpoint, slow, stage.account, stage.namespace, [stream]) as running:
        key = await make(running, stream, shardCount=1)
        found = await become(running, stream, key)
        assert found["status"]["streamStatus"] == "CREATING"
        assert statuses(found) == {"ACK.ResourceSynced": "False", "Ready": "False"}
        found = await become(running, stream, key, lambda obj: statuses(obj)["ACK.ResourceSynced"] == "True")
        assert found["status"]["streamStatus"] == "ACTIVE"
        assert operations(running).count("CreateStream") == 1
    assert end_cloud(process) == 0


@rule("C1-4", "a failing read after the create does not keep the status back, nor make it an error of the object's")
async def test_a_read_that_fails(running: Controlled, stream: Descriptor) -> None:
    fault = {"status": 403, "code": "AccessDeniedException", "operation": "DescribeStreamSummary"}
    running.cloud.fault(act="error", account=running.account, after=1, **fault)
    key = await make(running, stream, shardCount=1)
    assert statuses(await become(running, stream, key)) == {"ACK.ResourceSynced": "False", "Ready": "False"}
    await become(running, stream, key, lambda obj: statuses(obj)["ACK.ResourceSynced"] == "True")


@rule("C1-4", "a profile, whose create answers all, is not read again")
@rule("C14-1", "its path is edited: Terminal names the path, and AWS keeps its own")
async def test_a_kind_that_nothing_updates(running: Controlled, profile: Descriptor) -> None:
    key = await make(running, profile, path="/a/")
    found = await become(running, profile, key)
    assert found["status"]["ackResourceMetadata"]["arn"].endswith(":instance-profile/a/mine")
    assert operations(running)[:2] == ["GetInstanceProfile", "CreateInstanceProfile"]
    await running.client.patch(resource_of(profile), key, {"spec": {"path": "/b/"}})
    found = await become(running, profile, key, lambda obj: "ACK.Terminal" in conditions(obj))
    message = "spec.path is immutable: no operation of AWS changes it: delete the object and make it anew"
    assert conditions(found)["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": message}
    assert not [call for call in running.calls() if call.mutating and call.operation != "CreateInstanceProfile"]
