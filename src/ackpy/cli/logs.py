"""The controllers' log on stderr: one JSON object a line, so that every collector reads it, or lines for people. Set up by `run` alone."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

# Go's logger has three levels above error for what ends the process: nothing of ours is as loud but `critical`.
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    **dict.fromkeys(("dpanic", "panic", "fatal"), logging.CRITICAL),
}
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record -> its time, level, logger and message, whatever was given in `extra`, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["stacktrace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class ConsoleFormatter(logging.Formatter):
    """A record -> its time, level, logger and message, then what was given in `extra`, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and those of a traceback."""
        when = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{when} {record.levelname:<8} {record.name}: {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: str, *, development: bool = False) -> None:
    """Send ackpy's log to stderr from this level on, in lines for people if `development`; libraries speak from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ConsoleFormatter() if development else JsonFormatter())
    logging.basicConfig(level=max(logging.WARNING, LEVELS[level]), handlers=[handler], force=True)
    logging.getLogger("ackpy").setLevel(LEVELS[level])


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in STANDARD}
