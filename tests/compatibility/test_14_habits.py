"""What clients do without a thought: they delete and re-make a name, send back what they have read, and install in any order."""

from __future__ import annotations

import pytest
from tests.compatibility.subjects import ENABLED, made, subject

from ackpy.errors import NotFound
from ackpy.kube.calls import WriteOptions
from ackpy.kube.objects import Object, ObjectKey, uid_of
from ackpy.kube.resource import NAMESPACES
from ackpy.testing.stage import RESOURCES, Stage, ack, bucket, conditions, repository, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "C14-2": "state is kept by uid: a name that is deleted and made again within half a second starts from nothing",
    "C14-3": "the default tags are exactly the controller's version and the namespace",
    "C14-4": "bodies that are sent back may hold status, managedFields, uid and generation",
    "C14-5": "without fieldValidation unknown fields are pruned and not refused",
    "C14-6": "the system namespace and its ConfigMaps may not exist, or appear seconds before they are used",
    "C14-7": "references to other namespaces are on by default",
    "C14-8": "rds' last-applied-secret-reference and sagemaker's last-endpoint-config-for-update are annotations that clients read",
}
UNCOVERED = {
    "C14-8": "kind not in the catalog yet",
}
SYNCED = {"ACK.ResourceSynced": "True", "Ready": "True"}
BUCKETS = RESOURCES["bucket"]


async def made_again(stage: Stage, what: str, manifest: Object) -> Object:
    """Delete it, make the name again the moment that it is free; the new object once it has conditions."""
    old = await stage.get(what)
    await stage.delete(what)
    await stage.until_gone(what)
    new = await stage.apply(manifest)
    assert uid_of(new) != uid_of(old)
    return await stage.until(what, lambda obj: uid_of(obj) == uid_of(new) and conditions(obj))


@rule("C14-2", "a bucket that is deleted and made again is created again, and in step")
async def test_a_name_again(stage: Stage) -> None:
    what, _ = await made(stage, **ENABLED)
    found = await made_again(stage, what, subject(stage)[1])
    assert statuses(found) == SYNCED
    assert stage.operations().count("CreateBucket") == 2
    assert stage.aws("s3").get_bucket_versioning(Bucket=stage.namespace).get("Status") is None


@rule("C14-2", "a retained bucket is not the new object's: it says that the resource exists")
async def test_a_name_again_with_a_retained_resource(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what, manifest = subject(stage, annotations=ack(deletion_policy="retain"), **ENABLED)
    await stage.apply(manifest)
    await stage.until_synced(what)
    last = stage.last_call()
    found = await made_again(stage, what, subject(stage)[1])
    assert conditions(found)["ACK.Terminal"]["message"] == "Resource already exists"
    assert stage.writes(last) == []
    assert stage.aws("s3").get_bucket_versioning(Bucket=stage.namespace)["Status"] == "Enabled"


@rule("C14-2", "a Terminal object leaves nothing to the next of its name")
async def test_a_name_again_after_a_fault(stage: Stage) -> None:
    await stage.start(services=("s3",))
    what, manifest = subject(stage, policy="{")
    await stage.apply(manifest)
    await stage.until_condition(what, "ACK.Terminal")
    assert statuses(await made_again(stage, what, subject(stage)[1])) == SYNCED


@rule("C14-2", "three times in a row, as fast as it goes, each object is made and goes")
async def test_a_name_again_and_again(stage: Stage) -> None:
    what, _ = await made(stage)
    for _ in range(3):
        assert statuses(await made_again(stage, what, subject(stage)[1])) == SYNCED
    assert stage.operations().count("CreateBucket") == 4
    assert stage.operations().count("DeleteBucket") == 3


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("bucket", marks=rule("C14-3", "of a bucket without tags")),
        pytest.param("repository", marks=rule("C14-3", "of a repository without tags")),
    ],
)
async def test_the_default_tags(stage: Stage, kind: str) -> None:
    await stage.start(services=("s3",) if kind == "bucket" else ("ecr",))
    name = stage.namespace
    await stage.apply((bucket if kind == "bucket" else repository)(name))
    obj = await stage.until_synced(f"{kind}/{name}")
    if kind == "bucket":
        found = stage.aws("s3").get_bucket_tagging(Bucket=name)["TagSet"]
    else:
        arn = obj["status"]["ackResourceMetadata"]["arn"]
        found = stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
    tags = {each["Key"]: each["Value"] for each in found}
    version = tags.pop("services.k8s.aws/controller-version")
    assert version.startswith("s3-" if kind == "bucket" else "ecr-")
    assert tags == {"services.k8s.aws/namespace": stage.namespace}
    assert not {"tags", "tagging"} & obj["spec"].keys(), "and the spec has none of them"


def sent_back(obj: Object) -> Object:
    """What clients send of an object that they have read: all of it."""
    assert {"uid", "generation", "managedFields", "creationTimestamp"} <= obj["metadata"].keys()
    assert obj["status"]
    return obj


@rule("C14-4", "a bucket's object that was read, deleted and is created anew with all that it held is made anew")
async def test_a_body_that_is_created_again(stage: Stage) -> None:
    what, obj = await made(stage, **ENABLED)
    await stage.delete(what)
    await stage.until_gone(what)
    body = sent_back(obj)
    meta = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
    new = await stage.client.create(BUCKETS, {**body, "metadata": meta})
    assert uid_of(new) != uid_of(obj)
    assert "status" not in new
    assert new["metadata"]["generation"] == 1
    assert statuses(await stage.until_synced(what)) == SYNCED
    assert stage.operations().count("CreateBucket") == 2


@rule("C14-4", "a status that is sent back in a PUT or a merge patch changes nothing")
async def test_a_status_that_is_sent_back(stage: Stage) -> None:
    what, obj = await made(stage)
    body = {**sent_back(obj), "status": {"conditions": [], "location": "/elsewhere"}}
    assert (await stage.client.replace(BUCKETS, body))["status"] == obj["status"]
    key = ObjectKey(stage.namespace, stage.namespace)
    body = {**await stage.get(what), "status": {"location": "/elsewhere"}}
    assert (await stage.client.patch(BUCKETS, key, body))["status"] == obj["status"]


@rule("C14-4", "an apply of what was read, with an edit, is the edit")
async def test_an_applied_body(stage: Stage) -> None:
    what, obj = await made(stage)
    meta = {name: obj["metadata"][name] for name in ("name", "namespace", "uid", "creationTimestamp", "annotations")}
    body = {**obj, "metadata": meta, "spec": {**obj["spec"], **ENABLED}}
    options = WriteOptions(field_manager="somebody", force=True)
    key = ObjectKey(stage.namespace, stage.namespace)
    await stage.client.patch(BUCKETS, key, body, kind="apply", options=options)
    await stage.until(
        what, lambda _: stage.aws("s3").get_bucket_versioning(Bucket=stage.namespace).get("Status") == "Enabled"
    )


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param("create", marks=rule("C14-5", "in a create")),
        pytest.param("replace", marks=rule("C14-5", "in a PUT")),
        pytest.param("patch", marks=rule("C14-5", "in a merge patch")),
    ],
)
async def test_unknown_fields(stage: Stage, verb: str) -> None:
    await stage.start(services=("s3",))
    what, manifest = subject(stage, **ENABLED)
    unknown = {"spec": {**manifest["spec"], "nobodyKnows": 1, "versioning": {"status": "Enabled", "nobodyKnows": 2}}}
    placed = {**manifest, "metadata": {"name": stage.namespace, "namespace": stage.namespace}}
    key = ObjectKey(stage.namespace, stage.namespace)
    if verb == "create":
        await stage.client.create(BUCKETS, {**placed, **unknown})
    elif verb == "replace":
        await stage.client.create(BUCKETS, placed)
        await stage.client.replace(BUCKETS, {**await stage.get(what), **unknown})
    else:
        await stage.client.create(BUCKETS, placed)
        await stage.client.patch(BUCKETS, key, unknown)
    found = await stage.until_synced(what)
    assert found["spec"] == manifest["spec"]


async def begun(stage: Stage, system: str) -> None:
    """The operator, whose own namespace is another one."""
    await stage.start(services=("s3",), environment={"ACK_SYSTEM_NAMESPACE": system})


@rule("C14-6", "without a system namespace a bucket is made")
async def test_no_system_namespace(stage: Stage) -> None:
    system = f"{stage.namespace}-system"
    with pytest.raises(NotFound):
        await stage.client.get(NAMESPACES, ObjectKey("", system))
    await begun(stage, system)
    what, manifest = subject(stage)
    await stage.apply(manifest)
    assert statuses(await stage.until_synced(what)) == SYNCED


@rule("C14-6", "a system namespace and a role map that appear while an object waits for them are found at once")
async def test_a_system_namespace_that_appears(stage: Stage) -> None:
    system, owner = f"{stage.namespace}-system", "111122223333"
    arn = stage.make_role(owner, stage.namespace)
    await stage.annotate_namespace(owner_account_id=owner)
    await begun(stage, system)
    what, manifest = subject(stage)
    await stage.apply(manifest)
    await stage.until_condition(what, "ACK.ResourceSynced", "False")
    await stage.make_namespace("system")
    await stage.map_roles({owner: arn}, namespace=system)
    found = await stage.until_synced(what)
    assert found["status"]["ackResourceMetadata"]["ownerAccountID"] == owner


KEY = {"kmsKeyRef": {"from": {"name": "key", "namespace": "elsewhere"}}, "encryptionType": "KMS"}


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        pytest.param((), "Unknown", marks=rule("C14-7", "one that is not there is waited for, without a flag")),
        pytest.param(
            ("--enable-cross-namespace=false",),
            "False",
            marks=rule("C14-7", "with the flag switched off it is refused: the default is that it is on"),
        ),
    ],
)
async def test_a_reference_to_another_namespace(stage: Stage, flags: tuple[str, ...], status: str) -> None:
    await stage.start(*flags, services=("ecr",))
    await stage.apply(repository("mine", encryptionConfiguration=KEY))
    found = await stage.until_condition("repository/mine", "ACK.ReferencesResolved", status)
    denied = "not allowed" in conditions(found)["ACK.ReferencesResolved"]["reason"]
    assert denied == (status == "False")
    assert stage.operations() == []
