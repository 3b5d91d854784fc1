"""What one object costs, held: AWS calls by name, counted on the wire, and writes to Kubernetes. `bench/counts.py` measures the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from bench.counts import SUBJECTS, Alone, Subject, alone

from ackpy.testing.counts import Counts

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Budget:
    """What one object of a subject may cost: the AWS calls of each step, and the patches (metadata and spec, status) of each that writes.

    `settings` are read in every pass, `puts` follow the create call; `edit` is the write of the setting that is changed.
    """

    core: str
    settings: Sequence[str]
    create: str
    puts: Sequence[str]
    edit: Sequence[str]
    delete: str
    created: tuple[int, int]
    edited: tuple[int, int]


VERSIONING = ("GetBucketVersioning", "PutBucketVersioning")
POLICIES = ("GetRepositoryPolicy", "GetLifecyclePolicy")
TAGS = "ListTagsForResource"
MUTABILITY = ("PutImageTagMutability",)
TALKS = ("GetBucketVersioning", "GetBucketEncryption", "GetBucketLifecycleConfiguration")
TALKS_PUTS = ("PutBucketVersioning", "PutBucketEncryption", "PutBucketLifecycleConfiguration")

BUDGETS = {
    # a setting that was not managed before is noted in the object before AWS is written to: one patch more
    "a minimal bucket": Budget("GetBucketTagging", (), "CreateBucket", (), VERSIONING, "DeleteBucket", (1, 1), (2, 1)),
    "the talk's bucket": Budget(
        "GetBucketTagging", TALKS, "CreateBucket", TALKS_PUTS, VERSIONING[1:], "DeleteBucket", (1, 1), (1, 1)
    ),
    # registryID is late-initialised: the second patch
    "a repository": Budget(
        "DescribeRepositories", (TAGS,), "CreateRepository", (), MUTABILITY, "DeleteRepository", (2, 1), (2, 1)
    ),
    "a repository with policies": Budget(
        "DescribeRepositories",
        (TAGS, *POLICIES),
        "CreateRepository",
        ("SetRepositoryPolicy", "PutLifecyclePolicy"),
        MUTABILITY,
        "DeleteRepository",
        (2, 1),
        (2, 1),
    ),
}


def patches(counts: Counts) -> tuple[int, int]:
    return counts.writes["patch"], counts.writes["status"]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.title)
def test_what_an_object_costs(subject: Subject) -> None:
    """Held to the call: one more read in a pass, or one write too many, fails."""
    budget, cost = BUDGETS[subject.title], alone(subject)
    looking = Counter((budget.core, *budget.settings))
    assert cost.synced.aws == Counter((budget.core, budget.create, *budget.puts))
    assert cost.verified.aws == looking
    assert cost.resynced.aws == looking
    assert cost.edited.aws == looking + Counter(budget.edit)
    assert cost.deleted.aws == Counter((budget.core, budget.delete))
    assert patches(cost.synced) == budget.created
    assert patches(cost.edited) == budget.edited
    assert_silent_at_rest(cost)


def assert_silent_at_rest(cost: Alone) -> None:
    """Looking writes nothing, and no pass reads from the API server what the watch has told."""
    assert patches(cost.verified) == patches(cost.resynced) == (0, 0)
    assert [each.reads for each in (cost.synced, cost.verified, cost.resynced, cost.edited)] == [0, 0, 0, 0]
