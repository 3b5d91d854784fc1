"""The kinds of one service, which are compiled together."""

from dataclasses import replace

from tests.model.kinds import FUNCTION, KINDS

from ackpy.model.compiler import compile_resource, compile_service
from ackpy.model.definition import Field, Operations, Ref, Resource, Tags


def test_kinds_come_in_the_order_given() -> None:
    assert [each.kind for each in compile_service(KINDS)] == [each.kind for each in KINDS]


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
