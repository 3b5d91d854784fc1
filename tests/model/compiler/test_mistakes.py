"""Mistakes in a definition, and what is said of them."""

from dataclasses import replace
from typing import Any

import pytest
from tests.model.kinds import ROLE, TABLE

from ackpy.errors import DefinitionError
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import (
    By,
    Column,
    Facet,
    Field,
    Group,
    Lookup,
    Operations,
    Resource,
    State,
    Tags,
    Token,
    Variant,
)
from ackpy.model.descriptor import Type
from ackpy.model.hooks import Hooks
from ackpy.model.when import has


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
            (
                {"fields": {"description": Field(read="MaxSessionDuration")}},
                r"description: read='MaxSessionDuration' is a integer, the property a string: give it a codec",
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
