"""What AWS answers, and what answers in AWS's place, as replies for `ackpy.testing.scripted.ScriptedServer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiohttp import web

HTML: Final[Mapping[str, str]] = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Raw:
    """An HTTP answer as it is. `cut`: the connection ends before the body that its length announces."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if not self.cut:
            return web.Response(body=self.body.encode(), status=self.status, headers=self.headers)
        response = web.StreamResponse(status=self.status, headers={**self.headers, "Content-Length": "100000"})
        await response.prepare(request)
        await response.write(self.body.encode())
        if request.transport is not None:
            request.transport.abort()
        return response


def s3_error(code: str, message: str = "text", *, status: int = 400, headers: Mapping[str, str] | None = None) -> Raw:
    """An error of a rest-xml service; its request id is R1."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId></Error>"
    return Raw(body, status, {"x-amz-request-id": "R1", **(headers or {})})


def query_error(code: str, message: str = "text", *, status: int = 400) -> Raw:
    """An error of a query service (IAM, SNS); its request id is R2."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Raw(f"<ErrorResponse>{error}<RequestId>R2</RequestId></ErrorResponse>", status)


def ec2_error(code: str, message: str = "text", *, status: int = 400) -> Raw:
    """An error of EC2; its request id is R3."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Raw(f"<Response><Errors>{error}</Errors><RequestID>R3</RequestID></Response>", status)


def json_error(code: str, message: str = "text", *, status: int = 400, headers: Mapping[str, str] | None = None) -> Raw:
    """An error of a JSON service; its request id is R4."""
    body = orjson.dumps({"__type": f"com.amazonaws.service#{code}", "message": message}).decode()
    return Raw(body, status, {"x-amzn-RequestId": "R4", **(headers or {})})
