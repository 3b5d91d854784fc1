"""Small definitions of kinds of sqs, iam, lambda, ec2, rds and dynamodb: together they have the rules that S3 and ECR do not exercise.

The tests of the compiler look at what becomes of them, those of requests and answers at what is sent for them.
"""

from ackpy.model.definition import (
    Attributes,
    By,
    Codec,
    Column,
    Compare,
    Facet,
    Field,
    Members,
    Operations,
    Ref,
    Resource,
    Tags,
    Variant,
)
from ackpy.model.when import has

ENABLED = Codec(decode="ENABLED".__eq__, encode=bool)
"""Of a setting that is told by a status."""

QUEUE = Resource(
    service="sqs",
    kind="Queue",
    not_found=["QueueDoesNotExist"],
    operations=Operations(update="-"),
    attributes=Attributes(get="GetQueueAttributes", set="SetQueueAttributes", args={"AttributeNames": ["All"]}),
    age_column=True,
    fields={
        "queueName": Field(immutable=True),
        "queueURL": Field(identifier=True),
        "delaySeconds": Field(attribute=True, column="Delay", default="0"),
        "visibilityTimeout": Field(attribute=True, column=Column("Visibility", priority=1)),
        "kmsMasterKeyID": Field(attribute=True, ref=Ref("kms", "Key")),
        "policy": Field(attribute=True, compare=Compare.IAM_POLICY, clear=""),
        "sqsManagedSSEEnabled": Field(attribute=True),
        "queueARN": Field(attribute=True, status=True),
    },
)

ROLE = Resource(
    service="iam",
    kind="Role",
    not_found=["NoSuchEntity"],
    scope="global",
    fields={
        "name": Field(aws="RoleName", identifier=True, immutable="make a new role"),
        "path": Field(immutable="make a new role"),
        "assumeRolePolicyDocument": Field(
            compare=Compare.IAM_POLICY, facet=Facet(put="UpdateAssumeRolePolicy:PolicyDocument")
        ),
        "permissionsBoundary": Field(
            read="PermissionsBoundary.PermissionsBoundaryArn",
            ref=Ref("iam", "Policy"),
            facet=Facet(put="PutRolePermissionsBoundary:PermissionsBoundary", delete="DeleteRolePermissionsBoundary"),
        ),
        "policies": Field(
            ref=Ref("iam", "Policy"),
            facet=Members(
                list="ListAttachedRolePolicies:AttachedPolicies.PolicyArn",
                add="AttachRolePolicy:PolicyArn",
                remove="DetachRolePolicy:PolicyArn",
            ),
        ),
        "inlinePolicies": Field(
            type="map[string]string",
            facet=Members(
                list="ListRolePolicies:PolicyNames",
                get="GetRolePolicy:PolicyDocument",
                add="PutRolePolicy:PolicyDocument",
                remove="DeleteRolePolicy",
                key="PolicyName",
            ),
        ),
    },
)

FUNCTION = Resource(
    service="lambda",
    kind="Function",
    not_found=["ResourceNotFoundException"],
    wrappers={"GetFunction": "Configuration"},
    operations=Operations(update="-"),
    fields={
        "name": Field(aws="FunctionName", identifier=True),
        "code.s3Bucket": Field(ref=Ref("s3", "Bucket")),
        "code.sha256": Field(type="string"),
        "vpcConfig.subnetIDs": Field(ref=Ref("ec2", "Subnet")),
        "functionEventInvokeConfig": Field(source="PutFunctionEventInvokeConfig:."),
        "reservedConcurrentExecutions": Field(source="PutFunctionConcurrency:ReservedConcurrentExecutions"),
        "layerStatuses": Field(status=True, source="GetFunction:Configuration.Layers"),
    },
)

DHCP_OPTIONS = Resource(
    service="ec2",
    kind="DHCPOptions",
    not_found=["InvalidDhcpOptionsID.NotFound"],
    operations=Operations(update="-"),
    ignore=["CreateDhcpOptionsInput.DryRun", "CreateDhcpOptionsInput.TagSpecifications"],
    tags=Tags(ignore=True),
    fields={
        "dhcpOptionsID": Field(identifier=True),
        "vpc": Field(type="[]string", ref=Ref("ec2", "VPC", path="status.vpcID")),
    },
)

CLUSTER = Resource(
    service="rds",
    kind="DBCluster",
    not_found=["DBClusterNotFoundFault"],
    operations=Operations(update="-"),
    fields={
        "dbClusterIdentifier": Field(identifier=True),
        "masterUserPassword": Field(secret=True),
        "kmsKeyID": Field(ref=Ref("kms", "Key")),
        "vpcSecurityGroupIDs": Field(ref=Ref("ec2", "SecurityGroup")),
        "snapshotIdentifier": Field(source="RestoreDBClusterFromSnapshot:SnapshotIdentifier"),
    },
    variants=[Variant(when=has("snapshotIdentifier"), create="RestoreDBClusterFromSnapshot")],
)

TABLE = Resource(
    service="dynamodb",
    kind="Table",
    not_found=["ResourceNotFoundException"],
    ignore=["CreateTableInput.VectorIndexes"],
    fields={
        "tableName": Field(identifier=True),
        "keySchema": Field(immutable=True, compare=By("attributeName")),
        "localSecondaryIndexes": Field(immutable=True),
        "globalSecondaryIndexes": Field(
            compare=By("indexName"),
            facet=Members(
                list="",
                key="indexName",
                serial=True,
                add="UpdateTable:GlobalSecondaryIndexUpdates.Create",
                change="UpdateTable:GlobalSecondaryIndexUpdates.Update",
                remove="UpdateTable:GlobalSecondaryIndexUpdates.Delete",
                also=["attributeDefinitions"],
                after=["billingMode"],
            ),
        ),
        "globalTableSourceARN": Field(immutable="set when the table is made"),
        "globalTableSettingsReplicationMode": Field(immutable="set when the table is made"),
        "timeToLive": Field(
            facet=Facet(get="DescribeTimeToLive:TimeToLiveDescription", put="UpdateTimeToLive:TimeToLiveSpecification")
        ),
        "timeToLive.enabled": Field(read="TimeToLiveStatus", codec=ENABLED),
        "resourcePolicy": Field(
            facet=Facet(get="GetResourcePolicy:Policy", put="PutResourcePolicy:Policy", delete="DeleteResourcePolicy")
        ),
        "tableReplicas": Field(
            list_of="CreateReplicationGroupMemberAction",
            facet=Members(
                list="",
                key="regionName",
                serial=True,
                add="UpdateTable:ReplicaUpdates.Create",
                change="UpdateTable:ReplicaUpdates.Update",
                remove="UpdateTable:ReplicaUpdates.Delete",
            ),
        ),
    },
)

KINDS = (QUEUE, ROLE, FUNCTION, DHCP_OPTIONS, CLUSTER, TABLE)
