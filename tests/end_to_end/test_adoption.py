"""Adoption and read-only objects with kubectl on a whole stack, and the published manifests of both services."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from ackpy.testing.stack import LocalStack, eventually

pytestmark = pytest.mark.slow

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "manifests"
SYNCED = "condition=ACK.ResourceSynced"
MISSING = "jsonpath={.status.conditions[?(@.type=='ACK.Recoverable')].message}=%s resource not found"


def bucket(name: str, annotations: dict[str, str], spec: dict[str, Any] | None = None) -> dict[str, Any]:
    prefixed = {f"services.k8s.aws/{each}": value for each, value in annotations.items()}
    manifest: dict[str, Any] = {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket"}
    return {**manifest, "metadata": {"name": name, "annotations": prefixed}, **({"spec": spec} if spec else {})}


@pytest.fixture
def name() -> str:
    return f"adopt-{secrets.token_hex(6)}"


def test_adopt_from_nothing_to_deletion(local_stack: LocalStack, name: str) -> None:
    local_stack.apply(
        bucket("taken-" + name, {"adoption-policy": "adopt", "adoption-fields": json.dumps({"name": name})})
    )
    target = f"bucket/taken-{name}"
    local_stack.wait(target, MISSING % "adopted")
    s3 = local_stack.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    local_stack.wait(target, SYNCED)
    found = local_stack.get(target)
    assert found["spec"]["name"] == name
    assert found["spec"]["versioning"] == {"status": "Enabled"}
    assert found["metadata"]["annotations"]["services.k8s.aws/adopted"] == "true"
    local_stack.kubectl("annotate", target, "services.k8s.aws/deletion-policy=retain")
    local_stack.kubectl("delete", target)
    assert name in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_read_only_by_annotation_alone(local_stack: LocalStack, name: str) -> None:
    s3 = local_stack.client("s3")
    s3.create_bucket(Bucket=name)
    local_stack.apply(bucket(name, {"read-only": "true"}, {"name": name, "versioning": {"status": "Enabled"}}))
    local_stack.wait(f"bucket/{name}", SYNCED)
    assert "finalizers" not in local_stack.get(f"bucket/{name}")["metadata"]
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    local_stack.kubectl(
        "annotate", f"bucket/{name}", "services.k8s.aws/read-only-", "services.k8s.aws/adoption-policy=adopt-or-create"
    )
    eventually(lambda: s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled", "the annotation starts a pass")


@pytest.mark.parametrize(
    "path",
    [
        "s3/bucket_adopt.yaml",
        "s3/bucket_adoption_stack.yaml",
        "s3/bucket_adopt_or_create.yaml",
        "s3/bucket_adopt_or_create_not_exist.yaml",
        "ecr/repository_adopt_or_create.yaml",
    ],
)
def test_published_manifests(local_stack: LocalStack, name: str, path: str) -> None:
    if not PUBLISHED.exists():
        pytest.skip("skipped: no ../shared")
    if "not_exist" not in path and path.startswith("s3"):
        local_stack.client("s3").create_bucket(Bucket=name)
    if path.startswith("ecr"):
        local_stack.client("ecr").create_repository(repositoryName=name)
    values = {
        "RANDOM_BUCKET_NAME": name,
        "STACK_BUCKET_NAME": name,
        "ADOPT_OR_CREATE_BUCKET_NAME": name,
        "REPOSITORY_NAME": name,
        "ADOPTION_POLICY": "adopt-or-create" if "or_create" in path else "adopt",
        "ADOPTION_FIELDS": json.dumps({"name": name}).replace('"', '\\"'),
    }
    manifest = yaml.safe_load(Template((PUBLISHED / path).read_text()).substitute(values))
    local_stack.apply(manifest)
    target = f"{manifest['kind'].lower()}/{name}"
    local_stack.wait(target, SYNCED)
    found = local_stack.get(target)
    assert found["spec"]["name"] == name
    assert found["metadata"]["annotations"].get("services.k8s.aws/adopted") == (None if "not_exist" in path else "true")
    if path.startswith("ecr"):
        assert found["spec"]["tags"] == [{"key": "key", "value": "val"}]
        arn = found["status"]["ackResourceMetadata"]["arn"]
        tags = local_stack.client("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
        assert {"Key": "key", "Value": "val"} in tags
