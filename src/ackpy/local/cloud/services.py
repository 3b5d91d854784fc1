"""The services where this AWS does more than let moto answer. Called once, when the cloud is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ackpy.local.cloud import dynamodb, ecr, sts
from ackpy.local.cloud.s3.emulation import emulation as s3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ackpy.local.cloud.authentication import Authenticator
    from ackpy.local.cloud.call import Emulation


def emulated(authenticator: Authenticator) -> Mapping[str, Emulation]:
    """Our emulation of each service that has one."""
    return {
        "dynamodb": dynamodb.emulation(),
        "ecr": ecr.emulation(),
        "s3": s3(),
        "sts": sts.emulation(authenticator),
    }
