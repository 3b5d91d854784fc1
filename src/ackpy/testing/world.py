"""A world in memory for a `ResourceReconciler`: objects of one kind, an AWS that holds buckets, Events, ids. No socket, no clock.

The cluster applies merge patches as an API server does (versions, generations, conflicts, finalizers); the AWS stores, refuses and
drops as S3 does. Both count what is asked of them, and can end the process before or after any write or call: `Steps`.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ackpy.aws.budget import Ticket
from ackpy.aws.metrics import Sent
from ackpy.aws.operations import is_write, op_type
from ackpy.controllers.accounts import Roles
from ackpy.controllers.identity import identifiers
from ackpy.controllers.ledger import Ledger
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.resource import ResourceReconciler, World
from ackpy.controllers.world import Cloud, Hindrance
from ackpy.errors import AwsApiError, AwsError, Conflict, NotFound
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, key_of
from ackpy.kube.resource import Resource
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import PRIORITY_OF, Cause, Priority
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.reconciler import Outcome, Request, Result

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"


class Killed(BaseException):
    """The process ended here. No `except` of the code under test may catch it."""


@dataclass(slots=True)
class Steps:
    """The points at which a process can end: before and after each Kubernetes write and AWS call, counted from 0; then nothing is done."""

    names: list[str] = field(default_factory=list)
    end_at: int | None = None

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """One write or call."""
        self._step(f"before {name}")
        yield
        self._step(f"after {name}")

    def _step(self, name: str) -> None:
        self.names.append(name)
        if self.end_at is not None and len(self.names) > self.end_at:
            raise Killed(name)


@dataclass(slots=True)
class MemoryCluster:
    """The objects of one kind; `writes` are the patches as they came, by their target ("object" or "status").

    `refusals` are what the next patches end in; those of `losing` are taken before they do.

    `others` are objects of other kinds, `edges` what those refer to, `secrets` Secrets; what is not in `others` is answered by `absence`.
    """

    descriptor: Descriptor
    steps: Steps
    objects: dict[ObjectKey, Object] = field(default_factory=dict)
    namespaces: dict[str, Object] = field(default_factory=dict)
    writes: list[tuple[str, Object]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    losing: list[Exception] = field(default_factory=list)
    others: dict[tuple[Resource, ObjectKey], Object] = field(default_factory=dict)
    absence: Absence = Absence.MISSING
    hindrances: dict[Resource, Hindrance] = field(default_factory=dict)
    edges: dict[tuple[Resource, ObjectKey], list[tuple[Resource, ObjectKey]]] = field(default_factory=dict)
    secrets: dict[ObjectKey, Object] = field(default_factory=dict)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def apply(
        self,
        name: str,
        spec: Mapping[str, Any],
        *,
        namespace: str = "default",
        annotations: Mapping[str, str] | None = None,
        finalizers: Sequence[str] = (),
    ) -> ObjectKey:
        """What somebody applies: a new object, or another spec; annotations are laid over those that are there."""
        key = ObjectKey(namespace, name)
        before = self.objects.get(key)
        if before is None:
            number = next(self._versions)
            created = f"2026-01-01T00:00:{number % 60:02d}Z"
            meta = {"name": name, "namespace": namespace, "uid": f"uid-{number}", "creationTimestamp": created}
            before = {"apiVersion": self.descriptor.api_version, "kind": self.descriptor.kind, "metadata": meta}
        wanted = copy.deepcopy({**before, "spec": dict(spec)})
        wanted["metadata"].update(
            annotations={**objects.annotations_of(before), **(annotations or {})},
            finalizers=[*objects.finalizers_of(before), *finalizers],
        )
        self._store(before, wanted)
        return key

    def edit(self, key: ObjectKey, patch: Object) -> None:
        """What somebody patches, by a merge patch; a status in it is taken too."""
        self._store(self.objects[key], apply_merge_patch(self.objects[key], patch))

    def delete(self, key: ObjectKey) -> None:
        """What somebody deletes: the object goes at once when no finalizer holds it."""
        self.edit(key, {"metadata": {"deletionTimestamp": "2026-01-01T01:00:00Z"}})

    async def read(self, key: ObjectKey) -> Object | None:
        """See `Cluster.read`."""
        return copy.deepcopy(self.objects.get(key))

    async def patch(self, seen: Object, patch: Object) -> Object:
        """See `Cluster.patch`."""
        return self._patch("object", seen, patch, locked=True)

    async def patch_status(self, seen: Object, patch: Object) -> Object:
        """See `Cluster.patch_status`."""
        return self._patch("status", seen, patch, locked=False)

    def namespace(self, name: str) -> Lookup:
        """See `Cluster.namespace`."""
        return self.namespaces.get(name, Absence.MISSING)

    def naming(self, values: Sequence[str]) -> Sequence[Object]:
        """See `Cluster.naming`."""
        return [obj for obj in self.objects.values() if identifiers(self.descriptor, obj) == tuple(values)]

    def referred(self, resource: Resource, key: ObjectKey) -> Lookup:
        """See `Cluster.referred`."""
        return self.others.get((resource, key), self.absence)

    def hindrance(self, resource: Resource) -> Hindrance | None:
        """See `Cluster.hindrance`."""
        return self.hindrances.get(resource)

    def refers_to(self, resource: Resource, key: ObjectKey) -> Iterable[tuple[Resource, ObjectKey]]:
        """See `Cluster.refers_to`."""
        return self.edges.get((resource, key), ())

    async def secret(self, key: ObjectKey) -> Object | None:
        """See `Cluster.secret`."""
        return self.secrets.get(key)

    def _patch(self, target: str, seen: Object, patch: Object, *, locked: bool) -> Object:
        with self.steps.around(f"{target} patch"):
            if self.refusals:
                raise self.refusals.pop(0)
            key = key_of(seen)
            stored = self.objects.get(key)
            if stored is None:
                raise NotFound(404, "NotFound", f"{key} not found")
            if objects.uid_of(stored) != objects.uid_of(seen):
                raise Conflict(409, "Conflict", "the UID in the precondition differs")
            if locked and objects.version_of(stored) != objects.version_of(seen):
                raise Conflict(409, "Conflict", "the object has been modified")
            self.writes.append((target, patch))
            part = {"status": patch["status"]} if target == "status" else patch
            after = copy.deepcopy(self._store(stored, apply_merge_patch(stored, part)))
            if self.losing:
                raise self.losing.pop(0)
            return after

    def _store(self, before: Object, after: Object) -> Object:
        after = copy.deepcopy(after)
        meta = after["metadata"]
        changed = before.get("spec") != after.get("spec") or (
            objects.is_being_deleted(after) and not objects.is_being_deleted(before)
        )
        meta["generation"] = objects.generation_of(before) + 1 if changed else objects.generation_of(before)
        meta["resourceVersion"] = str(next(self._versions))
        self.objects[key_of(after)] = after
        if objects.is_being_deleted(after) and not objects.finalizers_of(after):
            del self.objects[key_of(after)]
        return after


@dataclass(slots=True)
class Bucket:
    """A bucket: who owns it, where, and its settings as AWS answers them."""

    owner: str
    region: str
    settings: dict[str, Any] = field(default_factory=dict)
    made_by: str = "stranger"


@dataclass(frozen=True, slots=True)
class Setting:
    """How one setting of a bucket is read and written: where the value lies in answer and request, and the code when it is not set."""

    read: str
    write: str
    absent: str


_SETTINGS: Final[Mapping[str, Setting]] = {
    "Tagging": Setting("", "Tagging", "NoSuchTagSet"),
    "Versioning": Setting("", "VersioningConfiguration", ""),
    "Encryption": Setting("ServerSideEncryptionConfiguration", "ServerSideEncryptionConfiguration", ""),
    "LifecycleConfiguration": Setting("", "LifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    "Policy": Setting("Policy", "Policy", "NoSuchBucketPolicy"),
    "OwnershipControls": Setting("OwnershipControls", "OwnershipControls", "OwnershipControlsNotFoundError"),
    "PublicAccessBlock": Setting(
        "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"
    ),
    "Acl": Setting("", "AccessControlPolicy", ""),
    "Logging": Setting("", "BucketLoggingStatus", ""),
    "Cors": Setting("", "CORSConfiguration", "NoSuchCORSConfiguration"),
    "Website": Setting("", "WebsiteConfiguration", "NoSuchWebsiteConfiguration"),
    "Replication": Setting(
        "ReplicationConfiguration", "ReplicationConfiguration", "ReplicationConfigurationNotFoundError"
    ),
    "ObjectLockConfiguration": Setting(
        "ObjectLockConfiguration", "ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"
    ),
    "NotificationConfiguration": Setting("", "NotificationConfiguration", ""),
    "AccelerateConfiguration": Setting("", "AccelerateConfiguration", ""),
    "RequestPayment": Setting("", "RequestPaymentConfiguration", ""),
    "Abac": Setting("AbacStatus", "AbacStatus", ""),
}
_OPERATION: Final = re.compile(r"(Get|Put|Delete|List)(?:Bucket)?(\w+)")
_NAMES: Final = {"DeleteBucketLifecycle": "LifecycleConfiguration"}
_DEFAULT_ENCRYPTION: Final = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}


def api_error(operation: str, code: str, status: int, detail: str = "no") -> AwsApiError:
    """An answer of AWS that says no."""
    return AwsApiError(
        service="s3",
        operation=operation,
        code=code,
        detail=detail,
        status=status,
        codes=frozenset({code}),
        request_id=f"request-of-{operation}",
    )


@dataclass(slots=True)
class MemoryBuckets:
    """AWS's buckets. `calls` are the operations in order, `failing` errors to give instead (before acting), by operation.

    `losing` operations act and then end in the error; `dropping` ones are answered and forgotten; `full` buckets cannot be deleted.
    `places` are where, and as whom, each pass was to call.
    """

    steps: Steps
    account: str = ACCOUNT
    partition: str = "aws"
    buckets: dict[str, Bucket] = field(default_factory=dict)
    calls_made: list[str] = field(default_factory=list)
    failing: dict[str, list[AwsError]] = field(default_factory=lambda: defaultdict(list))
    losing: dict[str, list[AwsError]] = field(default_factory=lambda: defaultdict(list))
    dropping: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    deleted: list[Bucket] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)

    async def calls(self, place: Place, ticket: Ticket, listener: Callable[[Sent], None]) -> _Client:
        """See `Cloud.calls`."""
        self.places.append(place)
        self.tickets.append(ticket)
        return _Client(self, place, listener)

    @property
    def writes(self) -> list[str]:
        """The operations made so far that may change something."""
        return [name for name in self.calls_made if is_write(name)]

    def settings(self, name: str) -> Mapping[str, Any]:
        """The settings of a bucket."""
        return self.buckets[name].settings

    def answer(self, place: Place, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Act as S3 does."""
        self.calls_made.append(operation)
        with self.steps.around(operation):
            if self.failing[operation]:
                raise self.failing[operation].pop(0)
            answer = self._act(place, operation, copy.deepcopy(dict(params)))
            if self.losing[operation]:
                raise self.losing[operation].pop(0)
            return copy.deepcopy(answer)

    def _act(self, place: Place, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
        name = params.pop("Bucket")
        if operation == "CreateBucket":
            return self._create(place, name, params)
        bucket = self.buckets.get(name)
        if bucket is None:
            raise api_error(operation, "NoSuchBucket", 404, "The specified bucket does not exist")
        if bucket.owner != place.account:
            raise api_error(operation, "AccessDenied", 403, "Access Denied")
        if operation == "DeleteBucket":
            return {} if operation in self.dropping else self._delete(name)
        return self._setting(bucket, operation, params)

    def _create(self, place: Place, name: str, params: dict[str, Any]) -> Mapping[str, Any]:
        if name in self.buckets:
            raise api_error("CreateBucket", "BucketAlreadyOwnedByYou", 409)
        if not name.islower():
            raise api_error("CreateBucket", "InvalidBucketName", 400, "The specified bucket is not valid.")
        tags = params.get("CreateBucketConfiguration", {}).get("Tags")
        settings: dict[str, Any] = {"Encryption": copy.deepcopy(_DEFAULT_ENCRYPTION)}
        if tags and "Tags" not in self.dropping:
            settings["Tagging"] = {"TagSet": tags}
        self.buckets[name] = Bucket(place.account, place.region, settings, made_by="us")
        self.created.append(name)
        return {"Location": f"http://{name}.s3.amazonaws.com/"}

    def _delete(self, name: str) -> Mapping[str, Any]:
        if name in self.full:
            raise api_error("DeleteBucket", "BucketNotEmpty", 409, "The bucket you tried to delete is not empty")
        self.deleted.append(self.buckets.pop(name))
        return {}

    def _setting(self, bucket: Bucket, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
        named = _OPERATION.fullmatch(operation)
        if named is None:
            raise api_error(operation, "NotImplemented", 501)
        verb, name = named[1], _NAMES.get(operation, named[2])
        if verb == "List":
            return {}
        setting = _SETTINGS[name]
        if verb == "Put" and operation not in self.dropping:
            bucket.settings[name] = params[setting.write]
        elif verb == "Delete":
            bucket.settings.pop(name, None)
            if name == "Encryption":
                bucket.settings[name] = copy.deepcopy(_DEFAULT_ENCRYPTION)
        elif verb == "Get":
            if name not in bucket.settings:
                if setting.absent:
                    raise api_error(operation, setting.absent, 404)
                return {}
            return {setting.read: bucket.settings[name]} if setting.read else bucket.settings[name]
        return {}


@dataclass(frozen=True, slots=True)
class _Client:
    buckets: MemoryBuckets
    place: Place
    listener: Callable[[Sent], None]

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        code, status, failed = "", 200, False
        try:
            return self.buckets.answer(self.place, operation, params)
        except AwsError as error:
            code, status = getattr(error, "code", "AwsUnreachable"), getattr(error, "status", 0)
            failed = True
            raise
        finally:
            kind = op_type(operation)
            self.listener(Sent("s3", operation, kind, status, code, f"request-of-{operation}", 0.0, 1, failed))

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        found: Sequence[Any] = (await self.call(operation, **params)).get(at, ())
        return found


@dataclass(frozen=True, slots=True)
class Event:
    """An Event that was recorded: `warning` or normal."""

    reason: str
    message: str
    warning: bool


@dataclass(slots=True)
class Events:
    """See `Recorder`."""

    seen: list[Event] = field(default_factory=list)

    def normal(self, obj: Object, reason: str, message: str) -> None:  # noqa: ARG002
        """See `Recorder.normal`."""
        self.seen.append(Event(reason, message, warning=False))

    def warning(self, obj: Object, reason: str, message: str) -> None:  # noqa: ARG002
        """See `Recorder.warning`."""
        self.seen.append(Event(reason, message, warning=True))

    @property
    def reasons(self) -> list[str]:
        """The reasons so far, in order."""
        return [event.reason for event in self.seen]


@dataclass(slots=True)
class Watch:
    """The time of day; it moves when told to."""

    moment: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """See `Time.now`."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


class ObjectsInMemory:
    """One kind's reconciler over objects in memory and any AWS. `restart` ends the process and begins another in the same world.

    `due` are the objects that are looked at together because time has passed.
    """

    def __init__(self, descriptor: Descriptor, cloud: Cloud, options: ReconcilerOptions, steps: Steps) -> None:
        self.descriptor = descriptor
        self.options = options
        self.steps = steps
        self.cluster = MemoryCluster(descriptor, steps)
        self.cloud = cloud
        self.events = Events()
        self.time = Watch()
        self.ledger = Ledger()
        self.roles = Roles()
        self.due: list[ObjectKey] = []
        self._ids = itertools.count(1)
        self.reconciler = self._start()

    def restart(self) -> None:
        """End the process: all that was in memory is lost. The steps count from 0 again, and none ends it."""
        self.ledger = Ledger()
        self.steps.names.clear()
        self.steps.end_at = None
        self.reconciler = self._start()

    async def one_pass(self, key: ObjectKey, *causes: str) -> Result:
        """One pass, for these causes (an edit, unless given)."""
        wanted = frozenset(causes or (Cause.EDIT,))
        priority = max(PRIORITY_OF.get(cause, Priority.DEPENDENCY) for cause in wanted)
        obj = self.cluster.objects.get(key)
        uid = objects.uid_of(obj) if obj else ""
        return await self.reconciler.reconcile(Request(key, wanted, priority, uid=uid))

    async def settle(self, key: ObjectKey, *causes: str, most: int = 12) -> list[Result]:
        """Passes until one asks for none before the resync; AssertionError after too many."""
        results: list[Result] = []
        for _ in range(most):
            result = await self.one_pass(key, *causes)
            results.append(result)
            if result.outcome is Outcome.DONE or result.seconds >= self.options.terminal_retry_seconds:
                return results
            self.time.advance(result.seconds or 1.0)
            causes = (result.cause,)
        raise AssertionError(f"{key} has not come to rest: {results[-1]}")

    async def ends_at(self, step: int, key: ObjectKey) -> bool:
        """Settle, but end the process at that step and let another bring things to rest; False where there is no such step."""
        self.steps.names.clear()
        self.steps.end_at = step
        try:
            await self.settle(key)
        except Killed:
            self.restart()
            await self.settle(key, Cause.START)
            await self.settle(key, Cause.RESYNC)
            return True
        return False

    def conditions(self, key: ObjectKey) -> dict[str, dict[str, Any]]:
        """The conditions of an object by type."""
        return {each["type"]: each for each in objects.conditions_of(self.cluster.objects[key])}

    def _start(self) -> ResourceReconciler:
        world = World(
            self.cluster,
            self.cloud,
            self.events,
            self.time,
            lambda: f"id-{next(self._ids)}",
            lambda: self.roles,
            lambda: [self.cluster.objects[key] for key in self.due if key in self.cluster.objects],
        )
        return ResourceReconciler(self.descriptor, self.options, world, self.ledger)


class MemoryWorld(ObjectsInMemory):
    """One kind's reconciler in a world in memory, where AWS's part is played by `MemoryBuckets`."""

    def __init__(self, descriptor: Descriptor, options: ReconcilerOptions | None = None) -> None:
        steps = Steps()
        self.aws = MemoryBuckets(steps)
        super().__init__(descriptor, self.aws, options or ReconcilerOptions(region=REGION), steps)

    def take_counts(self) -> Counter[str]:
        """AWS calls and Kubernetes writes since the last time, by name; both are counted from zero again."""
        counts = Counter([*self.aws.calls_made, *(target for target, _ in self.cluster.writes)])
        self.aws.calls_made.clear()
        self.cluster.writes.clear()
        return counts
