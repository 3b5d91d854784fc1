"""Sections 2.1 and 2.2 of the contract: what annotations of an object and of its namespace do; `test_02_marks` has the rest."""

from __future__ import annotations

import pytest
from tests.contract.repositories import (
    FINALIZER,
    REPO,
    message,
    mutability,
    owned_with,
    repositories,
    terminal,
    written,
)

from ackpy.kube import objects
from ackpy.testing.stage import REGION, Stage, ack, another_account, bucket, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "2.1-1": "region: where the resource is made, and whether it may be looked for there",
    "2.1-2": "deletion-policy: goes before the namespace's and the flag",
    "2.1-3": "read-only: true in any case, with the gate",
    "2.1-4": "adoption-policy: adopt or adopt-or-create in exact case, with the gate",
    "2.1-5": "adoption-fields: a JSON object of strings that leads to the resource",
    "2.1-6": "adopted: written on success; an object that says so is never created",
    "2.1-7": "annotations of one service",
    "2.2-1": "owner-account-id of a namespace",
    "2.2-2": "team-id of a namespace, with the gate",
    "2.2-3": "default-region of a namespace",
    "2.2-4": "endpoint-url of a namespace",
    "2.2-5": "<service>.services.k8s.aws/deletion-policy of a namespace",
    "2.2-6": "an empty value of a namespace's annotation is none",
    "2.2-7": "what belongs on a namespace is not read from an object",
    "2.2-8": "when a namespace's annotations are read at all (W7)",
    "2.2-9": "namespaces of the cluster itself",
}
OTHER_REGION = "eu-west-1"


# 2.1 Of an object


@rule("2.1-1", "an object's region goes before its namespace's default and the flag")
async def test_an_objects_region(stage: Stage) -> None:
    await stage.annotate_namespace(default_region="ap-south-1")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(region=OTHER_REGION)))
    obj = await stage.until_synced(REPO)
    assert obj["status"]["ackResourceMetadata"]["region"] == OTHER_REGION
    assert {call.region for call in stage.calls()} == {OTHER_REGION}
    assert repositories(stage, OTHER_REGION) == {"mine"}


@rule("2.1-1", "another region than that of the status is Terminal and names both; AWS is not asked")
async def test_another_region(stage: Stage) -> None:
    last = await owned_with(stage)
    await stage.annotate(REPO, ack(region=OTHER_REGION))
    said = await terminal(stage)
    assert said == f"the resource is in region {REGION}, the annotation services.k8s.aws/region says {OTHER_REGION}"
    assert stage.operations(last) == []


@rule("2.1-1", "a region that cannot be one is refused before AWS is asked")
async def test_a_mistyped_region(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(region="Frankfurt")))
    assert await terminal(stage) == (
        f"the annotation services.k8s.aws/region of Repository {stage.namespace}/mine "
        'is "Frankfurt"; it must be the name of an AWS region'
    )
    assert stage.operations() == []


@pytest.mark.parametrize(
    ("own", "around", "stays"),
    [
        pytest.param(
            "retain", "delete", True, marks=rule("2.1-2", "an object's retain goes before delete of namespace and flag")
        ),
        pytest.param(
            "delete",
            "retain",
            False,
            marks=rule("2.1-2", "an object's delete goes before retain of namespace and flag"),
        ),
    ],
)
async def test_deletion_policy(stage: Stage, own: str, around: str, stays: bool) -> None:
    await stage.patch(
        f"namespace/{stage.namespace}", {"metadata": {"annotations": {"ecr.services.k8s.aws/deletion-policy": around}}}
    )
    await stage.start(f"--deletion-policy={around}", services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(deletion_policy=own)))
    await stage.until_synced(REPO)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert (repositories(stage) == {"mine"}) is stays


@rule("2.1-2", "a deletion policy of another spelling is refused and not taken for retain (W8)")
async def test_a_mistyped_deletion_policy(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.annotate(REPO, ack(deletion_policy="Delete"))
    assert await terminal(stage) == (
        f"the annotation services.k8s.aws/deletion-policy of Repository {stage.namespace}/mine "
        'is "Delete"; it must be "delete" or "retain"'
    )
    await stage.delete(REPO)
    await stage.quiet(REPO)
    assert repositories(stage) == {"mine"}
    await stage.annotate(REPO, ack(deletion_policy="delete"))
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("2.1-3", "TRUE is read-only too: AWS's resource is shown, nothing of it or of the object is changed")
async def test_read_only(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine", imageTagMutability="IMMUTABLE")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    made = await stage.apply(repository("mine", annotations=ack(read_only="TRUE"), imageTagMutability="MUTABLE"))
    obj = await stage.until_synced(REPO)
    assert obj["status"]["ackResourceMetadata"]["arn"].endswith(":repository/mine")
    assert (obj["spec"], obj["metadata"].get("finalizers")) == (made["spec"], None)
    assert written(stage, last) == []


@rule("2.1-3", "without the gate ReadOnlyResources the annotation is nothing")
async def test_read_only_without_the_gate(stage: Stage) -> None:
    await stage.start("--feature-gates=ReadOnlyResources=false", services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(read_only="true")))
    await stage.until_synced(REPO)
    assert written(stage) == ["CreateRepository"]


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("Adopt", marks=rule("2.1-4", "Adopt with a capital is no policy")),
        pytest.param("adopt_or_create", marks=rule("2.1-4", "adopt_or_create with underscores is no policy")),
    ],
)
async def test_a_mistyped_adoption_policy(stage: Stage, policy: str) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(adoption_policy=policy)))
    said = await terminal(stage)
    assert said == (f'unrecognized adoption policy {policy}. Supported policies are "adopt" and "adopt-or-create"')
    assert stage.operations() == []


@rule("2.1-4", "adopt takes AWS's values into the spec")
@rule("2.1-5", "adoption-fields leads to a resource of another name than the object's")
@rule("2.1-6", "the controller writes adopted=true when it has adopted")
async def test_adopt(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="theirs", imageTagMutability="IMMUTABLE")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    manifest = repository("mine", annotations=ack(adoption_policy="adopt", adoption_fields='{"name": "theirs"}'))
    await stage.apply({name: value for name, value in manifest.items() if name != "spec"})
    obj = await stage.until_synced(REPO)
    assert (obj["spec"]["name"], obj["spec"]["imageTagMutability"]) == ("theirs", "IMMUTABLE")
    assert objects.annotations_of(obj)["services.k8s.aws/adopted"] == "true"
    assert objects.finalizers_of(obj) == [FINALIZER]
    assert written(stage, last) == ["TagResource"]


@rule("2.1-4", "adopt-or-create makes AWS as the spec says")
async def test_adopt_or_create(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine", imageTagMutability="IMMUTABLE")
    await stage.start(services=("ecr",))
    await stage.apply(
        repository("mine", annotations=ack(adoption_policy="adopt-or-create"), imageTagMutability="MUTABLE")
    )
    obj = await stage.until_synced(REPO)
    assert (obj["spec"]["imageTagMutability"], mutability(stage)) == ("MUTABLE", "MUTABLE")


@rule("2.1-4", "without the gate ResourceAdoption a policy is nothing: what is there already exists")
async def test_adoption_without_the_gate(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    last = stage.last_call()
    await stage.start("--feature-gates=ResourceAdoption=false", services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(adoption_policy="adopt-or-create")))
    assert await terminal(stage) == "Resource already exists"
    assert written(stage, last) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param(
            "name=mine",
            "it is no JSON, at line 1 column 1",
            marks=rule("2.1-5", "fields that are no JSON are Terminal"),
        ),
        pytest.param(
            '{"name": 1}',
            "it must be a JSON object whose values are all strings",
            marks=rule("2.1-5", "fields that are no strings are Terminal"),
        ),
    ],
)
async def test_unreadable_adoption_fields(stage: Stage, fields: str, said: str) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(adoption_policy="adopt", adoption_fields=fields)))
    assert (await terminal(stage)).startswith(f"unmarshalling adoption-fields annotation: {said}: ")
    assert stage.operations() == []


@rule("2.1-6", "an object whose author says adopted, in any case, is never created")
async def test_said_to_be_adopted(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(adopted="True")))
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert message(obj, "ACK.Recoverable") == "adopted resource not found"
    assert written(stage) == []


@pytest.mark.parametrize(
    "force",
    [
        pytest.param("true", marks=rule("2.1-7", "ECR's force-delete deletes a repository with its images")),
        pytest.param("false", marks=rule("2.1-7", "without ECR's force-delete a repository with images stays")),
    ],
)
async def test_force_delete(stage: Stage, force: str) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations={"ecr.services.k8s.aws/force-delete": force}))
    await stage.until_synced(REPO)
    layer = "sha256:" + "0" * 64
    manifest = (
        '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": [], '
        f'"config": {{"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "{layer}"}}}}'
    )
    stage.aws("ecr").put_image(repositoryName="mine", imageManifest=manifest, imageTag="latest")
    await stage.delete(REPO)
    if force == "true":
        await stage.until_gone(REPO)
        assert repositories(stage) == set()
    else:
        obj = await stage.until_condition(REPO, "ACK.Recoverable")
        assert message(obj, "ACK.Recoverable").startswith("api error RepositoryNotEmptyException: ")
        assert repositories(stage) == {"mine"}


# 2.2 Of a namespace


@rule("2.2-1", "a namespace's owner account has its resources, by the role of the map")
async def test_owner_account(stage: Stage) -> None:
    other = another_account()
    await stage.map_roles({other: stage.make_role(other)})
    await stage.annotate_namespace(owner_account_id=other)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    assert obj["status"]["ackResourceMetadata"]["ownerAccountID"] == other
    assert repositories(stage, account=other) == {"mine"}
    assert [call.operation for call in stage.calls() if call.service == "ecr"] == []


@pytest.mark.parametrize(
    "gate",
    [
        pytest.param("true", marks=rule("2.2-2", "with the gate a namespace's team has the role of the team map")),
        pytest.param("false", marks=rule("2.2-2", "without the gate TeamLevelCARM a team is nothing")),
    ],
)
async def test_team(stage: Stage, gate: str) -> None:
    other = another_account()
    await stage.map_roles({"red": stage.make_role(other)}, "ack-role-team-map")
    await stage.annotate_namespace(team_id="red")
    await stage.start(f"--feature-gates=TeamLevelCARM={gate}", services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    owner = other if gate == "true" else stage.account
    assert obj["status"]["ackResourceMetadata"]["ownerAccountID"] == owner
    assert repositories(stage, account=owner) == {"mine"}


@rule("2.2-3", "a namespace's default region goes before the flag")
async def test_default_region(stage: Stage) -> None:
    await stage.annotate_namespace(default_region=OTHER_REGION)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    assert obj["status"]["ackResourceMetadata"]["region"] == OTHER_REGION
    assert repositories(stage, OTHER_REGION) == {"mine"}


@rule("2.2-3", "a namespace's region annotation, which only ACK's documentation names, is a default too")
async def test_documented_default_region(stage: Stage) -> None:
    await stage.annotate_namespace(region=OTHER_REGION)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    assert repositories(stage, OTHER_REGION) == {"mine"}


@rule("2.2-4", "a namespace's endpoint is where its objects' requests go, before the flag's")
async def test_endpoint(stage: Stage) -> None:
    await stage.annotate_namespace(endpoint_url=stage.cloud.url)
    nowhere = "http://127.0.0.1:9"
    await stage.start(
        f"--aws-endpoint-url={nowhere}", f"--aws-identity-endpoint-url={stage.cloud.url}", services=("ecr",)
    )
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    assert repositories(stage) == {"mine"}


@rule("2.2-5", "a namespace's retain for one service holds for that service alone")
async def test_deletion_policy_of_one_service(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.patch(
        f"namespace/{stage.namespace}", {"metadata": {"annotations": {"s3.services.k8s.aws/deletion-policy": "retain"}}}
    )
    await stage.start()
    await stage.apply(repository("mine"))
    await stage.apply(bucket(name))
    await stage.until_synced(REPO)
    await stage.until_synced(f"bucket/{name}")
    await stage.delete(REPO)
    await stage.delete(f"bucket/{name}")
    await stage.until_gone(REPO)
    await stage.until_gone(f"bucket/{name}")
    assert repositories(stage) == set()
    assert [each["Name"] for each in stage.aws("s3").list_buckets()["Buckets"]] == [name]


@rule("2.2-5", "a namespace's delete goes before the flag's retain")
async def test_a_namespaces_delete(stage: Stage) -> None:
    await stage.patch(
        f"namespace/{stage.namespace}",
        {"metadata": {"annotations": {"ecr.services.k8s.aws/deletion-policy": "delete"}}},
    )
    await stage.start("--deletion-policy=retain", services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("2.2-5", "a namespace's policy of another spelling is refused and names the namespace")
async def test_a_namespaces_mistyped_policy(stage: Stage) -> None:
    await stage.patch(
        f"namespace/{stage.namespace}",
        {"metadata": {"annotations": {"ecr.services.k8s.aws/deletion-policy": "Retain"}}},
    )
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    assert await terminal(stage) == (
        f"the annotation ecr.services.k8s.aws/deletion-policy of Namespace {stage.namespace} "
        'is "Retain"; it must be "delete" or "retain"'
    )
    assert stage.operations() == []


@rule("2.2-6", "empty annotations of a namespace are as none")
async def test_empty_annotations(stage: Stage) -> None:
    empty = dict.fromkeys(ack(owner_account_id="", default_region="", endpoint_url="", team_id=""), "")
    await stage.patch(
        f"namespace/{stage.namespace}",
        {"metadata": {"annotations": {**empty, "ecr.services.k8s.aws/deletion-policy": ""}}},
    )
    await stage.start("--feature-gates=TeamLevelCARM=true", services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    where = obj["status"]["ackResourceMetadata"]
    assert (where["ownerAccountID"], where["region"]) == (stage.account, REGION)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("2.2-7", "owner, team, default region, endpoint and a service's policy are not read from an object")
async def test_a_namespaces_annotations_on_an_object(stage: Stage) -> None:
    theirs = ack(
        owner_account_id=another_account(),
        team_id="red",
        default_region=OTHER_REGION,
        endpoint_url="http://127.0.0.1:9",
    )
    await stage.start("--feature-gates=TeamLevelCARM=true", services=("ecr",))
    await stage.apply(repository("mine", annotations={**theirs, "ecr.services.k8s.aws/deletion-policy": "retain"}))
    obj = await stage.until_synced(REPO)
    where = obj["status"]["ackResourceMetadata"]
    assert (where["ownerAccountID"], where["region"]) == (stage.account, REGION)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("2.2-8", "with one watched namespace and without CARM its annotations hold all the same (W7)")
async def test_one_namespace_without_carm(stage: Stage) -> None:
    await stage.annotate_namespace(default_region=OTHER_REGION, owner_account_id=another_account())
    await stage.patch(
        f"namespace/{stage.namespace}",
        {"metadata": {"annotations": {"ecr.services.k8s.aws/deletion-policy": "retain"}}},
    )
    await stage.start("--enable-carm=false", services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    where = obj["status"]["ackResourceMetadata"]
    assert (where["ownerAccountID"], where["region"]) == (stage.account, OTHER_REGION)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage, OTHER_REGION) == {"mine"}


@rule("2.2-8", "an annotation written later is heard: what is made from then on goes there")
async def test_a_later_annotation(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.annotate_namespace(default_region=OTHER_REGION)
    await stage.apply(repository("later"))
    await stage.until_synced("repository/later")
    assert (repositories(stage), repositories(stage, OTHER_REGION)) == ({"mine"}, {"later"})


@rule("2.2-9", "a namespace of the cluster itself is a namespace as others are")
async def test_a_namespace_of_the_cluster(stage: Stage) -> None:
    name, home = f"of-{stage.namespace}", "kube-public"
    await stage.annotate_namespace(namespace=home, default_region=OTHER_REGION)
    try:
        await stage.start(services=("ecr",), watched=(home,))
        await stage.apply(repository(name), home)
        await stage.until_synced(f"repository/{name}", home)
        assert repositories(stage, OTHER_REGION) == {name}
        await stage.delete(f"repository/{name}", home)
        await stage.until_gone(f"repository/{name}", home)
    finally:
        await stage.annotate_namespace(namespace=home, default_region=None)
