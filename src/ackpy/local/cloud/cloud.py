"""The embedded AWS without its HTTP server: admits a request, performs it, keeps it. Called by the front and by replay.

Two steps, so that faults can act in between: `admit` says whose call it is and of which operation; `perform` does it.
"""

from __future__ import annotations

import secrets
import sys
import time
import traceback
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ackpy.local.cloud.authentication import Authenticator, refusal
from ackpy.local.cloud.call import Call, Emulation, Identity, State
from ackpy.local.cloud.clock import pinned
from ackpy.local.cloud.errors import ServiceError, error_answer
from ackpy.local.cloud.hosts import path_style
from ackpy.local.cloud.journal import Journal, Record
from ackpy.local.cloud.moto_app import Moto, not_implemented
from ackpy.local.cloud.protocol import Operation, identify
from ackpy.local.cloud.services import emulated
from ackpy.local.cloud.signature import BadSignature, Scope, read_scope
from ackpy.local.cloud.signing_names import services_of
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest, parsed

if TYPE_CHECKING:
    pass

S3_CONTROL = "/v20180820/"  # the path of S3's control API, which signs as S3 does
UNSIGNED_KEY = "ANONYMOUS"
_UNKEPT_HEADERS = frozenset({"authorization", "cookie", "connection", "x-amz-security-token", "user-agent"})


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


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that may not: the answer, and what is known of it for the call log."""

    answer: HttpAnswer
    request_id: str
    service: str = ""
    operation: str = ""
    region: str = ""


class EmbeddedAws:
    """All services, all accounts. One request at a time: `perform` is synchronous and no two overlap."""

    def __init__(self, root_secret: bytes, region: str, journal: Journal | None = None) -> None:
        self.region = region
        self.state = State()
        self.authenticator = Authenticator(root_secret, self.state)
        self._moto = Moto()
        self._services = emulated(self.authenticator)
        self._journal = journal
        self._unkept = ""

    def emulation(self, service: str) -> Emulation:
        """What is special about the service here."""
        return self._services.get(service, Emulation({}))

    def admit(self, arrived: HttpRequest, now: datetime) -> Admitted | Refused:
        """Find the operation and the caller, or the refusal."""
        request_id = str(uuid.uuid4())
        try:
            scope = read_scope(arrived)
        except BadSignature as bad:
            return self._refused("s3", "rest-xml", bad, request_id, arrived.method)
        services = services_of(scope.service) if scope else _unsigned_services(arrived)
        request = path_style(arrived) if "s3" in services else arrived
        if request.path.startswith(S3_CONTROL):
            services = ("s3control",)
        operation = identify(request, services)
        if operation is None:
            return _unknown(services[0], arrived, request_id, scope)
        return self._authenticated(operation, arrived, request, scope, now, request_id)

    def perform(self, admitted: Admitted) -> HttpAnswer:
        """Do it, and keep it when it changed something; every failure becomes an answer."""
        if admitted.operation.reads:
            return self._stamped(admitted, self._answer(admitted))
        if self._unkept:
            return self.refuse(admitted, ServiceError("InternalError", self._unkept, 500))
        moment, seed = time.time(), secrets.randbits(64)
        with pinned(moment, seed):
            answer = self._answer(admitted)
        if answer.status < 400 and not self._keep(_record(admitted, moment, seed)):
            return self.refuse(admitted, ServiceError("InternalError", self._unkept, 500))
        return self._stamped(admitted, answer)

    def _keep(self, record: Record) -> bool:
        """Write it down. When that fails no later write is taken: what is answered must outlive this process."""
        if self._journal is None:
            return True
        try:
            self._journal.append(record)
        except OSError as error:
            self._unkept = f"the embedded AWS cannot write {self._journal.path} ({error.strerror}): restart it"
            print(f"ackpy: {self._unkept}", file=sys.stderr)
            return False
        return True

    def refuse(self, admitted: Admitted, error: ServiceError) -> HttpAnswer:
        """The error as an answer to the call, which is not performed."""
        return self._stamped(admitted, _error(admitted.operation, error, admitted.request_id, admitted.request.method))

    def replay(self, record: Record) -> HttpAnswer:
        """Perform a kept request again, at its time and with its random numbers."""
        path, _, query = record.target.partition("?")
        request = HttpRequest(record.method, path, query, record.headers, record.body)
        operation = identify(request, (record.service,))
        if operation is None:
            msg = f"{record.service} {record.operation}: botocore's model no longer has this request"
            raise LookupError(msg)
        identity = Identity(record.account, record.region, record.access_key_id, record.signing_name)
        with pinned(record.moment, record.seed):
            return self._answer(Admitted(operation, identity, request, "replay"))

    def _authenticated(
        self,
        operation: Operation,
        arrived: HttpRequest,
        request: HttpRequest,
        scope: Scope | None,
        now: datetime,
        rid: str,
    ) -> Admitted | Refused:
        service, protocol = operation.service, operation.protocol
        region = scope.region if scope else self.region
        try:
            if scope is not None:
                identity = self.authenticator.identity(arrived, scope, now, service=service, protocol=protocol)
            elif str(operation.model.auth_type) == "none":
                identity = _anonymous(request, region, service)
            else:
                raise refusal("missing", service=service, protocol=protocol)
        except ServiceError as error:
            answer = _error(operation, error, rid, request.method)
            return Refused(_request_id(answer, service, rid), rid, service, operation.name, region)
        return Admitted(operation, identity, request, rid)

    def _refused(self, service: str, protocol: str, bad: BadSignature, rid: str, method: str) -> Refused:
        error = refusal(bad.reason, service=service, protocol=protocol, message=bad.message)
        answer = error_answer(error, service=service, protocol=protocol, request_id=rid, head=method == "HEAD")
        return Refused(_request_id(answer, service, rid), rid, service)

    def _answer(self, admitted: Admitted) -> HttpAnswer:
        """The answer, whatever happens."""
        method = admitted.request.method
        try:
            return self._served(admitted)
        except ServiceError as error:
            return _error(admitted.operation, error, admitted.request_id, method)
        except Exception as error:  # noqa: BLE001  # a fault of moto's or ours is an answer of the service, and is reported
            operation = admitted.operation
            print(f"ackpy: {operation.service} {operation.name} failed inside the embedded AWS", file=sys.stderr)
            traceback.print_exception(error)
            message = f"The embedded AWS failed in {operation.name}: {type(error).__name__}"
            return _error(operation, ServiceError("InternalError", message, 500), admitted.request_id, method)

    def _served(self, admitted: Admitted) -> HttpAnswer:
        operation = admitted.operation
        emulation = self.emulation(operation.service)
        call = self._call(admitted)
        emulation.gate(call)
        handler = emulation.handlers.get(operation.name)
        if handler is None:
            if emulation.moto is not None and operation.name not in emulation.moto:
                raise not_implemented(operation)
            return call.forward(call.request)
        result = handler.serve(call)
        return result if isinstance(result, HttpAnswer) else call.answer(result)

    def _call(self, admitted: Admitted) -> Call:
        def forward(request: HttpRequest) -> HttpAnswer:
            return self._moto.call(request, admitted.operation, admitted.identity)

        return Call(
            operation=admitted.operation,
            request=admitted.request,
            identity=admitted.identity,
            state=self.state,
            now=datetime.now(UTC),
            request_id=admitted.request_id,
            forward=forward,
        )

    def _stamped(self, admitted: Admitted, answer: HttpAnswer) -> HttpAnswer:
        return _request_id(answer, admitted.operation.service, admitted.request_id)


def _error(operation: Operation, error: ServiceError, request_id: str, method: str) -> HttpAnswer:
    head = method == "HEAD"
    return error_answer(error, service=operation.service, protocol=operation.protocol, request_id=request_id, head=head)


def _request_id(answer: HttpAnswer, service: str, request_id: str) -> HttpAnswer:
    """One request id on every answer, in the header and in the body that moto wrote with an id of its own."""
    made_up = answer.headers.get("x-amzn-requestid", "")
    body = answer.body.replace(made_up.encode(), request_id.encode()) if made_up else answer.body
    ids = {"x-amz-request-id": request_id, "x-amz-id-2": request_id} if service == "s3" else {}
    return replace(answer, body=body, headers={**answer.headers, "x-amzn-requestid": request_id, **ids})


def _unsigned_services(request: HttpRequest) -> tuple[str, ...]:
    """Whose an unsigned request is: a form with an Action is for the security token service, the rest is for S3."""
    return ("sts",) if "Action" in parsed(request).values else ("s3",)


def _anonymous(request: HttpRequest, region: str, service: str) -> Identity:
    """The identity behind an operation that AWS takes unsigned: the account of the role that it asks for."""
    arn = parsed(request).values.get("RoleArn", "").split(":")
    return Identity(arn[4] if len(arn) > 4 else "", region, UNSIGNED_KEY, service)


def _unknown(service: str, request: HttpRequest, request_id: str, scope: Scope | None) -> Refused:
    """No operation of the service fits the request."""
    target = request.header("x-amz-target")
    form = "Action" in parsed(request).values
    protocol = "json" if target else "query" if form else "rest-xml" if service == "s3" else "rest-json"
    named = target or parsed(request).values.get("Action", "") or f"{request.method} {request.path}"
    message = f"The embedded AWS knows no operation {named} of {service}."
    error = ServiceError("InvalidAction" if form else "UnknownOperationException", message, 400 if form else 404)
    answer = error_answer(error, service=service, protocol=protocol, request_id=request_id, head=False)
    region = scope.region if scope else ""
    return Refused(_request_id(answer, service, request_id), request_id, service, named, region)


def _record(admitted: Admitted, moment: float, seed: int) -> Record:
    request, identity = admitted.request, admitted.identity
    return Record(
        service=admitted.operation.service,
        operation=admitted.operation.name,
        account=identity.account,
        region=identity.region,
        access_key_id=identity.access_key_id,
        signing_name=identity.signing_name,
        moment=moment,
        seed=seed,
        method=request.method,
        target=request.target,
        headers={name: value for name, value in request.headers.items() if name not in _UNKEPT_HEADERS},
        body=request.body,
    )
