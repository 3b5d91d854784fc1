"""Bad input: each case gets the clear error, condition and Event, and nothing is created, changed or lost."""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ackpy.testing.stack import LocalStack

pytestmark = pytest.mark.slow

Manifest = dict[str, Any]


def bucket(name: str, **spec: Any) -> Manifest:
    manifest = {"apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": {"name": name}}
    return {**manifest, "spec": {"name": name, **spec}}


@pytest.fixture
def name() -> str:
    return f"bad-{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Refused:
    """A manifest that the API server refuses: the change to a good one, and what kubectl says."""

    title: str
    spec: Callable[[str], Manifest]
    says: str


REFUSED = [
    Refused("an unknown field", lambda name: bucket(name, versionning={}), 'unknown field "spec.versionning"'),
    Refused(
        "a nested unknown field",
        lambda name: bucket(name, versioning={"state": "Enabled"}),
        'unknown field "spec.versioning.state"',
    ),
    Refused(
        "a wrong type",
        lambda name: bucket(name, versioning="Enabled"),
        'spec.versioning: Invalid value: "string": spec.versioning in body must be of type object: "string"',
    ),
    Refused(
        "the talk's unquoted tag values",
        lambda name: bucket(name, tagging={"tagSet": [{"key": "first", "value": 1}]}),
        'spec.tagging.tagSet[0].value: Invalid value: "integer": spec.tagging.tagSet[0].value in body must be of type string: "integer"',
    ),
    Refused(
        "a missing name",
        lambda name: {**bucket(name), "spec": {"versioning": {"status": "Enabled"}}},
        "spec.name: Required value",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.title)
def test_the_api_server_refuses(case: Refused, local_stack: LocalStack, name: str) -> None:
    done = local_stack.apply(case.spec(name), check=False)
    assert done.status == 1
    assert case.says in done.errors
    assert local_stack.kubectl("get", f"bucket/{name}", check=False).status == 1, "nothing is stored"


def test_an_immutable_field_stays(local_stack: LocalStack, name: str) -> None:
    local_stack.apply(bucket(name))
    local_stack.wait(f"bucket/{name}", "condition=ACK.ResourceSynced")
    renamed = copy.deepcopy(bucket(name))
    renamed["spec"]["name"] = f"{name}-renamed"
    done = local_stack.apply(renamed, check=False)
    assert done.status == 1
    assert "spec.name: Invalid value" in done.errors
    assert "Value is immutable once set" in done.errors
    assert local_stack.get(f"bucket/{name}")["spec"]["name"] == name


@dataclass(frozen=True)
class Terminal:
    """An object that the controller refuses or that AWS does: what the condition and the Event say, and what was there before."""

    title: str
    spec: Callable[[str], Manifest]
    condition: str
    message: str
    event: str
    before: Callable[[LocalStack, str], object] = lambda stack, name: None


def taken_by_us(stack: LocalStack, name: str) -> None:
    stack.client("s3").create_bucket(Bucket=name)


def taken_by_another(stack: LocalStack, name: str) -> None:
    stack.client("s3", "999988887777").create_bucket(Bucket=name)


TERMINAL = [
    Terminal(
        "a bucket name that AWS refuses",
        lambda name: {**bucket(name), "spec": {"name": f"{name}_UPPER"}},
        "ACK.Terminal",
        "InvalidBucketName",
        "InvalidBucketName",
    ),
    Terminal(
        "malformed policy JSON",
        lambda name: bucket(name, policy='{"Version": "2012-10-17", "Statement": ['),
        "ACK.Terminal",
        "policy",
        "policy",
    ),
    Terminal(
        "a bucket that exists but is not ours",
        bucket,
        "ACK.Terminal",
        "Resource already exists",
        "adopt",
        taken_by_us,
    ),
    Terminal(
        "a bucket of another account",
        bucket,
        "",
        "AccessDenied",
        "another account",
        taken_by_another,
    ),
]


@pytest.mark.parametrize("case", TERMINAL, ids=lambda case: case.title)
def test_the_object_says_what_is_wrong(case: Terminal, local_stack: LocalStack, name: str) -> None:
    case.before(local_stack, name)
    before = local_stack.last_call()
    held = local_stack.client("s3").list_buckets()["Buckets"]
    local_stack.apply(case.spec(name))
    local_stack.wait(f"bucket/{name}", "jsonpath={.status.conditions[?(@.type=='Ready')].status}=False")
    conditions = {each["type"]: each for each in local_stack.get(f"bucket/{name}")["status"]["conditions"]}
    told = [each for each in conditions.values() if case.message in each.get("message", "")]
    assert told, conditions
    if case.condition:
        assert conditions[case.condition]["status"] == "True"
        assert set(conditions[case.condition]) == {"type", "status", "message"}
    assert case.event in events(local_stack, name, case.event)
    assert local_stack.client("s3").list_buckets()["Buckets"] == held, "nothing was created in AWS"
    calls = local_stack.cloud.calls(
        since=before
    )  # of other tests' objects too, but none of those is deleted while this one runs
    assert not [each for each in calls if each.mutating and each.operation == "DeleteBucket"]


def events(stack: LocalStack, name: str, expected: str) -> str:
    """The messages of an object's Events, once they hold what is expected or ten seconds have passed."""
    template = "{range .items[*]}{.reason} {.message}{'\\n'}{end}"
    deadline = time.monotonic() + 10
    while True:
        found = stack.kubectl(
            "get", "events", f"--field-selector=involvedObject.name={name}", "-o", f"jsonpath={template}"
        )
        if expected in found.output or time.monotonic() > deadline:
            return found.output
        time.sleep(0.1)


def test_deleting_what_was_never_made_is_quick_and_takes_nothing_with_it(local_stack: LocalStack, name: str) -> None:
    taken_by_another(local_stack, name)
    local_stack.apply(bucket(name))
    local_stack.wait(f"bucket/{name}", "jsonpath={.status.conditions[?(@.type=='Ready')].status}=False")
    local_stack.kubectl("delete", f"bucket/{name}", "--timeout=10s")
    theirs = {each["Name"] for each in local_stack.client("s3", "999988887777").list_buckets()["Buckets"]}
    assert name in theirs, "the stranger's bucket is still there"
