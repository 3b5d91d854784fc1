"""The environment -> a refusal of variables that are meant for us and mistyped: those would be ignored in silence. Called by `options`.

Beside them live variables that Kubernetes makes for each Service of the namespace (`ACK_S3_PORT_8080_TCP_ADDR`), those that ACK's chart
puts into arguments (`RECONCILE_RESOURCE_RESYNC_SECONDS_BUCKET`), and those of other programs: only what is nearly one of ours is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from ackpy.errors import ConfigError
from ackpy.operator.flags import FLAGS, VARIABLES
from ackpy.operator.syntax import nearest

PREFIXES: Final = ("ACKPY_", "ACK_", "RECONCILE_")
KNOWN: Final = frozenset({flag.variable for flag in FLAGS if flag.variable} | {each.name for each in VARIABLES})
_LEFT_ALONE: Final = re.compile(
    r".+_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
    r"|RECONCILE_RESOURCE_(RESYNC_SECONDS|MAX_CONCURRENT_SYNCS)_.+"
)
_ALIKE: Final = 0.85


def check_variables(environment: Mapping[str, str]) -> None:
    """ConfigError for an unknown variable that begins as ours do and is nearly one of them."""
    for name in sorted(environment.keys() - KNOWN):
        if name.startswith(PREFIXES) and not _LEFT_ALONE.fullmatch(name) and _is_nearly_known(name):
            raise ConfigError(f"environment variable {name}: there is no such setting; {nearest(name, KNOWN)}")


def _is_nearly_known(name: str) -> bool:
    return bool(get_close_matches(name, KNOWN, n=1, cutoff=_ALIKE))
