"""What the state that AWS shows permits: status fields in, one `Gate` out. Pure; the definition's `State` words are the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ackpy.controllers.blocked import Blocked, Code
from ackpy.model import fieldpath
from ackpy.model.definition import State
from ackpy.model.descriptor import Descriptor

POLL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Gate:
    """`ready`: in step as far as the state goes. `gone`: counts as not found. `poll`: seconds until another look is worth while at most.

    `busy` and `failed` say what stands in the way of writes; while busy, aspects that `allow` names are written all the same.
    """

    ready: bool = True
    gone: bool = False
    busy: Blocked | None = None
    failed: Blocked | None = None
    allow: frozenset[str] = frozenset()
    poll: float = POLL_SECONDS


def gate(descriptor: Descriptor, status: Mapping[str, Any]) -> Gate:
    """What all states of the kind permit together: the first that failed, the first that is busy, what each allows."""
    found = [(state, fieldpath.get(status, state.path)) for state in descriptor.definition.states]
    busy = [_busy(state, value) for state, value in found if _is_busy(state, value)]
    failed = [_failed(state, value, status) for state, value in found if value in state.failed]
    allowed = [frozenset(state.allow) for state, value in found if _is_busy(state, value)]
    return Gate(
        ready=all(value in state.ready for state, value in found),
        gone=any(value in state.gone for state, value in found),
        busy=busy[0] if busy else None,
        failed=failed[0] if failed else None,
        allow=frozenset.intersection(*allowed) if allowed else frozenset(),
        poll=min((state.poll for state, value in found if value not in state.ready), default=POLL_SECONDS),
    )


def _is_busy(state: State, value: Any) -> bool:
    return value is not None and value not in {*state.ready, *state.failed, *state.gone}


def _busy(state: State, value: Any) -> Blocked:
    return Blocked(Code.BUSY, {"path": state.path, "state": str(value)}, until=state.poll)


def _failed(state: State, value: Any, status: Mapping[str, Any]) -> Blocked:
    reason = fieldpath.get(status, state.also) if state.also else None
    why = str(reason or f"{state.path} is {value}")
    return Blocked(Code.FAILED, {"why": why, "path": state.path, "state": str(value)})
