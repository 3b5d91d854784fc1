"""Section 15 of ACK's contract: the controller's own tags, beside the user's and those of others."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from ackpy import __version__
from ackpy.errors import ConfigError
from ackpy.kube.objects import Object
from ackpy.testing.relay import relay
from ackpy.testing.stage import RESOURCES, Stage, ack, bucket, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "15-1": "each resource has the tags controller-version and namespace, unless --resource-tags says otherwise",
    "15-2a": "a value of --resource-tags may have placeholders, seven of them",
    "15-2b": "a placeholder is replaced wherever it stands in the value",
    "15-2c": "and not in the key",
    "15-2d": "a tag whose value comes out empty is left out",
    "15-2e": "an entry without exactly one = ends the process at the start",
    "15-3a": "of one key in both, the user's tag wins",
    "15-3b": "the tags are in the create already",
    "15-3c": "the user's tags come first, in the user's order",
    "15-3d": "a kind may have no tags",
    "15-3e": "a kind may have them elsewhere than at spec.tags",
    "15-4a": "the controller's tags are never written to the spec",
    "15-4b": "tags of AWS's own (aws:) are neither written to the spec nor taken away",
    "15-4c": "a user's tag with a key of --resource-tags is filtered out of the spec too, where that is rewritten",
    "15-4d": "keys of --resource-tags are compared as they stand there, and given to AWS without blanks",
    "15-5a": "another value of a tag counts as added, not as removed",
    "15-5b": "a tag that goes is taken away, and no other",
    "15-6": "another version of the controller writes its tag at the first pass over each resource",
}
UNCOVERED: dict[str, str] = {}

VERSION, NAMESPACE = "services.k8s.aws/controller-version", "services.k8s.aws/namespace"


def holds(found: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    """The same, to be waited for."""

    async def asked() -> bool:
        return bool(found())

    return asked


def of_repository(stage: Stage, name: str = "mine") -> dict[str, str]:
    """The tags that ECR has of a repository."""
    ecr = stage.aws("ecr")
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    held = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    return {each["Key"]: each["Value"] for each in held}


def of_bucket(stage: Stage, name: str) -> dict[str, str]:
    """The tags that S3 has of a bucket."""
    return {each["Key"]: each["Value"] for each in stage.aws("s3").get_bucket_tagging(Bucket=name)["TagSet"]}


def defaults(stage: Stage, service: str) -> dict[str, str]:
    """What every resource of a service has here."""
    return {VERSION: f"{service}-{__version__}", NAMESPACE: stage.namespace}


def tagged(tags: Mapping[str, str] | None, **spec: Any) -> Object:
    """A repository with these tags of the user's."""
    if tags is not None:
        spec["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    return repository("mine", **spec)


def in_aws(stage: Stage, tags: Mapping[str, str]) -> str:
    """Make a repository in AWS with these tags; its ARN."""
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = stage.aws("ecr").create_repository(repositoryName="mine", tags=given)
    return str(made["repository"]["repositoryArn"])


def tag_writes(stage: Stage, since: int = 0) -> list[str]:
    """The calls that gave or took tags after the create."""
    return [each for each in stage.operations(since) if each in {"TagResource", "UntagResource", "PutBucketTagging"}]


async def tags_of(stage: Stage, *flags: str, manifest: Object | None = None) -> dict[str, str]:
    """The tags of a repository that is made with these flags."""
    await stage.start(*flags, services=("ecr",))
    await stage.apply(manifest or repository("mine"))
    await stage.until_synced("repository/mine")
    return of_repository(stage)


# The controller's tags


@rule("15-1", "a repository without tags of the user's has the two")
async def test_the_tags_of_a_repository(stage: Stage) -> None:
    assert await tags_of(stage) == defaults(stage, "ecr")


@rule("15-1", "a bucket has them too, with its own service's name")
async def test_the_tags_of_a_bucket(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert of_bucket(stage, stage.namespace) == defaults(stage, "s3")


@rule("15-1", "an empty --resource-tags gives none")
async def test_no_tags(stage: Stage) -> None:
    assert await tags_of(stage, "--resource-tags=") == {}


@rule("15-1", "other tags of --resource-tags stand in the place of the two")
async def test_other_tags(stage: Stage) -> None:
    assert await tags_of(stage, "--resource-tags=team=red,env=prod") == {"team": "red", "env": "prod"}


LABELS = {"app.kubernetes.io/managed-by": "kro", "kro.run/kro-version": "v1.2"}


@pytest.mark.parametrize(
    ("placeholder", "expected"),
    [
        pytest.param("%CONTROLLER_SERVICE%", "ecr", marks=rule("15-2a", "CONTROLLER_SERVICE is the service's name")),
        pytest.param(
            "%CONTROLLER_VERSION%", __version__, marks=rule("15-2a", "CONTROLLER_VERSION is the version of the process")
        ),
        pytest.param("%K8S_NAMESPACE%", "{}", marks=rule("15-2a", "K8S_NAMESPACE is the object's namespace")),
        pytest.param("%K8S_RESOURCE_NAME%", "mine", marks=rule("15-2a", "K8S_RESOURCE_NAME is the object's name")),
        pytest.param("%K8S_RESOURCE_KIND%", "Repository", marks=rule("15-2a", "K8S_RESOURCE_KIND is its kind")),
        pytest.param("%MANAGED_BY%", "kro", marks=rule("15-2a", "MANAGED_BY is its label of that name")),
        pytest.param("%KRO_VERSION%", "v1.2", marks=rule("15-2a", "KRO_VERSION is kro's label")),
    ],
)
async def test_a_placeholder(stage: Stage, placeholder: str, expected: str) -> None:
    manifest = repository("mine")
    manifest["metadata"]["labels"] = LABELS
    found = await tags_of(stage, f"--resource-tags=key={placeholder}", manifest=manifest)
    assert found == {"key": expected.format(stage.namespace)}


@rule("15-2b", "two placeholders in the midst of a text are replaced, and what only looks like one is not")
async def test_placeholders_in_a_text(stage: Stage) -> None:
    found = await tags_of(stage, "--resource-tags=key=a-%K8S_RESOURCE_KIND%/%K8S_RESOURCE_NAME%.%K8S_NAME%")
    assert found == {"key": "a-Repository/mine.%K8S_NAME%"}


@rule("15-2c", "a placeholder in a key stays as it is")
async def test_a_placeholder_in_a_key(stage: Stage) -> None:
    assert await tags_of(stage, "--resource-tags=%K8S_RESOURCE_NAME%=x") == {"%K8S_RESOURCE_NAME%": "x"}


@rule("15-2d", "a tag of a label that the object does not have is left out, the others are given")
async def test_an_empty_tag(stage: Stage) -> None:
    flag = "--resource-tags=app.kubernetes.io/managed-by=%MANAGED_BY%,kro.run/kro-version=%KRO_VERSION%,a=b"
    assert await tags_of(stage, flag) == {"a": "b"}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("team", marks=rule("15-2e", "an entry without = is refused, and quoted")),
        pytest.param("team=red=blue", marks=rule("15-2e", "so is one with two of them")),
        pytest.param("=red", marks=rule("15-2e", "and one without a key")),
    ],
)
async def test_an_entry_that_is_none(stage: Stage, entry: str) -> None:
    with pytest.raises(ConfigError, match=f'--resource-tags: "{entry}" must be key=value, with exactly one "="'):
        await stage.start(f"--resource-tags=a=b,{entry}", services=("ecr",))
    assert stage.cloud.calls(stage.account) == []


# Beside the user's


@rule("15-3a", "a tag of the user's with the key of the namespace tag has the user's value in AWS")
async def test_the_users_tag_wins(stage: Stage) -> None:
    found = await tags_of(stage, manifest=tagged({NAMESPACE: "mine", "team": "red"}))
    assert found == {**defaults(stage, "ecr"), NAMESPACE: "mine", "team": "red"}


@rule("15-3b", "a repository is made with all its tags by one call")
async def test_the_tags_are_in_the_create(stage: Stage) -> None:
    found = await tags_of(stage, manifest=tagged({"team": "red"}))
    assert found == {**defaults(stage, "ecr"), "team": "red"}
    assert [call.operation for call in stage.calls() if call.mutating] == ["CreateRepository"]


@rule("15-3b", "so is a bucket")
async def test_the_tags_are_in_the_create_of_a_bucket(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, tagging={"tagSet": [{"key": "team", "value": "red"}]}))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert of_bucket(stage, stage.namespace) == {**defaults(stage, "s3"), "team": "red"}
    assert [call.operation for call in stage.calls() if call.mutating] == ["CreateBucket"]


@rule("15-3c", "the create has the user's tags in their order, then the controller's")
async def test_the_order_of_the_tags(stage: Stage) -> None:
    async with relay(stage.cloud.url) as line:
        await tags_of(stage, f"--aws-endpoint-url={line.url}", manifest=tagged({"z": "1", "a": "2", "m": "3"}))
        await stage.stop()
    start = line.heard.index('{"repositoryName": "mine"')
    sent, _ = json.JSONDecoder().raw_decode(line.heard[start:])
    assert [each["Key"] for each in sent["tags"]] == ["z", "a", "m", VERSION, NAMESPACE]


@rule("15-3d", "a rule of ECR's, which takes no tags, is made without, and is in step")
async def test_a_kind_without_tags(stage: Stage) -> None:
    spec = {"ecrRepositoryPrefix": "quay", "upstreamRegistryURL": "quay.io"}
    async with relay(stage.cloud.url) as line:
        await stage.start(f"--aws-endpoint-url={line.url}", services=("ecr",))
        await stage.apply({**RESOURCES["rule"].type_meta, "metadata": {"name": "mine"}, "spec": spec})
        await stage.until_synced("rule/mine")
        await stage.stop()
    assert "CreatePullThroughCacheRule" in line.heard
    assert "services.k8s.aws/namespace" not in line.heard


@rule("15-3e", "a bucket's are those of spec.tagging.tagSet: an edit there is a put of all of them")
async def test_tags_elsewhere(stage: Stage) -> None:
    name = stage.namespace
    await stage.start(services=("s3",))
    await stage.apply(bucket(name, tagging={"tagSet": [{"key": "team", "value": "red"}]}))
    await stage.until_synced(f"bucket/{name}")
    await stage.apply(bucket(name, tagging={"tagSet": [{"key": "team", "value": "blue"}]}))
    await stage.wait(holds(lambda: "PutBucketTagging" in stage.operations()), "the tags are put")
    await stage.quiet(f"bucket/{name}")
    assert of_bucket(stage, name) == {**defaults(stage, "s3"), "team": "blue"}
    assert tag_writes(stage) == ["PutBucketTagging"]


# What is written down


@rule("15-4a", "from the create to an edit, no version of the object has another tag than the user's")
async def test_the_spec_keeps_the_users_tags(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    async with stage.history("repository/mine") as versions:
        await stage.apply(tagged({"team": "red"}))
        await stage.until_synced("repository/mine")
        await stage.apply(tagged({"team": "blue"}))
        await stage.wait(holds(lambda: tag_writes(stage)), "the tag is written")
        await stage.quiet("repository/mine")
    wanted = [[{"key": "team", "value": each}] for each in ("red", "blue")]
    assert all(each["spec"]["tags"] in wanted for each in versions)


@rule("15-4a", "an adopted resource brings the user's tags into the spec, and not those of --resource-tags")
async def test_adoption_leaves_the_controllers_tags_out(stage: Stage) -> None:
    in_aws(stage, {VERSION: "ecr-0.0.1", NAMESPACE: "elsewhere", "team": "red"})
    await stage.start(services=("ecr",))
    manifest = repository("mine", annotations=ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}'))
    await stage.apply(manifest)
    obj = await stage.until_synced("repository/mine")
    assert obj["spec"]["tags"] == [{"key": "team", "value": "red"}]


@rule("15-4b", "an adopted resource keeps a tag of AWS's own in AWS, and the spec does not get it")
async def test_adoption_leaves_awss_tags_out(stage: Stage) -> None:
    in_aws(stage, {"aws:cloudformation:stack-name": "s", "team": "red"})
    await stage.start(services=("ecr",))
    manifest = repository("mine", annotations=ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}'))
    await stage.apply(manifest)
    obj = await stage.until_synced("repository/mine")
    assert obj["spec"]["tags"] == [{"key": "team", "value": "red"}]
    assert of_repository(stage)["aws:cloudformation:stack-name"] == "s"
    assert "UntagResource" not in stage.operations()


@rule("15-4b", "a tag that AWS puts on a resource in step is no difference: no call, no Event")
async def test_a_tag_of_awss_own(stage: Stage) -> None:
    await tags_of(stage, manifest=tagged({"team": "red"}))
    arn = stage.aws("ecr").describe_repositories()["repositories"][0]["repositoryArn"]
    stage.aws("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "aws:made", "Value": "x"}])
    since = stage.last_call()
    obj = await stage.look("repository/mine")
    assert tag_writes(stage, since) == []
    told = {each["reason"] for each in await stage.events("repository/mine")}
    assert told & {"DriftDetected", "Repaired"} == set()
    assert obj["spec"]["tags"] == [{"key": "team", "value": "red"}]


@rule("15-4c", "ackpy leaves a user's tag with such a key in the spec, when it writes another field there")
async def test_a_users_tag_with_the_controllers_key(stage: Stage) -> None:
    await tags_of(stage, manifest=tagged({NAMESPACE: "mine", "team": "red"}))
    obj = await stage.until("repository/mine", lambda obj: obj["spec"].get("registryID"))
    assert obj["spec"]["registryID"] == stage.account
    assert obj["spec"]["tags"] == [{"key": NAMESPACE, "value": "mine"}, {"key": "team", "value": "red"}]


@rule("15-4d", "ackpy trims them once: AWS gets the key without blanks, and adoption knows it again")
async def test_keys_are_trimmed(stage: Stage) -> None:
    in_aws(stage, {"team": "red", "owner": "me"})
    await stage.start("--resource-tags= team = blue ", services=("ecr",))
    manifest = repository("mine", annotations=ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}'))
    await stage.apply(manifest)
    obj = await stage.until_synced("repository/mine")
    assert obj["spec"]["tags"] == [{"key": "owner", "value": "me"}]
    assert of_repository(stage) == {"team": "blue", "owner": "me"}


# When they change


@rule("15-5a", "another value is one TagResource, and no UntagResource")
async def test_another_value(stage: Stage) -> None:
    await tags_of(stage, manifest=tagged({"team": "red", "env": "prod"}))
    await stage.apply(tagged({"team": "blue", "env": "prod"}))
    await stage.wait(holds(lambda: tag_writes(stage)), "the tag is written")
    await stage.quiet("repository/mine")
    assert tag_writes(stage) == ["TagResource"]
    assert of_repository(stage) == {**defaults(stage, "ecr"), "team": "blue", "env": "prod"}


@rule("15-5b", "a tag that goes is one UntagResource")
async def test_a_tag_that_goes(stage: Stage) -> None:
    await tags_of(stage, manifest=tagged({"team": "red", "env": "prod"}))
    await stage.apply(tagged({"env": "prod"}))
    await stage.wait(holds(lambda: tag_writes(stage)), "the tag is taken away")
    await stage.quiet("repository/mine")
    assert tag_writes(stage) == ["UntagResource"]
    assert of_repository(stage) == {**defaults(stage, "ecr"), "env": "prod"}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(None, marks=rule("15-5b", "tags: null takes the user's tags away and keeps the controller's")),
        pytest.param([], marks=rule("15-5b", "an empty list does so too, and stays in the spec")),
    ],
)
async def test_all_tags_go(stage: Stage, tags: list[Any] | None) -> None:
    await tags_of(stage, manifest=tagged({"team": "red", "env": "prod"}))
    await stage.patch("repository/mine", {"spec": {"tags": tags}})
    await stage.wait(holds(lambda: tag_writes(stage)), "the tags are taken away")
    await stage.quiet("repository/mine")
    assert of_repository(stage) == defaults(stage, "ecr")
    assert (await stage.get("repository/mine"))["spec"].get("tags") == tags


@rule("15-5b", "a stranger's tag beside tags of the user's is taken away, and an Event says so")
async def test_a_strangers_tag(stage: Stage) -> None:
    await tags_of(stage, manifest=tagged({"team": "red"}))
    await stage.stop()
    arn = stage.aws("ecr").describe_repositories()["repositories"][0]["repositoryArn"]
    stage.aws("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "theirs", "Value": "x"}])
    since = stage.last_call()
    await stage.start(
        services=("ecr",)
    )  # anew: it would still make sure of its create otherwise, and call this a repair
    await stage.wait(holds(lambda: "UntagResource" in stage.operations(since)), "the tag is taken away")
    assert of_repository(stage) == {**defaults(stage, "ecr"), "team": "red"}
    assert "spec.tags" in (await stage.until_event("repository/mine", "DriftDetected"))["message"]


@rule("15-5b", "a stranger's tag stays where the manifest names none")
async def test_a_strangers_tag_where_the_user_has_none(stage: Stage) -> None:
    await tags_of(stage)
    arn = stage.aws("ecr").describe_repositories()["repositories"][0]["repositoryArn"]
    stage.aws("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "theirs", "Value": "x"}])
    since = stage.last_call()
    await stage.look("repository/mine")
    assert of_repository(stage) == {**defaults(stage, "ecr"), "theirs": "x"}
    assert tag_writes(stage, since) == []


@rule("15-6", "another version writes nothing over it, and its own tag where another one is written anyway (W29)")
async def test_another_version(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ackpy.operator.options.__version__", "0.0.0")
    assert (await tags_of(stage, manifest=tagged({"team": "red"})))[VERSION] == "ecr-0.0.0"
    await stage.quiet("repository/mine")
    await stage.stop()
    monkeypatch.undo()
    since = stage.last_call()
    await stage.start(services=("ecr",))
    looks = holds(lambda: [call for call in stage.calls(since) if call.operation == "ListTagsForResource"])
    await stage.wait(looks, "the tags are read")
    await stage.quiet("repository/mine")
    assert [call.operation for call in stage.calls(since) if call.mutating] == []
    await stage.patch("repository/mine", {"spec": {"tags": [{"key": "team", "value": "blue"}]}})
    await stage.wait(holds(lambda: tag_writes(stage, since)), "the tag is written")
    await stage.quiet("repository/mine")
    assert of_repository(stage) == {**defaults(stage, "ecr"), "team": "blue"}
