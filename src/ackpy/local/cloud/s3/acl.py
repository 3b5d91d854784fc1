"""Access control lists of buckets: canned names, grant headers and bodies -> grants. Called when a bucket or its ACL is put.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3.buckets import canonical_id

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
ENFORCED = "BucketOwnerEnforced"

_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "private": (),
        "bucket-owner-read": (),
        "bucket-owner-full-control": (),
        "public-read": ((ALL_USERS, "READ"),),
        "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
        "authenticated-read": ((AUTHENTICATED, "READ"),),
        "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
    }
)
_GRANT_MEMBERS = MappingProxyType(
    {
        "GrantFullControl": "FULL_CONTROL",
        "GrantRead": "READ",
        "GrantReadACP": "READ_ACP",
        "GrantWrite": "WRITE",
        "GrantWriteACP": "WRITE_ACP",
    }
)
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)="?([^",]+)"?\s*')
_GRANTEE_TYPES = MappingProxyType(
    {"id": ("CanonicalUser", "ID"), "uri": ("Group", "URI"), "emailAddress": ("AmazonCustomerByEmail", "EmailAddress")}
)


def owned(account: str, grants: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """An ACL of the account's; without grants, the owner alone has full control."""
    own = {"Grantee": {"Type": "CanonicalUser", "ID": canonical_id(account)}, "Permission": "FULL_CONTROL"}
    return {"Owner": {"ID": canonical_id(account)}, "Grants": [own] if grants is None else grants}


def from_parameters(parameters: Mapping[str, Any], account: str) -> dict[str, Any]:
    """The ACL that a request spells: canned, in headers or in the body. Raises ServiceError."""
    canned, granted = parameters.get("ACL"), _from_headers(parameters)
    body = parameters.get("AccessControlPolicy")
    if sum(part is not None for part in (canned, granted, body)) > 1:
        message = "Specifying both Canned ACLs and Header Grants is not allowed"
        raise ServiceError("InvalidRequest", message)
    if canned is not None:
        return _canned(str(canned), account)
    if body is not None:
        return _from_body(body, account)
    return owned(account, granted)


def gives_to_others(acl: Mapping[str, Any]) -> bool:
    """Whether anybody but the owner is granted something."""
    owner = acl["Owner"]["ID"]
    return any(grant["Grantee"].get("ID") != owner for grant in acl["Grants"])


def is_public(acl: Mapping[str, Any]) -> bool:
    """Whether everybody, or every AWS user, is granted something."""
    return any(grant["Grantee"].get("URI") in {ALL_USERS, AUTHENTICATED} for grant in acl["Grants"])


def _canned(name: str, account: str) -> dict[str, Any]:
    if name not in _CANNED:
        raise ServiceError("InvalidArgument", "", members={"ArgumentName": "x-amz-acl", "ArgumentValue": name})
    acl = owned(account)
    for uri, permission in _CANNED[name]:
        acl["Grants"].append({"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission})
    return acl


def _from_headers(parameters: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    named = [(member, permission) for member, permission in _GRANT_MEMBERS.items() if member in parameters]
    if not named:
        return None
    return [_grant(who, permission) for member, permission in named for who in str(parameters[member]).split(",")]


def _grant(who: str, permission: str) -> dict[str, Any]:
    match = _GRANTEE.fullmatch(who)
    if match is None:
        raise ServiceError("InvalidArgument", "Argument format not recognized", members={"ArgumentValue": who})
    kind, member = _GRANTEE_TYPES[match[1]]
    return {"Grantee": {"Type": kind, member: match[2]}, "Permission": permission}


def _from_body(body: Mapping[str, Any], account: str) -> dict[str, Any]:
    if body.get("Owner", {}).get("ID") != canonical_id(account):
        raise ServiceError("AccessDenied", "Access Denied", 403)
    return owned(account, [_without_name(grant) for grant in body.get("Grants", [])])


def _without_name(grant: Mapping[str, Any]) -> dict[str, Any]:
    """AWS no longer returns display names."""
    grantee = {name: value for name, value in grant["Grantee"].items() if name != "DisplayName"}
    return {**grant, "Grantee": grantee}
