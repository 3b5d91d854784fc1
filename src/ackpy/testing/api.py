"""One HTTP request to an API server -> its reply: to the embedded server in this process, or to any server behind a socket.

Tests that are given an `Api` do not know which it is, so one table runs on the embedded server and on kube-apiserver.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ackpy.local.apiserver.app import Application
    from ackpy.local.apiserver.server import Endpoint

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """An answer: HTTP code, JSON body (text when it is none), Warning headers."""

    code: int
    body: Any
    warnings: list[str]

    @property
    def message(self) -> str:
        """A Status's message."""
        return str(self.body.get("message", ""))

    @property
    def metadata(self) -> Json:
        """An object's metadata."""
        found: Json = self.body["metadata"]
        return found


class Api(Protocol):
    """Something that answers requests."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        type_: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request; a body that is not bytes is sent as JSON."""


@dataclass(frozen=True)
class InProcess:
    """The application, called without a socket."""

    application: Application
    token: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        type_: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {
            "host": "127.0.0.1:1",
            "authorization": f"Bearer {self.token}",
            "content-type": type_,
            "user-agent": "tester/1",
        }
        given |= headers or {}
        url = urlsplit(path)
        scope: Json = {
            "type": "http",
            "method": method,
            "path": url.path,
            "raw_path": url.path.encode(),
            "query_string": url.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        sent: list[Json] = []
        waiting = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> Json:
            if waiting:
                return waiting.pop()
            return await asyncio.Future()

        async def send(message: Json) -> None:
            sent.append(message)

        asyncio.run(self.application(scope, receive, send))
        warnings = [value.decode() for name, value in sent[0]["headers"] if name == b"warning"]
        return Reply(sent[0]["status"], _parsed(b"".join(m.get("body", b"") for m in sent[1:])), warnings)


@dataclass(frozen=True)
class Remote:
    """A server behind a socket."""

    endpoint: Endpoint

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        type_: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.endpoint.token}", "Content-Type": type_, "User-Agent": "tester/1"}
        call = urllib.request.Request(self.endpoint.url + path, method=method, data=content)  # noqa: S310
        for name, value in (given | (headers or {})).items():
            call.add_header(name, value)
        context = ssl.create_default_context(cafile=str(self.endpoint.ca_file))
        try:
            with urllib.request.urlopen(call, context=context, timeout=30) as answer:  # noqa: S310
                return Reply(answer.status, _parsed(answer.read()), answer.headers.get_all("Warning") or [])
        except urllib.error.HTTPError as error:
            return Reply(error.code, _parsed(error.read()), error.headers.get_all("Warning") or [])


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()
