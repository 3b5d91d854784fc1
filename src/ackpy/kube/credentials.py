"""Who we are to the API server: a token or certificate for the next request. KubeConfig chooses a kind, transport asks it.

Kubernetes' exec credential plugins are a protocol of their own (client.authentication.k8s.io): a command prints an
ExecCredential as JSON, which holds until its expiry or the server's first 401.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from ackpy.kube.clock import Clock, SystemClock, parse_timestamp
from ackpy.kube.errors import NotSent
from ackpy.kube.tls import ClientCertificate

_TOKEN_FILE_SECONDS: Final = 60.0  # a projected token is renewed at 80 % of its life, of ten minutes at least
_EXPIRY_MARGIN: Final = timedelta(seconds=30)
_EXEC_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What one request shows: the value of its Authorization header (empty: none), and a certificate."""

    authorization: str = field(default="", repr=False)
    certificate: ClientCertificate | None = None


class Credentials(Protocol):
    """A source of credentials."""

    async def current(self) -> Credential:
        """The credential for the next request; NotSent when there is none to be had."""
        ...

    def refused(self) -> bool:
        """The server answered 401. True when `current` may now give another credential, so that asking again makes sense."""
        ...


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """A token, password or certificate that does not change."""

    credential: Credential = Credential()

    async def current(self) -> Credential:
        """See `Credentials.current`."""
        return self.credential

    def refused(self) -> bool:
        """See `Credentials.refused`."""
        return False


class TokenFile:
    """A token in a file that somebody renews, as the kubelet does with a service account's: read again every minute."""

    def __init__(self, path: Path, *, certificate: ClientCertificate | None = None, clock: Clock | None = None) -> None:
        self._path = path
        self._certificate = certificate
        self._clock = clock or SystemClock()
        self._read_at = float("-inf")
        self._credential = Credential()

    async def current(self) -> Credential:
        """See `Credentials.current`."""
        now = self._clock.monotonic()
        if now - self._read_at >= _TOKEN_FILE_SECONDS:
            self._credential = Credential(f"Bearer {self._read()}", self._certificate)
            self._read_at = now
        return self._credential

    def refused(self) -> bool:
        """See `Credentials.refused`."""
        self._read_at = float("-inf")
        return True

    def _read(self) -> str:
        try:
            token = self._path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotSent(
                f"token file {self._path}: {type(error).__name__}; the kubelet (or the user's kubeconfig) owns it"
            ) from error
        if not token:
            raise NotSent(f"token file {self._path} is empty")
        return token


@dataclass(frozen=True, slots=True)
class ExecCommand:
    """The `exec` part of a kubeconfig user. `origin` names it in errors; `cluster` is handed to the command when not None."""

    origin: str
    command: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    api_version: str
    hint: str = ""
    cluster: Mapping[str, Any] | None = field(default=None, repr=False)


class ExecPlugin:
    """Credentials from a command such as `aws eks get-token`: run when first needed, at expiry, and after a 401."""

    def __init__(self, command: ExecCommand, *, clock: Clock | None = None) -> None:
        self._command = command
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()
        self._credential: Credential | None = None
        self._expiry: datetime | None = None

    async def current(self) -> Credential:
        """See `Credentials.current`."""
        async with self._lock:
            if self._credential is None or self._expired():
                self._credential, self._expiry = self._parse(await self._run())
            return self._credential

    def refused(self) -> bool:
        """See `Credentials.refused`."""
        self._credential = None
        return True

    def _expired(self) -> bool:
        return self._expiry is not None and self._clock.now() >= self._expiry - _EXPIRY_MARGIN

    async def _run(self) -> bytes:
        command = self._command
        try:
            process = await asyncio.create_subprocess_exec(
                command.command,
                *command.arguments,
                env={**os.environ, **command.environment, "KUBERNETES_EXEC_INFO": self._exec_info()},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = f" {command.hint}" if command.hint else ""
            raise NotSent(f"{command.origin}: cannot run {command.command!r}: {error.strerror}.{hint}") from error
        output, complaint = await self._finish(process)
        if process.returncode:
            said = complaint.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise NotSent(
                f"{command.origin}: {command.command!r} ended with code {process.returncode}: {' '.join(said)[:300]}"
            )
        return output

    async def _finish(self, process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        try:
            async with asyncio.timeout(_EXEC_SECONDS):
                return await process.communicate()
        except TimeoutError as error:
            raise NotSent(
                f"{self._command.origin}: {self._command.command!r} took over {_EXEC_SECONDS:.0f} s"
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _exec_info(self) -> str:
        spec: dict[str, Any] = {"interactive": False}
        if self._command.cluster is not None:
            spec["cluster"] = dict(self._command.cluster)
        info = {"apiVersion": self._command.api_version, "kind": "ExecCredential", "spec": spec}
        return orjson.dumps(info).decode()

    def _parse(self, output: bytes) -> tuple[Credential, datetime | None]:
        try:
            status = orjson.loads(output)["status"]
            token, chain, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
            expiry = status.get("expirationTimestamp")
            certificate = ClientCertificate(chain.encode(), key.encode()) if chain and key else None
            parsed = parse_timestamp(expiry) if expiry else None
        except (ValueError, KeyError, TypeError, AttributeError):
            # what was printed may hold a token: neither it nor the parser's error, which quotes it, goes on
            raise NotSent(f"{self._command.origin}: {self._command.command!r} printed no ExecCredential") from None
        if not token and certificate is None:
            raise NotSent(f"{self._command.origin}: {self._command.command!r} gave neither a token nor a certificate")
        return Credential(f"Bearer {token}" if token else "", certificate), parsed
