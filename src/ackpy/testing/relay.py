"""A server's URL -> another one, on loopback, by which the same server is reached and that keeps what was said: a test's ear on the line.

    async with relay(cloud.url) as line:
        ...  # an operator with --aws-endpoint-url={line.url}
    assert "user-agent: " in line.heard.lower()

Bytes go through as they are, so that signatures hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 65_536


@dataclass(slots=True)
class Relay:
    """One way to a server: its URL, and all that came by it."""

    url: str = ""
    _said: bytearray = field(default_factory=bytearray)

    @property
    def heard(self) -> str:
        """All that clients have said, in the order in which it came; bytes that are no text are left out."""
        return self._said.decode("utf-8", "ignore")

    def hear(self, content: bytes) -> None:
        """Keep what a client has said."""
        self._said += content


@asynccontextmanager
async def relay(to: str) -> AsyncIterator[Relay]:
    """A relay to the server of a URL for as long as the block lasts."""
    line, far = Relay(), urlsplit(to)
    open_ones: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with suppress(ConnectionError):
            server_reader, server_writer = await asyncio.open_connection(far.hostname, far.port)
            open_ones.add(server_writer)
            await asyncio.gather(_pipe(reader, server_writer, line), _pipe(server_reader, writer, None))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        for writer in open_ones:
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Relay | None) -> None:
    """Pass on what one side says until it ends."""
    while content := await reader.read(_CHUNK):
        if line is not None:
            line.hear(content)
        writer.write(content)
        await writer.drain()
    writer.close()
