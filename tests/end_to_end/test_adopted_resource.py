"""An installation that still has AdoptedResource: a bucket and a repository become objects by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ackpy.controllers.shared_kinds import ADOPTED_RESOURCE, ADOPTED_RESOURCES
from ackpy.local.stack import StackOptions
from ackpy.testing.controllers import controlled
from ackpy.testing.stack import LocalStack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose cluster has had the kind since before the controllers started."""
    options = StackOptions(data=tmp_path_factory.mktemp("older"), services=("s3", "ecr"), region="us-east-1")
    with controlled(options) as (stack, controllers):
        stack.apply(ADOPTED_RESOURCE.custom_resource_definition())
        stack.wait(f"crd/{ADOPTED_RESOURCES}", "condition=Established")
        controllers.start()
        yield stack


def asking(name: str, group: str, kind: str, aws: dict[str, Any]) -> dict[str, Any]:
    """An AdoptedResource."""
    wanted = {"group": group, "kind": kind, "metadata": {"name": f"{name}-object"}}
    meta = {"name": name, "finalizers": ["finalizers.services.k8s.aws/AdoptedResource"]}
    return {**ADOPTED_RESOURCES.type_meta, "metadata": meta, "spec": {"aws": aws, "kubernetes": wanted}}


@pytest.mark.parametrize(
    ("name", "group", "kind", "aws"),
    [
        ("by-name", "s3.services.k8s.aws", "Bucket", {"nameOrID": "by-name"}),
        ("by-arn", "s3.services.k8s.aws", "Bucket", {"arn": "arn:aws:s3:::by-arn"}),
        ("a-repository", "ecr.services.k8s.aws", "Repository", {"nameOrID": "a-repository"}),
    ],
)
def test_it_is_adopted(older: LocalStack, name: str, group: str, kind: str, aws: dict[str, Any]) -> None:
    if kind == "Bucket":
        older.client("s3").create_bucket(Bucket=name)
    else:
        older.client("ecr").create_repository(repositoryName=name)
    older.apply(asking(name, group, kind, aws))
    older.wait(f"adoptedresource/{name}", "condition=ACK.Adopted")
    found = older.get(f"{kind.lower()}/{name}-object")
    assert found["spec"]["name"] == name
    assert found["metadata"]["annotations"]["services.k8s.aws/adopted"] == "true"
    older.kubectl("delete", f"adoptedresource/{name}", "-n", "default", "--timeout=30s")
    assert older.get(f"{kind.lower()}/{name}-object")["metadata"]["uid"] == found["metadata"]["uid"]


def test_what_is_not_in_aws_is_said(older: LocalStack) -> None:
    older.apply(asking("absent", "s3.services.k8s.aws", "Bucket", {"nameOrID": "no-such-bucket-anywhere"}))
    older.wait("adoptedresource/absent", "condition=ACK.Adopted=False")
    [condition] = older.get("adoptedresource/absent")["status"]["conditions"]
    assert "not found" in condition["message"]
    older.kubectl("delete", "adoptedresource/absent", "bucket/absent-object", "-n", "default", "--timeout=60s")
