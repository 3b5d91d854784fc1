"""The Host header: which ones the front answers at all, and which bucket one of S3's virtual hosts names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ackpy.local.cloud.wire import HttpRequest

_SUFFIXES = (".localhost.localstack.cloud", ".localhost")
_S3 = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?")


def is_loopback(host: str) -> bool:
    """Whether the Host header names this machine; any other name is a page that wants to reach us through a browser."""
    name = _without_port(host)
    if name == "localhost" or name.endswith(_SUFFIXES) or name == "localhost.localstack.cloud":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def path_style(request: HttpRequest) -> HttpRequest:
    """The S3 request with the bucket of its host name, if it has one, as the path's first segment.

    moto reads buckets out of host names by rules of its own, so it sees `localhost`; `x-forwarded-host` keeps the name.
    """
    host = request.header("host")
    bucket, _ = _parts(host)
    key = "" if bucket and request.path == "/" else request.path
    headers = {**request.headers, "host": "localhost" + _port(host), "x-forwarded-host": host}
    return replace(request, path=f"/{bucket}{key}" if bucket else request.path, headers=headers)


def region_of(host: str) -> str:
    """The region that a regional S3 host name fixes, or ""."""
    return _parts(host)[1]


def _parts(host: str) -> tuple[str, str]:
    """Bucket and region of the host name, each "" when it has none."""
    name = _without_port(host)
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            labels = name.removesuffix(suffix)
            match = _S3.fullmatch(labels)
            if match is not None:
                return match["bucket"] or "", match["region"] or ""
            return ("" if "s3-control" in labels else labels), ""
    return "", ""


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.lower().partition(":")[0]


def _port(host: str) -> str:
    _, colon, port = host.rpartition(":")
    return f":{port}" if colon and port.isdecimal() else ""
