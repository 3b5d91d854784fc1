"""A directory bucket on the embedded AWS, beyond its settings: what it costs, what it may not say, how it is adopted and ends."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from ackpy.controllers.refusals import refusal
from ackpy.model.descriptor import Descriptor
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import LateInitialize
from ackpy.testing.kept import KEY, Keep, Kept

pytestmark = pytest.mark.slow

PLACE = {
    "bucket": {"type": "Directory", "dataRedundancy": "SingleAvailabilityZone"},
    "location": {"type": "AvailabilityZone", "name": "use1-az4"},
}
KMS = "arn:aws:kms:us-east-1:{}:key/11111111-2222-3333-4444-555555555555"
CORE = "GetBucketEncryption"
LISTED = "ListDirectoryBuckets:Buckets[].Name"


@pytest.fixture
def name(account: str) -> str:
    return f"d-{account}--use1-az4--x-s3"


@pytest.fixture
async def kept(keep: Keep) -> Kept:
    return await keep("s3", "Bucket")


def asked(kept: Kept, since: int = 0) -> Counter[str]:
    return Counter(call.operation for call in kept.calls(since) if call.service == "s3")


def last(kept: Kept) -> int:
    return kept.calls()[-1].at_seq


async def test_what_it_costs(kept: Kept, name: str, account: str) -> None:
    rules = [{"id": "old", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 3}}]
    by_key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyID": KMS.format(account)}
    encryption = {"rules": [{"applyServerSideEncryptionByDefault": by_key}]}
    await kept.apply({"name": name, "createBucketConfiguration": PLACE})
    assert asked(kept) == Counter({CORE: 2, "CreateBucket": 1})
    seen = last(kept)
    assert await kept.resync() == []
    assert asked(kept, seen) == Counter([CORE])
    seen = last(kept)
    await kept.change(encryption=encryption, lifecycle={"rules": rules})
    puts = ["PutBucketEncryption", "PutBucketLifecycleConfiguration"]
    assert asked(kept, seen) == Counter([CORE, "GetBucketLifecycleConfiguration", *puts])
    seen = last(kept)
    assert await kept.resync() == []
    assert asked(kept, seen) == Counter([CORE, "GetBucketLifecycleConfiguration"])
    seen = last(kept)
    await kept.delete()
    assert asked(kept, seen) == Counter([CORE, "DeleteBucket"])
    assert kept.read(LISTED) == []


async def test_its_zone_follows_from_its_name(kept: Kept, name: str, account: str) -> None:
    await kept.apply({"name": name})
    assert kept.read(LISTED) == [name]
    assert kept.read("ListBuckets:Buckets") == []
    status = kept.object["status"]
    assert status["ackResourceMetadata"]["arn"] == f"arn:aws:s3express:us-east-1:{account}:bucket/{name}"


async def test_one_that_is_gone_is_made_again(kept: Kept, name: str) -> None:
    await kept.apply({"name": name})
    assert isinstance(kept.ask("DeleteBucket", Bucket=name), dict)
    assert "CreateBucket" in await kept.resync()
    assert kept.read(LISTED) == [name]


async def test_one_of_another_region_stays_there(keep: Keep, account: str) -> None:
    kept = await keep("s3", "Bucket", "ap-northeast-1")
    await kept.apply({"name": f"d-{account}--apne1-az4--x-s3"})
    assert kept.condition("ACK.ResourceSynced").startswith("True"), kept.condition("Ready")


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        ({"name": "logs--x-s3"}, "NAME--ZONEID--x-s3"),
        ({"name": "Logs--use1-az4--x-s3"}, "NAME--ZONEID--x-s3"),
        ({"name": "logs--use1-az5--x-s3", "createBucketConfiguration": PLACE}, "make them the same zone"),
        ({"name": "logs", "createBucketConfiguration": PLACE}, "NAME--ZONEID--x-s3"),
        ({"name": "logs--use1-az4--x-s3", "versioning": {"status": "Enabled"}}, "spec.versioning"),
        ({"name": "logs--use1-az4--x-s3", "tagging": {"tagSet": [{"key": "a", "value": "b"}]}}, "spec.tagging"),
        ({"name": "logs--use1-az4--x-s3", "publicAccessBlock": {"blockPublicACLs": True}}, "spec.publicAccessBlock"),
    ],
)
async def test_what_it_cannot_be_is_refused_unasked(kept: Kept, spec: dict[str, Any], advice: str) -> None:
    await kept.apply(spec)
    assert advice in kept.condition("ACK.Terminal")
    assert asked(kept) == Counter()


async def test_a_place_that_aws_does_not_have_is_refused_by_it(kept: Kept, account: str) -> None:
    kept.world.cluster.apply(KEY.name, {"name": f"d-{account}--usw2-az1--x-s3"})
    await kept.world.one_pass(KEY)
    assert "InvalidRequest" in kept.condition("ACK.Recoverable")
    assert kept.read(LISTED) == []


def bucket() -> Descriptor:
    [found] = descriptors(("s3",), late_initialize=LateInitialize.MINIMAL)
    return found


HAS = {"name", "createBucketConfiguration", "encryption", "inventory", "lifecycle", "metrics", "policy"}


@pytest.mark.parametrize("path", sorted(set(bucket().spec.members) - HAS))
def test_every_other_setting_is_refused(path: str) -> None:
    block = refusal(bucket(), {"name": "logs--use1-az4--x-s3", path: {"any": 1}}, None)
    assert block is not None
    assert f"spec.{path}: " in block.text


@pytest.mark.parametrize("policy", ["adopt", "adopt-or-create"])
async def test_adoption(kept: Kept, name: str, account: str, policy: str) -> None:
    place = {"Location": {"Type": "AvailabilityZone", "Name": "use1-az4"}}
    kind = {"Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"}}
    assert isinstance(kept.ask("CreateBucket", Bucket=name, CreateBucketConfiguration={**place, **kind}), dict)
    seen = last(kept)
    arn = f"arn:aws:s3express:us-east-1:{account}:bucket/{name}"
    marks = {"adoption-policy": policy, "adoption-fields": json.dumps({"arn": arn})}
    spec = {} if policy == "adopt" else {"name": name}
    await kept.apply(spec, {f"services.k8s.aws/{each}": text for each, text in marks.items()})
    assert kept.condition("ACK.ResourceSynced").startswith("True"), kept.condition("Ready")
    assert kept.object["spec"]["name"] == name
    assert not [call for call in kept.calls(seen) if call.mutating]
    assert "MethodNotAllowed" not in json.dumps(kept.object["status"])


async def test_late_initialisation_as_ack_waits_for_nothing_that_it_lacks(keep: Keep, name: str) -> None:
    [kind] = descriptors(("s3",), late_initialize=LateInitialize.ACK)
    kept = await keep("s3", kind)
    await kept.apply({"name": name})
    assert kept.condition("ACK.LateInitialized").startswith("True")
    assert set(kept.object["spec"]) == {"name", "encryption"}
    assert await kept.resync() == []


async def test_the_end_under_retain(kept: Kept, name: str) -> None:
    await kept.apply({"name": name}, {"services.k8s.aws/deletion-policy": "retain"})
    await kept.delete()
    assert KEY not in kept.world.cluster.objects
    assert kept.read(LISTED) == [name]
