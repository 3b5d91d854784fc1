"""Whose resource it is: what was refused to us and then made by a stranger stays a stranger's; of two objects with one name, one acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ackpy.local.stack import StackOptions
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.stack import LocalStack, eventually

pytestmark = pytest.mark.slow

STRANGER = "999988887777"
NOT_READY = "jsonpath={.status.conditions[?(@.type=='Ready')].status}=False"
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalStack, Controllers]]:
    options = StackOptions(data=tmp_path_factory.mktemp("whose"), services=("s3", "ecr"), region="us-east-1")
    with controlled(options) as (stack, controllers):
        controllers.start()
        stack.kubectl("create", "namespace", "elsewhere")
        yield stack, controllers


def bucket(name: str, *, holds: str = "", namespace: str = "default") -> Manifest:
    meta = {"name": name, "namespace": namespace}
    spec = {"name": holds or name, "versioning": {"status": "Enabled"}}
    return {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": meta, "spec": spec}


def repository(name: str) -> Manifest:
    spec = {"name": name, "imageTagMutability": "IMMUTABLE"}
    meta = {"name": name}
    return {"apiVersion": "ecr.services.k8s.aws/v1alpha1", "kind": "Repository", "metadata": meta, "spec": spec}


@dataclass(frozen=True)
class Case:
    """A create that is refused, and how a stranger comes to the name."""

    manifest: Manifest
    operation: str
    code: str
    taken: Callable[[LocalStack], object]
    owner: str = ""


CASES = {
    "a bucket of another account": Case(
        bucket("foreign"),
        "CreateBucket",
        "AccessDenied",
        lambda stack: stack.client("s3", STRANGER).create_bucket(Bucket="foreign"),
        STRANGER,
    ),
    "a bucket made by hand": Case(
        bucket("by-hand"),
        "CreateBucket",
        "AccessDenied",
        lambda stack: stack.client("s3").create_bucket(Bucket="by-hand"),
    ),
    "a repository made by hand": Case(
        repository("by-hand"),
        "CreateRepository",
        "AccessDeniedException",
        lambda stack: stack.client("ecr").create_repository(repositoryName="by-hand"),
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_what_a_stranger_made_after_a_refusal_is_never_touched(
    running: tuple[LocalStack, Controllers], title: str
) -> None:
    """Not by the next pass, an edit, a killed process, nor the deletion of our object."""
    stack, controllers = running
    case = CASES[title]
    resource = f"{case.manifest['kind'].lower()}/{case.manifest['metadata']['name']}"
    stack.cloud.fault(act="error", operation=case.operation, status=403, code=case.code, times=0)
    stack.apply(case.manifest)
    stack.wait(resource, NOT_READY)
    stack.cloud.clear_faults()
    case.taken(stack)
    held, last = snapshot(stack, case.owner), stack.last_call()

    looked_at(stack, lambda: stack.kubectl("annotate", resource, "somebody=edits"))
    controllers.kill()
    looked_at(stack, controllers.start)
    edited = {**case.manifest, "spec": {"name": case.manifest["spec"]["name"]}}
    looked_at(stack, lambda: stack.apply(edited))
    stack.kubectl("delete", resource, "--timeout=20s")
    stack.quiet()

    ours = [call for call in stack.cloud.calls(stack.cloud.account_id, since=last) if call.mutating]
    assert [call.operation for call in ours if call.status < 300] == []
    assert snapshot(stack, case.owner) == held


def looked_at(stack: LocalStack, wake: Callable[[], object]) -> None:
    """Wake the controllers, and wait until they have asked AWS about the object."""
    last = stack.last_call()
    wake()
    eventually(
        lambda: [call for call in stack.cloud.calls(since=last) if call.service != "sts"],
        "the controllers looked at the object",
    )


def snapshot(stack: LocalStack, account: str = "") -> dict[str, Any]:
    return stack.cloud.snapshot(account or stack.cloud.account_id)


@pytest.mark.parametrize("namespace", ["default", "elsewhere"])
def test_of_two_objects_with_one_bucket_name_the_older_acts(
    running: tuple[LocalStack, Controllers], namespace: str
) -> None:
    stack, controllers = running
    name = f"shared-with-{namespace}"
    stack.apply(bucket(name))
    stack.wait(f"bucket/{name}", "condition=ACK.ResourceSynced")
    last, held = stack.quiet(), snapshot(stack)

    stack.apply(bucket("younger", holds=name, namespace=namespace), namespace=namespace)
    stack.wait("bucket/younger", NOT_READY, namespace)
    controllers.kill()
    controllers.start()
    stack.quiet()
    conditions = {each["type"]: each for each in stack.get("bucket/younger", namespace)["status"]["conditions"]}
    assert f"default/{name}" in conditions["ACK.Terminal"]["message"]
    assert [call.operation for call in stack.cloud.calls(since=last) if call.mutating] == []

    stack.kubectl("delete", "bucket/younger", "-n", namespace, "--timeout=20s")
    stack.quiet()
    assert snapshot(stack) == held
    stack.kubectl("delete", f"bucket/{name}", "--timeout=20s")


def test_the_younger_takes_its_turn_when_the_older_goes(running: tuple[LocalStack, Controllers]) -> None:
    stack, _ = running
    stack.apply(bucket("older"))
    stack.wait("bucket/older", "condition=ACK.ResourceSynced")
    stack.apply(bucket("heir", holds="older"))
    stack.wait("bucket/heir", NOT_READY)
    stack.kubectl("delete", "bucket/older", "--timeout=20s")
    stack.wait("bucket/heir", "condition=ACK.ResourceSynced")
    assert stack.client("s3").get_bucket_versioning(Bucket="older")["Status"] == "Enabled"
    stack.kubectl("delete", "bucket/heir", "--timeout=20s")
    assert "older" not in [each["Name"] for each in stack.client("s3").list_buckets()["Buckets"]]
