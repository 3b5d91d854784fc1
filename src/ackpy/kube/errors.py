"""A server's refusal into an exception of `ackpy.errors`. Called by client and watch.

KubeUnreachable
└── NotSent     the request never left: no connection, no credentials; the server did not act, so even a write may be repeated
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from ackpy.errors import AlreadyExists, Conflict, Forbidden, Gone, Invalid, KubeApiError, KubeUnreachable, NotFound


class NotSent(KubeUnreachable):
    """The request never left; the server did not act."""


_BY_CODE: Final[Mapping[int, type[KubeApiError]]] = MappingProxyType(
    {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Gone, 422: Invalid}
)
_TEXT_SHOWN: Final = 200


def api_error(status: Mapping[str, Any], code: int) -> KubeApiError:
    """The exception for a metav1.Status; `code` is the HTTP status, for a Status that names none."""
    code = status.get("code") or code
    reason = status.get("reason") or ""
    kind = AlreadyExists if reason == "AlreadyExists" else _BY_CODE.get(code, KubeApiError)
    return kind(code, reason, status.get("message") or f"HTTP {code}", status.get("details"))


def answer_error(code: int, body: bytes) -> KubeApiError:
    """The exception for an HTTP error; a body that is no Status (a proxy's page) is quoted, cut short."""
    try:
        status = orjson.loads(body)
    except orjson.JSONDecodeError:
        status = None
    if not isinstance(status, dict):
        status = {"message": f"HTTP {code}: {body[:_TEXT_SHOWN].decode('utf-8', 'replace').strip()}"}
    return api_error(status, code)


def is_about(error: KubeApiError, field: str) -> bool:
    """Whether the server blames this field path in its causes."""
    causes = error.details.get("causes")
    return isinstance(causes, list) and any(cause.get("field") == field for cause in causes if isinstance(cause, dict))
