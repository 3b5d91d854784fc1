"""Makes what a request does repeatable: inside `pinned`, time stands still and identifiers follow from a seed.

The journal keeps both, so that a replayed request gives the same times and identifiers. moto makes an account's resources
of a service (its default network, its managed policies) when the service is first touched, by a read as well: that too
is pinned, to a seed of its own. Used by the cloud.
"""

from __future__ import annotations

import os
import random
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import time_machine
from moto.core import base_backend
from moto.core.base_backend import AccountSpecificBackend
from moto.moto_api._internal import mock_random

_SYSTEM_RANDOM = os.urandom
ACCOUNT_BIRTH = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


@contextmanager
def pinned(moment: float, seed: int) -> Iterator[None]:
    """Run the body at `moment` (seconds since 1970), with random numbers that follow from `seed`.

    Time is stopped and the operating system's randomness replaced for the whole process, so the body must be synchronous
    and short. What comes after draws on as if the body had not been. Keys that a cryptographic library makes differ.
    """
    states = (
        mock_random.getstate(),
        random.getstate(),
    )  # moto draws from its own generator, in some places from Python's
    mock_random.seed(seed)
    random.seed(seed)
    try:
        with _drawn_from(mock_random), time_machine.travel(datetime.fromtimestamp(moment, UTC), tick=False):
            yield
    finally:
        mock_random.setstate(states[0])
        random.setstate(states[1])


@contextmanager
def _drawn_from(generator: random.Random) -> Iterator[None]:
    """Let `os.urandom`, and so `uuid.uuid4`, draw from the generator."""
    system = os.urandom
    os.urandom = generator.randbytes
    try:
        yield
    finally:
        os.urandom = system


def pin_first_touch() -> None:
    """Have moto make an account's backend of a service and region the same way each time. Done once a process.

    moto's registries of backends draw identifiers of their own, whenever a module is first imported: not from our seeds.
    """
    base_backend.uuid4 = _system_uuid4  # type: ignore[attr-defined]  # a test says when moto no longer has it
    made = AccountSpecificBackend.__getitem__
    if not hasattr(made, "pinned"):
        AccountSpecificBackend.__getitem__ = _pinned_first_touch(made)  # type: ignore[method-assign]


def _system_uuid4() -> uuid.UUID:
    return uuid.UUID(bytes=_SYSTEM_RANDOM(16), version=4)


def _pinned_first_touch(made: Callable[..., Any]) -> Callable[..., Any]:
    def getitem(backends: AccountSpecificBackend[Any], region: str) -> Any:
        name = "aws" if region == "global" else region
        if name in backends.keys():  # noqa: SIM118  # moto's `in` speaks of regions that could be made
            return made(backends, region)
        place = f"{backends.service_name}/{backends.account_id}/{name}"
        with pinned(ACCOUNT_BIRTH, zlib.crc32(place.encode())):
            return made(backends, region)

    getitem.pinned = True  # type: ignore[attr-defined]
    return getitem
