"""Objects in memory, reconciled against the embedded AWS over HTTP, and an independent client that looks at what AWS holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import jmespath
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from prometheus_client import CollectorRegistry

from ackpy.aws.credentials import Keys
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Options, Sessions
from ackpy.catalog import load
from ackpy.controllers.controller import AwsCloud
from ackpy.controllers.options import ReconcilerOptions
from ackpy.kube.clock import SystemClock
from ackpy.kube.objects import ObjectKey
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.causes import Cause
from ackpy.testing.aws import client_of
from ackpy.testing.cloud import Call, Cloud
from ackpy.testing.world import ObjectsInMemory, Steps

ANY: Final = "$any"
"""Stands in an expected answer for a text that AWS makes up."""


@cache
def descriptor_of(service: str, kind: str) -> Descriptor:
    return next(each for each in compile_service(load([service])) if each.kind == kind)


@dataclass(slots=True)
class Kept:
    """One object of a kind, kept by its reconciler, and the AWS account that it is kept in."""

    world: ObjectsInMemory
    cloud: Cloud
    account: str
    region: str
    key: ObjectKey = field(default_factory=lambda: ObjectKey("default", "kept"))

    @property
    def spec(self) -> dict[str, Any]:
        return dict(self.world.cluster.objects[self.key]["spec"])

    async def apply(self, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> None:
        """Apply it, and let the controller come to rest."""
        self.world.cluster.apply(self.key.name, spec, annotations=annotations)
        await self.world.settle(self.key)

    async def change(self, **values: Any) -> None:
        """Give settings other values, None takes one out; then let the controller come to rest."""
        spec = {**self.spec, **values}
        await self.apply({name: value for name, value in spec.items() if value is not None})

    async def resync(self) -> None:
        """Compare with AWS."""
        await self.world.settle(self.key, Cause.RESYNC)

    def ask(self, operation: str, **parameters: Any) -> Any:
        """The answer of an independent client, or the code of AWS's refusal."""
        client = client_of(self.cloud, self.account, self.world.descriptor.model, self.region)
        try:
            return plain(getattr(client, xform_name(operation))(**parameters))
        except ClientError as error:
            return error.response["Error"]["Code"]

    def read(self, where: str, **parameters: Any) -> Any:
        """What AWS holds: "Operation", or "Operation:JMESPath"."""
        operation, _, path = where.partition(":")
        answer = self.ask(operation, **parameters)
        return jmespath.search(path, answer) if path and not isinstance(answer, str) else answer

    async def written(self, doing: Callable[[], Awaitable[None]]) -> list[str]:
        """The operations that change something, of those that AWS was asked for while it was done; Kubernetes writes too."""
        calls, writes = self.calls(), len(self.world.cluster.writes)
        await doing()
        made = self.calls()[len(calls) :]
        patches = [f"{target} patch" for target, _ in self.world.cluster.writes[writes:]]
        return [call.operation for call in made if call.mutating] + patches

    def calls(self) -> list[Call]:
        """All calls of the account."""
        return self.cloud.calls(self.account)

    def condition(self, name: str) -> str:
        """The status of a condition, with its message; "" when it is not there."""
        found = self.world.conditions(self.key).get(name)
        return f"{found['status']} {found.get('message', '')}".strip() if found else ""


def plain(value: Any) -> Any:
    """An answer without what is said of the call: times as texts, documents in texts parsed."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def same(expected: Any, found: Any) -> bool:
    """Whether an answer is the expected one; ANY stands for any text."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(each, found[name]) for name, each in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return (isinstance(found, str) and bool(found)) if expected == ANY else bool(expected == found)


Keep = Callable[..., Awaitable[Kept]]


@pytest.fixture
async def keep(cloud: Cloud, account: str) -> AsyncIterator[Keep]:
    """Make the reconciler of a kind for this test's account: `await keep("s3", "Bucket")`."""
    async with AsyncExitStack() as stack:

        async def make(service: str, kind: str, region: str = "us-east-1", **options: Any) -> Kept:
            keys = cloud.credentials(account)
            aws = Options(
                version="test",
                endpoint_url=cloud.url,
                allow_unsafe_endpoints=True,
                keys=Keys(keys.access_key_id, keys.secret_access_key),
            )
            sessions = Sessions(aws, calls=Calls(CollectorRegistry()), clock=SystemClock())
            await stack.enter_async_context(sessions)
            descriptor = descriptor_of(service, kind)
            aws_cloud = AwsCloud(sessions, descriptor, account, "aws")
            world = ObjectsInMemory(descriptor, aws_cloud, ReconcilerOptions(region=region, **options), Steps())
            return Kept(world, cloud, account, region)

        yield make


@pytest.fixture(name="same", scope="session")
def comparison() -> Callable[[Any, Any], bool]:
    """How an expected answer and a found one are compared."""
    return same
