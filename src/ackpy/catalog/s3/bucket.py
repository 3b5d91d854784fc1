"""S3 Bucket: some twenty settings that hang on one name, each with operations of its own.

Existence is read from the tags: GetBucketTagging answers NoSuchBucket, or NoSuchTagSet for a bucket without tags; a HEAD has no code.
A directory bucket (S3 Express One Zone) has no such tags: its existence is read from the encryption, which every bucket has.
"""

from __future__ import annotations

from typing import Final

from ackpy.catalog.s3.bucket_hooks import BucketHooks
from ackpy.model.definition import (
    By,
    Compare,
    Facet,
    Field,
    LateInit,
    Members,
    Operations,
    Ref,
    Refuse,
    Resource,
    Tags,
    Variant,
)
from ackpy.model.when import has, matches

_NOT_OFFERED: Final = ("MethodNotAllowed", "UnsupportedArgument")  # settings that some regions lack
_BLOCKS: Final = ("blockPublicACLs", "blockPublicPolicy", "ignorePublicACLs", "restrictPublicBuckets")
_GRANTS: Final = {
    "grantFullControl": "GrantFullControl",
    "grantRead": "GrantRead",
    "grantReadACP": "GrantReadACP",
    "grantWrite": "GrantWrite",
    "grantWriteACP": "GrantWriteACP",
}
_BY_GRANT: Final = (
    has("grantFullControl") | has("grantRead") | has("grantReadACP") | has("grantWrite") | has("grantWriteACP")
)
_DIRECTORY: Final = matches("name", "*--x-s3")
_LOCATION: Final = "createBucketConfiguration.location"
_DIRECTORY_LACKS: Final = (
    "namespace",
    "createBucketConfiguration.locationConstraint",
    "objectOwnership",
    "ownershipControls",
    "publicAccessBlock",
    "acl",
    *_GRANTS,
    "versioning",
    "logging",
    "cors",
    "website",
    "replication",
    "objectLockConfiguration",
    "objectLockEnabledForBucket",
    "notification",
    "accelerate",
    "requestPayment",
    "abac",
    "analytics",
    "intelligentTiering",
    "tagging",  # kept by another service, S3 Control
)


def _configurations(name: str) -> Members:
    """The lists whose elements AWS keeps one by one under their id."""
    return Members(
        list=f"ListBucket{name}Configurations:{name}ConfigurationList",
        add=f"PutBucket{name}Configuration:{name}Configuration",
        remove=f"DeleteBucket{name}Configuration",
        key="id",
    )


BUCKET = Resource(
    service="s3",
    kind="Bucket",
    hooks=BucketHooks(),  # location, namespace, object lock, ACL
    arn="arn:{partition}:s3:::{name}",
    scope="global",
    operations=Operations(update="-"),
    read_by="tagging",
    not_found=["NoSuchBucket"],
    exists=["BucketAlreadyOwnedByYou", "BucketAlreadyExists"],
    retry={
        "OperationAborted": 5,  # another change of the bucket is under way
        "BucketNotEmpty": 30,
        "MalformedPolicy: Invalid principal in policy": 10,  # a role made a moment ago is not known everywhere yet
    },
    terminal=[
        "InvalidBucketName",
        "InvalidLocationConstraint",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "InvalidNamespaceHeader",
        "MissingNamespaceHeader",
        "InvalidTag",
        "AccessControlListNotSupported",  # ownershipControls says BucketOwnerEnforced
        "MalformedPolicy",
        "MalformedXML",
    ],
    advice={
        "InvalidBucketName": "give spec.name 3 to 63 characters: lower-case letters, digits, dots and hyphens",
        "InvalidLocationConstraint": "take spec.createBucketConfiguration.locationConstraint away, or make it the region of the object",
        "IllegalLocationConstraintException": "the region of the object and its AWS endpoint must be the same",
        "PermanentRedirect": "the bucket is in another region: set the annotation services.k8s.aws/region to it",
        "MalformedXML": "a setting has a combination of values that S3 refuses: compare it with S3's documentation of the operation",
    },
    args={
        "ExpectedBucketOwner": "$account",
        "CreateBucket:CreateBucketConfiguration.LocationConstraint": "$region",
    },
    ignore=[
        "CreateBucketConfiguration.Tags",  # written from tagging
        # an ACL is put after the public access block: CreateBucket refuses a public one
        *(f"CreateBucketInput.{member}" for member in ("ACL", *_GRANTS.values())),
        "VersioningConfiguration.MFADelete",  # only the account's root user with an MFA device may set it
        "NotificationConfiguration.EventBridgeConfiguration",
        "ObjectLockConfiguration.ObjectLockEnabled",  # written from objectLockEnabledForBucket
    ],
    empty=["SSES3", "SimplePrefix"],
    refuse=[
        Refuse(
            ~_DIRECTORY & (has("createBucketConfiguration.bucket") | has(_LOCATION)),
            "createBucketConfiguration.bucket and .location are for directory buckets: take them out, or give spec.name as "
            "NAME--ZONEID--x-s3",
        ),
        Refuse(has("acl") & _BY_GRANT, "acl and grants exclude one another: keep either acl or the grant fields"),
    ],
    variants=[
        Variant(
            when=_DIRECTORY,
            arn="arn:{partition}:s3express:{region}:{account}:bucket/{name}",
            read_by="encryption",
            lacks=_DIRECTORY_LACKS,
            why="S3's API has no such setting for a directory bucket",
        ),
    ],
    tags=Tags(
        path="tagging.tagSet",
        on_create="CreateBucketConfiguration.Tags",
        replace=Facet(
            get="GetBucketTagging:TagSet",
            put="PutBucketTagging:Tagging.TagSet",
            delete="DeleteBucketTagging",
            absent=["NoSuchTagSet"],
        ),
    ),
    fields={
        "name": Field(aws="Bucket", identifier=True, immutable=True),
        "namespace": Field(aws="BucketNamespace", immutable=True),
        "createBucketConfiguration": Field(ignore=True),  # said once, at creation; S3 answers it nowhere
        "createBucketConfiguration.bucket.type": Field(aws="Type"),
        "createBucketConfiguration.location.type": Field(aws="Type"),
        "objectOwnership": Field(ignore=True),  # said once, at creation; ownershipControls is the setting
        "tagging": Field(source="PutBucketTagging:Tagging"),
        "ownershipControls": Field(
            late_init=LateInit.ACK,
            clear={
                "rules": [{"objectOwnership": "BucketOwnerEnforced"}]
            },  # a new bucket's; without any, ACLs are in force
            facet=Facet(
                get="GetBucketOwnershipControls:OwnershipControls",
                put="PutBucketOwnershipControls:OwnershipControls",
                delete="DeleteBucketOwnershipControls",
                absent=["OwnershipControlsNotFoundError"],
            ),
        ),
        "publicAccessBlock": Field(
            clear=dict.fromkeys(_BLOCKS, True),  # a new bucket's; without any, nothing is blocked
            facet=Facet(
                get="GetPublicAccessBlock:PublicAccessBlockConfiguration",
                put="PutPublicAccessBlock:PublicAccessBlockConfiguration",
                delete="DeletePublicAccessBlock",
                absent=["NoSuchPublicAccessBlockConfiguration"],
            ),
        ),
        "acl": Field(
            source="PutBucketAcl:ACL",
            clear="private",
            facet=Facet(
                get="GetBucketAcl:",
                put="PutBucketAcl:ACL",
                also=list(_GRANTS),
                after=["ownershipControls", "publicAccessBlock"],
            ),
        ),
        **{path: Field(source=f"PutBucketAcl:{member}") for path, member in _GRANTS.items()},
        "policy": Field(
            compare=Compare.IAM_POLICY,
            facet=Facet(
                get="GetBucketPolicy:Policy",
                put="PutBucketPolicy:Policy",
                delete="DeleteBucketPolicy",
                absent=["NoSuchBucketPolicy"],
                after=["publicAccessBlock"],
            ),
        ),
        "versioning": Field(
            default={"status": "Suspended"},  # never set reads empty; once enabled it can only be suspended
            facet=Facet(get="GetBucketVersioning:", put="PutBucketVersioning:VersioningConfiguration"),
        ),
        "versioning.status": Field(default="Suspended"),
        "encryption": Field(
            late_init=LateInit.ACK,
            default={
                "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}]
            },
            facet=Facet(
                get="GetBucketEncryption:ServerSideEncryptionConfiguration",
                put="PutBucketEncryption:ServerSideEncryptionConfiguration",
                delete="DeleteBucketEncryption",
                absent=["ServerSideEncryptionConfigurationNotFoundError"],
            ),
        ),
        "encryption.rules..applyServerSideEncryptionByDefault.kmsMasterKeyID": Field(compare=Compare.KMS_KEY),
        "encryption.rules..bucketKeyEnabled": Field(default=False, when=~_DIRECTORY),  # there it is always on
        "lifecycle": Field(
            facet=Facet(
                get="GetBucketLifecycleConfiguration:",
                put="PutBucketLifecycleConfiguration:LifecycleConfiguration",
                delete="DeleteBucketLifecycle",
                absent=["NoSuchLifecycleConfiguration"],
            ),
        ),
        "lifecycle.rules": Field(compare=By("id")),  # AWS invents an id where none was given
        "lifecycle.rules..expiration.expiredObjectDeleteMarker": Field(default=False),
        "lifecycle.rules..filter.prefix": Field(default=""),
        "lifecycle.rules..filter.and.tags": Field(compare=By("key")),
        "lifecycle.rules..transitions": Field(compare=By("storageClass")),
        "lifecycle.rules..noncurrentVersionTransitions": Field(compare=By("storageClass")),
        "logging": Field(
            default={},
            clear={},
            facet=Facet(get="GetBucketLogging:", put="PutBucketLogging:BucketLoggingStatus", after=["acl"]),
        ),
        "logging.loggingEnabled.targetGrants..grantee.uRI": Field(aws="URI"),  # ACK's spelling
        "cors": Field(
            facet=Facet(
                get="GetBucketCors:",
                put="PutBucketCors:CORSConfiguration",
                delete="DeleteBucketCors",
                absent=["NoSuchCORSConfiguration"],
            ),
        ),
        "website": Field(
            facet=Facet(
                get="GetBucketWebsite:",
                put="PutBucketWebsite:WebsiteConfiguration",
                delete="DeleteBucketWebsite",
                absent=["NoSuchWebsiteConfiguration"],
            ),
        ),
        "replication": Field(
            facet=Facet(
                get="GetBucketReplication:ReplicationConfiguration",
                put="PutBucketReplication:ReplicationConfiguration",
                delete="DeleteBucketReplication",
                absent=["ReplicationConfigurationNotFoundError"],
                after=["versioning"],  # which cannot be suspended while objects are replicated
            ),
        ),
        "replication.role": Field(ref=Ref("iam", "Role")),
        "replication.rules": Field(compare=By("id")),
        "replication.rules..filter.and.tags": Field(compare=By("key")),
        "objectLockConfiguration": Field(
            default={},
            clear={},
            facet=Facet(
                get="GetObjectLockConfiguration:ObjectLockConfiguration",
                put="PutObjectLockConfiguration:ObjectLockConfiguration",
                also=["objectLockEnabledForBucket"],
                absent=["ObjectLockConfigurationNotFoundError"],
                after=["versioning"],
            ),
        ),
        "objectLockEnabledForBucket": Field(default=False),
        "notification": Field(
            default={},
            clear={},
            facet=Facet(
                get="GetBucketNotificationConfiguration:",
                put="PutBucketNotificationConfiguration:NotificationConfiguration",
                after=["policy"],
            ),
        ),
        "notification.lambdaFunctionConfigurations": Field(compare=By("id")),
        "notification.queueConfigurations": Field(compare=By("id")),
        "notification.topicConfigurations": Field(compare=By("id")),
        "notification.lambdaFunctionConfigurations..filter.key.filterRules..name": Field(compare=Compare.CASELESS),
        "notification.queueConfigurations..filter.key.filterRules..name": Field(compare=Compare.CASELESS),
        "notification.topicConfigurations..filter.key.filterRules..name": Field(compare=Compare.CASELESS),
        "accelerate": Field(
            default={"status": "Suspended"},
            facet=Facet(
                get="GetBucketAccelerateConfiguration:",
                put="PutBucketAccelerateConfiguration:AccelerateConfiguration",
                unsupported=_NOT_OFFERED,
            ),
        ),
        "accelerate.status": Field(default="Suspended"),
        "requestPayment": Field(
            default={"payer": "BucketOwner"},
            facet=Facet(get="GetBucketRequestPayment:", put="PutBucketRequestPayment:RequestPaymentConfiguration"),
        ),
        "requestPayment.payer": Field(default="BucketOwner"),
        "abac": Field(
            late_init=LateInit.ACK,
            default={"status": "Disabled"},
            facet=Facet(get="GetBucketAbac:AbacStatus", put="PutBucketAbac:AbacStatus", unsupported=_NOT_OFFERED),
        ),
        "abac.status": Field(default="Disabled"),
        "analytics": Field(facet=_configurations("Analytics")),
        "intelligentTiering": Field(facet=_configurations("IntelligentTiering")),
        "intelligentTiering..tierings": Field(compare=By("accessTier")),
        "inventory": Field(facet=_configurations("Inventory")),
        "metrics": Field(facet=_configurations("Metrics")),
    },
)
