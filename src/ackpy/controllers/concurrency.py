"""Several calls side by side, all of them to the end. `observe` and `apply` use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order. What one of them raises is raised when all have ended: an AWS call under way is never abandoned for it."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    results: list[T] = []
    for each in ended:
        if isinstance(each, BaseException):
            raise each
        results.append(each)
    return results
