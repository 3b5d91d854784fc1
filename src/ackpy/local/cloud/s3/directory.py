"""Directory buckets (S3 Express One Zone): their names, what makes one, which operations they have. Called by the S3 emulation.

A request for one signs as `s3express`, which SDKs do by the name's end. Objects in them need sessions at an endpoint of the zone; this AWS
has none. From botocore's documentation of S3: the names, what creates one, which operations the regional endpoint has, that an expected
owner is answered with 501, that bucket keys are always on, what a lifecycle may hold. Belief: the codes and texts of other refusals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3.buckets import find, is_directory, kept_of, listed
from ackpy.local.cloud.s3.schema import check_body

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call
    from ackpy.local.cloud.s3.put import Put

PAGE = 1000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?--(?P<zone>[a-z0-9]+(?:-[a-z0-9]+)+)--x-s3")
_LOCAL_ZONE = re.compile(r"[a-z0-9]+-[a-z0-9]+-az\d+")
_DIRECTIONS = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}
_BELOW = ("Encryption", "Policy", "InventoryConfiguration", "MetricsConfiguration")
OPERATIONS = frozenset(
    {
        "CreateBucket",
        "DeleteBucket",
        "ListDirectoryBuckets",
        *(f"{verb}Bucket{name}" for verb in ("Get", "Put", "Delete") for name in _BELOW),
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        "ListBucketInventoryConfigurations",
        "ListBucketMetricsConfigurations",
    }
)
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}
_NO_LIFECYCLE = ("Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions")


def gate(call: Call) -> None:
    """Refuse what the regional endpoint of directory buckets does not do."""
    if "Key" in call.operation.path_params or call.operation.name in {"CreateSession", "ListObjectsV2", "HeadBucket"}:
        raise ServiceError("NotImplemented", "The embedded AWS has no objects in S3 directory buckets.", 501)
    if call.operation.name not in OPERATIONS:
        message = "The specified method is not allowed against this resource."
        raise ServiceError("MethodNotAllowed", message, 405)
    if call.request.header("x-amz-expected-bucket-owner"):
        message = "A header you provided implies functionality that is not implemented"
        raise ServiceError("NotImplemented", message, 501, members={"Header": "x-amz-expected-bucket-owner"})


def create_bucket(call: Call) -> Mapping[str, Any]:
    """CreateBucket of a directory bucket, which says in which zone it lies. Raises ServiceError before anything is made."""
    if call.request.body:
        check_body(call)
    parameters, region, account = call.parameters(), call.identity.region, call.identity.account
    name = str(parameters["Bucket"])
    match = _NAME.fullmatch(name)
    if match is None or not 3 <= len(name) <= 63:
        raise ServiceError("InvalidBucketName", "The specified bucket is not valid.", members={"BucketName": name})
    _check_place(match["zone"], region, parameters.get("CreateBucketConfiguration", {}))
    if held := find(name):
        mine = held.account == account
        code = "BucketAlreadyOwnedByYou" if mine else "BucketAlreadyExists"
        raise ServiceError(code, "The requested bucket name is not available.", 409, members={"BucketName": name})
    s3_backends[account][get_partition(region)].create_bucket(name, region)
    return {"Location": f"/{name}", "BucketArn": arn(name, region, account)}


def arn(name: str, region: str, account: str) -> str:
    """The ARN of a directory bucket."""
    return f"arn:{get_partition(region)}:s3express:{region}:{account}:bucket/{name}"


def _check_place(zone: str, region: str, said: Mapping[str, Any]) -> None:
    local = _LOCAL_ZONE.fullmatch(zone) is not None
    location = {"Type": "LocalZone" if local else "AvailabilityZone", "Name": zone}
    bucket = {"Type": "Directory", "DataRedundancy": "SingleLocalZone" if local else "SingleAvailabilityZone"}
    fits = said.get("Location") == location and said.get("Bucket") == bucket and "LocationConstraint" not in said
    if not fits or not zone.startswith(f"{_code(region)}-"):
        raise ServiceError("InvalidRequest", "Invalid data redundancy, location or zone for the bucket's name")


def _code(region: str) -> str:
    """How zone ids begin in a region: use1 in us-east-1, apne1 in ap-northeast-1."""
    start, *directions, number = region.split("-")
    words = re.findall("|".join(_DIRECTIONS), "".join(directions))
    return f"{start}{''.join(_DIRECTIONS[word] for word in words)}{number}"


def list_buckets(call: Call) -> Mapping[str, Any]:
    """ListDirectoryBuckets of the region, by name, with pages (the token is the last name)."""
    query = call.parameters()
    after, limit = query.get("ContinuationToken", ""), int(query.get("MaxDirectoryBuckets", PAGE))
    backends = s3_backends[call.identity.account].values()
    held = [bucket for backend in backends for name, bucket in backend.buckets.items() if is_directory(name)]
    chosen = sorted((each for each in held if each.region_name == call.identity.region), key=lambda each: each.name)
    chosen = [each for each in chosen if each.name > after]
    token = {"ContinuationToken": chosen[limit - 1].name} if len(chosen) > limit else {}
    arns = (arn(each.name, each.region_name, call.identity.account) for each in chosen)
    buckets = [{**listed(each), "BucketArn": where} for each, where in zip(chosen, arns, strict=True)]
    return {"Buckets": buckets[:limit], **token}


def encryption(put: Put, value: Mapping[str, Any]) -> dict[str, Any]:
    """The encryption as a directory bucket keeps it: S3's keys or a customer's, by id or ARN; the bucket key is always on."""
    rule = value["Rules"][0]
    default = rule["ApplyServerSideEncryptionByDefault"]
    key = str(default.get("KMSMasterKeyID", ""))
    by_kms = default["SSEAlgorithm"] == "aws:kms"
    kept = kept_of(put.call, put.bucket.name)
    another = bool(key) and kept.get("kms key", key) != key  # one in the bucket's whole life
    if default["SSEAlgorithm"] not in {"AES256", "aws:kms"} or by_kms != bool(key) or "alias/" in key or another:
        message = f"The encryption is not supported by the directory bucket {put.bucket.name}"
        raise ServiceError("InvalidRequest", message)
    if key:
        kept["kms key"] = key
    return {"Rules": [{**rule, "BucketKeyEnabled": True}]}


def lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    """The lifecycle as a directory bucket keeps it: objects expire, uploads are aborted, and nothing else."""
    rules = value["Rules"]
    if any(name in rule for rule in rules for name in _NO_LIFECYCLE) or any(map(_by_tag, rules)):
        raise ServiceError("InvalidRequest", "The lifecycle has an action or a filter that directory buckets lack")
    return {"Rules": rules}


def _by_tag(rule: Mapping[str, Any]) -> bool:
    chosen = rule.get("Filter", {})
    return "Tag" in chosen or bool(chosen.get("And", {}).get("Tags"))
