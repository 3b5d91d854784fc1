"""pytest fixtures -> a Kubernetes API server for tests: `api_server`, and a fresh `namespace` for each test.

Load them with `pytest_plugins = ["ackpy.testing.cluster"]`. By default the embedded server runs, in a child process. When
KUBEBUILDER_ASSETS names a folder that holds `etcd` and `kube-apiserver` (envtest's convention), those run instead; they come
without a controller manager, so there nothing collects garbage or finishes the deletion of a namespace.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ackpy.local.apiserver.credentials import Credentials, write_kubeconfig, write_private
from ackpy.local.apiserver.server import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One API server for the session: embedded, or the real one when KUBEBUILDER_ASSETS is set."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    folder = tmp_path_factory.mktemp("apiserver")
    with real_server(Path(assets), folder) if assets else embedded_server(folder) as endpoint:
        yield endpoint


@pytest.fixture
def namespace(api_server: Endpoint) -> Iterator[str]:
    """The name of a fresh namespace, deleted after the test."""
    name = f"t-{secrets.token_hex(5)}"
    request(api_server, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    request(api_server, "DELETE", f"/api/v1/namespaces/{name}")


@contextmanager
def embedded_server(folder: Path, *, port: int = 0) -> Iterator[Endpoint]:
    """The embedded API server over `folder`, in a child process."""
    command = [sys.executable, "-m", "ackpy.local.apiserver", "--data", str(folder), "--port", str(port)]
    command += ["--parent-pid", str(os.getpid())]
    with (
        (folder / "apiserver.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,  # noqa: S603
    ):
        try:
            yield _announced(process, folder)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def request(endpoint: Endpoint, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One JSON request as the administrator; raises `urllib.error.HTTPError` for an answer of 400 and more."""
    call = urllib.request.Request(endpoint.url + path, method=method)  # noqa: S310
    call.add_header("Authorization", f"Bearer {endpoint.token}")
    call.add_header("Content-Type", "application/json")
    context = ssl.create_default_context(cafile=str(endpoint.ca_file))
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(call, data=content, context=context, timeout=30) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
        return found


def _announced(process: subprocess.Popen[str], folder: Path) -> Endpoint:
    if process.stdout is None:
        raise RuntimeError("the API server's output is not a pipe")
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise RuntimeError(f"the API server did not start: {(folder / 'apiserver.log').read_text().strip()}")
    said = json.loads(line)
    token = (folder / "token").read_text().strip()
    return Endpoint(said["url"], token, Path(said["ca_file"]), Path(said["kubeconfig"]))


@contextmanager
def real_server(assets: Path, folder: Path) -> Iterator[Endpoint]:
    """Etcd and kube-apiserver out of `assets` on free loopback ports, their data in `folder`."""
    etcd_port, peer_port, port = _free_ports(3)
    token = secrets.token_urlsafe(24)
    write_private(folder / "tokens.csv", f'{token},admin,admin,"system:masters"\n'.encode())
    _write_service_account_keys(folder)
    commands = [_etcd(assets, folder, etcd_port, peer_port), _kube_apiserver(assets, folder, etcd_port, port)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log))  # noqa: S603
        yield _when_ready(folder, port, token)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=60)


def _etcd(assets: Path, folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    flags = {
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "unsafe-no-fsync": "true",
    }
    return [str(assets / "etcd"), *(f"--{name}={value}" for name, value in flags.items())]


def _kube_apiserver(assets: Path, folder: Path, etcd_port: int, port: int) -> list[str]:
    flags = {
        "etcd-servers": f"http://127.0.0.1:{etcd_port}",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(port),
        "cert-dir": str(folder / "certs"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": str(folder / "sa.pub"),
        "service-account-signing-key-file": str(folder / "sa.key"),
        "token-auth-file": str(folder / "tokens.csv"),
        "authorization-mode": "RBAC",
        "service-cluster-ip-range": "10.96.0.0/16",
        "disable-admission-plugins": "ServiceAccount",
        "allow-privileged": "true",
    }
    return [str(assets / "kube-apiserver"), *(f"--{name}={value}" for name, value in flags.items())]


def _write_service_account_keys(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    write_private(folder / "sa.key", private)
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_private(folder / "sa.pub", public)


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _when_ready(folder: Path, port: int, token: str) -> Endpoint:
    """The endpoint, once /readyz answers; kube-apiserver signs its own certificate, which serves as its own authority."""
    certificate = folder / "certs" / "apiserver.crt"
    deadline = time.monotonic() + START_SECONDS
    endpoint = Endpoint(f"https://127.0.0.1:{port}", token, certificate, folder / "kubeconfig")
    while time.monotonic() < deadline:
        if certificate.exists() and _is_ready(endpoint):
            write_kubeconfig(endpoint.kubeconfig, url=endpoint.url, credentials=_as_credentials(endpoint))
            return endpoint
        time.sleep(0.1)
    raise RuntimeError(
        f"kube-apiserver did not get ready within {START_SECONDS:.0f} s; see {folder}/kube-apiserver.log"
    )


def _as_credentials(endpoint: Endpoint) -> Credentials:
    return Credentials(endpoint.ca_file, endpoint.ca_file, endpoint.ca_file, endpoint.token)


def _is_ready(endpoint: Endpoint) -> bool:
    try:
        request(endpoint, "GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    except (urllib.error.URLError, OSError, ssl.SSLError):
        return False
    return True
