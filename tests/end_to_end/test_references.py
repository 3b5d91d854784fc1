"""A repository that refers to a key, with nothing but kubectl: it waits, and goes on when the key is there."""

from __future__ import annotations

import json

import pytest

from ackpy.controllers.references import target
from ackpy.model.definition import Ref
from ackpy.testing.stack import LocalStack, eventually
from ackpy.testing.standins import definition

pytestmark = pytest.mark.slow

KEYS = target(Ref("kms", "Key"))
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUND = 5.0


def test_a_repository_waits_for_its_key(local_stack: LocalStack) -> None:
    name = "waits-for-a-key"
    encryption = {"encryptionType": "KMS", "kmsKeyRef": {"from": {"name": name}}}
    spec = {"name": name, "encryptionConfiguration": encryption}
    local_stack.apply(
        {
            "apiVersion": "ecr.services.k8s.aws/v1alpha1",
            "kind": "Repository",
            "metadata": {"name": name},
            "spec": spec,
        }
    )
    local_stack.wait(f"repository/{name}", "condition=ACK.ReferencesResolved=Unknown")
    local_stack.wait(f"repository/{name}", "condition=Ready=False")
    local_stack.apply(definition(KEYS))
    local_stack.wait(f"crd/{KEYS}", "condition=Established")
    local_stack.apply({**KEYS.type_meta, "metadata": {"name": name}, "spec": {}})
    _says(local_stack, name, "is not synced yet")
    assert name not in _repositories(local_stack)
    ready = {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}], "ackResourceMetadata": {"arn": ARN}}
    patch = ("--subresource=status", "--type=merge", "-p", json.dumps({"status": ready}))
    local_stack.kubectl("patch", f"{KEYS}/{name}", "-n", "default", *patch)
    eventually(lambda: name in _repositories(local_stack), "the repository is made", BOUND)
    local_stack.wait(f"repository/{name}", "condition=ACK.ResourceSynced")
    found = local_stack.client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    assert found["encryptionConfiguration"]["kmsKey"] == ARN
    assert local_stack.get(f"repository/{name}")["spec"]["encryptionConfiguration"] == encryption
    local_stack.kubectl("delete", f"repository/{name}", f"{KEYS}/{name}", "-n", "default", "--timeout=30s")


def _says(stack: LocalStack, name: str, text: str) -> None:
    eventually(lambda: text in json.dumps(stack.get(f"repository/{name}")["status"]), text)


def _repositories(stack: LocalStack) -> list[str]:
    return [each["repositoryName"] for each in stack.client("ecr").describe_repositories()["repositories"]]
