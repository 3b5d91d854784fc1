"""SIGINT and SIGTERM -> an event, for the commands that run until told to stop."""

from __future__ import annotations

import asyncio
import signal


def on_signal() -> asyncio.Event:
    """An event that is set by the first interrupt or termination of this process. Called inside a running loop."""
    event = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event
