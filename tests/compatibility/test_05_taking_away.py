"""Clients take a setting away by leaving it out, by null, by "" and by []: at every depth that resets it in AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.compatibility.subjects import EXPIRY, made

from ackpy.kube.objects import Object
from ackpy.testing.aws import AwsClient
from ackpy.testing.stage import Stage, bucket, rule

pytestmark = pytest.mark.slow

RULES = {
    "C5-1": "a member that a patch sets to null is reset in AWS, at every depth",
    "C5-2": "so is a member of a list's element that is null",
    "C5-3": 'for policies, documents and ARNs "" means none, and equals absence',
    "C5-4": "[] stays in the spec, means none, and differs from a field that was never set",
    "C5-5": "tags: null removes the user's tags and keeps the controller's",
    "C5-6": "a field that changed is written even where AWS has all that it still says",
}

OWN = "services.k8s.aws/"
EXPIRING = {"id": "old", "status": "Enabled", "prefix": "", "expiration": {"days": 3}}
REPOSITORY_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
)


def bucket_policy(name: str) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def patched(stage: Stage, what: str, spec: Mapping[str, Any]) -> list[str]:
    """Merge-patch the spec as a client does, and wait until a pass has answered; the AWS writes of it."""
    last, before = stage.last_call(), time_of(await stage.get(what))
    await stage.patch(what, {"spec": spec})
    await stage.until(what, lambda obj: time_of(obj) > before)
    return stage.writes(last)


def time_of(obj: Object) -> str:
    [synced] = [each for each in obj["status"]["conditions"] if each["type"] == "ACK.ResourceSynced"]
    return str(synced["lastTransitionTime"])


def lacking(ask: Callable[[], object], code: str) -> bool:
    """Whether AWS says that there is none."""
    try:
        ask()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code  # noqa: PT017  the other outcome is no error
        return True
    return False


def lifecycle(s3: AwsClient, name: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    return rules


@pytest.mark.parametrize(
    ("before", "patch", "writes", "operation", "member", "after"),
    [
        pytest.param(
            {"versioning": {"status": "Enabled"}},
            {"versioning": None},
            ["PutBucketVersioning"],
            "get_bucket_versioning",
            "Status",
            "Suspended",
            marks=rule("C5-1", "a whole setting"),
        ),
        pytest.param(
            {"versioning": {"status": "Enabled"}},
            {"versioning": {"status": None}},
            ["PutBucketVersioning"],
            "get_bucket_versioning",
            "Status",
            "Suspended",
            marks=rule("C5-1", "its only member"),
        ),
        pytest.param(
            {"requestPayment": {"payer": "Requester"}},
            {"requestPayment": {"payer": None}},
            ["PutBucketRequestPayment"],
            "get_bucket_request_payment",
            "Payer",
            "BucketOwner",
            marks=rule("C5-1", "a member with a default that is stated"),
        ),
        pytest.param(
            {"website": {"indexDocument": {"suffix": "i.html"}, "errorDocument": {"key": "e.html"}}},
            {"website": {"errorDocument": None}},
            ["PutBucketWebsite"],
            "get_bucket_website",
            "ErrorDocument",
            None,
            marks=rule("C5-1", "one of several members"),
        ),
        pytest.param(
            {"website": {"indexDocument": {"suffix": "i.html"}}},
            {"website": None},
            ["DeleteBucketWebsite"],
            "get_bucket_website",
            "",
            "NoSuchWebsiteConfiguration",
            marks=rule("C5-1", "a setting that has an operation to delete it"),
        ),
    ],
)
async def test_null(
    stage: Stage,
    before: Mapping[str, Any],
    patch: Mapping[str, Any],
    writes: list[str],
    operation: str,
    member: str,
    after: str | None,
) -> None:
    what, _ = await made(stage, **before)
    assert await patched(stage, what, patch) == writes
    read = getattr(stage.aws("s3"), operation)
    if member:
        assert read(Bucket=stage.namespace).get(member) == after
    else:
        assert lacking(lambda: read(Bucket=stage.namespace), str(after))


@pytest.mark.parametrize(
    ("element", "kept"),
    [
        pytest.param(
            {**EXPIRING, "expiration": None, "noncurrentVersionExpiration": {"noncurrentDays": 9}},
            {"NoncurrentVersionExpiration"},
            marks=rule("C5-2", "a structure in a lifecycle rule, sent as null in a patch of the list"),
        ),
        pytest.param(
            {**EXPIRING, "noncurrentVersionExpiration": {"noncurrentDays": 9, "newerNoncurrentVersions": None}},
            {"Expiration", "NoncurrentVersionExpiration"},
            marks=rule("C5-2", "a number one level deeper"),
        ),
        pytest.param(
            EXPIRING,
            {"Expiration"},
            marks=rule("C5-2", "a structure that the element leaves out"),
        ),
    ],
)
async def test_null_in_an_element(stage: Stage, element: Mapping[str, Any], kept: set[str]) -> None:
    full = {**EXPIRING, "noncurrentVersionExpiration": {"noncurrentDays": 9, "newerNoncurrentVersions": 2}}
    what, _ = await made(stage, lifecycle={"rules": [full]})
    assert await patched(stage, what, {"lifecycle": {"rules": [element]}}) == ["PutBucketLifecycleConfiguration"]
    [found] = lifecycle(stage.aws("s3"), stage.namespace)
    assert set(found) - {"ID", "Status", "Prefix", "Filter"} == kept
    assert "NewerNoncurrentVersions" not in found.get("NoncurrentVersionExpiration", {})


@pytest.mark.parametrize(
    ("kind", "field", "write", "code"),
    [
        pytest.param(
            "bucket",
            "policy",
            "DeleteBucketPolicy",
            "NoSuchBucketPolicy",
            marks=rule("C5-3", "a bucket's policy that becomes an empty text is deleted"),
        ),
        pytest.param(
            "repository",
            "policy",
            "DeleteRepositoryPolicy",
            "RepositoryPolicyNotFoundException",
            marks=rule("C5-3", "a repository's policy likewise"),
        ),
        pytest.param(
            "repository",
            "lifecyclePolicy",
            "DeleteLifecyclePolicy",
            "LifecyclePolicyNotFoundException",
            marks=rule("C5-3", "a repository's lifecycle policy likewise"),
        ),
    ],
)
async def test_an_empty_text(stage: Stage, kind: str, field: str, write: str, code: str) -> None:
    values = {"bucket": bucket_policy(stage.namespace), "policy": REPOSITORY_POLICY, "lifecyclePolicy": EXPIRY}
    what, _ = await made(stage, kind, **{field: values["bucket" if kind == "bucket" else field]})
    assert await patched(stage, what, {field: ""}) == [write]
    assert lacking(lambda: document(stage, kind, field), code)
    assert (await stage.get(what))["spec"][field] == ""
    assert await patched(stage, what, {field: None}) == [], "absence is the same as an empty text"


def document(stage: Stage, kind: str, field: str) -> object:
    name = stage.namespace
    if kind == "bucket":
        return stage.aws("s3").get_bucket_policy(Bucket=name)
    ecr = stage.aws("ecr")
    read = ecr.get_repository_policy if field == "policy" else ecr.get_lifecycle_policy
    return read(repositoryName=name)


@rule("C5-3", "an empty text from the start makes no write, in a bucket and in a creation template's ARN")
async def test_an_empty_text_from_the_start(stage: Stage) -> None:
    template = {
        "apiVersion": "ecr.services.k8s.aws/v1alpha1",
        "kind": "RepositoryCreationTemplate",
        "metadata": {"name": "mine"},
        "spec": {"prefix": "team", "appliedFor": ["PULL_THROUGH_CACHE"], "customRoleARN": "", "repositoryPolicy": ""},
    }
    await stage.start()
    await stage.apply(bucket(stage.namespace, policy=""))
    await stage.apply(template)
    await stage.until_synced(f"bucket/{stage.namespace}")
    await stage.until_synced("template/mine")
    written = stage.writes()
    assert sorted(written) == ["CreateBucket", "CreateRepositoryCreationTemplate"]


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        pytest.param({"metrics": []}, [], marks=rule("C5-4", "an empty list takes away what somebody else has made")),
        pytest.param({}, ["theirs"], marks=rule("C5-4", "a field that was never set leaves it")),
    ],
)
async def test_an_empty_list(stage: Stage, spec: Mapping[str, Any], left: list[str]) -> None:
    what, _ = await made(stage)
    s3, name = stage.aws("s3"), stage.namespace
    s3.put_bucket_metrics_configuration(Bucket=name, Id="theirs", MetricsConfiguration={"Id": "theirs"})
    await patched(stage, what, {**spec, "versioning": {"status": "Enabled"}})
    found = s3.list_bucket_metrics_configurations(Bucket=name).get("MetricsConfigurationList", [])
    assert [each["Id"] for each in found] == left
    assert (await stage.get(what))["spec"].get("metrics") == spec.get("metrics")


@rule("C5-4", "an empty tag list stays in the spec and takes somebody's tags away, the controller's stay")
async def test_an_empty_tag_list(stage: Stage) -> None:
    what, _ = await made(stage, "repository", tags=[{"key": "team", "value": "red"}])
    assert await patched(stage, what, {"tags": []}) == ["UntagResource"]
    assert (await stage.get(what))["spec"]["tags"] == []
    assert set(tags_of(stage, await stage.get(what))) == {f"{OWN}controller-version", f"{OWN}namespace"}


@pytest.mark.parametrize(
    ("kind", "spec", "patch"),
    [
        pytest.param(
            "bucket",
            {"tagging": {"tagSet": [{"key": "team", "value": "red"}]}},
            {"tagging": None},
            marks=rule("C5-5", "a bucket's tagging"),
        ),
        pytest.param(
            "bucket",
            {"tagging": {"tagSet": [{"key": "team", "value": "red"}]}},
            {"tagging": {"tagSet": None}},
            marks=rule("C5-5", "a bucket's tag set"),
        ),
        pytest.param(
            "repository",
            {"tags": [{"key": "team", "value": "red"}]},
            {"tags": None},
            marks=rule("C5-5", "a repository's tags"),
        ),
    ],
)
async def test_no_more_tags(stage: Stage, kind: str, spec: Mapping[str, Any], patch: Mapping[str, Any]) -> None:
    what, _ = await made(stage, kind, **spec)
    assert set(tags_of(stage, await stage.get(what))) == {"team", f"{OWN}controller-version", f"{OWN}namespace"}
    await patched(stage, what, patch)
    assert set(tags_of(stage, await stage.get(what))) == {f"{OWN}controller-version", f"{OWN}namespace"}


def tags_of(stage: Stage, obj: Object) -> dict[str, str]:
    if obj["kind"] == "Bucket":
        found = stage.aws("s3").get_bucket_tagging(Bucket=stage.namespace)["TagSet"]
        return {each["Key"]: each["Value"] for each in found}
    arn = obj["status"]["ackResourceMetadata"]["arn"]
    return {each["Key"]: each["Value"] for each in stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]}


@rule("C5-6", "a CORS rule loses a member that AWS still has: nothing that is left differs, yet it is written, once")
async def test_the_digest_of_a_path(stage: Stage) -> None:
    full = {"allowedMethods": ["GET"], "allowedOrigins": ["*"], "maxAgeSeconds": 5}
    what, _ = await made(stage, cors={"corsRules": [full]})
    smaller = {name: value for name, value in full.items() if name != "maxAgeSeconds"}
    assert await patched(stage, what, {"cors": {"corsRules": [smaller]}}) == ["PutBucketCors"]
    [found] = stage.aws("s3").get_bucket_cors(Bucket=stage.namespace)["CORSRules"]
    assert found == {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    await stage.look(what)
    assert stage.operations().count("PutBucketCors") == 2, "the first is the creation's"
