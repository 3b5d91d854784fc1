"""The values that pass between the cloud and the services it emulates: who calls what, and how an answer is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ackpy.local.cloud.protocol import Operation, parameters, result_answer
from ackpy.local.cloud.wire import HttpAnswer, HttpRequest

ServedBy = Literal["moto", "ours", "mended", "missing"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed a request, and for which region; `signing_name` is the service in the signature's scope."""

    account: str
    region: str
    access_key_id: str
    signing_name: str


class State:
    """What the embedded AWS keeps itself, beside moto's state: plain values by account and service."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, dict[str, Any]]] = {}

    def of(self, account: str, service: str) -> dict[str, Any]:
        """The service's values in the account, to read and to change."""
        return self._values.setdefault(account, {}).setdefault(service, {})

    def of_account(self, account: str) -> dict[str, dict[str, Any]]:
        """All values of the account, by service; a service that was only asked is not there."""
        return {service: values for service, values in self._values.get(account, {}).items() if values}


@dataclass(frozen=True, slots=True)
class Call:
    """One call on an emulated service: `forward` lets moto answer a request in its stead."""

    operation: Operation
    request: HttpRequest
    identity: Identity
    state: State
    now: datetime
    request_id: str
    forward: Callable[[HttpRequest], HttpAnswer] = field(repr=False)

    def parameters(self) -> dict[str, Any]:
        """The members of the operation's input as plain values. Raises ServiceError."""
        return parameters(self.operation, self.request)

    @property
    def kept(self) -> dict[str, Any]:
        """What this service keeps in the caller's account."""
        return self.state.of(self.identity.account, self.operation.service)

    def answer(self, result: Mapping[str, Any]) -> HttpAnswer:
        """The operation's output on the wire."""
        return result_answer(self.operation, result, self.request_id)


Serve = Callable[[Call], HttpAnswer | Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Handler:
    """Answers one operation: alone (`ours`) or around moto's answer (`mended`). A mapping is the operation's output."""

    serve: Serve
    served_by: ServedBy = "ours"


def pass_all(_call: Call) -> None:
    """The gate of a service that refuses nothing."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """A service where we do more than pass on: our handlers, what moto may answer (None: all), what is refused first."""

    handlers: Mapping[str, Handler]
    moto: frozenset[str] | None = None
    gate: Callable[[Call], None] = pass_all
