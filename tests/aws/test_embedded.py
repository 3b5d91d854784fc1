"""The client against the embedded AWS: what it says of S3 and ECR has the meaning that it has on AWS."""

import dataclasses
from collections.abc import AsyncIterator

import pytest

from ackpy.aws.budget import Clock
from ackpy.aws.classify import Meaning, classify
from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions, Target
from ackpy.errors import AwsError
from ackpy.testing.cloud import Cloud, neighbour_of

pytestmark = pytest.mark.slow

REGION = "eu-central-1"


def options_of(cloud: Cloud, account: str) -> Options:
    keys = cloud.credentials(account)
    own = Keys(keys.access_key_id, keys.secret_access_key)
    return Options("1", endpoint_url=cloud.url, allow_unsafe_endpoints=True, keys=own)


@pytest.fixture
async def sessions(cloud: Cloud, account: str, calls: Calls, clock: Clock) -> AsyncIterator[Sessions]:
    async with Sessions(options_of(cloud, account), calls=calls, clock=clock) as sessions:
        yield sessions


async def failure(sessions: Sessions, service: str, operation: str, region: str = REGION, **params: object) -> AwsError:
    client = await sessions.client(Target(service, region))
    with pytest.raises(AwsError) as caught:
        await client.call(operation, **params)
    return caught.value


@pytest.fixture
async def bucket(sessions: Sessions, account: str) -> str:
    s3 = await sessions.client(Target("s3", REGION))
    name = f"bucket-of-{account}"
    await s3.call("CreateBucket", Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


async def test_who_we_are(sessions: Sessions, account: str) -> None:
    found = await sessions.identity(REGION)
    assert (found.account, found.partition) == (account, "aws")


async def test_a_bucket_without_tags_is_there_and_one_that_is_not_is_not(sessions: Sessions, bucket: str) -> None:
    error = await failure(sessions, "s3", "GetBucketTagging", Bucket=bucket)
    assert classify(error, not_found=["NoSuchTagSet"]).meaning is Meaning.NOT_FOUND
    assert classify(error, not_found=["NoSuchBucket"]).meaning is Meaning.RECOVERABLE
    error = await failure(sessions, "s3", "GetBucketTagging", Bucket=f"no-{bucket}")
    assert classify(error, not_found=["NoSuchBucket"]).meaning is Meaning.NOT_FOUND


async def test_a_bucket_of_another_region_is_an_error(sessions: Sessions, bucket: str) -> None:
    error = await failure(sessions, "s3", "GetBucketTagging", "us-west-2", Bucket=bucket)
    verdict = classify(error, not_found=["NoSuchBucket", "NoSuchTagSet"])
    assert verdict.meaning is Meaning.RECOVERABLE
    assert classify(error, terminal=["PermanentRedirect"]).meaning is Meaning.TERMINAL


async def test_a_bucket_of_another_account_is_denied(
    cloud: Cloud, account: str, bucket: str, calls: Calls, clock: Clock
) -> None:
    other = neighbour_of(account)
    async with Sessions(options_of(cloud, other), calls=calls, clock=clock) as strangers:
        error = await failure(strangers, "s3", "GetBucketTagging", Bucket=bucket)
    assert classify(error).meaning is Meaning.DENIED


async def test_a_wrong_secret_is_about_credentials(cloud: Cloud, account: str, calls: Calls, clock: Clock) -> None:
    options = options_of(cloud, account)
    assert options.keys is not None
    wrong = dataclasses.replace(options, keys=dataclasses.replace(options.keys, secret_access_key="wrong"))
    async with Sessions(wrong, calls=calls, clock=clock) as sessions:
        error = await failure(sessions, "ecr", "DescribeRepositories")
    assert classify(error).meaning is Meaning.CREDENTIALS
    assert "wrong" not in str(error)
    assert options.keys.access_key_id not in str(error)


async def test_what_the_emulator_lacks_is_not_implemented(sessions: Sessions) -> None:
    error = await failure(sessions, "ecr", "GetAccountSetting", name="BASIC_SCAN_TYPE_VERSION")
    assert classify(error, not_found=["404"]).meaning is Meaning.NOT_IMPLEMENTED


async def test_all_repositories_of_many_pages(sessions: Sessions) -> None:
    ecr = await sessions.client(Target("ecr", REGION))
    names = [f"app-{number}" for number in range(7)]
    for name in names:
        await ecr.call("CreateRepository", repositoryName=name)
    found = await ecr.paginate("DescribeRepositories", "repositories", maxResults=3)
    assert sorted(each["repositoryName"] for each in found) == names
    error = await failure(sessions, "ecr", "DescribeRepositories", repositoryNames=["gone"])
    assert classify(error, not_found=["RepositoryNotFoundException"]).meaning is Meaning.NOT_FOUND


@pytest.mark.parametrize(
    ("act", "meaning", "made"),
    [
        ("reset-before", Meaning.UNREACHABLE, False),
        ("reset-after", Meaning.UNREACHABLE, True),
        ("error", Meaning.AMBIGUOUS, False),
    ],
)
async def test_a_create_whose_answer_is_lost_is_asked_once_and_may_have_acted(
    cloud: Cloud, sessions: Sessions, account: str, act: str, meaning: Meaning, made: bool
) -> None:
    cloud.fault(act=act, service="ecr", operation="CreateRepository", account=account)
    verdict = classify(await failure(sessions, "ecr", "CreateRepository", repositoryName="lost"))
    assert (verdict.meaning, verdict.may_have_acted) == (meaning, True)
    ecr = await sessions.client(Target("ecr", REGION))
    assert bool(await ecr.paginate("DescribeRepositories", "repositories")) is made
    creates = [call for call in cloud.calls(account) if call.operation == "CreateRepository"]
    assert len(creates) == 1


async def test_our_count_is_the_clouds(
    cloud: Cloud, sessions: Sessions, account: str, bucket: str, calls: Calls
) -> None:
    cloud.fault(act="error", service="s3", operation="GetBucketTagging", account=account, status=503, code="SlowDown")
    await failure(sessions, "s3", "GetBucketTagging", Bucket=bucket)
    seen = [(call.service, call.operation) for call in cloud.calls(account)]
    assert seen == [("s3", "CreateBucket"), ("s3", "GetBucketTagging"), ("s3", "GetBucketTagging")]
    assert sum(calls.count.values()) == len(seen)
