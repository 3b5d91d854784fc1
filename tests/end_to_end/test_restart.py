"""A restart over synced objects reads alone: nothing in AWS is written, nor in Kubernetes but the Lease; measured by `bench/restart.py`."""

from __future__ import annotations

from collections import Counter

import pytest
from bench.restart import KINDS, Step, herd, made, restarted

pytestmark = pytest.mark.slow

OBJECTS = 20
LOOKS = {
    "Bucket": ("GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetBucketLifecycleConfiguration"),
    "Repository": ("ListTagsForResource", "GetRepositoryPolicy", "GetLifecyclePolicy"),
}
"""What one look at an object of each kind reads by itself."""
SHARED = "DescribeRepositories"
"""Objects that are looked at together may share it."""


@pytest.fixture(scope="module")
def restart() -> Step:
    with herd(OBJECTS) as objects:
        made(objects)
        objects.controllers.stop()
        return restarted("restarted", objects)


def test_each_object_is_looked_at_once_and_aws_is_not_written_to(restart: Step) -> None:
    once = Counter({operation: OBJECTS // len(KINDS) for kind in KINDS for operation in LOOKS[kind.kind]})
    assert 1 <= restart.counts.aws[SHARED] <= OBJECTS // len(KINDS)
    assert restart.counts.aws - Counter({SHARED: OBJECTS}) == once
    assert restart.counts.passes == OBJECTS


def test_nothing_but_the_lease_is_written(restart: Step) -> None:
    written = {what for what in restart.counts.requests if what.split()[0] not in {"get", "list", "watch"}}
    assert written == {"update leases.coordination.k8s.io"}


def test_each_kind_is_listed_once_and_watched_once(restart: Step) -> None:
    looks = Counter(
        {what: number for what, number in restart.counts.requests.items() if what.startswith(("list", "watch"))}
    )
    for kind in KINDS:
        assert {f"list {kind.plural}.{kind.group}", f"watch {kind.plural}.{kind.group}"} <= looks.keys()
    assert set(looks.values()) == {1}


def test_no_object_is_read_by_itself(restart: Step) -> None:
    read = {what for what in restart.counts.requests if what.startswith("get ")}
    assert read == {"get discovery", "get leases.coordination.k8s.io"}
