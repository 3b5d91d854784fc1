"""Services -> their CustomResourceDefinitions, established on an API server; called by `stack` before the controllers start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ackpy.errors import StackError
from ackpy.kube.calls import WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES
from ackpy.operator.kinds import custom_resource_definitions

SYSTEM_NAMESPACE = "ack-system"
AS_INSTALLER = WriteOptions(field_manager="ackpy-install", force=True)
ESTABLISHED_SECONDS = 30.0
LOOK_SECONDS = 0.05


async def install(kubeconfig: Path, services: Sequence[str]) -> None:
    """Apply the CRDs of the services and the system namespace, and wait until all are served.

    StackError when one is not established in time, KubeApiError when the server refuses one.
    """
    async with KubeClient(KubeConfig.load(str(kubeconfig)), user_agent="ackpy-install") as client:
        namespace = {**NAMESPACES.type_meta, "metadata": {"name": SYSTEM_NAMESPACE}}
        await client.patch(NAMESPACES, ObjectKey("", SYSTEM_NAMESPACE), namespace, kind="apply", options=AS_INSTALLER)
        for crd in custom_resource_definitions(services):
            await _establish(client, crd)


async def _establish(client: KubeClient, crd: Object) -> None:
    key = ObjectKey("", crd["metadata"]["name"])
    stored = await client.patch(CUSTOM_RESOURCE_DEFINITIONS, key, crd, kind="apply", options=AS_INSTALLER)
    try:
        async with asyncio.timeout(ESTABLISHED_SECONDS):
            while not _established(stored):
                await asyncio.sleep(LOOK_SECONDS)
                stored = await client.get(CUSTOM_RESOURCE_DEFINITIONS, key)
    except TimeoutError:
        conditions = stored.get("status", {}).get("conditions", [])
        raise StackError(
            f"the API server did not establish {key.name} within {ESTABLISHED_SECONDS:.0f} s: {conditions}"
        ) from None


def _established(crd: Object) -> bool:
    conditions = crd.get("status", {}).get("conditions", [])
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
