"""Clients take an object as soon as it has a status, and index identifiers, ARN and state there: the first status is the result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.compatibility.subjects import subject

from ackpy.kube.objects import Object, annotations_of
from ackpy.testing.stage import Stage, conditions, repository, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "C1-1": "the first status carries what the first create came to",
    "C1-2": "every identifier, the ARN and what AWS's answer says of the resource are in it",
    "C1-3": "what an adoption came to likewise",
    "C1-5": "an unresolved reference, a missing role and a terminal refusal have a status of their own instead",
    "C1-6": "nothing is written to the status before the create has answered",
}
SYNCED = {"ACK.ResourceSynced": "True", "Ready": "True"}
LATE = {"ACK.LateInitialized": "True", **SYNCED}
RULE = {"apiVersion": "ecr.services.k8s.aws/v1alpha1", "kind": "PullThroughCacheRule", "metadata": {"name": "mine"}}
TEMPLATE = {**RULE, "kind": "RepositoryCreationTemplate"}


def stati(told: list[Object]) -> list[dict[str, Any]]:
    """The different statuses of an object, in order."""
    found = [obj["status"] for obj in told if obj.get("status")]
    return [each for at, each in enumerate(found) if each not in found[:at]]


async def first(stage: Stage, what: str, manifest: Object) -> Object:
    """The object as it was when it first had a status; that status stayed."""
    async with stage.history(what) as told:
        await stage.apply(manifest)
        await stage.until(what, lambda obj: obj.get("status"))
        await stage.quiet(what)
    assert len(stati(told)) == 1
    return next(obj for obj in told if obj.get("status"))


def metadata(stage: Stage, arn: str = "") -> dict[str, str]:
    place = {"ownerAccountID": stage.account, "region": "us-east-1", "partition": "aws"}
    return {**place, **({"arn": arn} if arn else {})}


@pytest.mark.parametrize(
    ("spec", "operations"),
    [
        pytest.param(
            {},
            ["GetBucketTagging", "CreateBucket"],
            marks=rule("C1-1", "a bucket's first status says synced, with its ARN and location"),
        ),
        pytest.param(
            {"versioning": {"status": "Enabled"}, "tagging": {"tagSet": [{"key": "a", "value": "b"}]}},
            ["GetBucketTagging", "CreateBucket", "PutBucketVersioning"],
            marks=rule("C1-1", "also when settings follow the create call: they are made before the status is written"),
        ),
    ],
)
async def test_a_buckets(stage: Stage, spec: Mapping[str, Any], operations: list[str]) -> None:
    await stage.start(services=("s3",))
    found = await first(stage, *subject(stage, **spec))
    assert statuses(found) == SYNCED
    assert found["status"]["ackResourceMetadata"] == metadata(stage, f"arn:aws:s3:::{stage.namespace}")
    assert found["status"]["location"] == f"/{stage.namespace}"
    assert stage.operations() == operations


@rule("C1-2", "a repository's first status has ARN, URI and time of creation, and stands on a spec with its registry")
async def test_a_repositorys(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    found = await first(stage, "repository/mine", repository("mine"))
    arn = f"arn:aws:ecr:us-east-1:{stage.account}:repository/mine"
    assert found["status"]["ackResourceMetadata"] == metadata(stage, arn)
    assert found["status"]["repositoryURI"] == f"{stage.account}.dkr.ecr.us-east-1.amazonaws.com/mine"
    assert found["status"]["createdAt"]
    assert found["spec"]["registryID"] == stage.account
    assert statuses(found) == LATE


@pytest.mark.parametrize(
    ("what", "manifest"),
    [
        pytest.param(
            "rule/mine",
            {**RULE, "spec": {"ecrRepositoryPrefix": "quay", "upstreamRegistryURL": "quay.io"}},
            marks=rule("C1-2", "a cache rule, which has no ARN, has its place and time of creation"),
        ),
        pytest.param(
            "template/mine",
            {**TEMPLATE, "spec": {"prefix": "team", "appliedFor": ["PULL_THROUGH_CACHE"]}},
            marks=rule("C1-2", "so has a creation template"),
        ),
    ],
)
async def test_those_of_kinds_without_an_arn(stage: Stage, what: str, manifest: Object) -> None:
    await stage.start(services=("ecr",))
    found = await first(stage, what, manifest)
    assert found["status"]["createdAt"]
    assert found["status"]["ackResourceMetadata"] == metadata(stage)
    assert statuses(found) == SYNCED


@rule("C1-1", "a refusal that may pass is the first status too: Recoverable, and nothing of a resource")
async def test_a_create_that_is_denied(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=403, code="AccessDenied", message="no", times=0)
    await stage.start(services=("s3",))
    found = await first(stage, *subject(stage))
    assert statuses(found) == {"ACK.Recoverable": "True", "ACK.ResourceSynced": "Unknown", "Ready": "False"}
    assert found["status"]["ackResourceMetadata"] == metadata(stage)


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("adopt", marks=rule("C1-3", "an adopted bucket's first status says synced, with its ARN")),
        pytest.param(
            "adopt-or-create", marks=rule("C1-3", "so does that of one that was there and is made as declared")
        ),
    ],
)
async def test_an_adopted_buckets(stage: Stage, policy: str) -> None:
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    marks = {
        "services.k8s.aws/adoption-policy": policy,
        "services.k8s.aws/adoption-fields": json.dumps({"name": stage.namespace}),
    }
    found = await first(stage, *subject(stage, annotations=marks))
    assert statuses(found) == SYNCED
    assert found["status"]["ackResourceMetadata"] == metadata(stage, f"arn:aws:s3:::{stage.namespace}")
    assert annotations_of(found)["services.k8s.aws/adopted"] == "true"


@rule("C1-5", "an unresolved reference is told at once, without an AWS call")
async def test_an_unresolved_reference(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    key = {"kmsKeyRef": {"from": {"name": "nowhere"}}, "encryptionType": "KMS"}
    found = await first(stage, "repository/mine", repository("mine", encryptionConfiguration=key))
    assert statuses(found) == {"ACK.ReferencesResolved": "Unknown", "ACK.ResourceSynced": "Unknown", "Ready": "False"}
    assert stage.operations() == []


@rule("C1-5", "a missing role is told at once, without an AWS call")
async def test_a_missing_role(stage: Stage) -> None:
    await stage.annotate_namespace(owner_account_id="111122223333")
    await stage.start(services=("s3",))
    found = await first(stage, *subject(stage))
    assert statuses(found) == {"ACK.ResourceSynced": "False", "Ready": "False"}
    assert conditions(found)["ACK.ResourceSynced"]["message"] == "IAM Role is not available"
    assert stage.operations() == []


@rule("C1-5", "a terminal refusal is the first status, and the ARN of what was not made is absent")
async def test_a_terminal_refusal(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=400, code="InvalidBucketName", message="no")
    await stage.start(services=("s3",))
    found = await first(stage, *subject(stage))
    assert statuses(found) == {"ACK.Terminal": "True", "ACK.ResourceSynced": "False", "Ready": "False"}
    assert "arn" not in found["status"]["ackResourceMetadata"]


@rule("C1-6", "while AWS takes its time to answer a create, the object has its finalizer and no status")
async def test_no_status_before_the_answer(stage: Stage) -> None:
    stage.fault(act="delay", operation="CreateBucket", seconds=0.5)
    await stage.start(services=("s3",))
    what, manifest = subject(stage, versioning={"status": "Enabled"})
    async with stage.history(what) as told:
        await stage.apply(manifest)
        await stage.until_synced(what)
    without = [obj for obj in told if not obj.get("status")]
    assert [bool(obj["metadata"].get("finalizers")) for obj in without] == [False, True]
    assert len(stati(told)) == 1
