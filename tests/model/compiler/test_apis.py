import pytest

from ackpy.errors import DefinitionError
from ackpy.model.compiler.apis import Apis, classify
from ackpy.model.definition import Attributes, Lookup, Operations, Resource
from ackpy.model.shapes import Model, load_model


@pytest.fixture(scope="module")
def ecr() -> Model:
    return load_model("ecr")


@pytest.mark.parametrize(
    ("operation", "kinds", "expected"),
    [
        ("CreateOrUpdateTags", (), ("replace", "Tags")),
        ("BatchCreateThings", (), ("create-batch", "Thing")),
        ("CreateBatchThings", ("Things",), ("create-batch", "Things")),
        ("CreateRepository", (), ("create", "Repository")),
        ("CreateTags", (), ("create-batch", "Tag")),
        ("CreateDhcpOptions", (), ("create-batch", "DhcpOption")),
        ("CreateDhcpOptions", ("DHCPOptions",), ("create", "DhcpOptions")),
        ("ModifyDBInstance", (), ("update", "DBInstance")),
        ("UpdateTable", (), ("update", "Table")),
        ("DeleteBucket", (), ("delete", "Bucket")),
        ("DescribeTable", (), ("get", "Table")),
        ("DescribeRepositories", (), ("list", "Repository")),
        ("DescribeDhcpOptions", ("DHCPOptions",), ("list", "DhcpOptions")),
        ("GetQueueAttributes", (), ("get-attributes", "Queue")),
        ("GetRole", (), ("get", "Role")),
        ("GetBuckets", (), ("list", "Bucket")),
        ("GetBuckets", ("Buckets",), ("get", "Buckets")),
        ("ListRoles", (), ("list", "Role")),
        ("ListRoles", ("Roles",), ("list", "Roles")),
        ("SetTopicAttributes", (), ("set-attributes", "Topic")),
        ("AssumeRole", (), ("unknown", "AssumeRole")),
    ],
)
def test_an_operation_tells_verb_and_kind(operation: str, kinds: tuple[str, ...], expected: tuple[str, str]) -> None:
    assert classify(operation, kinds) == expected


def resource(kind: str, **words: object) -> Resource:
    return Resource(service="ecr", kind=kind, not_found=["X"], **words)  # type: ignore[arg-type]


def test_a_list_reads_where_nothing_else_does(ecr: Model) -> None:
    roles = Apis(ecr, ["Repository"]).roles(resource("Repository"))
    assert roles.read is not None
    assert roles.delete is not None
    assert (roles.create.name, roles.read.name, roles.many, roles.update, roles.delete.name) == (
        "CreateRepository",
        "DescribeRepositories",
        True,
        None,
        "DeleteRepository",
    )


def test_the_definition_decides_before_the_rules(ecr: Model) -> None:
    said = Operations(read="GetRepositoryPolicy", update="PutImageTagMutability", delete="-")
    roles = Apis(ecr, ["Repository"]).roles(resource("Repository", operations=said))
    assert roles.read is not None
    assert roles.update is not None
    assert (roles.read.name, roles.many, roles.update.name, roles.delete) == (
        "GetRepositoryPolicy",
        False,
        "PutImageTagMutability",
        None,
    )


def test_a_lookup_is_a_list(ecr: Model) -> None:
    roles = Apis(ecr, ["Repository"]).roles(
        resource("Repository", lookup=Lookup(list="DescribeRepositories:repositories"))
    )
    assert roles.many


def test_attributes_read_the_core() -> None:
    sqs = load_model("sqs")
    said = resource("Queue", attributes=Attributes(get="GetQueueAttributes", set="SetQueueAttributes"))
    roles = Apis(sqs, ["Queue"]).roles(said)
    assert roles.read is not None
    assert (roles.read.name, roles.many) == ("GetQueueAttributes", False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "no operation of ecr creates it; name it with operations=Operations"),
        (
            {"operations": Operations(create="CreateRepositry")},
            "operation of ecr 'CreateRepositry' does not exist; near it: CreateRepository",
        ),
    ],
)
def test_a_kind_that_nothing_creates_is_refused(ecr: Model, words: dict[str, object], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        Apis(ecr, ["Warehouse"]).roles(resource("Warehouse", **words))
