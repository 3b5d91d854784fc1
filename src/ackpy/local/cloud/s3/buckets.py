"""Buckets: whose they are and where, what is refused before any operation, and their creation and end.

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
from ackpy.local.cloud.hosts import region_of
from ackpy.local.cloud.protocol import service_model
from ackpy.local.cloud.s3.names import is_valid
from ackpy.local.cloud.wire import HttpAnswer, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ackpy.local.cloud.call import Call

HOME_REGION = "us-east-1"  # the region whose buckets have no location constraint
ANY_REGION = frozenset({"CreateBucket", "GetBucketLocation", "ListBuckets"})
PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that exists: where, whose, and moto's object for it."""

    name: str
    account: str
    region: str
    moto: FakeBucket


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


def gate(call: Call) -> None:
    """Refuse what AWS refuses before it looks at the operation: markers out of place, foreign buckets, other regions."""
    _refuse_directory_buckets(call)
    _refuse_stray_markers(call)
    if "Bucket" not in call.operation.path_params or call.operation.name == "CreateBucket":
        return
    bucket = the_bucket(call)
    _refuse_foreign(call, bucket)
    _refuse_other_region(call, bucket)


@cache
def markers() -> frozenset[str]:
    """The query parameters that choose an operation: `acl`, `analytics` and so on."""
    model = service_model("s3")
    names = model.operation_names if model is not None else []
    traits = (cast("Any", model).operation_model(name).http_trait for name in names)
    return frozenset(marker for trait in traits for marker in trait.query_args)


def _refuse_directory_buckets(call: Call) -> None:
    """Directory buckets are signed for by a name of their own; their requests look like those of the other buckets."""
    if call.identity.signing_name == "s3express":
        raise ServiceError("NotImplemented", "The embedded AWS has no S3 directory buckets.", 501)


def _refuse_stray_markers(call: Call) -> None:
    """A marker that the operation does not own (DELETE ?analytics without an id) must not do the operation below it."""
    own = set(cast("Any", call.operation.model).http_trait.query_args) | {"id"}
    stray = sorted((markers() - own).intersection(parsed(call.request).args))
    if stray:
        method = call.request.method
        message = f"The request {method} ?{stray[0]} is no operation of S3, or lacks a parameter that it needs."
        raise ServiceError("InvalidArgument", message, members={"ArgumentName": stray[0]})


def _refuse_foreign(call: Call, bucket: Bucket) -> None:
    expected = call.request.header("x-amz-expected-bucket-owner")
    if bucket.account != call.identity.account or expected not in {"", bucket.account}:
        headers = {"x-amz-bucket-region": bucket.region}
        raise ServiceError("AccessDenied", "Access Denied", 403, headers=headers)


def _refuse_other_region(call: Call, bucket: Bucket) -> None:
    if call.operation.name in ANY_REGION or call.identity.region == bucket.region:
        return
    headers = {"x-amz-bucket-region": bucket.region}
    if region_of(call.request.header("x-forwarded-host")) == bucket.region:
        message = (
            f"The authorization header is malformed; the region '{call.identity.region}' is wrong; "
            f"expecting '{bucket.region}'"
        )
        raise ServiceError("AuthorizationHeaderMalformed", message, members={"Region": bucket.region}, headers=headers)
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    members = {"Endpoint": f"s3.{bucket.region}.amazonaws.com", "Bucket": bucket.name}
    raise ServiceError("PermanentRedirect", message, 301, members=members, headers=headers)


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
    return call.answer({"BucketRegion": bucket.region})


def get_bucket_location(call: Call) -> Mapping[str, Any]:
    """GetBucketLocation: empty for the home region."""
    region = the_bucket(call).region
    return {"LocationConstraint": "" if region == HOME_REGION else region}


def delete_bucket(call: Call) -> Mapping[str, Any]:
    """DeleteBucket, refused while there are objects, versions, delete markers or open uploads."""
    bucket = the_bucket(call)
    if bucket.moto.keys or bucket.moto.multiparts:
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
    chosen = sorted((bucket for bucket in held if bucket.name.startswith(prefix)), key=lambda bucket: bucket.name)
    chosen = [b for b in chosen if region in {None, b.region_name} and b.name > after]
    token = {"ContinuationToken": chosen[limit - 1].name} if len(chosen) > limit else {}
    owner = {"ID": canonical_id(call.identity.account)}
    return {
        "Buckets": [_listed(bucket) for bucket in chosen[:limit]],
        "Owner": owner,
        "Prefix": prefix or None,
        **token,
    }


def _listed(bucket: FakeBucket) -> dict[str, Any]:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.creation_date,
        "BucketRegion": bucket.region_name,
        "BucketArn": f"arn:{bucket.partition}:s3:::{bucket.name}",
    }
