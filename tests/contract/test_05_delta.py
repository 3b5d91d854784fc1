"""Sections 5.1 to 5.3 of the contract: late initialisation, what counts as a difference, and patches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.repositories import (
    ADOPT,
    ARN,
    EXPIRING,
    FINALIZER,
    LIFECYCLE,
    PULLERS,
    PULLING,
    REPO,
    encrypted,
    looks,
    make_key,
    marked,
    message,
    owned,
    tags,
    written,
)

from ackpy.kube import objects
from ackpy.testing.stage import Stage, bucket, repository, rule, statuses, writes

pytestmark = pytest.mark.slow

RULES = {
    "5.1-1": "late initialisation: nothing on kinds without such fields",
    "5.1-2": "late initialisation: a further read",
    "5.1-3": "late initialisation: AWS's value goes where the object has none",
    "5.1-4": "late initialisation: what is incomplete is looked at again after 5 s",
    "5.1-5": "late initialisation: the patch makes a generation, and that a pass",
    "5.1-6": "late initialisation: what is not set yet is not updated first",
    "5.2-1": "delta: spec fields alone; nothing against something",
    "5.2-2": "delta: ignored fields",
    "5.2-3": "delta: references",
    "5.2-4": "delta: lists of strings, in any order",
    "5.2-5": "delta: lists of structures, in order",
    "5.2-6": "delta: maps",
    "5.2-7": "delta: tags as a map",
    "5.2-8": "delta: IAM policies by meaning",
    "5.2-9": "delta: documents parsed",
    "5.2-10": "delta: blobs",
    "5.2-11": "delta: Secrets by their names",
    "5.2-12": "delta: prefixes, and what a kind's hooks make equal",
    "5.3-1": "patch: nothing when nothing changed",
    "5.3-2": "patch: a merge patch of what is ours",
    "5.3-3": "patch: somebody else's write in between",
    "5.3-4": "patch: what references stand for is left out",
    "5.3-5": "patch: AWS's and the controller's tags are left out",
    "5.3-6": "patch: the end of the process does not cut it off",
}
UNCOVERED = {
    "5.2-6": "no kind of S3 or ECR has a map in its spec; tests/model/test_compare.py",
    "5.2-10": "no kind of S3 or ECR has a blob in its spec; tests/model/test_compare.py",
    "5.2-11": "no kind of S3 or ECR takes a Secret; tests/controllers/test_secrets.py",
}


async def quiet_after_create(stage: Stage) -> int:
    """Wait until a new repository has been looked at once more; the number of the last call."""
    await stage.wait(looks(stage, 2), "the look that follows the create")
    await stage.quiet(REPO)
    return stage.last_call()


async def owned_bucket(stage: Stage, **spec: Any) -> tuple[str, str]:
    """A bucket in step: its name, and what the object is called."""
    name = f"{stage.namespace}-mine"
    await stage.start(services=("s3",))
    await stage.apply(bucket(name, **spec))
    await stage.until_synced(f"bucket/{name}")
    return name, f"bucket/{name}"


# 5.1 Late initialisation


@rule("5.1-1", "a Bucket's spec is as its author wrote it, and nothing is read for it")
async def test_no_late_fields(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start(services=("s3",))
    async with stage.history(f"bucket/{name}") as told:
        await stage.apply(bucket(name))
        await stage.until_synced(f"bucket/{name}")
    assert [each["spec"] for each in told] == [{"name": name}] * len(told)
    assert stage.operations() == ["GetBucketTagging", "CreateBucket"]


@rule("5.1-3", "a field that the user took out again is filled again")
async def test_a_late_field_taken_out(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.patch(REPO, {"spec": {"registryID": None}})
    obj = await stage.until(REPO, lambda obj: "registryID" in obj["spec"])
    assert obj["spec"]["registryID"] == stage.account


@rule("5.1-3", "a value of the user's is not overwritten with AWS's: it is put into AWS")
async def test_a_late_field_of_the_users(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start("--late-initialize=ack", services=("s3",))
    mine = {"rules": [{"objectOwnership": "ObjectWriter"}]}
    await stage.apply(bucket(name, ownershipControls=mine))
    obj = await stage.until_synced(f"bucket/{name}")
    assert obj["spec"]["ownershipControls"] == mine
    assert "encryption" in obj["spec"]
    found = stage.aws("s3").get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert found["Rules"] == [{"ObjectOwnership": "ObjectWriter"}]


@rule("5.1-4", "what is incomplete is looked at again by itself, well before ACK's 5 s, and then filled")
async def test_an_incomplete_late_field(stage: Stage) -> None:
    stage.fault(act="drop", operation="CreateRepository", times=1)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_synced(REPO)
    first = next(each for each in told if "status" in each)
    assert "registryID" not in first["spec"]
    assert told[-1]["spec"]["registryID"] == stage.account
    assert stage.operations().count("CreateRepository") == 2


@rule("5.1-5", "the filled spec starts no pass of its own: one look follows a create, and then there is silence (W23)")
async def test_no_pass_of_its_own(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    await quiet_after_create(stage)
    assert stage.operations().count("DescribeRepositories") == 2
    assert objects.version_of(await stage.get(REPO)) == objects.version_of(obj)


@rule("5.1-6", "late fields that are not set yet are read and not updated (W13)")
async def test_late_fields_are_not_reset(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start("--late-initialize=ack", services=("s3",))
    await stage.apply(bucket(name))
    obj = await stage.until_synced(f"bucket/{name}")
    assert written(stage) == ["CreateBucket"]
    assert {"encryption", "ownershipControls"} <= obj["spec"].keys()


# 5.2 Delta: what somebody else writes into AWS, and whether the next look sets it back. Calls of the test itself count too.


@pytest.mark.parametrize(
    ("drifted", "expected"),
    [
        pytest.param(
            "DeleteBucketLifecycle",
            ["PutBucketLifecycleConfiguration"],
            marks=rule("5.2-1", "what the spec has and AWS has not is a difference"),
        ),
        pytest.param(
            "PutBucketVersioning", [], marks=rule("5.2-1", "what AWS has and the spec never had is none (W13)")
        ),
    ],
)
async def test_nothing_against_something(stage: Stage, drifted: str, expected: list[str]) -> None:
    rules = [{"id": "a", "status": "Enabled", "filter": {"prefix": "x/"}, "expiration": {"days": 7}}]
    name, what = await owned_bucket(stage, lifecycle={"rules": rules})
    last = stage.last_call()
    if drifted == "DeleteBucketLifecycle":
        stage.aws("s3").delete_bucket_lifecycle(Bucket=name)
    else:
        stage.aws("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    await stage.look(what)
    assert written(stage, last) == [drifted, *expected]


@rule("5.2-1", "what AWS has inside a structure of the spec, and the spec does not set, is none")
async def test_a_leaf_of_somebody_elses(stage: Stage) -> None:
    name, what = await owned_bucket(stage, publicAccessBlock={"blockPublicACLs": True})
    theirs = {"BlockPublicAcls": True, "RestrictPublicBuckets": True}
    stage.aws("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=theirs)
    last = stage.last_call()
    await stage.look(what)
    assert written(stage, last) == []


@rule("5.2-2", "a field that only a create takes is no difference afterwards")
async def test_ignored_fields(stage: Stage) -> None:
    _, what = await owned_bucket(stage)
    last = stage.last_call()
    await stage.patch(what, {"spec": {"objectOwnership": "ObjectWriter"}})
    obj = await stage.look(what)
    assert (written(stage, last), statuses(obj)["ACK.ResourceSynced"]) == ([], "True")


@rule("5.2-3", "another reference that stands for the same value is no difference, one for another value is")
async def test_references_are_compared_by_what_they_stand_for(stage: Stage) -> None:
    await make_key(stage, "one")
    await make_key(stage, "same")
    await make_key(stage, "other", ARN.replace("1234abcd", "abcd1234"))
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "one"))
    await stage.until_synced(REPO)
    last = stage.last_call()
    await stage.apply(encrypted("mine", "same"))
    obj = await stage.look(REPO)
    assert (written(stage, last), statuses(obj)["ACK.ResourceSynced"]) == ([], "True")
    await stage.apply(encrypted("mine", "other"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert message(obj, "ACK.Terminal").startswith("spec.encryptionConfiguration")
    assert written(stage, last) == []


@rule("5.2-4", "a list of words in another order is no difference")
async def test_lists_of_words(stage: Stage) -> None:
    applied = ["REPLICATION", "PULL_THROUGH_CACHE"]
    await stage.start(services=("ecr",))
    manifest = {"apiVersion": "ecr.services.k8s.aws/v1alpha1", "kind": "RepositoryCreationTemplate"}
    await stage.apply({**manifest, "metadata": {"name": "mine"}, "spec": {"prefix": "mine", "appliedFor": applied}})
    await stage.until_synced("template/mine")
    ecr = stage.aws("ecr")
    ecr.update_repository_creation_template(prefix="mine", appliedFor=applied[::-1])
    [found] = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert found["appliedFor"] == applied[::-1]
    last = stage.last_call()
    await stage.look("template/mine")
    assert written(stage, last) == []


@rule("5.2-5", "a list of structures in another order is a difference")
async def test_lists_of_structures(stage: Stage) -> None:
    rules = [{"allowedMethods": [method], "allowedOrigins": ["*"]} for method in ("GET", "PUT")]
    name, what = await owned_bucket(stage, cors={"corsRules": rules})
    theirs = [{"AllowedMethods": [method], "AllowedOrigins": ["*"]} for method in ("PUT", "GET")]
    last = stage.last_call()
    stage.aws("s3").put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": theirs})
    await stage.look(what)
    assert written(stage, last) == ["PutBucketCors"] * 2
    found = stage.aws("s3").get_bucket_cors(Bucket=name)["CORSRules"]
    assert [each["AllowedMethods"] for each in found] == [["GET"], ["PUT"]]


@rule("5.2-5", "structures that have a key are told apart by it, in any order")
async def test_lists_of_keyed_structures(stage: Stage) -> None:
    rules = [
        {"id": name, "status": "Enabled", "filter": {"prefix": f"{name}/"}, "expiration": {"days": 7}}
        for name in ("a", "b")
    ]
    name, what = await owned_bucket(stage, lifecycle={"rules": rules})
    theirs = [
        {"ID": name, "Status": "Enabled", "Filter": {"Prefix": f"{name}/"}, "Expiration": {"Days": 7}}
        for name in ("b", "a")
    ]
    stage.aws("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": theirs})
    last = stage.last_call()
    await stage.look(what)
    assert written(stage, last) == []


@rule("5.2-7", "tags in another order are no difference")
async def test_tags_in_another_order(stage: Stage) -> None:
    name, what = await owned_bucket(stage, tagging={"tagSet": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]})
    s3 = stage.aws("s3")
    found = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": found[::-1]})
    last = stage.last_call()
    await stage.look(what)
    assert written(stage, last) == []


@rule("5.2-7", "somebody else's tags stay where the user names none")
async def test_tags_of_others(stage: Stage) -> None:
    await owned(stage)
    arn = (await stage.get(REPO))["status"]["ackResourceMetadata"]["arn"]
    stage.aws("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "theirs", "Value": "x"}])
    last = stage.last_call()
    obj = await stage.look(REPO)
    assert written(stage, last) == []
    assert tags(stage, obj)["theirs"] == "x"


@rule("5.2-7", "a tag with another value is tagged anew and not untagged first")
async def test_a_changed_tag(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", tags=[{"key": "a", "value": "1"}]))
    await stage.until_synced(REPO)
    last = stage.last_call()
    await stage.patch(REPO, {"spec": {"tags": [{"key": "a", "value": "2"}]}})
    await stage.wait(looks(stage, 1, last, "TagResource"), "the tag is written")
    obj = await stage.until_synced(REPO)
    assert written(stage, last) == ["TagResource"]
    assert tags(stage, obj)["a"] == "2"


@rule("5.2-8", "a policy whose actions stand in another order, one principal by another form, is no difference")
async def test_policies(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", policy=json.dumps(PULLERS)))
    await stage.until_synced(REPO)
    same = {**PULLING, "Action": ["ecr:ListImages", "ecr:BatchGetImage"], "Principal": {"AWS": "*"}}
    theirs = {"Statement": [same], "Version": "2012-10-17"}
    stage.aws("ecr").set_repository_policy(repositoryName="mine", policyText=json.dumps(theirs, indent=2))
    last = stage.last_call()
    await stage.look(REPO)
    assert written(stage, last) == []


@rule("5.2-8", "a policy that permits more is a difference")
async def test_another_policy(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", policy=json.dumps(PULLERS)))
    await stage.until_synced(REPO)
    more = {"Version": "2012-10-17", "Statement": [{**PULLING, "Action": "ecr:*"}]}
    last = stage.last_call()
    stage.aws("ecr").set_repository_policy(repositoryName="mine", policyText=json.dumps(more))
    await stage.look(REPO)
    assert written(stage, last) == ["SetRepositoryPolicy"] * 2


@rule("5.2-9", "a document with other spaces and another order of keys is no difference")
async def test_documents(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", lifecyclePolicy=json.dumps(LIFECYCLE)))
    await stage.until_synced(REPO)
    theirs = json.dumps({"rules": [dict(reversed(EXPIRING.items()))]}, indent=3)
    stage.aws("ecr").put_lifecycle_policy(repositoryName="mine", lifecyclePolicyText=theirs)
    last = stage.last_call()
    await stage.look(REPO)
    assert written(stage, last) == []


@rule("5.2-12", "canned ACLs that grant the same on a bucket are one to the Bucket's hook")
async def test_hooks(stage: Stage) -> None:
    _, what = await owned_bucket(
        stage, acl="bucket-owner-read", ownershipControls={"rules": [{"objectOwnership": "ObjectWriter"}]}
    )
    last = stage.last_call()
    obj = await stage.look(what)
    assert (written(stage, last), obj["spec"]["acl"]) == ([], "bucket-owner-read")


@rule("5.2-12", "a difference deep inside a setting writes that setting and no other")
async def test_a_deep_difference(stage: Stage) -> None:
    name, what = await owned_bucket(
        stage, versioning={"status": "Enabled"}, publicAccessBlock={"blockPublicACLs": True, "blockPublicPolicy": True}
    )
    last = stage.last_call()
    stage.aws("s3").put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True, "BlockPublicPolicy": False}
    )
    await stage.look(what)
    assert written(stage, last) == ["PutPublicAccessBlock"] * 2


# 5.3 Patches


@rule("5.1-2", "a look costs one read of the repository, late initialisation takes its values from there (W21)")
@rule("5.3-1", "a pass that changes nothing of metadata and spec writes the status alone")
async def test_no_patch(stage: Stage) -> None:
    last = await owned(stage)
    async with stage.history(REPO) as told:
        await stage.look(REPO)
        await stage.quiet(REPO)
    assert writes(told) == ["status"]
    assert sorted(stage.operations(last)) == ["DescribeRepositories", "ListTagsForResource"]


@rule("5.3-2", "finalizers, annotations, labels and fields of others are as they were, from create to deletion")
async def test_what_is_not_ours(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    theirs = {"finalizers": ["example.org/hold"], "annotations": {"example.org/a": "b"}, "labels": {"c": "d"}}
    await stage.apply(marked(repository("mine"), **theirs))
    obj = await stage.until_synced(REPO)
    assert objects.finalizers_of(obj) == ["example.org/hold", FINALIZER]
    assert objects.annotations_of(obj)["example.org/a"] == "b"
    assert objects.labels_of(obj) == {"c": "d"}
    await stage.delete(REPO)
    obj = await stage.until(REPO, lambda obj: objects.finalizers_of(obj) == ["example.org/hold"])
    assert objects.annotations_of(obj) == {"example.org/a": "b"}
    await stage.patch(REPO, {"metadata": {"finalizers": []}})
    await stage.until_gone(REPO)


@rule("5.3-3", "an edit while the create is under way is neither lost nor overwritten, and nothing is made twice")
async def test_a_write_in_between(stage: Stage) -> None:
    stage.fault(act="delay", operation="CreateRepository", seconds=0.5)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until(REPO, lambda obj: objects.finalizers_of(obj) == [FINALIZER])
    await stage.patch(REPO, {"metadata": {"labels": {"of": "theirs"}}, "spec": {"imageTagMutability": "IMMUTABLE"}})
    await stage.wait(looks(stage, 1, 0, "PutImageTagMutability"), "the edit is written")
    obj = await stage.until_synced(REPO)
    assert stage.operations().count("CreateRepository") == 1
    assert (objects.labels_of(obj), obj["spec"]["imageTagMutability"]) == ({"of": "theirs"}, "IMMUTABLE")
    assert obj["spec"]["registryID"] == stage.account


@rule("5.3-4", "what a reference stands for is in no version of the spec")
async def test_references_stay_references(stage: Stage) -> None:
    await make_key(stage, "key")
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(encrypted("mine", "key"))
        await stage.until_synced(REPO)
    specs = [each["spec"]["encryptionConfiguration"] for each in told]
    assert specs == [{"encryptionType": "KMS", "kmsKeyRef": {"from": {"name": "key"}}}] * len(told)
    [found] = stage.aws("ecr").describe_repositories()["repositories"]
    assert found["encryptionConfiguration"]["kmsKey"] == ARN


@rule("5.3-5", "an adopted spec has the user's tags, and neither AWS's nor the controller's")
async def test_tags_of_an_adopted_spec(stage: Stage) -> None:
    given = {"a": "b", "services.k8s.aws/namespace": "elsewhere", "aws:of": "aws"}
    stage.aws("ecr").create_repository(
        repositoryName="mine", tags=[{"Key": key, "Value": value} for key, value in given.items()]
    )
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ADOPT))
    obj = await stage.until_synced(REPO)
    assert obj["spec"]["tags"] == [{"key": "a", "value": "b"}]


@rule("5.3-6", "the end of the process waits for a pass under way: its writes to the object are made")
async def test_the_end_of_the_process(stage: Stage) -> None:
    stage.fault(act="delay", operation="CreateRepository", seconds=0.5)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until(REPO, lambda obj: objects.finalizers_of(obj) == [FINALIZER])
    await stage.stop()
    obj = await stage.get(REPO)
    assert (statuses(obj)["ACK.ResourceSynced"], obj["spec"]["registryID"]) == ("True", stage.account)
