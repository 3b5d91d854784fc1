"""AWS's answers become the CRD's form. Pure: the reconciler's observation hands each answer in and gets spec and status values.

Only members that the CRD knows are taken; timestamps are RFC 3339 in UTC to the second ("2026-11-24T19:37:18Z"), blobs base64. A
member that is missing in an answer which could carry it is missing in the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ackpy.model.descriptor import Aspect, Descriptor, Json, Operation
from ackpy.model.request import View


@dataclass(frozen=True, slots=True)
class Observed:
    """What one answer says of the object: top-level spec and status fields, its ARN and owner; not `found`: nothing matched.

    `carried` are the top-level CRD paths that this answer could have held: a path outside is not known from it.
    """

    spec: Mapping[str, Json] = field(default_factory=dict)
    status: Mapping[str, Json] = field(default_factory=dict)
    arn: str = ""
    account: str = ""
    found: bool = True
    carried: frozenset[str] = frozenset()

    @property
    def metadata(self) -> dict[str, str]:
        """What of ackResourceMetadata the answer says: `arn`, `ownerAccountID`."""
        raise NotImplementedError


def core(descriptor: Descriptor, operation: Operation, answer: Mapping[str, Any], view: View | None = None) -> Observed:
    """What the answer of a core operation (read, create or update) says of the object.

    A list is searched for the element that agrees with the identifiers of `view` (`Lookup.match`); without a match it is the first.
    """
    raise NotImplementedError


def value(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> Json | None:
    """The value at `aspect.path` that an answer of its `get` holds; None: not set. Where the aspect has several paths: of the first."""
    raise NotImplementedError


def observed(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> dict[str, Json]:
    """All that an answer of `aspect.get` says, as a fragment of spec: {"tagging": {"tagSet": [...]}}, to be merged at top level."""
    raise NotImplementedError


def keys(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> tuple[Json, ...]:
    """The keys of the members that a list answer names, where each is then read by `request.one`."""
    raise NotImplementedError


def element(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any]) -> Json:
    """One member, from the answer of `aspect.one`."""
    raise NotImplementedError


def collect(descriptor: Descriptor, aspect: Aspect, elements: Mapping[str, Json]) -> dict[str, Json]:
    """The fragment of spec that the members read one by one make, `elements` being key -> element."""
    raise NotImplementedError


def is_code(error_codes: frozenset[str], detail: str, texts: Sequence[str]) -> bool:
    """Whether an error is one of `texts`: "CODE", or "CODE: start of the message". `error_codes` are all names the error goes by."""
    raise NotImplementedError
