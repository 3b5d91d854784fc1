"""A setting as it was put -> the setting as AWS keeps it, or AWS's refusal. One function a setting; called by the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3 import acl, directory, lifecycle, policy, replication
from ackpy.local.cloud.s3.buckets import Bucket, find, is_directory, kept_of
from ackpy.local.cloud.s3.put import Put

MAX_TAGS = 50
_METHODS = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def tagging(put: Put) -> Any:
    """Tags: unique keys within AWS's limits."""
    return check_tags(put.parameters["Tagging"]["TagSet"])


def check_tags(tags: list[dict[str, str]]) -> dict[str, Any]:
    """The tag set, or InvalidTag. Also for the tags of a new bucket."""
    if len(tags) > MAX_TAGS:
        raise ServiceError("BadRequest", f"Bucket tag count cannot be greater than {MAX_TAGS}")
    if len({tag["Key"] for tag in tags}) != len(tags):
        raise ServiceError("InvalidTag", "Cannot provide multiple Tags with the same key")
    for tag in tags:
        _check_tag(tag["Key"], tag["Value"])
    return {"TagSet": tags}


def _check_tag(key: str, value: str) -> None:
    if key.lower().startswith("aws:"):
        raise ServiceError("InvalidTag", "System tags cannot be added/updated by requester", members={"TagKey": key})
    if not 0 < len(key) <= 128:
        raise ServiceError("InvalidTag", "The TagKey you have provided is invalid", members={"TagKey": key})
    if len(value) > 256:
        raise ServiceError("InvalidTag", "The TagValue you have provided is invalid", members={"TagKey": key})


def versioning(put: Put) -> Any:
    """Versioning: cannot be suspended under object lock or replication."""
    value = put.parameters["VersioningConfiguration"]
    if "Status" not in value:
        message = "The Versioning element must be specified"
        raise ServiceError("IllegalVersioningConfigurationException", message)
    blockers = {"object-lock": "An Object Lock configuration", "replication": "A replication configuration"}
    for name, words in blockers.items():
        if value["Status"] == "Suspended" and name in put.settings:
            message = f"{words} is present on this bucket, so the versioning state cannot be changed."
            raise ServiceError("InvalidBucketState", message, 409)
    return value


def cors(put: Put) -> Any:
    """Cross-origin rules: known methods."""
    value = put.parameters["CORSConfiguration"]
    for method in (method for rule in value["CORSRules"] for method in rule["AllowedMethods"]):
        if method not in _METHODS:
            message = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            raise ServiceError("InvalidRequest", message)
    return value


def encryption(put: Put) -> Any:
    """Default encryption: one rule, a key only with KMS; the bucket key is always said."""
    rules = put.parameters["ServerSideEncryptionConfiguration"]["Rules"]
    if len(rules) != 1 or "ApplyServerSideEncryptionByDefault" not in rules[0]:
        raise ServiceError("MalformedXML", "The XML you provided must hold one rule with a default encryption")
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    if "KMSMasterKeyID" in default and not default["SSEAlgorithm"].startswith("aws:kms"):
        message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise ServiceError("InvalidArgument", message)
    kept = {"Rules": [{"BucketKeyEnabled": False, **rules[0]}]}
    return directory.encryption(put, kept) if is_directory(put.bucket.name) else kept


def ownership(put: Put) -> Any:
    """Ownership: one rule; enforcing it needs an ACL that gives to nobody else."""
    value = put.parameters["OwnershipControls"]
    if len(value["Rules"]) != 1:
        raise ServiceError("MalformedXML", "The XML you provided must hold exactly one rule")
    if value["Rules"][0]["ObjectOwnership"] == acl.ENFORCED and acl.gives_to_others(put.settings["acl"]):
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise ServiceError("InvalidBucketAclWithObjectOwnership", message)
    return value


def public_access_block(put: Put) -> Any:
    """Public access block: a switch that is not named is off."""
    return {**dict.fromkeys(_SWITCHES, False), **put.parameters["PublicAccessBlockConfiguration"]}


def bucket_policy(put: Put) -> Any:
    """The policy, kept compact; a public one is refused under BlockPublicPolicy."""
    here = directory.arn(put.bucket.name, put.bucket.region, put.bucket.account)
    text = policy.refined(put.parameters["Policy"], put.bucket.name, here if is_directory(put.bucket.name) else "")
    if policy.is_public(text) and put.settings.get("publicAccessBlock", {}).get("BlockPublicPolicy"):
        message = "Public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        raise ServiceError("AccessDenied", message, 403)
    return text


def bucket_acl(put: Put) -> Any:
    """The ACL, unless ownership is enforced; a public one is refused under BlockPublicAcls."""
    if owner_enforced(put.settings):
        raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    value = acl.from_parameters(put.parameters, put.bucket.account)
    if acl.is_public(value) and put.settings.get("publicAccessBlock", {}).get("BlockPublicAcls"):
        message = "Public access is blocked because of the BlockPublicAcls setting for this bucket."
        raise ServiceError("AccessDenied", message, 403)
    return value


def owner_enforced(settings: Mapping[str, Any]) -> bool:
    """Whether the bucket's owner owns everything in it, so that ACLs are off."""
    rules = settings.get("ownershipControls", {}).get("Rules", [])
    return any(rule["ObjectOwnership"] == acl.ENFORCED for rule in rules)


def bucket_lifecycle(put: Put) -> Any:
    """Lifecycle rules, each with an id."""
    kept = lifecycle.refined(put.parameters)
    return directory.lifecycle(kept) if is_directory(put.bucket.name) else kept


def bucket_replication(put: Put) -> Any:
    """Replication rules, each with an id."""
    return replication.refined(put.parameters, put.bucket)


def accelerate(put: Put) -> Any:
    """Transfer acceleration: not for names with periods."""
    if "." in put.bucket.name:
        message = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        raise ServiceError("InvalidRequest", message)
    return put.parameters["AccelerateConfiguration"]


def website(put: Put) -> Any:
    """Website: an index document or a redirect of everything."""
    value = put.parameters["WebsiteConfiguration"]
    if "RedirectAllRequestsTo" in value:
        return value
    suffix = value.get("IndexDocument", {}).get("Suffix", "")
    if not suffix:
        message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        raise ServiceError("InvalidArgument", message)
    if "/" in suffix:
        raise ServiceError("InvalidArgument", "The IndexDocument Suffix is not well formed")
    return value


def object_lock(put: Put) -> Any:
    """Object lock: needs versioning, and is never switched off; a default retention is in days or in years."""
    value = put.parameters.get("ObjectLockConfiguration", {})
    if not put.bucket.moto.is_versioned:
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise ServiceError("InvalidBucketState", message, 409)
    retention = value.get("Rule", {}).get("DefaultRetention")
    in_units = len({"Days", "Years"}.intersection(retention or {}))
    if value.get("ObjectLockEnabled") != "Enabled" or ("Rule" in value and (in_units != 1 or "Mode" not in retention)):
        raise ServiceError("MalformedXML", "The Object Lock configuration must be enabled, with one whole retention")
    return value


def logging(put: Put) -> Any:
    """Access logging: the target is a bucket of the same owner and region."""
    value = put.parameters["BucketLoggingStatus"]
    if "LoggingEnabled" not in value:
        return value
    target = find(str(value["LoggingEnabled"]["TargetBucket"]))
    if target is None:
        message = "The target bucket for logging does not exist"
        raise ServiceError("InvalidTargetBucketForLogging", message)
    if target.account != put.bucket.account:
        message = "The owner for the bucket to be logged and the target bucket must be the same."
        raise ServiceError("InvalidTargetBucketForLogging", message)
    if target.region != put.bucket.region:
        message = "Cross S3 location logging not allowed."
        raise ServiceError("CrossLocationLoggingProhibitted", message, 403)
    _check_log_delivery(kept_of(put.call, target.name)["settings"])
    return value


def _check_log_delivery(target: Mapping[str, Any]) -> None:
    """Where ACLs are on, AWS looks whether the log delivery group may write; where they are off, it finds out later."""
    granted = {
        grant["Permission"] for grant in target["acl"]["Grants"] if grant["Grantee"].get("URI") == acl.LOG_DELIVERY
    }
    if owner_enforced(target) or "policy" in target or granted >= {"WRITE", "READ_ACP"}:
        return
    message = "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket"
    raise ServiceError("InvalidTargetBucketForLogging", message)


def notification(put: Put) -> Any:
    """Notifications: each with an id, its target in the bucket's region; filter names are written Prefix and Suffix."""
    value = put.parameters["NotificationConfiguration"]
    kept = {
        name: [_notified(one, put.bucket) for one in ones] for name, ones in value.items() if isinstance(ones, list)
    }
    bridge = {name: ones for name, ones in value.items() if not isinstance(ones, list)}
    return {**kept, **bridge}


def _notified(one: Mapping[str, Any], bucket: Bucket) -> dict[str, Any]:
    arn = next(str(value) for name, value in one.items() if name.endswith("Arn"))
    parts = arn.split(":")
    if len(parts) < 6 or parts[3] != bucket.region:
        message = "Unable to validate the following destination configurations"
        raise ServiceError("InvalidArgument", message, members={"ArgumentName": arn})
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    named = {"Filter": {"Key": {"FilterRules": [_capital(rule) for rule in rules]}}} if rules else {}
    return {**one, "Id": one.get("Id") or lifecycle.generated_id(), **named}


def _capital(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {**rule, "Name": str(rule["Name"]).capitalize()}
