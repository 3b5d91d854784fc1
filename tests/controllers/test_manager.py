"""A create whose answer leaves state or ARN open is completed by one read; what AWS does not show yet stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.controllers import plan
from ackpy.controllers.manager import ResourceManager
from ackpy.controllers.observe import Observation
from ackpy.errors import AwsError
from ackpy.model.compiler import compile_service
from ackpy.model.definition import State
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Scope, View
from ackpy.testing.world import api_error

SCOPE = Scope(account="123456789012", region="eu-central-1", partition="aws")
DESIRED = View({"name": "mine"}, {})
ARN = "arn:aws:ecr:eu-central-1:123456789012:repository/mine"
SHOWN = {"repositoryName": "mine", "repositoryUri": "there", "repositoryArn": ARN}


@pytest.fixture(scope="module")
def stated() -> Descriptor:
    """The repository, as if its URI were a state, and as if nothing but AWS knew its ARN."""
    [kind] = [each for each in compile_service(load(["ecr"])) if each.kind == "Repository"]
    state = State(path="repositoryURI", ready=["there"])
    return replace(kind, definition=replace(kind.definition, states=[state], arn=""))


@dataclass
class Ecr:
    """An AWS that answers a create and a read as it is told to."""

    created: Mapping[str, Any]
    shown: Sequence[Mapping[str, Any]] | AwsError
    made: list[str] = field(default_factory=list)

    async def call(self, operation: str, /, **_: Any) -> Mapping[str, Any]:
        self.made.append(operation)
        if operation == "CreateRepository":
            return {"repository": self.created}
        if isinstance(self.shown, AwsError):
            raise self.shown
        return {"repositories": self.shown}

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        found: Sequence[Any] = (await self.call(operation, **params))[at]
        return found


async def create(kind: Descriptor, aws: Ecr) -> Observation:
    return await ResourceManager(kind, aws, SCOPE).create(plan.creation(kind, DESIRED, SCOPE), DESIRED)


@pytest.mark.parametrize(
    ("created", "reads"),
    [
        ({}, 1),
        ({"repositoryArn": ARN}, 1),
        ({"repositoryUri": "there"}, 1),
        (SHOWN, 0),
    ],
    ids=["nothing", "no state", "no ARN", "all"],
)
async def test_what_the_answer_leaves_open_is_read(stated: Descriptor, created: Mapping[str, Any], reads: int) -> None:
    aws = Ecr(created, [SHOWN])
    found = await create(stated, aws)
    assert (found.status["repositoryURI"], found.arn) == ("there", ARN)
    assert found.spec["name"] == "mine"
    assert aws.made.count("DescribeRepositories") == reads


@pytest.mark.parametrize(
    "shown",
    [
        [],
        api_error("DescribeRepositories", "RepositoryNotFoundException", 400),
        api_error("DescribeRepositories", "AccessDeniedException", 403),
        api_error("DescribeRepositories", "ServerException", 500),
    ],
    ids=["nothing", "not found", "denied", "broken"],
)
async def test_what_aws_does_not_show_stays_open(stated: Descriptor, shown: Sequence[Any] | AwsError) -> None:
    found = await create(stated, Ecr({}, shown))
    assert found.found
    assert "repositoryURI" not in found.status
    assert found.arn == ""
