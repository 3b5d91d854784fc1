"""ECR's kinds: what each call carries."""

from functools import cache
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.model import request, response
from ackpy.model.compiler import compile_service
from ackpy.model.delta import Mode, delta
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Scope, View

SCOPE = Scope("111122223333", "eu-west-1")
ARN = "arn:aws:ecr:eu-west-1:111122223333:repository/r"


@cache
def kind(name: str) -> Descriptor:
    return next(each for each in compile_service(load(["ecr"])) if each.kind == name)


def test_a_repository_is_read_among_others() -> None:
    descriptor, view = kind("Repository"), View({"name": "r"})
    call = request.read(descriptor, view, SCOPE)
    assert call is not None
    assert (call.operation, call.params) == ("DescribeRepositories", {"repositoryNames": ["r"]})
    item = {"repositoryName": "r", "repositoryArn": ARN, "registryId": "111122223333", "repositoryUri": "uri"}
    assert descriptor.read is not None
    found = response.core(descriptor, descriptor.read, {"repositories": [{**item, "repositoryName": "q"}, item]}, view)
    assert (found.spec["name"], found.spec["registryID"], found.status["repositoryURI"]) == ("r", "111122223333", "uri")


@pytest.mark.parametrize(("text", "force"), [("true", True), ("false", False), (None, False)])
def test_force_is_an_annotation(text: str | None, force: bool) -> None:
    given = {} if text is None else {"ecr.services.k8s.aws/force-delete": text}
    call = request.delete(
        kind("Repository"), View({"name": "r"}), Scope("111122223333", "eu-west-1", annotations=given)
    )
    assert call is not None
    assert call.params == {"repositoryName": "r", "force": force}


def test_create_carries_tags_and_what_it_takes_alone() -> None:
    spec: dict[str, Any] = {
        "name": "r",
        "policy": "{}",
        "tags": [{"key": "a", "value": "b"}],
        "imageTagMutability": "IMMUTABLE",
    }
    call = request.create(kind("Repository"), View(spec), SCOPE)
    assert call.params == {
        "repositoryName": "r",
        "tags": [{"Key": "a", "Value": "b"}],
        "imageTagMutability": "IMMUTABLE",
    }


def test_a_policy_goes_to_the_registry_of_the_repository() -> None:
    descriptor = kind("Repository")
    view = View({"name": "r", "registryID": "444455556666", "policy": "{}"})
    call = request.put(descriptor, descriptor.aspect("policy"), view, View({}), SCOPE)
    assert call.params == {"repositoryName": "r", "registryId": "444455556666", "policyText": "{}"}


@pytest.mark.parametrize(
    ("desired", "latest"),
    [
        ({"imageTagMutability": "MUTABLE"}, {}),
        ({"imageScanningConfiguration": {"scanOnPush": False}}, {}),
        (
            {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "1234abcd-12ab-34cd-56ef-1234567890ab"}},
            {
                "encryptionConfiguration": {
                    "encryptionType": "KMS",
                    "kmsKey": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                }
            },
        ),
        (
            {"policy": '{"Version": "2012-10-17", "Statement": []}'},
            {"policy": '{"Statement":[],"Version":"2012-10-17"}'},
        ),
    ],
)
def test_what_ecr_answers_differently_is_no_difference(desired: dict[str, Any], latest: dict[str, Any]) -> None:
    found = delta(
        kind("Repository"), {"name": "r", **desired}, {"name": "r", **latest}, dict.fromkeys(desired, Mode.LEAVES)
    )
    assert list(found) == []


def test_encryption_cannot_be_changed() -> None:
    desired = {"encryptionConfiguration": {"encryptionType": "KMS"}}
    latest = {"encryptionConfiguration": {"encryptionType": "AES256"}}
    found = delta(kind("Repository"), desired, latest, dict.fromkeys(desired, Mode.LEAVES))
    assert len(found.immutable) == 1
    assert "make a new repository" in str(found.immutable[0].immutable)


def test_a_rule_and_a_template_are_found_by_prefix() -> None:
    for name, spec, params in (
        ("PullThroughCacheRule", {"ecrRepositoryPrefix": "p"}, {"ecrRepositoryPrefixes": ["p"]}),
        ("RepositoryCreationTemplate", {"prefix": "p"}, {"prefixes": ["p"]}),
    ):
        call = request.read(kind(name), View(spec), SCOPE)
        assert call is not None
        assert call.params == params
    assert kind("RepositoryCreationTemplate").create.out == "repositoryCreationTemplate"


def test_references_are_known() -> None:
    assert {edge.path: edge.ref.kind for edge in kind("PullThroughCacheRule").references()} == {
        "credentialRef": "Secret",
        "customRoleRef": "Role",
    }
    assert [edge.path for edge in kind("Repository").references()] == ["encryptionConfiguration.kmsKeyRef"]


ALIAS, KEY = "arn:aws:kms:eu-west-1:111122223333:alias/a", "arn:aws:kms:eu-west-1:111122223333:key/1234"


@pytest.mark.parametrize(
    ("desired", "latest", "differs"),
    [
        ("alias/a", KEY, False),
        (ALIAS, KEY, False),
        ("1234", KEY, False),
        ("5678", KEY, True),
        ("alias/a", ALIAS, False),
        ("alias/a", "alias/b", True),
    ],
)
def test_an_alias_is_taken_for_the_key_that_encrypts(desired: str, latest: str, differs: bool) -> None:
    one, other = ({"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key}} for key in (desired, latest))
    assert bool(len(delta(kind("Repository"), one, other, {"encryptionConfiguration": Mode.WHOLE}))) is differs


def test_taking_a_templates_key_out_takes_the_key_away() -> None:
    descriptor = kind("RepositoryCreationTemplate")
    latest = {"prefix": "p", "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY}}
    found = delta(descriptor, {"prefix": "p"}, latest, {"encryptionConfiguration": Mode.CLEAR})
    call = request.update(descriptor, descriptor.aspect(""), found, View({"prefix": "p"}), View(latest), SCOPE)
    assert call.params == {"prefix": "p", "encryptionConfiguration": {"encryptionType": "AES256"}}
