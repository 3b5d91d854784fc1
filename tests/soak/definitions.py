"""Small definitions of kinds that the catalog does not hold yet, each of another shape: what stresses the passes, and no more."""

from __future__ import annotations

import json
from typing import Any

from ackpy.model.definition import (
    Attributes,
    By,
    Codec,
    Compare,
    Delete,
    Facet,
    Field,
    Lookup,
    Members,
    Operations,
    Resource,
    State,
    Tags,
)


def text_of(document: Any) -> str:
    """A policy that botocore has parsed, as a text again."""
    return document if isinstance(document, str) else json.dumps(document)


def is_on(status: str) -> bool:
    """Whether a setting of such a status is on, or about to be."""
    return status in ("ENABLED", "ENABLING")


TOPIC = Resource(  # known by an ARN that its name gives; attributes one by one; a create that finds it is no error
    service="sns",
    kind="Topic",
    not_found=["NotFound", "NotFoundException"],
    operations=Operations(update="-"),
    arn="arn:{partition}:sns:{region}:{account}:{name}",
    args={"TopicArn": "$arn", "ResourceArn": "$arn"},
    attributes=Attributes(get="GetTopicAttributes", set="SetTopicAttributes", one_by_one=True),
    ignore=["CreateTopicInput.DataProtectionPolicy"],
    fields={
        "name": Field(identifier=True, immutable=True),
        "displayName": Field(attribute=True, default=""),
    },
)
TABLE = Resource(  # states; a setting whose reset has to say what is switched off
    service="dynamodb",
    kind="Table",
    not_found=["ResourceNotFoundException"],
    exists=["ResourceInUseException"],
    operations=Operations(update="-"),
    states=[State(path="tableStatus", ready=["ACTIVE"], gone=["DELETING"], poll=5)],
    deletion=Delete(until_gone=True),
    ignore=[
        f"CreateTableInput.{member}"
        for member in (
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "GlobalTableSettingsReplicationMode",
            "GlobalTableSourceArn",
            "LocalSecondaryIndexes",
            "OnDemandThroughput",
            "ProvisionedThroughput",
            "ResourcePolicy",
            "SSESpecification",
            "StreamSpecification",
            "TableClass",
            "VectorIndexes",
            "WarmThroughput",
        )
    ],
    fields={
        "tableName": Field(identifier=True, immutable=True),
        "keySchema": Field(immutable=True, compare=By("attributeName")),
        "attributeDefinitions": Field(immutable=True),
        "billingMode": Field(immutable=True, ignore=True),
        "timeToLive": Field(
            clear={"enabled": False},
            facet=Facet(get="DescribeTimeToLive:TimeToLiveDescription", put="UpdateTimeToLive:TimeToLiveSpecification"),
        ),
        "timeToLive.enabled": Field(read="TimeToLiveStatus", codec=Codec(decode=is_on, encode=bool)),
    },
)
LOG_GROUP = Resource(  # read out of a list; several calls until it is made; tags that are a map
    service="logs",
    kind="LogGroup",
    not_found=["ResourceNotFoundException"],
    exists=["ResourceAlreadyExistsException"],
    operations=Operations(update="-"),
    arn="arn:{partition}:logs:{region}:{account}:log-group:{name}",
    lookup=Lookup(list="DescribeLogGroups:logGroups", match={"logGroupName": "name"}),
    args={
        "logGroupNamePrefix": "$spec.name",
        **{f"{name}:resourceArn": "$arn" for name in ("ListTagsForResource", "TagResource", "UntagResource")},
    },
    ignore=[f"CreateLogGroupInput.{member}" for member in ("kmsKeyId", "logGroupClass", "deletionProtectionEnabled")],
    fields={
        "name": Field(aws="logGroupName", identifier=True, immutable=True),
        "retentionDays": Field(
            source="PutRetentionPolicy:retentionInDays",
            read="retentionInDays",
            facet=Facet(put="PutRetentionPolicy:retentionInDays", delete="DeleteRetentionPolicy"),
        ),
    },
)
ROLE = Resource(  # global; members that are added and removed one by one, and have to be gone before it
    service="iam",
    kind="Role",
    scope="global",
    not_found=["NoSuchEntity"],
    exists=["EntityAlreadyExists"],
    deletion=Delete(first=["policies"]),
    ignore=[f"CreateRoleInput.{member}" for member in ("PermissionsBoundary", "MaxSessionDuration", "Path")],
    fields={
        "name": Field(aws="RoleName", identifier=True, immutable=True),
        "description": Field(clear=""),
        "assumeRolePolicyDocument": Field(
            compare=Compare.IAM_POLICY,
            codec=Codec(decode=text_of, encode=str),
            facet=Facet(put="UpdateAssumeRolePolicy:PolicyDocument"),
        ),
        "policies": Field(
            list_of="arnType",
            facet=Members(
                list="ListAttachedRolePolicies:AttachedPolicies.PolicyArn",
                add="AttachRolePolicy:PolicyArn",
                remove="DetachRolePolicy:PolicyArn",
            ),
        ),
    },
)
SECRET = Resource(  # an update operation of its own; tags in the core answer
    service="secretsmanager",
    kind="Secret",
    not_found=["ResourceNotFoundException"],
    exists=["ResourceExistsException"],
    args={"SecretId": "$spec.name", "DeleteSecret:ForceDeleteWithoutRecovery": True},
    ignore=[
        f"CreateSecretInput.{member}"
        for member in (
            "AddReplicaRegions",
            "ForceOverwriteReplicaSecret",
            "KmsKeyId",
            "SecretBinary",
            "SecretString",
            "Type",
        )
    ],
    fields={"name": Field(identifier=True, immutable=True), "description": Field(clear="")},
)
CERTIFICATE = Resource(  # its ARN is AWS's choice: only the token keeps it from being made twice
    service="acm",
    kind="Certificate",
    not_found=["ResourceNotFoundException"],
    operations=Operations(
        create="RequestCertificate", read="DescribeCertificate", update="-", delete="DeleteCertificate"
    ),
    found_by="token",
    args={"RequestCertificate:IdempotencyToken": "$token"},
    tags=Tags(list="ListTagsForCertificate", add="AddTagsToCertificate", remove="RemoveTagsFromCertificate"),
    ignore=[
        f"RequestCertificateInput.{member}"
        for member in (
            "CertificateAuthorityArn",
            "DomainValidationOptions",
            "KeyAlgorithm",
            "ManagedBy",
            "Options",
            "SubjectAlternativeNames",
            "Tags",  # a token goes with one request: what may change until the next try must not be in it
        )
    ],
    fields={
        "domainName": Field(immutable=True),
        "validationMethod": Field(immutable=True, ignore=True),
        "tags": Field(source="AddTagsToCertificate:Tags"),
    },
)
OTHERS = (TOPIC, TABLE, LOG_GROUP, ROLE, SECRET, CERTIFICATE)
