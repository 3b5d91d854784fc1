"""The rules that S3 and ECR do not exercise, each on a small definition of a kind where it matters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ackpy.errors import DefinitionError
from ackpy.model.compiler import compile_resource, compile_service
from ackpy.model.crd import custom_resource_definition
from ackpy.model.definition import (
    Attributes,
    By,
    Column,
    Compare,
    Facet,
    Field,
    Group,
    Lookup,
    Members,
    Operations,
    Ref,
    Resource,
    State,
    Tags,
    Token,
    Variant,
)
from ackpy.model.descriptor import Aspect, AspectKind, Binding, Descriptor, Operation, Type
from ackpy.model.hooks import Hooks
from ackpy.model.when import has

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
        "delaySeconds": Field(attribute=True, column="Delay"),
        "visibilityTimeout": Field(attribute=True, column=Column("Visibility", priority=1)),
        "kmsMasterKeyID": Field(attribute=True, ref=Ref("kms", "Key")),
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
        "timeToLive.enabled": Field(read="TimeToLiveStatus"),
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

GRAPH: tuple[Resource, ...] = (QUEUE, ROLE, FUNCTION, DHCP_OPTIONS, CLUSTER, TABLE)


@pytest.fixture(scope="module")
def compiled() -> Callable[[Resource], Descriptor]:
    made = {each.kind: each for each in compile_service(GRAPH)}
    return lambda resource: made[resource.kind]


def properties(descriptor: Descriptor, side: str) -> dict[str, Any]:
    crd = custom_resource_definition(descriptor, descriptions=False)
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][side]["properties"]
    return found


def binding(operation: Operation | None, member: str) -> Binding | None:
    assert operation is not None
    return next((each for each in operation.bindings if each.member == member), None)


def by_kind(descriptor: Descriptor, kind: AspectKind) -> list[Aspect]:
    return [each for each in descriptor.aspects if each.kind is kind]


def test_kinds_come_in_the_order_given() -> None:
    assert [each.kind for each in compile_service(GRAPH)] == [each.kind for each in GRAPH]


class TestAttributes:
    def test_keys_become_strings_and_the_map_goes(self, compiled: Callable[[Resource], Descriptor]) -> None:
        spec = properties(compiled(QUEUE), "spec")
        assert spec["delaySeconds"] == {"type": "string"}
        assert "attributes" not in spec
        assert properties(compiled(QUEUE), "status")["queueARN"] == {"type": "string"}

    def test_the_models_enum_spells_the_keys(self, compiled: Callable[[Resource], Descriptor]) -> None:
        queue = compiled(QUEUE)
        aspect = queue.aspect("attributes")
        assert aspect.put is not None
        assert aspect.get is not None
        assert aspect.put.fields["KmsMasterKeyId"] == "kmsMasterKeyID"
        assert aspect.put.fields["SqsManagedSseEnabled"] == "sqsManagedSSEEnabled"
        assert "QueueArn" not in aspect.put.fields
        assert aspect.get.fields["QueueArn"] == "queueARN"
        assert queue.create.fields["Attributes.DelaySeconds"] == "delaySeconds"

    def test_identifier_and_constants_are_bound(self, compiled: Callable[[Resource], Descriptor]) -> None:
        aspect = compiled(QUEUE).aspect("attributes")
        assert binding(aspect.get, "QueueUrl") == Binding("QueueUrl", "status", "queueURL")
        assert binding(aspect.get, "AttributeNames") == Binding("AttributeNames", "const", ["All"])
        assert binding(aspect.put, "AttributeNames") is None

    def test_tags_of_another_name_and_form_are_found(self, compiled: Callable[[Resource], Descriptor]) -> None:
        queue = compiled(QUEUE)
        assert queue.tags is not None
        assert (queue.tags.path, queue.tags.form, queue.tags.in_create) == ("tags", "map", True)
        tags = queue.aspect("tags")
        assert [each and each.name for each in (tags.get, tags.put, tags.clear)] == [
            "ListQueueTags",
            "TagQueue",
            "UntagQueue",
        ]

    def test_columns_are_sorted_by_name_then_synced_then_age(self, compiled: Callable[[Resource], Descriptor]) -> None:
        assert [(each.name, each.priority) for each in compiled(QUEUE).columns] == [
            ("Delay", 0),
            ("Visibility", 1),
            ("Synced", 0),
            ("Age", 0),
        ]


class TestMembersAndFacets:
    def test_a_set_of_arns_with_references(self, compiled: Callable[[Resource], Descriptor]) -> None:
        role = compiled(ROLE)
        spec = properties(role, "spec")
        assert spec["policies"] == {"items": {"type": "string"}, "type": "array"}
        assert spec["policyRefs"]["items"]["properties"]["from"]["properties"].keys() == {"name", "namespace"}
        policies = role.aspect("policies")
        assert policies.get is not None
        assert policies.put is not None
        assert policies.get.at == "AttachedPolicies..PolicyArn"
        assert policies.put.at == "PolicyArn"
        assert binding(policies.clear, "RoleName") == Binding("RoleName", "spec", "name")

    def test_the_key_of_a_map_goes_into_its_member(self, compiled: Callable[[Resource], Descriptor]) -> None:
        inline = compiled(ROLE).aspect("inlinePolicies")
        for operation in (inline.one, inline.put, inline.clear):
            assert binding(operation, "PolicyName") == Binding("PolicyName", "key")

    def test_a_facet_without_a_read_is_read_in_the_core(self, compiled: Callable[[Resource], Descriptor]) -> None:
        trust = compiled(ROLE).aspect("assumeRolePolicyDocument")
        assert trust.get is None
        assert trust.in_create
        assert trust.put is not None
        assert trust.put.at == "PolicyDocument"

    def test_what_another_writes_is_not_in_the_update(self, compiled: Callable[[Resource], Descriptor]) -> None:
        role = compiled(ROLE)
        assert role.update is not None
        assert role.update.name == "UpdateRole"
        assert set(role.update.fields.values()) == {"description", "maxSessionDuration"}
        assert binding(role.update, "RoleName") == Binding("RoleName", "spec", "name")

    def test_a_references_target_need_not_be_given(self, compiled: Callable[[Resource], Descriptor]) -> None:
        edges = {edge.path: (edge.fills, edge.list) for edge in compiled(ROLE).references()}
        assert edges == {"permissionsBoundaryRef": ("permissionsBoundary", False), "policyRefs": ("policies", True)}

    def test_elements_of_an_update_operation(self, compiled: Callable[[Resource], Descriptor]) -> None:
        replicas = compiled(TABLE).aspect("tableReplicas")
        assert replicas.put is not None
        assert replicas.put.at == "ReplicaUpdates..Create"
        assert replicas.members is not None
        assert replicas.members.serial

    def test_tags_and_facets_go_by_arn(self, compiled: Callable[[Resource], Descriptor]) -> None:
        table = compiled(TABLE)
        assert table.arn_member == "TableArn"
        assert "tableARN" not in properties(table, "status")
        assert binding(table.aspect("tags").get, "ResourceArn") == Binding("ResourceArn", "arn")
        assert binding(table.aspect("resourcePolicy").put, "ResourceArn") == Binding("ResourceArn", "arn")

    def test_a_value_that_is_read_under_another_name(self, compiled: Callable[[Resource], Descriptor]) -> None:
        ttl = compiled(TABLE).aspect("timeToLive")
        assert ttl.get is not None
        assert ttl.get.reads == {"timeToLive.enabled": "TimeToLiveStatus"}


class TestSplit:
    def test_lower_camel_members_keep_their_wire_name(self, compiled: Callable[[Resource], Descriptor]) -> None:
        assert compiled(FUNCTION).create.fields["FunctionName"] == "name"

    def test_sources_from_other_operations(self, compiled: Callable[[Resource], Descriptor]) -> None:
        spec, status = properties(compiled(FUNCTION), "spec"), properties(compiled(FUNCTION), "status")
        assert spec["reservedConcurrentExecutions"] == {"format": "int64", "type": "integer"}
        assert {"destinationConfig", "functionName", "qualifier"} <= spec["functionEventInvokeConfig"][
            "properties"
        ].keys()
        assert status["layerStatuses"]["type"] == "array"

    def test_nested_additions_and_references_of_shared_shapes(self, compiled: Callable[[Resource], Descriptor]) -> None:
        function = compiled(FUNCTION)
        spec = properties(function, "spec")
        assert spec["code"]["properties"]["sha256"] == {"type": "string"}
        assert {"s3Bucket", "s3BucketRef"} <= spec["code"]["properties"].keys()
        assert spec["vpcConfig"]["properties"]["subnetRefs"]["type"] == "array"
        assert function.spec.at("code").members["sha256"].aws == ""

    def test_a_plural_kind_and_a_plural_identifier(self, compiled: Callable[[Resource], Descriptor]) -> None:
        options = compiled(DHCP_OPTIONS)
        assert (options.plural, options.create.name) == ("dhcpoptions", "CreateDhcpOptions")
        assert options.read is not None
        assert options.read.at == "DhcpOptions"
        assert options.read.match == {"DhcpOptionsId": "dhcpOptionsID"}
        assert binding(options.read, "DhcpOptionsIds") == Binding(
            "DhcpOptionsIds", "status", "dhcpOptionsID", list=True
        )
        assert "vpcRefs" in properties(options, "spec")

    def test_secrets_become_references_to_a_secret(self, compiled: Callable[[Resource], Descriptor]) -> None:
        cluster = compiled(CLUSTER)
        assert properties(cluster, "spec")["masterUserPassword"] == {
            "properties": {"key": {"type": "string"}, "name": {"type": "string"}, "namespace": {"type": "string"}},
            "required": ["key"],
            "type": "object",
            "x-kubernetes-map-type": "atomic",
        }
        assert cluster.spec.members["masterUserPassword"].node.sensitive

    def test_a_region_that_only_the_signer_knows_is_never_sent(
        self, compiled: Callable[[Resource], Descriptor]
    ) -> None:
        cluster = compiled(CLUSTER)
        assert {"sourceRegion", "destinationRegion"} <= properties(cluster, "spec").keys()
        assert "destinationRegion" not in cluster.create.fields.values()

    def test_a_variant_creates_from_what_only_it_takes(self, compiled: Callable[[Resource], Descriptor]) -> None:
        cluster = compiled(CLUSTER)
        ((condition, restore),) = cluster.variants
        assert condition.holds({"snapshotIdentifier": "s"})
        assert restore.fields["SnapshotIdentifier"] == "snapshotIdentifier"
        assert "SnapshotIdentifier" not in cluster.create.fields

    def test_what_nothing_updates_is_fixed_where_the_kind_says_so(
        self, compiled: Callable[[Resource], Descriptor]
    ) -> None:
        assert (
            compiled(CLUSTER).rules["engine"].immutable
            == "no operation of AWS changes it: delete the object and make it anew"
        )
        assert "x-kubernetes-validations" not in properties(compiled(CLUSTER), "spec")["engine"]

    def test_references_lift_the_duty_to_give_a_value(self) -> None:
        subscription = Resource(
            service="eks",
            kind="Addon",
            not_found=["ResourceNotFoundException"],
            fields={
                "name": Field(aws="addonName", identifier=True, immutable=True),
                "clusterName": Field(ref=Ref("eks", "Cluster", path="spec.name"), immutable=True),
                "namespaceConfig": Field(immutable="x"),
            },
        )
        crd = custom_resource_definition(compile_resource(subscription))
        assert crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"] == ["name"]


class TestShared:
    def test_what_one_kind_says_of_a_nested_field_holds_for_all(self) -> None:
        """A structure is one type: a reference that the Function declares shows in every kind that uses the shape."""
        first = replace(
            FUNCTION, fields={**FUNCTION.fields, "vpcConfig.securityGroupIDs": Field(ref=Ref("ec2", "SecurityGroup"))}
        )
        second = Resource(
            service="lambda",
            kind="CodeSigningConfig",
            not_found=["ResourceNotFoundException"],
            tags=Tags(ignore=True),
            operations=Operations(update="-"),
            fields={
                "codeSigningConfigID": Field(
                    status=True, source="CreateCodeSigningConfig:CodeSigningConfig.CodeSigningConfigId"
                ),
                "network": Field(source="CreateFunction:VpcConfig"),
            },
        )
        alone, together = compile_resource(second), compile_service([first, second])[1]
        assert "securityGroupRefs" not in alone.spec.at("network").members
        assert {"securityGroupRefs", "subnetRefs"} <= together.spec.at("network").members.keys()


class TestRefusals:
    """Every mistake names the kind, the place, what was found and what lies near."""

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"fields": {"descripton": Field(immutable=True)}},
                r"iam Role: descripton: property 'descripton' does not exist; near it: description; say where it comes from",
            ),
            (
                {"fields": {"policy": Field(facet=Facet(put="PutRolePolcy:PolicyDocument"))}},
                r"iam Role: operation of iam 'PutRolePolcy' does not exist; near it: PutRolePolicy",
            ),
            (
                {"fields": {"policy": Field(facet=Facet(put="PutRolePolicy:PolicyDocumnt"))}},
                r"'PolicyDocumnt': member of PutRolePolicyInput 'PolicyDocumnt' does not exist; near it: PolicyDocument",
            ),
            (
                {"fields": {"policy": Field(facet=Facet(put="PutRolePolicy:PolicyDocument"))}},
                r"iam Role: policy: PutRolePolicy demands PolicyName, which nothing fills: say with names=",
            ),
            (
                {"fields": {"tags.key": Field(secret=True)}},
                r"iam Role: tags.key: .* is a list: write '\.\.' before 'key' to go through it",
            ),
            (
                {"fields": {"tags..kye": Field(secret=True)}},
                r"iam Role: tags\.\.kye: member of Tag 'kye' does not exist; near it: key",
            ),
            (
                {"fields": {"description": Field(aws="Nothing", type="strng")}},
                r"iam has no shape 'strng'; near it: string",
            ),
            ({"ignore": ["Role.Nothing"]}, r"iam Role: ignore='Role.Nothing': member of Role 'Nothing' does not exist"),
            ({"ignore": ["Rloe.Path"]}, r"iam has no shape 'Rloe'; near it: .*Role"),
            ({"ignore": ["Role"]}, r"ignore='Role': write Shape.Member; a whole shape goes into ignore_shapes"),
            ({"args": {"Owner": "$account"}}, r"args: no operation of iam has an input member 'Owner'"),
            ({"args": {"GetRole:Nam": "x"}}, r"'Nam': member of GetRoleInput 'Nam' does not exist"),
            ({"args": {"RoleName": "$spec.nam"}}, r"args: value '\$spec.nam' does not exist; near it: \$spec.name"),
            ({"arn": "arn:{partition}:iam::{account}:role{pth}"}, r"arn: path 'pth' does not exist; near it: path"),
            ({"tags": Tags(path="labels")}, r"tags: no property 'labels' in the spec: give Tags\(path=...\)"),
            ({"tags": Tags(key="Label")}, r"tags: member 'Label' does not exist"),
            ({"tags": Tags(on_create="Labels")}, r"tags.on_create: member of CreateRoleInput 'Labels' does not exist"),
            ({"read_by": "tags", "operations": Operations(update="UpdateRole")}, None),
            ({"read_by": "labels"}, r"read_by='labels' is no aspect with a read: choose from .*tags"),
            ({"order_columns_by": "size"}, r"order_columns_by='size': choose from name, type, jsonpath, index"),
            (
                {"groups": [Group(operation="UpdateRole", fields=["colour"])]},
                r"group UpdateRole: spec property 'colour' does not exist",
            ),
            (
                {"deletion": replace(ROLE.deletion, first=["polices"])},
                r"deletion.first: aspect 'polices' does not exist; near it: policies",
            ),
            (
                {"variants": [Variant(when=has("paht"), create="CreateUser")]},
                r"variant: condition: path 'paht' does not exist; near it: path",
            ),
            (
                {"states": [State(path="roleStat", ready=["A"])]},
                r"state: path 'roleStat' does not exist; near it: roleLastUsed|roleID",
            ),
            (
                {"states": [State(path="roleID", ready=["A"], allow=["tgas"])]},
                r"state.allow: path 'tgas' does not exist; near it: tags",
            ),
            ({"tokens": [Token("Role.ETag", "IfMatch")]}, r"'Role.ETag': member of Role 'ETag' does not exist"),
            (
                {"tokens": [Token("Role.RoleId", "IfMatch")]},
                r"token: member of update or delete 'IfMatch' does not exist",
            ),
            (
                {"fields": {"tags..key": Field(identifier=True)}},
                r"identifier: top-level property 'tags\.\.key' does not exist",
            ),
            (
                {"fields": {"tags": Field(compare=By("kye"))}},
                r"tags: compare=By: property of an element 'kye' does not exist; near it: key",
            ),
            ({"fields": {"maxSessionDuration": Field(secret=True)}}, r"secret=True on a integer: only strings"),
            (
                {"fields": {"description": Field(read="Descripton")}},
                r"description: member of Role 'Descripton' does not exist; near it: Desc",
            ),
            ({"fields": {"description": Field(read="a b")}}, r"description: read='a b' is no JMESPath"),
            (
                {"fields": {"path": Field(immutable=True, column=Column("P")), "tags.x.y": Field()}},
                r"iam Role: tags\.x\.y: .* is a list",
            ),
            (
                {"lookup": Lookup(list="ListRoles:Roles", match={"Name": "name"})},
                r"lookup.match: member of Role 'Name' does not exist; near it: RoleName",
            ),
        ],
    )
    def test_the_error_says_where_and_what(self, changes: dict[str, Any], message: str | None) -> None:
        fields = {**ROLE.fields, **changes.get("fields", {})}
        resource = replace(ROLE, **{**changes, "fields": fields})
        if message is None:
            assert compile_resource(resource).read is not None
            return
        with pytest.raises(DefinitionError, match=message) as caught:
            compile_resource(resource)
        assert str(caught.value).startswith("iam Role")

    def test_a_path_that_nothing_writes(self) -> None:
        fields = {key: field for key, field in ROLE.fields.items() if key != "path"}
        with pytest.raises(DefinitionError, match="iam Role: path: nothing writes it after create: say update="):
            compile_resource(replace(ROLE, fields=fields))

    def test_a_path_with_two_writers(self) -> None:
        twice = Field(facet=Facet(put="UpdateAssumeRolePolicy:PolicyDocument", also=["description"]))
        also = Field(facet=Facet(put="UpdateAssumeRolePolicy:PolicyDocument", also=["assumeRolePolicyDocument"]))
        resource = replace(
            ROLE, hooks=Hooks(), fields={**ROLE.fields, "assumeRolePolicyDocument": twice, "another": also}
        )
        with pytest.raises(DefinitionError, match="assumeRolePolicyDocument has two writers"):
            compile_resource(resource)

    def test_writers_in_a_circle(self) -> None:
        fields = dict(ROLE.fields)
        fields["policies"] = replace(fields["policies"], after=["inlinePolicies"])
        fields["inlinePolicies"] = replace(fields["inlinePolicies"], after=["policies"])
        with pytest.raises(DefinitionError, match="after: policies -> inlinePolicies -> policies is a circle"):
            compile_resource(replace(ROLE, fields=fields))

    def test_recursion_names_the_way_round(self) -> None:
        item = Field(source="PutItem:Item", immutable=True)
        message = r"dynamodb Table: the model is recursive: AttributeValue.L -> .*AttributeValue; cut it .* ignore=\('.*AttributeValue.L'"
        with pytest.raises(DefinitionError, match=message):
            compile_resource(replace(TABLE, fields={**TABLE.fields, "item": item}))

    def test_empty_structures_must_be_listed(self) -> None:
        bucket = Resource(
            service="s3",
            kind="Bucket",
            not_found=["NoSuchBucket"],
            operations=Operations(update="-", read="-"),
            tags=Tags(ignore=True),
            fields={
                "name": Field(aws="Bucket", identifier=True),
                "logging": Field(source="PutBucketLogging:BucketLoggingStatus"),
            },
        )
        with pytest.raises(DefinitionError, match="structure SimplePrefix has no members: list it in `empty`"):
            compile_resource(bucket)
        node = compile_resource(replace(bucket, empty=["SimplePrefix"])).spec.at(
            "logging.loggingEnabled.targetObjectKeyFormat.simplePrefix"
        )
        assert (node.type, node.element and node.element.type) == (Type.MAP, Type.STRING)


class TestWords:
    """The definition's words about the model, one by one, on a kind of IAM or CloudFront."""

    def test_ignored_members_and_shapes_are_gone(self) -> None:
        role = compile_resource(
            replace(ROLE, ignore=["CreateRoleInput.MaxSessionDuration"], ignore_shapes=["RoleLastUsed"])
        )
        assert "maxSessionDuration" not in role.spec.members
        assert "roleLastUsed" not in role.status.members
        assert role.update is not None
        assert "MaxSessionDuration" not in role.update.fields

    def test_shapes_of_our_own(self) -> None:
        badge = Field(map_of="Badge", immutable=True)
        role = compile_resource(
            replace(ROLE, shapes={"Badge": {"Colour": "string"}}, fields={**ROLE.fields, "badges": badge})
        )
        node = role.spec.at("badges")
        assert (node.type, list(node.element.members) if node.element else []) == (Type.MAP, ["colour"])

    def test_tokens_are_ours_or_a_field(self) -> None:
        access_point = Resource(
            service="efs",
            kind="AccessPoint",
            not_found=["AccessPointNotFound"],
            operations=Operations(update="-"),
            fields={"accessPointID": Field(identifier=True)},
        )
        ours = compile_resource(access_point)
        assert "clientToken" not in ours.spec.members
        assert binding(ours.create, "ClientToken") == Binding("ClientToken", "token")
        theirs = compile_resource(replace(access_point, idempotency=False))
        assert "clientToken" in theirs.spec.members
        assert theirs.create.fields["ClientToken"] == "clientToken"

    def test_a_member_that_is_said_to_take_the_token_is_no_field(self) -> None:
        certificate = Resource(
            service="acm",
            kind="Certificate",
            not_found=["ResourceNotFoundException"],
            operations=Operations(create="RequestCertificate", read="DescribeCertificate", update="-"),
            args={"RequestCertificate:IdempotencyToken": "$token"},
            tags=Tags(ignore=True),
        )
        found = compile_resource(certificate)
        assert "idempotencyToken" not in found.spec.members
        assert binding(found.create, "IdempotencyToken") == Binding("IdempotencyToken", "token")

    def test_required_is_the_models_unless_said(self) -> None:
        assert ROLE.fields["path"].required is None
        said = {**ROLE.fields, "path": Field(immutable="x", required=True)}
        said["assumeRolePolicyDocument"] = replace(said["assumeRolePolicyDocument"], required=False)
        spec = compile_resource(replace(ROLE, fields=said)).spec
        assert sorted(name for name, member in spec.members.items() if member.required) == ["name", "path"]

    def test_names_differ_by_operation(self) -> None:
        names = {"UpdateRole": {"Description": "path"}, "GetRole": {"RoleName": "Path"}}
        fields = {**ROLE.fields, "path": Field(), "description": Field(immutable=True)}
        role = compile_resource(replace(ROLE, names=names, fields=fields))
        assert role.update is not None
        assert role.update.fields["Description"] == "path"
        assert binding(role.read, "RoleName") == Binding("RoleName", "spec", "path")

    def test_wrappers_of_input_and_output(self) -> None:
        policy = Resource(
            service="cloudfront",
            kind="CachePolicy",
            not_found=["NoSuchCachePolicy"],
            scope="global",
            wrappers={
                "CreateCachePolicyInput": "CachePolicyConfig",
                "CreateCachePolicyOutput": "CachePolicy",
                "UpdateCachePolicyInput": "CachePolicyConfig",
                "UpdateCachePolicyOutput": "CachePolicy",
                "GetCachePolicy": "CachePolicy",
            },
            tags=Tags(ignore=True),
            tokens=[Token("ETag", "IfMatch")],
            fields={"id": Field(identifier=True, status=True)},
        )
        made = compile_resource(policy)
        assert {"name", "minTTL", "parametersInCacheKeyAndForwardedToOrigin"} <= made.spec.members.keys()
        assert (made.create.at, made.create.out) == ("CachePolicyConfig", "CachePolicy")
        assert made.update is not None
        assert made.update.fields["Name"] == "name"
        assert binding(made.update, "Id") == Binding("Id", "status", "id")

    def test_an_arn_and_an_owner_go_to_the_metadata(self) -> None:
        fields = {"roleID": Field(owner_account=True, aws="RoleId"), "arn": Field(arn=True, aws="Arn")}
        role = compile_resource(replace(ROLE, fields={**ROLE.fields, **fields}))
        assert (role.arn_member, role.owner_member) == ("Arn", "RoleId")
        assert not {"arn", "roleID"} & {*role.status.members, *role.spec.members}

    def test_a_reference_takes_the_name_it_is_given(self) -> None:
        fields = {**ROLE.fields, "description": Field(ref=Ref("x", "Y"), name_as="TextId")}
        assert "textRef" in compile_resource(replace(ROLE, fields=fields)).spec.members

    def test_columns_can_be_ordered_and_need_no_synced(self) -> None:
        fields = {
            **ROLE.fields,
            "path": Field(immutable="x", column=Column("Z", index=0)),
            "description": Field(column=Column("A", index=1)),
            "createDate": Field(status=True, column=Column("Made", index=2)),
        }
        role = compile_resource(replace(ROLE, fields=fields, order_columns_by="index", synced_column=False))
        assert [(each.name, each.path, each.type) for each in role.columns] == [
            ("Z", ".spec.path", "string"),
            ("A", ".spec.description", "string"),
            ("Made", ".status.createDate", "date"),
        ]

    def test_a_facet_that_only_reads_is_status(self) -> None:
        usage = Field(facet=Facet(get="GetServiceLastAccessedDetails:JobStatus"), status=True)
        with pytest.raises(DefinitionError, match="GetServiceLastAccessedDetails demands JobId"):
            compile_resource(replace(ROLE, fields={**ROLE.fields, "usage": usage}))
        listed = Field(facet=Facet(get="ListInstanceProfilesForRole:InstanceProfiles"))
        role = compile_resource(replace(ROLE, fields={**ROLE.fields, "profiles": listed}))
        assert "profiles" in role.status.members
        assert role.aspect("profiles").paths == ()
        assert role.aspect("profiles").path == "status.profiles"

    def test_groups_collect_what_says_the_same_update(self) -> None:
        fields = {**ROLE.fields, "description": Field(update="UpdateRoleDescription", after=["policies"])}
        role = compile_resource(replace(ROLE, fields=fields))
        (group,) = by_kind(role, AspectKind.GROUP)
        assert group.name == "UpdateRoleDescription"
        assert (group.paths, group.after, group.in_create) == (("description",), ("policies",), True)
        assert group.put is not None
        assert group.put.fields == {"Description": "description"}

    def test_a_write_may_go_to_another_member(self) -> None:
        group = Resource(
            service="iam",
            kind="Group",
            not_found=["NoSuchEntity"],
            tags=Tags(ignore=True),
            fields={"name": Field(aws="GroupName", identifier=True), "path": Field(write="NewPath")},
        )
        made = compile_resource(group)
        assert made.update is not None
        assert made.update.fields == {"NewPath": "path"}

    @pytest.mark.parametrize(
        ("path", "role", "expected"),
        [
            ("policies", "put", "AttachRolePolicy"),
            ("description", "update", "UpdateRole"),
            ("tags", "tag", "TagRole"),
        ],
    )
    def test_operations_tell_what_they_serve(self, path: str, role: str, expected: str) -> None:
        usages = compile_resource(ROLE).operations()
        assert expected in [usage.operation for usage in usages if usage.role == role and path in usage.paths]
