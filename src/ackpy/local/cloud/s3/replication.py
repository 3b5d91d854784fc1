"""Replication rules: what AWS refuses, and what it adds. Called when a bucket's replication is put.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3.buckets import Bucket, find
from ackpy.local.cloud.s3.lifecycle import generated_id


def refined(parameters: Mapping[str, Any], bucket: Bucket) -> dict[str, Any]:
    """The replication as AWS keeps it: every rule with an id. Raises ServiceError."""
    if not bucket.moto.is_versioned:
        message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        raise ServiceError("InvalidRequest", message)
    configuration = parameters["ReplicationConfiguration"]
    return {**configuration, "Rules": [_rule(rule) for rule in configuration["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    if "Filter" in rule:
        for member in ("Priority", "DeleteMarkerReplication"):
            _require(rule, member)
    _check_destination(str(rule["Destination"]["Bucket"]))
    return {**rule, "ID": rule.get("ID") or generated_id()}


def _require(rule: Mapping[str, Any], member: str) -> None:
    if member not in rule:
        message = f"{member} must be specified for this version of Cross Region Replication configuration schema."
        raise ServiceError("InvalidRequest", message)


def _check_destination(arn: str) -> None:
    destination = find(arn.rpartition(":")[2])
    if destination is None:
        raise ServiceError("InvalidRequest", "Destination bucket must exist.")
    if not destination.moto.is_versioned:
        raise ServiceError("InvalidRequest", "Destination bucket must have versioning enabled.")
