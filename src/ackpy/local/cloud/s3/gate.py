"""What S3 refuses before it looks at the operation: markers out of place, foreign buckets, other regions. Asked of every call."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.hosts import region_of
from ackpy.local.cloud.protocol import service_model
from ackpy.local.cloud.s3 import directory
from ackpy.local.cloud.s3.buckets import Bucket, is_directory, kept_of, the_bucket
from ackpy.local.cloud.s3.refine import owner_enforced
from ackpy.local.cloud.s3.schema import checked_parameters
from ackpy.local.cloud.wire import parsed

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call

BODIES_FOR_MOTO = frozenset(
    {
        "CompleteMultipartUpload",
        "DeleteObjects",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RestoreObject",
        "SelectObjectContent",
    }
)
ANY_REGION = frozenset({"GetBucketLocation"})


def gate(call: Call) -> None:
    """Refuse what AWS refuses before it looks at the operation: markers out of place, foreign buckets, other regions."""
    _refuse_other_sort(call)
    if is_express(call):
        directory.gate(call)
    _refuse_stray_markers(call)
    _refuse_odd_numbers(call)
    if "Bucket" not in call.operation.path_params or call.operation.name == "CreateBucket":
        return
    bucket = the_bucket(call)
    _refuse_foreign(call, bucket)
    _refuse_other_region(call, bucket)
    _refuse_malformed(call)
    _refuse_object_acl(call, bucket)
    _refuse_unknown_upload(call, bucket)


@cache
def markers() -> frozenset[str]:
    """The query parameters that choose an operation: `acl`, `analytics` and so on."""
    model = service_model("s3")
    names = model.operation_names if model is not None else []
    traits = (cast("Any", model).operation_model(name).http_trait for name in names)
    return frozenset(marker for trait in traits for marker in trait.query_args)


def is_express(call: Call) -> bool:
    """Whether the call is about directory buckets, which are signed for by a name of their own; the rest of a request looks the same."""
    return call.identity.signing_name == "s3express"


def _refuse_other_sort(call: Call) -> None:
    """Neither endpoint knows the other's buckets."""
    name = str(call.operation.path_params.get("Bucket", ""))
    if name and call.operation.name != "CreateBucket" and is_directory(name) != is_express(call):
        raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, members={"BucketName": name})


def _refuse_stray_markers(call: Call) -> None:
    """A marker that the operation does not own (DELETE ?analytics without an id) must not do the operation below it."""
    own = set(cast("Any", call.operation.model).http_trait.query_args) | {"id"}
    stray = sorted((markers() - own).intersection(parsed(call.request).args))
    if stray:
        method = call.request.method
        message = f"The request {method} ?{stray[0]} is no operation of S3, or lacks a parameter that it needs."
        raise ServiceError("InvalidArgument", message, members={"ArgumentName": stray[0]})


def _refuse_odd_numbers(call: Call) -> None:
    """Parameters that moto would trust to be numbers (partNumber, max-keys)."""
    shape = call.operation.model.input_shape
    members = shape.members.values() if shape is not None else ()
    numbers = {each.serialization.get("name") for each in members if each.type_name == "integer"}
    for name, text in parsed(call.request).args.items():
        if name in numbers and text and not text.isdecimal():
            message = f"Provided {name} not an integer or within integer range"
            raise ServiceError("InvalidArgument", message, members={"ArgumentName": name, "ArgumentValue": text})


def _refuse_foreign(call: Call, bucket: Bucket) -> None:
    expected = call.request.header("x-amz-expected-bucket-owner")
    if bucket.account != call.identity.account or expected not in {"", bucket.account}:
        headers = {"x-amz-bucket-region": bucket.region}
        raise ServiceError("AccessDenied", "Access Denied", 403, headers=headers)


def _refuse_other_region(call: Call, bucket: Bucket) -> None:
    if call.operation.name in ANY_REGION or call.identity.region == bucket.region:
        return
    if is_directory(bucket.name):
        members = {"BucketName": bucket.name}
        raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404, members=members)
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


def _refuse_malformed(call: Call) -> None:
    """Bodies that moto would trust to be what they should be."""
    if call.operation.name in BODIES_FOR_MOTO and "aws-chunked" not in call.request.header("content-encoding"):
        checked_parameters(call)


def _refuse_object_acl(call: Call, bucket: Bucket) -> None:
    """Where the owner owns everything, an object takes no ACL but the one that says so."""
    asked = call.request.header("x-amz-acl") not in {"", "bucket-owner-full-control"}
    granted = any(name.startswith("x-amz-grant-") for name in call.request.headers)
    on_object = "Key" in call.operation.path_params
    asks = on_object and (asked or granted or call.operation.name == "PutObjectAcl")
    if asks and owner_enforced(kept_of(call, bucket.name)["settings"]):
        raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")


def _refuse_unknown_upload(call: Call, bucket: Bucket) -> None:
    """An upload that never began, or is over."""
    upload = parsed(call.request).args.get("uploadId")
    if upload is not None and upload not in bucket.moto.multiparts:
        message = (
            "The specified upload does not exist. The upload ID may be invalid, "
            "or the upload may have been aborted or completed."
        )
        raise ServiceError("NoSuchUpload", message, 404, members={"UploadId": upload})
