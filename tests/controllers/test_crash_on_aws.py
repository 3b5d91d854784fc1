"""A process that ends at any step of a Repository's life, on the embedded AWS: what `test_crash` holds of a Bucket in memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ackpy.aws.budget import Ticket
from ackpy.aws.metrics import Sent
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.world import Calls, Cloud
from ackpy.kube.objects import ObjectKey
from ackpy.testing.aws import AwsClient, client_of
from ackpy.testing.kept import Keep, Kept
from ackpy.testing.world import ObjectsInMemory, Steps

pytestmark = pytest.mark.slow

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
)
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
FULL: Mapping[str, Any] = {
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "policy": POLICY,
    "lifecyclePolicy": LIFECYCLE,
    "tags": [{"key": "a", "value": "1"}],
}
EDITED: Mapping[str, Any] = {"imageScanningConfiguration": {"scanOnPush": False}, "policy": POLICY}
BARE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Stepping:
    """AWS's part, where the process can end before and after each call."""

    cloud: Cloud
    steps: Steps
    account: str
    partition: str = "aws"

    async def calls(self, place: Place, ticket: Ticket, listener: Callable[[Sent], None]) -> Calls:
        return SteppingCalls(await self.cloud.calls(place, ticket, listener), self.steps)


@dataclass(frozen=True)
class SteppingCalls:
    calls: Calls
    steps: Steps

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        with self.steps.around(operation):
            return await self.calls.call(operation, **params)

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        with self.steps.around(operation):
            return await self.calls.paginate(operation, at, **params)


@dataclass
class Setting:
    """A repository's object in memory, its AWS, and somebody else with a client of the same account."""

    kept: Kept
    name: str
    world: ObjectsInMemory = field(init=False)

    def __post_init__(self) -> None:
        steps = Steps()
        cloud = Stepping(self.kept.world.cloud, steps, self.kept.account)
        options = ReconcilerOptions(region=self.kept.region)
        self.world = ObjectsInMemory(self.kept.world.descriptor, cloud, options, steps)

    @property
    def somebody(self) -> AwsClient:
        return client_of(self.kept.cloud, self.kept.account, "ecr", self.kept.region)

    def apply(self, spec: Mapping[str, Any]) -> ObjectKey:
        return self.world.cluster.apply("r", {"name": self.name, **spec})

    def held(self) -> Mapping[str, Any] | None:
        """The repository as a spec without its defaults; None when AWS has none."""
        found = self.kept.read("DescribeRepositories:repositories[0]", repositoryNames=[self.name])
        if found == "RepositoryNotFoundException":
            return None
        tags = self.kept.read("ListTagsForResource:tags", resourceArn=found["repositoryArn"])
        return {
            "imageTagMutability": found["imageTagMutability"],
            "imageScanningConfiguration": found["imageScanningConfiguration"],
            "policy": self.kept.read("GetRepositoryPolicy:policyText", repositoryName=self.name),
            "lifecyclePolicy": self.kept.read("GetLifecyclePolicy:lifecyclePolicyText", repositoryName=self.name),
            "tags": sorted(each["Key"] for each in tags),
        }

    def made(self, since: int) -> Sequence[str]:
        """The writes that AWS took."""
        return [call.operation for call in self.kept.calls(since) if call.mutating and call.status < 300]


async def creating(setting: Setting) -> ObjectKey:
    return setting.apply(FULL)


async def editing(setting: Setting) -> ObjectKey:
    await setting.world.settle(setting.apply(FULL))
    return setting.apply(EDITED)


async def drifting(setting: Setting) -> ObjectKey:
    key = setting.apply(FULL)
    await setting.world.settle(key)
    setting.somebody.put_image_tag_mutability(repositoryName=setting.name, imageTagMutability="MUTABLE")
    setting.somebody.delete_lifecycle_policy(repositoryName=setting.name)
    return key


async def deleting(setting: Setting) -> ObjectKey:
    key = setting.apply(FULL)
    await setting.world.settle(key)
    setting.world.cluster.delete(key)
    return key


async def refused(setting: Setting) -> ObjectKey:
    fault = {"act": "error", "operation": "CreateRepository", "status": 403, "code": "AccessDeniedException"}
    setting.kept.cloud.fault(account=setting.kept.account, **fault)
    return setting.apply(FULL)


async def lost(setting: Setting) -> ObjectKey:
    """AWS makes it, and the answer never comes."""
    setting.kept.cloud.fault(account=setting.kept.account, act="reset-after", operation="CreateRepository")
    return setting.apply(FULL)


async def a_strangers(setting: Setting) -> ObjectKey:
    setting.somebody.create_repository(repositoryName=setting.name)
    return setting.apply(FULL)


async def a_strangers_deleted(setting: Setting) -> ObjectKey:
    """Refused to us, made by a stranger, and then our object is deleted."""
    key = await refused(setting)
    await setting.world.one_pass(key)
    setting.somebody.create_repository(repositoryName=setting.name)
    setting.world.cluster.delete(key)
    return key


@dataclass(frozen=True)
class Story:
    """What happens, and what AWS holds at its end: the spec that it stands for, None for nothing."""

    scenario: Callable[[Setting], Awaitable[ObjectKey]]
    ends_as: Mapping[str, Any] | None
    object_goes: bool = False
    strangers: bool = False


STORIES = (
    Story(creating, FULL),
    Story(editing, EDITED),
    Story(drifting, FULL),
    Story(deleting, None, object_goes=True),
    Story(refused, FULL),
    Story(lost, FULL),
    Story(a_strangers, BARE, strangers=True),
    Story(a_strangers_deleted, BARE, object_goes=True, strangers=True),
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.scenario.__name__)
async def test_a_process_may_end_at_any_step(keep: Keep, story: Story) -> None:
    kept = await keep("ecr", "Repository")
    for step in itertools.count():
        setting = Setting(kept, f"step-{step}")
        since = max((call.at_seq for call in kept.calls()), default=0)
        if not await setting.world.ends_at(step, await story.scenario(setting)):
            break
        check(setting, story, since, f"step {step}, {setting.world.steps.names}")
    assert step >= 2


def check(setting: Setting, story: Story, since: int, where: str) -> None:
    """One create at most, AWS holds what the story ends as, and the object says so."""
    made = setting.made(since)
    assert made.count("CreateRepository") == 1, where
    assert setting.held() == expected(story), where
    if story.object_goes:
        assert setting.world.cluster.objects == {}, where
    if story.strangers:
        assert made == ["CreateRepository"], "a stranger's own"
    elif not story.object_goes:
        [synced] = [setting.world.conditions(key)["ACK.ResourceSynced"] for key in setting.world.cluster.objects]
        assert synced["status"] == "True", where


def expected(story: Story) -> Mapping[str, Any] | None:
    if story.ends_as is None:
        return None
    spec = story.ends_as
    tags = [] if story.strangers else list(controllers_tags())
    return {
        "imageTagMutability": spec.get("imageTagMutability", "MUTABLE"),
        "imageScanningConfiguration": spec.get("imageScanningConfiguration", {"scanOnPush": False}),
        "policy": json.loads(POLICY) if "policy" in spec else "RepositoryPolicyNotFoundException",
        "lifecyclePolicy": json.loads(LIFECYCLE) if "lifecyclePolicy" in spec else "LifecyclePolicyNotFoundException",
        "tags": sorted([*tags, *(each["key"] for each in spec.get("tags", ()))]),
    }


def controllers_tags() -> Iterator[str]:
    return (f"services.k8s.aws/{name}" for name in ("controller-version", "namespace"))
