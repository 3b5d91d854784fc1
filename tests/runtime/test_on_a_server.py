"""Client and runtime against a real API server: the embedded one, or kube-apiserver where KUBEBUILDER_ASSETS names one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

import pytest

from ackpy.errors import AlreadyExists, Conflict, Invalid, NotFound
from ackpy.kube.calls import Preconditions, RequestKind, Selection, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, finalizers_of, key_of, metadata, uid_of, version_of
from ackpy.kube.resource import CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, EVENTS, LEASES, NAMESPACES, Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.runtime.conditions import Condition, set_condition
from ackpy.runtime.finalizers import add_finalizer, has_finalizer, remove_finalizer
from ackpy.runtime.leader import Election
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.running import running

pytestmark = pytest.mark.slow

FINALIZER = "widgets.example.org/finalizer"


@pytest.fixture
async def client(api_server: Endpoint) -> AsyncIterator[KubeClient]:
    async with KubeClient(KubeConfig.load(str(api_server.kubeconfig)), user_agent="test") as made:
        yield made


def config_map(namespace: str, name: str, **data: str) -> Object:
    return {**CONFIG_MAPS.type_meta, "metadata": {"namespace": namespace, "name": name}, "data": data}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a server tells no event loop
            await asyncio.sleep(0.01)


async def test_the_life_of_an_object(client: KubeClient, namespace: str) -> None:
    key = ObjectKey(namespace, "a")
    created = await client.create(CONFIG_MAPS, config_map(namespace, "a", x="1"), WriteOptions(field_manager="test"))
    with pytest.raises(AlreadyExists):
        await client.create(CONFIG_MAPS, config_map(namespace, "a"))
    assert (await client.get(CONFIG_MAPS, key))["data"] == {"x": "1"}
    patched = await client.patch(CONFIG_MAPS, key, {"data": {"y": "2"}}, preconditions=Preconditions(uid_of(created)))
    assert patched["data"] == {"x": "1", "y": "2"}
    with pytest.raises(Conflict):
        await client.patch(
            CONFIG_MAPS, key, {"data": {}}, preconditions=Preconditions(resource_version=version_of(created))
        )
    with pytest.raises(Conflict):
        await client.patch(CONFIG_MAPS, key, {"data": {}}, preconditions=Preconditions(uid="another"))
    with pytest.raises(Conflict):
        await client.replace(CONFIG_MAPS, created)
    assert (await client.replace(CONFIG_MAPS, {**patched, "data": {"z": "3"}}))["data"] == {"z": "3"}
    operation = {"op": "replace", "path": "/data/z", "value": "4"}
    assert (await client.patch(CONFIG_MAPS, key, [operation], kind="json"))["data"] == {"z": "4"}
    applied = config_map(namespace, "a", w="5")
    assert (await client.patch(CONFIG_MAPS, key, applied, kind="apply", options=WriteOptions(field_manager="t")))[
        "data"
    ]["w"] == "5"
    with pytest.raises(Conflict):
        await client.delete(CONFIG_MAPS, key, preconditions=Preconditions(uid="another"))
    await client.delete(CONFIG_MAPS, key, preconditions=Preconditions(uid_of(created)))
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, key)


async def test_nothing_is_stored_by_a_dry_run(client: KubeClient, namespace: str) -> None:
    await client.create(CONFIG_MAPS, config_map(namespace, "a"), WriteOptions(dry_run=True))
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, ObjectKey(namespace, "a"))


async def test_pages_and_selectors(client: KubeClient, namespace: str) -> None:
    for number in range(5):
        obj = config_map(namespace, f"c{number}")
        obj["metadata"]["labels"] = {"odd": str(number % 2)}
        await client.create(CONFIG_MAPS, obj)
    pages = [page async for page in client.pages(CONFIG_MAPS, Selection(namespace), limit=2)]
    names = [key_of(item).name for page in pages for item in page.items if key_of(item).name != "kube-root-ca.crt"]
    assert names == ["c0", "c1", "c2", "c3", "c4"]
    assert all(len(page.items) <= 2 for page in pages)
    odd = await client.list(CONFIG_MAPS, Selection(namespace, labels="odd=1"))
    assert [key_of(item).name for item in odd.items] == ["c1", "c3"]
    assert all(CONFIG_MAPS.holds(item) for item in odd.items)
    one = await client.list(CONFIG_MAPS, Selection(namespace, fields="metadata.name=c2"))
    assert [key_of(item).name for item in one.items] == ["c2"]


async def test_a_watch_goes_on_from_a_version(client: KubeClient, namespace: str) -> None:
    start = (await client.list(CONFIG_MAPS, Selection(namespace))).resource_version
    await client.create(CONFIG_MAPS, config_map(namespace, "a"))
    await client.delete(CONFIG_MAPS, ObjectKey(namespace, "a"))
    seen: list[tuple[str, str]] = []
    async with client.watch(CONFIG_MAPS, Selection(namespace), resource_version=start, seconds=30) as stream:
        async for event in stream:
            if event["type"] != "BOOKMARK" and key_of(event["object"]).name == "a":
                seen.append((event["type"], event["object"]["kind"]))
            if len(seen) == 2:
                break
    assert seen == [("ADDED", "ConfigMap"), ("DELETED", "ConfigMap")]


async def test_discovery(client: KubeClient) -> None:
    assert await client.resource_for("v1", "ConfigMap") == CONFIG_MAPS
    assert await client.resource_for("v1", "Namespace") == NAMESPACES
    assert await client.resource_for("coordination.k8s.io/v1", "Lease") == LEASES
    with pytest.raises(NotFound):
        await client.resource_for("v1", "Nonsense")


@pytest.fixture
async def widgets(client: KubeClient) -> AsyncIterator[Resource]:
    """A kind of its own, with a status subresource."""
    word = secrets.token_hex(4)
    resource = Resource(f"g{word}.example.org", "v1", "widgets", "Widget")
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    properties = {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}, "status": anything}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    key = ObjectKey("", f"widgets.{resource.group}")
    definition = {
        **CUSTOM_RESOURCE_DEFINITIONS.type_meta,
        "metadata": {"name": key.name},
        "spec": {"group": resource.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition)
    await _served(client, resource)
    yield resource
    await client.delete(CUSTOM_RESOURCE_DEFINITIONS, key)


async def _served(client: KubeClient, resource: Resource) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await client.list(resource)
            except NotFound:
                await asyncio.sleep(0.05)
            else:
                return


class Sizing:
    """An operator in small: keeps a finalizer, fills in a size, reports it, cleans up."""

    def __init__(self, manager: Manager, resource: Resource) -> None:
        self.requests: list[Request] = []
        self.cleaned: list[str] = []
        self._manager = manager
        self._resource = resource
        self._reader = manager.reader(resource)

    async def reconcile(self, request: Request) -> Result:
        self.requests.append(request)
        seen = await self._reader.read(request.key)
        if seen is None:
            return Result.done()
        if metadata(seen).get("deletionTimestamp"):
            return await self._clean_up(seen)
        seen = await self._claim(seen)
        size = seen["spec"].get("size", 3)
        seen = await self._manager.writer.patch(self._resource, seen, apply_merge_patch(seen, {"spec": {"size": size}}))
        conditions = (seen.get("status") or {}).get("conditions") or []
        ready = set_condition(conditions, Condition("Ready", "True"), now=self._manager.client.clock.now())
        desired = apply_merge_patch(seen, {"status": {"size": size, "conditions": ready}})
        await self._manager.writer.patch_status(self._resource, seen, desired)
        return Result.done()

    async def _claim(self, seen: Object) -> Object:
        patch = add_finalizer(seen, FINALIZER)
        return seen if patch is None else await self._manager.writer.send(self._resource, seen, patch)

    async def _clean_up(self, seen: Object) -> Result:
        patch = remove_finalizer(seen, FINALIZER)
        if patch is not None:
            self.cleaned.append(key_of(seen).name)
            await self._manager.writer.send(self._resource, seen, patch)
        return Result.done()


async def test_an_operator_in_small(client: KubeClient, widgets: Resource, namespace: str) -> None:
    manager = Manager(client, ManagerOptions("widgets", namespaces=(namespace,)))
    sizing = Sizing(manager, widgets)
    controller = manager.add_controller("widget", widgets, sizing)
    key = ObjectKey(namespace, "w")
    patches = RequestKind("patch", str(widgets))
    async with running(manager):
        await client.create(
            widgets, {**widgets.type_meta, "metadata": {"namespace": namespace, "name": "w"}, "spec": {}}
        )
        await until(
            lambda: client.requests[RequestKind("patch", str(widgets), "status")] == 1 and not controller.queue().active
        )
        stored = await client.get(widgets, key)
        assert (stored["spec"], stored["status"]["size"], metadata(stored)["generation"]) == ({"size": 3}, 3, 2)
        await _quiet(manager, widgets, key)
        assert (len(sizing.requests), client.requests[patches]) == (1, 2), "our own two patches start no pass"

        await client.patch(widgets, key, {"spec": {"size": 5}})
        await until(lambda: len(sizing.requests) == 2)
        await _quiet(manager, widgets, key)
        assert (await client.get(widgets, key))["status"]["size"] == 5
        with pytest.raises(Invalid):
            await client.patch(widgets, key, {"spec": {"size": "large"}})

        await client.delete(widgets, key)
        await until(lambda: sizing.requests[-1].uid == "")
        assert sizing.cleaned == ["w"]
    with pytest.raises(NotFound):
        await client.get(widgets, key)


async def _quiet(manager: Manager, resource: Resource, key: ObjectKey) -> None:
    """Until no pass is under way and the informer has the object's latest version, and so has told all that was to be told."""
    await until(lambda: not manager.controllers[0].queue().active)
    latest = version_of(await manager.client.get(resource, key))
    informer = manager.informers.informer(resource)

    def told() -> bool:
        found = informer.store.get(key)
        return isinstance(found, dict) and version_of(found) == latest

    await until(
        lambda: told() and not manager.controllers[0].queue().active and not manager.controllers[0].queue().ready
    )


async def test_what_was_missed_while_away_is_made_up_for(client: KubeClient, widgets: Resource, namespace: str) -> None:
    for name in ("kept", "gone"):
        obj = {
            **widgets.type_meta,
            "metadata": {"namespace": namespace, "name": name, "finalizers": [FINALIZER]},
            "spec": {},
        }
        await client.create(widgets, obj)
    await client.delete(widgets, ObjectKey(namespace, "gone"))
    manager = Manager(client, ManagerOptions("widgets", namespaces=(namespace,)))
    sizing = Sizing(manager, widgets)
    manager.add_controller("widget", widgets, sizing)
    async with running(manager):
        await until(lambda: sizing.cleaned == ["gone"])
        await until(lambda: client.requests[RequestKind("patch", str(widgets), "status")] == 1)
    stored = await client.get(widgets, ObjectKey(namespace, "kept"))
    assert stored["status"]["size"] == 3
    assert has_finalizer(stored, FINALIZER)
    assert finalizers_of(stored) == [FINALIZER]


async def test_one_of_two_managers_leads_and_hands_over(client: KubeClient, widgets: Resource, namespace: str) -> None:
    def make(identity: str) -> Manager:
        manager = Manager(client, ManagerOptions("widgets", election=Election(namespace, "lease", identity)))
        manager.add_controller("widget", widgets, Sizing(manager, widgets))
        return manager

    first, second = make("first"), make("second")
    stop = asyncio.Event()
    async with running(first):
        waiting = asyncio.create_task(second.run(stop))
        await until(lambda: second.informers.synced)
        lease = await client.get(LEASES, ObjectKey(namespace, "lease"))
        assert lease["spec"]["holderIdentity"] == "first"
    await asyncio.wait_for(second.wait_started(), 30)
    lease = await client.get(LEASES, ObjectKey(namespace, "lease"))
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("second", 1)
    stop.set()
    await waiting


async def test_events_are_stored_and_counted(client: KubeClient, namespace: str) -> None:
    obj = await client.create(CONFIG_MAPS, config_map(namespace, "a"))
    manager = Manager(client, ManagerOptions("widgets"))
    async with running(manager):
        for _ in range(3):
            manager.events.record(obj, "Warning", "Broken", "it broke")
        await manager.events.flush()
        manager.events.record(obj, "Warning", "Broken", "it broke")
    selection = Selection(namespace, fields=f"involvedObject.uid={uid_of(obj)}")
    (event,) = (await client.list(EVENTS, selection)).items
    assert (event["reason"], event["count"], event["source"]["component"]) == ("Broken", 4, "widgets")
