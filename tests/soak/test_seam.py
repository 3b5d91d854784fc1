"""The proxy at the seam: what is forwarded is done, what is cut is cut, and watches end as they are told to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ackpy.errors import KubeUnreachable
from ackpy.kube.calls import Selection
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.testing.seam import Answer, Forward, Request, Seam, seam

pytestmark = pytest.mark.slow

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


def client_of(endpoint: Endpoint, proxy: Seam) -> KubeClient:
    return KubeClient(replace(KubeConfig.load(str(endpoint.kubeconfig)), server=proxy.url), user_agent="test")


def config_map(namespace: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it", "namespace": namespace}}


async def test_what_is_forwarded_is_done_though_its_answer_is_lost(api_server: Endpoint, namespace: str) -> None:
    async def lose(request: Request, forward: Forward) -> Answer | None:
        answer = await forward()
        return None if request.method == "POST" else answer

    async with seam(api_server.url, lose, certificates=api_server.ca_file) as proxy, client_of(api_server, proxy) as me:
        with pytest.raises(KubeUnreachable):
            await me.create(CONFIG_MAPS, config_map(namespace))
        assert await me.get(CONFIG_MAPS, ObjectKey(namespace, "it"))


async def test_nothing_of_a_closed_seam_reaches_the_server(api_server: Endpoint, namespace: str) -> None:
    async with seam(api_server.url, certificates=api_server.ca_file) as proxy, client_of(api_server, proxy) as me:
        proxy.closed = True
        with pytest.raises(KubeUnreachable):
            await me.create(CONFIG_MAPS, config_map(namespace))
        proxy.closed = False
        assert (await me.list(CONFIG_MAPS, Selection(namespace=namespace))).items == ()


async def test_a_watch_is_passed_on_until_it_expires(api_server: Endpoint, namespace: str) -> None:
    selection = Selection(namespace=namespace)
    async with seam(api_server.url, certificates=api_server.ca_file) as proxy, client_of(api_server, proxy) as me:
        version = (await me.list(CONFIG_MAPS, selection)).resource_version
        async with me.watch(CONFIG_MAPS, selection, resource_version=version) as events:
            await me.create(CONFIG_MAPS, config_map(namespace))
            assert (await anext(events))["type"] == "ADDED"
            assert proxy.expire_watches() == 1
            last = await anext(events)
        assert (last["type"], last["object"]["code"]) == ("ERROR", 410)


async def test_a_watch_breaks_off(api_server: Endpoint, namespace: str) -> None:
    selection = Selection(namespace=namespace)
    async with seam(api_server.url, certificates=api_server.ca_file) as proxy, client_of(api_server, proxy) as me:
        version = (await me.list(CONFIG_MAPS, selection)).resource_version
        async with me.watch(CONFIG_MAPS, selection, resource_version=version) as events:
            assert proxy.drop_watches() == 1
            with pytest.raises(KubeUnreachable):
                await asyncio.wait_for(anext(events), 30)
