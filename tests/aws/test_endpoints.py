"""AWS's endpoints, and names of AWS's customers that look like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.aws.endpoints import is_aws_host

LABELS = st.from_regex(r"[a-z][-a-z0-9]{0,15}[a-z0-9]", fullmatch=True)


@pytest.mark.parametrize(
    "host",
    [
        "sts.amazonaws.com",
        "s3.eu-central-1.amazonaws.com",
        "s3.dualstack.eu-central-1.amazonaws.com",
        "ecr-fips.us-east-1.amazonaws.com",
        "ecr.us-east-1.api.aws",
        "s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_an_endpoint_of_aws(host: str) -> None:
    assert is_aws_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "amazonaws.com",
        ".amazonaws.com",
        "evil.example",
        "amazonaws.com.evil.example",
        "s3.evilamazonaws.com",
        "my-bucket.s3.amazonaws.com",
        "my-bucket.s3.us-east-1.amazonaws.com",
        "name-1.us-east-1.elb.amazonaws.com",
        "ec2-1-2-3-4.compute-1.amazonaws.com",
        "ec2-1-2-3-4.us-west-2.compute.amazonaws.com",
        "api.execute-api.us-east-1.amazonaws.com",
        "vpce-1.vpce-svc-2.us-east-1.vpce.amazonaws.com",
        "s3.no-region.amazonaws.com",
    ],
)
def test_a_name_that_somebody_else_may_hold(host: str) -> None:
    assert not is_aws_host(host)


@given(LABELS, LABELS)
def test_a_customers_name_before_an_endpoint_is_none(customer: str, service: str) -> None:
    assert not is_aws_host(f"{customer}.{service}.us-east-1.amazonaws.com") or service == "dualstack"
