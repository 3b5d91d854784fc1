"""What is told from outside: defaults, and clear errors for what has no meaning."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.controllers.options import DeletionPolicy, ReconcilerOptions, deletion_policy, resync_seconds
from ackpy.errors import ConfigError


def test_the_defaults_are_acks() -> None:
    options = ReconcilerOptions(region="eu-west-1")
    assert (options.resync_seconds, options.concurrency) == (36_000, 1)
    assert options.deletion_policy is DeletionPolicy.DELETE
    assert [template.key for template in options.resource_tags] == [
        "services.k8s.aws/controller-version",
        "services.k8s.aws/namespace",
    ]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"region": ""}, "--aws-region"),
        ({"concurrency": 0}, "--reconcile-default-max-concurrent-syncs=0"),
        ({"resync_seconds": 0.5}, "--reconcile-default-resync-seconds=0.5"),
    ],
)
def test_an_option_without_a_meaning_names_its_flag(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        ReconcilerOptions(**{"region": "eu-west-1", **wrong})


@pytest.mark.parametrize(("flag", "seconds"), [(0, 36_000), (7, 7)])
def test_a_resync_of_zero_is_ten_hours(flag: float, seconds: float) -> None:
    assert resync_seconds(flag) == seconds


def test_a_negative_resync_is_refused() -> None:
    with pytest.raises(ConfigError, match="zero"):
        resync_seconds(-1)


@pytest.mark.parametrize(("flag", "policy"), [("", "delete"), ("delete", "delete"), ("retain", "retain")])
def test_the_deletion_policy_of_the_flag(flag: str, policy: str) -> None:
    assert deletion_policy(flag) == policy


@pytest.mark.parametrize("flag", ["Delete", "keep"])
def test_a_mistyped_deletion_policy_is_refused(flag: str) -> None:
    with pytest.raises(ConfigError, match=f'"{flag}"'):
        deletion_policy(flag)
