"""The embedded AWS without its HTTP server: admits a request, performs it, keeps it. Called by the front and by replay.

Two steps, so that faults can act in between: `admit` says whose call it is and of which operation; `perform` does it.
"""

from __future__ import annotations

import secrets
import sys
import time
import traceback
from datetime import UTC, datetime

from ackpy.local.cloud.admission import Admission, Admitted, Refused, stamped
from ackpy.local.cloud.authentication import Authenticator
from ackpy.local.cloud.call import Call, Emulation, Identity, State
from ackpy.local.cloud.clock import pinned
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.journal import Journal, Record
from ackpy.local.cloud.moto_app import Moto, not_implemented
from ackpy.local.cloud.pending import Pending
from ackpy.local.cloud.protocol import identify
from ackpy.local.cloud.services import emulated
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest

_UNKEPT_HEADERS = frozenset({"authorization", "cookie", "connection", "x-amz-security-token", "user-agent"})


class EmbeddedAws:
    """All services, all accounts. One request at a time: `perform` is synchronous and no two overlap."""

    def __init__(self, root_secret: bytes, region: str, journal: Journal | None = None, pending: float = 0.0) -> None:
        self.state = State()
        authenticator = Authenticator(root_secret, self.state)
        self._admission = Admission(authenticator, region)
        self._services = emulated(authenticator)
        self._moto = Moto()
        self._pending = Pending(pending)
        self._journal = journal
        self._unkept = ""

    def admit(self, arrived: HttpRequest, now: datetime) -> Admitted | Refused:
        """Find the operation and the caller, or the refusal."""
        return self._admission.admit(arrived, now)

    def perform(self, admitted: Admitted) -> HttpAnswer:
        """Do it, and keep it when it changed something; every failure becomes an answer."""
        if admitted.operation.reads:
            return self._answer(admitted)
        if self._unkept:
            return admitted.refused(ServiceError("InternalError", self._unkept, 500))
        moment, seed = time.time(), secrets.randbits(64)
        with pinned(moment, seed):
            answer = self._answer(admitted)
        if answer.status < 400 and not self._keep(_record(admitted, moment, seed)):
            return admitted.refused(ServiceError("InternalError", self._unkept, 500))
        return answer

    def replay(self, record: Record) -> HttpAnswer:
        """Perform a kept request again, at its time and with its random numbers.

        Raises LookupError when botocore's model no longer has the request.
        """
        path, _, query = record.target.partition("?")
        request = HttpRequest(record.method, path, query, record.headers, record.body)
        operation = identify(request, (record.service,))
        if operation is None:
            msg = f"{record.service} {record.operation}: botocore's model no longer has this request"
            raise LookupError(msg)
        identity = Identity(record.account, record.region, record.access_key_id, record.signing_name)
        with pinned(record.moment, record.seed):
            return self._answer(Admitted(operation, identity, request, "replay"))

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

    def _answer(self, admitted: Admitted) -> HttpAnswer:
        """The answer, whatever happens."""
        operation = admitted.operation
        try:
            return stamped(self._served(admitted), operation.service, admitted.request_id)
        except ServiceError as error:
            return admitted.refused(error)
        except Exception as error:  # noqa: BLE001  # a fault of moto's or ours is an answer of the service, and is reported
            print(f"ackpy: {operation.service} {operation.name} failed inside the embedded AWS", file=sys.stderr)
            traceback.print_exception(error)
            message = f"The embedded AWS failed in {operation.name}: {type(error).__name__}"
            return admitted.refused(ServiceError("InternalError", message, 500))

    def _served(self, admitted: Admitted) -> HttpAnswer:
        operation = admitted.operation
        emulation = self._services.get(operation.service, Emulation({}))
        call = self._call(admitted)
        emulation.gate(call)
        handler = emulation.handlers.get(operation.name)
        if handler is None:
            if emulation.moto is not None and operation.name not in emulation.moto:
                raise not_implemented(operation)
            return self._pending.shown(call, call.forward(call.request))
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
