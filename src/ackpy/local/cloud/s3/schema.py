"""Holds a request's body against S3's model, as AWS does before it looks at the content: MalformedXML otherwise.

moto's parser reads what it knows and skips the rest; AWS refuses elements that its schema does not name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from botocore.validate import ParamValidator

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.protocol import malformed

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call

_CASELESS = frozenset({"FilterRuleName"})  # texts with a fixed choice that S3 takes in any case


def payload_member(call: Call) -> str:
    """The input member that the body holds."""
    shape = call.operation.model.input_shape
    return str(shape.serialization["payload"]) if shape is not None else ""


def checked_parameters(call: Call) -> dict[str, Any]:
    """The members of the input, once the body is known to fit. Raises ServiceError."""
    member = payload_member(call)
    shape: Any = call.operation.model.input_shape
    parameters = call.parameters()
    if not call.request.body and member not in parameters:
        raise ServiceError("MissingRequestBodyError", "Request Body is empty")
    if call.request.body:
        check_body(call)
    if ParamValidator().validate(parameters, shape).has_errors() or not _enums_hold(parameters, shape):
        raise malformed(call.operation)
    return parameters


def check_body(call: Call) -> None:
    """Refuse a body whose elements are not those of the model; their values are not looked at. Raises ServiceError."""
    shape: Any = call.operation.model.input_shape
    body = None if shape is None else shape.members.get(shape.serialization.get("payload", ""))
    if body is not None and body.type_name == "structure" and not _fits(_root(call), body):
        raise malformed(call.operation)


def _root(call: Call) -> ET.Element:
    try:
        return ET.fromstring(call.request.body)  # noqa: S314  # loopback, and expat refuses entity bombs
    except ET.ParseError as error:
        raise malformed(call.operation) from error


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fits(element: ET.Element, shape: Any) -> bool:
    """Whether every element below is one that the shape names."""
    if shape.type_name == "structure":
        known = {_element_name(name, member): member for name, member in shape.members.items()}
        return all(_tag(child) in known and _fits_member(child, known[_tag(child)]) for child in element)
    if shape.type_name == "list":
        return all(_tag(child) == _item_name(shape) and _fits(child, shape.member) for child in element)
    return len(element) == 0


def _fits_member(element: ET.Element, member: Any) -> bool:
    """A flattened list's element is one of its items."""
    return _fits(element, member.member if _is_flat(member) else member)


def _is_flat(shape: Any) -> bool:
    return shape.type_name == "list" and bool(shape.serialization.get("flattened"))


def _item_name(shape: Any) -> str:
    return str(shape.member.serialization.get("name", "member"))


def _element_name(name: str, member: Any) -> str:
    if _is_flat(member) and "name" in member.member.serialization:
        return str(member.member.serialization["name"])
    return str(member.serialization.get("name", name))


def _enums_hold(value: Any, shape: Any) -> bool:
    """Whether every text with a fixed choice is one of the choices."""
    if shape.type_name == "structure":
        members = shape.members
        return all(_enums_hold(item, members[name]) for name, item in value.items() if name in members)
    if shape.type_name == "list":
        return all(_enums_hold(item, shape.member) for item in value)
    choices = getattr(shape, "enum", None)
    return not choices or (value.lower() if shape.name in _CASELESS else value) in choices
