"""The definition's words about the model, one by one, on a kind where each matters."""

from dataclasses import replace

import pytest
from tests.model.compiler.parts import binding
from tests.model.kinds import ROLE

from ackpy.errors import DefinitionError
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Column, Facet, Field, Operations, Ref, Resource, Tags, Token
from ackpy.model.descriptor import Aspect, AspectKind, Binding, Descriptor, Type


def by_kind(descriptor: Descriptor, kind: AspectKind) -> list[Aspect]:
    return [each for each in descriptor.aspects if each.kind is kind]


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
