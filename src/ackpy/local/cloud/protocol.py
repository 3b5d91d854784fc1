"""A request <-> an operation of AWS and its members, by botocore's models; called by the cloud for every request.

The routing, the parsing of members and the writing of results are moto's, which follow the published protocols.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest, parsed

READ_METHODS = frozenset({"GET", "HEAD"})
READ_VERB = re.compile(
    "(?:BatchCheck|BatchGet|Check|Decode|Describe|Discover|Estimate|Filter|Get|Head|List|Lookup|Preview|Query|Scan|Search"
    "|Select|Simulate|Validate)(?=[A-Z]|$)"
)
ISSUING = frozenset({"GetFederationToken", "GetSessionToken"})  # they make keys that must be known later


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as a request named it; `protocol` is the one that the request speaks."""

    service: str
    name: str
    protocol: str
    model: OperationModel
    path_params: Mapping[str, str]

    @property
    def reads(self) -> bool:
        """Whether AWS changes nothing by it: a GET or HEAD of a REST protocol, or a verb that reads."""
        by_method = self.protocol.startswith("rest") and str(self.model.http["method"]) in READ_METHODS
        by_verb = READ_VERB.match(self.name) is not None and self.name not in ISSUING
        return by_method or by_verb


@cache
def service_model(service: str) -> ServiceModel | None:
    """The service's model, or None when botocore has no such service."""
    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def identify(request: HttpRequest, services: Iterable[str]) -> Operation | None:
    """The operation that the request names, of the first service that has it."""
    message = parsed(request)
    for service in services:
        model = service_model(service)
        if model is None:
            continue
        try:
            protocol = determine_request_protocol(model, message.content_type)
            operation, path_params = get_service_router(service).match(message)
        except (NotFound, NotImplementedError):  # moto's word for a protocol that the service does not speak
            continue
        return Operation(service, str(operation.name), protocol, operation, path_params)
    return None


def signed_for(operation: Operation, signing_name: str) -> Operation:
    """The operation, where two have the same request and the name in the signature tells which: the lists of S3's two sorts of buckets."""
    model = service_model(operation.service)
    if operation.name != "ListBuckets" or signing_name != "s3express" or model is None:
        return operation
    return replace(operation, name="ListDirectoryBuckets", model=model.operation_model("ListDirectoryBuckets"))


def parameters(operation: Operation, request: HttpRequest) -> dict[str, Any]:
    """The members of the operation's input as plain values (timestamps as ISO 8601 text). Raises ServiceError."""
    shape = operation.model.input_shape
    if shape is None:
        return {}
    message = parsed(request)
    content: RequestDict = {
        "method": request.method,
        "values": message.values,
        "headers": message.headers,
        "body": request.body,
        "url_path": request.path,
        "url_params": dict(operation.path_params),
    }
    try:
        members = PROTOCOL_PARSERS[operation.protocol](operation.model).parse(content)
    except (RequestParserError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise malformed(operation) from error
    plain: dict[str, Any] = _plain(members)
    return plain


def malformed(operation: Operation) -> ServiceError:
    """The refusal of a body that does not fit the operation's input."""
    if "xml" in operation.protocol:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return ServiceError("MalformedXML", message)
    return ServiceError("SerializationException", f"The body is not a valid input of {operation.name}.")


def result_answer(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpAnswer:
    """The result's members as the operation's protocol writes them."""
    writer = get_serializer_class(operation.service, operation.protocol)
    context = SerializationContext(request_id)
    answer = writer(operation_model=operation.model, context=context).serialize(dict(result))
    body = answer["body"]
    headers = {name.lower(): str(value) for name, value in answer["headers"].items()}
    return HttpAnswer(answer["status_code"], headers, body.encode() if isinstance(body, str) else body)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value
