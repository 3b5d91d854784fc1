"""The log of requests that changed something: appended before the answer leaves, read back whole at start.

One JSON line a record, each with a checksum. A record that kill -9 tore off at the end is dropped (its request was never
answered); damage anywhere else is an error that names the line. Used by the cloud.
"""

from __future__ import annotations

import base64
import errno
import os
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.errors import ConfigError
from ackpy.local.lock import locked

if TYPE_CHECKING:
    from pathlib import Path

LOG_NAME = "requests.log"
LOCK_NAME = "lock"


@dataclass(frozen=True, slots=True)
class Record:
    """One request that changed something, with all that its effect depends on."""

    service: str
    operation: str
    account: str
    region: str
    access_key_id: str
    signing_name: str
    moment: float
    seed: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def encode(record: Record) -> bytes:
    """The record's line."""
    members = {name: getattr(record, name) for name in record.__slots__}
    text = orjson.dumps({**members, "body": base64.b64encode(record.body).decode()})
    return b"%08x %b\n" % (zlib.crc32(text), text)


def decode(line: bytes) -> Record:
    """The record of a line. Raises ValueError when the line is damaged."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if int(checksum, 16) != zlib.crc32(text):
        msg = "the checksum does not fit"
        raise ValueError(msg)
    members: dict[str, Any] = orjson.loads(text)
    return Record(**{**members, "body": base64.b64decode(members["body"])})


class Journal:
    """The log in a data folder, held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Make and lock the folder. Raises ConfigError when another process holds it or it cannot be made."""
        self.path = folder / LOG_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as held:
                held.enter_context(locked(folder / LOCK_NAME))
                file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                self._file = held.enter_context(os.fdopen(file, "a+b", buffering=0))
                self._held = held.pop_all()
        except OSError as error:
            msg = f"the data folder {folder} cannot be used: {error.strerror}; name another with --data"
            raise ConfigError(msg) from error

    def read(self) -> tuple[list[Record], bool]:
        """All records, and whether a torn last one was dropped. Raises ConfigError naming a damaged line."""
        records: list[Record] = []
        whole = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    records.append(decode(line))
                except (ValueError, TypeError, KeyError) as error:
                    if not line.endswith(b"\n"):
                        self._file.truncate(whole)
                        return records, True
                    msg = f"{self.path} is damaged at line {number} ({error}): restore it from a copy, or move it away"
                    raise ConfigError(msg) from error
                whole += len(line)
        if records and not line.endswith(b"\n"):
            self._file.write(b"\n")
        return records, False

    def append(self, record: Record) -> None:
        """Hand the record to the operating system; it outlives this process from here on.

        Raises OSError when it cannot be written whole; the log then ends before it.
        """
        line = encode(record)
        before = os.fstat(self._file.fileno()).st_size
        if self._file.write(line) != len(line):
            self._file.truncate(before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def close(self) -> None:
        """Release the folder."""
        self._held.close()
