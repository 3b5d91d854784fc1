"""Sections 2.2b to 2.4 of the contract: fields to leave alone, labels and finalizers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.contract.repositories import (
    FINALIZER,
    REPO,
    mutability,
    owned_with,
    repositories,
    set_mutability,
    terminal,
    written,
)

from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.testing.relay import relay
from ackpy.testing.stage import Stage, ack, another_account, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "2.2b-1": "ignore-field-drift: comma-separated, trimmed, empty entries dropped",
    "2.2b-2": "a malformed path is Terminal before anything is done",
    "2.2b-3": "a path that the kind does not have",
    "2.2b-4": "a difference at or under a listed path is none",
    "2.2b-5": "a request that must carry an ignored field carries AWS's value",
    "2.2b-6": "the spec keeps the declared value",
    "2.2b-7": "a listed path that was left out is late-initialised as usual",
    "2.2b-8": "the declared value is used at create",
    "2.2b-9": "ignored drift is told",
    "2.2b-10": "an edit of the annotation starts a pass",
    "2.2b-11": "without the gate the annotation is nothing",
    "2.3-1": "labels feed the tag templates",
    "2.3-2": "labels feed the User-Agent",
    "2.3-3": "the controller writes no labels",
    "2.4-1": "the finalizer's name of a resource kind",
    "2.4-2": "the finalizers of the shared kinds",
    "2.4-3a": "the finalizer comes immediately before the create call",
    "2.4-3b": "the finalizer comes with adoption",
    "2.4-3c": "the finalizer goes after a confirmed deletion",
    "2.4-3d": "the finalizer goes on retain",
    "2.4-3e": "the finalizer goes on deletion of a read-only object",
    "2.4-3f": "the finalizer after a create that failed",
}

IGNORING = "--feature-gates=IgnoreFieldDrift=true"


# 2.2b Fields to leave alone


@rule("2.2b-1", "entries are separated by commas, trimmed, and left out where empty")
@rule("2.2b-4", "drift at a listed path, spelled in another case, is not corrected, and the object stays synced")
@rule("2.2b-6", "the observed value of an ignored field is never written into the spec")
@rule("2.2b-9", "ignored drift is an Event, once, and no condition")
async def test_ignored_drift(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    listed = ack(ignore_field_drift=" , spec.policy ,, spec.IMAGETAGMUTABILITY ,")
    await stage.apply(repository("mine", annotations=listed, imageTagMutability="IMMUTABLE"))
    await stage.until_synced(REPO)
    set_mutability(stage, "MUTABLE")
    last = stage.last_call()
    before = await stage.get(REPO)
    await stage.look(REPO)
    obj = await stage.look(REPO)
    assert (written(stage, last), mutability(stage)) == ([], "MUTABLE")
    assert obj["spec"] == before["spec"]
    assert {kind: each["status"] for kind, each in conditions(obj).items()} == {
        "ACK.LateInitialized": "True",
        "ACK.ResourceSynced": "True",
        "Ready": "True",
    }
    [event] = await stage.events(REPO, "DriftIgnored")
    assert "spec.imageTagMutability" in event["message"]
    assert event.get("count", 1) == 1


@rule("2.2b-4", "drift under a listed path is not corrected, drift beside it is")
async def test_drift_under_a_listed_path(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(
        repository(
            "mine",
            annotations=ack(ignore_field_drift="spec.imageScanningConfiguration"),
            imageScanningConfiguration={"scanOnPush": True},
            imageTagMutability="IMMUTABLE",
        )
    )
    await stage.until_synced(REPO)
    last = stage.last_call()
    stage.aws("ecr").put_image_scanning_configuration(
        repositoryName="mine", imageScanningConfiguration={"scanOnPush": False}
    )
    set_mutability(stage, "MUTABLE")
    await stage.look(REPO)
    theirs, ours = ["PutImageScanningConfiguration", "PutImageTagMutability"], ["PutImageTagMutability"]
    assert written(stage, last) == [*theirs, *ours]
    [found] = stage.aws("ecr").describe_repositories()["repositories"]
    assert (found["imageTagMutability"], found["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": False})


@pytest.mark.parametrize(
    ("listed", "bad"),
    [
        pytest.param(
            "spec.tags[0].key", "spec.tags[0].key", marks=rule("2.2b-2", "a path with a list index is malformed")
        ),
        pytest.param("/spec/tags", "/spec/tags", marks=rule("2.2b-2", "a path with slashes is malformed")),
        pytest.param(
            "spec.tags, spec..b, spec.1a", "spec..b spec.1a", marks=rule("2.2b-2", "malformed paths are named, sorted")
        ),
    ],
)
async def test_malformed_paths(stage: Stage, listed: str, bad: str) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(ignore_field_drift=listed)))
    assert await terminal(stage) == (
        f"ignore-field-drift annotation contains malformed paths [{bad}]; "
        "fix the annotation before reconciliation can proceed"
    )
    assert stage.operations() == []


@rule("2.2b-3", "a path that the kind does not have is an Advisory, and the rest goes on")
async def test_an_unknown_path(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(ignore_field_drift="spec.nothing")))
    obj = await stage.until_synced(REPO)
    advisory = conditions(obj)["ACK.Advisory"]
    assert (advisory["status"], advisory["reason"]) == ("True", "UnknownFieldPath")
    assert advisory["message"] == (
        "the annotation services.k8s.aws/ignore-field-drift lists what is no field of a Repository, "
        "or lies inside a list: spec.nothing"
    )


@rule("2.2b-5", "an edit of filters carries the mutability that AWS has, where that is ignored")
async def test_a_request_that_carries_an_ignored_field(stage: Stage) -> None:
    filters = [{"filter": "a*", "filterType": "WILDCARD"}]
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(
        repository(
            "mine",
            annotations=ack(ignore_field_drift="spec.imageTagMutability"),
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=filters,
        )
    )
    await stage.until_synced(REPO)
    set_mutability(stage, "MUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters)
    last = stage.last_call()
    await stage.patch(
        REPO, {"spec": {"imageTagMutabilityExclusionFilters": [{"filter": "b*", "filterType": "WILDCARD"}]}}
    )
    await stage.wait(_called(stage, "PutImageTagMutability", last), "the filters are written")
    [found] = stage.aws("ecr").describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "MUTABLE_WITH_EXCLUSION"
    assert found["imageTagMutabilityExclusionFilters"] == [{"filter": "b*", "filterType": "WILDCARD"}]


def _called(stage: Stage, operation: str, since: int) -> Any:
    async def called() -> bool:
        return operation in stage.operations(since)

    return called


@rule("2.2b-7", "a listed field that the user left out is filled once with AWS's value")
async def test_a_listed_field_is_late_initialised(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(ignore_field_drift="spec.registryID")))
    obj = await stage.until_synced(REPO)
    assert obj["spec"]["registryID"] == stage.account
    assert conditions(obj)["ACK.LateInitialized"]["status"] == "True"


@rule("2.2b-8", "an ignored field is created as declared")
async def test_an_ignored_field_at_create(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(
        repository(
            "mine", annotations=ack(ignore_field_drift="spec.imageTagMutability"), imageTagMutability="IMMUTABLE"
        )
    )
    await stage.until_synced(REPO)
    assert mutability(stage) == "IMMUTABLE"


@rule("2.2b-10", "taking the annotation away starts a pass, which corrects what was left alone")
async def test_the_end_of_ignoring(stage: Stage) -> None:
    await stage.start(IGNORING, services=("ecr",))
    await stage.apply(
        repository(
            "mine", annotations=ack(ignore_field_drift="spec.imageTagMutability"), imageTagMutability="IMMUTABLE"
        )
    )
    await stage.until_synced(REPO)
    set_mutability(stage, "MUTABLE")
    last = stage.last_call()
    await stage.annotate(REPO, {"services.k8s.aws/ignore-field-drift": None})
    await stage.wait(_called(stage, "PutImageTagMutability", last), "the drift is corrected")
    assert mutability(stage) == "IMMUTABLE"


@rule("2.2b-11", "without the gate listed fields are corrected, and a malformed path harms nobody")
async def test_without_the_gate(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    listed = ack(ignore_field_drift="spec.imageTagMutability,/spec/tags")
    await stage.apply(repository("mine", annotations=listed, imageTagMutability="IMMUTABLE"))
    await stage.until_synced(REPO)
    set_mutability(stage, "MUTABLE")
    await stage.look(REPO)
    assert mutability(stage) == "IMMUTABLE"


# 2.3 Labels


@rule("2.3-1", "managed-by and kro-version fill their templates; a tag whose value comes out empty is left out")
@rule("2.3-3", "an object's labels are as its author wrote them")
async def test_labels(stage: Stage) -> None:
    templates = "by=%MANAGED_BY%,kro=%KRO_VERSION%,none=%K8S_RESOURCE_NAME%"
    await stage.start(f"--resource-tags={templates}", services=("ecr",))
    labels = {"app.kubernetes.io/managed-by": "kro"}
    manifest = repository("mine")
    await stage.apply({**manifest, "metadata": {**manifest["metadata"], "labels": labels}})
    obj = await stage.until_synced(REPO)
    assert objects.labels_of(obj) == labels
    arn = obj["status"]["ackResourceMetadata"]["arn"]
    found = stage.aws("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
    assert {each["Key"]: each["Value"] for each in found} == {"by": "kro", "none": "mine"}


@pytest.mark.parametrize(
    ("labels", "manager"),
    [
        pytest.param(
            {"app.kubernetes.io/managed-by": "kro", "kro.run/kro-version": "0.5"},
            "; ManagedBy/kro; KROVersion/0.5",
            marks=rule("2.3-2", "what kro manages is told to AWS with kro's version"),
        ),
        pytest.param(
            {"kro.run/owned": "true"},
            "; ManagedBy/kro",
            marks=rule("2.3-2", "kro's older label counts too"),
        ),
        pytest.param(
            {"app.kubernetes.io/managed-by": "Helm"},
            "",
            marks=rule("2.3-2", "what another tool manages is told by kind alone"),
        ),
    ],
)
async def test_the_user_agent(stage: Stage, labels: dict[str, str], manager: str) -> None:
    manifest = repository("mine")
    async with relay(stage.cloud.url) as line:
        await stage.start(
            f"--aws-endpoint-url={line.url}", f"--aws-identity-endpoint-url={stage.cloud.url}", services=("ecr",)
        )
        await stage.apply({**manifest, "metadata": {**manifest["metadata"], "labels": labels}})
        await stage.until_synced(REPO)
        await stage.stop()
    agents = set(re.findall(r"(?im)^user-agent: aws-controllers-k8s/\S+ \(([^)]*)\)", line.heard))
    assert agents == {f"ackpy; CRDKind/Repository; CRDVersion/v1alpha1{manager}"}


# 2.4 Finalizers


@rule("2.4-3b", "adoption brings the finalizer, and nothing is written to AWS but the controller's tags")
async def test_the_finalizer_of_what_adopts(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    annotations = ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}')
    await stage.apply(repository("mine", annotations=annotations))
    obj = await stage.until_synced(REPO)
    assert (objects.finalizers_of(obj), written(stage, last)) == ([FINALIZER], ["TagResource"])


@pytest.mark.parametrize(
    ("manifest", "what", "finalizer"),
    [
        pytest.param(
            repository("mine"),
            REPO,
            FINALIZER,
            marks=rule("2.4-1", "a Repository's finalizer"),
        ),
        pytest.param(
            bucket("mine", name="named-below"),
            "bucket/mine",
            "finalizers.s3.services.k8s.aws/Bucket",
            marks=rule("2.4-1", "a Bucket's finalizer"),
        ),
        pytest.param(
            {
                "apiVersion": "ecr.services.k8s.aws/v1alpha1",
                "kind": "RepositoryCreationTemplate",
                "metadata": {"name": "mine"},
                "spec": {"prefix": "mine", "appliedFor": ["PULL_THROUGH_CACHE"]},
            },
            "template/mine",
            "finalizers.ecr.services.k8s.aws/RepositoryCreationTemplate",
            marks=rule("2.4-1", "a RepositoryCreationTemplate's finalizer"),
        ),
    ],
)
async def test_finalizers(stage: Stage, manifest: Object, what: str, finalizer: str) -> None:
    if what.startswith("bucket"):
        manifest = bucket("mine", name=f"{stage.namespace}-mine")
    await stage.start()
    await stage.apply(manifest)
    assert objects.finalizers_of(await stage.until_synced(what)) == [finalizer]


def exporting(name: str) -> Object:
    source = {
        "path": ".status.repositoryURI",
        "resource": {"group": "ecr.services.k8s.aws", "kind": "Repository", "name": name},
    }
    return {
        "apiVersion": "services.k8s.aws/v1alpha1",
        "kind": "FieldExport",
        "metadata": {"name": name},
        "spec": {"from": source, "to": {"kind": "configmap", "name": name}},
    }


def adopting(name: str) -> Object:
    return {
        "apiVersion": "services.k8s.aws/v1alpha1",
        "kind": "AdoptedResource",
        "metadata": {"name": name},
        "spec": {"aws": {"nameOrID": name}, "kubernetes": {"group": "ecr.services.k8s.aws", "kind": "Repository"}},
    }


@rule("2.4-2", "a FieldExport's finalizer")
async def test_the_finalizer_of_a_field_export(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}})
    await stage.apply(repository("it"))
    await stage.apply(exporting("it"))
    finalizers = ["finalizers.services.k8s.aws/FieldExport"]
    await stage.until("fieldexport/it", lambda obj: objects.finalizers_of(obj) == finalizers)


@rule("2.4-2", "an AdoptedResource needs none, and one that ACK has left on it goes with its deletion")
async def test_the_finalizer_of_an_adopted_resource(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="it")
    old = adopting("old")
    finalizers = ["finalizers.services.k8s.aws/AdoptedResource"]
    await stage.apply({**old, "metadata": {**old["metadata"], "finalizers": finalizers}})
    await stage.start(services=("ecr",))
    await stage.apply(adopting("it"))
    obj = await stage.until_condition("adoptedresource/it", "ACK.Adopted")
    assert objects.finalizers_of(obj) == []
    await stage.delete("adoptedresource/old")
    await stage.until_gone("adoptedresource/old")


@rule("2.4-2", "an IAMRoleSelector has none, also while it is in use")
async def test_a_selector_has_no_finalizer(stage: Stage) -> None:
    async with stage.selecting("it", stage.make_role(another_account())) as what:
        await stage.start("--feature-gates=IAMRoleSelector=true", "--enable-carm=false", services=("ecr",))
        await stage.apply(repository("mine"))
        obj = await stage.until_synced(REPO)
        assert "ACK.IAMRoleSelected" in conditions(obj)
        assert objects.finalizers_of(await stage.get(what)) == []


@rule("2.4-3a", "the finalizer is there although the create call never arrived")
async def test_the_finalizer_comes_first(stage: Stage) -> None:
    stage.fault(act="reset-before", operation="CreateRepository", times=0)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_condition(REPO, "ACK.Recoverable")
    assert [(objects.finalizers_of(each), "status" in each) for each in told[:3]] == [
        ([], False),
        ([FINALIZER], False),
        ([FINALIZER], True),
    ]
    assert repositories(stage) == set()


@rule("2.4-3a", "an object that is refused before the create call gets none")
async def test_no_finalizer_before_a_create(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", policy="no JSON"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert (objects.finalizers_of(obj), stage.operations()) == ([], [])


@rule("2.4-3c", "the finalizer stays while AWS does not delete, and goes when it has")
async def test_the_finalizer_after_deletion(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    stage.fault(act="error", operation="DeleteRepository", times=1)
    await stage.delete(REPO)
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert objects.finalizers_of(obj) == [FINALIZER]
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("2.4-3d", "on retain the finalizer goes without a call of AWS")
async def test_the_finalizer_on_retain(stage: Stage) -> None:
    last = await owned_with(stage, deletion_policy="retain")
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert stage.operations(last) == []


@rule("2.4-3e", "a managed object that became read-only is let go without a call of AWS")
async def test_the_finalizer_of_a_read_only_object(stage: Stage) -> None:
    await owned_with(stage)
    await stage.annotate(REPO, ack(read_only="true"))
    await stage.until(REPO, lambda obj: conditions(obj).get("ACK.Advisory", {}).get("reason") == "ReadOnly")
    last = stage.last_call()
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert (stage.operations(last), repositories(stage)) == ([], {"mine"})


@rule("2.4-3f", "a refused create leaves the finalizer, with a note that the create was refused (W6)")
async def test_the_finalizer_after_a_refused_create(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateRepository", times=0, status=400, code="LimitExceededException")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert objects.finalizers_of(obj) == [FINALIZER]
    assert '"refused"' in objects.annotations_of(obj)["ackpy.services.k8s.aws/create-intent"]
    await stage.delete(REPO)
    await stage.until_gone(REPO)


@rule("2.4-3f", "what AWS made although it answered with an error is found again and not called a stranger's (W6)")
async def test_a_half_made_resource(stage: Stage) -> None:
    stage.fault(act="reset-after", operation="CreateRepository", times=1)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    assert "ACK.Terminal" not in conditions(obj)
    assert written(stage)[0] == "CreateRepository"
    with pytest.raises(ClientError):
        stage.aws("ecr").create_repository(repositoryName="mine")
