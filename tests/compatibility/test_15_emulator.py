"""What clients found out about emulators: the embedded AWS has AWS's managed policies, and keeps what a create says."""

from __future__ import annotations

import pytest

from ackpy.testing.stage import Stage, bucket, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "C15-1": "AWS's managed policies are there",
    "C15-2": "the tags of S3's create call are kept",
    "C15-3": "what emulators drop from an update silently: SQS, SNS, DynamoDB, Lambda, IAM, event sources",
}
UNCOVERED = {
    "C15-3": "kind not in the catalog yet; that what is not kept is written again, and told after three times: C7-3 and C10-1",
}
MANAGED = ("AdministratorAccess", "AmazonEC2ContainerRegistryReadOnly", "service-role/AWSLambdaBasicExecutionRole")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(MANAGED[0], marks=rule("C15-1", "an administrator's")),
        pytest.param(MANAGED[1], marks=rule("C15-1", "a service's")),
        pytest.param(MANAGED[2], marks=rule("C15-1", "a service role's, which has a path")),
    ],
)
async def test_a_managed_policy(stage: Stage, name: str) -> None:
    iam, arn = stage.aws("iam"), f"arn:aws:iam::aws:policy/{name}"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert policy["Arn"] == arn
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Statement"]


@rule("C15-1", "one can be attached to a role of an account that was never used before")
async def test_a_managed_policy_is_attached(stage: Stage) -> None:
    stage.make_role(stage.account, "worker")
    iam, arn = stage.aws("iam"), f"arn:aws:iam::aws:policy/{MANAGED[0]}"
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    assert [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]] == [
        arn
    ]


@rule("C15-2", "a bucket's tags go with CreateBucket, no call follows, and AWS has them")
async def test_the_tags_of_a_create_call(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, tagging={"tagSet": [{"key": "team", "value": "red"}]}))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert stage.writes() == ["CreateBucket"]
    found = stage.aws("s3").get_bucket_tagging(Bucket=stage.namespace)["TagSet"]
    assert {"Key": "team", "Value": "red"} in found


@rule("C15-2", "so do a repository's, with CreateRepository")
async def test_the_tags_of_a_repository(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", tags=[{"key": "team", "value": "red"}]))
    obj = await stage.until_synced("repository/mine")
    assert stage.writes() == ["CreateRepository"]
    arn = obj["status"]["ackResourceMetadata"]["arn"]
    assert {"Key": "team", "Value": "red"} in stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
