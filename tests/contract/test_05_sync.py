"""Section 5 of the contract: one pass over an object that stays, step by step; `test_05_delta` has 5.1 to 5.3."""

from __future__ import annotations

import json

import pytest
from tests.contract.repositories import (
    ADOPT,
    ADOPT_OR_CREATE,
    FINALIZER,
    KEYS,
    LIFECYCLE,
    PULLERS,
    REPO,
    encrypted,
    looks,
    make_key,
    message,
    mutability,
    owned,
    repositories,
    set_mutability,
    tags,
    written,
)

from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.testing import standins
from ackpy.testing.stage import RESOURCES, Stage, ack, conditions, repository, rule, statuses, writes

pytestmark = pytest.mark.slow

RULES = {
    "5-S1": "conditions are cleared first",
    "5-S2": "adoption policy: an invalid one stops; it counts while the object is neither managed nor adopted",
    "5-S3": "read-only: the annotation and the gate",
    "5-S4": "references: a failure stops, but not what adopts or only shows",
    "5-S5": "identifiers for adoption are filled in",
    "5-S6": "the controller's tags are laid under the desired ones, not when read-only",
    "5-S7a": "the read: not found by the kind's code",
    "5-S7b": "the read: no call without an identifier",
    "5-S7c": "the read: AWS's own tags never show as a difference",
    "5-S8a": "an error of the read stops the pass",
    "5-S8b": "not found: adopted and read-only objects say so, others create",
    "5-S8c": "found and adopt: the object becomes what AWS has",
    "5-S8d": "found and read-only: the object shows what AWS has",
    "5-S8e": "found and adopt-or-create: marked as adopted, then as the spec says",
    "5-S8f": "found: update",
    "5-S9a": "create: the finalizer, then the call",
    "5-S9b": "create: an API error, and an error that is none of AWS's",
    "5-S9c": "create: the read that follows it",
    "5-S9d": "create: what its answer tells is written to status and spec",
    "5-S10a": "update: of an unmanaged object",
    "5-S10b": "update: only where desired and latest differ",
    "5-S10c": "update: the adopted mark stays, spec and metadata are patched where they changed",
    "5-S11": "late initialisation comes last, with a patch",
    "5-F": "conditions are decided at the end",
}
UNCOVERED = {
    "5-S7b": "every kind of S3 and ECR requires its identifier; tests/model/test_request.py holds it on kinds that AWS names",
}


# S1 to S7


@rule("5-S1", "a Terminal that somebody wrote by hand neither stays nor hinders")
async def test_a_terminal_by_hand(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    strange = {"status": {"conditions": [{"type": "ACK.Terminal", "status": "True"}]}}
    await stage.client.patch(RESOURCES["repository"], ObjectKey(stage.namespace, "mine"), strange, subresource="status")
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    obj = await stage.until_synced(REPO)
    assert "ACK.Terminal" not in conditions(obj)
    assert mutability(stage) == "IMMUTABLE"


@rule("5-S2", "an invalid policy stops a managed object too: an edit beside it is not written")
async def test_an_invalid_policy(stage: Stage) -> None:
    last = await owned(stage)
    await stage.patch(
        REPO,
        {
            "metadata": {"annotations": {"services.k8s.aws/adoption-policy": "take"}},
            "spec": {"imageTagMutability": "IMMUTABLE"},
        },
    )
    await stage.until_condition(REPO, "ACK.Terminal")
    assert stage.operations(last) == []


@rule("5-S2", "a policy on an object that has its finalizer is as none: the spec stays the user's")
async def test_a_policy_of_a_managed_object(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.until_synced(REPO)
    set_mutability(stage, "MUTABLE")
    await stage.annotate(REPO, ADOPT)
    await stage.wait(looks(stage, 2, 0, "PutImageTagMutability"), "after the test's own the controller's")
    obj = await stage.get(REPO)
    assert obj["spec"]["imageTagMutability"] == mutability(stage) == "IMMUTABLE"
    assert "services.k8s.aws/adopted" not in objects.annotations_of(obj)


@rule("5-S2", "a policy that has been served is as none: what the user edits afterwards is written")
@rule("5-S10c", "an update leaves the adopted mark on the object")
async def test_a_policy_that_has_been_served(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ADOPT))
    await stage.until_synced(REPO)
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    await stage.wait(looks(stage, 1, 0, "PutImageTagMutability"), "the edit is written")
    obj = await stage.until_synced(REPO)
    assert obj["spec"]["imageTagMutability"] == mutability(stage) == "IMMUTABLE"
    assert objects.annotations_of(obj)["services.k8s.aws/adopted"] == "true"


@rule("5-S3", "read-only with the value false is not read-only")
async def test_not_read_only(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(read_only="false")))
    obj = await stage.until_synced(REPO)
    assert (objects.finalizers_of(obj), repositories(stage)) == ([FINALIZER], {"mine"})


@pytest.mark.parametrize(
    "annotations",
    [
        pytest.param(
            {}, marks=rule("5-S4", "a failing reference: no finalizer, no call of AWS, one write of the status")
        ),
        pytest.param(ADOPT_OR_CREATE, marks=rule("5-S4", "a failing reference stops adopt-or-create just so")),
    ],
)
async def test_a_failing_reference(stage: Stage, annotations: dict[str, str]) -> None:
    await standins.install(stage.client, KEYS)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(encrypted("mine", "key", annotations=annotations))
        await stage.until_condition(REPO, "ACK.ReferencesResolved", "Unknown")
    assert (writes(told), objects.finalizers_of(told[-1]), stage.operations()) == (["status"], [], [])


@rule("5-S4", "a failing reference does not stop an adoption")
async def test_a_failing_reference_of_what_adopts(stage: Stage) -> None:
    await standins.install(stage.client, KEYS)
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", annotations=ADOPT))
    obj = await stage.until(REPO, lambda obj: "services.k8s.aws/adopted" in objects.annotations_of(obj))
    assert objects.finalizers_of(obj) == [FINALIZER]


@rule("5-S4", "a failing reference does not stop a read-only object from showing")
async def test_a_failing_reference_of_what_shows(stage: Stage) -> None:
    await standins.install(stage.client, KEYS)
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", annotations=ack(read_only="true")))
    obj = await stage.until_synced(REPO)
    assert obj["status"]["repositoryURI"].endswith("/mine")


@rule("5-S4", "a read-only object whose references resolve says so")
async def test_references_of_what_shows(stage: Stage) -> None:
    await make_key(stage, "key")
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", annotations=ack(read_only="true")))
    obj = await stage.until_synced(REPO)
    assert statuses(obj)["ACK.ReferencesResolved"] == "True"


@rule("5-S5", "adoption by ARN alone finds the resource, and the spec gets its name")
async def test_adoption_by_arn(stage: Stage) -> None:
    arn = stage.aws("ecr").create_repository(repositoryName="theirs")["repository"]["repositoryArn"]
    await stage.start(services=("ecr",))
    annotations = ack(adoption_policy="adopt", adoption_fields=json.dumps({"arn": arn}))
    manifest = repository("mine", annotations=annotations)
    await stage.apply({name: value for name, value in manifest.items() if name != "spec"})
    obj = await stage.until_synced(REPO)
    assert (obj["spec"]["name"], obj["status"]["ackResourceMetadata"]["arn"]) == ("theirs", arn)


@rule("5-S6", "the create call carries the controller's tags under the user's, and the spec never has them")
async def test_tags_of_a_create(stage: Stage) -> None:
    await stage.start("--resource-tags=of=%K8S_NAMESPACE%,both=ours", services=("ecr",))
    said = [{"key": "both", "value": "theirs"}]
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", tags=said))
        obj = await stage.until_synced(REPO)
    assert tags(stage, obj) == {"of": stage.namespace, "both": "theirs"}
    assert written(stage) == ["CreateRepository"]
    assert [each["spec"]["tags"] for each in told] == [said] * len(told)


@rule("5-S6", "a read-only object gives its resource no tags")
async def test_no_tags_when_read_only(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(read_only="true")))
    assert tags(stage, await stage.until_synced(REPO)) == {}


@rule("5-S7a", "the kind's code for not found is no error: the resource is created")
@rule("5-S9a", "a create costs one read and one call, after the write of the finalizer")
@rule("5-S9c", "nothing is read again of what the create has set (W23)")
@rule("5-S9d", "what the create's answer tells is in the first status, and late fields in the spec")
@rule("5-S11", "the late-initialised field is in the spec by the time of the first status")
async def test_a_create(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_synced(REPO)
    assert stage.operations() == ["DescribeRepositories", "CreateRepository"]
    assert writes(told) == ["metadata", "metadata+spec", "status"]
    assert objects.finalizers_of(told[1]) == [FINALIZER]
    status = told[-1]["status"]
    assert status["repositoryURI"].endswith("/mine")
    assert status["createdAt"]
    assert status["ackResourceMetadata"]["arn"].endswith(":repository/mine")
    assert told[-1]["spec"]["registryID"] == stage.account


@rule("5-S7c", "AWS's own tags stay and do not show as a difference, also where the user names tags")
async def test_tags_of_aws(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", tags=[{"key": "a", "value": "b"}]))
    obj = await stage.until_synced(REPO)
    arn = obj["status"]["ackResourceMetadata"]["arn"]
    stage.aws("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "aws:cloudformation:stack-name", "Value": "x"}])
    last = stage.last_call()
    obj = await stage.look(REPO)
    assert written(stage, last) == []
    assert tags(stage, obj)["aws:cloudformation:stack-name"] == "x"


# S8


@rule("5-S8a", "a read that AWS refuses stops the pass: Recoverable, no finalizer, nothing created")
async def test_a_refused_read(stage: Stage) -> None:
    stage.fault(act="error", operation="DescribeRepositories", status=400, code="AccessDeniedException", times=0)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert message(obj, "ACK.Recoverable").startswith("api error AccessDeniedException: ")
    assert (writes(told), objects.finalizers_of(obj), written(stage)) == (["status"], [], [])


@rule("5-S8a", "a read that AWS refuses stops the pass over what is managed: an edit waits, the finalizer stays")
async def test_a_refused_read_of_what_is_managed(stage: Stage) -> None:
    last = await owned(stage)
    stage.fault(act="error", operation="DescribeRepositories", status=400, code="AccessDeniedException", times=0)
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert (objects.finalizers_of(obj), written(stage, last)) == ([FINALIZER], [])


@rule("5-S8b", "what was adopted and is gone is told and not made anew")
async def test_an_adopted_resource_that_goes(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ADOPT))
    await stage.until_synced(REPO)
    stage.aws("ecr").delete_repository(repositoryName="mine")
    await stage.annotate(REPO, ack(reason="look"))
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert message(obj, "ACK.Recoverable") == "adopted resource not found"
    assert repositories(stage) == set()


@rule("5-S8b", "what was shown and is gone is told and not made")
async def test_a_shown_resource_that_goes(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ack(read_only="true")))
    await stage.until_synced(REPO)
    stage.aws("ecr").delete_repository(repositoryName="mine")
    await stage.annotate(REPO, ack(reason="look"))
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert message(obj, "ACK.Recoverable") == "read-only resource not found"
    assert repositories(stage) == set()


@rule("5-S8b", "what was created and is gone is created anew, as the spec says")
async def test_a_created_resource_that_goes(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.until_synced(REPO)
    stage.aws("ecr").delete_repository(repositoryName="mine")
    await stage.annotate(REPO, ack(reason="look"))
    await stage.wait(looks(stage, 2, 0, "CreateRepository"), "it is made anew")
    await stage.until_synced(REPO)
    assert mutability(stage) == "IMMUTABLE"


@rule("5-S8c", "adopting is one write of marks and spec, and one of the status")
async def test_adopt(stage: Stage) -> None:
    stage.aws("ecr").create_repository(
        repositoryName="mine", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", annotations=ADOPT, imageTagMutability="MUTABLE"))
        obj = await stage.until_synced(REPO)
    assert writes(told) == ["metadata+spec", "status"]
    spec = obj["spec"]
    assert (spec["imageTagMutability"], spec["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
    assert mutability(stage) == "IMMUTABLE"


@rule(
    "5-S8d",
    "a read-only object costs reads and one write of the status: differences are left, nothing is late-initialised",
)
async def test_shown(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine", imageTagMutability="IMMUTABLE")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", annotations=ack(read_only="true"), imageTagMutability="MUTABLE"))
        obj = await stage.until_synced(REPO)
    assert (writes(told), written(stage, last)) == (["status"], [])
    assert "registryID" not in obj["spec"]
    assert mutability(stage) == "IMMUTABLE"


@rule("5-S8e", "adopt-or-create marks the object before AWS is written, and ends in the same pass as the spec says")
async def test_adopt_or_create(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine", imageTagMutability="IMMUTABLE")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", annotations=ADOPT_OR_CREATE, imageTagMutability="MUTABLE"))
        await stage.until_synced(REPO)
    adopted = told[1]
    assert objects.finalizers_of(adopted) == [FINALIZER]
    assert objects.annotations_of(adopted)["services.k8s.aws/adopted"] == "true"
    assert "status" not in adopted
    assert writes(told)[-1] == "status"
    assert [statuses(each)["ACK.ResourceSynced"] for each in told if "status" in each] == ["True"]
    assert sorted(written(stage, last)) == ["PutImageTagMutability", "TagResource"]
    assert mutability(stage) == "MUTABLE"


@rule("5-S8e", "adopt-or-create makes what is not there, without an adopted mark")
async def test_adopt_or_create_what_is_not_there(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=ADOPT_OR_CREATE))
    obj = await stage.until_synced(REPO)
    assert "services.k8s.aws/adopted" not in objects.annotations_of(obj)
    assert written(stage) == ["CreateRepository"]


# S9, S10, the end


@rule("5-S9b", "a create that AWS refuses: one try, finalizer and status stay, nothing is there (W6)")
async def test_a_refused_create(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateRepository", status=400, code="LimitExceededException", times=0)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert written(stage) == ["CreateRepository"]
    assert writes(told) == ["metadata", "metadata", "status"]
    assert objects.finalizers_of(obj) == [FINALIZER]


@rule("5-S9b", "a create whose answer is lost: the finalizer stays, the next look takes what was made for its own")
async def test_a_lost_answer(stage: Stage) -> None:
    stage.fault(act="reset-after", operation="CreateRepository", times=1)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_synced(REPO)
    assert {tuple(objects.finalizers_of(each)) for each in told[1:]} == {(FINALIZER,)}
    assert not any("ACK.Terminal" in statuses(each) for each in told)
    assert repositories(stage) == {"mine"}


@rule("5-S9c", "a later read that does not see what was created makes nobody believe that it is a stranger's")
async def test_a_read_that_lags(stage: Stage) -> None:
    code = "RepositoryNotFoundException"
    stage.fault(act="error", operation="DescribeRepositories", status=400, code=code, after=1, times=1)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.wait(looks(stage, 3), "the look that saw nothing, and the one after it")
        await stage.quiet(REPO)
        await stage.until_synced(REPO)
    assert not any("ACK.Terminal" in statuses(each) for each in told)
    assert (repositories(stage), objects.finalizers_of(told[-1])) == ({"mine"}, [FINALIZER])


@rule("5-S10a", "an unmanaged object of what exists is Terminal, and AWS is only read")
async def test_what_exists(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine", imageTagMutability="MUTABLE")
    last = stage.last_call()
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
        obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert message(obj, "ACK.Terminal") == "Resource already exists"
    assert (writes(told), stage.operations(last)) == (["status"], ["DescribeRepositories"])


@rule("5-S8f", "an edit of what is managed is an update")
@rule("5-S10b", "an update calls what differs and nothing else")
@rule("5-S10c", "an update of a field that was there is one write of metadata and one of the status")
async def test_an_update(stage: Stage) -> None:
    last = await owned(stage, imageScanningConfiguration={"scanOnPush": True}, imageTagMutability="MUTABLE")
    async with stage.history(REPO) as told:
        await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
        await stage.wait(looks(stage, 1, last, "PutImageTagMutability"), "the edit is written")
        await stage.until_synced(REPO)
        await stage.quiet(REPO)
    assert written(stage, last) == ["PutImageTagMutability"]
    assert writes(told) == ["metadata", "status"]


@rule("5-S10c", "a field that comes to the spec is noted before AWS is written, and confirmed afterwards")
async def test_an_update_of_a_new_field(stage: Stage) -> None:
    last = await owned(stage)
    async with stage.history(REPO) as told:
        await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
        await stage.wait(looks(stage, 1, last, "PutImageTagMutability"), "the edit is written")
        await stage.until_synced(REPO)
        await stage.quiet(REPO)
    assert written(stage, last) == ["PutImageTagMutability"]
    assert writes(told) == ["metadata", "metadata", "status"]
    notes = [json.loads(objects.annotations_of(each)["ackpy.services.k8s.aws/managed"])["paths"] for each in told]
    assert [note.get("imageTagMutability") == "" for note in notes] == [False, True, False, False]


@rule("5-S10b", "a look that finds no difference calls nothing but the reads of what is managed")
async def test_no_difference(stage: Stage) -> None:
    last = await owned(stage)
    await stage.look(REPO)
    assert sorted(stage.operations(last)) == ["DescribeRepositories", "ListTagsForResource"]


@rule("5-F", "synced and ready are decided once, by the end of the pass: no version says otherwise in between")
async def test_the_end_decides(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine", policy=json.dumps(PULLERS), lifecyclePolicy=json.dumps(LIFECYCLE)))
        await stage.until_synced(REPO)
    assert [statuses(each) for each in told if "status" in each] == [
        {"ACK.LateInitialized": "True", "ACK.ResourceSynced": "True", "Ready": "True"}
    ]
    assert written(stage) == ["CreateRepository", "SetRepositoryPolicy", "PutLifecyclePolicy"]
