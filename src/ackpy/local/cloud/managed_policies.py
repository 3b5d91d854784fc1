"""AWS's managed policies, read once for all accounts: each account has them, with attachments of its own. Called by `Moto`.

moto reads all of them for every account that touches IAM, which takes a fifth of a second and 5 MB.
"""

from __future__ import annotations

import copy
import zlib
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from moto.iam.models import IAMBackend

from ackpy.local.cloud.clock import ACCOUNT_BIRTH, pinned

_read: Final[Any] = IAMBackend._init_aws_policies  # noqa: SLF001  # moto has no other seam here


def share_managed_policies() -> None:
    """Have moto give accounts copies of one list. Done once a process; again changes nothing."""
    IAMBackend._init_aws_policies = _of_account  # type: ignore[assignment]  # noqa: SLF001


def _of_account(backend: IAMBackend) -> list[Any]:
    policies = [copy.copy(each) for each in _published(backend.region_name)]
    for policy in policies:
        policy.account_id = backend.account_id
    return policies


@cache
def _published(region: str) -> list[Any]:
    """The policies of a partition: what is in them never changes, and their identifiers are the same for everybody."""
    with pinned(ACCOUNT_BIRTH, zlib.crc32(f"iam/policies/{region}".encode())):
        found: list[Any] = _read(SimpleNamespace(account_id="aws", region_name=region))
    return found
