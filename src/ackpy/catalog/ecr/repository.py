"""ECR Repository: a private registry namespace for container images."""

from __future__ import annotations

from ackpy.catalog.ecr.mutability import EXCLUSION_FILTERS, REFUSALS
from ackpy.catalog.ecr.repository_hooks import RepositoryHooks
from ackpy.model.definition import (
    Annotation,
    Batch,
    Column,
    Compare,
    Facet,
    Field,
    Group,
    LateInit,
    Ref,
    Resource,
)

REPOSITORY = Resource(
    service="ecr",
    kind="Repository",
    hooks=RepositoryHooks(),  # a key that was named by an alias
    arn="arn:{partition}:ecr:{region}:{account}:repository/{name}",
    not_found=["RepositoryNotFoundException"],
    exists=["RepositoryAlreadyExistsException"],
    terminal=[
        "InvalidParameterException",
        "InvalidTagParameterException",
        "TooManyTagsException",
        "LimitExceededException",
    ],
    batch=Batch(ids="repositoryNames", max=100),
    annotations=[
        Annotation("ecr.services.k8s.aws/force-delete", to="DeleteRepository:force", type=bool, default=False)
    ],
    refuse=REFUSALS,
    groups=[
        Group(
            operation="PutImageTagMutability",
            fields=["imageTagMutability", "imageTagMutabilityExclusionFilters"],
            whole=True,
        ),
    ],
    fields={
        "name": Field(
            aws="repositoryName", identifier=True, immutable="a repository's name is fixed: make a new repository"
        ),
        "registryID": Field(
            late_init=LateInit.ALWAYS,
            immutable="a repository stays in its registry: make a new repository",
            column=Column("REGISTRY-ID", index=0),
        ),
        "imageTagMutability": Field(default="MUTABLE", column=Column("IMAGE-TAG-MUTABILITY", index=1)),
        "imageTagMutabilityExclusionFilters": EXCLUSION_FILTERS,
        "imageScanningConfiguration": Field(update="PutImageScanningConfiguration", default={"scanOnPush": False}),
        "encryptionConfiguration": Field(immutable="a repository's encryption is fixed: make a new repository"),
        "encryptionConfiguration.kmsKey": Field(ref=Ref("kms", "Key"), compare=Compare.KMS_KEY),
        "policy": Field(
            compare=Compare.IAM_POLICY,
            facet=Facet(
                get="GetRepositoryPolicy:policyText",
                put="SetRepositoryPolicy:policyText",
                delete="DeleteRepositoryPolicy",
                absent=["RepositoryPolicyNotFoundException"],
            ),
        ),
        "lifecyclePolicy": Field(
            compare=Compare.DOCUMENT,
            facet=Facet(
                get="GetLifecyclePolicy:lifecyclePolicyText",
                put="PutLifecyclePolicy:lifecyclePolicyText",
                delete="DeleteLifecyclePolicy",
                absent=["LifecyclePolicyNotFoundException"],
            ),
        ),
    },
    order_columns_by="index",
)
