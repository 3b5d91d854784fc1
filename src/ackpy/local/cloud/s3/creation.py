"""CreateBucket: a bucket in moto with the settings that AWS gives a new one. Called by the S3 emulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3 import acl, directory
from ackpy.local.cloud.s3.buckets import HOME_REGION, check_creation
from ackpy.local.cloud.s3.refine import check_tags
from ackpy.local.cloud.s3.schema import check_body
from ackpy.local.cloud.s3.settings import BY_NAME, SETTINGS, keep

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call

_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def create_bucket(call: Call) -> Mapping[str, Any]:
    """CreateBucket, of either sort. Raises ServiceError before anything is made."""
    if call.identity.signing_name == "s3express":
        made = directory.create_bucket(call)
        keep(call, BY_NAME["encryption"], directory.ENCRYPTION)
        return made
    if call.request.body:
        check_body(call)
    parameters = call.parameters()
    name, region, account = str(parameters["Bucket"]), call.identity.region, call.identity.account
    _check_namespace(name, region, account, parameters.get("BucketNamespace"))
    location = f"/{name}" if region == HOME_REGION else f"http://{name}.s3.amazonaws.com/"
    output = {"Location": location, "BucketArn": f"arn:{get_partition(region)}:s3:::{name}"}
    if check_creation(call, parameters):
        return output
    settings = _settings(parameters, account)
    s3_backends[account][get_partition(region)].create_bucket(name, region, parameters.get("BucketNamespace"))
    for setting in SETTINGS:
        keep(call, setting, settings.get(setting.name, setting.initial))
    return output


def _settings(parameters: Mapping[str, Any], account: str) -> dict[str, Any]:
    """The settings that the request itself asks for."""
    chosen: dict[str, Any] = {"acl": _acl(parameters, account)}
    if "ObjectOwnership" in parameters:
        chosen["ownershipControls"] = {"Rules": [{"ObjectOwnership": parameters["ObjectOwnership"]}]}
    if parameters.get("ObjectLockEnabledForBucket"):
        chosen["versioning"] = {"Status": "Enabled"}
        chosen["object-lock"] = {"ObjectLockEnabled": "Enabled"}
    tags = parameters.get("CreateBucketConfiguration", {}).get("Tags", [])
    if tags:
        chosen["tagging"] = check_tags(tags)
    return chosen


def _acl(parameters: Mapping[str, Any], account: str) -> dict[str, Any]:
    value = (
        acl.from_parameters(parameters, account) if any(name in parameters for name in _GRANTS) else acl.owned(account)
    )
    if not acl.gives_to_others(value):
        return value
    if parameters.get("ObjectOwnership", acl.ENFORCED) == acl.ENFORCED:
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise ServiceError("InvalidBucketAclWithObjectOwnership", message)
    if acl.is_public(value):
        message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise ServiceError("InvalidBucketAclWithBlockPublicAccessError", message)
    return value


def _check_namespace(name: str, region: str, account: str, namespace: str | None) -> None:
    """Names of an account's regional namespace end in `-ACCOUNT-REGION-an`, and no others do."""
    regional = name.endswith(f"-{account}-{region}-an")
    if namespace == "account-regional" and not regional:
        message = f"A bucket of the account-regional namespace has a name that ends in -{account}-{region}-an"
        raise ServiceError("InvalidNamespaceHeader", message)
    if namespace is None and regional:
        message = "A bucket of the account-regional namespace needs the header x-amz-bucket-namespace"
        raise ServiceError("MissingNamespaceHeader", message)
