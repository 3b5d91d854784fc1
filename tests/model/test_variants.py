"""What a variant of a kind has otherwise: its ARN, its core read, and settings that it lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.controllers.observe import read_plan
from ackpy.controllers.refusals import refusal
from ackpy.errors import DefinitionError
from ackpy.model import request
from ackpy.model.call import Scope, View, arn, arn_values
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Resource, Variant
from ackpy.model.descriptor import Descriptor
from ackpy.model.when import matches

LITE = {"name": "lite/a"}
FULL = {"name": "a"}
HERE = Scope("111122223333", "us-east-1")


def definition(**words: Any) -> Resource:
    """ECR's Repository, of which those named lite/... are otherwise."""
    [found] = [each for each in load(["ecr"]) if each.kind == "Repository"]
    variant = Variant(when=matches("name", "lite/*"), lacks=("policy",), why="a lite one has none")
    return replace(found, variants=(replace(variant, **words),))


@pytest.fixture(scope="module")
def kind() -> Descriptor:
    return compile_resource(definition(arn="arn:{partition}:lite:{region}:{account}:{name}", read_by="lifecyclePolicy"))


def test_its_arn_is_made_and_taken_apart(kind: Descriptor) -> None:
    made = {spec["name"]: arn(kind, View(spec), HERE) for spec in (LITE, FULL)}
    assert made["lite/a"] == "arn:aws:lite:us-east-1:111122223333:lite/a"
    assert made["a"] == "arn:aws:ecr:us-east-1:111122223333:repository/a"
    assert [(arn_values(kind, text) or {})["name"] for text in made.values()] == ["lite/a", "a"]
    assert arn_values(kind, "arn:aws:other:us-east-1:111122223333:a") is None


def test_its_core_is_read_by_another_call(kind: Descriptor) -> None:
    reads = [request.read(kind, View(spec), HERE) for spec in (LITE, FULL)]
    assert [read.operation for read in reads if read] == ["GetLifecyclePolicy", "DescribeRepositories"]


def test_what_it_lacks_is_not_read(kind: Descriptor) -> None:
    managed = ("policy", "lifecyclePolicy")
    assert {each.name for each in read_plan(kind, FULL, managed)} == {"policy", "lifecyclePolicy"}
    assert {each.name for each in read_plan(kind, LITE, managed)} == set()
    assert [kind.applies("policy", spec) for spec in (LITE, FULL)] == [False, True]


@pytest.mark.parametrize("said", ["{}", '{"Version": "2012-10-17"}'])
def test_what_it_lacks_is_refused(kind: Descriptor, said: str) -> None:
    block = refusal(kind, {**LITE, "policy": said}, None)
    assert block is not None
    assert "spec.policy: a lite one has none: take it out" in block.text
    assert refusal(kind, {**FULL, "policy": said}, None) is None


def test_what_says_none_is_not_refused(kind: Descriptor) -> None:
    assert refusal(kind, {**LITE, "policy": ""}, None) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"lacks": ("police",)}, "variant: lacks: path 'police' does not exist; near it: policy"),
        ({"lacks": ("imageTagMutability",)}, "lacks imageTagMutability but not imageTagMutabilityExclusionFilters"),
        ({"arn": "arn:{nome}"}, "arn: path 'nome' does not exist"),
        ({"read_by": "polity"}, "read_by='polity' is no aspect with a read"),
    ],
)
def test_words_that_do_not_fit_the_kind(words: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        compile_resource(definition(**words))
