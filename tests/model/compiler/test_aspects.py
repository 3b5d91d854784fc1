"""What reads and writes a part of an object: attribute maps, members, facets, tags."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.model.compiler.parts import binding, properties
from tests.model.kinds import QUEUE, ROLE, TABLE

from ackpy.errors import DefinitionError
from ackpy.model.compiler import compile_service
from ackpy.model.definition import Field, Resource
from ackpy.model.descriptor import Binding, Descriptor


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

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            (Field(read="TimeToLiveStatus"), "'TimeToLiveStatus' is a string, the property a boolean: give it a codec"),
            (
                Field(read="TimeToLiveState"),
                "member of TimeToLiveDescription 'TimeToLiveState' does not exist; near it",
            ),
        ],
    )
    def test_a_value_that_is_read_as_something_else(self, said: Field, message: str) -> None:
        wrong = replace(TABLE, fields={**TABLE.fields, "timeToLive.enabled": said})
        with pytest.raises(DefinitionError, match=f"timeToLive.enabled: .*{message}"):
            compile_service([wrong])
