"""Where S3 is odd: the region that must not be named, grants that travel as header texts, an object lock that is two fields in one.

And directory buckets, which take no expected owner, and say at creation where they lie, as their names do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final

from ackpy.model.hooks import Hooks, Spec

_ACCOUNT_REGIONAL: Final = re.compile(r"-\d{12}-[a-z]{2}(-[a-z]+)+-\d-an$")
_DIRECTORY: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?--(?P<zone>[a-z0-9]+(-[a-z0-9]+)+)--x-s3")
_LOCAL_ZONE: Final = re.compile(r"[a-z0-9]+-[a-z0-9]+-az\d+")
_GROUPS: Final = "http://acs.amazonaws.com/groups"
_ALL: Final = f"{_GROUPS}/global/AllUsers"
_AUTHENTICATED: Final = f"{_GROUPS}/global/AuthenticatedUsers"
_LOGS: Final = f"{_GROUPS}/s3/LogDelivery"

CANNED: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "private": frozenset(),
    "public-read": frozenset({(_ALL, "READ")}),
    "public-read-write": frozenset({(_ALL, "READ"), (_ALL, "WRITE")}),
    "authenticated-read": frozenset({(_AUTHENTICATED, "READ")}),
    "log-delivery-write": frozenset({(_LOGS, "WRITE"), (_LOGS, "READ_ACP")}),
}
"""What each canned ACL grants beside the owner's full control: (group, permission)."""

_SAME_AS_PRIVATE: Final = ("bucket-owner-read", "bucket-owner-full-control")  # of objects; on a bucket they add nothing
_PERMISSIONS: Final[Mapping[str, str]] = {
    "grantFullControl": "FULL_CONTROL",
    "grantRead": "READ",
    "grantReadACP": "READ_ACP",
    "grantWrite": "WRITE",
    "grantWriteACP": "WRITE_ACP",
}


class BucketHooks(Hooks):
    """The Bucket's oddities; everything else is in the definition."""

    def observe(self, aspect: str, answer: Mapping[str, Any], value: Any) -> Any:
        """The ACL and object lock aspects give a dict of spec path to value."""
        if aspect == "acl":
            return _observed_acl(answer)
        if aspect == "objectLockConfiguration":
            lock = answer.get("ObjectLockConfiguration") or {}
            observed: dict[str, Any] = {
                **(value or {}),
                "objectLockEnabledForBucket": lock.get("ObjectLockEnabled") == "Enabled",
            }
            return observed
        return value

    def request(self, operation: str, request: MutableMapping[str, Any], desired: Spec, latest: Spec) -> None:  # noqa: ARG002
        """Amend what creates a bucket, locks objects, sets versioning and an ACL."""
        if _zone(desired):
            request.pop("ExpectedBucketOwner", None)  # refused as not implemented
        if operation == "CreateBucket":
            _create(request, desired)
        elif operation == "PutObjectLockConfiguration":
            request["ObjectLockConfiguration"] = {
                "ObjectLockEnabled": "Enabled",
                **request.get("ObjectLockConfiguration", {}),
            }
        elif operation == "PutBucketVersioning":
            request["VersioningConfiguration"].pop(
                "MFADelete", None
            )  # S3 refuses it without the device, and keeps it when left out
        elif operation == "PutBucketAcl":
            _put_acl(request)

    def normal(self, path: str, value: Any, latest: Any) -> Any:  # noqa: ARG002
        """Canned ACLs that mean the same are one, a grant's grantees stand in order, and a grant to nobody is none."""
        if path == "acl" and value in _SAME_AS_PRIVATE:
            return "private"
        if path in _PERMISSIONS and isinstance(value, str):
            return ",".join(sorted(_grantee(each) for each in value.split(",") if each.strip())) or None
        return value

    def refuse(self, desired: Spec, latest: Spec | None) -> str:
        """Object lock is for ever, and a directory bucket lies where its name says."""
        if why := _misplaced(desired):
            return why
        switched_off = desired.get("objectLockEnabledForBucket") is False and (latest or {}).get(
            "objectLockEnabledForBucket"
        )
        return (
            "S3 never switches object lock off again: remove objectLockEnabledForBucket, or set it to true"
            if switched_off
            else ""
        )

    def adopted(self, observed: Spec) -> Spec:
        """A canned ACL stands for its grants: the two exclude one another."""
        if not observed.get("acl"):
            return observed
        return {path: value for path, value in observed.items() if path not in _PERMISSIONS}


def _create(request: MutableMapping[str, Any], desired: Spec) -> None:
    """us-east-1 must not be named as a location, every other region must; ACLs need an ownership that lets them be."""
    if zone := _zone(desired):
        request["CreateBucketConfiguration"] = _placed(request.get("CreateBucketConfiguration") or {}, zone)
        return
    said = desired.get("createBucketConfiguration") or {}
    configuration = dict(request.get("CreateBucketConfiguration") or {})
    location = said.get("locationConstraint") or configuration.get("LocationConstraint")
    configuration = {**configuration, "LocationConstraint": location}
    if location in (None, "us-east-1"):
        del configuration["LocationConstraint"]
    request["CreateBucketConfiguration"] = configuration
    if not configuration:
        del request["CreateBucketConfiguration"]
    if not desired.get("namespace") and _ACCOUNT_REGIONAL.search(desired.get("name") or ""):
        request["BucketNamespace"] = "account-regional"
    if ownership := _ownership(desired):
        request["ObjectOwnership"] = ownership


def _zone(spec: Spec) -> str:
    """The zone that a directory bucket's name says; "" for any other bucket."""
    named = _DIRECTORY.fullmatch(spec.get("name") or "")
    return named["zone"] if named else ""


def _misplaced(desired: Spec) -> str:
    """Why a directory bucket cannot be where it is asked for; "" where it can, or for another bucket."""
    name = desired.get("name") or ""
    if not name.endswith("--x-s3"):
        return ""
    zone, said = _zone(desired), (desired.get("createBucketConfiguration") or {}).get("location") or {}
    if not zone:
        return f"spec.name {name}: a directory bucket's name is NAME--ZONEID--x-s3, such as logs--use1-az4--x-s3"
    if said.get("name") in {None, zone}:
        return ""
    return f"spec.createBucketConfiguration.location.name is {said['name']}, and the name says {zone}: make them the same zone"


def _placed(configuration: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """What makes a directory bucket: what the user left out follows from its zone."""
    local = _LOCAL_ZONE.fullmatch(zone) is not None
    location = {"Type": "LocalZone" if local else "AvailabilityZone", "Name": zone}
    bucket = {"Type": "Directory", "DataRedundancy": "SingleLocalZone" if local else "SingleAvailabilityZone"}
    return {
        "Location": {**location, **configuration.get("Location", {})},
        "Bucket": {**bucket, **configuration.get("Bucket", {})},
    }


def _ownership(desired: Spec) -> str:
    """The ownership to create with: whoever asks for an ACL and says nothing of ownership gets one that lets ACLs be, as with ACK."""
    rules = (desired.get("ownershipControls") or {}).get("rules") or [{}]
    said = desired.get("objectOwnership") or rules[0].get("objectOwnership")
    asks = desired.get("acl") not in {None, "", "private", *_SAME_AS_PRIVATE} or any(map(desired.get, _PERMISSIONS))
    return said or ("ObjectWriter" if asks else "")


def _put_acl(request: MutableMapping[str, Any]) -> None:
    """Grants or a canned ACL, never both; a grant to nobody is none, and without any grant the owner alone has access."""
    grants = [name for name in request if name.startswith("Grant")]
    for name in grants:
        if not request[name]:
            del request[name]
    if any(name in request for name in grants):
        request.pop("ACL", None)
    elif grants:
        request.setdefault("ACL", "private")


def _observed_acl(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Grants as the header texts that set them, and the canned ACL that grants the same, if one does."""
    grants = [(each.get("Grantee") or {}, str(each.get("Permission"))) for each in answer.get("Grants") or ()]
    owner = (answer.get("Owner") or {}).get("ID")
    others = {(_identity(grantee)[1], permission) for grantee, permission in grants if grantee.get("ID") != owner}
    observed: dict[str, Any] = {"acl": next((name for name, granted in CANNED.items() if granted == others), None)}
    for path, permission in _PERMISSIONS.items():
        observed[path] = _header(grantee for grantee, granted in grants if granted == permission)
    return {path: value for path, value in observed.items() if value}


def _header(grantees: Iterable[Mapping[str, Any]]) -> str:
    return ",".join(sorted('{}="{}"'.format(*_identity(grantee)) for grantee in grantees))


def _identity(grantee: Mapping[str, Any]) -> tuple[str, str]:
    """How a header names the grantee: by canonical id, group URI or e-mail address."""
    for kind, member in (("id", "ID"), ("uri", "URI"), ("emailAddress", "EmailAddress")):
        if grantee.get(member):
            return kind, str(grantee[member])
    return "id", ""


def _grantee(text: str) -> str:
    """One grantee of a header in the form that `_header` writes."""
    kind, _, value = text.strip().partition("=")
    return f'{kind.strip()}="{value.strip().strip(chr(34))}"'
