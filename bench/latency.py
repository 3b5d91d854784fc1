"""How soon what waits is looked at: from the write that it waits for to what it sets off, mostly an AWS call. `python -m bench latency`.

In ACK a waiting object polls, twice as slowly each time, up to every 1,000 s (issue 1905 of its community); a changed Secret or
annotation leads to no pass before the next resync, ten hours later by default.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackpy.catalog import load
from ackpy.controllers.references import resource_of, target
from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube.objects import ObjectKey, condition_of
from ackpy.kube.resource import CONFIG_MAPS, Resource
from ackpy.model.compiler import compile_resource, compile_service
from ackpy.model.definition import Field, Ref, Tags
from ackpy.model.definition import Resource as Kind
from ackpy.testing import standins
from ackpy.testing.aws import client_of
from ackpy.testing.cloud import Cloud, end_cloud, start_cloud
from ackpy.testing.cluster import embedded_server, request
from ackpy.testing.inprocess import Controlled, controlling, until

ROUNDS = 20
KEYS = target(Ref("kms", "Key"))
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REPOSITORY = next(kind for kind in compile_service(load(["ecr"])) if kind.kind == "Repository")
PROFILE = compile_resource(
    Kind(
        service="iam",
        kind="LoginProfile",
        not_found=["NoSuchEntity"],
        tags=Tags(ignore=True),
        fields={"userName": Field(identifier=True), "password": Field(secret=True)},
    )
)


@dataclass(frozen=True, slots=True)
class Wake:
    """What happens, in how many seconds the consequence follows, and what ACK does."""

    title: str
    ack: str
    measure: Callable[[Controlled, str], Awaitable[float]]


async def _reference(here: Controlled, name: str) -> float:
    key = ObjectKey(here.namespace, name)
    await standins.make(here.client, KEYS, key, {})
    spec = {"name": name, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKeyRef": {"from": {"name": name}}}}
    await standins.make(here.client, resource_of(REPOSITORY), key, spec)
    await _has(here, resource_of(REPOSITORY), key, "ACK.ReferencesResolved", "Unknown")
    return await _first_call(here, standins.become_ready(here.client, KEYS, key, ARN))


async def _secret(here: Controlled, name: str) -> float:
    key = ObjectKey(here.namespace, name)
    client_of(here.cloud, here.account, "iam").create_user(UserName=name)
    await standins.put_secret(here.client, key, {"password": secrets.token_hex(8)})
    spec = {"userName": name, "password": {"name": name, "key": "password"}}
    await standins.make(here.client, resource_of(PROFILE), key, spec)
    await _has(here, resource_of(PROFILE), key, "ACK.ResourceSynced", "True")
    return await _first_call(here, standins.put_secret(here.client, key, {"password": secrets.token_hex(8)}))


async def _annotation(here: Controlled, name: str) -> float:
    key = ObjectKey(here.namespace, f"{name}-noted")
    await standins.make(here.client, resource_of(REPOSITORY), key, {"name": key.name})
    await _has(here, resource_of(REPOSITORY), key, "ACK.ResourceSynced", "True")
    patch = {"metadata": {"annotations": {"example.com/note": name}}}
    return await _first_call(here, here.client.patch(resource_of(REPOSITORY), key, patch))


async def _export(here: Controlled, name: str) -> float:
    """Seconds from sending a status to the ConfigMap that holds what is exported of it."""
    key = ObjectKey(here.namespace, f"{name}-exported")
    await standins.make(here.client, KEYS, key, {})
    config_map = {**CONFIG_MAPS.type_meta, "metadata": {"name": key.name, "namespace": key.namespace}}
    await here.client.create(CONFIG_MAPS, config_map)
    resource = {"group": KEYS.group, "kind": KEYS.kind, "name": key.name}
    origin = {"path": ".status.ackResourceMetadata.arn", "resource": resource}
    await standins.make(
        here.client, FIELD_EXPORTS, key, {"from": origin, "to": {"kind": "configmap", "name": key.name}}
    )
    await _has(here, FIELD_EXPORTS, key, "Ready", "False")

    async def written() -> bool:
        return bool((await here.client.get(CONFIG_MAPS, key)).get("data"))

    await until(lambda: _at_rest(here))
    began = time.monotonic()
    await standins.become_ready(here.client, KEYS, key, ARN)
    await until(written)
    return time.monotonic() - began


WAKES = (
    Wake("reference ready to the dependant's first call", "up to 1,000 s", _reference),
    Wake("Secret changed to the pass's first call", "10 h", _secret),
    Wake("annotation edited to the pass's first call", "10 h", _annotation),
    Wake("field changed to the ConfigMap that holds it", "as soon", _export),
)


async def _has(here: Controlled, resource: Resource, key: ObjectKey, kind: str, status: str) -> None:
    async def holds() -> bool:
        found = condition_of(await here.client.get(resource, key), kind)
        return found is not None and found["status"] == status

    await until(holds)


async def _first_call(here: Controlled, write: Awaitable[Any]) -> float:
    """Seconds from sending a write, while all is at rest, to the first AWS call after it."""
    await until(lambda: _at_rest(here))
    before = here.last_call()

    async def called() -> bool:
        return bool(here.calls(before))

    began = time.monotonic()
    await write
    await until(called)
    return time.monotonic() - began


async def _at_rest(here: Controlled) -> bool:
    queues = [controller.queue() for controller in here.manager.controllers]
    busy = any(queue.ready or queue.active for queue in queues)
    return not busy and all(due > 5 for queue in queues for due in queue.delayed.values())


async def _measured(folder: Path, cloud: Cloud, rounds: int) -> dict[str, list[float]]:
    with embedded_server(folder) as endpoint:
        request(endpoint, "POST", "/api/v1/namespaces", {"metadata": {"name": "bench"}})
        async with controlling(
            endpoint, cloud, cloud.account_id, "bench", [REPOSITORY, PROFILE], exported=[KEYS]
        ) as here:
            await standins.install(here.client, KEYS)
            return {
                wake.title: [await wake.measure(here, f"number-{number}") for number in range(rounds)] for wake in WAKES
            }


def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each round, by title."""
    process, cloud = start_cloud("--ephemeral")
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measured(Path(folder), cloud, rounds))
    finally:
        end_cloud(process)


def main() -> None:
    """Print median and worst of each."""
    found = measure()
    print(f"{'':48} {'median':>9} {'worst':>9}   ACK")
    for wake in WAKES:
        seconds = found[wake.title]
        median, worst = 1000 * statistics.median(seconds), 1000 * max(seconds)
        print(f"{wake.title:48} {median:6.0f} ms {worst:6.0f} ms   {wake.ack}")


if __name__ == "__main__":
    main()
