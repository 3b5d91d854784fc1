"""AWS takes settings in an order: those that permit others first, and the other way round when they are taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.compatibility.subjects import ENABLED, made

from ackpy.testing.stage import Stage, conditions, rule

pytestmark = pytest.mark.slow

RULES = {
    "C11-1": "what permits a setting is written before it: versioning before replication and object lock, the ACL before logging",
    "C11-2": "what is taken away goes in reverse: replication before versioning is suspended",
    "C11-3": "writes of an edit keep the order of a creation",
    "C11-4": "objectLockEnabledForBucket: true on a bucket that exists is an update",
    "C11-5": "lambda: code, wait, configuration, wait, concurrency",
}
UNCOVERED = {
    "C11-5": "kind not in the catalog yet; that a group ends a pass and the rest follows: tests/controllers/test_plan.py",
}
ROLE = "arn:aws:iam::123456789012:role/replicator"
LOCK: Mapping[str, Any] = {
    "objectLockEnabledForBucket": True,
    "objectLockConfiguration": {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 3}}},
}
WITH_ACL: Mapping[str, Any] = {
    "acl": "log-delivery-write",
    "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerPreferred"}]},
    "publicAccessBlock": {"blockPublicPolicy": False},
}


def replicated(to: str) -> dict[str, Any]:
    replica = {"id": "all", "status": "Enabled", "priority": 1, "filter": {"prefix": ""}}
    marker = {"deleteMarkerReplication": {"status": "Disabled"}, "destination": {"bucket": f"arn:aws:s3:::{to}"}}
    return {"replication": {"role": ROLE, "rules": [{**replica, **marker}]}}


def logged(to: str) -> dict[str, Any]:
    return {"logging": {"loggingEnabled": {"targetBucket": to, "targetPrefix": "logs/"}}}


def policy(name: str) -> dict[str, Any]:
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},'
        f' "Action": "s3:PutObject", "Resource": "arn:aws:s3:::{name}/*"}}]}}'
    )
    return {"policy": text}


def stand_so(names: Sequence[str], *, among: Sequence[str]) -> bool:
    """Whether each of them is there once, in this order."""
    return [each for each in among if each in names] == list(names)


def other(stage: Stage) -> str:
    """A versioned bucket to replicate and log to."""
    name = f"{stage.namespace}-to"
    s3 = stage.aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@rule("C11-1", "versioning, then replication")
async def test_replication(stage: Stage) -> None:
    to = other(stage)
    await made(stage, **replicated(to), **ENABLED)
    assert stand_so(["PutBucketVersioning", "PutBucketReplication"], among=stage.writes()[2:])


@rule("C11-1", "versioning, then object lock")
async def test_object_lock(stage: Stage) -> None:
    await made(stage, **LOCK, **ENABLED)
    assert stand_so(["CreateBucket", "PutBucketVersioning", "PutObjectLockConfiguration"], among=stage.writes())


@rule("C11-1", "ownership and public access, then the ACL, then logging to the bucket itself")
async def test_acl_and_logging(stage: Stage) -> None:
    await made(stage, **logged(stage.namespace), **WITH_ACL)
    made_by = stage.writes()
    assert stand_so(["PutPublicAccessBlock", "PutBucketAcl", "PutBucketLogging"], among=made_by)
    assert stand_so(["PutBucketOwnershipControls", "PutBucketAcl"], among=made_by)


@rule("C11-1", "public access, then the policy that it may forbid")
async def test_policy(stage: Stage) -> None:
    await made(stage, **policy(stage.namespace), publicAccessBlock={"blockPublicPolicy": False})
    assert stand_so(["PutPublicAccessBlock", "PutBucketPolicy"], among=stage.writes())


@rule("C11-2", "replication and versioning are taken out in one edit: replication goes first")
async def test_removal_of_replication(stage: Stage) -> None:
    to = other(stage)
    what, _ = await made(stage, **replicated(to), **ENABLED)
    last = stage.last_call()
    await stage.patch(what, {"spec": {"replication": None, "versioning": None}})
    await settled(stage, what, 2)
    assert stage.writes(last) == ["DeleteBucketReplication", "PutBucketVersioning"]


@rule("C11-2", "logging goes before the ACL that permits it")
async def test_removal_of_logging(stage: Stage) -> None:
    what, _ = await made(stage, **logged(stage.namespace), **WITH_ACL)
    last = stage.last_call()
    await stage.patch(what, {"spec": {"logging": None, "acl": None}})
    await settled(stage, what, 2)
    assert stage.writes(last) == ["PutBucketLogging", "PutBucketAcl"]


@rule("C11-3", "versioning and replication come in one edit: versioning goes first")
async def test_an_edit(stage: Stage) -> None:
    to = other(stage)
    what, _ = await made(stage)
    last = stage.last_call()
    await stage.patch(what, {"spec": {**replicated(to), **ENABLED}})
    await settled(stage, what, 2)
    assert stage.writes(last) == ["PutBucketVersioning", "PutBucketReplication"]


@rule("C11-3", "a setting that is taken away goes before one that is changed")
async def test_removals_come_first(stage: Stage) -> None:
    cors = {"cors": {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]}}
    what, _ = await made(stage, **cors, **ENABLED)
    last = stage.last_call()
    await stage.patch(what, {"spec": {"cors": None, "versioning": {"status": "Suspended"}}})
    await settled(stage, what, 2)
    assert stage.writes(last) == ["DeleteBucketCors", "PutBucketVersioning"]


@rule("C11-4", "object lock is switched on by PutObjectLockConfiguration, and the object is not Terminal")
async def test_object_lock_of_a_bucket_that_exists(stage: Stage) -> None:
    what, _ = await made(stage, **ENABLED)
    last = stage.last_call()
    await stage.patch(what, {"spec": {"objectLockEnabledForBucket": True}})
    found = await settled(stage, what, 2)
    assert stage.writes(last) == ["PutObjectLockConfiguration"]
    assert "ACK.Terminal" not in found
    lock = stage.aws("s3").get_object_lock_configuration(Bucket=stage.namespace)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"


async def settled(stage: Stage, what: str, generation: int) -> dict[str, Any]:
    """The conditions once a generation is in step and nothing more comes."""
    await stage.until(what, lambda obj: obj["metadata"]["generation"] == generation)
    await stage.quiet(what)
    return conditions(await stage.until_synced(what))
