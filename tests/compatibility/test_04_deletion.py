"""Clients delete what never came to be, and wait for it: that is quick, unless nobody can know whether it came to be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.compatibility.subjects import made

from ackpy.errors import NotFound
from ackpy.testing.stage import Stage, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "C4-1": "what AWS refused to make is let go at once",
    "C4-2": "without an identifier or ARN of a successful create, a refused read of what may be there counts as not there",
    "C4-3": "an absent identifier counts as not there",
    "C4-4": "an end that is not known, a time-out or a 5xx, blocks",
    "C4-5": "deletion does not wait for a back-off",
    "C4-6": "of a resource that was made, a refused read lets nothing go",
}
UNCOVERED = {
    "C4-3": "kind not in the catalog yet: identifiers of S3 and ECR are in the spec; without any nothing is asked: test_observe.py",
}
SOON = 4.0
"""Seconds within which a deletion counts as quick: less than the 5 s after which a try that S3 puts off is repeated."""


async def refused(stage: Stage, operation: str = "CreateBucket", **fault: Any) -> str:
    """A bucket whose creation comes to a fault that stays."""
    stage.fault(act="error", operation=operation, times=0, **fault)
    await stage.start(services=("s3",))
    what = f"bucket/{stage.namespace}"
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what, "Ready", "False")
    return what


async def gone_soon(stage: Stage, what: str) -> list[str]:
    """Delete it, and hold that it goes soon; the AWS calls of its deletion."""
    last = stage.last_call()
    async with asyncio.timeout(SOON):
        await stage.delete(what)
        await stage.until_gone(what)
    return stage.operations(last)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(400, "InvalidBucketName", marks=rule("C4-1", "a terminal refusal")),
        pytest.param(403, "AccessDenied", marks=rule("C4-1", "a denied create")),
        pytest.param(400, "TooManyBuckets", marks=rule("C4-1", "a quota")),
        pytest.param(409, "BucketAlreadyExists", marks=rule("C4-1", "a name that somebody else has")),
    ],
)
async def test_what_was_refused(stage: Stage, status: int, code: str) -> None:
    what = await refused(stage, status=status, code=code)
    assert await gone_soon(stage, what) == []


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"policy": "{"}, marks=rule("C4-1", "a spec that is refused before any call")),
        pytest.param({"acl": "private", "grantRead": 'id="1"'}, marks=rule("C4-1", "fields that exclude one another")),
    ],
)
async def test_what_was_never_sent(stage: Stage, spec: Mapping[str, Any]) -> None:
    await stage.start(services=("s3",))
    what = f"bucket/{stage.namespace}"
    await stage.apply(bucket(stage.namespace, **spec))
    await stage.until_condition(what, "ACK.Terminal")
    assert await gone_soon(stage, what) == []


@rule("C4-1", "an object that waits for a reference, or has no role, never made anything either")
async def test_what_waits(stage: Stage) -> None:
    await stage.annotate_namespace(owner_account_id="111122223333")
    await stage.start(services=("ecr",))
    await stage.apply(repository("roleless"))
    await stage.until_condition("repository/roleless", "Ready", "False")
    assert await gone_soon(stage, "repository/roleless") == []


async def ambiguous(stage: Stage) -> str:
    """A bucket of which nobody knows whether it was made, as far as its create call goes: it was not."""
    return await refused(stage, status=500, code="InternalError")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(400, "InvalidBucketName", marks=rule("C4-2", "a name that AWS says cannot be")),
        pytest.param(400, "InvalidRequest", marks=rule("C4-2", "a request that is not valid")),
    ],
)
async def test_a_read_that_is_refused(stage: Stage, status: int, code: str) -> None:
    what = await ambiguous(stage)
    stage.fault(act="error", operation="GetBucketTagging", status=status, code=code, times=0)
    assert set(await gone_soon(stage, what)) == {"GetBucketTagging"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 500, "code": "InternalError"}, marks=rule("C4-4", "a read that ends in a 500")),
        pytest.param({"status": 503, "code": "ServiceUnavailable"}, marks=rule("C4-4", "a read that ends in a 503")),
        pytest.param({"act": "reset-before"}, marks=rule("C4-4", "a read whose connection breaks")),
        pytest.param(
            {"status": 403, "code": "AccessDenied"}, marks=rule("C4-4", "a read that is denied: it says nothing")
        ),
        pytest.param({"status": 400, "code": "Throttling"}, marks=rule("C4-4", "a read that is throttled")),
    ],
)
async def test_an_end_that_is_not_known(stage: Stage, fault: Mapping[str, Any]) -> None:
    what = await ambiguous(stage)
    stage.fault(**{"act": "error", "operation": "GetBucketTagging", "times": 0, **fault})
    last = stage.last_call()
    await stage.delete(what)
    deleted = await stage.until(what, lambda obj: obj["metadata"].get("deletionTimestamp"))
    await looked_at(stage, last)
    assert (await stage.get(what))["metadata"]["finalizers"] == deleted["metadata"]["finalizers"]
    assert conditions(await stage.get(what))["Ready"]["status"] == "False"


async def looked_at(stage: Stage, since: int, times: int = 1) -> None:
    async def called() -> bool:
        return len(stage.operations(since)) >= times

    await stage.wait(called, "a look at AWS")


@rule("C4-4", "a read that takes longer than --http-client-timeout, and is tried again")
async def test_a_time_out(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateBucket", status=500, code="InternalError", times=0)
    await stage.start("--http-client-timeout=1s", services=("s3",))
    what = f"bucket/{stage.namespace}"
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what, "Ready", "False")
    stage.fault(act="hang", operation="GetBucketTagging", times=0)
    last = stage.last_call()
    await stage.delete(what)
    await looked_at(stage, last, times=2)
    assert (await stage.get(what))["metadata"]["finalizers"] == ["finalizers.s3.services.k8s.aws/Bucket"]


@rule("C4-4", "a delete call that ends in a 500: the finalizer stays, and the next look tells")
async def test_a_delete_call_that_fails(stage: Stage) -> None:
    what, _ = await made(stage)
    stage.fault(act="error", operation="DeleteBucket", status=500, code="InternalError")
    await stage.delete(what)
    found = await stage.until_condition(what, "ACK.Recoverable")
    assert found["metadata"]["finalizers"] == ["finalizers.s3.services.k8s.aws/Bucket"]
    await stage.until_gone(what)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(400, "InvalidRequest", marks=rule("C4-6", "a refused request")),
        pytest.param(403, "AccessDenied", marks=rule("C4-6", "a denied one")),
    ],
)
async def test_what_was_made(stage: Stage, status: int, code: str) -> None:
    what, _ = await made(stage)
    stage.fault(act="error", operation="GetBucketTagging", status=status, code=code, message="no", times=0)
    await stage.delete(what)
    found = await stage.until_condition(what, "Ready", "False")
    assert found["metadata"]["finalizers"] == ["finalizers.s3.services.k8s.aws/Bucket"]
    assert conditions(found)["ACK.Recoverable"]["message"] == f"api error {code}: no"
    assert stage.aws("s3").get_bucket_location(Bucket=stage.namespace)


@rule("C4-5", "a bucket whose edit S3 puts off for seconds is deleted at once")
async def test_it_skips_the_back_off(stage: Stage) -> None:
    stage.fault(act="error", operation="PutBucketVersioning", status=409, code="OperationAborted", times=0)
    await stage.start(services=("s3",))
    what = f"bucket/{stage.namespace}"
    await stage.apply(bucket(stage.namespace, versioning={"status": "Enabled"}))
    await stage.until_condition(what, "ACK.Recoverable")
    assert await gone_soon(stage, what) == ["GetBucketTagging", "DeleteBucket"]


@rule("C4-5", "so is one that is Terminal, whose next try is minutes away")
async def test_it_skips_the_wait_of_a_terminal_object(stage: Stage) -> None:
    what, _ = await made(stage)
    await stage.apply(bucket(stage.namespace, policy="{"))
    await stage.until_condition(what, "ACK.Terminal")
    assert await gone_soon(stage, what) == ["GetBucketTagging", "DeleteBucket"]
    with pytest.raises(NotFound):
        await stage.get(what)
