"""A data folder -> a serving Kubernetes API server; called by `python -m ackpy.local.apiserver` and by tests."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import ssl
from contextlib import contextmanager
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    with _only_server_of(options.data), _listening(options) as listener:
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
    server = _Server(_uvicorn_config(application, credentials))
    endpoint = _endpoint(listener, options, credentials)
    jobs = [asyncio.create_task(job) for job in background(cluster)]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.serving.wait()
        write_kubeconfig(endpoint.kubeconfig, url=endpoint.url, credentials=credentials)
        if ready is not None:
            ready(endpoint)
        await _first_of(stop, serving, *jobs)
    finally:
        application.close()
        server.should_exit = True
        for task in jobs:
            task.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await serving


async def _first_of(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for the stop; a task that fails before ends the server with its error."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        task.result()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers (the process's owner has its own), and with an event that says that it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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


def _endpoint(listener: socket.socket, options: ApiServerOptions, credentials: Credentials) -> Endpoint:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    kubeconfig = options.kubeconfig or options.data / "kubeconfig"
    return Endpoint(f"https://{shown}:{port}", credentials.token, credentials.ca_file, kubeconfig)


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"cannot make the data folder {folder}: {error.strerror}; name another with --data"
        ) from error


@contextmanager
def _only_server_of(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel releases it when the process ends, however it ends."""
    file = folder / "lock"
    file.touch(mode=0o600)
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ConfigError(
                f"the data folder {folder} is served by process {holder}: stop that one or name another folder with --data"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextmanager
def _listening(options: ApiServerOptions) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((options.host, options.port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {options.host}:{options.port}: {error.strerror}; name another port with --port"
            ) from error
        yield listener
