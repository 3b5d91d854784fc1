"""Is a text a label selector? `options` asks before the API server would refuse every list with it. Pure.

The forms are Kubernetes' own: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas.
"""

from __future__ import annotations

import re
from typing import Final

from ackpy.errors import ConfigError

_NAME: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY: Final = rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE: Final = rf"(?:{_NAME})?"
_REQUIREMENT: Final = rf"\s*(?:!\s*{_KEY}|{_KEY}(?:\s*(?:==|=|!=)\s*{_VALUE}|\s+(?:in|notin)\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\))?)\s*"
_SELECTOR: Final = re.compile(rf"{_REQUIREMENT}(?:,{_REQUIREMENT})*")


def check_selector(flag: str, text: str) -> str:
    """The selector, as it is; "" selects everything. ConfigError when it is none."""
    if text.strip() and _SELECTOR.fullmatch(text) is None:
        raise ConfigError(f"{flag}: {text!r} is no label selector; write such as team=a,env in (dev,test),!legacy")
    return text.strip()
