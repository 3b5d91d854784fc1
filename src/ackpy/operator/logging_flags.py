"""The logging flags that Go's programs take (zap's and klog's) -> the level and form of our log, and what to say of those without effect.

Arguments that somebody once added to ACK's Deployment must not keep the process from starting. Called by `options`; `flags` has the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ackpy.errors import ConfigError
from ackpy.operator.syntax import number

ZAP_LEVELS: Final = ("debug", "info", "error", "panic")
ENCODERS: Final = ("json", "console")
SILENT: Final = (
    "zap-stacktrace-level",
    "zap-time-encoding",
    "vmodule",
    "log_backtrace_at",
    "log_dir",
    "log_file",
    "log_file_max_size",
    "stderrthreshold",
    "alsologtostderr",
    "add_dir_header",
    "skip_headers",
    "skip_log_headers",
    "one_output",
)
"""Those that mean nothing here: there is one log, on stderr, every line with its time, level and logger, errors with their trace."""
_DEBUG_VERBOSITY: Final = 4  # Kubernetes' conventions call 4 "debug level verbosity"


def level(chosen: str, values: Mapping[str, Any]) -> str:
    """The level to log from: `--log-level`'s, unless zap's or klog's flag was given beside it, for somebody added that one."""
    if values["zap_log_level"]:
        return _zap_level(values["zap_log_level"])
    return "debug" if values["v"] >= _DEBUG_VERBOSITY else chosen


def for_people(values: Mapping[str, Any]) -> bool:
    """Whether lines are for people, not for collectors."""
    encoder = values["zap_encoder"]
    if encoder and encoder not in ENCODERS:
        raise ConfigError(f"--zap-encoder: found {encoder!r}, expected one of {', '.join(ENCODERS)}")
    asked: bool = values["enable_development_logging"] or values["zap_devel"]
    return encoder == "console" or (asked and not encoder)


def notices(values: Mapping[str, Any]) -> Iterator[str]:
    """What to say of flags that were given and change nothing."""
    for name in SILENT:
        if values[name.replace("-", "_")]:
            yield f"--{name}: it has no effect; the log goes to stderr, from --log-level on"
    if not values["logtostderr"]:
        yield "--logtostderr=false: it has no effect; the log goes to stderr"


def _zap_level(text: str) -> str:
    if text.lower() in ZAP_LEVELS:
        return text.lower()
    expected = f"one of {', '.join(ZAP_LEVELS)}, or a number above zero"
    if not text.isdecimal() or number("--zap-log-level", text) < 1:
        raise ConfigError(f"--zap-log-level: found {text!r}, expected {expected}")
    return "debug"
