"""How an operation's pages follow one another, and what lies at a path of an answer. The client calls it.

botocore lists the pagination of most operations. For the others (S3's analytics, inventory, metrics and tiering lists among them)
the names of the token members tell: a list that is not followed to its end would pass for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.model import OperationModel

# AWS's names: output member -> input member
_TOKENS: Final = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextContinuationToken", "ContinuationToken"),
    ("NextMarker", "Marker"),
    ("nextMarker", "marker"),
    ("Marker", "Marker"),
    ("PaginationToken", "PaginationToken"),
    ("NextPageToken", "PageToken"),
    ("nextPageToken", "pageToken"),
    ("position", "position"),
)


def pagination(known: Mapping[str, Any], operation: OperationModel, at: str) -> dict[str, Any] | None:
    """The operation's pagination in the form of botocore's paginator files; None where it has no pages."""
    if operation.name in known:
        found: dict[str, Any] = known[operation.name]
        return found
    if operation.input_shape is None or operation.output_shape is None:
        return None
    for output_token, input_token in _TOKENS:
        if output_token in operation.output_shape.members and input_token in operation.input_shape.members:
            return {"input_token": input_token, "output_token": output_token, "result_key": at}
    return None


def items(answer: Mapping[str, Any], at: str) -> list[Any]:
    """The values at a dotted path, lists on the way and at the end joined; [] where the path leads nowhere."""
    found: list[Any] = [answer]
    for name in at.split("."):
        found = list(_flat(each.get(name) for each in found if isinstance(each, Mapping)))
    return found


def _flat(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value
