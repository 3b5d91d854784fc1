"""Data folder -> a certificate authority, a server certificate, the administrator's token and a kubeconfig; called by `server`.

kubectl sends a bearer token over TLS only, so the server has its own authority. All of it lives in the data folder, readable by its
owner alone, and survives restarts, so that a kubeconfig written once stays good.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to be let in, as files in the data folder."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    token: str = field(repr=False)


def load_or_make(folder: Path, *, now: datetime) -> Credentials:
    """The credentials of `folder`, made when absent or when the certificate is about to expire."""
    ca, cert, key, token = (folder / name for name in ("ca.crt", "server.crt", "server.key", "token"))
    if not _still_good(cert, now) or not ca.exists() or not key.exists():
        _make_certificates(ca, cert, key, now)
    if not token.exists():
        write_private(token, secrets.token_urlsafe(32).encode())
    return Credentials(ca, cert, key, token.read_text().strip())


def write_kubeconfig(path: Path, *, url: str, credentials: Credentials) -> None:
    """A kubeconfig for the administrator, in one atomic step, readable by its owner alone."""
    ca = base64.b64encode(credentials.ca_file.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "ackpy", "cluster": {"server": url, "certificate-authority-data": ca}}],
        "users": [{"name": "admin", "user": {"token": credentials.token}}],
        "contexts": [{"name": "ackpy", "context": {"cluster": "ackpy", "user": "admin", "namespace": "default"}}],
        "current-context": "ackpy",
    }
    write_private(path, yaml.safe_dump(config, sort_keys=False).encode())


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` atomically by a file of mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)


def _still_good(cert: Path, now: datetime) -> bool:
    return cert.exists() and x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc > now + RENEW_BEFORE


def _make_certificates(ca: Path, cert: Path, key: Path, now: datetime) -> None:
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ackpy local authority")])
    authority = _builder(issuer, issuer, authority_key.public_key(), now)
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(_key_usage(signs_certificates=True), critical=True)
    signed_authority = authority.sign(authority_key, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ackpy local API server")])
    server = _builder(subject, issuer, server_key.public_key(), now)
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(a)) for a in ("127.0.0.1", "::1"))]
    server = server.add_extension(x509.SubjectAlternativeName(names), critical=False)
    server = server.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    signed_server = server.add_extension(known_by, critical=False).sign(authority_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    write_private(key, server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    write_private(ca, signed_authority.public_bytes(pem))
    write_private(cert, signed_server.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFETIME)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
