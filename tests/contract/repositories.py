"""What rows about a Repository share: its name, what it is given, what AWS has of it, and one that is at rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ackpy.controllers.references import target
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.definition import Ref
from ackpy.testing import standins
from ackpy.testing.stage import REGION, Stage, ack, conditions, repository

REPO = "repository/mine"
FINALIZER = "finalizers.ecr.services.k8s.aws/Repository"
KEYS = target(Ref("kms", "Key"))
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ADOPT = ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}')
ADOPT_OR_CREATE = ack(adoption_policy="adopt-or-create")
PULLING: dict[str, Any] = {"Sid": "a", "Effect": "Allow", "Principal": "*"}
PULLERS = {
    "Version": "2012-10-17",
    "Statement": [{**PULLING, "Action": ["ecr:BatchGetImage", "ecr:ListImages"]}],
}
EXPIRING: dict[str, Any] = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
    "action": {"type": "expire"},
}
LIFECYCLE = {"rules": [EXPIRING]}


def repositories(stage: Stage, region: str = REGION, account: str = "") -> set[str]:
    """The names of those that AWS has."""
    found = stage.aws("ecr", region, account).describe_repositories()["repositories"]
    return {each["repositoryName"] for each in found}


def written(stage: Stage, since: int = 0) -> list[str]:
    """The operations that may change AWS."""
    return [call.operation for call in stage.calls(since) if call.mutating]


def looks(
    stage: Stage, times: int, since: int = 0, operation: str = "DescribeRepositories"
) -> Callable[[], Awaitable[bool]]:
    """Whether AWS was asked so often."""

    async def looked() -> bool:
        return stage.operations(since).count(operation) >= times

    return looked


def set_mutability(stage: Stage, value: str, name: str = "mine", **more: Any) -> None:
    """Change it behind the object's back."""
    stage.aws("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability=value, **more)


def mutability(stage: Stage, name: str = "mine") -> str:
    """What AWS has."""
    [found] = stage.aws("ecr").describe_repositories(repositoryNames=[name])["repositories"]
    return str(found["imageTagMutability"])


def tags(stage: Stage, obj: Object) -> dict[str, str]:
    """What AWS has."""
    arn = obj["status"]["ackResourceMetadata"]["arn"]
    return {each["Key"]: each["Value"] for each in stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]}


def message(obj: Object, kind: str) -> str:
    """A condition's message; "" without the condition."""
    return str(conditions(obj).get(kind, {}).get("message", ""))


async def terminal(stage: Stage, what: str = REPO) -> str:
    """Wait until an object is Terminal; what the condition says."""
    return message(await stage.until_condition(what, "ACK.Terminal"), "ACK.Terminal")


def marked(manifest: Object, **metadata: Any) -> Object:
    """A manifest with more metadata."""
    return {**manifest, "metadata": {**manifest["metadata"], **metadata}}


def encrypted(name: str, key: str, namespace: str = "", **more: Any) -> Object:
    """A repository with a key that another object makes, in this namespace or another."""
    source = {"name": key, **({"namespace": namespace} if namespace else {})}
    encryption = {"encryptionType": "KMS", "kmsKeyRef": {"from": source}}
    return repository(name, encryptionConfiguration=encryption, **more)


async def make_key(stage: Stage, name: str, arn: str = ARN, namespace: str = "") -> None:
    """A key that is ready, of a kind that nobody looks after."""
    await standins.install(stage.client, KEYS)
    key = ObjectKey(namespace or stage.namespace, name)
    await standins.make(stage.client, KEYS, key, {})
    await standins.become_ready(stage.client, KEYS, key, arn)


async def owned(stage: Stage, **spec: Any) -> int:
    """A repository in step at which no further look is pending, for it was taken over; the number of the last call."""
    return await _taken_over(stage, repository("mine", annotations=ADOPT_OR_CREATE, **spec))


async def owned_with(stage: Stage, **annotations: str) -> int:
    """The same, with annotations of ACK's group."""
    return await _taken_over(stage, repository("mine", annotations={**ADOPT_OR_CREATE, **ack(**annotations)}))


async def _taken_over(stage: Stage, manifest: Object) -> int:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(manifest)
    await stage.until_synced(REPO)
    return stage.last_call()
