"""Who sends a request, as AWS's logs have it: ACK's user agent, with what a call's ticket says of the object. Called by session and client.

The client of a service is shared by all kinds, so what a call adds travels beside it, and is put into the header on the way out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

_PROGRAM: Final = "(ackpy)"
_object: ContextVar[str] = ContextVar("object", default="")


def user_agent(service: str, version: str) -> str:
    """The agent of a service's client."""
    return f"aws-controllers-k8s/{service}.services.k8s.aws-{version} {_PROGRAM}"


@contextmanager
def speaking_of(what: str) -> Iterator[None]:
    """Inside, requests say this too ("CRDKind/Bucket; CRDVersion/v1alpha1"); "" adds nothing."""
    token = _object.set(what)
    try:
        yield
    finally:
        _object.reset(token)


def introduce(request: Any, **_: Any) -> None:
    """The SDK's handler of request-created, after the one that writes the header."""
    if what := _object.get():
        agent = request.headers["User-Agent"].replace(_PROGRAM, f"{_PROGRAM[:-1]}; {what})", 1)
        request.headers.replace_header("User-Agent", agent)
