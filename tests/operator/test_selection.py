"""Which kinds run, and with which numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from ackpy.errors import ConfigError
from ackpy.model.descriptor import Descriptor
from ackpy.operator.flags import FLAGS, Raw
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import parse
from ackpy.operator.selection import selected


@cache
def kinds() -> tuple[Descriptor, ...]:
    return descriptors(("s3", "ecr"))


def numbers(**raw: Raw) -> dict[str, tuple[float, int]]:
    given = {flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw
    chosen = selected(parse(given, {}), kinds())
    return {f"{kind.service}.{kind.kind}": (of.resync_seconds, of.concurrency) for kind, of in chosen}


def test_all_kinds_run_unless_some_are_named() -> None:
    assert numbers() == {f"{kind.service}.{kind.kind}": (36_000, 8) for kind in kinds()}


@pytest.mark.parametrize("named", ["Bucket", "s3.Bucket", "Bucket,s3.Bucket"])
def test_a_named_kind_runs_alone(named: str) -> None:
    assert numbers(reconcile_resources=named) == {"s3.Bucket": (36_000, 8)}


def test_numbers_of_a_kind_stand_before_those_of_all() -> None:
    found = numbers(
        reconcile_default_resync_seconds="60",
        reconcile_resource_resync_seconds=("s3.Bucket=6", "Bucket=5", "Repository=7"),
        reconcile_resource_max_concurrent_syncs=("Bucket=2",),
    )
    assert found["s3.Bucket"] == (6.0, 2), "the name with a service is the more exact one"
    assert found["ecr.Repository"] == (7.0, 8)
    assert found["ecr.PullThroughCacheRule"] == (60.0, 8)


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"reconcile_resources": "bucket"}, "--reconcile-resources: .* kind 'bucket'; did you mean Bucket?"),
        ({"reconcile_resources": "ecr.Bucket"}, "has a kind 'ecr.Bucket'; did you mean "),
        ({"reconcile_resource_resync_seconds": ("Buckt=5",)}, "--reconcile-resource-resync-seconds: .*mean Bucket?"),
        ({"reconcile_resource_max_concurrent_syncs": ("Quark=5",)}, "--reconcile-resource-max-.* kind 'Quark'; there"),
    ],
)
def test_a_kind_that_no_service_has_is_refused(raw: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        numbers(**raw)
