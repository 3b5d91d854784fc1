"""Settings that moto's handling of objects depends on, written into moto's own bucket. Called when a setting is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket


def versioning(bucket: FakeBucket, value: Mapping[str, Any] | None) -> None:
    """Whether new objects get versions."""
    bucket.versioning_status = (value or {}).get("Status")


def encryption(bucket: FakeBucket, value: Mapping[str, Any] | None) -> None:
    """What encrypts new objects; moto keeps one rule in the form of its XML."""
    rules = (value or {}).get("Rules", [])
    bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": _default(rules[0])}} if rules else None


def _default(rule: Mapping[str, Any]) -> dict[str, Any]:
    return dict(rule["ApplyServerSideEncryptionByDefault"])


def object_lock(bucket: FakeBucket, value: Mapping[str, Any] | None) -> None:
    """Whether objects can be locked, and how new ones are."""
    retention = (value or {}).get("Rule", {}).get("DefaultRetention", {})
    bucket.object_lock_enabled = value is not None
    bucket.default_lock_mode = retention.get("Mode", "")
    bucket.default_lock_days = retention.get("Days", 0)
    bucket.default_lock_years = retention.get("Years", 0)
