"""A client of S3 in the test's account, and a bucket."""

import pytest

from ackpy.testing.aws import AwsClient
from ackpy.testing.cloud import MakeClient


@pytest.fixture
def s3(aws: MakeClient) -> AwsClient:
    return aws("s3")


@pytest.fixture
def bucket(s3: AwsClient, account: str) -> str:
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name
