"""Bucket policies: what AWS refuses, and how it writes them back. Called when a bucket's policy is put or its status read."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any

from moto.s3.utils import bucket_policy_is_public

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.policies import listed, spelled

_REQUIRED = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))


def refined(text: str, bucket: str, arn: str = "") -> str:
    """The policy as AWS keeps it: compact, and each statement spelled its way. Raises ServiceError (MalformedPolicy).

    `arn` is that of a directory bucket, whose policy names it and nothing in it.
    """
    policy = _document(text)
    statements = listed(policy.get("Statement") or [])
    if not statements:
        raise _malformed("Missing required field Statement")
    for statement in statements:
        _check(statement, bucket, arn)
    return json.dumps(spelled(policy), separators=(",", ":"))


def is_public(text: str) -> bool:
    """Whether the policy lets anybody in."""
    return bool(bucket_policy_is_public(text))


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message)


def _document(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise _malformed("Policies must be valid JSON and the first byte must be '{'") from error
    if not isinstance(policy, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if policy.get("Version", "2012-10-17") not in {"2012-10-17", "2008-10-17"}:
        raise _malformed("The policy must contain a valid version string")
    return policy


def _check(statement: Any, bucket: str, arn: str) -> None:
    if not isinstance(statement, Mapping):
        raise _malformed("Statement must be an object or a list of objects")
    for choices in _REQUIRED:
        if not any(name in statement for name in choices):
            raise _malformed(f"Missing required field {choices[0]}")
    if statement["Effect"] not in {"Allow", "Deny"}:
        raise _malformed(f"Invalid effect: {statement['Effect']}")
    for resource in listed(statement.get("Resource", [])):
        if not (fnmatch.fnmatchcase(arn, str(resource)) if arn else _lies_in(bucket, str(resource))):
            raise _malformed("Policy has invalid resource")


def _lies_in(bucket: str, resource: str) -> bool:
    """Whether the ARN names the bucket or something in it; its name may hold wildcards."""
    match = re.fullmatch(r"arn:aws[a-z-]*:s3:::([^/]+)(?:/.*)?", resource, re.DOTALL)
    if match is None:
        return False
    pattern = re.escape(match[1]).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, bucket) is not None
