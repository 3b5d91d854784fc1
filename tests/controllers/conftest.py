"""The catalog's bucket, and a world in memory for its objects."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.model.compiler import compile_service
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
