"""An operation's name and parameters -> AWS's answer or an AwsError. Everything in ackpy that calls AWS calls this.

Behind it sits aiobotocore, of which nothing shows: answers are plain dicts, errors those of `ackpy.errors` and
`ackpy.aws.failures`. `ackpy.aws.session.Sessions` makes clients; views of one client share its connections.

What is repeated is decided here, and botocore's own retries are off: its standard mode sends any call again after a time-out, a
reset or a 5xx, a CreateBucket that may have succeeded too. We repeat reads after any passing trouble, and writes only where AWS
surely has not acted: throttled, or never connected.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aiobotocore.paginate import AioPaginator
from botocore import xform_name
from botocore.exceptions import PaginationError
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel

from ackpy.aws.agent import speaking_of
from ackpy.aws.budget import BucketKey, Budget, Clock, Ticket
from ackpy.aws.classify import Meaning, classify, is_transient, may_have_acted
from ackpy.aws.failures import EXPECTED, Attempt, InvalidRequest, NoAwsAnswer, NotAllowed
from ackpy.aws.metrics import Calls, Sent
from ackpy.aws.operations import is_write, op_type
from ackpy.aws.pages import items, pagination
from ackpy.aws.redact import complaints
from ackpy.errors import AwsApiError, AwsError, AwsRefused, DefinitionError

_FIRST_PAUSE: Final = {True: 0.5, False: 0.05}  # seconds before the first repeat: throttled, other passing trouble
_LONGEST_PAUSE: Final = 20.0
_NOBODY: Final = Ticket()
_CIRCLE: Final = "the token of the next page is that of a page that was read already"


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often a call is sent at most, and the jitter: `random` gives numbers in [0, 1)."""

    attempts: int
    random: Callable[[], float]

    def pause(self, error: AwsError, attempt: int) -> float | None:
        """Seconds to wait before attempt + 1; None when the error is final."""
        if attempt >= self.attempts or not is_transient(error) or may_have_acted(error):
            return None
        first = _FIRST_PAUSE[classify(error).meaning is Meaning.THROTTLED]
        return self.random() * min(_LONGEST_PAUSE, first * 2.0 ** (attempt - 1))


@dataclass(frozen=True, slots=True)
class Wire:
    """What all views of a client share: an aiobotocore client (`api`), its model, and who counts, limits and times its calls.

    `service` is the name in metrics and errors. `sign` makes sure that there are credentials, or raises NoCredentials.
    `timeout` is for one attempt, in seconds; None waits for ever.
    """

    service: str
    account: str
    region: str
    api: Any
    model: ServiceModel
    paginators: Mapping[str, Any]
    sign: Callable[[str], Awaitable[None]]
    calls: Calls
    budget: Budget
    repeats: Repeats
    clock: Clock
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Client:
    """One service of AWS in one account and region."""

    _wire: Wire
    _allowed: frozenset[str] | None = None
    _ticket: Ticket = _NOBODY
    _listener: Callable[[Sent], None] | None = None

    @property
    def service(self) -> str:
        """The service's name in metrics and errors."""
        return self._wire.service

    @property
    def region(self) -> str:
        """The region that it calls."""
        return self._wire.region

    def allowing(self, operations: Collection[str]) -> Client:
        """A view that refuses any other operation with NotAllowed, before signing; it never allows more than this client does."""
        asked = frozenset(operations)
        return replace(self, _allowed=asked if self._allowed is None else self._allowed & asked)

    def on_behalf(self, ticket: Ticket) -> Client:
        """A view whose calls wait for their turn as the ticket says, when AWS throttles."""
        return replace(self, _ticket=ticket)

    def heard_by(self, listener: Callable[[Sent], None]) -> Client:
        """A view that tells `listener` of each request as it ends."""
        return replace(self, _listener=listener)

    async def call(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """AWS's answer, without botocore's ResponseMetadata; streams are read to their end, into bytes.

        `operation` and the parameters have AWS's names ("GetBucketTagging", Bucket="b").
        Raises AwsRefused (never sent), AwsUnreachable (no answer), AwsApiError (an answer with a code); DefinitionError when the
        service has no such operation.
        """
        model = self._permitted(operation, params)
        for attempt in itertools.count(1):
            answer = await self._attempt(model, params, attempt)
            if not isinstance(answer, AwsError):
                return answer
            pause = self._wire.repeats.pause(answer, attempt)
            if pause is None:
                raise answer
            await self._wire.clock.sleep(pause)
        raise AssertionError("count() ends")

    async def paginate(self, operation: str, at: str, /, **params: Any) -> list[Any]:
        """What lies at a dotted path of the answer ("Reservations.Instances"), of all pages together; lists on the way are joined.

        Raises what `call` raises, of whichever page.
        """
        model = self._permitted(operation, params)
        config = pagination(self._wire.paginators, model, at)
        if config is None:
            return items(await self.call(operation, **params), at)

        asked: list[dict[str, Any]] = []

        async def page(**each: Any) -> dict[str, Any]:
            told = {name: value for name, value in each.items() if name not in params}
            if told in asked:  # botocore notices only that a page names itself as the next
                raise NoAwsAnswer(_CIRCLE, service=self.service, operation=operation, status=200)
            asked.append(told)
            return await self.call(operation, **each)

        found: list[Any] = []
        try:
            async for answer in _pages(page, config, model, params):
                found.extend(items(answer, at))
        except PaginationError:
            raise NoAwsAnswer(_CIRCLE, service=self.service, operation=operation, status=200) from None
        return found

    def _permitted(self, operation: str, params: Mapping[str, Any]) -> OperationModel:
        if self._allowed is not None and operation not in self._allowed:
            raise NotAllowed(f"{operation} is not allowed here", service=self.service, operation=operation)
        try:
            model = self._wire.model.operation_model(operation)
        except OperationNotFoundError:
            raise DefinitionError(f"{self.service} has no operation {operation}") from None
        if found := complaints(params, model.input_shape):
            raise InvalidRequest(f"{operation}: {'; '.join(found)}", service=self.service, operation=operation)
        return model

    async def _attempt(
        self, model: OperationModel, params: Mapping[str, Any], attempt: int
    ) -> dict[str, Any] | AwsError:
        wire = self._wire
        key = BucketKey(wire.account, wire.region, wire.service, is_write(model.name))
        await wire.sign(model.name)
        await wire.budget.admit(key, self._ticket)
        started = wire.clock.monotonic()
        answer = await self._send(model, params)
        self._report(model.name, answer, wire.clock.monotonic() - started, attempt)
        if isinstance(answer, AwsError):
            if classify(answer).meaning is Meaning.THROTTLED:
                wire.budget.throttled(key)
            return answer
        answer.pop("ResponseMetadata", None)
        return answer

    async def _send(self, model: OperationModel, params: Mapping[str, Any]) -> dict[str, Any] | AwsError:
        # Errors are returned, so that they are raised outside the handler: with no trace of botocore's, which holds values.
        try:
            async with asyncio.timeout(self._wire.timeout):
                with speaking_of(self._ticket.agent):
                    answer: dict[str, Any] = await getattr(self._wire.api, xform_name(model.name))(**params)
                return await _with_stream_read(model, answer)
        except EXPECTED as error:
            return Attempt(self.service, model, params).translate(error)

    def _report(self, operation: str, answer: dict[str, Any] | AwsError, seconds: float, attempt: int) -> None:
        if isinstance(answer, AwsRefused):
            return
        if isinstance(answer, AwsError):
            status, code, request_id = _how_it_ended(answer)
        else:
            metadata = answer["ResponseMetadata"]
            status, code, request_id = metadata["HTTPStatusCode"], "", str(metadata.get("RequestId") or "")
        sent = Sent(
            service=self.service,
            operation=operation,
            op_type=op_type(operation),
            status=status,
            code=code,
            request_id=request_id,
            seconds=seconds,
            attempt=attempt,
            failed=isinstance(answer, AwsError),
        )
        self._wire.calls.add(sent)
        if self._listener is not None:
            self._listener(sent)


def _pages(
    page: Callable[..., Awaitable[dict[str, Any]]],
    config: dict[str, Any],
    model: OperationModel,
    params: Mapping[str, Any],
) -> AsyncIterator[dict[str, Any]]:
    paginator: Any = AioPaginator  # its stubs describe botocore's
    pages: AsyncIterator[dict[str, Any]] = aiter(paginator(page, config, model).paginate(**params))
    return pages


def _how_it_ended(error: AwsError) -> tuple[int, str, str]:
    if isinstance(error, AwsApiError):
        return error.status, error.code, error.request_id
    return (error.status if isinstance(error, NoAwsAnswer) else 0), type(error).__name__, ""


async def _with_stream_read(model: OperationModel, answer: dict[str, Any]) -> dict[str, Any]:
    if model.has_streaming_output and model.output_shape is not None:
        payload = model.output_shape.serialization["payload"]
        answer[payload] = await answer[payload].read()
    return answer
