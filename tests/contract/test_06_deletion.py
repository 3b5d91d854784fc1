"""Section 6, deletion: what is asked of AWS, when the finalizer goes, and whose word decides."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.buckets import FINALIZER

from ackpy.kube.objects import Object, finalizers_of, key_of
from ackpy.testing.aws import AwsClient
from ackpy.testing.stage import RESOURCES, Stage, ack, another_account, bucket, conditions, repository, rule, writes

pytestmark = pytest.mark.slow

RULES = {
    "6-1": "an object without the kind's finalizer is none of the controller's: nothing is done about AWS",
    "6-2a": "policy delete: references are resolved, and what is wrong with them does not matter",
    "6-2b": "policy delete: the resource is read; not found ends it, another error stops the pass",
    "6-2c": "policy delete: kinds that opt in are brought into a state in which AWS lets them go",
    "6-2d": "policy delete: the delete call; an error stops the pass, success takes the finalizer in the same pass",
    "6-2e": "policy delete, asynchronous kinds: looked at again until a read does not find it",
    "6-3": "retain and read-only: the finalizer goes and AWS is not contacted, and no timer stays behind",
    "6-4": "the object's annotation goes before the namespace's for the service, that one before --deletion-policy",
    "6-5": "kinds with guards wait for a state in which they may be deleted or updated",
    "6-6": "a terminal error of the delete call ends the retries",
}

UNCOVERED = {
    "6-2c": "no kind of S3 or ECR opts in; held by tests/controllers/test_states.py::test_what_must_be_emptied_goes_first",
    "6-2e": "S3 and ECR delete at once; held for a kind with states by "
    "tests/controllers/test_states.py::test_a_deletion_that_lasts_is_asked_for_once_and_watched",
    "6-5": "no kind of S3 or ECR has states; held by "
    "tests/controllers/test_states.py::test_a_delete_call_waits_for_a_state_that_takes_it and "
    "tests/controllers/test_states.py::test_a_busy_resource_is_not_written_to",
}

POLICY = "services.k8s.aws/deletion-policy"
OF_BUCKETS = "s3.services.k8s.aws/deletion-policy"
MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
LOOKED = ["GetBucketTagging"]
LOOKED_AND_DELETED = [*LOOKED, "DeleteBucket"]


async def owning(stage: Stage, *flags: str, annotations: dict[str, str] | None = None, **spec: Any) -> str:
    """Start the operator and give it a bucket that it owns; no look at it is pending. Returns what the object is called."""
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start(*flags, services=("s3",))
    marks = ack(adoption_policy="adopt-or-create") | (annotations or {})
    await stage.apply(bucket(stage.namespace, annotations=marks, **spec))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    return what


async def seasoned(stage: Stage, what: str) -> None:
    """Let the object have been in step for a day: that AWS does not see it is no doubt any more about reads that lag behind a create."""
    resource, found = RESOURCES["bucket"], await stage.get(what)
    aged = [{**each, "lastTransitionTime": "2026-01-01T00:00:00Z"} for each in found["status"]["conditions"]]
    await stage.client.patch(resource, key_of(found), {"status": {"conditions": aged}}, subresource="status")


async def ended(stage: Stage, what: str) -> list[str]:
    """Delete the object and wait until it is gone; the AWS operations that this took."""
    since = stage.last_call()
    await stage.delete(what)
    await stage.until_gone(what)
    return stage.operations(since)


async def failing(stage: Stage, what: str, kind: str) -> Object:
    """Delete the object and wait until a condition says why it cannot go."""
    await stage.delete(what)
    return await stage.until_condition(what, kind)


def is_there(stage: Stage) -> bool:
    return stage.namespace in {each["Name"] for each in stage.aws("s3").list_buckets()["Buckets"]}


def s3(stage: Stage) -> AwsClient:
    return stage.aws("s3")


# 6-1, objects that are not managed


@rule("6-1", "an object that was refused its resource goes at once, and the stranger's resource is not asked about")
async def test_a_stranger_is_left_alone(stage: Stage) -> None:
    s3(stage).create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    assert await ended(stage, what) == []
    assert is_there(stage)


@rule("6-1", "an object that others hold and that is not managed is not written, nor AWS called")
async def test_others_finalizers_are_theirs(stage: Stage) -> None:
    s3(stage).create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    manifest = bucket(stage.namespace)
    manifest["metadata"]["finalizers"] = ["example.com/backup"]
    await stage.apply(manifest)
    await stage.until_condition(what := f"bucket/{stage.namespace}", "ACK.Terminal")
    since = stage.last_call()
    async with stage.history(what) as told:
        await stage.delete(what)
        await stage.quiet(what)
    assert [writes([told[0], each]) for each in told[1:]] == []
    assert stage.operations(since) == []
    await stage.patch(what, {"metadata": {"finalizers": None}})


@rule("6-1", "an object that stands behind an older one of the same bucket goes without touching the bucket")
async def test_a_duplicate_takes_nothing_along(stage: Stage) -> None:
    what = await owning(stage)
    await stage.apply(bucket("second", name=stage.namespace))
    await stage.until_condition("bucket/second", "ACK.Terminal")
    since = stage.last_call()
    await ended(stage, "bucket/second")
    await stage.quiet(what)
    assert stage.operations(since) == LOOKED, "the older one is told that it is alone, and looks"


# 6-2, policy delete


@rule("6-2a", "a reference that leads nowhere does not keep the resource from being deleted")
async def test_an_unresolved_reference_does_not_matter(stage: Stage) -> None:
    what = await owning(stage)
    replication = {"roleRef": {"from": {"name": "nobody"}}, "rules": [{"status": "Enabled", "destination": {}}]}
    await stage.patch(what, {"spec": {"replication": replication}})
    await stage.until_condition(what, "ACK.ReferencesResolved", "Unknown")
    assert await ended(stage, what) == LOOKED_AND_DELETED


@rule("6-2b", "a resource that is gone already takes one read and no delete call")
async def test_gone_already(stage: Stage) -> None:
    await seasoned(stage, what := await owning(stage))
    s3(stage).delete_bucket(Bucket=stage.namespace)
    assert await ended(stage, what) == LOOKED


@rule("6-2b", "a read that is refused stops the pass: no delete call, the finalizer stays, Recoverable has AWS's text")
async def test_a_refused_read_stops_it(stage: Stage) -> None:
    what = await owning(stage)
    stage.fault(act="error", operation="GetBucketTagging", status=403, code="AccessDenied", message="no", times=0)
    since = stage.last_call()
    obj = await failing(stage, what, "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "api error AccessDenied: no"
    assert finalizers_of(obj) == [FINALIZER]
    assert set(stage.operations(since)) == set(LOOKED)


@rule("6-2b", "a deletion that goes on failing turns Ready False, where ACK leaves it True")
async def test_ready_tells_of_a_failing_deletion(stage: Stage) -> None:
    what = await owning(stage)
    stage.fault(act="error", operation="GetBucketTagging", status=403, code="AccessDenied", message="no", times=0)
    found = conditions(await failing(stage, what, "ACK.Recoverable"))
    assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("False", "ACK.Recoverable")
    assert found["ACK.ResourceSynced"]["status"] == "Unknown"


@rule("6-2b", "an object whose every create was refused goes although its read is refused too")
async def test_what_was_never_made_goes(stage: Stage) -> None:
    stage.aws("s3", account=another_account()).create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace))
    await stage.until_condition(what := f"bucket/{stage.namespace}", "Ready", "False")
    assert "DeleteBucket" not in await ended(stage, what)


@rule("6-2d", "one read, one delete call, and the object is gone")
async def test_read_delete_gone(stage: Stage) -> None:
    what = await owning(stage)
    assert await ended(stage, what) == LOOKED_AND_DELETED
    assert not is_there(stage)


@rule("6-2d", "what the object has made itself is deleted with it, and an Event says so")
async def test_a_created_repository_goes(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    assert (await ended(stage, "repository/mine"))[-1] == "DeleteRepository"
    assert stage.aws("ecr").describe_repositories()["repositories"] == []
    event = await stage.until_event("repository/mine", "Deleted")
    assert event["message"] == "The AWS resource is deleted"


@rule("6-2d", "a resource that goes between the read and the delete call ends it too")
async def test_gone_in_between(stage: Stage) -> None:
    what = await owning(stage)
    gone = {"status": 404, "code": "NoSuchBucket", "message": "The specified bucket does not exist"}
    stage.fault(act="error", operation="DeleteBucket", **gone)
    assert await ended(stage, what) == LOOKED_AND_DELETED


@rule("6-2d", "a full bucket stays and its object keeps the finalizer; Recoverable says why")
async def test_a_full_bucket_stays(stage: Stage) -> None:
    what = await owning(stage)
    s3(stage).put_object(Bucket=stage.namespace, Key="k", Body=b"v")
    obj = await failing(stage, what, "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"].startswith("api error BucketNotEmpty: ")
    assert finalizers_of(obj) == [FINALIZER]
    assert is_there(stage)


@rule("6-2d", "an edit of an annotation tries a deletion that failed again, at once")
async def test_an_annotation_frees_a_full_repository(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    stage.aws("ecr").put_image(repositoryName="mine", imageManifest=MANIFEST, imageTag="v1")
    obj = await failing(stage, "repository/mine", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"].startswith("api error RepositoryNotEmptyException: ")
    await stage.annotate("repository/mine", {"ecr.services.k8s.aws/force-delete": "true"})
    await stage.until_gone("repository/mine")
    assert stage.aws("ecr").describe_repositories()["repositories"] == []


@rule(
    "6-2d",
    "a delete call whose end is not known is not repeated blindly: AWS is looked at, and what is gone ends it in the same pass",
)
async def test_an_unknown_end_is_looked_at(stage: Stage) -> None:
    await seasoned(stage, what := await owning(stage))
    stage.fault(act="reset-after", operation="DeleteBucket")
    assert await ended(stage, what) == [*LOOKED_AND_DELETED, *LOOKED]


@rule("6-2d", "our finalizer goes when the resource has gone, another's stays")
async def test_others_finalizers_outlive_ours(stage: Stage) -> None:
    what = await owning(stage)
    await stage.patch(what, {"metadata": {"finalizers": [FINALIZER, "example.com/backup"]}})
    await stage.delete(what)
    obj = await stage.until(what, lambda obj: FINALIZER not in finalizers_of(obj))
    assert finalizers_of(obj) == ["example.com/backup"]
    assert not is_there(stage)
    await stage.patch(what, {"metadata": {"finalizers": None}})


@rule(
    "6-2d",
    "a region annotation that says another region by now does not block the deletion; it goes where the resource is",
)
async def test_deletion_goes_where_the_resource_is(stage: Stage) -> None:
    what = await owning(stage)
    await stage.annotate(what, ack(region="eu-west-1"))
    await stage.until_condition(what, "ACK.Terminal")
    since = stage.last_call()
    assert await ended(stage, what) == LOOKED_AND_DELETED
    assert {call.region for call in stage.calls(since)} == {"us-east-1"}


@rule("6-2d", "the deletion of a paused object waits for the end of the pause")
async def test_a_pause_holds_the_deletion(stage: Stage) -> None:
    pause = "ackpy.services.k8s.aws/paused"
    what = await owning(stage)
    await stage.annotate(what, {pause: "true"})
    await stage.until_condition(what, "ACK.Advisory")
    since = stage.last_call()
    await stage.delete(what)
    await stage.until_condition(what, "Ready", "False")
    assert stage.operations(since) == []
    await stage.annotate(what, {pause: None})
    await stage.until_gone(what)
    assert stage.operations(since) == LOOKED_AND_DELETED


# 6-3, retain and read-only

RETAINED = [
    pytest.param(
        ack(deletion_policy="retain"),
        "its deletion policy says so",
        id="retain",
        marks=rule("6-3", "with retain the object goes without an AWS call, and the resource stays"),
    ),
    pytest.param(
        ack(read_only="true"),
        "it is read-only",
        id="read-only",
        marks=rule(
            "6-3", "a managed object that has become read-only goes without an AWS call, and the resource stays"
        ),
    ),
    pytest.param(
        ack(deletion_policy="delete", read_only="true"),
        "it is read-only",
        id="read-only-delete",
        marks=rule("6-3", "read-only goes before a policy that says delete"),
    ),
]


@pytest.mark.parametrize(("annotations", "why"), RETAINED)
async def test_retained(stage: Stage, annotations: dict[str, str], why: str) -> None:
    what = await owning(stage)
    await stage.annotate(what, annotations)
    await stage.quiet(what)
    assert await ended(stage, what) == []
    assert is_there(stage)
    event = await stage.until_event(what, "Retained")
    assert event["message"] == f"The object is gone, the AWS resource stays: {why}"


@rule("6-3", "with the gate ReadOnlyResources off the annotation read-only saves nothing")
async def test_without_the_gate_read_only_means_nothing(stage: Stage) -> None:
    flag = "--feature-gates=ReadOnlyResources=false"
    what = await owning(stage, flag, annotations=ack(read_only="true"))
    assert await ended(stage, what) == LOOKED_AND_DELETED


@rule("6-3", "retain needs nobody who may act: without a role for its account the object goes")
async def test_retained_without_a_role(stage: Stage) -> None:
    what = await owning(stage, annotations=ack(deletion_policy="retain"))
    await stage.annotate_namespace(owner_account_id=another_account())
    await stage.until_condition(what, "ACK.ResourceSynced", "False")
    assert await ended(stage, what) == []
    assert is_there(stage)


@rule("6-3", "a retained object leaves no timer behind: nothing is asked about it at the next resync")
async def test_no_timer_stays(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="witness")
    s3(stage).create_bucket(Bucket=stage.namespace)
    await stage.start("--reconcile-default-resync-seconds=1")
    marks = ack(adoption_policy="adopt-or-create", deletion_policy="retain")
    await stage.apply(bucket(stage.namespace, annotations=marks))
    await stage.apply(repository("witness", annotations=ack(read_only="true")))
    await stage.until_synced("repository/witness")
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    await ended(stage, what)
    since = stage.last_call()

    async def twice() -> bool:
        return stage.operations(since).count("DescribeRepositories") >= 2

    await stage.wait(twice, "the repository's resyncs")
    assert set(stage.operations(since)) == {"DescribeRepositories"}


@rule("6-2d", "without a role for its account a deletion waits, Ready says so, and it goes on when the role comes")
async def test_a_deletion_waits_for_its_role(stage: Stage) -> None:
    what = await owning(stage)
    await stage.annotate_namespace(owner_account_id=stage.account)
    await stage.delete(what)
    obj = await stage.until_condition(what, "Ready", "False")
    assert conditions(obj)["ACK.ResourceSynced"]["message"] == "IAM Role is not available"
    assert finalizers_of(obj) == [FINALIZER]
    await stage.map_roles({stage.account: stage.make_role(stage.account)})
    await stage.until_gone(what)
    assert not is_there(stage)


# 6-4, whose word decides

DECIDED = [
    pytest.param(
        {POLICY: "delete"},
        {OF_BUCKETS: "retain"},
        "retain",
        LOOKED_AND_DELETED,
        id="object-delete",
        marks=rule("6-4", "the object's delete goes before the namespace's and the flag's retain"),
    ),
    pytest.param(
        {POLICY: "retain"},
        {OF_BUCKETS: "delete"},
        "delete",
        [],
        id="object-retain",
        marks=rule("6-4", "the object's retain goes before the namespace's and the flag's delete"),
    ),
    pytest.param(
        {},
        {OF_BUCKETS: "retain"},
        "delete",
        [],
        id="namespace-retain",
        marks=rule("6-4", "the namespace's retain goes before the flag's delete"),
    ),
    pytest.param(
        {},
        {OF_BUCKETS: "delete"},
        "retain",
        LOOKED_AND_DELETED,
        id="namespace-delete",
        marks=rule("6-4", "the namespace's delete goes before the flag's retain"),
    ),
    pytest.param(
        {},
        {},
        "retain",
        [],
        id="flag-retain",
        marks=rule("6-4", "--deletion-policy=retain holds where nobody says anything"),
    ),
    pytest.param(
        {},
        {},
        "",
        LOOKED_AND_DELETED,
        id="nobody",
        marks=rule("6-4", "delete holds where not even the flag says anything"),
    ),
    pytest.param(
        {},
        {"ecr.services.k8s.aws/deletion-policy": "retain"},
        "delete",
        LOOKED_AND_DELETED,
        id="another-service",
        marks=rule("6-4", "the namespace's word for another service says nothing of this one"),
    ),
    pytest.param(
        {},
        {POLICY: "retain"},
        "delete",
        LOOKED_AND_DELETED,
        id="no-service",
        marks=rule("6-4", "a namespace's policy without a service is none"),
    ),
    pytest.param(
        {POLICY: ""},
        {OF_BUCKETS: "retain"},
        "delete",
        [],
        id="empty",
        marks=rule("6-4", "an empty annotation of the object counts as none"),
    ),
]


@pytest.mark.parametrize(("of_object", "of_namespace", "flag", "operations"), DECIDED)
async def test_who_decides(
    stage: Stage, of_object: dict[str, str], of_namespace: dict[str, str], flag: str, operations: list[str]
) -> None:
    await stage.patch(f"namespace/{stage.namespace}", {"metadata": {"annotations": of_namespace}})
    flags = (f"--deletion-policy={flag}",) if flag else ()
    what = await owning(stage, *flags, annotations=of_object)
    assert await ended(stage, what) == operations
    assert is_there(stage) == (operations == [])


MISTYPED = [
    pytest.param(
        "Delete", id="case", marks=rule("6-4", "Delete is not delete: it is refused, where ACK takes it for retain")
    ),
    pytest.param("keep", id="word", marks=rule("6-4", "an unknown policy is refused, where ACK takes it for retain")),
]


@pytest.mark.parametrize("value", MISTYPED)
async def test_a_mistyped_policy_is_refused(stage: Stage, value: str) -> None:
    what = await owning(stage, annotations={POLICY: "delete"})
    await stage.annotate(what, {POLICY: value})
    obj = await stage.until_condition(what, "ACK.Terminal")
    holder = f"Bucket {stage.namespace}/{stage.namespace}"
    said = f'the annotation {POLICY} of {holder} is "{value}"; it must be "delete" or "retain"'
    assert conditions(obj)["ACK.Terminal"]["message"] == said
    since = stage.last_call()
    await stage.delete(what)
    await stage.quiet(what)
    assert stage.operations(since) == [], "nothing is deleted until it is corrected"
    await stage.annotate(what, {POLICY: "delete"})
    await stage.until_gone(what)
    assert stage.operations(since) == LOOKED_AND_DELETED


@rule("6-4", "a mistyped policy of the namespace is refused too, and named as the namespace's")
async def test_a_mistyped_policy_of_the_namespace(stage: Stage) -> None:
    what = await owning(stage)
    await stage.patch(f"namespace/{stage.namespace}", {"metadata": {"annotations": {OF_BUCKETS: "keep"}}})
    obj = await stage.until_condition(what, "ACK.Terminal")
    holder = f"Namespace {stage.namespace}"
    said = f'the annotation {OF_BUCKETS} of {holder} is "keep"; it must be "delete" or "retain"'
    assert conditions(obj)["ACK.Terminal"]["message"] == said


@rule("6-4", "the namespace's word holds with --enable-carm=false too, where ACK does not read it and deletes")
async def test_the_namespace_is_heard_without_carm(stage: Stage) -> None:
    await stage.patch(f"namespace/{stage.namespace}", {"metadata": {"annotations": {OF_BUCKETS: "retain"}}})
    what = await owning(stage, "--enable-carm=false")
    assert await ended(stage, what) == []
    assert is_there(stage)


# 6-6, terminal errors


@rule("6-6", "a terminal refusal of the delete call is Terminal, and one call is made of it")
async def test_a_terminal_refusal_is_not_repeated(stage: Stage) -> None:
    what = await owning(stage)
    stage.fault(act="error", operation="DeleteBucket", status=400, code="MalformedXML", message="no", times=0)
    since = stage.last_call()
    obj = await failing(stage, what, "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"] == {
        "type": "ACK.Terminal",
        "status": "True",
        "message": "api error MalformedXML: no",
    }
    await stage.quiet(what)
    assert stage.operations(since) == LOOKED_AND_DELETED


@rule("6-6", "an edit of an annotation ends the wait, where ACK waits for an edit of the spec or a restart")
async def test_an_annotation_ends_the_wait(stage: Stage) -> None:
    what = await owning(stage)
    stage.fault(act="error", operation="DeleteBucket", status=400, code="MalformedXML", message="no")
    await failing(stage, what, "ACK.Terminal")
    await stage.annotate(what, {"example.com/ticket": "42"})
    await stage.until_gone(what)
    assert not is_there(stage)
