"""What both servers of the local stack are made of: a listening socket, uvicorn for as long as a block lasts, a process's exit code."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
import uvloop

from ackpy.errors import ConfigError


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on that port, 0: on a free one. Raises ConfigError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; name another port with --port"
            ) from error
        yield listener


def url_of(scheme: str, listener: socket.socket) -> str:
    """The URL of a server on that socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@asynccontextmanager
async def serving(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve on the socket: the block begins when requests are answered. Yields the task, which ends in it only by a failure."""
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(server.begun, task)
        yield task
    finally:
        server.should_exit = True
        await task


async def until(event: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for the event, or for the end of a task, whose failure is raised."""
    waiting = asyncio.create_task(event.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done:
        task.result()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers (the process's owner has its own), and with an event that says that it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def exit_code_of(run: Coroutine[Any, Any, None]) -> int:
    """Run a server's process: 0 after a clean stop, 2 and one line on stderr when it could not start."""
    try:
        uvloop.run(run)
    except ConfigError as error:
        print(f"ackpy: {error}", file=sys.stderr)
        return 2
    return 0
