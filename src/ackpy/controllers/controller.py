"""A compiled kind -> its controller, run by a `runtime.Manager`. The composition root calls `controller` once a kind.

Here the protocols of `world` meet what implements them: the cluster over kube and runtime, AWS over aws.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from ackpy.aws.budget import Ticket
from ackpy.aws.client import Client
from ackpy.aws.metrics import Sent
from ackpy.aws.session import Identity, Sessions, Target
from ackpy.controllers import intent, memory
from ackpy.controllers.identity import identifiers
from ackpy.controllers.ledger import Ledger
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.read_only import is_read_only
from ackpy.controllers.references import resource_of
from ackpy.controllers.relations import Relations
from ackpy.controllers.resource import ResourceReconciler, World
from ackpy.controllers.roles import ClusterRoles
from ackpy.controllers.world import Hindrance
from ackpy.kube.events import EventRecorder
from ackpy.kube.objects import Object, ObjectKey, key_of
from ackpy.kube.resource import NAMESPACES, Resource
from ackpy.model.batch import at_most
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.controller import Controller, ControllerOptions
from ackpy.runtime.informer import Informer
from ackpy.runtime.leader import Election
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.manager import Manager
from ackpy.runtime.predicate import edited
from ackpy.runtime.reader import ObjectReader
from ackpy.runtime.store import Change, Store
from ackpy.runtime.writer import ObjectWriter

OWN_ANNOTATIONS: Final = (memory.ANNOTATION, intent.ANNOTATION)
_INDEX: Final = "aws-identity"

Names: TypeAlias = Callable[[Object], tuple[str, ...]]


def controller(
    descriptor: Descriptor,
    options: ReconcilerOptions,
    manager: Manager,
    sessions: Sessions,
    account: Identity,
    *,
    ledger: Ledger | None = None,
    election: Election | None = None,
    roles: ClusterRoles | None = None,
) -> Controller:
    """The controller of one kind, to run with the manager. `account` is who we are to AWS (`Sessions.identity`).

    It watches namespaces and what `roles` watches too. `ledger` is what it notes its AWS calls in. Kinds may share both; None makes one.
    `election` is a Lease to hold beside the manager's own. In metrics it goes by the kind, as ACK's.
    """
    roles = roles or ClusterRoles(manager, options)
    resource = resource_of(descriptor)
    names = partial(_names, descriptor, options.gates)
    informer = manager.informers.informer(resource, manager.scope)
    informer.store.add_index(_INDEX, names)
    relations = Relations(descriptor, manager, informer)
    turns = Turns(informer.store)
    world = World(
        cluster=_cluster(manager, informer, relations),
        cloud=AwsCloud(sessions, descriptor, account.account, account.partition),
        recorder=Events(manager.events),
        time=manager.client.clock,
        ids=lambda: uuid.uuid4().hex,
        roles=roles,
        due=turns,
    )
    reconciler = ResourceReconciler(descriptor, options, world, ledger)
    name, pace = descriptor.kind.lower(), _pace(descriptor, options)
    made = turns.loop = manager.add_controller(name, resource, reconciler, pace, election=election)
    made.watches(resource, _namesakes(names, informer), predicate=_frees_a_name(names), scope=manager.scope)
    _heed(made, reconciler, informer.store, roles)
    relations.serve(made)
    return made


@dataclass(frozen=True, slots=True)
class KubeCluster:
    """`world.Cluster` over an API server and what is cached of it."""

    resource: Resource
    reader: ObjectReader
    writer: ObjectWriter
    informer: Informer
    namespaces: Informer
    relations: Relations

    async def read(self, key: ObjectKey) -> Object | None:
        """See `Cluster.read`."""
        return await self.reader.read(key)

    async def patch(self, seen: Object, patch: Object) -> Object:
        """See `Cluster.patch`."""
        return await self.writer.send(self.resource, seen, patch, locked=True)

    async def patch_status(self, seen: Object, patch: Object) -> Object:
        """See `Cluster.patch_status`."""
        return await self.writer.send(self.resource, seen, patch, subresource="status")

    def namespace(self, name: str) -> Lookup:
        """See `Cluster.namespace`."""
        return self.namespaces.lookup(ObjectKey("", name))

    def naming(self, values: Sequence[str]) -> Sequence[Object]:
        """See `Cluster.naming`."""
        return self.informer.store.by_index(_INDEX, "/".join(values))

    def referred(self, resource: Resource, key: ObjectKey) -> Lookup:
        """See `Cluster.referred`."""
        return self.relations.referred(resource, key)

    def hindrance(self, resource: Resource) -> Hindrance | None:
        """See `Cluster.hindrance`."""
        return self.relations.hindrance(resource)

    def refers_to(self, resource: Resource, key: ObjectKey) -> Iterable[tuple[Resource, ObjectKey]]:
        """See `Cluster.refers_to`."""
        return self.relations.refers_to(resource, key)

    async def secret(self, key: ObjectKey) -> Object | None:
        """See `Cluster.secret`."""
        return await self.relations.secret(key)


def _cluster(manager: Manager, informer: Informer, relations: Relations) -> KubeCluster:
    resource, namespaces = informer.resource, manager.informers.informer(NAMESPACES)
    reader = manager.reader(resource, informer.scope)
    return KubeCluster(resource, reader, manager.writer, informer, namespaces, relations)


class AwsCloud:
    """`world.Cloud` over the sessions of this process; a kind's clients call no operation but those that its descriptor names."""

    def __init__(self, sessions: Sessions, descriptor: Descriptor, account: str, partition: str) -> None:
        self.account = account
        self.partition = partition
        self._sessions = sessions
        self._model, self._service = descriptor.model, descriptor.service
        self._allowed = frozenset(usage.operation for usage in descriptor.operations())

    async def calls(self, place: Place, ticket: Ticket, listener: Callable[[Sent], None]) -> Client:
        """See `Cloud.calls`."""
        target = Target(self._model, place.region, place.role_arn, place.endpoint_url, self._service)
        client = await self._sessions.client(target)
        return client.allowing(self._allowed).on_behalf(ticket).heard_by(listener)


@dataclass(slots=True)
class Turns:
    """`world.World.due`: what the kind's loop looks at now or next without being in a hurry. The world is there before its loop."""

    store: Store
    loop: Controller | None = None

    def __call__(self) -> Iterator[Object]:
        """The objects as last seen."""
        found = (self.store.get(key) for key in (self.loop.due() if self.loop else ()))
        return (each for each in found if not isinstance(each, Absence))


@dataclass(frozen=True, slots=True)
class Events:
    """`world.Recorder` over Kubernetes Events."""

    recorder: EventRecorder

    def normal(self, obj: Object, reason: str, message: str) -> None:
        """See `Recorder.normal`."""
        self.recorder.record(obj, "Normal", reason, message)

    def warning(self, obj: Object, reason: str, message: str) -> None:
        """See `Recorder.warning`."""
        self.recorder.record(obj, "Warning", reason, message)


def _pace(descriptor: Descriptor, options: ReconcilerOptions) -> ControllerOptions:
    return ControllerOptions(
        workers=options.concurrency,
        predicate=edited(ignoring=OWN_ANNOTATIONS),
        resync=options.resync_seconds,
        resync_together=at_most(descriptor),
    )


def _heed(made: Controller, reconciler: ResourceReconciler, seen: Store, roles: ClusterRoles) -> None:
    """Look at the objects for which somebody else's word has changed: their namespace's, the role maps', the selectors'."""
    made.watches(NAMESPACES, lambda namespace: reconciler.displaced(seen.list(key_of(namespace).name)))
    for resource, scope in roles.watched:
        made.watches(resource, lambda _: reconciler.displaced(seen.list()), scope=scope)


def _names(descriptor: Descriptor, gates: Gates, obj: Object) -> tuple[str, ...]:
    """The AWS resource that the object lays claim to; none where it only shows one."""
    values = None if is_read_only(obj, gates) else identifiers(descriptor, obj)
    return () if values is None else ("/".join(values),)


def _namesakes(names: Names, informer: Informer) -> Callable[[Object], Iterable[ObjectKey]]:
    """From an object to the others that name the same AWS resource: one of them may act when it goes."""

    def others(obj: Object) -> Iterable[ObjectKey]:
        found = [each for name in names(obj) for each in informer.store.by_index(_INDEX, name)]
        return [key_of(each) for each in found if key_of(each) != key_of(obj)]

    return others


def _frees_a_name(names: Names) -> Callable[[Change], bool]:
    """Whether an object no longer names the AWS resource that it named."""

    def frees(change: Change) -> bool:
        before, after = change.before, change.after
        return before is not None and (after is None or names(before) != names(after))

    return frees
