"""Bucket names that AWS refuses. Called when a bucket is created.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re

_FORM = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_valid(name: str) -> bool:
    """Whether AWS takes the name for a new general purpose bucket."""
    well_formed = _FORM.fullmatch(name) is not None and ".." not in name and _ADDRESS.fullmatch(name) is None
    return well_formed and not name.startswith(_RESERVED_STARTS) and not name.endswith(_RESERVED_ENDS)
