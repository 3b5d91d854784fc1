from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ackpy.errors import Forbidden
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import timestamp
from ackpy.kube.config import KubeConfig
from ackpy.kube.credentials import Credential, ExecCommand, ExecPlugin, StaticCredentials, TokenFile
from ackpy.kube.errors import NotSent
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import NAMESPACES
from ackpy.kube.tls import ClientCertificate, Tls
from ackpy.testing.certificates import Authority
from ackpy.testing.clock import FakeClock
from ackpy.testing.scripted import ScriptedServer, answers, refuses

KEY = ObjectKey("", "a")


async def test_a_token_file_is_read_again_every_minute(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "token"
    path.write_text("one")
    credentials = TokenFile(path, clock=clock)
    assert (await credentials.current()).authorization == "Bearer one"
    path.write_text("two")
    await clock.advance(59)
    assert (await credentials.current()).authorization == "Bearer one"
    await clock.advance(1)
    assert (await credentials.current()).authorization == "Bearer two"


@pytest.mark.parametrize(
    ("content", "message"), [(None, "FileNotFoundError"), ("", "is empty"), (b"\xff", "UnicodeDecodeError")]
)
async def test_a_token_file_without_a_token(tmp_path: Path, content: str | bytes | None, message: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NotSent, match=message) as caught:
        await TokenFile(path).current()
    assert str(path) in str(caught.value)


async def test_a_token_that_is_refused_is_read_again_at_once(
    server: ScriptedServer, tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    credentials = TokenFile(path, clock=clock)
    async with KubeClient(KubeConfig(server.url, credentials=credentials), user_agent="x") as client:
        server.script(answers({}), refuses(401, "Unauthorized"), answers({"it": "worked"}))
        await client.get(NAMESPACES, KEY)
        path.write_text("new")
        assert await client.patch(NAMESPACES, KEY, {}) == {"it": "worked"}
    tokens = [request.headers["Authorization"] for request in server.requests]
    assert tokens == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_token_that_cannot_be_renewed_is_refused_once(server: ScriptedServer) -> None:
    credentials = StaticCredentials(Credential("Bearer x"))
    async with KubeClient(KubeConfig(server.url, credentials=credentials), user_agent="x") as client:
        server.script(refuses(401, "Unauthorized"))
        with pytest.raises(Forbidden):
            await client.get(NAMESPACES, KEY)


def plugin(tmp_path: Path, code: str, clock: FakeClock | None = None, **changes: Any) -> ExecPlugin:
    """A plugin that runs `code`, which finds in COUNT a file to count its runs in."""
    preamble = "import json, os, sys, time\nopen(os.environ['COUNT'], 'a').write('x')\n"
    command = ExecCommand(
        **{
            "origin": "k: users[u].user.exec",
            "command": sys.executable,
            "arguments": ("-c", preamble + code),
            "environment": {"COUNT": str(tmp_path / "count")},
            "api_version": "client.authentication.k8s.io/v1",
            **changes,
        }
    )
    return ExecPlugin(command, clock=clock)


def prints(**status: Any) -> str:
    return f"print({json.dumps(json.dumps({'status': status}))})"


def runs(tmp_path: Path) -> int:
    return len((tmp_path / "count").read_text())


@pytest.mark.slow
async def test_a_plugin_runs_once_until_its_credential_expires(tmp_path: Path, clock: FakeClock) -> None:
    expiry = timestamp(clock.now() + timedelta(minutes=15))
    credentials = plugin(tmp_path, prints(token="t", expirationTimestamp=expiry), clock)
    together = await asyncio.gather(*(credentials.current() for _ in range(5)))
    assert {credential.authorization for credential in together} == {"Bearer t"}
    await clock.advance(14 * 60)
    await credentials.current()
    assert runs(tmp_path) == 1
    await clock.advance(31)
    await credentials.current()
    assert runs(tmp_path) == 2


@pytest.mark.slow
async def test_a_plugin_runs_again_after_a_refusal(tmp_path: Path) -> None:
    credentials = plugin(tmp_path, prints(token="t"))
    await credentials.current()
    assert credentials.refused()
    await credentials.current()
    assert runs(tmp_path) == 2


@pytest.mark.slow
async def test_a_plugin_may_give_a_certificate(tmp_path: Path, authority: Authority) -> None:
    chain, key = authority.sign("user")
    credentials = plugin(tmp_path, prints(clientCertificateData=chain.decode(), clientKeyData=key.decode()))
    assert (await credentials.current()).certificate == ClientCertificate(chain, key)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "changes", "message"),
    [
        ("print('s3cret {')", {}, "printed no ExecCredential"),
        ("print('[1]')", {}, "printed no ExecCredential"),
        ("print('{\"status\": null}')", {}, "printed no ExecCredential"),
        (prints(token="s3cret", expirationTimestamp="soon"), {}, "printed no ExecCredential"),
        (prints(), {}, "neither a token nor a certificate"),
        (
            "print('s3cret'); sys.exit('noise\\nno session: log in first')",
            {},
            "ended with code 1: no session: log in first$",
        ),
        (
            "",
            {"command": "/no/such", "hint": "Install it."},
            "cannot run '/no/such': No such file or directory. Install it.",
        ),
    ],
)
async def test_a_plugin_that_fails_is_named_and_its_output_is_not(
    tmp_path: Path, code: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(NotSent, match=message) as caught:
        await plugin(tmp_path, code, **changes).current()
    assert str(caught.value).startswith("k: users[u].user.exec: ")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None or "s3cret" not in repr(caught.value.__cause__)


@pytest.mark.slow
async def test_a_plugin_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(plugin(tmp_path, code).current())
    await until(lambda: pid_file.exists() and pid_file.read_text() != "")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a child process tells no event loop
            await asyncio.sleep(0.01)


@asynccontextmanager
async def tls_server(authority: Authority, tmp_path: Path) -> AsyncIterator[str]:
    """A server that asks for a certificate of the same authority, and answers with its subject."""
    chain, key = authority.sign("server")
    (tmp_path / "server.pem").write_bytes(chain + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=authority.pem.decode())
    context.verify_mode = ssl.CERT_OPTIONAL

    async def whoami(request: web.Request) -> web.Response:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("peercert") or {}
        names = [value for part in certificate.get("subject", ()) for _, value in part]
        return web.json_response({"subject": names})

    application = web.Application()
    application.router.add_get("/{path:.*}", whoami)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def ask(config: KubeConfig) -> Any:
    async with KubeClient(config, user_agent="x") as client:
        return await client.get(NAMESPACES, KEY)


async def test_a_client_certificate_is_shown(authority: Authority, tmp_path: Path) -> None:
    credential = Credential(certificate=ClientCertificate(*authority.sign("user")))
    async with tls_server(authority, tmp_path) as url:
        tls = Tls(ca=authority.pem)
        assert await ask(KubeConfig(url, tls=tls)) == {"subject": []}
        assert await ask(KubeConfig(url, tls=tls, credentials=StaticCredentials(credential))) == {"subject": ["user"]}


async def test_a_server_of_another_authority_is_not_talked_to(
    authority: Authority, tmp_path: Path, clock: FakeClock
) -> None:
    async with tls_server(authority, tmp_path) as url:
        config = KubeConfig(
            url, tls=Tls(ca=Authority().pem), credentials=StaticCredentials(Credential("Bearer s3cret"))
        )
        with pytest.raises(NotSent, match="certificate verify failed"):
            await ask(config)
        assert await ask(KubeConfig(url, tls=Tls(verify=False))) == {"subject": []}
        with pytest.raises(NotSent, match="certificate"):
            await ask(KubeConfig(url, tls=Tls(ca=authority.pem, server_name="elsewhere")))
