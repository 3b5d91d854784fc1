"""HTTP requests and answers as plain values: what the front reads, the cloud answers and the journal keeps."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from moto.core.request import Request


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it arrived: `path` and `query` still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of the header, or "" when it was not sent."""
        return self.headers.get(name, "")

    @property
    def target(self) -> str:
        """Path and query as in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def environ(request: HttpRequest) -> dict[str, Any]:
    """The request as PEP 3333 describes it to a WSGI application."""
    wsgi = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.target,
        "QUERY_STRING": request.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            wsgi[key] = value
        elif key not in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            wsgi[f"HTTP_{key}"] = value
    return wsgi


def parsed(request: HttpRequest) -> Request:
    """The request as moto's and werkzeug's parsers read it."""
    return Request(environ(request))
