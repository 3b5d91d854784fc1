"""Section 10, AdoptedResource: what older installations have in place of the adoption annotations."""

from __future__ import annotations

from typing import Any

import pytest

from ackpy.errors import Invalid, NotFound
from ackpy.kube.objects import Object, annotations_of, finalizers_of, uid_of
from ackpy.testing.stage import RESOURCES, Stage, ack, another_account, bucket, conditions, rule

pytestmark = pytest.mark.slow

RULES = {
    "10-1": "spec.aws: nameOrID, arn, additionalKeys",
    "10-2": "spec.kubernetes: group and kind, and the metadata of the object",
    "10-3": "the condition ACK.Adopted",
    "10-4": "one of another service's group is left alone",
    "10-5": "one that is adopted already is done with",
    "10-6": "role, region and endpoint are found as for other objects",
    "10-7": "the object: name and namespace, finalizer and mark, and its status",
    "10-8": "the object is made only if there is none",
    "10-9": "its own finalizer",
    "10-10": "deleting it only takes its finalizer",
    "10-11": "an error is ACK.Adopted False, and is tried again",
}

FINALIZER = "finalizers.services.k8s.aws/AdoptedResource"
REPOSITORY = "finalizers.ecr.services.k8s.aws/Repository"


def asking(
    aws: dict[str, Any],
    *,
    kind: str = "Repository",
    group: str = "ecr.services.k8s.aws",
    marks: dict[str, str] | None = None,
    finalizers: tuple[str, ...] = (),
    metadata: dict[str, Any] | None = None,
) -> Object:
    """An AdoptedResource named "old", with annotations `marks`, for an object with this metadata."""
    wanted = {"group": group, "kind": kind, **({"metadata": metadata} if metadata else {})}
    meta = {"name": "old", "annotations": marks or {}, "finalizers": list(finalizers)}
    spec = {"aws": aws, "kubernetes": wanted}
    return {**RESOURCES["adoptedresource"].type_meta, "metadata": meta, "spec": spec}


def a_repository(stage: Stage, region: str = "us-east-1", account: str = "") -> Any:
    """A repository in AWS that nobody manages; returns ECR."""
    ecr = stage.aws("ecr", region, account)
    ecr.create_repository(repositoryName="theirs", imageTagMutability="IMMUTABLE")
    return ecr


async def adopted(stage: Stage, manifest: Object) -> Object:
    """Wait until an AdoptedResource says that it is done; returns it."""
    await stage.apply(manifest)
    return await stage.until_condition("adoptedresource/old", "ACK.Adopted")


async def refused(stage: Stage, manifest: Object) -> str:
    """Wait until it says that it is not; returns why."""
    await stage.apply(manifest)
    found = conditions(await stage.until_condition("adoptedresource/old", "ACK.Adopted", "False"))
    message: str = found["ACK.Adopted"]["message"]
    return message


# 10-1, what leads to the resource


LEADING = [
    pytest.param({"nameOrID": "theirs"}, id="name", marks=rule("10-1", "nameOrID is the kind's identifier")),
    pytest.param(
        {"arn": "arn:aws:ecr:us-east-1:{account}:repository/theirs"}, id="arn", marks=rule("10-1", "or its ARN")
    ),
    pytest.param(
        {"additionalKeys": {"name": "theirs"}}, id="keys", marks=rule("10-1", "or additionalKeys give all there is")
    ),
    pytest.param(
        {"nameOrID": "theirs", "additionalKeys": {"registryID": "{account}"}},
        id="both",
        marks=rule("10-1", "additionalKeys stand beside nameOrID"),
    ),
]


@pytest.mark.parametrize("aws", LEADING)
async def test_what_leads_to_it(stage: Stage, aws: dict[str, Any]) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    filled = {name: each.format(account=stage.account) if isinstance(each, str) else each for name, each in aws.items()}
    if "registryID" in filled.get("additionalKeys", {}):
        filled["additionalKeys"] = {"registryID": stage.account}
    await adopted(stage, asking(filled))
    obj = await stage.get("repository/old")
    assert obj["spec"]["name"] == "theirs"
    assert obj["spec"]["imageTagMutability"] == "IMMUTABLE"


@rule("10-1", "one that gives neither is refused, and no object is made")
async def test_nothing_to_go_by(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    assert await refused(stage, asking({})) == "spec.aws: give nameOrID or arn, by which the AWS resource is found"
    with pytest.raises(NotFound):
        await stage.get("repository/old")


# 10-2, the object that is asked for


@rule("10-2", "name, labels, annotations and owners of the object are those that the metadata names")
async def test_metadata(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    kept = await stage.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid_of(kept)}
    metadata = {
        "name": "mine",
        "labels": {"team": "red"},
        "annotations": ack(deletion_policy="retain"),
        "ownerReferences": [owner],
    }
    await adopted(stage, asking({"nameOrID": "theirs"}, metadata=metadata))
    obj = await stage.get("repository/mine")
    assert obj["metadata"]["labels"] == {"team": "red"}
    assert obj["metadata"]["ownerReferences"] == [owner]
    assert ack(deletion_policy="retain").items() <= annotations_of(obj).items()


@rule("10-2", "another namespace may be named, and the object is made there")
async def test_another_namespace(stage: Stage) -> None:
    a_repository(stage)
    elsewhere = await stage.make_namespace("elsewhere")
    await stage.start(services=("ecr",), watched=(elsewhere,))
    await adopted(stage, asking({"nameOrID": "theirs"}, metadata={"namespace": elsewhere}))
    await stage.until_synced("repository/old", elsewhere)


@rule("10-2", "another namespace is refused with --enable-cross-namespace=false")
async def test_not_across_namespaces(stage: Stage) -> None:
    elsewhere = await stage.make_namespace("elsewhere")
    await stage.start("--enable-cross-namespace=false", services=("ecr",), watched=(elsewhere,))
    said = await refused(stage, asking({"nameOrID": "theirs"}, metadata={"namespace": elsewhere}))
    assert said.endswith("stay in it, or let the controller run with --enable-cross-namespace")
    with pytest.raises(NotFound):
        await stage.get("repository/old", elsewhere)


@rule("10-2", "generateName makes one name, and the same at every try")
async def test_a_generated_name(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    done = await adopted(stage, asking({"nameOrID": "theirs"}, metadata={"generateName": "made-"}))
    found = await stage.client.list(RESOURCES["repository"])
    mine = [each["metadata"]["name"] for each in found.items if each["metadata"]["namespace"] == stage.namespace]
    assert mine == [f"made-{uid_of(done)[:8]}"]


NEEDED = [
    pytest.param("group", id="group", marks=rule("10-2", "the schema asks for the group")),
    pytest.param("kind", id="kind", marks=rule("10-2", "and for the kind")),
]


@pytest.mark.parametrize("member", NEEDED)
async def test_the_schema(stage: Stage, member: str) -> None:
    manifest = asking({"nameOrID": "theirs"})
    del manifest["spec"]["kubernetes"][member]
    with pytest.raises(Invalid, match=rf"spec\.kubernetes\.{member}: Required value"):
        await stage.apply(manifest)


@rule("10-2", "a kind that the group does not have is refused and named")
async def test_no_such_kind(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    said = await refused(stage, asking({"nameOrID": "theirs"}, kind="Bucket"))
    assert said == "spec.kubernetes.kind: ecr.services.k8s.aws has no kind Bucket here"


# 10-3, the condition


@rule("10-3", "success is ACK.Adopted True, and the one condition")
async def test_success(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    done = await adopted(stage, asking({"nameOrID": "theirs"}))
    [condition] = done["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("ACK.Adopted", "True")


# 10-4, 10-5


@rule("10-4", "one for a service that does not run here gets no condition, and no AWS call is made for it")
async def test_another_service(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(asking({"nameOrID": stage.namespace}, kind="Bucket", group="s3.services.k8s.aws"))
    await stage.quiet("adoptedresource/old")
    assert "status" not in await stage.get("adoptedresource/old")
    assert stage.operations() == []


@rule("10-5", "an object that is deleted afterwards is not made again")
async def test_done_with(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    metadata = {"annotations": ack(deletion_policy="retain")}
    await adopted(stage, asking({"nameOrID": "theirs"}, metadata=metadata))
    await stage.delete("repository/old")
    await stage.until_gone("repository/old")
    await stage.annotate("adoptedresource/old", {"example.com/note": "again"})
    await stage.quiet("adoptedresource/old")
    with pytest.raises(NotFound):
        await stage.get("repository/old")


# 10-6, where and as whom


@rule("10-6", "its region annotation is where the resource is looked for")
async def test_region(stage: Stage) -> None:
    a_repository(stage, "eu-west-1")
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}, marks=ack(region="eu-west-1")))
    obj = await stage.get("repository/old")
    assert obj["status"]["ackResourceMetadata"]["region"] == "eu-west-1"
    assert annotations_of(obj)["services.k8s.aws/region"] == "eu-west-1"


@rule("10-6", "the namespace's region is, where it has none")
async def test_the_namespaces_region(stage: Stage) -> None:
    a_repository(stage, "eu-west-1")
    await stage.annotate_namespace(default_region="eu-west-1")
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}))
    obj = await stage.get("repository/old")
    assert obj["status"]["ackResourceMetadata"]["region"] == "eu-west-1"


@rule("10-6", "in a namespace with an owner account its role looks for the resource there")
async def test_role(stage: Stage) -> None:
    owner = another_account()
    a_repository(stage, account=owner)
    await stage.map_roles({owner: stage.make_role(owner)})
    await stage.annotate_namespace(owner_account_id=owner)
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}))
    obj = await stage.get("repository/old")
    assert obj["status"]["ackResourceMetadata"]["ownerAccountID"] == owner


@rule("10-6", "an endpoint of the namespace that is not allowed stops it, with the text that other objects have")
async def test_endpoint(stage: Stage) -> None:
    await stage.annotate_namespace(endpoint_url="https://aws.example")
    await stage.start(services=("ecr",))
    said = await refused(stage, asking({"nameOrID": "theirs"}))
    holder = f"the annotation services.k8s.aws/endpoint-url of Namespace {stage.namespace}"
    assert said == f"{holder} sends requests to aws.example, which is no endpoint of AWS"
    assert stage.operations() == []


# 10-7, 10-8, the object


@rule("10-7", "the object has name and namespace of the AdoptedResource, finalizer, mark and a status, and is synced")
async def test_the_object(stage: Stage) -> None:
    ecr = a_repository(stage)
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}))
    obj = await stage.until_synced("repository/old")
    assert finalizers_of(obj) == [REPOSITORY]
    assert annotations_of(obj)["services.k8s.aws/adopted"] == "true"
    [made] = ecr.describe_repositories()["repositories"]
    assert obj["status"]["repositoryURI"] == made["repositoryUri"]


@rule("10-7", "the object adopts by the annotations, so that what it says of itself is what other adopted objects say")
async def test_by_annotations(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}))
    found = annotations_of(await stage.get("repository/old"))
    assert found["services.k8s.aws/adoption-policy"] == "adopt"
    assert found["services.k8s.aws/adoption-fields"] == '{"name": "theirs"}'


@rule("10-8", "an object that is there already is not written over, and what it says against it is reported")
async def test_not_written_over(stage: Stage) -> None:
    a_repository(stage)
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start()
    await stage.apply(bucket("old", name=stage.namespace))
    before = await stage.until_condition("bucket/old", "ACK.Terminal")
    wanted = asking({"nameOrID": stage.namespace}, kind="Bucket", group="s3.services.k8s.aws")
    assert await refused(stage, wanted) == "Resource already exists"
    assert (await stage.get("bucket/old"))["metadata"] == before["metadata"]


# 10-9, 10-10, its own end


@rule("10-9", "it gets no finalizer, for nothing of AWS hangs on it, where ACK sets one")
async def test_no_finalizer(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    assert finalizers_of(await adopted(stage, asking({"nameOrID": "theirs"}))) == []


@rule("10-10", "one that has ACK's finalizer is let go; object and resource stay, and AWS is not called")
async def test_its_end(stage: Stage) -> None:
    ecr = a_repository(stage)
    await stage.start(services=("ecr",))
    await adopted(stage, asking({"nameOrID": "theirs"}, finalizers=(FINALIZER,)))
    before = await stage.until_synced("repository/old")
    since = stage.last_call()
    await stage.delete("adoptedresource/old")
    await stage.until_gone("adoptedresource/old")
    assert stage.operations(since) == []
    assert uid_of(await stage.get("repository/old")) == uid_of(before)
    assert len(ecr.describe_repositories()["repositories"]) == 1


@rule("10-10", "other finalizers of it stay")
async def test_others_finalizers(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await refused(stage, asking({}, finalizers=(FINALIZER, "example.com/backup")))
    await stage.delete("adoptedresource/old")
    await stage.until("adoptedresource/old", lambda obj: finalizers_of(obj) == ["example.com/backup"])
    await stage.patch("adoptedresource/old", {"metadata": {"finalizers": None}})


# 10-11, errors


@rule("10-11", "a resource that is not there is ACK.Adopted False, and True as soon as it appears")
async def test_missing(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    assert await refused(stage, asking({"nameOrID": "theirs"})) == "adopted resource not found"
    a_repository(stage)
    await stage.until_condition("adoptedresource/old", "ACK.Adopted")


@rule("10-11", "AWS's refusal of the read is ACK.Adopted False with its text, and tried again")
async def test_denied(stage: Stage) -> None:
    a_repository(stage)
    stage.fault(act="error", operation="DescribeRepositories", status=400, code="AccessDeniedException", message="no")
    await stage.start(services=("ecr",))
    assert await refused(stage, asking({"nameOrID": "theirs"})) == "api error AccessDeniedException: no"
    await stage.until_condition("adoptedresource/old", "ACK.Adopted")


@rule("10-11", "with the gate ResourceAdoption off it is ACK.Adopted False, and no object is made")
async def test_the_gate(stage: Stage) -> None:
    await stage.start("--feature-gates=ResourceAdoption=false", services=("ecr",))
    said = "adoption is turned off: let the controller run with --feature-gates=ResourceAdoption=true"
    assert await refused(stage, asking({"nameOrID": "theirs"})) == said
    with pytest.raises(NotFound):
        await stage.get("repository/old")


@rule("10-11", "a corrected spec is tried at once")
async def test_corrected(stage: Stage) -> None:
    a_repository(stage)
    await stage.start(services=("ecr",))
    await refused(stage, asking({}))
    await stage.patch("adoptedresource/old", {"spec": {"aws": {"nameOrID": "theirs"}}})
    await stage.until_condition("adoptedresource/old", "ACK.Adopted")
