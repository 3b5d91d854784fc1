"""FieldExports on a real API server, whose account of who owns which field is what withdrawal relies on."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from ackpy.controllers.field_export.controller import field_exports
from ackpy.controllers.field_export.export import FINALIZER
from ackpy.controllers.field_export.targets import manager_of
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.shared_kinds import FIELD_EXPORT, FIELD_EXPORTS
from ackpy.errors import AlreadyExists, NotFound
from ackpy.kube import objects
from ackpy.kube.calls import WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, SECRETS, Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing import standins
from ackpy.testing.inprocess import until
from ackpy.testing.running import running

pytestmark = pytest.mark.slow

KEYS = Resource("kms.services.k8s.aws", "v1alpha1", "keys", "Key")
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
RESOURCES = {"configmap": CONFIG_MAPS, "secret": SECRETS}
BOUND = 5.0
"""Seconds in which a wake must come; far below every back-off and resync that could bring it instead."""


@dataclass
class Here:
    """A running controller of FieldExports in one namespace, and the way to its server."""

    client: KubeClient
    namespace: str

    def key(self, name: str) -> ObjectKey:
        """The key of an object of the namespace."""
        return ObjectKey(self.namespace, name)

    async def source(self, arn: str = ARN) -> None:
        """A Key with a status."""
        with suppress(AlreadyExists):
            await standins.make(self.client, KEYS, self.key("k"), {})
        await standins.become_ready(self.client, KEYS, self.key("k"), arn)

    async def target(self, kind: str, data: dict[str, str], **more: Any) -> None:
        """A ConfigMap or Secret that somebody makes."""
        if kind == "secret":
            data = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
        meta = {"name": "t", "namespace": self.namespace}
        await self.client.create(RESOURCES[kind], {**RESOURCES[kind].type_meta, "metadata": meta, "data": data, **more})

    async def export(self, kind: str, *, finalizers: Sequence[str] = (), **to: str) -> Object:
        """A FieldExport of the Key's ARN."""
        origin = {
            "path": ".status.ackResourceMetadata.arn",
            "resource": {"group": KEYS.group, "kind": "Key", "name": "k"},
        }
        spec = {"from": origin, "to": {"kind": kind, "name": "t", "key": "arn", **to}}
        meta = {"name": "e", "namespace": self.namespace, "finalizers": list(finalizers)}
        return await self.client.create(FIELD_EXPORTS, {**FIELD_EXPORTS.type_meta, "metadata": meta, "spec": spec})

    async def data(self, kind: str) -> dict[str, str]:
        """What the target holds, decoded."""
        held = (await self.client.get(RESOURCES[kind], self.key("t"))).get("data") or {}
        return {key: base64.b64decode(value).decode() if kind == "secret" else value for key, value in held.items()}

    async def holds(self, kind: str, data: dict[str, str]) -> None:
        """Wait, for BOUND at most, until the target holds this."""

        async def so() -> bool:
            return await self.data(kind) == data

        await self.soon(so)

    async def says(self, condition: str, status: str = "True") -> Object:
        """Wait, for BOUND at most, until the FieldExport has a condition."""

        async def so() -> bool:
            found = objects.condition_of(await self.client.get(FIELD_EXPORTS, self.key("e")), condition)
            return found is not None and found["status"] == status

        await self.soon(so)
        return objects.condition_of(await self.client.get(FIELD_EXPORTS, self.key("e")), condition) or {}

    async def gone(self) -> None:
        """Delete the FieldExport and wait until it is gone."""
        await self.client.delete(FIELD_EXPORTS, self.key("e"))

        async def so() -> bool:
            try:
                await self.client.get(FIELD_EXPORTS, self.key("e"))
            except NotFound:
                return True
            return False

        await self.soon(so)

    async def soon(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait, for BOUND at most."""
        await until(holds, BOUND)


@pytest.fixture
async def here(api_server: Endpoint, namespace: str) -> AsyncIterator[Here]:
    async with KubeClient(KubeConfig.load(str(api_server.kubeconfig)), user_agent="test") as client:
        await standins.install(client, KEYS)
        with suppress(AlreadyExists):
            await client.create(CUSTOM_RESOURCE_DEFINITIONS, FIELD_EXPORT.custom_resource_definition())
        manager = Manager(client, ManagerOptions(component="test", namespaces=(namespace,)))
        field_exports(manager, [KEYS], ReconcilerOptions(region="us-east-1"))
        async with running(manager):
            yield Here(client, namespace)


@pytest.mark.parametrize("kind", ["configmap", "secret"])
async def test_from_the_first_write_to_the_last(here: Here, kind: str) -> None:
    await here.target(kind, {"other": "kept"})
    await here.export(kind)
    await here.says("Ready", "False")
    await here.source()
    await here.holds(kind, {"other": "kept", "arn": ARN})
    await here.says("Ready")
    await here.source(f"{ARN}0")
    await here.holds(kind, {"other": "kept", "arn": f"{ARN}0"})
    await here.client.patch(FIELD_EXPORTS, here.key("e"), {"spec": {"to": {"key": "renamed"}}})
    await here.holds(kind, {"other": "kept", "renamed": f"{ARN}0"})
    await here.gone()
    assert await here.data(kind) == {"other": "kept"}
    found = await here.client.get(RESOURCES[kind], here.key("t"))
    assert not [each for each in found["metadata"]["managedFields"] if each["manager"].startswith("ackpy-field-export")]


async def test_a_key_that_somebody_has_taken_over_stays(here: Here) -> None:
    await here.source()
    await here.target("configmap", {})
    await here.export("configmap")
    await here.holds("configmap", {"arn": ARN})
    unsynced = {"status": {"conditions": [{"type": "ACK.ResourceSynced", "status": "False"}]}}
    await here.client.patch(KEYS, here.key("k"), unsynced, subresource="status")
    await here.says("Ready", "False")  # from now on nothing is set back
    await here.client.patch(CONFIG_MAPS, here.key("t"), {"data": {"arn": "theirs"}})
    await here.gone()
    assert await here.data("configmap") == {"arn": "theirs"}


async def test_a_target_that_comes_late_is_written_at_once(here: Here) -> None:
    await here.source()
    await here.export("configmap")
    assert (await here.says("ACK.Recoverable"))["message"] == "unable to get existing configmap"
    await here.target("configmap", {})
    await here.holds("configmap", {"arn": ARN})


async def test_a_key_that_somebody_removes_comes_back(here: Here) -> None:
    await here.source()
    await here.target("secret", {})
    await here.export("secret")
    await here.holds("secret", {"arn": ARN})
    removed = await here.client.patch(SECRETS, here.key("t"), {"data": {"arn": None}})
    assert not removed.get("data")
    await here.holds("secret", {"arn": ARN})


async def test_a_key_that_somebody_else_applied_too_stays(here: Here) -> None:
    """Two managers that applied one value own it together: it goes with the last."""
    await here.source()
    await here.target("configmap", {})
    await here.export("configmap")
    await here.holds("configmap", {"arn": ARN})
    meta = {"name": "t", "namespace": here.namespace}
    await here.client.patch(
        CONFIG_MAPS,
        here.key("t"),
        {**CONFIG_MAPS.type_meta, "metadata": meta, "data": {"arn": ARN}},
        kind="apply",
        options=WriteOptions(field_manager="somebody"),
    )
    await here.gone()
    assert await here.data("configmap") == {"arn": ARN}


async def test_an_immutable_configmap_is_said_to_be(here: Here) -> None:
    await here.source()
    await here.target("configmap", {"other": "kept"}, immutable=True)
    await here.export("configmap")
    assert (await here.says("ACK.Recoverable"))["message"] == "unable to write existing configmap"
    assert "Invalid" in (await here.says("Ready", "False"))["message"]
    assert await here.data("configmap") == {"other": "kept"}
    await here.gone()


async def test_each_export_is_a_field_manager_of_its_own(here: Here) -> None:
    await here.source()
    await here.target("configmap", {})
    made = await here.export("configmap")
    await here.holds("configmap", {"arn": ARN})
    found = await here.client.get(CONFIG_MAPS, here.key("t"))
    mine = [each for each in found["metadata"]["managedFields"] if each["manager"] == manager_of(objects.uid_of(made))]
    assert [(each["operation"], each["fieldsV1"]) for each in mine] == [("Apply", {"f:data": {"f:arn": {}}})]


@pytest.mark.parametrize("kind", ["configmap", "secret"])
@pytest.mark.parametrize(
    ("writer", "finalizers", "left"),
    [
        ("controller", [FINALIZER], {"other": "kept"}),
        ("controller", [], {"other": "kept", "arn": ARN}),
        ("kubectl-edit", [FINALIZER], {"other": "kept", "arn": ARN}),
    ],
    ids=["ACK's", "of a FieldExport that ACK never saw", "a person's"],
)
async def test_a_key_of_acks_is_taken_over(
    here: Here, kind: str, writer: str, finalizers: list[str], left: dict[str, str]
) -> None:
    """ACK's controller has written the key and is gone: it goes with the FieldExport, as if it had been ours from the start."""
    await here.target(kind, {"other": "kept"})
    data = {"arn": base64.b64encode(ARN.encode()).decode() if kind == "secret" else ARN}
    written = WriteOptions(field_manager=writer)
    await here.client.patch(RESOURCES[kind], here.key("t"), {"data": data}, kind="strategic", options=written)
    await here.source()
    await here.export(kind, finalizers=finalizers)
    await here.says("Ready")
    assert await here.data(kind) == {"other": "kept", "arn": ARN}
    await here.gone()
    await here.holds(kind, left)
