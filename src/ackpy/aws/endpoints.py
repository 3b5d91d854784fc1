"""Host names of AWS's own endpoints, told from names under AWS's domains that are its customers'. Called by the reconciler's `place`.

Whoever answers at an endpoint receives requests with session tokens, so that a customer's name (a bucket, a load balancer, an API)
under `amazonaws.com` is as foreign as any other.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ackpy.aws.arn import partition, suffixes
from ackpy.errors import ConfigError

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@cache
def is_aws_host(host: str) -> bool:
    """Whether it has the form of an AWS endpoint: SERVICE[.dualstack][.REGION].SUFFIX, with a suffix of botocore's partitions."""
    for suffix in suffixes():
        if host.endswith(f".{suffix}"):
            return _is_service(host.removesuffix(f".{suffix}").split("."))
    return False


def _is_service(labels: list[str]) -> bool:
    service, *rest = labels
    if rest[:1] == ["dualstack"]:
        rest = rest[1:]
    return _LABEL.fullmatch(service) is not None and (not rest or (len(rest) == 1 and _is_region(rest[0])))


def _is_region(label: str) -> bool:
    try:
        return bool(partition(label))
    except ConfigError:
        return False
