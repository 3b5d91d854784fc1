"""The server as a process: how it starts, refuses, ends, and what survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest

from ackpy.local.apiserver.server import Endpoint
from ackpy.testing.api import Remote
from ackpy.testing.cluster import embedded_server

pytestmark = pytest.mark.slow

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ackpy.local.apiserver", "--data", str(folder), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def endpoint_of(process: subprocess.Popen[str], folder: Path) -> Endpoint:
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    return Endpoint(
        said["url"], (folder / "token").read_text().strip(), Path(said["ca_file"]), Path(said["kubeconfig"])
    )


def complaint(folder: Path, *more: str) -> str:
    with start(folder, *more) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.startswith("ackpy: ")
    assert said.count("\n") == 1
    return said


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        api = Remote(endpoint_of(process, tmp_path))
        made = api.call("POST", CONFIG_MAPS, {"metadata": {"name": "c"}, "data": {"a": "b"}}).body
        process.send_signal(signal.SIGKILL)
    with embedded_server(tmp_path) as endpoint:
        found = Remote(endpoint).call("GET", f"{CONFIG_MAPS}/c").body
        assert found == made
        watched = Remote(endpoint).call("GET", f"{CONFIG_MAPS}?watch=1&timeoutSeconds=1&resourceVersion=4")
    assert watched.body["object"]["metadata"]["name"] == "c"


def test_it_ends_cleanly_when_told(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        endpoint_of(process, tmp_path)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, os\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'ackpy.local.apiserver', '--data', {str(tmp_path)!r},"
        " '--parent-pid', str(os.getpid())], stdout=subprocess.PIPE, text=True)\n"
        "print(p.pid, p.stdout.readline(), flush=True)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout
    orphan = os.pidfd_open(int(said.split()[0])) if Path(f"/proc/{said.split()[0]}").exists() else None
    if orphan is not None:
        import select  # noqa: PLC0415 - needed on this path alone

        assert select.select([orphan], [], [], 20)[0], "the server outlived its parent"
    with embedded_server(tmp_path) as endpoint:
        assert Remote(endpoint).call("GET", "/readyz").body == "ok"


def test_a_folder_in_use_names_the_holder(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        endpoint_of(process, tmp_path)
        assert f"is in use by process {process.pid}" in complaint(tmp_path)
        process.terminate()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in complaint(tmp_path, "--port", str(port))


def test_a_corrupt_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database at all " * 500)
    assert "state.db cannot be read" in complaint(tmp_path)


def test_only_loopback_is_bound(tmp_path: Path) -> None:
    assert "binds loopback only: found host '0.0.0.0'" in complaint(tmp_path, "--host", "0.0.0.0")


def test_the_kubeconfig_is_the_owners_and_complete(tmp_path: Path) -> None:
    wanted = tmp_path / "elsewhere" / "config"
    with start(tmp_path / "data", "--kubeconfig", str(wanted)) as process:
        endpoint_of(process, tmp_path / "data")
        process.terminate()
    assert oct(wanted.stat().st_mode & 0o777) == "0o600"
    assert "certificate-authority-data" in wanted.read_text()


@pytest.mark.skipif("KUBEBUILDER_ASSETS" in os.environ, reason="of the embedded server")
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": ""}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:1"}, 200),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_who_is_let_in(api_server: Endpoint, headers: dict[str, str], code: int) -> None:
    assert Remote(api_server).call("GET", CONFIG_MAPS, headers=headers).code == code


@pytest.mark.skipif("KUBEBUILDER_ASSETS" in os.environ, reason="of the embedded server")
def test_a_body_has_a_limit(api_server: Endpoint) -> None:
    body = {"metadata": {"name": "big"}, "data": {"a": "x" * 1_600_000}}
    assert Remote(api_server).call("POST", CONFIG_MAPS, body).code == 413
    try:
        code = Remote(api_server).call("POST", CONFIG_MAPS, {"data": {"a": "x" * 4_000_000}}).code
    except urllib.error.URLError:  # the server may hang up while the rest is still being sent
        code = 413
    assert code == 413


@pytest.mark.skipif("KUBEBUILDER_ASSETS" in os.environ, reason="of the embedded server")
def test_health_needs_no_token(api_server: Endpoint) -> None:
    codes = {
        path: Remote(api_server).call("GET", path, headers={"Authorization": ""}).code
        for path in ("/healthz", "/livez", "/readyz")
    }
    assert set(codes.values()) == {200}
