"""Buckets: whose they are and where, what their creation needs, their list and their end.

moto holds the buckets and their objects; this module is the one place that looks at moto's bucket objects.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from moto.s3.models import FakeBucket, s3_backends

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3.names import is_valid
from ackpy.local.cloud.wire import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ackpy.local.cloud.call import Call

HOME_REGION = "us-east-1"  # the region whose buckets have no location constraint
PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that exists: where, whose, and moto's object for it."""

    name: str
    account: str
    region: str
    moto: FakeBucket


def is_directory(name: str) -> bool:
    """Whether a bucket of this name is a directory bucket, or would be."""
    return name.endswith("--x-s3")


def find(name: str) -> Bucket | None:
    """The bucket of this name; names are global across accounts."""
    place = s3_backends.bucket_accounts.get(name)
    if place is None:
        return None
    partition, account = place
    held = s3_backends[account][partition].buckets.get(name)
    return None if held is None else Bucket(name, account, str(held.region_name), held)


def the_bucket(call: Call) -> Bucket:
    """The bucket that the call names. Raises ServiceError (NoSuchBucket)."""
    name = str(call.operation.path_params.get("Bucket", ""))
    bucket = find(name)
    if bucket is None:
        raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, members={"BucketName": name})
    return bucket


def canonical_id(account: str) -> str:
    """The account's canonical user id: 64 hexadecimal digits."""
    return hashlib.sha256(f"canonical user {account}".encode()).hexdigest()


def kept_of(call: Call, name: str) -> dict[str, Any]:
    """What we keep of the caller's bucket: `settings` and `configurations`."""
    buckets = call.kept.setdefault("buckets", {})
    return cast("dict[str, Any]", buckets.setdefault(name, {"settings": {}, "configurations": {}}))


@cache
def _regions() -> frozenset[str]:
    session = botocore.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for name in partitions for region in session.get_available_regions("s3", name))


def check_creation(call: Call, parameters: Mapping[str, Any]) -> bool:
    """Refuse a bucket that AWS would not make; True when the caller has it already and AWS answers success again."""
    name = str(parameters["Bucket"])
    if not is_valid(name):
        raise ServiceError("InvalidBucketName", "The specified bucket is not valid.", members={"BucketName": name})
    _check_location(call.identity.region, parameters.get("CreateBucketConfiguration", {}).get("LocationConstraint"))
    bucket = find(name)
    if bucket is None:
        return False
    if bucket.account != call.identity.account:
        message = (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again."
        )
        raise ServiceError("BucketAlreadyExists", message, 409, members={"BucketName": name})
    if bucket.region == call.identity.region == HOME_REGION:
        return True
    message = "Your previous request to create the named bucket succeeded and you already own it."
    raise ServiceError("BucketAlreadyOwnedByYou", message, 409, members={"BucketName": name})


def _check_location(region: str, constraint: str | None) -> None:
    """A bucket is made in the region that is asked; only the home region's goes without saying."""
    found = {"EU": "eu-west-1"}.get(constraint or "", constraint)
    if found is not None and (found not in _regions() or found == HOME_REGION):
        message = "The specified location-constraint is not valid"
        raise ServiceError("InvalidLocationConstraint", message, members={"LocationConstraint": str(constraint)})
    if (found or HOME_REGION) != region:
        message = (
            f"The {constraint or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise ServiceError("IllegalLocationConstraintException", message)


def head_bucket(call: Call) -> HttpAnswer:
    """HeadBucket: a bare answer that names the region."""
    bucket = the_bucket(call)
    arn = f"arn:{bucket.moto.partition}:s3:::{bucket.name}"
    return call.answer({"BucketRegion": bucket.region, "BucketArn": arn, "AccessPointAlias": False})


def get_bucket_location(call: Call) -> Mapping[str, Any]:
    """GetBucketLocation: empty for the home region."""
    region = the_bucket(call).region
    return {"LocationConstraint": "" if region == HOME_REGION else region}


def delete_bucket(call: Call) -> Mapping[str, Any]:
    """DeleteBucket, refused while there are objects, versions or delete markers; open uploads end with the bucket."""
    bucket = the_bucket(call)
    if bucket.moto.keys:
        message = "The bucket you tried to delete is not empty"
        raise ServiceError("BucketNotEmpty", message, 409, members={"BucketName": bucket.name})
    s3_backends[bucket.account][bucket.moto.partition].delete_bucket(bucket.name)
    call.kept.get("buckets", {}).pop(bucket.name, None)
    return {}


def list_buckets(call: Call) -> Mapping[str, Any]:
    """ListBuckets by name, with prefix, region and pages (the token is the last name)."""
    parameters = call.parameters()
    prefix, region = parameters.get("Prefix", ""), parameters.get("BucketRegion")
    after, limit = parameters.get("ContinuationToken", ""), int(parameters.get("MaxBuckets", PAGE))
    held = (bucket for backend in s3_backends[call.identity.account].values() for bucket in backend.buckets.values())
    wanted = (bucket for bucket in held if bucket.name.startswith(prefix) and not is_directory(bucket.name))
    chosen = sorted(wanted, key=lambda bucket: bucket.name)
    chosen = [b for b in chosen if region in {None, b.region_name} and b.name > after]
    token = {"ContinuationToken": chosen[limit - 1].name} if len(chosen) > limit else {}
    owner = {"ID": canonical_id(call.identity.account)}
    return {
        "Buckets": [listed(bucket) for bucket in chosen[:limit]],
        "Owner": owner,
        "Prefix": prefix or None,
        **token,
    }


def listed(bucket: FakeBucket) -> dict[str, Any]:
    """A bucket in a list."""
    return {
        "Name": bucket.name,
        "CreationDate": bucket.creation_date,
        "BucketRegion": bucket.region_name,
        "BucketArn": f"arn:{bucket.partition}:s3:::{bucket.name}",
    }
