"""Get and list -> objects; called by `app`.

A list's pages are one snapshot: the continue token names the revision of the first page, and expires with the history.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.local.apiserver.options import ListOptions, parse_version
from ackpy.local.apiserver.selectors import Test, field_test, label_test
from ackpy.local.apiserver.status import ApiError, bad_request, expired, future_version, not_found
from ackpy.local.apiserver.versions import from_stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.cluster import Cluster
    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

OUTDATED_POSITION = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
    "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing "
    "with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the "
    "time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, and the metadata of the list."""

    items: list[Json]
    metadata: Json


@dataclass(frozen=True, slots=True)
class Position:
    """Where a continued list goes on: after an object, at a revision (0: whatever is present)."""

    revision: int
    after: tuple[str, str]

    def token(self) -> str:
        """The position as an opaque text."""
        body = orjson.dumps({"v": "meta.k8s.io/v1", "rv": self.revision, "start": "/".join(self.after)})
        return base64.urlsafe_b64encode(body).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Position:
        """The position of a token; raises 400 for text that is none."""
        try:
            padded = token + "=" * (-len(token) % 4)
            body = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            namespace, _, name = body["start"].partition("/")
            return cls(int(body["rv"]), (namespace, name))
        except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise bad_request("invalid continue token: continue key is not valid") from error


def get(cluster: Cluster, kind: Kind, namespace: str, name: str) -> Json:
    """One object; raises 404."""
    found = cluster.read(kind, namespace, name)
    if found is None:
        raise not_found(kind.group, kind.plural, name)
    return found


def list_page(cluster: Cluster, kind: Kind, namespace: str, options: ListOptions) -> Page:
    """A list or a page of it; raises 410 when the snapshot is no longer kept."""
    position = _position(cluster, options)
    revision = position.revision or cluster.storage.revision
    matches = tests(kind, options)
    rows = _rows(cluster, kind, namespace, position)
    items: list[Json] = []
    for stored in rows:
        obj = from_stored(stored, kind)
        if not matches(obj):
            continue
        if options.limit and len(items) == options.limit:
            return _first_part(cluster, kind, namespace, options, items, revision)
        items.append(obj)
    return Page(items, {"resourceVersion": str(revision)})


def tests(kind: Kind, options: ListOptions) -> Test:
    """Whether an object passes both selectors."""
    labels, fields = label_test(options.labels), field_test(options.fields, kind)
    return lambda obj: labels(obj) and fields(obj)


def _first_part(
    cluster: Cluster, kind: Kind, namespace: str, options: ListOptions, items: list[Json], revision: int
) -> Page:
    last = items[-1]["metadata"]
    position = Position(revision, (last.get("namespace", ""), last["name"]))
    metadata: Json = {"resourceVersion": str(revision), "continue": position.token()}
    if not options.labels and not options.fields:
        metadata["remainingItemCount"] = sum(1 for _ in _rows(cluster, kind, namespace, position))
    return Page(items, metadata)


def _rows(cluster: Cluster, kind: Kind, namespace: str, position: Position) -> Iterator[Json]:
    if position.revision in (0, cluster.storage.revision):
        return cluster.storage.present(kind.stored_resource, namespace, position.after)
    return cluster.storage.snapshot(position.revision, kind.stored_resource, namespace, position.after)


def _position(cluster: Cluster, options: ListOptions) -> Position:
    if options.token:
        if options.version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        position = Position.parse(options.token)
        if 0 < position.revision < cluster.storage.compacted:
            fresh = Position(0, position.after)
            error = expired(OUTDATED_POSITION)
            raise ExpiredToken(error, fresh.token())
        return position
    wanted = parse_version(options.version) if options.version else 0
    if wanted > cluster.storage.revision:
        raise future_version(wanted, cluster.storage.revision)
    if options.match != "Exact":
        return Position(0, ("", ""))
    if wanted < cluster.storage.compacted:
        raise expired("The resourceVersion for the provided list is too old.")
    return Position(wanted, ("", ""))


class ExpiredToken(ApiError):
    """410 for a continue token, with another one that goes on with the present state."""

    def __init__(self, error: ApiError, token: str) -> None:
        super().__init__(error.code, error.reason, error.message, error.details)
        self.token = token

    def status(self) -> Json:
        """The Status, whose metadata carries the other token."""
        return {**super().status(), "metadata": {"continue": self.token}}
