"""The ASGI application: HTTP in, the embedded AWS behind it, the instruments at `/_ackpy/`. Run by the server.

Loopback is not safety: a foreign Host or any Origin header means a web page is asking, and it is refused before all else.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote

import orjson

from ackpy.local.cloud.admission import Admitted, Refused
from ackpy.local.cloud.calls import CallLog
from ackpy.local.cloud.cloud import EmbeddedAws
from ackpy.local.cloud.credentials import admin_token, credentials
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.faults import Fault, Faults, fault_from
from ackpy.local.cloud.hosts import is_loopback
from ackpy.local.cloud.snapshot import snapshot
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ADMIN = "/_ackpy/"
MOST_BYTES = 64 * 1024 * 1024
CUT = "ackpy.cut"  # our extension of ASGI: `abort` drops the connection
_ASCII = "".join(map(chr, range(33, 127)))  # what may stand in a request line; other bytes are percent-encoded
_BY_SERVER = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})


class Front:
    """The ASGI application over one embedded AWS."""

    def __init__(self, cloud: EmbeddedAws, root_secret: bytes) -> None:
        self._cloud = cloud
        self._root = root_secret
        self._token = admin_token(root_secret)
        self.calls = CallLog()
        self.faults = Faults()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (`lifespan` and websockets are not spoken)."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            return
        answer = await self._answer(_request(scope, body), receive)
        if answer is None:
            scope["extensions"][CUT]["abort"]()
            await _until_hung_up(receive)
            return
        await _write(send, answer, head=scope["method"] == "HEAD")

    async def _answer(self, request: HttpRequest, receive: Receive) -> HttpAnswer | None:
        """The answer, or None where a fault cuts the connection."""
        if len(request.body) > MOST_BYTES:
            return _text(413, f"ackpy: a request's body has at most {MOST_BYTES} bytes\n")
        if not is_loopback(request.header("host")):
            return _text(403, "ackpy: this server answers loopback host names alone\n")
        if request.header("origin"):
            return _text(403, "ackpy: this server answers no web page\n")
        if request.path.startswith(ADMIN):
            return self._admin(request)
        return await self._aws(request, receive)

    async def _aws(self, request: HttpRequest, receive: Receive) -> HttpAnswer | None:
        admitted = self._cloud.admit(request, datetime.now(UTC))
        if isinstance(admitted, Refused):
            self._log_refused(admitted)
            return admitted.answer
        operation, account = admitted.operation, admitted.identity.account
        fault = self.faults.next_for(operation.service, operation.name, account)
        answer = self._cloud.perform(admitted) if fault is None else await self._faulty(fault, admitted, receive)
        self._log(admitted, 0 if answer is None else answer.status)
        return answer

    async def _faulty(self, fault: Fault, admitted: Admitted, receive: Receive) -> HttpAnswer | None:
        """What the call meets instead of, before or after its answer; None is a cut connection."""
        if fault.act == "error":
            return admitted.refused(ServiceError(fault.code, fault.message, fault.status))
        if fault.act == "drop":
            return HttpAnswer(200, {}, b"")
        if fault.act == "reset-before":
            return None
        if fault.act == "delay":
            await asyncio.sleep(fault.seconds)
        answer = self._cloud.perform(admitted)
        if fault.act == "hang":
            await _until_hung_up(receive)
        return None if fault.act in {"reset-after", "hang"} else answer

    def _log(self, admitted: Admitted, status: int) -> None:
        self.calls.add(
            service=admitted.operation.service,
            operation=admitted.operation.name,
            region=admitted.identity.region,
            account=admitted.identity.account,
            status=status,
            request_id=admitted.request_id,
            mutating=admitted.mutating,
        )

    def _log_refused(self, refused: Refused) -> None:
        self.calls.add(
            service=refused.service,
            operation=refused.operation,
            region=refused.region,
            account="",
            status=refused.answer.status,
            request_id=refused.request_id,
            mutating=False,
        )

    def _admin(self, request: HttpRequest) -> HttpAnswer:
        """The instruments: GET calls, snapshot, credentials; POST and DELETE faults."""
        given = request.header("authorization").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return _text(401, "ackpy: these pages need the admin token: Authorization: Bearer TOKEN\n")
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        pages = {
            ("GET", "calls"): self._calls_page,
            ("GET", "snapshot"): self._snapshot_page,
            ("GET", "credentials"): self._credentials_page,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
        }
        page = pages.get((request.method, request.path.removeprefix(ADMIN)))
        if page is None:
            return _text(404, f"ackpy: {request.method} {request.path} is no page of this server\n")
        try:
            return HttpAnswer(200, {"content-type": "application/json"}, orjson.dumps(page(query, request.body)))
        except (ValueError, KeyError, TypeError) as error:
            return _text(400, f"ackpy: {request.path}: {error}\n")

    def _calls_page(self, query: dict[str, str], _body: bytes) -> Any:
        return self.calls.page(query.get("account"), int(query.get("since", "0")))

    def _snapshot_page(self, query: dict[str, str], _body: bytes) -> Any:
        return snapshot(query["account"], self._cloud.state)

    def _credentials_page(self, query: dict[str, str], _body: bytes) -> Any:
        key = credentials(self._root, query["account"])
        return {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}

    def _add_fault(self, _query: dict[str, str], body: bytes) -> Any:
        self.faults.add(fault_from(orjson.loads(body)))
        return {}

    def _clear_faults(self, query: dict[str, str], _body: bytes) -> Any:
        self.faults.clear(query.get("account"))
        return {}


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, {"content-type": "text/plain"}, text.encode())


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None when the client went away in its midst; what is beyond the limit is not kept."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: MOST_BYTES + 1 - len(body)]
        more = message.get("more_body", False)
    return bytes(body)


def _request(scope: Scope, body: bytes) -> HttpRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path, query = (quote(scope[name], safe=_ASCII) for name in ("raw_path", "query_string"))
    return HttpRequest(scope["method"], path, query, headers, body)


async def _write(send: Send, answer: HttpAnswer, *, head: bool) -> None:
    """Send it; an answer to HEAD keeps the length of what is not sent."""
    length = {} if answer.status in {204, 304} else {"content-length": str(len(answer.body))}
    if head:
        length = {name: value for name, value in answer.headers.items() if name == "content-length"}
    kept = {name: value for name, value in answer.headers.items() if name not in _BY_SERVER}
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in {**kept, **length}.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _until_hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
