"""Certificates into an SSL context. Called by config (to find a bad certificate at load) and by transport."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate chain and its key, both PEM. Neither shows in a repr."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tls:
    """How to know the server: by the CAs in `ca` (PEM; None for the machine's), as `server_name` (empty: the host of the URL)."""

    ca: bytes | None = field(default=None, repr=False)
    verify: bool = True
    server_name: str = ""

    def context(self, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
        """An SSL context that shows `certificate`. Raises ssl.SSLError or ValueError when a PEM is none."""
        context = ssl.create_default_context(cadata=self.ca.decode("ascii") if self.ca is not None else None)
        # Python 3.13 began to refuse CAs without a key identifier; the CAs that clusters make for themselves often lack one.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            _show(context, certificate)
        return context


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Load a client certificate. Python's ssl reads one from a file only: made for us alone, and gone at once."""
    descriptor, path = tempfile.mkstemp(prefix="ackpy-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate.chain + b"\n" + certificate.key)
        context.load_cert_chain(path)
    finally:
        Path(path).unlink()
