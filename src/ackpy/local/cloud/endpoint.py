"""How an embedded AWS is asked for, and how it is reached: values that name no machinery, cheap to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Where the embedded AWS keeps its state and listens; `data` None keeps nothing, `port` 0 takes a free one.

    `pending` are the seconds for which what AWS takes minutes to make is shown as being made.
    """

    data: Path | None
    host: str = "127.0.0.1"
    port: int = 0
    region: str = "us-east-1"
    pending: float = 0.0


@dataclass(frozen=True, slots=True)
class CloudEndpoint:
    """How to reach a running embedded AWS: URL, keys of the default account, the token of its `/_ackpy/` pages."""

    url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str
    admin_token: str = field(repr=False)
