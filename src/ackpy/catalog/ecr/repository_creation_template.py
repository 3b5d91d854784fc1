"""ECR RepositoryCreationTemplate: the settings of repositories that ECR itself makes under a prefix."""

from __future__ import annotations

from ackpy.catalog.ecr.mutability import EXCLUSION_FILTERS, REFUSALS
from ackpy.model.definition import Batch, By, Compare, Field, Ref, Resource, Tags

REPOSITORY_CREATION_TEMPLATE = Resource(
    service="ecr",
    kind="RepositoryCreationTemplate",
    not_found=["TemplateNotFoundException"],
    exists=["TemplateAlreadyExistsException"],
    terminal=["InvalidParameterException", "ValidationException", "LimitExceededException"],
    tags=Tags(ignore=True),  # resourceTags are those of the repositories to come
    wrappers={
        "CreateRepositoryCreationTemplate": "repositoryCreationTemplate",
        "UpdateRepositoryCreationTemplate": "repositoryCreationTemplate",
    },
    batch=Batch(ids="prefixes", max=100),
    refuse=REFUSALS,
    fields={
        "prefix": Field(identifier=True, immutable=True),
        "appliedFor": Field(compare=Compare.SET),
        "description": Field(clear=""),
        "imageTagMutability": Field(default="MUTABLE"),
        "imageTagMutabilityExclusionFilters": EXCLUSION_FILTERS,
        "encryptionConfiguration": Field(
            default={"encryptionType": "AES256"}, clear={"encryptionType": "AES256", "kmsKey": None}
        ),
        "encryptionConfiguration.kmsKey": Field(ref=Ref("kms", "Key"), compare=Compare.KMS_KEY),
        "repositoryPolicy": Field(compare=Compare.IAM_POLICY, clear=""),
        "lifecyclePolicy": Field(compare=Compare.DOCUMENT, clear=""),
        "customRoleARN": Field(ref=Ref("iam", "Role"), clear=""),
        "resourceTags": Field(compare=By("key"), clear=[]),
    },
)
