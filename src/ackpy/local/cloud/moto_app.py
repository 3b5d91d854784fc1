"""A request -> moto's answer. The only door to moto's WSGI applications; called by the cloud, one request at a time.

moto's dispatcher lists its package's folder on every request (181 stat calls, 40 % of a call): it is remembered here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from ackpy.local.cloud.clock import pin_first_touch
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest, environ

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Identity
    from ackpy.local.cloud.protocol import Operation

_PRESIGNED = "X-Amz-"


class _Dispatcher(DomainDispatcherApplication):
    """moto's choice of a backend, remembered by host name (`service.region.amazonaws.com`)."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self.backend_of = lru_cache(maxsize=512)(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> Any:
        return self.backend_of(host)


class Moto:
    """moto's applications, made when a service is first called."""

    def __init__(self) -> None:
        pin_first_touch()
        self._dispatch = _Dispatcher()

    def call(self, request: HttpRequest, operation: Operation, identity: Identity) -> HttpAnswer:
        """Let moto answer; as the identity asks.

        Raises ServiceError: NotImplemented (501) for an operation that moto lacks. What fails inside moto propagates.
        """
        captured: list[Any] = []
        wsgi = environ(_unsigned(request, identity))

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            captured[:] = [int(status.split(" ", 1)[0]), {name.lower(): value for name, value in headers}]

        try:
            chunks = self._dispatch(wsgi, start_response)
            body = b"".join(chunks)
        except NotImplementedError as error:
            raise not_implemented(operation) from error
        answer = HttpAnswer(captured[0], captured[1], body)
        if _is_no_aws_answer(answer, request.method):
            raise not_implemented(operation)
        return answer


def not_implemented(operation: Operation) -> ServiceError:
    """The refusal of an operation that this emulation does not have."""
    message = f"The embedded AWS does not implement {operation.service} {operation.name}."
    return ServiceError("NotImplemented", message, 501)


def _unsigned(request: HttpRequest, identity: Identity) -> HttpRequest:
    """The request as moto wants it: the account in a header, a signature that names key, region and service."""
    scope = f"{identity.access_key_id}/19700101/{identity.region}/{identity.signing_name}/aws4_request"
    headers = {
        **request.headers,
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "x-moto-account-id": identity.account,
        "user-agent": "ackpy",  # moto takes a region from it before it looks at the signature
    }
    query = "&".join(piece for piece in request.query.split("&") if not piece.startswith(_PRESIGNED))
    return HttpRequest(request.method, request.path, query, headers, request.body)


def _is_no_aws_answer(answer: HttpAnswer, method: str) -> bool:
    """Flask's page for a path that moto does not know, or moto's bare 404 for an operation that it cannot name."""
    if answer.status == 405:
        return "text/html" in answer.headers.get("content-type", "")
    if answer.status != 404 or method == "HEAD":
        return False
    return not answer.body or (
        "text/html" in answer.headers.get("content-type", "") and b"<!doctype html" in answer.body[:64].lower()
    )
