"""What a pass asks of the world, as protocols: the cluster, AWS, people's Events, time and fresh ids.

Implemented over kube, runtime and aws by `controller`, by fakes in tests. Nothing else in this package does I/O or knows the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from ackpy.aws.budget import Ticket
from ackpy.aws.metrics import Sent
from ackpy.controllers.place import Place
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import Resource
from ackpy.runtime.lookup import Lookup


class Hindrance(Enum):
    """Why objects of a kind may never become what an object waits for."""

    NOT_INSTALLED = "the API server does not know the kind"
    FORBIDDEN = "the controller may not read it"
    NOT_ENABLED = "no controller of this process looks after it"


class Calls(Protocol):
    """AWS, as one account in one region sees one service."""

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """The answer of one operation. Raises AwsError."""
        ...

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        """All elements of the list at an AWS path of the answers, from all pages. Raises AwsError."""
        ...


class Cloud(Protocol):
    """The controller's own AWS account, and the way to it and to others."""

    @property
    def account(self) -> str:
        """The account's id, twelve digits."""
        ...

    @property
    def partition(self) -> str:
        """The partition: "aws", "aws-cn", "aws-us-gov"."""
        ...

    async def calls(self, place: Place, ticket: Ticket, listener: Callable[[Sent], None]) -> Calls:
        """The kind's service at a place, as its role; `listener` is told of each request. Raises AwsError without credentials."""
        ...


class Cluster(Protocol):
    """The objects of one kind, read at least as new as our own last write of them, and what they refer to."""

    async def read(self, key: ObjectKey) -> Object | None:
        """The object; None when it is gone."""
        ...

    async def patch(self, seen: Object, patch: Object) -> Object:
        """Merge-patch metadata and spec of the very version that was seen; returns it as stored. Raises Conflict, NotFound, KubeError."""
        ...

    async def patch_status(self, seen: Object, patch: Object) -> Object:
        """Merge-patch the status of the object with the uid that was seen; returns it as stored. Raises Conflict, NotFound, KubeError."""
        ...

    def namespace(self, name: str) -> Lookup:
        """The namespace as last seen."""
        ...

    def naming(self, identifiers: Sequence[str]) -> Sequence[Object]:
        """The objects of this kind whose identifiers have these values, as last seen."""
        ...

    def referred(self, resource: Resource, key: ObjectKey) -> Lookup:
        """An object that one of these refers to, as last seen; from now on its changes lead to passes."""
        ...

    def hindrance(self, resource: Resource) -> Hindrance | None:
        """Why it may be in vain to wait for objects of a kind; None when nothing is known to speak against it."""
        ...

    def refers_to(self, resource: Resource, key: ObjectKey) -> Iterable[tuple[Resource, ObjectKey]]:
        """What another object refers to, as far as it is known here."""
        ...

    async def secret(self, key: ObjectKey) -> Object | None:
        """A Secret, as the API server has it; None when there is none. Raises KubeError."""
        ...


class Recorder(Protocol):
    """Where Events go. Never fails and never waits."""

    def normal(self, obj: Object, reason: str, message: str) -> None:
        """Something went as it should."""
        ...

    def warning(self, obj: Object, reason: str, message: str) -> None:
        """Something did not."""
        ...


class Time(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...


class Ids(Protocol):
    """A source of texts that never repeat."""

    def __call__(self) -> str:
        """A new one."""
        ...
