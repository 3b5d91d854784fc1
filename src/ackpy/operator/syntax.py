"""The texts that flags and variables hold -> values, in Go's spelling, as manifests for ACK write them. Called by `options` and `gates`.

Pure. Each function is told the flag's name for its ConfigError, which says what was found and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from ackpy.errors import ConfigError

BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
"""What Go's strconv.ParseBool takes, and nothing else."""
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def split(text: str) -> tuple[str, ...]:
    """A comma-separated list without blanks around its entries; "" is empty."""
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def boolean(flag: str, text: str) -> bool:
    """A boolean as Go spells it."""
    if text not in BOOLEANS:
        raise ConfigError(f"{flag}: found {text!r}, expected true or false")
    return BOOLEANS[text]


def number(flag: str, text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{flag}: found {text!r}, expected a whole number") from None


def duration(flag: str, text: str) -> float:
    """Seconds, of a duration as Go's time.ParseDuration takes it: "0", "60s", "1m30s", "1.5h"; none below zero."""
    parts = _DURATION_PART.findall(text)
    if text != "0" and (not parts or "".join(amount + unit for amount, unit in parts) != text):
        raise ConfigError(f"{flag}: found {text!r}, expected a duration such as 60s, 1m30s, or 0")
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts)


def pair(flag: str, entry: str, shape: str) -> tuple[str, str]:
    """`NAME=VALUE` -> both, without blanks around them; `shape` is how the error writes the form."""
    name, equals, value = (part.strip() for part in entry.partition("="))
    if not (name and equals and value):
        raise ConfigError(f"{flag}: found {entry!r}, expected {shape}")
    return name, value


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: the one that was probably meant, or all there are."""
    names = sorted(known)
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean {by_lower[close[0]]}?" if close else f"there are {', '.join(names)}"


def kind_numbers(flag: str, entries: Iterable[str]) -> dict[str, int]:
    """`Kind=N` entries, N above zero, by kind; the last of a kind holds. Whether the kind exists is asked elsewhere."""
    found = {}
    for entry in entries:
        kind, text = pair(flag, entry, "KIND=N")
        found[kind] = number(f"{flag}={kind}", text)
        if found[kind] < 1:
            raise ConfigError(f"{flag}={entry}: the number must be at least 1")
    return found
