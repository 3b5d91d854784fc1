"""A bucket's ARN in a ConfigMap and in a Secret, with nothing but kubectl: written, followed, set back, taken away."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from ackpy.testing.stack import LocalStack, eventually

pytestmark = pytest.mark.slow

NAME = "its-arn-is-exported"
ARN = f"arn:aws:s3:::{NAME}"
BOUND = 5.0
"""Seconds in which a wake must come; far below every back-off and resync that could bring it instead."""


def export(kind: str, path: str = ".status.ackResourceMetadata.arn", **to: str) -> Mapping[str, Any]:
    """A FieldExport to the ConfigMap or Secret of this name."""
    resource = {"group": "s3.services.k8s.aws", "kind": "Bucket", "name": NAME}
    return {
        "apiVersion": "services.k8s.aws/v1alpha1",
        "kind": "FieldExport",
        "metadata": {"name": f"{NAME}-{kind}"},
        "spec": {"from": {"path": path, "resource": resource}, "to": {"kind": kind, "name": NAME, **to}},
    }


def data(stack: LocalStack, kind: str) -> dict[str, str]:
    """What the target holds, decoded."""
    held = stack.get(f"{kind}/{NAME}").get("data") or {}
    return {key: base64.b64decode(value).decode() if kind == "secret" else value for key, value in held.items()}


@pytest.mark.parametrize("kind", ["configmap", "secret"])
def test_a_field_from_the_first_to_the_last(local_stack: LocalStack, kind: str) -> None:
    fields = f"fieldexport/{NAME}-{kind}"
    default = f"default.{NAME}-{kind}"
    target = {
        "apiVersion": "v1",
        "kind": {"configmap": "ConfigMap", "secret": "Secret"}[kind],
        "metadata": {"name": NAME},
    }
    bucket = {
        "apiVersion": "s3.services.k8s.aws/v1alpha1",
        "kind": "Bucket",
        "metadata": {"name": NAME},
        "spec": {"name": NAME},
    }

    local_stack.apply(target, export(kind))
    local_stack.wait(fields, "condition=Ready=False")
    local_stack.apply(bucket)
    local_stack.wait(fields, "condition=Ready")
    assert data(local_stack, kind) == {default: ARN}

    local_stack.apply(export(kind, key="bucket"))
    eventually(lambda: data(local_stack, kind) == {"bucket": ARN}, "the key is renamed", BOUND)
    local_stack.apply(export(kind, path='.status.ackResourceMetadata["region"]', key="bucket"))
    eventually(lambda: data(local_stack, kind) == {"bucket": "us-east-1"}, "another field is exported", BOUND)

    local_stack.kubectl(
        "patch", f"{kind}/{NAME}", "-n", "default", "--type=merge", "-p", '{"data":{"bucket":"dGhlaXJz"}}'
    )
    eventually(lambda: data(local_stack, kind) == {"bucket": "us-east-1"}, "the key is set back", BOUND)

    local_stack.apply(export(kind, path="env.HOME", key="bucket"))
    local_stack.wait(fields, "condition=ACK.Terminal")
    eventually(lambda: data(local_stack, kind) == {}, "what the old path gave is taken away", BOUND)

    local_stack.apply(export(kind, key="bucket"))
    eventually(lambda: data(local_stack, kind) == {"bucket": ARN}, "it comes back", BOUND)
    local_stack.kubectl("delete", fields, "-n", "default", "--timeout=30s")
    assert data(local_stack, kind) == {}
    local_stack.kubectl("delete", f"bucket/{NAME}", f"{kind}/{NAME}", "-n", "default", "--timeout=60s")
