"""A spec becomes the parameters of AWS calls. Pure: the reconciler's plan asks here what each write and read would send.

Every function takes the descriptor, the object as `View`s and the `Scope`, and gives `Call`s. What is nil is left out and never sent
as null; `[]` and "" are sent, since the user means "none" by them. An operation that replaces gets the whole value, with what the
schema leaves out carried over from the observation; one that updates gets what differs, what AWS demands and the identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ackpy.model.delta import Delta
from ackpy.model.descriptor import Aspect, Descriptor, Json


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and for whom: account id, region, partition, the object's annotations, and the idempotency token of this create."""

    account: str
    region: str
    partition: str = "aws"
    annotations: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """An object as the model sees it: spec and status in the CRD's form, `status` with ackResourceMetadata.

    References are resolved (the plain value stands in the spec), secrets are `secret.SecretValue`s.
    """

    spec: Mapping[str, Json]
    status: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS operation and its parameters, in botocore's types. Secrets in `params` stay hidden; `plain()` is what is sent."""

    operation: str
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """The parameters for the AWS client, secrets revealed: never to be logged or kept."""
        raise NotImplementedError


def read(descriptor: Descriptor, view: View, scope: Scope) -> Call | None:
    """The core read; None where an identifier that it demands is missing, so that the object was never created."""
    raise NotImplementedError


def create(descriptor: Descriptor, view: View, scope: Scope) -> Call:
    """The create call (of the variant whose condition holds) with everything that its input takes, tags included."""
    raise NotImplementedError


def update(descriptor: Descriptor, aspect: Aspect, delta: Delta, desired: View, latest: View, scope: Scope) -> Call:
    """The kind's own update (the core aspect) or a group's operation: what differs, what is demanded, the identifiers.

    All fields of a group that is `whole`. A field that was taken out is sent as its rule's `clear`, else `default`.
    """
    raise NotImplementedError


def delete(descriptor: Descriptor, view: View, scope: Scope) -> Call | None:
    """The delete call; None where the kind has none, or an identifier that it demands is missing."""
    raise NotImplementedError


def get(descriptor: Descriptor, aspect: Aspect, view: View, scope: Scope) -> Call | None:
    """The read of a facet, of a list of members, of tags or attributes; None where it has none, or an identifier is missing."""
    raise NotImplementedError


def one(descriptor: Descriptor, aspect: Aspect, key: Json, view: View, scope: Scope) -> Call:
    """The read of one member, where the list gives only keys (`aspect.one`)."""
    raise NotImplementedError


def put(descriptor: Descriptor, aspect: Aspect, desired: View, latest: View, scope: Scope) -> Call:
    """The write of a facet: the whole value, what the schema leaves out carried over from `latest`."""
    raise NotImplementedError


def clear(descriptor: Descriptor, aspect: Aspect, desired: View, latest: View, scope: Scope) -> Call | None:
    """What resets a facet that left the spec: `clear` written, else the delete operation, else `default` written; None: nothing can."""
    raise NotImplementedError


def attributes(
    descriptor: Descriptor, aspect: Aspect, delta: Delta, desired: View, latest: View, scope: Scope
) -> tuple[Call, ...]:
    """The writes of an attributes map: the changed keys in one call, or one call a key; a cleared one is its `clear`, `default` or ""."""
    raise NotImplementedError


def members(descriptor: Descriptor, aspect: Aspect, desired: View, latest: View, scope: Scope) -> tuple[Call, ...]:
    """The calls that turn the observed members into the desired: adds, changes, removes; removes first where declared so."""
    raise NotImplementedError


def tags(
    descriptor: Descriptor,
    aspect: Aspect,
    desired: View,
    latest: View,
    scope: Scope,
    *,
    keep: Sequence[str] = ("aws:",),
) -> tuple[Call, ...]:
    """The calls that turn the observed tags into the desired: untag for those really gone, then tag for new and changed values.

    One call with the whole set where AWS has only that. Observed keys that begin with one of `keep` are never removed.
    """
    raise NotImplementedError
