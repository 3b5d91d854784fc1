"""Where ECR's Repository is odd: a key that was named by an alias is answered as the key."""

from __future__ import annotations

import re
from typing import Any, Final

from ackpy.model.hooks import Hooks

_ALIAS: Final = re.compile(r"(arn:[^:]+:kms:[^:]+:\d{12}:)?alias/.+")
_KEY: Final = re.compile(r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+")


class RepositoryHooks(Hooks):
    """The Repository's oddity; everything else is in the definition."""

    def normal(self, path: str, value: Any, latest: Any) -> Any:
        """Which key an alias stands for is not known; as a repository's encryption is fixed, it is taken for the one that is there."""
        if path == "encryptionConfiguration.kmsKey" and _ALIAS.fullmatch(str(value)) and _KEY.fullmatch(str(latest)):
            return latest
        return value
