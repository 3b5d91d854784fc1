"""Clients read an object, edit it and send the whole of it back: after Synced nothing of ours comes in between. What is to be told of
a fault is a function of the fault, so that a try that ends as the last one did writes nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from tests.compatibility.subjects import ENABLED, EXPIRY, made, subject

from ackpy.kube.objects import Object, ObjectKey
from ackpy.testing.stage import Stage, bucket, conditions, rule, writes

pytestmark = pytest.mark.slow

RULES = {
    "C2-1": "an object that is sent back whole in a merge patch right after Synced meets no conflict",
    "C2-2": "nor does one that is sent back in a PUT",
    "C2-3": "a pass writes metadata and spec at most once after AWS has answered, and then the status, last",
    "C2-4": "after Synced nothing is written",
    "C2-5": "condition texts hold no time, attempt, request id or next try: those go to Events and metrics",
    "C2-6": "a retry that ends in the same state writes nothing",
    "C2-7": "no retry clears Terminal in between",
    "C7-1": "what a create call carried and its reply echoes is trusted: the create pass does not read it again",
    "C7-2": "about a second after Synced one pass verifies what was created, and writes nothing to Kubernetes when all is there",
    "C7-3": "what a write after the create has dropped silently is found by that pass and written again",
    "C7-4": "what the create call itself has dropped silently likewise",
}

INTENT = "ackpy.services.k8s.aws/create-intent"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "ecr:GetDownloadUrlForLayer"}],
    }
)
SETTINGS: Mapping[str, Any] = {
    "versioning": {"status": "Enabled"},
    "tagging": {"tagSet": [{"key": "team", "value": "red"}]},
    "encryption": {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
    "publicAccessBlock": {"blockPublicACLs": True},
}
SUBJECTS = [
    pytest.param("bucket", {}, marks=rule("C2-1", "a minimal bucket, edited in a whole-object merge patch")),
    pytest.param("bucket", SETTINGS, marks=rule("C2-1", "a bucket with settings likewise")),
    pytest.param(
        "repository", {}, marks=rule("C2-1", "a repository likewise, whose registry was just written into the spec")
    ),
    pytest.param(
        "repository",
        {"policy": POLICY, "lifecyclePolicy": EXPIRY},
        marks=rule("C2-1", "a repository with policies likewise"),
    ),
]
PUTS = [
    pytest.param("bucket", {}, marks=rule("C2-2", "a minimal bucket, edited by PUT")),
    pytest.param("bucket", SETTINGS, marks=rule("C2-2", "a bucket with settings, by PUT")),
    pytest.param("repository", {}, marks=rule("C2-2", "a repository, by PUT")),
    pytest.param("repository", {"policy": POLICY}, marks=rule("C2-2", "a repository with a policy, by PUT")),
]


def edited(obj: Object) -> Object:
    """The whole object with another tag."""
    tags = {"tagging": {"tagSet": [{"key": "edited", "value": "yes"}]}}
    new = tags if obj["kind"] == "Bucket" else {"tags": [{"key": "edited", "value": "yes"}]}
    return {**obj, "spec": {**obj["spec"], **new}}


def tags(stage: Stage, obj: Object) -> dict[str, str]:
    """The tags that AWS has, less the controller's."""
    if obj["kind"] == "Bucket":
        found = {
            each["Key"]: each["Value"]
            for each in stage.aws("s3").get_bucket_tagging(Bucket=obj["metadata"]["name"])["TagSet"]
        }
    else:
        arn = obj["status"]["ackResourceMetadata"]["arn"]
        found = {
            each["Key"]: each["Value"] for each in stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
        }
    return {key: value for key, value in found.items() if not key.startswith("services.k8s.aws/")}


async def verified(stage: Stage, what: str, obj: Object) -> None:
    """Wait for the pass that looks at what was created, and until it is over."""
    core = "GetBucketTagging" if obj["kind"] == "Bucket" else "DescribeRepositories"

    async def looked() -> bool:
        return stage.operations().count(core) >= 2

    await stage.wait(looked, "a verification")
    await stage.quiet(what)


@pytest.mark.parametrize(("kind", "spec"), SUBJECTS)
async def test_a_whole_object_as_a_merge_patch(stage: Stage, kind: str, spec: Mapping[str, Any]) -> None:
    what, obj = await made(stage, kind, **spec)
    resource = await stage.client.resource_for(obj["apiVersion"], obj["kind"])
    assert obj["metadata"]["resourceVersion"]
    sent = await stage.client.patch(resource, ObjectKey(stage.namespace, stage.namespace), edited(obj))
    assert sent["metadata"]["generation"] == obj["metadata"]["generation"] + 1
    await stage.until(what, lambda _: tags(stage, obj) == {"edited": "yes"})


@pytest.mark.parametrize(("kind", "spec"), PUTS)
async def test_a_whole_object_as_a_put(stage: Stage, kind: str, spec: Mapping[str, Any]) -> None:
    what, obj = await made(stage, kind, **spec)
    resource = await stage.client.resource_for(obj["apiVersion"], obj["kind"])
    await stage.client.replace(resource, edited(obj))
    await stage.until(what, lambda _: tags(stage, obj) == {"edited": "yes"})


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        pytest.param(
            "bucket",
            SETTINGS,
            ["metadata", "status"],
            marks=rule("C2-3", "a bucket's creation: the claim, then the status"),
        ),
        pytest.param(
            "repository",
            {"policy": POLICY},
            ["metadata", "metadata+spec", "status"],
            marks=rule(
                "C2-3", "a repository's: the claim; after AWS has answered one patch of metadata and spec; the status"
            ),
        ),
    ],
)
async def test_the_writes_of_a_creation(stage: Stage, kind: str, spec: Mapping[str, Any], expected: list[str]) -> None:
    await stage.start(services=("s3",) if kind == "bucket" else ("ecr",))
    what, manifest = subject(stage, kind, **spec)
    async with stage.history(what) as told:
        await stage.apply(manifest)
        await stage.until_synced(what)
    assert writes(told) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"versioning": {"status": "Suspended"}},
            ["spec", "metadata", "status"],
            marks=rule("C2-3", "an edit of a managed setting: the digest, then the status"),
        ),
        pytest.param(
            {**ENABLED, "requestPayment": {"payer": "Requester"}},
            ["spec", "metadata", "metadata", "status"],
            marks=rule("C2-3", "a setting that is new to the object is noted before AWS is written to: one patch more"),
        ),
    ],
)
async def test_the_writes_of_an_edit(stage: Stage, spec: Mapping[str, Any], expected: list[str]) -> None:
    what, obj = await made(stage, **ENABLED)
    async with stage.history(what) as told:
        await stage.apply(bucket(stage.namespace, **spec))
        await stage.until(what, lambda new: new["metadata"]["generation"] == 2 and answered(obj, new))
        await stage.quiet(what)
    assert writes([obj, *told]) == expected


def answered(before: Object, after: Object) -> bool:
    """Whether a pass has answered an edit: the time of ResourceSynced is another."""
    old, new = (conditions(each)["ACK.ResourceSynced"]["lastTransitionTime"] for each in (before, after))
    return bool(new > old)


@pytest.mark.parametrize(
    ("kind", "spec", "reads"),
    [
        pytest.param(
            "bucket",
            ENABLED,
            {"GetBucketTagging": 1, "GetBucketVersioning": 1},
            marks=[
                rule("C2-4", "a bucket is not written for longer than the verification takes"),
                rule("C7-2", "a bucket is looked at once more, each managed setting by one read"),
            ],
        ),
        pytest.param(
            "repository",
            {"policy": POLICY},
            {"DescribeRepositories": 1, "ListTagsForResource": 1, "GetRepositoryPolicy": 1},
            marks=[
                rule("C2-4", "nor is a repository"),
                rule("C7-2", "so is a repository"),
            ],
        ),
    ],
)
async def test_silence_after_synced(stage: Stage, kind: str, spec: Mapping[str, Any], reads: Mapping[str, int]) -> None:
    what, obj = await made(stage, kind, **spec)
    last = stage.last_call()
    async with stage.history(what) as told:
        await verified(stage, what, obj)
    assert told == []
    assert Counter(stage.operations(last)) == reads


@rule("C7-1", "tags that the create call carried are not read in its pass, nor a policy that was put after it")
async def test_what_was_answered_is_trusted(stage: Stage) -> None:
    spec = {"policy": POLICY, "tags": [{"key": "team", "value": "red"}]}
    await made(stage, "repository", **spec)
    assert stage.operations() == ["DescribeRepositories", "CreateRepository", "SetRepositoryPolicy"]


@rule(
    "C7-3",
    "a bucket's versioning, answered with 200 and not kept, is enabled by the verification, and an Event says so",
)
async def test_a_dropped_setting(stage: Stage) -> None:
    stage.fault(act="drop", operation="PutBucketVersioning")
    what, obj = await made(stage, **ENABLED)
    async with stage.history(what) as told:
        await verified(stage, what, obj)
    assert stage.aws("s3").get_bucket_versioning(Bucket=stage.namespace)["Status"] == "Enabled"
    assert [each["reason"] for each in await stage.events(what, "Repaired")] == ["Repaired"]
    assert {each["metadata"]["generation"] for each in told} <= {1}


@rule("C7-4", "a repository that somebody makes otherwise than asked between create and verification is set right")
async def test_a_dropped_parameter(stage: Stage) -> None:
    what, obj = await made(stage, "repository", imageTagMutability="IMMUTABLE")
    ecr = stage.aws("ecr")
    ecr.put_image_tag_mutability(repositoryName=stage.namespace, imageTagMutability="MUTABLE")
    await stage.until(what, lambda _: mutability(stage) == "IMMUTABLE")
    await verified(stage, what, obj)
    assert [each["reason"] for each in await stage.events(what, "Repaired")] == ["Repaired"]


def mutability(stage: Stage) -> str:
    [found] = stage.aws("ecr").describe_repositories(repositoryNames=[stage.namespace])["repositories"]
    return str(found["imageTagMutability"])


async def denied(stage: Stage, tries: int) -> list[Object]:
    """The states of a bucket whose creation was refused so often, from its first status on."""
    stage.fault(act="error", operation="CreateBucket", status=403, code="AccessDenied", message="not you", times=0)
    await stage.start(services=("s3",))
    what, manifest = subject(stage)
    async with stage.history(what) as told:
        await stage.apply(manifest)
        await called(stage, "CreateBucket", tries)
        await stage.quiet(what)
    return [obj for obj in told if obj.get("status")]


async def called(stage: Stage, operation: str, times: int) -> None:
    """Wait until AWS has been asked so often."""

    async def enough() -> bool:
        return stage.operations().count(operation) >= times

    await stage.wait(enough, f"{operation}, {times} times")


@rule("C2-6", "of two tries of an edit that are denied the first alone writes, and the second not a byte")
async def test_a_retry_that_ends_as_the_last(stage: Stage) -> None:
    stage.fault(act="error", operation="PutBucketVersioning", status=403, code="AccessDenied", times=0)
    what, _ = await made(stage)
    await stage.apply(bucket(stage.namespace, **ENABLED))
    before = await stage.until_condition(what, "ACK.Recoverable")
    await called(stage, "PutBucketVersioning", 2)
    await stage.quiet(what)
    assert await stage.get(what) == before


@rule(
    "C2-6", "of two creates that are denied the first alone writes the status; the mark of the attempt comes and goes"
)
async def test_a_create_that_ends_as_the_last(stage: Stage) -> None:
    told = await denied(stage, 2)
    assert len({json.dumps(each["status"]) for each in told}) == 1
    assert writes(told) == ["metadata", "metadata"]
    unmarked = [{**each["metadata"]["annotations"], INTENT: ""} for each in told]
    assert unmarked == [unmarked[0]] * 3


@rule("C2-5", "the texts of a denied create hold neither request id, time nor number; its Event holds the request id")
async def test_texts_are_functions_of_the_fault(stage: Stage) -> None:
    [*_, last] = await denied(stage, 2)
    texts = [f"{each.get('message')} {each.get('reason')}" for each in conditions(last).values()]
    ids = [call.request_id for call in stage.calls() if call.operation == "CreateBucket"]
    assert len(set(ids)) == len(ids) >= 2
    assert not [
        text for text in texts if any(each in text for each in ids) or re.search(r"\d+ s\b|attempt|\d{2}:\d{2}", text)
    ]
    events = await stage.events(f"bucket/{stage.namespace}", "AccessDenied")
    assert any(each in event["message"] for event in events for each in ids)
    assert all("tried again" in event["message"] for event in events)


@rule(
    "C2-7", "a bucket that AWS refuses stays Terminal in every state while it is tried again after edits of annotations"
)
async def test_terminal_is_not_cleared_in_between(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no", times=0)
    await stage.start(services=("s3",))
    what, manifest = subject(stage)
    async with stage.history(what) as told:
        await stage.apply(manifest)
        await stage.until_condition(what, "ACK.Terminal")
        for times in (2, 3):
            await stage.annotate(what, {"somebody": f"edits {times}"})
            await called(stage, "CreateBucket", times)
        await stage.quiet(what)
    states = [obj for obj in told if obj.get("status")]
    assert {conditions(each)["ACK.Terminal"]["message"] for each in states} == {"api error InvalidBucketName: no"}
    assert len({json.dumps(each["status"]) for each in states}) == 1
