"""Requests and answers of kinds that the catalog does not hold yet: attribute maps, members, variants, tags as a map."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from tests.model import kinds

from ackpy.model import request, response, secret
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Field, Members, Operations, Resource, Tags
from ackpy.model.delta import Mode, delta
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Call, Scope, View

SCOPE = Scope(account="123456789012", region="eu-west-1", token="t-1")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"

QUEUE, ROLE, TABLE, CLUSTER = map(compile_resource, (kinds.QUEUE, kinds.ROLE, kinds.TABLE, kinds.CLUSTER))
GROUP = compile_resource(
    Resource(
        service="ec2",
        kind="SecurityGroup",
        not_found=["InvalidGroup.NotFound"],
        operations=Operations(update="-"),
        tags=Tags(ignore=True),
        ignore=["CreateSecurityGroupInput.DryRun", "CreateSecurityGroupInput.TagSpecifications"],
        fields={
            "groupName": Field(immutable=True),
            "groupID": Field(identifier=True),
            "egressRules": Field(
                list_of="IpPermission",
                facet=Members(
                    list="",
                    add="AuthorizeSecurityGroupEgress:IpPermissions",
                    remove="RevokeSecurityGroupEgress:IpPermissions",
                    batch=2,
                ),
            ),
        },
    )
)


def sent(descriptor: Descriptor, calls: tuple[Call | None, ...]) -> list[tuple[str, dict[str, Any]]]:
    """The calls as they go out, after botocore's own validation."""
    service = ServiceModel(botocore.loaders.create_loader().load_service_model(descriptor.model, "service-2"))
    found = []
    for call in calls:
        assert call is not None
        shape: Any = service.operation_model(call.operation).input_shape
        validate_parameters(call.plain(), shape)
        found.append((call.operation, call.plain()))
    return found


class TestQueue:
    def test_a_queue_is_made_with_texts(self) -> None:
        view = View({"queueName": "q", "delaySeconds": "5", "tags": {"a": "b"}})
        assert sent(QUEUE, (request.create(QUEUE, view, SCOPE),)) == [
            ("CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"a": "b"}})
        ]

    def test_a_queue_without_its_url_was_never_made(self) -> None:
        attributes = QUEUE.aspect("attributes")
        assert request.get(QUEUE, attributes, View({"queueName": "q"}), SCOPE) is None
        assert request.delete(QUEUE, View({"queueName": "q"}), SCOPE) is None

    def test_changed_and_cleared_attributes_go_in_one_call(self) -> None:
        desired = View({"queueName": "q", "delaySeconds": "5"}, {"queueURL": URL})
        latest = View({"queueName": "q", "delaySeconds": "0", "policy": "{}"}, {"queueURL": URL})
        modes = {"delaySeconds": Mode.LEAVES, "policy": Mode.CLEAR}
        changed = delta(QUEUE, desired.spec, latest.spec, modes)
        calls = request.attributes(QUEUE, QUEUE.aspect("attributes"), changed, desired, latest, SCOPE)
        assert sent(QUEUE, calls) == [
            ("SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"DelaySeconds": "5", "Policy": ""}})
        ]

    def test_attributes_are_read(self) -> None:
        aspect = QUEUE.aspect("attributes")
        call = request.get(QUEUE, aspect, View({}, {"queueURL": URL}), SCOPE)
        assert sent(QUEUE, (call,)) == [("GetQueueAttributes", {"QueueUrl": URL, "AttributeNames": ["All"]})]
        answer = {"Attributes": {"DelaySeconds": "0", "ApproximateNumberOfMessages": "7"}}
        assert response.observed(QUEUE, aspect, answer) == {"delaySeconds": "0"}

    def test_tags_are_a_map(self) -> None:
        desired = View({"tags": {"a": "1", "b": "2"}}, {"queueURL": URL})
        latest = View({"tags": {"b": "1", "c": "3"}}, {"queueURL": URL})
        assert sent(QUEUE, request.tags(QUEUE, QUEUE.aspect("tags"), desired, latest, SCOPE)) == [
            ("UntagQueue", {"QueueUrl": URL, "TagKeys": ["c"]}),
            ("TagQueue", {"QueueUrl": URL, "Tags": {"a": "1", "b": "2"}}),
        ]


class TestRole:
    def test_policies_are_attached_and_detached(self) -> None:
        one, other = "arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Other"
        desired, latest = View({"name": "r", "policies": [one]}), View({"name": "r", "policies": [other]})
        assert sent(ROLE, request.members(ROLE, ROLE.aspect("policies"), desired, latest, SCOPE)) == [
            ("AttachRolePolicy", {"RoleName": "r", "PolicyArn": one}),
            ("DetachRolePolicy", {"RoleName": "r", "PolicyArn": other}),
        ]
        answer = {"AttachedPolicies": [{"PolicyName": "One", "PolicyArn": one}]}
        assert response.observed(ROLE, ROLE.aspect("policies"), answer) == {"policies": [one]}

    def test_inline_policies_are_named(self) -> None:
        aspect = ROLE.aspect("inlinePolicies")
        desired, latest = (
            View({"name": "r", "inlinePolicies": {"a": "{}"}}),
            View({"name": "r", "inlinePolicies": {"b": "{}"}}),
        )
        assert sent(ROLE, request.members(ROLE, aspect, desired, latest, SCOPE)) == [
            ("PutRolePolicy", {"RoleName": "r", "PolicyName": "a", "PolicyDocument": "{}"}),
            ("DeleteRolePolicy", {"RoleName": "r", "PolicyName": "b"}),
        ]
        assert response.keys(ROLE, aspect, {"PolicyNames": ["a", "b"]}) == ("a", "b")
        assert sent(ROLE, (request.one(ROLE, aspect, "a", desired, SCOPE),)) == [
            ("GetRolePolicy", {"RoleName": "r", "PolicyName": "a"})
        ]
        read = {"a": response.element(ROLE, aspect, {"PolicyName": "a", "PolicyDocument": "{}"})}
        assert response.collect(ROLE, aspect, read) == {"inlinePolicies": {"a": "{}"}}

    def test_the_core_answers_what_has_no_read_of_its_own(self) -> None:
        assert ROLE.read is not None
        role = {
            "RoleName": "r",
            "Arn": "arn:aws:iam::123456789012:role/r",
            "AssumeRolePolicyDocument": "{}",
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"},
        }
        observed = response.core(ROLE, ROLE.read, {"Role": role})
        assert observed.arn == "arn:aws:iam::123456789012:role/r"
        assert observed.spec["permissionsBoundary"] == "arn:b"
        assert {"permissionsBoundary", "assumeRolePolicyDocument"} <= observed.carried

    def test_a_boundary_is_put_and_deleted(self) -> None:
        aspect = ROLE.aspect("permissionsBoundary")
        arn = "arn:aws:iam::aws:policy/Boundary"
        desired, bare = View({"name": "r", "permissionsBoundary": arn}), View({"name": "r"})
        calls = (request.put(ROLE, aspect, desired, bare, SCOPE), request.clear(ROLE, aspect, bare, desired, SCOPE))
        assert sent(ROLE, calls) == [
            ("PutRolePermissionsBoundary", {"RoleName": "r", "PermissionsBoundary": arn}),
            ("DeleteRolePermissionsBoundary", {"RoleName": "r"}),
        ]


class TestTable:
    def test_each_update_of_an_index_takes_its_own_part(self) -> None:
        def index(name: str, units: int) -> dict[str, Any]:
            return {
                "indexName": name,
                "keySchema": [{"attributeName": "k", "keyType": "HASH"}],
                "projection": {"projectionType": "ALL"},
                "provisionedThroughput": {"readCapacityUnits": units, "writeCapacityUnits": 1},
            }

        desired = View({"tableName": "t", "globalSecondaryIndexes": [index("new", 1), index("same", 2)]})
        latest = View({"tableName": "t", "globalSecondaryIndexes": [index("same", 1), index("gone", 1)]})
        calls = request.members(TABLE, TABLE.aspect("globalSecondaryIndexes"), desired, latest, SCOPE)
        updates = [params["GlobalSecondaryIndexUpdates"] for _, params in sent(TABLE, calls)]
        assert [list(each) for [each] in updates] == [["Create"], ["Update"], ["Delete"]]
        assert updates[1] == [
            {
                "Update": {
                    "IndexName": "same",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 1},
                }
            }
        ]
        assert updates[2] == [{"Delete": {"IndexName": "gone"}}]


class TestGroup:
    def test_rules_go_in_batches(self) -> None:
        rules = [{"ipProtocol": "tcp", "fromPort": port, "toPort": port} for port in (1, 2, 3)]
        desired, latest = (
            View({"egressRules": rules[:1]}, {"groupID": "sg-1"}),
            View({"egressRules": rules[1:]}, {"groupID": "sg-1"}),
        )
        aspect = GROUP.aspect("egressRules")
        assert [
            (name, [each["FromPort"] for each in params["IpPermissions"]])
            for name, params in sent(GROUP, request.members(GROUP, aspect, desired, latest, SCOPE))
        ] == [("AuthorizeSecurityGroupEgress", [1]), ("RevokeSecurityGroupEgress", [2, 3])]


class TestCluster:
    SPEC: dict[str, Any] = {  # noqa: RUF012  a constant of the test
        "dbClusterIdentifier": "c",
        "engine": "aurora-mysql",
        "masterUserPassword": {"name": "s", "key": "k"},
    }

    def test_a_password_comes_from_a_secret(self) -> None:
        assert [path for path, _ in secret.references(CLUSTER, self.SPEC)] == ["masterUserPassword"]
        spec = secret.resolve(self.SPEC, {"masterUserPassword": "hunter2hunter2"})
        call = request.create(CLUSTER, View(spec), SCOPE)
        assert "hunter2" not in repr(call)
        [(name, params)] = sent(CLUSTER, (call,))
        assert (name, params["MasterUserPassword"]) == ("CreateDBCluster", "hunter2hunter2")

    def test_a_snapshot_is_restored(self) -> None:
        spec = secret.resolve({**self.SPEC, "snapshotIdentifier": "snap"}, {"masterUserPassword": "x"})
        [(name, params)] = sent(CLUSTER, (request.create(CLUSTER, View(spec), SCOPE),))
        assert (name, params["SnapshotIdentifier"]) == ("RestoreDBClusterFromSnapshot", "snap")
        assert "MasterUserPassword" not in params


@pytest.mark.parametrize("kind", [QUEUE, ROLE, TABLE, CLUSTER, GROUP], ids=lambda kind: kind.kind)
def test_an_object_that_was_never_made_is_not_read(kind: Descriptor) -> None:
    reads = [aspect.get for aspect in kind.aspects if aspect.get is not None]
    assert request.read(kind, View({}), SCOPE) is None
    assert all(request.get(kind, each, View({}), SCOPE) is None for each in kind.aspects if each.get in reads)
