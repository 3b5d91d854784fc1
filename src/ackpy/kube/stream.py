"""A body in pieces into the JSON values on its lines: the framing of watches. Called by client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from ackpy.errors import KubeUnreachable


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The objects on the lines of a body.

    A last line without an end is one that was cut off, and is dropped: the watch resumes before it. KubeUnreachable for a whole
    line that is no JSON object.
    """
    started: list[bytes] = []  # the pieces of a line whose end has not come: joined once, for an object may span many
    async for chunk in chunks:
        head, *ended = chunk.split(b"\n")
        started.append(head)
        for piece in ended:
            line = b"".join(started)
            started = [piece]
            if line.strip():
                yield _parsed(line)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise KubeUnreachable(f"watch: a line of {len(line)} bytes is no JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise KubeUnreachable(f"watch: a line holds {type(value).__name__}, not an event")
    return value
