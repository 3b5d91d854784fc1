"""Options -> an embedded AWS that serves on loopback until told to stop. Called by `python -m ackpy.local.cloud`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ackpy.errors import ConfigError
from ackpy.local.cloud.cloud import EmbeddedAws
from ackpy.local.cloud.credentials import admin_token, credentials, root_secret
from ackpy.local.cloud.endpoint import DEFAULT_ACCOUNT, CloudEndpoint, CloudOptions
from ackpy.local.cloud.front import CUT, Front
from ackpy.local.cloud.journal import Journal
from ackpy.local.serving import listening, serving, until, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CloudEndpoint", "CloudOptions", "serve"]

GRACE_SECONDS = 3


async def serve(
    options: CloudOptions, *, ready: Callable[[CloudEndpoint], None] | None = None, stop: asyncio.Event
) -> None:
    """Serve until `stop` is set; `ready` is called once, when connections are accepted.

    Raises ConfigError: the port is taken, the data folder is in use or its log is corrupt.
    """
    with contextlib.ExitStack() as held:
        listener = held.enter_context(listening(options.host, options.port))
        journal = None
        if options.data is not None:
            journal = held.enter_context(contextlib.closing(Journal(options.data)))
        secret = root_secret(options.data)
        cloud = EmbeddedAws(secret, options.region, journal, options.pending)
        if journal is not None:
            _restore(cloud, journal)
        endpoint = _endpoint(listener, secret)
        await _run(Front(cloud, secret), listener, lambda: ready(endpoint) if ready else None, stop)


def _endpoint(listener: socket.socket, secret: bytes) -> CloudEndpoint:
    key = credentials(secret, DEFAULT_ACCOUNT)
    return CloudEndpoint(
        url_of("http", listener), key.access_key_id, key.secret_access_key, DEFAULT_ACCOUNT, admin_token(secret)
    )


def _restore(cloud: EmbeddedAws, journal: Journal) -> None:
    """Replay the journal. A record that fails now worked once: that is told, and the rest goes on."""
    records, torn = journal.read()
    if torn:
        print(f"ackpy: {journal.path}: dropped a torn last record (its request was never answered)", file=sys.stderr)
    for number, record in enumerate(records, start=1):
        try:
            status = cloud.replay(record).status
        except LookupError as error:
            msg = f"{journal.path} line {number}: {error}"
            raise ConfigError(msg) from error
        if status >= 400:
            name = f"{record.service} {record.operation}"
            print(f"ackpy: {journal.path} line {number}: {name} now answers {status}", file=sys.stderr)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, whose connections the application can cut."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"abort": self.transport.abort}}


async def _run(front: Front, listener: socket.socket, started: Callable[[], None], stop: asyncio.Event) -> None:
    config = uvicorn.Config(
        front,
        http=_Protocol,
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    async with serving(config, listener) as server:
        started()
        await until(stop, server)
