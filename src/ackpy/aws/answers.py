"""A raw HTTP answer -> is it AWS's? Registered by session on botocore's `before-parse` event of every client.

botocore's parsers are lenient: an HTML page with status 200, or half a JSON document, becomes an empty result, and an HTML 404 an
error with code "404". An empty result reads as "nothing is there", and on that the reconciler would create or forget things. So an
answer that cannot be AWS's raises `Stranger`, which becomes NoAwsAnswer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

import orjson
from botocore.model import OperationModel

from ackpy.aws.failures import Stranger

_CODE_HEADERS: Final = ("x-amzn-errortype", "x-amzn-query-error")
_CODE_MEMBERS: Final = ("__type", "code", "Code")
_XML: Final = frozenset({"rest-xml", "query", "ec2"})
_JSON: Final = frozenset({"json", "rest-json"})


def check(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Return if the answer may be AWS's; Stranger says what it is instead. The arguments are those of `before-parse`."""
    status: int = response_dict["status_code"]
    headers: Mapping[str, str] = response_dict["headers"]
    body = response_dict["body"]
    if status < 300 and (operation_model.has_streaming_output or operation_model.has_event_stream_output):
        return
    if headers.get("content-type", "").startswith("text/html"):
        raise Stranger(status, f"HTTP {status} with an HTML page")
    if status < 300:
        _check_success(operation_model, body, status)
    elif operation_model.http.get("method") != "HEAD" and not _has_code(operation_model, headers, body):
        raise Stranger(status, f"HTTP {status} without an error code")


def _check_success(operation: OperationModel, body: bytes, status: int) -> None:
    if body and _protocol(operation) in _JSON and not _is_payload(operation) and not isinstance(_json(body), dict):
        raise Stranger(status, f"HTTP {status}, and the body is no JSON object")


def _is_payload(operation: OperationModel) -> bool:
    output = operation.output_shape
    return output is None or "payload" in output.serialization


def _has_code(operation: OperationModel, headers: Mapping[str, str], body: bytes) -> bool:
    if any(headers.get(name) for name in _CODE_HEADERS):
        return True
    protocol = _protocol(operation)
    if protocol in _XML:
        return _xml_code(body)
    if protocol in _JSON:
        document = _json(body)
        return isinstance(document, dict) and any(document.get(name) for name in _CODE_MEMBERS)
    return bool(body)


def _xml_code(body: bytes) -> bool:
    try:
        return bool(ET.fromstring(body).findtext(".//{*}Code"))  # noqa: S314  expat; botocore parses it so too
    except ET.ParseError:
        return False


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _protocol(operation: OperationModel) -> str:
    return str(operation.service_model.resolved_protocol)
