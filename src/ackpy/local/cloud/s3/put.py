"""A setting of a bucket as it is put: what `settings` hands to the functions of `refine`, and those to `directory`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackpy.local.cloud.call import Call
from ackpy.local.cloud.s3.buckets import Bucket


@dataclass(frozen=True, slots=True)
class Put:
    """A setting that is put: on which bucket, beside which other settings, with which members of the input."""

    call: Call
    bucket: Bucket
    settings: Mapping[str, Any]
    parameters: Mapping[str, Any]
