from dataclasses import replace

import pytest
import yaml

from ackpy.model.crd import custom_resource_definition, to_yaml
from ackpy.model.definition import Column, Resource
from ackpy.model.descriptor import Descriptor, Member, Node, Operation, Role, Type
from ackpy.model.hooks import Hooks
from ackpy.model.schema import Schema, schema

TEXT = Node(Type.STRING, doc="<p>A <b>text</b>.</p>")


def kind(spec: Node, **changes: object) -> Descriptor:
    made = Descriptor(
        definition=Resource(service="toy", kind="Thing", not_found=["X"], short_names=["th"]),
        group="toy.services.k8s.aws",
        version="v1alpha1",
        kind="Thing",
        plural="things",
        singular="thing",
        service="toy",
        model="toy",
        spec=spec,
        status=Node(Type.STRUCTURE),
        identifiers=("name",),
        aspects=(),
        rules={},
        read=None,
        create=Operation("CreateThing", Role.CREATE),
        update=None,
        delete=None,
        variants=(),
        tags=None,
        columns=(Column("Name", ".spec.name", "string", priority=1),),
        hooks=Hooks(),
        documentation="<p>A thing.</p>",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(Type.STRING), {"type": "string"}),
        (Node(Type.BOOLEAN), {"type": "boolean"}),
        (Node(Type.INTEGER), {"type": "integer", "format": "int64"}),
        (Node(Type.NUMBER), {"type": "number"}),
        (Node(Type.BLOB), {"type": "string", "format": "byte"}),
        (Node(Type.TIMESTAMP), {"type": "string", "format": "date-time"}),
        (Node(Type.LIST, element=Node(Type.STRING)), {"type": "array", "items": {"type": "string"}}),
        (Node(Type.MAP, element=Node(Type.BOOLEAN)), {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (Node(Type.STRUCTURE), {"type": "object", "properties": {}}),
        (
            Node(Type.STRUCTURE, members={"a": Member("a", "A", Node(Type.STRING), immutable=True)}, union=True),
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "string",
                        "x-kubernetes-validations": [
                            {"message": "Value is immutable once set", "rule": "self == oldSelf"}
                        ],
                    }
                },
            },
        ),
        (
            Node(Type.STRUCTURE, members={"a": Member("a", "A", Node(Type.STRING), immutable="make another")}),
            {"type": "object", "properties": {"a": {"type": "string"}}},
        ),
        (
            Node(Type.REFERENCE),
            {
                "type": "object",
                "properties": {
                    "from": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
                    }
                },
            },
        ),
        (
            Node(Type.SECRET),
            {
                "type": "object",
                "properties": {"key": {"type": "string"}, "name": {"type": "string"}, "namespace": {"type": "string"}},
                "required": ["key"],
                "x-kubernetes-map-type": "atomic",
            },
        ),
    ],
)
def test_schemas(node: Node, expected: Schema) -> None:
    assert schema(node, descriptions=False) == expected


def test_descriptions_are_text_and_can_be_left_out() -> None:
    assert schema(TEXT) == {"description": "A text.", "type": "string"}
    assert schema(TEXT, descriptions=False) == {"type": "string"}


def test_required_stands_at_the_top_alone() -> None:
    members = {name: Member(name, name, TEXT, required=name != "b") for name in ("c", "b", "a")}
    spec = Node(Type.STRUCTURE, members=members)
    found = custom_resource_definition(kind(spec))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert found["properties"]["spec"]["required"] == ["a", "c"]
    assert "required" not in found


def test_the_definition_around_the_schema() -> None:
    made = custom_resource_definition(kind(Node(Type.STRUCTURE)))
    assert made["metadata"] == {"name": "things.toy.services.k8s.aws"}
    assert made["spec"]["names"] == {
        "kind": "Thing",
        "listKind": "ThingList",
        "plural": "things",
        "shortNames": ["th"],
        "singular": "thing",
    }
    (version,) = made["spec"]["versions"]
    assert version["subresources"] == {"status": {}}
    assert (version["served"], version["storage"]) == (True, True)
    assert version["additionalPrinterColumns"] == [
        {"jsonPath": ".spec.name", "name": "Name", "priority": 1, "type": "string"}
    ]
    root = version["schema"]["openAPIV3Schema"]["properties"]
    assert root["spec"]["description"] == "The desired Thing.\n\nA thing."
    assert root["status"]["properties"]["ackResourceMetadata"]["required"] == ["ownerAccountID", "region"]
    assert root["status"]["properties"]["conditions"]["items"]["required"] == ["status", "type"]


def test_no_columns_no_list_of_columns() -> None:
    (version,) = custom_resource_definition(kind(Node(Type.STRUCTURE), columns=()))["spec"]["versions"]
    assert "additionalPrinterColumns" not in version


def test_yaml_reads_back_as_it_was() -> None:
    shared = Node(Type.STRUCTURE, members={"a": Member("a", "A", Node(Type.STRING, doc="one\n\ntwo: 'three' # four"))})
    spec = Node(Type.STRUCTURE, members={"x": Member("x", "X", shared), "y": Member("y", "Y", shared)})
    made = custom_resource_definition(kind(spec))
    text = to_yaml(made)
    assert yaml.safe_load(text) == made
    assert "&id" not in text
    assert text == to_yaml(custom_resource_definition(kind(spec)))
