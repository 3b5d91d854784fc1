"""pytest fixture -> an object in memory whose reconciler keeps a resource of the embedded AWS, and an independent client that looks.

    async def test_it(keep: Keep) -> None:
        kept = await keep("s3", "Bucket")
        await kept.apply({"name": "mine", "versioning": {"status": "Enabled"}})
        assert kept.read("GetBucketVersioning:Status", Bucket="mine") == "Enabled"

Load it with `pytest_plugins = ["ackpy.testing.cloud", "ackpy.testing.kept"]`. There is no API server: a story takes a fraction of a second.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

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

KEY = ObjectKey("default", "kept")


@dataclass(frozen=True, slots=True)
class Kept:
    """One object of a kind, and the AWS account in which its reconciler keeps the resource."""

    world: ObjectsInMemory
    cloud: Cloud
    account: str
    region: str

    @property
    def object(self) -> Mapping[str, Any]:
        """The object as stored; KeyError when it is gone."""
        return self.world.cluster.objects[KEY]

    async def apply(self, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> None:
        """Apply the object with this spec, and let the controller come to rest."""
        self.world.cluster.apply(KEY.name, spec, annotations=annotations)
        await self.world.settle(KEY)

    async def change(self, **values: Any) -> None:
        """Give settings other values in the spec as stored, None takes one out; then let the controller come to rest."""
        spec = {**self.object["spec"], **values}
        await self.apply({name: value for name, value in spec.items() if value is not None})

    async def delete(self) -> None:
        """Delete the object, and let the controller come to rest."""
        self.world.cluster.delete(KEY)
        await self.world.settle(KEY)

    async def resync(self) -> list[str]:
        """Compare with AWS until at rest; what was written meanwhile: AWS's operations, and patches of the object."""
        seen, patches = self.calls()[-1].at_seq, len(self.world.cluster.writes)
        await self.world.settle(KEY, Cause.RESYNC)
        written = [f"{target} patch" for target, _ in self.world.cluster.writes[patches:]]
        return [call.operation for call in self.calls(seen) if call.mutating] + written

    def calls(self, since: int | None = None) -> list[Call]:
        """The account's calls in AWS, the controller's and all others."""
        return self.cloud.calls(self.account, since)

    def ask(self, operation: str, /, **parameters: Any) -> Any:
        """What AWS answers to an independent client: plain values, or the code of its refusal."""
        client = client_of(self.cloud, self.account, self.world.descriptor.model, self.region)
        try:
            return _plain(getattr(client, xform_name(operation))(**parameters))
        except ClientError as error:
            return error.response["Error"]["Code"]

    def read(self, where: str, /, **parameters: Any) -> Any:
        """What AWS holds at "Operation" or "Operation:JMESPath"; the code when it refuses to tell."""
        operation, _, path = where.partition(":")
        answer = self.ask(operation, **parameters)
        return jmespath.search(path, answer) if path and isinstance(answer, dict) else answer

    def condition(self, name: str) -> str:
        """The status and message of a condition; "" when it is not there."""
        found = self.world.conditions(KEY).get(name)
        return f"{found['status']} {found.get('message', '')}".rstrip() if found else ""


class Keep(Protocol):
    """Makes the reconciler of a kind in this test's account, by name or as it was compiled; `options` are those of `ReconcilerOptions`."""

    async def __call__(  # noqa: D102
        self, service: str, kind: str | Descriptor, region: str = ..., **options: Any
    ) -> Kept: ...


@pytest.fixture
async def keep(cloud: Cloud, account: str) -> AsyncIterator[Keep]:
    """Make kept objects; their connections are closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(service: str, kind: str | Descriptor, region: str = "us-east-1", **options: Any) -> Kept:
            sessions = await stack.enter_async_context(_sessions(cloud, account))
            descriptor = _descriptor(service, kind) if isinstance(kind, str) else kind
            aws = AwsCloud(sessions, descriptor, account, "aws")
            world = ObjectsInMemory(descriptor, aws, ReconcilerOptions(region=region, **options), Steps())
            return Kept(world, cloud, account, region)

        yield make


def _sessions(cloud: Cloud, account: str) -> Sessions:
    keys = cloud.credentials(account)
    options = Options(
        version="test",
        endpoint_url=cloud.url,
        allow_unsafe_endpoints=True,
        keys=Keys(keys.access_key_id, keys.secret_access_key),
    )
    return Sessions(options, calls=Calls(CollectorRegistry()), clock=SystemClock())


@cache
def _descriptor(service: str, kind: str) -> Descriptor:
    return next(each for each in compile_service(load([service])) if each.kind == kind)


def _plain(value: Any) -> Any:
    """An answer without what it says of the call; times as texts, documents in texts parsed."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value
