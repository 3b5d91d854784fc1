"""The catalog's bucket, and a world in memory for its objects."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.kube.objects import ObjectKey
from ackpy.model.compiler import compile_resource, compile_service
from ackpy.model.definition import Field, Ref, Resource, Tags
from ackpy.model.descriptor import Descriptor
from ackpy.testing.world import MemoryWorld


@pytest.fixture(scope="session")
def bucket() -> Descriptor:
    [descriptor] = compile_service(load(["s3"]))
    return descriptor


@pytest.fixture
def world(bucket: Descriptor) -> MemoryWorld:
    return MemoryWorld(bucket)


@pytest.fixture
def talk() -> dict[str, Any]:
    """The spec of the talk's bucket."""
    return {
        "name": "hama-test-bucket",
        "versioning": {"status": "Enabled"},
        "lifecycle": {
            "rules": [
                {
                    "id": "Move to Glacier after sixty days",
                    "prefix": "/logs/",
                    "status": "Enabled",
                    "transitions": [{"days": 60, "storageClass": "GLACIER"}],
                }
            ]
        },
        "encryption": {
            "rules": [{"bucketKeyEnabled": False, "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
        },
        "tagging": {"tagSet": [{"key": "first", "value": "1"}, {"key": "second", "value": "2"}]},
    }


@pytest.fixture
async def key(world: MemoryWorld, talk: dict[str, Any]) -> ObjectKey:
    """The talk's bucket, made and at rest; what that took has been counted."""
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.take_counts()
    world.events.seen.clear()
    return key


@pytest.fixture(scope="session")
def profile() -> Descriptor:
    """IAM's login profile: a password out of a Secret, for a user that may be referred to."""
    return compile_resource(
        Resource(
            service="iam",
            kind="LoginProfile",
            scope="global",
            not_found=["NoSuchEntity"],
            tags=Tags(ignore=True),
            fields={
                "userName": Field(identifier=True, required=True, ref=Ref("iam", "User", path="spec.name")),
                "password": Field(secret=True),
            },
        )
    )
