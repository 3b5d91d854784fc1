"""An ASGI scope -> what the client asks for, as a value; called by `app`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from ackpy.local.apiserver.status import body_too_large

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Scope = dict[str, Any]
Message = dict[str, Any]

BODY_LIMIT = 3 * 1024 * 1024  # kube-apiserver's MaxRequestBodyBytes
NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case. A parameter given twice has its last value."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")

    @property
    def content_type(self) -> str:
        """The media type of the body without its parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip()


@dataclass(frozen=True, slots=True)
class ResourcePath:
    """What a path under /api or /apis names; an empty name is the collection."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def head_of(scope: Scope) -> Request:
    """The request without its body."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    return Request(scope["method"], path, query, headers)


async def body_of(receive: Callable[[], Awaitable[Message]]) -> bytes:
    """The whole body; raises 413 beyond the limit."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT:
            raise body_too_large(BODY_LIMIT)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def resource_path(path: str) -> ResourcePath | None:
    """What a path names, or None when it is no path of a resource."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if len(parts) >= 3 and parts[0] == "api":
        return _below("", parts[1], parts[2:])
    if len(parts) >= 4 and parts[0] == "apis":
        return _below(parts[1], parts[2], parts[3:])
    return None


def _below(group: str, version: str, parts: list[str]) -> ResourcePath | None:
    if len(parts) > 5:
        return None
    inside = parts[0] == "namespaces" and len(parts) > 2 and not _is_of_namespace(parts)
    if inside:
        plural, name, subresource = (*parts[2:], "", "")[:3]
        return ResourcePath(group, version, plural, parts[1], name, subresource)
    if len(parts) > 3:
        return None
    plural, name, subresource = (*parts, "", "")[:3]
    return ResourcePath(group, version, plural, "", name, subresource)


def _is_of_namespace(parts: list[str]) -> bool:
    return len(parts) == 3 and parts[2] in NAMESPACE_SUBRESOURCES
