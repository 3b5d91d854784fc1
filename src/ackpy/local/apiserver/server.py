"""A data folder -> a serving Kubernetes API server; called by `python -m ackpy.local.apiserver` and by tests."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from ackpy.errors import ConfigError
from ackpy.local.apiserver.app import Application
from ackpy.local.apiserver.clock import utc_now
from ackpy.local.apiserver.cluster import Cluster
from ackpy.local.apiserver.credentials import Credentials, load_or_make, write_kubeconfig
from ackpy.local.apiserver.lifecycle import background
from ackpy.local.apiserver.storage import Storage
from ackpy.local.lock import locked
from ackpy.local.serving import listening, serving, until, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Go's net/http keeps idle connections for 90 s: the server must not be the first to close.
KEEP_ALIVE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ApiServerOptions:
    """Where the server keeps its data and where it listens.

    `data` is made when absent. `port` 0 takes a free one. `kubeconfig` is where to write the administrator's
    kubeconfig; None means `kubeconfig` in the data folder.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    kubeconfig: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach a running server: `url` is https, `token` the administrator's bearer token."""

    url: str
    token: str = field(repr=False)
    ca_file: Path
    kubeconfig: Path


async def serve(
    options: ApiServerOptions, *, stop: asyncio.Event, ready: Callable[[Endpoint], None] | None = None
) -> None:
    """Serve until `stop` is set; `ready` is called once, when requests are answered.

    Raises ConfigError before anything is served: a taken port, a host that is not loopback, a corrupt or newer
    database, a data folder that another process serves.
    """
    if options.host not in LOOPBACK:
        raise ConfigError(f"the API server binds loopback only: found host {options.host!r}, use 127.0.0.1")
    _make_private_folder(options.data)
    with locked(options.data / "lock"), listening(options.host, options.port) as listener:
        credentials = load_or_make(options.data, now=utc_now())
        storage = Storage.open(options.data / "state.db", clock=utc_now)
        try:
            await _serve(Cluster.open(storage, clock=utc_now), listener, options, credentials, ready, stop)
        finally:
            storage.close()


async def _serve(
    cluster: Cluster,
    listener: socket.socket,
    options: ApiServerOptions,
    credentials: Credentials,
    ready: Callable[[Endpoint], None] | None,
    stop: asyncio.Event,
) -> None:
    application = Application(cluster, token=credentials.token)
    kubeconfig = options.kubeconfig or options.data / "kubeconfig"
    endpoint = Endpoint(url_of("https", listener), credentials.token, credentials.ca_file, kubeconfig)
    async with serving(_uvicorn_config(application, credentials), listener) as server:
        jobs = [asyncio.create_task(job) for job in background(cluster)]
        try:
            write_kubeconfig(kubeconfig, url=endpoint.url, credentials=credentials)
            if ready is not None:
                ready(endpoint)
            await until(stop, server, *jobs)
        finally:
            application.close()
            for task in jobs:
                task.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)


def _uvicorn_config(application: Application, credentials: Credentials) -> uvicorn.Config:
    def tls(_config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(credentials.cert_file, credentials.key_file)
        return context

    return uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        ssl_context_factory=tls,
    )


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"cannot make the data folder {folder}: {error.strerror}; name another with --data"
        ) from error
