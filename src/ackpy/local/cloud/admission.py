"""A request as it arrived -> a call that may be performed, or AWS's refusal. First of the cloud's two steps.

Which service, by the name in the signature; which operation, by botocore's models; whose, by the key that signed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ackpy.local.cloud.authentication import Authenticator, refusal
from ackpy.local.cloud.call import Identity
from ackpy.local.cloud.errors import ServiceError, error_answer
from ackpy.local.cloud.hosts import path_style
from ackpy.local.cloud.protocol import Operation, identify, signed_for
from ackpy.local.cloud.signature import BadSignature, Scope, read_scope
from ackpy.local.cloud.signing_names import services_of
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest, parsed

if TYPE_CHECKING:
    from datetime import datetime

S3_CONTROL = "/v20180820/"  # the path of S3's control API, which signs as S3 does
UNSIGNED_KEY = "ANONYMOUS"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be performed: whose, and of which operation."""

    operation: Operation
    identity: Identity
    request: HttpRequest
    request_id: str

    @property
    def mutating(self) -> bool:
        """Whether it may change something in AWS. Session keys are no resources."""
        return not self.operation.reads and self.operation.service != "sts"

    def refused(self, error: ServiceError) -> HttpAnswer:
        """The error as an answer to the call."""
        answer = error_answer(
            error,
            service=self.operation.service,
            protocol=self.operation.protocol,
            request_id=self.request_id,
            head=self.request.method == "HEAD",
        )
        return stamped(answer, self.operation.service, self.request_id)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that may not be: the answer, and what is known of it for the call log."""

    answer: HttpAnswer
    request_id: str
    service: str
    operation: str = ""
    region: str = ""


class Admission:
    """Admits requests; `region` is that of unsigned ones."""

    def __init__(self, authenticator: Authenticator, region: str) -> None:
        self._authenticator = authenticator
        self._region = region

    def admit(self, arrived: HttpRequest, now: datetime) -> Admitted | Refused:
        """Find the operation and the caller, or the refusal."""
        try:
            scope = read_scope(arrived)
        except BadSignature as bad:
            service, protocol = "s3", _spoken(arrived)
            service = service if protocol == "rest-xml" else ""
            error = refusal(bad.reason, service=service, protocol=protocol, message=bad.message)
            return _refused(arrived, error, service, protocol)
        request, services = _addressed(arrived, scope)
        operation = identify(request, services)
        if operation is not None and scope is not None:
            operation = signed_for(operation, scope.service)
        if operation is None:
            return self._unknown(arrived, services[0], scope)
        region = scope.region if scope else self._region
        try:
            identity = self._caller(operation, arrived, scope, now)
        except ServiceError as error:
            return _refused(arrived, error, operation.service, operation.protocol, operation.name, region)
        return Admitted(operation, identity, request, str(uuid.uuid4()))

    def _caller(self, operation: Operation, arrived: HttpRequest, scope: Scope | None, now: datetime) -> Identity:
        """Who calls. Raises ServiceError. Unsigned are only operations that AWS takes so: the account is the role's."""
        service, protocol = operation.service, operation.protocol
        if scope is not None:
            return self._authenticator.identity(arrived, scope, now, service=service, protocol=protocol)
        if str(operation.model.auth_type) != "none":
            raise refusal("missing", service=service, protocol=protocol)
        arn = parsed(arrived).values.get("RoleArn", "").split(":")
        return Identity(arn[4] if len(arn) > 4 else "", self._region, UNSIGNED_KEY, service)

    def _unknown(self, arrived: HttpRequest, service: str, scope: Scope | None) -> Refused:
        """No operation of the service fits the request."""
        action = parsed(arrived).values.get("Action", "")
        named = arrived.header("x-amz-target") or action or f"{arrived.method} {arrived.path}"
        message = f"The embedded AWS knows no operation {named} of {service}."
        error = ServiceError(
            "InvalidAction" if action else "UnknownOperationException", message, 400 if action else 404
        )
        region = scope.region if scope else self._region
        return _refused(arrived, error, service, _spoken(arrived), named, region)


def stamped(answer: HttpAnswer, service: str, request_id: str) -> HttpAnswer:
    """One request id on every answer, in the header and in the body that moto wrote with an id of its own."""
    made_up = answer.headers.get("x-amzn-requestid", "")
    body = answer.body.replace(made_up.encode(), request_id.encode()) if made_up else answer.body
    ids = {"x-amz-request-id": request_id, "x-amz-id-2": request_id} if service == "s3" else {}
    return replace(answer, body=body, headers={**answer.headers, "x-amzn-requestid": request_id, **ids})


def _addressed(arrived: HttpRequest, scope: Scope | None) -> tuple[HttpRequest, tuple[str, ...]]:
    """The request as its service reads it, and the services whose it may be."""
    services = _unsigned(arrived) if scope is None else services_of(scope.service)
    if "s3" not in services:
        return arrived, services
    request = path_style(arrived)
    return request, ("s3control",) if request.path.startswith(S3_CONTROL) else ("s3",)


def _unsigned(arrived: HttpRequest) -> tuple[str, ...]:
    """Whose an unsigned request is: a form with an Action is for the security token service, any other for S3."""
    return ("sts",) if "Action" in parsed(arrived).values else ("s3",)


def _spoken(arrived: HttpRequest) -> str:
    """The protocol that a request seems to speak, for answers to requests of no operation."""
    if arrived.header("x-amz-target"):
        return "json"
    if "Action" in parsed(arrived).values:
        return "query"
    return "rest-json" if "json" in arrived.header("content-type") else "rest-xml"


def _refused(
    arrived: HttpRequest, error: ServiceError, service: str, protocol: str, operation: str = "", region: str = ""
) -> Refused:
    request_id = str(uuid.uuid4())
    head = arrived.method == "HEAD"
    answer = error_answer(error, service=service, protocol=protocol, request_id=request_id, head=head)
    return Refused(stamped(answer, service, request_id), request_id, service, operation, region)
