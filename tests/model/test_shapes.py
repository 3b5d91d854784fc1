from typing import Any

import pytest

from ackpy.errors import DefinitionError
from ackpy.model.descriptor import Type
from ackpy.model.shapes import Model, load_model


def model(shapes: dict[str, Any], operations: dict[str, Any] | None = None, service: str = "toy") -> Model:
    return Model(service, {"shapes": shapes, "operations": operations or {}})


TOY: dict[str, Any] = {
    "Str": {"type": "string"},
    "tokenShape": {"type": "string", "idempotencyToken": True},
    "thing": {
        "type": "structure",
        "members": {"name": {"shape": "Str"}, "String": {"shape": "Str"}},
        "required": ["name"],
    },
    "MakeRequest": {
        "type": "structure",
        "members": {
            "thing": {"shape": "thing"},
            "clientToken": {"shape": "Str", "idempotencyToken": True},
            "other": {"shape": "tokenShape"},
        },
    },
    "SomethingOutput": {"type": "structure", "members": {"name": {"shape": "Str"}}},
    "Names": {"type": "list", "member": {"shape": "thing"}},
    "Level": {"type": "integer"},
    "Choice": {
        "type": "structure",
        "union": True,
        "members": {"a": {"shape": "Str"}, "b": {"shape": "SomethingOutput"}},
    },
    "Keys": {"type": "string", "enum": ["One", "Two"]},
    "Attributes": {"type": "map", "key": {"shape": "Keys"}, "value": {"shape": "Str"}},
    "MakeOutput": {"type": "structure", "members": {"all": {"shape": "Names"}}},
}
OPERATIONS = {
    "makeThing": {"name": "makeThing", "input": {"shape": "MakeRequest"}, "output": {"shape": "thing"}},
    "Make": {"name": "Make", "input": {"shape": "MakeRequest"}, "output": {"shape": "MakeOutput"}},
    "Ping": {"name": "Ping"},
}


def test_names_begin_with_a_capital_and_remember_botocores() -> None:
    toy = model(TOY, OPERATIONS)
    assert toy.shape("Thing").members["Name"].wire == "name"
    assert toy.shape("Thing").member("name") == toy.shape("Thing").member("Name")
    assert toy.shape("Thing").required == {"Name"}
    assert toy.operation("makeThing") is toy.operation("MakeThing")
    found = toy.operation("makeThing")
    assert found is not None
    assert (found.name, found.wire) == ("MakeThing", "makeThing")


def test_operations_have_inputs_and_outputs_of_their_own() -> None:
    toy = model(TOY, OPERATIONS)
    toy.put(toy.shape("MakeInput").without(["Thing"]))
    assert toy.shape("MakeInput").member("thing") is None
    assert toy.shape("MakeThingInput").member("thing") is not None
    assert toy.shape("MakeThingOutput").member("name") is not None
    assert toy.shape("PingInput").members == {}
    assert toy.shape("PingOutput").type is Type.STRUCTURE


def test_other_shapes_that_end_like_an_output_get_an_underscore() -> None:
    toy = model(TOY, OPERATIONS)
    assert toy.find("SomethingOutput") is None
    assert toy.shape("SomethingOutput_").member("Name") is not None
    assert toy.shape("Choice").members["B"].shape == "SomethingOutput_"
    assert toy.shape("MakeOutput").member("all") is not None


def test_tokens_are_seen_on_the_member_and_on_its_shape() -> None:
    members = model(TOY, OPERATIONS).shape("MakeInput").members
    assert [name for name, member in members.items() if member.token] == ["ClientToken", "Other"]


def test_members_named_like_go_methods_get_an_underscore() -> None:
    assert "String_" in model(TOY).shape("Thing").members


def test_unions_and_enums_are_kept() -> None:
    toy = model(TOY)
    assert toy.shape("Choice").union
    assert toy.shape("Attributes").values == ("One", "Two")


@pytest.mark.parametrize(
    ("expression", "kind", "element"),
    [
        ("[]Thing", Type.LIST, "Thing"),
        ("map[string][]Thing", Type.MAP, "[]Thing"),
        ("timestamp", Type.TIMESTAMP, ""),
        ("blob", Type.BLOB, ""),
    ],
)
def test_type_expressions(expression: str, kind: Type, element: str) -> None:
    found = model(TOY).shape(expression)
    assert (found.type, found.element) == (kind, element)


@pytest.mark.parametrize("name", ["Thimg", "[]Thimg", "map[string]Thimg"])
def test_an_unknown_shape_names_the_nearest(name: str) -> None:
    with pytest.raises(DefinitionError, match=r"toy has no shape .*Thimg"):
        model(TOY).shape(name)
    with pytest.raises(DefinitionError, match="near it: Thing"):
        model(TOY).shape("Thimg")


def test_pristine_forgets_what_was_cut() -> None:
    toy = model(TOY)
    toy.put(toy.shape("Thing").without(["Name"]))
    assert toy.shape("Thing").required == frozenset()
    assert toy.pristine("Thing").member("name") is not None


def test_an_unknown_service_names_the_nearest() -> None:
    with pytest.raises(DefinitionError, match=r"botocore has no service 'stepfunction'; near it: stepfunctions"):
        load_model("stepfunction")


def test_s3_is_patched() -> None:
    s3 = load_model("s3")
    assert s3.shape("PutBucketPolicyInput").member("ContentMD5") is None
    assert s3.shape("PutObjectInput").member("ContentMD5") is not None
    expires = s3.shape("GetObjectOutput").member("Expires")
    assert expires is not None
    assert s3.shape(expires.shape).type is Type.STRING


def test_rds_takes_the_regions_of_a_copy() -> None:
    rds = load_model("rds")
    destination = rds.shape("CreateDBClusterInput").members["DestinationRegion"]
    assert destination.wire == ""  # botocore refuses it in a request
    assert rds.shape("CreateDBClusterInput").members["SourceRegion"].wire == "SourceRegion"
    assert rds.shape("CreateDBInstanceInput").member("DestinationRegion") is None


def test_every_shape_of_a_large_service_converts() -> None:
    ec2 = load_model("ec2")
    names = ec2.names()
    assert len(names) > 5000
    for name in names:
        shape = ec2.shape(name)
        assert list(shape.members) == sorted(shape.members)
        assert all(ec2.find(member.shape) for member in shape.members.values())
