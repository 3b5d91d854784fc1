"""What goes wrong at the two seams: a request and the dice -> what its client sees. `Log` counts what fired, and keeps what happened.

Each decision is drawn from the seed and from what the request is (its operation, its object, how often it came), not from when it
came: so that the same seed does the same to the same requests, however the passes are interleaved.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from ackpy.local.cloud.errors import ServiceError, error_answer
from ackpy.local.cloud.protocol import Operation, identify
from ackpy.local.cloud.signature import read_scope
from ackpy.local.cloud.signing_names import services_of
from ackpy.local.cloud.wire import HttpRequest
from ackpy.testing.seam import Answer, Forward, Request, until_hung_up

STALE_SECONDS: Final = 1.0
"""How old AWS's answer to a read may be; the controllers' clock makes half a minute of it."""
SLOW_SECONDS: Final = 0.15

HALF_DONE_SECONDS: Final = 0.5
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Act: TypeAlias = Callable[["Call", Forward], Awaitable[Answer | None]]


@dataclass
class Log:
    """What happened: `fired` counts faults by name, `told` keeps the last requests of each AWS name or object."""

    fired: Counter[str] = field(default_factory=Counter)
    told: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=300)))
    started: float = field(default_factory=time.monotonic)

    def tell(self, name: str, what: str) -> None:
        self.told[name].append(f"{time.monotonic() - self.started:7.3f} {what}")


@dataclass
class Dice:
    """Decisions that follow from a seed and from what is asked."""

    seed: int
    _asked: Counter[str] = field(default_factory=Counter)

    def of(self, *what: str) -> random.Random:
        """A generator for the next request of this kind."""
        key = "/".join(what)
        self._asked[key] += 1
        return random.Random(f"{self.seed}/{key}/{self._asked[key]}")


@dataclass(frozen=True)
class Call:
    """A request to AWS or to the API server: `operation` as people say it, the `name` of what it is about ("" for none)."""

    request: Request
    operation: str
    name: str
    reads: bool
    api: Operation | None = None

    def refused(self, code: str, status: int) -> Answer:
        """AWS's refusal, in the words of the service's protocol."""
        assert self.api is not None
        head = self.request.method == "HEAD"
        error = ServiceError(code, "injected by the soak", status)
        made = error_answer(error, service=self.api.service, protocol=self.api.protocol, request_id="soak", head=head)
        return Answer(made.status, made.headers, made.body)


@dataclass
class Names:
    """Which AWS name a request is about: it says so, or says an identifier that AWS gave when that name was made."""

    pattern: re.Pattern[str]
    given: dict[str, str] = field(default_factory=dict)

    def of(self, request: Request) -> str:
        for text in (request.target, request.body.decode(errors="replace")):
            if found := self.pattern.search(text):
                return found[0]
            for identifier in _IDENTIFIER.findall(text):
                if identifier in self.given:
                    return self.given[identifier]
        return ""

    def note(self, name: str, answer: Answer) -> None:
        """Remember what AWS called the resource that was made under a name."""
        self.given |= dict.fromkeys(_IDENTIFIER.findall(answer.body.decode(errors="replace")), name)


def aws_call(request: Request, names: Names) -> Call | None:
    """The call that a signed request makes; None for one that is not AWS's, or that only asks who one is."""
    parts = urlsplit(request.target)
    arrived = HttpRequest(request.method, parts.path, parts.query, request.headers, request.body)
    scope = read_scope(arrived)
    operation = scope and identify(arrived, services_of(scope.service)[:1])
    if not operation or operation.service == "sts":
        return None
    return Call(request, operation.name, names.of(request), operation.reads, operation)


def kube_call(request: Request) -> Call:
    """A request to the API server: "PATCH buckets", "PATCH buckets/status", "POST events"."""
    pieces = request.path.strip("/").split("/")
    pieces = pieces[3 if pieces[0] == "apis" else 2 :]
    if pieces[:1] == ["namespaces"] and len(pieces) > 2:
        pieces = pieces[2:]
    resource, name, sub = [*pieces, "", "", ""][:3]
    operation = f"{request.method} {resource}{f'/{sub}' if sub else ''}"
    return Call(request, operation, name, request.method == "GET")


async def reset_before(_call: Call, _forward: Forward) -> Answer | None:
    return None


async def reset_after(_call: Call, forward: Forward) -> Answer | None:
    await forward()
    return None


async def silence_before(_call: Call, _forward: Forward) -> Answer | None:
    await until_hung_up()
    return None


async def silence_after(_call: Call, forward: Forward) -> Answer | None:
    await forward()
    await until_hung_up()
    return None


async def slow(_call: Call, forward: Forward) -> Answer | None:
    await asyncio.sleep(SLOW_SECONDS)
    return await forward()


_WIRE: Final[Mapping[str, Act]] = {
    "reset before": reset_before,
    "reset after": reset_after,
    "time-out before": silence_before,
    "time-out after": silence_after,
    "slow": slow,
}


def _says(code: str, status: int, *, acts: bool = False) -> Act:
    """AWS answers an error, after it has acted or instead."""

    async def act(call: Call, forward: Forward) -> Answer | None:
        if acts:
            await forward()
        return call.refused(code, status)

    return act


async def throttled(call: Call, _forward: Forward) -> Answer | None:
    s3 = call.api is not None and call.api.service == "s3"
    return call.refused("SlowDown", 503) if s3 else call.refused("ThrottlingException", 400)


AWS_FAULTS: Final[Mapping[str, Act]] = {
    **_WIRE,
    "throttled": throttled,
    "500 before": _says("InternalError", 500),
    "500 after": _says("InternalError", 500, acts=True),
    "503 before": _says("ServiceUnavailable", 503),
    "503 after": _says("ServiceUnavailable", 503, acts=True),
    "409": _says("OperationAborted", 409),
    "403": _says("AccessDeniedException", 403),
}


def _status(code: int, reason: str, *, acts: bool = False, headers: Mapping[str, str] | None = None) -> Act:
    """The API server answers an error, after it has acted or instead."""
    body = (
        f'{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"soak","reason":"{reason}","code":{code}}}'
    )
    answer = Answer(code, {"content-type": "application/json", **(headers or {})}, body.encode())

    async def act(_call: Call, forward: Forward) -> Answer | None:
        if acts:
            await forward()
        return answer

    return act


KUBE_FAULTS: Final[Mapping[str, Act]] = {
    **_WIRE,
    "429": _status(429, "TooManyRequests", headers={"retry-after": "1"}),
    "500 before": _status(500, "InternalError"),
    "500 after": _status(500, "InternalError", acts=True),
    "503": _status(503, "ServiceUnavailable"),
    "409": _status(409, "Conflict"),
}
_WRITES_ALONE: Final = frozenset({"409", "403"})


@dataclass
class Odds:
    """How likely a request meets a fault, and a read of AWS an old answer; zero once it is calm."""

    fault: float = 0.0
    stale: float = 0.0


@dataclass
class KubeMeddler:
    """The seam in front of the API server. `step` is told before and after each request; False: the process has ended there.

    Nothing befalls requests about the objects that are `spared`.
    """

    dice: Dice
    log: Log
    odds: Odds
    step: Callable[[str], bool]
    patched: Counter[str] = field(default_factory=Counter)
    spared: set[str] = field(default_factory=set)

    async def __call__(self, request: Request, forward: Forward) -> Answer | None:
        call = kube_call(request)
        if not self.step(f"before {call.operation}"):
            return None
        odds = 0.0 if call.name in self.spared else self.odds.fault
        act = _drawn(self.dice.of("kube", call.operation, call.name), odds, KUBE_FAULTS, call)
        if call.operation.startswith("PATCH") and "/" not in call.operation:
            self.patched[call.name] += 1
        answer = await _acted(act, KUBE_FAULTS, "kube", call, forward, self.log)
        return answer if self.step(f"after {call.operation}") else None


@dataclass
class AwsMeddler:
    """The seam in front of AWS.

    `cores` are the operations that read a resource itself, with the code that says that there is none; `creates` those that make one.
    `done` is told of each write that AWS answered; `rival` may step in before a create, and says if it did.
    """

    dice: Dice
    log: Log
    odds: Odds
    step: Callable[[str], bool]
    names: Names
    cores: Mapping[str, str]
    creates: frozenset[str]
    done: Callable[[Call, Answer], None]
    rival: Callable[[Call, random.Random, Forward], Awaitable[tuple[str, Answer | None] | None]]
    _seen: defaultdict[tuple[Any, ...], deque[tuple[float, Answer]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=30))
    )
    _made: dict[str, float] = field(default_factory=dict)

    async def __call__(self, request: Request, forward: Forward) -> Answer | None:
        call = aws_call(request, self.names)
        if call is None:
            return await forward()
        if not self.step(f"before {call.operation}"):
            return None
        answer = await self._answer(call, lambda: self._forward(call, forward))
        return answer if self.step(f"after {call.operation}") else None

    async def _answer(self, call: Call, forward: Forward) -> Answer | None:
        if call.reads and not self.odds.fault:
            return await forward()  # untold: the calm's reads would push out what came before them
        dice = self.dice.of("aws", call.operation, call.name.rpartition("-")[2])
        if call.reads and dice.random() < self.odds.stale and (old := self._old(call)):
            return self._told_old(call, old)
        half_done = call.name and not call.reads and self._is_fresh(call) and call.operation not in self.creates
        if not call.reads and self.odds.fault and (stepped_in := await self.rival(call, dice, forward)):
            name, answer = stepped_in
            self.log.fired[f"aws {name}"] += 1
            self.log.tell(call.name, f"{call.operation}: {name} -> {_shown(answer)}")
            return answer
        act = _drawn(dice, self.odds.fault, AWS_FAULTS, call)
        self.log.fired["aws half-done create"] += bool(act and half_done)
        return await _acted(act, AWS_FAULTS, "aws", call, forward, self.log)

    async def _forward(self, call: Call, forward: Forward) -> Answer | None:
        """What AWS does is noted whether its client waits for the answer or not."""
        return await asyncio.shield(asyncio.ensure_future(self._noted(call, forward)))

    async def _noted(self, call: Call, forward: Forward) -> Answer | None:
        answer = await forward()
        if answer is not None:
            if call.reads:
                self._seen[_sameness(call)].append((time.monotonic(), answer))
            else:
                self.done(call, answer)
            if call.operation in self.creates and answer.status < 300:
                self._made[call.name] = time.monotonic()
                self.names.note(call.name, answer)
        return answer

    def _is_fresh(self, call: Call) -> bool:
        """Whether the resource was made a moment ago."""
        return time.monotonic() - self._made.get(call.name, float("-inf")) < HALF_DONE_SECONDS

    def _old(self, call: Call) -> Answer | None:
        """The oldest answer to the same question that is not too old; nobody could ask before for what AWS has just given a name."""
        since = time.monotonic() - STALE_SECONDS
        seen = self._seen[_sameness(call)]
        if not seen and call.operation in self.cores and self._is_fresh(call):
            return call.refused(self.cores[call.operation], 400)
        return next((answer for moment, answer in seen if moment >= since), None)

    def _told_old(self, call: Call, old: Answer) -> Answer:
        core, fine = call.operation in self.cores, old.status < 300
        name = "stale" if fine else "core not visible" if core else "aspect not visible"
        self.log.fired[f"aws {name}"] += 1
        self.log.tell(call.name, f"{call.operation}: {name} -> {_shown(old)}")
        return old


def _sameness(call: Call) -> tuple[Any, ...]:
    return call.operation, call.request.target, call.request.body


def _drawn(dice: random.Random, odds: float, table: Mapping[str, Act], call: Call) -> str:
    """The name of the fault that the call meets, "" for none."""
    if dice.random() >= odds:
        return ""
    return dice.choice([name for name in table if not (call.reads and name in _WRITES_ALONE)])


async def _acted(
    name: str, table: Mapping[str, Act], seam: str, call: Call, forward: Forward, log: Log
) -> Answer | None:
    if not name:
        answer = await forward()
        log.tell(call.name, f"{call.operation} -> {_shown(answer)}")
        return answer
    log.fired[f"{seam} {name}"] += 1
    log.tell(call.name, f"{call.operation}: {name}")
    return await table[name](call, forward)


def _shown(answer: Answer | None) -> str:
    if answer is None:
        return "cut"
    if answer.status < 300:
        return str(answer.status)
    return f"{answer.status} {answer.body[:160].decode(errors='replace')}"
