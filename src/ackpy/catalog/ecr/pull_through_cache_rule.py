"""ECR PullThroughCacheRule: repositories under a prefix that fetch from another registry."""

from __future__ import annotations

from ackpy.model.definition import Batch, Field, Ref, Resource, Tags

PULL_THROUGH_CACHE_RULE = Resource(
    service="ecr",
    kind="PullThroughCacheRule",
    not_found=["PullThroughCacheRuleNotFoundException"],
    exists=["PullThroughCacheRuleAlreadyExistsException"],
    terminal=[
        "InvalidParameterException",
        "ValidationException",
        "UnsupportedUpstreamRegistryException",
        "LimitExceededException",
    ],
    tags=Tags(ignore=True),
    batch=Batch(ids="ecrRepositoryPrefixes", max=100),
    fields={
        "ecrRepositoryPrefix": Field(identifier=True, immutable=True),
        "upstreamRegistryURL": Field(immutable=True),
        "upstreamRegistry": Field(immutable=True),
        "upstreamRepositoryPrefix": Field(immutable=True),
        "registryID": Field(immutable=True),
        "credentialARN": Field(ref=Ref("secretsmanager", "Secret")),
        "customRoleARN": Field(ref=Ref("iam", "Role")),
    },
)
