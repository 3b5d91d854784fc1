"""What is watched for the objects of a kind, and which changes wake them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from ackpy.controllers import references
from ackpy.controllers.references import resource_of
from ackpy.controllers.relations import Relations
from ackpy.controllers.world import Hindrance
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import SECRETS, Resource
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.runtime.informer import Scope
from ackpy.runtime.lookup import Absence
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster, refusal
from ackpy.testing.running import running

USERS = references.target(Ref("iam", "User"))
ME, U, ADMIN = ObjectKey("default", "p"), ObjectKey("default", "u"), ObjectKey("default", "admin")


@dataclass
class Noting:
    """A reconciler that notes why it is asked."""

    causes: list[frozenset[str]] = field(default_factory=list)

    async def reconcile(self, request: Request) -> Result:
        """Do nothing."""
        self.causes.append(request.causes)
        return Result.done()

    def take(self) -> list[frozenset[str]]:
        """What has come since the last time."""
        taken, self.causes = self.causes, []
        return taken


@dataclass
class Watching:
    """The relations of login profiles over a cluster in memory."""

    cluster: MemoryCluster
    manager: Manager
    relations: Relations
    noting: Noting
    resource: Resource

    async def refer(self, name: str = "u", namespace: str = "") -> None:
        """Make an object that names a user and a Secret; its first passes are over afterwards."""
        source = {"name": name, **({"namespace": namespace} if namespace else {})}
        await self.put(self.resource, ME, userRef={"from": source}, password={"name": "admin", "key": "k"})
        self.noting.take()

    async def put(self, resource: Resource, key: ObjectKey, status: Any = None, **spec: Any) -> None:
        """Create or write an object."""
        meta = {"name": key.name, "namespace": key.namespace}
        obj = {"metadata": meta, "spec": spec, **({"status": status} if status else {})}
        if self.cluster.peek(resource, key) is None:
            self.cluster.put(resource, obj)  # without its status, as API servers create objects
        self.cluster.put(resource, obj)
        await settle()

    def scopes(self, resource: Resource) -> set[Scope]:
        """In which scopes a resource is watched."""
        return {informer.scope for informer in self.manager.informers.all if informer.resource == resource}


Start = Callable[..., Any]


@pytest.fixture
def start(profile: Descriptor) -> Start:
    @asynccontextmanager
    async def start(**options: Any) -> AsyncIterator[Watching]:
        cluster = MemoryCluster(FakeClock())
        manager = Manager(cluster.client(), ManagerOptions(component="test", **options))
        resource, noting = resource_of(profile), Noting()
        relations = Relations(profile, manager, manager.informers.informer(resource, manager.scope))
        relations.serve(manager.add_controller("loginprofile", resource, noting))
        async with running(manager):
            yield Watching(cluster, manager, relations, noting, resource)

    return start


def conditions(*kinds: str, **more: Any) -> Object:
    return {"conditions": [{"type": kind, "status": "True"} for kind in kinds], **more}


async def test_nothing_is_watched_that_nobody_refers_to(start: Start) -> None:
    async with start() as here:
        assert here.scopes(USERS) == set()
        assert here.scopes(SECRETS) == set()
        await here.refer()
        assert here.scopes(USERS) == {Scope()}
        assert here.scopes(SECRETS) == {Scope(("default",), metadata_only=True)}


async def test_what_was_there_before_the_start_is_watched_too(profile: Descriptor) -> None:
    cluster = MemoryCluster(FakeClock())
    meta = {"name": ME.name, "namespace": ME.namespace}
    cluster.put(resource_of(profile), {"metadata": meta, "spec": {"userRef": {"from": {"name": "u"}}}})
    cluster.put(USERS, {"metadata": {"name": "u", "namespace": "default"}})
    manager = Manager(cluster.client(), ManagerOptions(component="test"))
    relations = Relations(profile, manager, manager.informers.informer(resource_of(profile), manager.scope))
    relations.serve(manager.add_controller("loginprofile", resource_of(profile), Noting()))
    async with running(manager):
        await settle()
        assert not isinstance(manager.informers.lookup(USERS, U), Absence)


READY = conditions("ACK.ResourceSynced")
CHANGES: list[tuple[str, Any, Any, bool]] = [
    ("it appears", None, ({}, None), True),
    ("it becomes ready", ({}, None), ({}, READY), True),
    ("it becomes terminal", ({}, None), ({}, conditions("ACK.Terminal")), True),
    ("its value changes", ({"name": "a"}, READY), ({"name": "b"}, READY), True),
    ("it is busy for a while", ({"name": "a"}, READY), ({"name": "a"}, conditions("Other")), False),
    ("another field changes", ({"name": "a", "path": "/"}, READY), ({"name": "a", "path": "/x"}, READY), False),
]


@pytest.mark.parametrize(("name", "before", "after", "wakes"), CHANGES, ids=[each[0] for each in CHANGES])
async def test_which_changes_of_a_target_wake(start: Start, name: str, before: Any, after: Any, *, wakes: bool) -> None:
    async with start() as here:
        if before is not None:
            await here.put(USERS, U, before[1], **before[0])
        await here.refer()
        here.noting.take()
        await here.put(USERS, U, after[1], **after[0])
        assert here.noting.take() == ([frozenset({Cause.REFERENCE})] if wakes else []), name


async def test_a_target_that_goes_wakes(start: Start) -> None:
    async with start() as here:
        await here.put(USERS, U)
        await here.refer()
        here.cluster.remove(USERS, U)
        await settle()
        assert here.noting.take() == [frozenset({Cause.REFERENCE})]


async def test_another_object_of_the_kind_wakes_nobody(start: Start) -> None:
    async with start() as here:
        await here.refer()
        await here.put(USERS, ObjectKey("default", "other"))
        await here.put(USERS, ObjectKey("elsewhere", "u"))
        await here.put(SECRETS, ObjectKey("default", "other"))
        assert here.noting.take() == []


async def test_who_refers_no_more_is_woken_no_more(start: Start) -> None:
    async with start() as here:
        await here.refer()
        await here.put(here.resource, ME, userName="ann")
        here.noting.take()
        await here.put(USERS, U)
        await here.put(SECRETS, ADMIN)
        assert here.noting.take() == []


async def test_every_change_of_a_secret_wakes(start: Start) -> None:
    async with start() as here:
        await here.refer()
        await here.put(SECRETS, ADMIN, some="thing")
        await here.put(SECRETS, ADMIN, some="other")
        here.cluster.remove(SECRETS, ADMIN)
        await settle()
        assert here.noting.take() == [frozenset({Cause.SECRET})] * 3


SCOPES: list[tuple[str, dict[str, Any], str, Scope]] = [
    ("of everything", {}, "far", Scope()),
    ("within the manager's namespaces", {"namespaces": ("default", "far")}, "far", Scope(("default", "far"))),
    ("outside of them", {"namespaces": ("default",)}, "far", Scope(("far",))),
    ("with a selector, which the target need not have", {"selector": "a=b"}, "", Scope()),
]


@pytest.mark.parametrize(("name", "options", "namespace", "scope"), SCOPES, ids=[each[0] for each in SCOPES])
async def test_where_targets_are_watched(
    start: Start, name: str, options: dict[str, Any], namespace: str, scope: Scope
) -> None:
    async with start(**options) as here:
        here.relations.referred(USERS, ObjectKey(namespace or "default", "u"))
        assert here.scopes(USERS) == {scope}, name


async def test_hindrances(start: Start) -> None:
    async with start() as here:
        assert here.relations.hindrance(here.resource) is None
        assert here.relations.hindrance(USERS) is Hindrance.NOT_ENABLED
        here.cluster.faults.append(lambda request: refusal(404, "NotFound", "") if "users" in request.path else None)
        here.relations.referred(USERS, U)
        await settle()
        assert here.relations.hindrance(USERS) is Hindrance.NOT_INSTALLED
        assert here.relations.referred(USERS, U) is Absence.MISSING
        here.cluster.faults.append(lambda request: refusal(403, "Forbidden", "") if "roles" in request.path else None)
        roles = references.target(Ref("iam", "Role"))
        here.relations.referred(roles, U)
        await settle()
        assert here.relations.hindrance(roles) is Hindrance.FORBIDDEN
        assert here.relations.referred(roles, U) is Absence.UNKNOWN


async def test_a_secret_is_read_and_not_kept(start: Start) -> None:
    async with start() as here:
        assert await here.relations.secret(ADMIN) is None
        await here.put(SECRETS, ADMIN, some="thing")
        found = await here.relations.secret(ADMIN)
        assert found is not None
        assert found["spec"] == {"some": "thing"}
        assert here.scopes(SECRETS) == set()


async def test_what_other_objects_refer_to_is_known_of_kinds_that_are_looked_after(start: Start) -> None:
    async with start() as here:
        await here.refer()
        assert list(here.relations.refers_to(here.resource, ME)) == [(USERS, U)]
        assert list(here.relations.refers_to(USERS, U)) == []
