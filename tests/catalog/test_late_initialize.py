"""Both ways of --late-initialize on the embedded AWS: what is filled into a Bucket's spec, and what that costs."""

from __future__ import annotations

from collections import Counter

import pytest

from ackpy.operator.kinds import descriptors
from ackpy.operator.options import LateInitialize
from ackpy.testing.kept import Keep, Kept

pytestmark = pytest.mark.slow

DECIDED = {
    "abac": {"status": "Disabled"},
    "encryption": {
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}]
    },
    "ownershipControls": {"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
}


async def bucket(keep: Keep, account: str, way: LateInitialize) -> Kept:
    """A bucket of which only the name is said."""
    [kind] = descriptors(("s3",), late_initialize=way)
    kept = await keep("s3", kind)
    await kept.apply({"name": f"b-{account}"})
    return kept


def asked(kept: Kept, since: int) -> Counter[str]:
    return Counter(call.operation for call in kept.calls(since) if call.service == "s3")


async def test_minimal_leaves_what_aws_decided_where_it_is(keep: Keep, account: str) -> None:
    kept = await bucket(keep, account, LateInitialize.MINIMAL)
    assert kept.object["spec"] == {"name": f"b-{account}"}
    assert kept.condition("ACK.LateInitialized") == ""
    assert asked(kept, 0) == Counter({"GetBucketTagging": 2, "CreateBucket": 1})  # the second look is the verification
    last = kept.calls()[-1].at_seq
    assert await kept.resync() == []
    assert asked(kept, last) == Counter(["GetBucketTagging"])


async def test_ack_writes_what_aws_decided_into_the_spec(keep: Keep, account: str) -> None:
    kept = await bucket(keep, account, LateInitialize.ACK)
    assert kept.object["spec"] == {"name": f"b-{account}", **DECIDED}
    assert kept.condition("ACK.LateInitialized").startswith("True")
    assert kept.condition("ACK.ResourceSynced").startswith("True")
    last = kept.calls()[-1].at_seq
    assert await kept.resync() == []
    reads = ["GetBucketTagging", "GetBucketAbac", "GetBucketEncryption", "GetBucketOwnershipControls"]
    assert asked(kept, last) == Counter(reads)


@pytest.mark.parametrize("path", DECIDED)
async def test_what_was_filled_is_kept_and_filled_again(keep: Keep, account: str, path: str) -> None:
    kept = await bucket(keep, account, LateInitialize.ACK)
    before = kept.cloud.snapshot(account)
    await kept.change(**{path: None})
    assert kept.object["spec"][path] == DECIDED[path]
    assert kept.cloud.snapshot(account) == before
    kept.ask("DeleteBucketOwnershipControls", Bucket=f"b-{account}")
    assert "PutBucketOwnershipControls" in await kept.resync()
    assert kept.cloud.snapshot(account) == before


async def test_what_aws_does_not_have_is_not_waited_for(keep: Keep, account: str) -> None:
    [kind] = descriptors(("s3",), late_initialize=LateInitialize.ACK)
    kept = await keep("s3", kind)
    kept.cloud.fault(
        account=account, operation="GetBucketAbac", act="error", times=0, code="MethodNotAllowed", status=405
    )
    await kept.apply({"name": f"b-{account}"})
    assert kept.object["spec"].keys() == {"name", "encryption", "ownershipControls"}
    assert kept.condition("ACK.LateInitialized").startswith("True")
    assert kept.condition("ACK.ResourceSynced").startswith("True")


async def test_what_the_user_said_is_not_touched(keep: Keep, account: str) -> None:
    [kind] = descriptors(("s3",), late_initialize=LateInitialize.ACK)
    kept = await keep("s3", kind)
    said = {"ownershipControls": {"rules": [{"objectOwnership": "ObjectWriter"}]}}
    await kept.apply({"name": f"b-{account}", **said})
    assert kept.object["spec"] == {"name": f"b-{account}", **DECIDED, **said}
    assert kept.read("GetBucketOwnershipControls:OwnershipControls.Rules[].ObjectOwnership", Bucket=f"b-{account}") == [
        "ObjectWriter"
    ]
