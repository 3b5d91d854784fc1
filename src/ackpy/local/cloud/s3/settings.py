"""The settings of a bucket: one row each, and the three operations that a row gives. Called by the S3 emulation.

What is put is held against S3's model, refined as AWS refines it, kept as plain values and read back by the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ackpy.local.cloud.call import Handler
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.protocol import service_model
from ackpy.local.cloud.s3 import acl, directory, mirror, policy, refine
from ackpy.local.cloud.s3.buckets import is_directory, kept_of, the_bucket
from ackpy.local.cloud.s3.put import Put
from ackpy.local.cloud.s3.schema import checked_parameters, payload_member

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket

    from ackpy.local.cloud.call import Call

DEFAULT_ENCRYPTION = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}
BLOCK_ALL = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
ENFORCED = {"Rules": [{"ObjectOwnership": acl.ENFORCED}]}


def as_put(put: Put) -> Any:
    """The value as it was sent: a setting that AWS neither checks nor changes."""
    return put.parameters[payload_member(put.call)]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its operations, AWS's error while it is absent (else `unset` is read), how it is checked and kept.

    `initial` is what a new bucket has, `restored` what deleting leaves, `clears` the put values that mean none.
    """

    name: str
    get: str
    put: str
    delete: str = ""
    absent: tuple[str, str] | None = None
    unset: Mapping[str, Any] | None = None
    initial: Any = None
    restored: Any = None
    clears: tuple[Any, ...] = ()
    refined: Callable[[Put], Any] = as_put
    mirrored: Callable[[FakeBucket, Any], None] | None = None


SETTINGS = (
    Setting("abac", "GetBucketAbac", "PutBucketAbac", unset={"Status": "Disabled"}),
    Setting(
        "accelerate",
        "GetBucketAccelerateConfiguration",
        "PutBucketAccelerateConfiguration",
        refined=refine.accelerate,
    ),
    Setting("acl", "GetBucketAcl", "PutBucketAcl", refined=refine.bucket_acl),
    Setting(
        "cors",
        "GetBucketCors",
        "PutBucketCors",
        "DeleteBucketCors",
        absent=("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        refined=refine.cors,
    ),
    Setting(
        "encryption",
        "GetBucketEncryption",
        "PutBucketEncryption",
        "DeleteBucketEncryption",
        initial=DEFAULT_ENCRYPTION,
        restored=DEFAULT_ENCRYPTION,
        refined=refine.encryption,
        mirrored=mirror.encryption,
    ),
    Setting(
        "lifecycle",
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        absent=("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
        refined=refine.bucket_lifecycle,
    ),
    Setting("logging", "GetBucketLogging", "PutBucketLogging", clears=({},), refined=refine.logging),
    Setting(
        "notification",
        "GetBucketNotificationConfiguration",
        "PutBucketNotificationConfiguration",
        clears=({},),
        refined=refine.notification,
    ),
    Setting(
        "object-lock",
        "GetObjectLockConfiguration",
        "PutObjectLockConfiguration",
        absent=("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"),
        refined=refine.object_lock,
        mirrored=mirror.object_lock,
    ),
    Setting(
        "ownershipControls",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        absent=("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
        initial=ENFORCED,
        refined=refine.ownership,
    ),
    Setting(
        "policy",
        "GetBucketPolicy",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        absent=("NoSuchBucketPolicy", "The bucket policy does not exist"),
        refined=refine.bucket_policy,
    ),
    Setting(
        "publicAccessBlock",
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "DeletePublicAccessBlock",
        absent=("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
        initial=BLOCK_ALL,
        refined=refine.public_access_block,
    ),
    Setting(
        "replication",
        "GetBucketReplication",
        "PutBucketReplication",
        "DeleteBucketReplication",
        absent=("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
        refined=refine.bucket_replication,
    ),
    Setting("requestPayment", "GetBucketRequestPayment", "PutBucketRequestPayment", unset={"Payer": "BucketOwner"}),
    Setting(
        "tagging",
        "GetBucketTagging",
        "PutBucketTagging",
        "DeleteBucketTagging",
        absent=("NoSuchTagSet", "The TagSet does not exist"),
        clears=({"TagSet": []},),
        refined=refine.tagging,
    ),
    Setting(
        "versioning",
        "GetBucketVersioning",
        "PutBucketVersioning",
        refined=refine.versioning,
        mirrored=mirror.versioning,
    ),
    Setting(
        "website",
        "GetBucketWebsite",
        "PutBucketWebsite",
        "DeleteBucketWebsite",
        absent=("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
        refined=refine.website,
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def handlers() -> dict[str, Handler]:
    """The handlers of all settings' operations, and of the policy's status."""
    table = {"GetBucketPolicyStatus": Handler(_policy_status)}
    for setting in SETTINGS:
        table[setting.get] = Handler(partial(_get, setting))
        table[setting.put] = Handler(partial(_put, setting))
        if setting.delete:
            table[setting.delete] = Handler(partial(_delete, setting))
    return table


def keep(call: Call, setting: Setting, value: Any) -> None:
    """Make this the bucket's setting; None takes it away. moto's bucket follows where its objects depend on it."""
    bucket = the_bucket(call)
    settings = kept_of(call, bucket.name)["settings"]
    if value is None:
        settings.pop(setting.name, None)
    else:
        settings[setting.name] = value
    if setting.mirrored is not None:
        setting.mirrored(bucket.moto, value)


def _put(setting: Setting, call: Call) -> Mapping[str, Any]:
    bucket = the_bucket(call)
    settings = kept_of(call, bucket.name)["settings"]
    parameters = checked_parameters(call) if setting.name != "acl" or call.request.body else call.parameters()
    value = setting.refined(Put(call, bucket, settings, parameters))
    keep(call, setting, None if value in setting.clears else value)
    output = call.operation.model.output_shape
    return {} if output is None else {name: value[name] for name in output.members if name in value}


def _delete(setting: Setting, call: Call) -> Mapping[str, Any]:
    default = setting.name == "encryption" and is_directory(the_bucket(call).name)
    keep(call, setting, directory.ENCRYPTION if default else setting.restored)
    return {}


def _get(setting: Setting, call: Call) -> Mapping[str, Any]:
    bucket = the_bucket(call)
    value = kept_of(call, bucket.name)["settings"].get(setting.name, setting.unset)
    if value is None and setting.absent is not None:
        code, message = setting.absent
        raise ServiceError(code, message, 404, members={"BucketName": bucket.name})
    payload = _payload_of_output(setting.get)
    return {payload: value} if payload else value or {}


def _payload_of_output(operation: str) -> str:
    """The output's member that is the whole body, or "" when the members lie flat in it."""
    model = cast("Any", service_model("s3"))
    return str(model.operation_model(operation).output_shape.serialization.get("payload", ""))


def _policy_status(call: Call) -> Mapping[str, Any]:
    document = _get(BY_NAME["policy"], call)["Policy"]
    return {"PolicyStatus": {"IsPublic": policy.is_public(document)}}
