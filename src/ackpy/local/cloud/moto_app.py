"""A request -> moto's answer. The only door to moto's WSGI applications; called by the cloud, one request at a time.

moto's dispatcher lists its package's folder on every request (181 stat calls, 40 % of a call): that is remembered here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from ackpy.local.cloud.clock import pin_first_touch
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.managed_policies import share_managed_policies
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest, environ

if TYPE_CHECKING:
    from flask import Flask

    from ackpy.local.cloud.call import Identity
    from ackpy.local.cloud.protocol import Operation

_PRESIGNED = "X-Amz-"
_JSON = {"json": "application/x-amz-json-1.1", "rest-json": "application/json"}


class _Dispatcher(DomainDispatcherApplication):
    """moto's choice of an application, by the signed service alone and remembered.

    moto's own looks at the path first: a bucket named `moto-api...` would reach the pages that reset everything.
    """

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backend_of = lru_cache(maxsize=512)(self.get_backend_for_host)

    def get_application(self, environ: dict[str, Any]) -> Flask:
        backend = self._backend_of(self.infer_service_region_host(environ, environ["PATH_INFO"]))
        if backend is None:
            raise NotImplementedError
        if backend not in self.app_instances:
            self.app_instances[backend] = self.create_app(backend)
        return self.app_instances[backend]


class Moto:
    """moto's applications, made when a service is first called."""

    def __init__(self) -> None:
        pin_first_touch()
        share_managed_policies()
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
            body = b"".join(self._dispatch(wsgi, start_response))
        except NotImplementedError as error:
            raise not_implemented(operation) from error
        except ModuleNotFoundError as error:
            raise not_implemented(operation, f" without the Python package {error.name}") from error
        answer = HttpAnswer(captured[0], captured[1], body)
        if _is_no_aws_answer(answer, request.method):
            raise not_implemented(operation)
        return _typed(answer, operation.protocol)


def not_implemented(operation: Operation, without: str = "") -> ServiceError:
    """The refusal of an operation that this emulation does not have."""
    message = f"The embedded AWS does not implement {operation.service} {operation.name}{without}."
    return ServiceError("NotImplemented", message, 501)


def _typed(answer: HttpAnswer, protocol: str) -> HttpAnswer:
    """The answer with the content type that AWS gives it: in some services moto leaves Flask's, a web page's."""
    if protocol not in _JSON or "text/html" not in answer.headers.get("content-type", ""):
        return answer
    return replace(answer, headers={**answer.headers, "content-type": _JSON[protocol]})


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
