"""ECR's kinds on the embedded AWS, beyond single settings: deletion of what is not empty, what is refused before any call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ackpy.testing.kept import KEY, Keep, Kept

pytestmark = pytest.mark.slow

FORCE = "ecr.services.k8s.aws/force-delete"
MEDIA = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": MEDIA, "config": {"digest": "sha256:0"}, "layers": []})
FILTERS = [{"filterType": "WILDCARD", "filter": "latest"}]


@pytest.fixture
async def full(keep: Keep) -> Kept:
    """A repository with an image."""
    kept = await keep("ecr", "Repository")
    await kept.apply({"name": "team/app"})
    assert isinstance(kept.ask("PutImage", repositoryName="team/app", imageManifest=MANIFEST, imageTag="one"), dict)
    return kept


async def test_a_full_repository_stays_until_somebody_says_force(full: Kept) -> None:
    full.world.cluster.delete(KEY)
    await full.world.one_pass(KEY)
    assert "RepositoryNotEmptyException" in full.condition("ACK.Recoverable")
    assert full.read("DescribeRepositories:repositories[].repositoryName") == ["team/app"]
    full.world.cluster.edit(KEY, {"metadata": {"annotations": {FORCE: "true"}}})
    await full.world.settle(KEY)
    assert KEY not in full.world.cluster.objects
    assert full.read("DescribeRepositories:repositories") == []


async def test_an_empty_repository_goes_without_force(keep: Keep) -> None:
    kept = await keep("ecr", "Repository")
    await kept.apply({"name": "team/app"})
    await kept.delete()
    assert KEY not in kept.world.cluster.objects
    assert kept.read("DescribeRepositories:repositories") == []


@pytest.mark.parametrize(
    ("kind", "identity"),
    [
        ("Repository", {"name": "team/app"}),
        ("RepositoryCreationTemplate", {"prefix": "t", "appliedFor": ["REPLICATION"]}),
    ],
)
@pytest.mark.parametrize(
    "spec",
    [
        {"imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": []},
        {"imageTagMutability": "IMMUTABLE", "imageTagMutabilityExclusionFilters": FILTERS},
        {"imageTagMutabilityExclusionFilters": FILTERS},
    ],
)
async def test_a_mutability_that_does_not_fit_its_filters_is_refused_unasked(
    kind: str, identity: dict[str, Any], spec: dict[str, Any], keep: Keep
) -> None:
    kept = await keep("ecr", kind)
    await kept.apply({**identity, **spec})
    assert "imageTagMutabilityExclusionFilters" in kept.condition("ACK.Terminal")
    assert kept.calls() == []


async def test_what_is_fixed_is_not_changed(keep: Keep) -> None:
    kept = await keep("ecr", "Repository")
    await kept.apply({"name": "team/app", "encryptionConfiguration": {"encryptionType": "AES256"}})
    before = kept.cloud.snapshot(kept.account)
    await kept.change(encryptionConfiguration={"encryptionType": "KMS"})
    assert "spec.encryptionConfiguration" in kept.condition("ACK.Terminal")
    assert kept.cloud.snapshot(kept.account) == before
