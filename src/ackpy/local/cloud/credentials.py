"""Access keys that name their account, and secrets that need no table: HMACs of one root secret in the data folder.

A real access key holds its account in the 41 bits after a leading one (base32 of what follows the four letters); so do
these, and any account has keys without being created. Used by the cloud, and by whoever hands out credentials.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ackpy.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = "AKIA"
_ACCOUNT_MASK = 0x7FFFFFFFFF80
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key and its secret; `session_token` for temporary ones."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def _digest(root: bytes, purpose: str, text: str) -> bytes:
    return hmac.new(root, f"{purpose}:{text}".encode(), hashlib.sha256).digest()


def credentials(root_secret: bytes, account_id: str) -> AccessKey:
    """The account's key: always the same for one root secret. `account_id` has 12 digits, else ValueError."""
    if len(account_id) != 12 or not account_id.isdecimal():
        msg = f"an AWS account id has 12 digits, found {account_id!r}"
        raise ValueError(msg)
    noise = _digest(root_secret, "key", account_id)
    head = ((1 << 47) | (int(account_id) << 7) | (noise[0] & 0x7F)).to_bytes(6, "big")
    key_id = _PREFIX + base64.b32encode(head + noise[1:5]).decode()
    return AccessKey(key_id, base64.b64encode(_digest(root_secret, "secret", key_id)).decode()[:40])


def admin_token(root_secret: bytes) -> str:
    """The token that opens `/_ackpy/`."""
    return _digest(root_secret, "admin", "").hex()


def account_of(access_key_id: str) -> str | None:
    """The account that an access key of AWS's form names; None when it has another form."""
    try:
        head = int.from_bytes(base64.b32decode(access_key_id[4:])[:6], "big")
    except (binascii.Error, ValueError):
        return None
    account = (head & _ACCOUNT_MASK) >> 7
    return f"{account:012d}" if len(access_key_id) == 20 and account < 10**12 else None


def root_secret(data: Path | None) -> bytes:
    """The root secret of the data folder, made on first use with mode 0600; without a folder a new one each time."""
    if data is None:
        return secrets.token_bytes(_ROOT_BYTES)
    path = data / "root.key"
    if not path.exists():
        _write_private(path, secrets.token_hex(_ROOT_BYTES))
    text = path.read_text().strip()
    try:
        return _exactly(bytes.fromhex(text))
    except ValueError as error:
        msg = f"{path} holds no root secret ({_ROOT_BYTES} bytes in hexadecimal); remove the file to get a new one"
        raise ConfigError(msg) from error


def _exactly(secret: bytes) -> bytes:
    if len(secret) != _ROOT_BYTES:
        raise ValueError(len(secret))
    return secret


def _write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    partial = path.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
    partial.replace(path)
