"""Lifecycle rules: what AWS refuses, and what it adds. Called when a bucket's lifecycle is put.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.moto_api._internal import mock_random

from ackpy.local.cloud.errors import ServiceError

DEFAULT_MINIMUM = "all_storage_classes_128K"
MAX_RULES = 1000
_ACTIONS = frozenset(
    {
        "Expiration",
        "Transitions",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransitions",
        "AbortIncompleteMultipartUpload",
    }
)
_MINIMUM_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_DAYS = {"Days", "NoncurrentDays", "DaysAfterInitiation"}


def refined(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The lifecycle as AWS keeps it: every rule with an id, a filter of nothing as an empty prefix. Raises ServiceError."""
    rules = [_rule(rule) for rule in parameters["LifecycleConfiguration"]["Rules"]]
    if not 0 < len(rules) <= MAX_RULES:
        raise _malformed()
    repeated = [name for name, count in Counter(rule["ID"] for rule in rules).items() if count > 1]
    if repeated:
        message = f"Rule ID must be unique. Found same ID for more than one rule: {repeated[0]}"
        raise ServiceError("InvalidArgument", message)
    minimum = parameters.get("TransitionDefaultMinimumObjectSize", DEFAULT_MINIMUM)
    return {"Rules": rules, "TransitionDefaultMinimumObjectSize": minimum}


def generated_id() -> str:
    """An id as AWS makes one for a rule without."""
    return mock_random.get_random_hex(32)


def _malformed() -> ServiceError:
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceError("MalformedXML", message)


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    _check_filter(rule)
    if not _ACTIONS.intersection(rule):
        raise ServiceError("InvalidRequest", "At least one action needs to be specified in a rule")
    if len(rule.get("ID", "")) > 255:
        raise ServiceError("InvalidArgument", "ID length should not exceed allowed limit of 255")
    _check_expiration(rule.get("Expiration"))
    for name, action in _actions(rule):
        _check_action(name, action)
    everything = {"Filter": {"Prefix": ""}} if rule.get("Filter") == {} else {}
    return {**rule, **everything, "ID": rule.get("ID") or generated_id()}


def _check_filter(rule: Mapping[str, Any]) -> None:
    """Exactly one of Filter and Prefix, and at most one condition in a filter that is no And."""
    if ("Filter" in rule) == ("Prefix" in rule) or len(rule.get("Filter", {})) > 1:
        raise _malformed()


def _check_expiration(expiration: Mapping[str, Any] | None) -> None:
    if expiration is not None and len({"Days", "Date", "ExpiredObjectDeleteMarker"}.intersection(expiration)) != 1:
        raise _malformed()


def _actions(rule: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in sorted(_ACTIONS.intersection(rule)):
        actions = rule[name]
        for action in actions if isinstance(actions, list) else [actions]:
            yield name, action


def _check_action(name: str, action: Mapping[str, Any]) -> None:
    when = {"Days", "Date"} if name == "Transitions" else set()
    if name.startswith("Noncurrent"):
        when = {"NoncurrentDays"}
    if when and len(when.intersection(action)) != 1:
        raise _malformed()
    if name.endswith("Transitions") and "StorageClass" not in action:
        raise _malformed()
    for member in _DAYS.intersection(action):
        _check_days(name, member, int(action[member]), str(action.get("StorageClass", "")))
    if "Date" in action and not _is_midnight(str(action["Date"])):
        raise ServiceError("InvalidArgument", "'Date' must be at midnight GMT")


def _check_days(name: str, member: str, days: int, storage_class: str) -> None:
    action = name.removesuffix("s")
    if name != "Transitions" and days < 1:
        raise ServiceError("InvalidArgument", f"'{member}' for {action} action must be a positive integer")
    least = _MINIMUM_DAYS.get(storage_class, 0)
    if days < least:
        message = (
            f"'{member}' in {action} action must be greater than or equal to {least} for storageClass '{storage_class}'"
        )
        raise ServiceError("InvalidArgument", message)


def _is_midnight(date: str) -> bool:
    moment = datetime.fromisoformat(date).astimezone(UTC)
    return moment == moment.replace(hour=0, minute=0, second=0, microsecond=0)
