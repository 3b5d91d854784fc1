"""Reads: what is read, whose word comes first, and what a refused read leaves unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.controllers.observe import MISSING, Observation, ask, observe, read_plan
from ackpy.errors import AwsError
from ackpy.model.call import Call, Scope, View
from ackpy.model.compiler import compile_service
from ackpy.model.descriptor import Descriptor, Operation, Role
from ackpy.model.when import has
from ackpy.testing.world import api_error

SCOPE = Scope("123456789012", "eu-central-1")
VIEW = View({"name": "b"})


class Answers:
    """AWS with fixed answers, by operation: a mapping, or an error to raise."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any] | Exception]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def call(self, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.asked.append(operation)
        answer = self._answers[operation]
        if isinstance(answer, Exception):
            raise answer
        assert params
        return answer

    async def paginate(self, operation: str, at: str, /, **params: Any) -> Sequence[Any]:
        found = (await self.call(operation, **params))[at]
        assert isinstance(found, list)
        return found


def error(operation: str, code: str, status: int = 404) -> AwsError:
    return api_error(operation, code, status)


async def read(descriptor: Descriptor, managed: Sequence[str], aws: Answers) -> Observation:
    return await observe(descriptor, VIEW, SCOPE, read_plan(descriptor, VIEW.spec, managed), aws)


def test_only_managed_aspects_are_read(bucket: Descriptor) -> None:
    assert [aspect.name for aspect in read_plan(bucket, {}, ["versioning", "tagging", "name"])] == ["versioning"]
    assert read_plan(bucket, {}, []) == ()


def test_an_aspect_whose_condition_does_not_hold_is_not_read(bucket: Descriptor) -> None:
    aspects = tuple(replace(each, when=has("policy")) if each.name == "cors" else each for each in bucket.aspects)
    conditional = replace(bucket, aspects=aspects)
    assert [each.name for each in read_plan(conditional, {}, ["cors"])] == []
    assert [each.name for each in read_plan(conditional, {"policy": "{}"}, ["cors"])] == ["cors"]


async def test_the_cores_not_found_counts_whatever_the_others_say(bucket: Descriptor) -> None:
    aws = Answers(
        {
            "GetBucketTagging": error("GetBucketTagging", "NoSuchBucket"),
            "GetBucketVersioning": error("GetBucketVersioning", "AccessDenied", 403),
        }
    )
    assert await read(bucket, ["versioning"], aws) is MISSING


async def test_the_cores_error_is_raised_though_the_others_answer(bucket: Descriptor) -> None:
    denied = error("GetBucketTagging", "AccessDenied", 403)
    with pytest.raises(AwsError) as raised:
        await read(bucket, ["versioning"], Answers({"GetBucketTagging": denied, "GetBucketVersioning": {}}))
    assert raised.value is denied


async def test_a_code_of_absence_says_that_a_setting_is_not_set(bucket: Descriptor) -> None:
    aws = Answers(
        {
            "GetBucketTagging": error("GetBucketTagging", "NoSuchTagSet"),
            "GetBucketCors": error("GetBucketCors", "NoSuchCORSConfiguration"),
            "GetBucketAbac": error("GetBucketAbac", "MethodNotAllowed", 405),
        }
    )
    found = await read(bucket, ["cors", "abac"], aws)
    assert (found.found, found.spec, found.failures) == (True, {}, ())
    assert found.carried >= {"tagging", "cors", "abac"}


async def test_a_refused_read_leaves_its_paths_unknown_and_shows_the_others(bucket: Descriptor) -> None:
    denied = error("GetBucketCors", "AccessDenied", 403)
    aws = Answers(
        {
            "GetBucketTagging": {"TagSet": [{"Key": "a", "Value": "1"}]},
            "GetBucketCors": denied,
            "GetBucketVersioning": {"Status": "Enabled"},
        }
    )
    found = await read(bucket, ["cors", "versioning"], aws)
    assert found.spec == {"tagging": {"tagSet": [{"key": "a", "value": "1"}]}, "versioning": {"status": "Enabled"}}
    assert [(failure.aspect, failure.error) for failure in found.failures] == [("cors", denied)]
    assert "cors" not in found.carried


async def test_without_an_identifier_nothing_is_asked(bucket: Descriptor) -> None:
    aws = Answers({})
    assert await observe(bucket, View({}), SCOPE, (), aws) is MISSING
    assert aws.asked == []


async def test_a_list_is_searched_for_the_object() -> None:
    [repository] = [kind for kind in compile_service(load(["ecr"])) if kind.kind == "Repository"]
    aws = Answers({"DescribeRepositories": {"repositories": [{"repositoryName": "x"}, {"repositoryName": "b"}]}})
    found = await observe(repository, VIEW, SCOPE, (), aws)
    assert found.spec["name"] == "b"
    nobody = Answers({"DescribeRepositories": {"repositories": []}})
    assert not (await observe(repository, VIEW, SCOPE, (), nobody)).found


@pytest.mark.parametrize(
    ("at", "items", "answer"),
    [
        ("Items", [1, 2], {"Items": [1, 2]}),
        ("Outer.Items", [1], {"Outer": {"Items": [1]}}),
        ("Rows..Cells", [{}], {"Rows": [{}]}),
    ],
)
async def test_pages_are_joined_into_one_answer(at: str, items: list[Any], answer: dict[str, Any]) -> None:
    aws = Answers({"ListThings": {at.split("..", maxsplit=1)[0]: items}})
    operation = Operation("ListThings", Role.READ, at=at, paginated=True)
    assert await ask(aws, operation, Call("ListThings", {"Name": "b"})) == answer
