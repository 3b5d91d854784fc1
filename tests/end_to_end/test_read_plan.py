"""What a pass reads, writes and leaves alone, in the cases where the object alone does not say it: who wrote it, when, and what it held."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ackpy.local.stack import StackOptions
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.stack import LocalStack, eventually

pytestmark = pytest.mark.slow

Manifest = dict[str, Any]
VERSIONED: Manifest = {"versioning": {"status": "Enabled"}}
EXPIRING: Manifest = {
    "lifecycle": {"rules": [{"id": "old", "status": "Enabled", "prefix": "", "expiration": {"days": 3}}]}
}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::plan/*"}
        ],
    }
)
MEMORY = "ackpy.services.k8s.aws/managed"
BUCKETS = "finalizers.s3.services.k8s.aws/Bucket"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalStack, Controllers]]:
    """A stack of this module's own, so that every AWS call is one of its objects'."""
    data = tmp_path_factory.mktemp("plan") / "data"
    with controlled(StackOptions(data=data, services=("s3", "ecr"), region="us-east-1")) as (stack, controllers):
        controllers.start()
        yield stack, controllers


@pytest.fixture
def running(house: tuple[LocalStack, Controllers]) -> Iterator[tuple[LocalStack, Controllers]]:
    """The stack, its controllers at work, without an object and with nothing in AWS: each test leaves it as it has found it."""
    stack, _ = house
    yield house
    for kind in ("buckets", "repositories"):
        stack.kubectl("delete", kind, "--all", "--timeout=30s")
    left = stack.client("s3").list_buckets()["Buckets"]
    assert [each["Name"] for each in left] == [], "what a test makes goes with its objects"


def bucket(*, name: str = "plan", **spec: Any) -> Manifest:
    manifest = {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": {"name": name}}
    return {**manifest, "spec": {"name": name, **spec}}


def repository(**spec: Any) -> Manifest:
    manifest = {"apiVersion": "ecr.services.k8s.aws/v1alpha1", "kind": "Repository", "metadata": {"name": "plan"}}
    return {**manifest, "spec": {"name": "plan", **spec}}


def at_rest(stack: LocalStack, *manifests: Manifest) -> int:
    """Applied, synced and verified; the number of the last AWS call."""
    stack.apply(*manifests)
    for each in manifests:
        stack.wait(f"{each['kind'].lower()}/{each['metadata']['name']}", "condition=ACK.ResourceSynced")
    return stack.quiet()


def aws_writes(stack: LocalStack, since: int) -> list[str]:
    """The AWS writes after a call, in order, once there are no more."""
    stack.quiet()
    return [call.operation for call in stack.cloud.calls(since=since) if call.mutating]


def versioning(stack: LocalStack, name: str = "plan") -> str | None:
    found: str | None = stack.client("s3").get_bucket_versioning(Bucket=name).get("Status")
    return found


def rules(stack: LocalStack, name: str = "plan") -> list[dict[str, Any]]:
    try:
        found = stack.client("s3").get_bucket_lifecycle_configuration(Bucket=name)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration"  # noqa: PT017  the other outcome
        return []
    settings: list[dict[str, Any]] = found["Rules"]
    return settings


def memory(stack: LocalStack, resource: str = "bucket/plan") -> dict[str, str]:
    found: dict[str, str] = json.loads(stack.get(resource)["metadata"]["annotations"][MEMORY])["paths"]
    return found


def test_an_edit_while_the_controllers_are_down_is_made_when_they_are_back(
    running: tuple[LocalStack, Controllers],
) -> None:
    """One setting added, one taken out: what was managed is remembered in the object."""
    stack, controllers = running
    last = at_rest(stack, bucket(**VERSIONED))
    controllers.kill()
    stack.apply(bucket(**EXPIRING))
    controllers.start()
    eventually(lambda: versioning(stack) == "Suspended" and rules(stack), "the edit reached AWS")
    assert aws_writes(stack, last) == ["PutBucketVersioning", "PutBucketLifecycleConfiguration"]
    assert set(memory(stack)) == {"name", "lifecycle"}


def test_what_came_and_went_while_the_controllers_were_down_never_was(
    running: tuple[LocalStack, Controllers],
) -> None:
    """Somebody else's policy in AWS stays: no controller ever managed it."""
    stack, controllers = running
    last = at_rest(stack, bucket(**VERSIONED))
    controllers.kill()
    stack.apply(bucket(**VERSIONED, policy=POLICY))
    stack.client("s3").put_bucket_policy(Bucket="plan", Policy=POLICY)
    stack.apply(bucket(**VERSIONED))
    last = stack.last_call()
    controllers.start()
    eventually(lambda: operations(stack, last), "the controllers looked at it")
    assert aws_writes(stack, last) == []
    assert set(operations(stack, last)) == {"GetBucketTagging", "GetBucketVersioning"}
    assert json.loads(stack.client("s3").get_bucket_policy(Bucket="plan")["Policy"]) == json.loads(POLICY)


def operations(stack: LocalStack, since: int) -> list[str]:
    return [call.operation for call in stack.cloud.calls(since=since) if call.service == "s3"]


@pytest.mark.parametrize("down", [False, True], ids=["running", "down"])
def test_a_replace_takes_our_marks_and_resets_nothing(running: tuple[LocalStack, Controllers], down: bool) -> None:
    """`kubectl replace` without finalizer and annotation: the status tells whose the bucket is, and what left the spec stays."""
    stack, controllers = running
    last = at_rest(stack, bucket(**VERSIONED))
    if down:
        controllers.kill()
    stack.kubectl("replace", "-f", "-", stdin=json.dumps(bucket(**EXPIRING)))
    if down:
        controllers.start()
    eventually(lambda: rules(stack), "the new setting reached AWS")
    assert aws_writes(stack, last) == ["PutBucketLifecycleConfiguration"]
    assert versioning(stack) == "Enabled"
    assert set(memory(stack)) == {"name", "lifecycle"}
    assert stack.get("bucket/plan")["metadata"]["finalizers"] == [BUCKETS]
    stack.kubectl("delete", "bucket/plan", "--timeout=20s")
    assert stack.client("s3").list_buckets()["Buckets"] == []


def test_a_copy_under_another_name_inherits_nothing(running: tuple[LocalStack, Controllers]) -> None:
    """The marks of a copied manifest are another object's: of what left its spec nothing is reset, and its bucket is made."""
    stack, _ = running
    at_rest(stack, bucket(**VERSIONED))
    copied = stack.get("bucket/plan")
    assert MEMORY in copied["metadata"]["annotations"]
    copied["metadata"]["name"] = copied["spec"]["name"] = "copy"
    del copied["spec"]["versioning"]
    last = at_rest(stack, copied)
    created = [call.operation for call in stack.cloud.calls() if call.mutating][-1]
    assert created == "CreateBucket", "no reset follows"
    assert set(memory(stack, "bucket/copy")) == {"name"}
    assert versioning(stack) == "Enabled"
    assert aws_writes(stack, last) == []


def test_a_copy_that_names_the_same_bucket_keeps_away_from_it(running: tuple[LocalStack, Controllers]) -> None:
    stack, _ = running
    last = at_rest(stack, bucket(**VERSIONED))
    copied = stack.get("bucket/plan")
    copied["metadata"]["name"] = "copy"
    del copied["spec"]["versioning"]
    stack.apply(copied)
    stack.wait("bucket/copy", "jsonpath={.status.conditions[?(@.type=='Ready')].status}=False")
    assert operations(stack, last) == [], "the younger one asks AWS nothing"
    stack.kubectl("delete", "bucket/copy", "--timeout=20s")
    assert aws_writes(stack, last) == [], "and takes nothing with it"
    assert versioning(stack) == "Enabled"


LEAVES: dict[str, tuple[Manifest, Manifest, Callable[[LocalStack], object], object]] = {
    "in a list": (
        bucket(
            lifecycle={
                "rules": [
                    {**EXPIRING["lifecycle"]["rules"][0], "noncurrentVersionExpiration": {"noncurrentDays": 7}},
                ]
            }
        ),
        bucket(**EXPIRING),
        lambda stack: [sorted(rule) for rule in rules(stack)],
        [["Expiration", "ID", "Prefix", "Status"]],
    ),
    "in a structure": (
        repository(imageScanningConfiguration={"scanOnPush": True}),
        repository(imageScanningConfiguration={}),
        lambda stack: the_repository(stack)["imageScanningConfiguration"],
        {"scanOnPush": False},
    ),
    "of a structure whose members are written together": (
        bucket(publicAccessBlock={"blockPublicACLs": True, "blockPublicPolicy": True}),
        bucket(publicAccessBlock={"blockPublicACLs": True}),
        lambda stack: stack.client("s3").get_public_access_block(Bucket="plan")["PublicAccessBlockConfiguration"],
        {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": False,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": False,
        },
    ),
}


def the_repository(stack: LocalStack) -> dict[str, Any]:
    [found] = stack.client("ecr").describe_repositories(repositoryNames=["plan"])["repositories"]
    described: dict[str, Any] = found
    return described


@pytest.mark.parametrize("where", LEAVES)
def test_a_leaf_that_is_taken_out_is_gone_in_aws(running: tuple[LocalStack, Controllers], where: str) -> None:
    stack, _ = running
    before, after, found, wanted = LEAVES[where]
    last = at_rest(stack, before)
    assert found(stack) != wanted
    stack.apply(after)
    eventually(lambda: found(stack) == wanted, f"{wanted}")
    assert len(aws_writes(stack, last)) == 1


def test_each_field_manager_takes_out_its_own(running: tuple[LocalStack, Controllers]) -> None:
    """Server-side apply: a setting leaves with the manager that had it, and the other's stays."""
    stack, _ = running
    for manager, spec in (("infrastructure", VERSIONED), ("retention", EXPIRING)):
        applied_by(stack, manager, bucket(**spec))
    stack.wait("bucket/plan", "condition=ACK.ResourceSynced")
    eventually(lambda: versioning(stack) == "Enabled" and rules(stack), "both settings in AWS")
    last = stack.quiet()
    applied_by(stack, "retention", bucket())
    eventually(lambda: not rules(stack), "the lifecycle is gone")
    assert aws_writes(stack, last) == ["DeleteBucketLifecycle"]
    assert versioning(stack) == "Enabled"
    assert set(memory(stack)) == {"name", "versioning"}


def applied_by(stack: LocalStack, manager: str, manifest: Manifest) -> None:
    stack.kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", "-", stdin=json.dumps(manifest))


def test_a_late_initialised_field_that_is_taken_out_comes_back(running: tuple[LocalStack, Controllers]) -> None:
    stack, _ = running
    last = at_rest(stack, repository())
    account = stack.cloud.account_id
    assert stack.get("repository/plan")["spec"]["registryID"] == account
    stack.kubectl("patch", "repository/plan", "--type=merge", "-p", '{"spec": {"registryID": null}}')
    eventually(lambda: stack.get("repository/plan")["spec"].get("registryID") == account, "registryID is back")
    assert aws_writes(stack, last) == []


def test_a_field_with_a_default_that_is_taken_out_returns_to_it(running: tuple[LocalStack, Controllers]) -> None:
    stack, _ = running
    at_rest(stack, repository(imageTagMutability="IMMUTABLE"))
    assert the_repository(stack)["imageTagMutability"] == "IMMUTABLE"
    last = stack.last_call()
    stack.apply(repository())
    eventually(lambda: the_repository(stack)["imageTagMutability"] == "MUTABLE", "AWS's default")
    assert aws_writes(stack, last) == ["PutImageTagMutability"]
    assert "imageTagMutability" not in stack.get("repository/plan")["spec"], "it is not written into the spec"


@pytest.mark.parametrize("policy", ["adopt", "adopt-or-create"])
def test_a_copy_under_another_name_adopts_what_the_first_lets_go(
    running: tuple[LocalStack, Controllers], policy: str
) -> None:
    """The copied marks say nothing: while the first object is there it waits, then it has the bucket and resets nothing on it."""
    stack, _ = running
    at_rest(stack, bucket(**VERSIONED))
    copied = stack.get("bucket/plan")
    copied["metadata"]["name"] = "copy"
    copied["metadata"]["annotations"] |= {
        "services.k8s.aws/adoption-policy": policy,
        "services.k8s.aws/adoption-fields": '{"name": "plan"}',
    }
    del copied["spec"]["versioning"]
    last = stack.quiet()
    stack.apply(copied)
    stack.wait("bucket/copy", "jsonpath={.status.conditions[?(@.type=='Ready')].status}=False")
    assert operations(stack, last) == [], "the younger one asks AWS nothing"
    stack.kubectl("annotate", "bucket/plan", "services.k8s.aws/deletion-policy=retain")
    stack.kubectl("delete", "bucket/plan", "--timeout=20s")
    stack.wait("bucket/copy", "condition=ACK.ResourceSynced")
    assert aws_writes(stack, last) == []
    assert versioning(stack) == "Enabled"
    adopted = stack.get("bucket/copy")
    assert adopted["metadata"]["annotations"]["services.k8s.aws/adopted"] == "true"
    assert adopted["metadata"]["finalizers"] == [BUCKETS]
    assert json.loads(adopted["metadata"]["annotations"][MEMORY])["uid"] == adopted["metadata"]["uid"]
    assert ("versioning" in memory(stack, "bucket/copy")) == (policy == "adopt"), "what it adopts is in its spec"
    stack.kubectl("delete", "bucket/copy", "--timeout=20s")
    assert stack.client("s3").list_buckets()["Buckets"] == []
