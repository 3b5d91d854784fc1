"""kill -9 of the controllers at random moments: after a restart all is as declared, nothing is orphaned, nothing made twice.

What happens is drawn from a seed: the changes, and after how many AWS writes of each process it is killed. A failure prints the seed;
ACKPY_KILL_SEED=N plays it again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ackpy.kube import objects
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import Resource
from ackpy.local.cloud.journal import LOG_NAME, decode
from ackpy.local.folder import DataFolder
from ackpy.local.stack import StackOptions
from ackpy.testing.aws import AwsClient
from ackpy.testing.controllers import Controllers, controlled
from ackpy.testing.stack import LocalStack

pytestmark = pytest.mark.slow

EACH = 50
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
                "action": {"type": "expire"},
            }
        ]
    }
)
KINDS = {
    "Bucket": Resource("s3.services.k8s.aws", "v1alpha1", "buckets", "Bucket"),
    "Repository": Resource("ecr.services.k8s.aws", "v1alpha1", "repositories", "Repository"),
}
Spec = dict[str, Any]
SETTINGS: dict[str, dict[str, Callable[[int], Any]]] = {
    "Bucket": {
        "versioning": lambda _: {"status": "Enabled"},
        "tagging": lambda n: {"tagSet": [{"key": "n", "value": str(n)}]},
        "lifecycle": lambda n: {
            "rules": [{"id": "old", "status": "Enabled", "prefix": "", "expiration": {"days": 1 + n}}]
        },
        "requestPayment": lambda _: {"payer": "Requester"},
    },
    "Repository": {
        "imageTagMutability": lambda _: "IMMUTABLE",
        "tags": lambda n: [{"key": "n", "value": str(n)}],
        "imageScanningConfiguration": lambda _: {"scanOnPush": True},
        "lifecyclePolicy": lambda _: LIFECYCLE,
    },
}
"""The settings of a kind, and a value of each for a number."""


@dataclass(frozen=True)
class Change:
    """Somebody creates an object, changes its spec, or deletes it (`spec` None)."""

    kind: str
    name: str
    spec: Spec | None
    new: bool = False


@dataclass(frozen=True)
class Life:
    """One process of the controllers: what is changed before its start and while it works, and when it is killed.

    That is `seconds` after its AWS write number `writes`, or when there is nothing more to do.
    """

    before: tuple[Change, ...]
    during: tuple[Change, ...]
    writes: int
    seconds: float


@dataclass
class Story:
    """What happens, drawn from a seed; `living` are the specs at its end, by kind and name."""

    dice: random.Random
    living: dict[tuple[str, str], Spec] = field(default_factory=dict)

    def lives(self, kills: int) -> list[Life]:
        names = [(kind, f"{kind.lower()}-{number}") for kind in KINDS for number in range(EACH)]
        self.dice.shuffle(names)
        return [self._life(names[number::kills]) for number in range(kills)]

    def _life(self, new: list[tuple[str, str]]) -> Life:
        changes = [self._created(*each) for each in new]
        changes += [self._edited() for _ in new]
        changes += [self._deleted() for _ in new if self.dice.random() < 0.4]
        middle = self.dice.randrange(len(changes))
        writes = self.dice.randrange(2 * len(changes))
        return Life(tuple(changes[:middle]), tuple(changes[middle:]), writes, self.dice.uniform(0, 0.03))

    def _created(self, kind: str, name: str) -> Change:
        self.living[kind, name] = self._spec(kind, name)
        return Change(kind, name, self.living[kind, name], new=True)

    def _edited(self) -> Change:
        kind, name = self.dice.choice(sorted(self.living))
        self.living[kind, name] = self._spec(kind, name)
        return Change(kind, name, self.living[kind, name])

    def _deleted(self) -> Change:
        kind, name = self.dice.choice(sorted(self.living))
        del self.living[kind, name]
        return Change(kind, name, None)

    def _spec(self, kind: str, name: str) -> Spec:
        chosen = {path: value for path, value in SETTINGS[kind].items() if self.dice.random() < 0.5}
        return {"name": name, **{path: value(self.dice.randrange(100)) for path, value in chosen.items()}}


async def make(client: KubeClient, change: Change) -> None:
    resource, key = KINDS[change.kind], ObjectKey("default", change.name)
    if change.spec is None:
        await client.delete(resource, key)
    elif change.new:
        meta = {"name": change.name, "namespace": "default"}
        manifest = {"apiVersion": resource.api_version, "kind": change.kind, "metadata": meta, "spec": change.spec}
        await client.create(resource, manifest)
    else:  # as `kubectl apply` does: what is no longer said is taken out
        spec = {path: change.spec.get(path) for path in ("name", *SETTINGS[change.kind])}
        await client.patch(resource, key, {"spec": spec})


async def live(stack: LocalStack, controllers: Controllers, client: KubeClient, life: Life) -> None:
    """One process, from its start to its kill."""
    for change in life.before:
        await make(client, change)
    since = stack.last_call()
    controllers.launch()
    await called(stack, since)
    for change in life.during:
        await make(client, change)
    await written(stack, since, life.writes)
    await asyncio.sleep(life.seconds)
    controllers.kill()


async def called(stack: LocalStack, since: int) -> None:
    """Until the process has asked AWS something: it works, or is about to."""
    async with asyncio.timeout(30):
        while not stack.cloud.calls(since=since):  # noqa: ASYNC110  what is waited for is another process
            await asyncio.sleep(0.002)


async def written(stack: LocalStack, since: int, writes: int) -> None:
    """Until so many AWS writes were made, or half a second passes without a call."""
    seen, moment = 0, time.monotonic()
    while time.monotonic() - moment < 0.5:
        calls = stack.cloud.calls(since=since)
        if sum(call.mutating for call in calls) >= writes:
            return
        if len(calls) > seen:
            seen, moment = len(calls), time.monotonic()
        await asyncio.sleep(0.002)


@pytest.mark.parametrize("kills", [pytest.param(5), pytest.param(50, marks=pytest.mark.long)])
async def test_whenever_it_is_killed(tmp_path: Path, kills: int) -> None:
    seed = int(os.environ.get("ACKPY_KILL_SEED") or secrets.randbelow(2**32))
    print(f"play it again with ACKPY_KILL_SEED={seed}")
    story = Story(random.Random(seed))
    options = StackOptions(data=tmp_path / "data", services=("s3", "ecr"), region="us-east-1")
    with controlled(options) as (stack, controllers):
        config = KubeConfig.load(stack.stack.environment["KUBECONFIG"])
        async with KubeClient(config, user_agent="test") as client:
            for life in story.lives(kills):
                await live(stack, controllers, client, life)
            controllers.start()
            await converged(client, story.living)
        stack.quiet()
        await asyncio.to_thread(check, stack, options, story.living)
        held, last = stack.cloud.snapshot(stack.cloud.account_id), stack.last_call()
        controllers.kill()
        controllers.start()
        await called(stack, last)
        stack.quiet()
        assert [call.operation for call in stack.cloud.calls(since=last) if call.mutating] == []
        assert stack.cloud.snapshot(stack.cloud.account_id) == held


async def converged(client: KubeClient, living: Mapping[tuple[str, str], Spec]) -> None:
    """Until the objects are those of the story, and each is synced."""
    deadline = time.monotonic() + 60
    while True:
        found = [obj for resource in KINDS.values() for obj in (await client.list(resource)).items]
        synced = {(obj["kind"], objects.key_of(obj).name): is_synced(obj) for obj in found}
        if synced == dict.fromkeys(living, True):
            return
        wrong = {name for name in living.keys() | synced.keys() if name not in living or not synced.get(name)}
        assert time.monotonic() < deadline, f"not as declared: {sorted(wrong)}"
        await asyncio.sleep(0.1)


def is_synced(obj: Mapping[str, Any]) -> bool:
    condition = objects.condition_of(obj, "ACK.ResourceSynced")
    return condition is not None and condition["status"] == "True"


def check(stack: LocalStack, options: StackOptions, living: Mapping[tuple[str, str], Spec]) -> None:
    """What AWS holds is what the objects say, setting by setting, and nothing beside; and no name was made twice."""
    s3, ecr = stack.client("s3"), stack.client("ecr")
    held = {("Bucket", each["Name"]): bucket(s3, each["Name"]) for each in s3.list_buckets()["Buckets"]}
    pages = ecr.get_paginator("describe_repositories").paginate()
    held |= {
        ("Repository", each["repositoryName"]): repository(ecr, each) for page in pages for each in page["repositories"]
    }
    assert held == living
    creations = Counter(created(options))
    assert set(creations.values()) == {1}, creations
    assert creations.keys() >= living.keys()


def created(options: StackOptions) -> list[tuple[str, str]]:
    """The kind and name of each create call that succeeded, as the embedded AWS has kept them."""
    lines = (DataFolder(options.data).cloud / LOG_NAME).read_bytes().splitlines(keepends=True)
    records = [decode(line) for line in lines]
    buckets = [("Bucket", each.target.strip("/")) for each in records if each.operation == "CreateBucket"]
    bodies = [json.loads(each.body) for each in records if each.operation == "CreateRepository"]
    return buckets + [("Repository", body["repositoryName"]) for body in bodies]


def bucket(client: AwsClient, name: str) -> Spec:
    """The bucket as a spec of SETTINGS."""
    rules = answered(lambda: client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
    payer = client.get_bucket_request_payment(Bucket=name)["Payer"]
    status = client.get_bucket_versioning(Bucket=name).get("Status")
    return named(
        name,
        versioning={"status": "Enabled"} if status == "Enabled" else None,
        tagging=tag_set(client.get_bucket_tagging(Bucket=name)["TagSet"]),
        lifecycle=rules and SETTINGS["Bucket"]["lifecycle"](rules[0]["Expiration"]["Days"] - 1),
        requestPayment={"payer": payer} if payer != "BucketOwner" else None,
    )


def repository(client: AwsClient, found: Mapping[str, Any]) -> Spec:
    """The repository as a spec of SETTINGS."""
    name = found["repositoryName"]
    policy = answered(lambda: client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    tags = client.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    tagged = tag_set(tags)
    return named(
        name,
        imageTagMutability="IMMUTABLE" if found["imageTagMutability"] == "IMMUTABLE" else None,
        tags=tagged and tagged["tagSet"],
        imageScanningConfiguration={"scanOnPush": True} if found["imageScanningConfiguration"]["scanOnPush"] else None,
        lifecyclePolicy=LIFECYCLE if policy and json.loads(policy) == json.loads(LIFECYCLE) else policy,
    )


def tag_set(tags: list[dict[str, str]]) -> dict[str, Any] | None:
    """The user's tags; the controller's own have to be there too."""
    ours = [each for each in tags if each["Key"].startswith("services.k8s.aws/")]
    assert len(ours) == 2
    users = [{"key": each["Key"], "value": each["Value"]} for each in tags if each not in ours]
    return {"tagSet": users} if users else None


def named(name: str, **settings: Any) -> Spec:
    return {"name": name, **{path: value for path, value in settings.items() if value is not None}}


def answered(call: Callable[[], Any]) -> Any:
    """The answer; None where AWS says that there is none."""
    try:
        return call()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 404}  # noqa: PT017  the other outcome
        return None
