"""Errors of AWS as values, and the words each protocol has for them. Raised by every handler, written by the cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from ackpy.local.cloud.wire import HttpAnswer


class ServiceError(Exception):
    """An answer of AWS that is an error: `code`, `message`, HTTP `status`, members and headers that go with it."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        members: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
        self.headers = dict(headers or {})


def error_answer(error: ServiceError, *, service: str, protocol: str, request_id: str, head: bool) -> HttpAnswer:
    """The error as the service's protocol says it; an answer to HEAD has no body, as on AWS."""
    headers, body = _FORMS["s3" if service == "s3" else protocol](error, request_id)
    return HttpAnswer(error.status, {**headers, **error.headers}, b"" if head else body.encode())


def _elements(members: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())


def _xml(body: str, content_type: str = "text/xml") -> tuple[dict[str, str], str]:
    return {"content-type": content_type}, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'


def _named(error: ServiceError) -> dict[str, str]:
    return {"Code": error.code, "Message": error.message, **error.members}


def _s3(error: ServiceError, request_id: str) -> tuple[dict[str, str], str]:
    members = {**_named(error), "RequestId": request_id, "HostId": request_id}
    return _xml(f"<Error>{_elements(members)}</Error>", "application/xml")


def _query(error: ServiceError, request_id: str) -> tuple[dict[str, str], str]:
    members = {"Type": "Sender" if error.status < 500 else "Receiver", **_named(error)}
    inner = f"<Error>{_elements(members)}</Error><RequestId>{request_id}</RequestId>"
    return _xml(f"<ErrorResponse>{inner}</ErrorResponse>")


def _ec2(error: ServiceError, request_id: str) -> tuple[dict[str, str], str]:
    inner = f"<Errors><Error>{_elements(_named(error))}</Error></Errors><RequestID>{request_id}</RequestID>"
    return _xml(f"<Response>{inner}</Response>")


def _json(error: ServiceError, _request_id: str) -> tuple[dict[str, str], str]:
    body = {"__type": error.code, "message": error.message, **error.members}
    return {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code}, json.dumps(body)


def _rest_json(error: ServiceError, _request_id: str) -> tuple[dict[str, str], str]:
    body = {"message": error.message, "code": error.code, **error.members}
    return {"content-type": "application/json", "x-amzn-errortype": error.code}, json.dumps(body)


_FORMS = {
    "s3": _s3,
    "rest-xml": _query,
    "query": _query,
    "ec2": _ec2,
    "json": _json,
    "rest-json": _rest_json,
}
