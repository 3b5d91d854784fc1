"""The four lists of configurations that a bucket keeps by id: analytics, intelligent tiering, inventory, metrics.

Called by the S3 emulation; what is put is kept whole and listed by id, a hundred at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ackpy.local.cloud.call import Handler
from ackpy.local.cloud.errors import ServiceError
from ackpy.local.cloud.s3.buckets import kept_of, the_bucket
from ackpy.local.cloud.s3.schema import checked_parameters

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call

KINDS = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
PAGE = 100
MOST = 1000


def handlers() -> dict[str, Handler]:
    """The handlers of the sixteen operations."""
    table = {}
    for kind in KINDS:
        table[f"PutBucket{kind}Configuration"] = Handler(partial(_put, kind))
        table[f"GetBucket{kind}Configuration"] = Handler(partial(_get, kind))
        table[f"DeleteBucket{kind}Configuration"] = Handler(partial(_delete, kind))
        table[f"ListBucket{kind}Configurations"] = Handler(partial(_list, kind))
    return table


def _kept(call: Call) -> dict[str, Any]:
    """The bucket's configurations of all kinds, by kind and id."""
    kept: dict[str, Any] = kept_of(call, the_bucket(call).name)["configurations"]
    return kept


def _all(kind: str, call: Call) -> list[dict[str, Any]]:
    return [configuration for place, configuration in sorted(_kept(call).items()) if place.startswith(f"{kind}/")]


def _put(kind: str, call: Call) -> Mapping[str, Any]:
    parameters = checked_parameters(call)
    configuration, name = parameters[f"{kind}Configuration"], str(parameters["Id"])
    kept, place = _kept(call), f"{kind}/{name}"
    if configuration["Id"] != name:
        raise ServiceError("InvalidArgument", "The id in the request does not match the id in the configuration.")
    if place not in kept and len(_all(kind, call)) >= MOST:
        message = (
            f"You are attempting to create a new configuration but have already reached the {MOST}-configuration limit."
        )
        raise ServiceError("TooManyConfigurations", message)
    kept[place] = configuration
    return {}


def _get(kind: str, call: Call) -> Mapping[str, Any]:
    return {f"{kind}Configuration": _existing(kind, call)}


def _delete(kind: str, call: Call) -> Mapping[str, Any]:
    configuration = _existing(kind, call)
    del _kept(call)[f"{kind}/{configuration['Id']}"]
    return {}


def _existing(kind: str, call: Call) -> dict[str, Any]:
    configuration: dict[str, Any] | None = _kept(call).get(f"{kind}/{call.parameters()['Id']}")
    if configuration is None:
        raise ServiceError("NoSuchConfiguration", "The specified configuration does not exist.", 404)
    return configuration


def _list(kind: str, call: Call) -> Mapping[str, Any]:
    """One page, by id; the token is the last id of the page before."""
    after = str(call.parameters().get("ContinuationToken", ""))
    rest = [configuration for configuration in _all(kind, call) if configuration["Id"] > after]
    page, more = rest[:PAGE], len(rest) > PAGE
    token = {"NextContinuationToken": page[-1]["Id"]} if more else {}
    sent = {"ContinuationToken": after} if after else {}
    return {f"{kind}ConfigurationList": page or None, "IsTruncated": more, **sent, **token}
