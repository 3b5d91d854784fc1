"""ECR: repositories read back what was put; rules and templates are kept as AWS keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ackpy.testing.aws import AwsClient, refused

pytestmark = pytest.mark.slow


@pytest.fixture
def ecr(aws: Callable[..., AwsClient]) -> AwsClient:
    return aws("ecr")


def plain(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if not name.endswith("At") and name != "ResponseMetadata"}


def test_a_pull_through_cache_rule_from_birth_to_end(ecr: AwsClient, account: str) -> None:
    created = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
    expected = {
        "ecrRepositoryPrefix": "quay",
        "upstreamRegistryUrl": "quay.io",
        "upstreamRegistry": "quay",
        "upstreamRepositoryPrefix": "ROOT",
        "registryId": account,
    }
    assert plain(created) == expected
    refusal = refused(ecr.create_pull_through_cache_rule, ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
    assert (refusal.code, refusal.status) == ("PullThroughCacheRuleAlreadyExistsException", 400)
    role = f"arn:aws:iam::{account}:role/r"
    ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="quay", customRoleArn=role)
    [found] = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["quay"])["pullThroughCacheRules"]
    assert plain(found) == {**expected, "customRoleArn": role}
    assert found["createdAt"] == created["createdAt"] <= found["updatedAt"]
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="quay")
    assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []


ABSENT_RULE: dict[str, dict[str, Any]] = {
    "describe_pull_through_cache_rules": {"ecrRepositoryPrefixes": ["none"]},
    "update_pull_through_cache_rule": {"ecrRepositoryPrefix": "none"},
    "delete_pull_through_cache_rule": {"ecrRepositoryPrefix": "none"},
}


@pytest.mark.parametrize("method", ABSENT_RULE)
def test_a_rule_that_is_not_there(ecr: AwsClient, method: str) -> None:
    assert refused(getattr(ecr, method), **ABSENT_RULE[method]).code == "PullThroughCacheRuleNotFoundException"


def test_an_unknown_upstream_is_refused(ecr: AwsClient) -> None:
    for rule in (
        {"upstreamRegistryUrl": "registry.example.com"},
        {"upstreamRegistryUrl": "quay.io", "upstreamRegistry": "k8s"},
    ):
        refusal = refused(ecr.create_pull_through_cache_rule, ecrRepositoryPrefix="some", **rule)
        assert refusal.code == "UnsupportedUpstreamRegistryException"


def test_a_repository_creation_template_from_birth_to_end(ecr: AwsClient) -> None:
    template = {
        "prefix": "team/a",
        "description": "for team a",
        "appliedFor": ["PULL_THROUGH_CACHE"],
        "resourceTags": [{"Key": "a", "Value": "1"}],
    }
    created = ecr.create_repository_creation_template(**template)["repositoryCreationTemplate"]
    expected = {
        **template,
        "imageTagMutability": "MUTABLE",
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
    assert plain(created) == expected
    refusal = refused(ecr.create_repository_creation_template, **template)
    assert (refusal.code, refusal.status) == ("TemplateAlreadyExistsException", 400)
    ecr.update_repository_creation_template(prefix="team/a", imageTagMutability="IMMUTABLE", appliedFor=["REPLICATION"])
    answer = ecr.describe_repository_creation_templates(prefixes=["team/a", "none"])
    [found] = answer["repositoryCreationTemplates"]
    assert plain(found) == {**expected, "imageTagMutability": "IMMUTABLE", "appliedFor": ["REPLICATION"]}
    ecr.delete_repository_creation_template(prefix="team/a")
    assert refused(ecr.delete_repository_creation_template, prefix="team/a").code == "TemplateNotFoundException"
    assert ecr.describe_repository_creation_templates()["repositoryCreationTemplates"] == []


def test_kinds_are_described_in_pages(ecr: AwsClient) -> None:
    prefixes = [f"p{number}" for number in range(5)]
    for prefix in prefixes:
        ecr.create_repository_creation_template(prefix=prefix, appliedFor=["REPLICATION"])
    pages = ecr.get_paginator("describe_repository_creation_templates").paginate(PaginationConfig={"PageSize": 2})
    found = [[one["prefix"] for one in page["repositoryCreationTemplates"]] for page in pages]
    assert found == [prefixes[:2], prefixes[2:4], prefixes[4:]]


def test_kinds_live_in_a_region(aws: Callable[..., AwsClient], ecr: AwsClient) -> None:
    ecr.create_repository_creation_template(prefix="here", appliedFor=["REPLICATION"])
    assert aws("ecr", "eu-west-1").describe_repository_creation_templates()["repositoryCreationTemplates"] == []


INVALID: dict[str, tuple[str, dict[str, Any]]] = {
    "pattern": ("create_repository_creation_template", {"prefix": "UPPER", "appliedFor": ["REPLICATION"]}),
    "enumeration": ("create_repository_creation_template", {"prefix": "aa", "appliedFor": ["SOMETHING"]}),
    "nested enumeration": (
        "create_repository_creation_template",
        {"prefix": "aa", "appliedFor": ["REPLICATION"], "encryptionConfiguration": {"encryptionType": "ROT13"}},
    ),
    "length": (
        "create_repository_creation_template",
        {"prefix": "aa", "appliedFor": ["REPLICATION"], "description": "d" * 257},
    ),
    "rule's prefix": (
        "create_pull_through_cache_rule",
        {"ecrRepositoryPrefix": "-x", "upstreamRegistryUrl": "quay.io"},
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_a_value_outside_the_model_is_refused(ecr: AwsClient, case: str) -> None:
    method, parameters = INVALID[case]
    refusal = refused(getattr(ecr, method), **parameters)
    assert (refusal.code, refusal.status) == ("InvalidParameterException", 400)


def test_another_accounts_registry_is_closed(ecr: AwsClient) -> None:
    refusal = refused(ecr.describe_pull_through_cache_rules, registryId="000000000001")
    assert refusal.code == "AccessDeniedException"


TEMPLATE: dict[str, Any] = {"prefix": "team", "appliedFor": ["REPLICATION"]}
FILTERS = [{"filterType": "WILDCARD", "filter": "dev-*"}]


@pytest.mark.parametrize(
    "members",
    [
        {"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "k"}},
        {"imageTagMutability": "MUTABLE", "imageTagMutabilityExclusionFilters": FILTERS},
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
    ],
)
def test_a_template_whose_members_do_not_go_together_is_refused(ecr: AwsClient, members: dict[str, Any]) -> None:
    assert refused(ecr.create_repository_creation_template, **TEMPLATE, **members).code == "InvalidParameterException"
    ecr.create_repository_creation_template(**TEMPLATE)
    refusal = refused(ecr.update_repository_creation_template, prefix="team", **members)
    assert refusal.code == "InvalidParameterException"


POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}]}
)
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
                "action": {"type": "expire"},
            }
        ]
    }
)


@pytest.fixture
def repository(ecr: AwsClient) -> str:
    ecr.create_repository(repositoryName="team/app", tags=[{"Key": "a", "Value": "1"}])
    return "team/app"


def described(ecr: AwsClient, name: str) -> dict[str, Any]:
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert isinstance(found, dict)
    return found


def test_a_repository_reads_back(ecr: AwsClient, repository: str) -> None:
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=repository, imageScanningConfiguration={"scanOnPush": True})
    ecr.set_repository_policy(repositoryName=repository, policyText=POLICY)
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=LIFECYCLE)
    found = described(ecr, repository)
    ecr.tag_resource(resourceArn=found["repositoryArn"], tags=[{"Key": "b", "Value": "2"}])
    ecr.untag_resource(resourceArn=found["repositoryArn"], tagKeys=["a"])
    assert (found["imageTagMutability"], found["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
    ecr.put_image_scanning_configuration(repositoryName=repository, imageScanningConfiguration={})
    [found] = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    assert found["imageScanningConfiguration"] == {"scanOnPush": False}
    policy = ecr.get_repository_policy(repositoryName=repository)["policyText"]
    lifecycle = ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"]
    assert (json.loads(policy), json.loads(lifecycle)) == (json.loads(POLICY), json.loads(LIFECYCLE))
    assert ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"] == [{"Key": "b", "Value": "2"}]


def test_exclusion_filters_read_back(ecr: AwsClient) -> None:
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    ecr.create_repository(
        repositoryName="excluding",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
        encryptionConfiguration={"encryptionType": "KMS"},
    )
    found = described(ecr, "excluding")
    assert (found["imageTagMutability"], found["imageTagMutabilityExclusionFilters"]) == (
        "IMMUTABLE_WITH_EXCLUSION",
        filters,
    )
    assert found["encryptionConfiguration"]["encryptionType"] == "KMS"
    assert found["encryptionConfiguration"]["kmsKey"].startswith("arn:aws:kms:us-east-1:")


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("11111111-2222-3333-4444-555555555555", "key/11111111-2222-3333-4444-555555555555"),
        ("alias/mine", "key/eb8699d5-8c5f-5f4e-9530-e9359ac71fd4"),
    ],
)
def test_a_key_reads_back_as_its_arn(ecr: AwsClient, account: str, name: str, arn: str) -> None:
    encryption = {"encryptionType": "KMS", "kmsKey": name}
    made = ecr.create_repository(repositoryName="locked", encryptionConfiguration=encryption)["repository"]
    assert made["encryptionConfiguration"]["kmsKey"] == f"arn:aws:kms:us-east-1:{account}:{arn}"
    assert described(ecr, "locked")["encryptionConfiguration"] == made["encryptionConfiguration"]


def test_policies_are_absent_before_and_after(ecr: AwsClient, repository: str) -> None:
    for stem, code in (
        ("repository_policy", "RepositoryPolicyNotFoundException"),
        ("lifecycle_policy", "LifecyclePolicyNotFoundException"),
    ):
        assert refused(getattr(ecr, f"get_{stem}"), repositoryName=repository).code == code
        assert refused(getattr(ecr, f"delete_{stem}"), repositoryName=repository).code == code
    ecr.set_repository_policy(repositoryName=repository, policyText=POLICY)
    ecr.delete_repository_policy(repositoryName=repository)
    assert refused(ecr.get_repository_policy, repositoryName=repository).code == "RepositoryPolicyNotFoundException"


@pytest.mark.parametrize(
    ("method", "member"), [("set_repository_policy", "policyText"), ("put_lifecycle_policy", "lifecyclePolicyText")]
)
@pytest.mark.parametrize("text", ["no JSON", "{}", "[]", '{"Statement": 3}'])
def test_a_malformed_policy_text_is_refused(
    ecr: AwsClient, repository: str, method: str, member: str, text: str
) -> None:
    refusal = refused(getattr(ecr, method), repositoryName=repository, **{member: text.ljust(100)})
    assert (refusal.code, refusal.status) == ("InvalidParameterException", 400)


MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"})


def test_a_repository_with_images_needs_force(ecr: AwsClient, repository: str) -> None:
    ecr.put_image(repositoryName=repository, imageManifest=MANIFEST, imageTag="v1")
    refusal = refused(ecr.delete_repository, repositoryName=repository)
    assert (refusal.code, refusal.status) == ("RepositoryNotEmptyException", 400)
    ecr.delete_repository(repositoryName=repository, force=True)
    refusal = refused(ecr.describe_repositories, repositoryNames=[repository])
    assert refusal.code == "RepositoryNotFoundException"


def test_many_repositories_are_found_with_one_call(ecr: AwsClient) -> None:
    names = [f"many-{number:03}" for number in range(30)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    assert refused(ecr.create_repository, repositoryName=names[0]).code == "RepositoryAlreadyExistsException"
    chosen = ecr.describe_repositories(repositoryNames=names[3:7])["repositories"]
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 7})
    assert sorted(one["repositoryName"] for one in chosen) == names[3:7]
    assert sorted(one["repositoryName"] for page in pages for one in page["repositories"]) == names
