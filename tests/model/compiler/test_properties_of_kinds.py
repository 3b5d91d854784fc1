"""Where properties come from, and what becomes of them in spec, status and create."""

from collections.abc import Callable

from tests.model.compiler.parts import binding, properties
from tests.model.kinds import CLUSTER, DHCP_OPTIONS, FUNCTION

from ackpy.model.compiler import compile_resource
from ackpy.model.crd import custom_resource_definition
from ackpy.model.definition import Field, Ref, Resource
from ackpy.model.descriptor import Binding, Descriptor


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
