"""`--pending`: what AWS takes minutes to make is shown as being made for a while, and comes through a restart as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ackpy.testing.aws import AwsClient, client_of
from ackpy.testing.cloud import Cloud, end_cloud, start_cloud

pytestmark = pytest.mark.slow

SECONDS = 3.0
ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


@dataclass(frozen=True)
class Case:
    """A kind: its service, a call that has the emulation load it, how one is made, how its state is asked for; busy and ready in words."""

    service: str
    warm: Callable[[AwsClient], Any]
    make: Callable[[AwsClient], Any]
    state: Callable[[AwsClient], str]
    busy: str = "CREATING"
    ready: str = "ACTIVE"


CASES = {
    "kinesis stream": Case(
        "kinesis",
        lambda aws: aws.list_streams(),
        lambda aws: aws.create_stream(StreamName="s", ShardCount=1),
        lambda aws: aws.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"],
    ),
    "dynamodb table": Case(
        "dynamodb",
        lambda aws: aws.list_tables(),
        lambda aws: aws.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        ),
        lambda aws: aws.describe_table(TableName="t")["Table"]["TableStatus"],
    ),
    "rds instance": Case(
        "rds",
        lambda aws: aws.describe_db_instances(),
        lambda aws: aws.create_db_instance(
            DBInstanceIdentifier="Db", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20
        ),
        lambda aws: aws.describe_db_instances(DBInstanceIdentifier="db")["DBInstances"][0]["DBInstanceStatus"],
        "creating",
        "available",
    ),
    "rds cluster": Case(
        "rds",
        lambda aws: aws.describe_db_instances(),
        lambda aws: aws.create_db_cluster(
            DBClusterIdentifier="c", Engine="aurora-mysql", MasterUsername="a", MasterUserPassword="long-enough"
        ),
        lambda aws: aws.describe_db_clusters(DBClusterIdentifier="c")["DBClusters"][0]["Status"],
        "creating",
        "available",
    ),
    "eks cluster": Case(
        "eks",
        lambda aws: aws.list_clusters(),
        lambda aws: aws.create_cluster(name="e", roleArn=ROLE, resourcesVpcConfig={}),
        lambda aws: aws.describe_cluster(name="e")["cluster"]["status"],
    ),
    "elasticache cluster": Case(
        "elasticache",
        lambda aws: aws.describe_cache_clusters(),
        lambda aws: aws.create_cache_cluster(
            CacheClusterId="c", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1
        ),
        lambda aws: aws.describe_cache_clusters(CacheClusterId="c")["CacheClusters"][0]["CacheClusterStatus"],
        "creating",
        "available",
    ),
    "efs file system": Case(
        "efs",
        lambda aws: aws.describe_file_systems(),
        lambda aws: aws.create_file_system(CreationToken="t"),
        lambda aws: aws.describe_file_systems()["FileSystems"][0]["LifeCycleState"],
        "creating",
        "available",
    ),
}


def test_each_slow_kind_is_busy_and_then_ready(cloud: Cloud, account: str) -> None:
    """All in one AWS, one after the other, so that they wait side by side; ready at once where nobody asked for it."""
    process, slow = start_cloud("--ephemeral", "--pending", str(SECONDS))
    waiting = {}
    for title, case in CASES.items():
        aws = client_of(slow, account, case.service, "us-east-1")
        case.warm(aws)
        case.make(aws)
        assert case.state(aws) == case.busy, title
        waiting[title] = aws
    for title, aws in waiting.items():
        become(partial(CASES[title].state, aws), CASES[title].ready)
    quick = client_of(cloud, account, "kinesis", "us-east-1")
    CASES["kinesis stream"].make(quick)
    assert CASES["kinesis stream"].state(quick) == "ACTIVE"
    assert end_cloud(process) == 0


def become(ask: Callable[[], str], wanted: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + 10 * SECONDS
    while ask() != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("pending", "state"), [("600", "CREATING"), ("0", "ACTIVE")], ids=["as before", "no more"])
def test_a_restart_knows_when_it_was_made(tmp_path: Path, account: str, pending: str, state: str) -> None:
    case, kept = CASES["kinesis stream"], ("--data", str(tmp_path))
    process, cloud = start_cloud(*kept, "--pending", "600")
    case.make(client_of(cloud, account, "kinesis", "us-east-1"))
    assert end_cloud(process) == 0
    process, cloud = start_cloud(*kept, "--pending", pending)
    assert case.state(client_of(cloud, account, "kinesis", "us-east-1")) == state
    assert end_cloud(process) == 0
