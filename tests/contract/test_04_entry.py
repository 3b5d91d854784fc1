"""Section 4 of the contract: what starts a pass, and what stands at its beginning and at its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.contract.conditions import said
from tests.contract.repositories import REPO, looks, mutability, repositories, set_mutability

from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.testing.stage import (
    REGION,
    RESOURCES,
    Stage,
    ack,
    another_account,
    repository,
    rule,
    statuses,
    writes,
)

pytestmark = pytest.mark.slow

RULES = {
    "4-t1": "trigger: at the start every object is new",
    "4-t2": "trigger: a new generation",
    "4-t3": "trigger: annotations start a pass, labels and status do not (W17)",
    "4-t4": "trigger: deletion",
    "4-t5": "trigger: the queue's timers",
    "4-1": "the object is read; one that is gone ends the pass",
    "4-2": "namespace and object go into the context of the request",
    "4-3": "owner account and role; without a role nothing is done but say so",
    "4-4": "role selectors: one decides, several are an error",
    "4-5": "region and endpoint",
    "4-6": "another region or account than the resource's (W2)",
    "4-7": "credentials and clients: one for account, region and role",
    "4-8": "an object that is being deleted is not synced",
    "4-9": "selector condition, one status patch, and what the error means for the queue",
}
UNCOVERED = {
    "4-2": "a matter of ACK's inside; what it serves is held by 3.9-1 and by tests/controllers/test_secrets.py",
}

OTHER_REGION = "eu-west-1"
SELECTING = ("--feature-gates=IAMRoleSelector=true", "--enable-carm=false")


async def owned(stage: Stage, **spec: Any) -> int:
    """A repository in step at which no further look is pending, for it was taken over; the number of the last call."""
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.apply(repository("mine", annotations=ack(adoption_policy="adopt-or-create"), **spec))
    await stage.until_synced(REPO)
    return stage.last_call()


# Triggers


@rule("4-t1", "at the start every object is looked at, and what has drifted meanwhile is set back")
async def test_a_start(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    for name in ("one", "two"):
        await stage.apply(repository(name, imageTagMutability="IMMUTABLE"))
        await stage.until_synced(f"repository/{name}")
    await stage.stop()
    for name in ("one", "two"):
        set_mutability(stage, "MUTABLE", name)
    await stage.start(services=("ecr",))
    for name in ("one", "two"):

        async def mended(name: str = name) -> bool:
            return mutability(stage, name) == "IMMUTABLE"

        await stage.wait(mended, f"{name} is set back")


@rule("4-t1", "a start over an object in step reads, and writes neither to AWS nor to the object")
async def test_a_start_at_rest(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.stop()
    async with stage.history(REPO) as told:
        await stage.start(services=("ecr",))
        await stage.wait(looks(stage, 1, last), "the object is looked at")
        await stage.quiet(REPO)
    assert (told, [call.operation for call in stage.calls(last) if call.mutating]) == ([], [])


@rule("4-t1", "an edit that was made while nobody ran is written at the start")
async def test_an_edit_before_a_start(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage, imageTagMutability="MUTABLE")
    await stage.stop()
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    await stage.start(services=("ecr",))
    await stage.wait(looks(stage, 1, last), "the object is looked at")
    await stage.quiet(REPO)
    assert (mutability(stage), statuses(await stage.get(REPO))["Ready"]) == ("IMMUTABLE", "True")


@rule("4-t2", "a new generation is a pass, which writes what is new")
async def test_a_generation(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})

    async def changed() -> bool:
        return mutability(stage) == "IMMUTABLE"

    await stage.wait(changed, "the edit is written")
    assert [call.operation for call in stage.calls(last) if call.mutating] == ["PutImageTagMutability"]


@rule("4-t3", "an edit of any annotation is a pass at once")
async def test_an_annotation(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.annotate(REPO, {"example.org/of": "somebody"})
    await stage.wait(looks(stage, 1, last), "the object is looked at")


@rule("4-t3", "an edit of a label or of the status is none")
async def test_a_label_and_a_status(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.patch(REPO, {"metadata": {"labels": {"of": "somebody"}}})
    key = ObjectKey(stage.namespace, "mine")
    patch = {"status": {"repositoryURI": "elsewhere"}}
    await stage.client.patch(RESOURCES["repository"], key, patch, subresource="status")
    await stage.quiet(REPO)
    assert stage.operations(last) == []
    assert (await stage.get(REPO))["status"]["repositoryURI"] == "elsewhere"


@rule("4-t4", "a deletion is a pass at once")
async def test_a_deletion(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert stage.operations(last) == ["DescribeRepositories", "DeleteRepository"]


@rule("4-t5", "time alone starts a pass: the resync finds drift and sets it back")
async def test_a_resync(stage: Stage) -> None:
    await stage.start("--reconcile-default-resync-seconds=1", services=("ecr",))
    await stage.apply(repository("mine", imageTagMutability="IMMUTABLE"))
    await stage.until_synced(REPO)
    await stage.wait(looks(stage, 2), "the look that follows the create")
    set_mutability(stage, "MUTABLE")

    async def mended() -> bool:
        return mutability(stage) == "IMMUTABLE"

    await stage.wait(mended, "the resync sets it back")


@rule("4-t5", "time alone starts a pass: what failed is tried again without an edit")
async def test_a_retry(stage: Stage) -> None:
    stage.fault(act="error", operation="DescribeRepositories", status=400, code="OddException", times=2)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    assert stage.operations() == [*["DescribeRepositories"] * 3, "CreateRepository"]


# The steps


@rule("4-1", "an object that is gone when its turn comes costs no call")
async def test_an_object_that_is_gone(stage: Stage) -> None:
    stage.fault(act="delay", operation="DescribeRepositories", seconds=1.0)
    await stage.start("--reconcile-default-max-concurrent-syncs=1", services=("ecr",))
    await stage.apply(repository("first"))
    await stage.wait(_begun(stage), "the first one's turn")
    await stage.apply(repository("second"))
    await stage.delete("repository/second")
    await stage.until_synced("repository/first")
    await stage.apply(repository("third"))
    await stage.until_synced("repository/third")
    assert repositories(stage) == {"first", "third"}
    assert stage.operations().count("CreateRepository") == 2
    assert stage.operations().count("DescribeRepositories") <= 4  # one each, and a look after each create


def _begun(stage: Stage) -> Callable[[], Awaitable[bool]]:
    async def begun() -> bool:
        return bool(stage.calls())

    return begun


@rule("4-3", "an object whose account has no role: one write, of the status, and no call of AWS")
async def test_without_a_role(stage: Stage) -> None:
    other = another_account()
    await stage.annotate_namespace(owner_account_id=other)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_condition(REPO, "ACK.ResourceSynced", "False")
        await stage.quiet(REPO)
    assert (writes(told), stage.operations(), stage.operations(account=other)) == (["status"], [], [])
    assert said(told[-1], "ACK.ResourceSynced")[2] == "IAM Role is not available"


@rule("4-3", "the role map wakes it, long before ACK's 15 seconds")
async def test_a_role_that_comes(stage: Stage) -> None:
    other = another_account()
    await stage.annotate_namespace(owner_account_id=other)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition(REPO, "ACK.ResourceSynced", "False")
    await stage.map_roles({other: stage.make_role(other)})
    await stage.until_synced(REPO)
    assert repositories(stage, account=other) == {"mine"}


@rule("4-4", "one matching selector gives role and account")
async def test_one_selector(stage: Stage) -> None:
    other = another_account()
    async with stage.selecting("it", stage.make_role(other)):
        await stage.start(*SELECTING, services=("ecr",))
        await stage.apply(repository("mine"))
        obj = await stage.until_synced(REPO)
        await stage.stop()
    assert obj["status"]["ackResourceMetadata"]["ownerAccountID"] == other
    assert repositories(stage, account=other) == {"mine"}
    assert [call for call in stage.calls() if call.service == "ecr"] == []


@rule("4-4", "several matching selectors: ResourceSynced is False and names them, and AWS is not asked")
async def test_several_selectors(stage: Stage) -> None:
    other = another_account()
    arn = stage.make_role(other)
    async with stage.selecting("one", arn), stage.selecting("two", arn):
        await stage.start(*SELECTING, services=("ecr",))
        await stage.apply(repository("mine"))
        obj = await stage.until_condition(REPO, "ACK.ResourceSynced", "False")
        await stage.stop()
    names = f"{stage.namespace}-one, {stage.namespace}-two"
    assert said(obj, "ACK.ResourceSynced")[1] == f"several IAMRoleSelectors match: {names}"
    assert statuses(obj)["Ready"] == "False"
    assert [call for call in stage.calls() if call.service == "ecr"] == []
    assert stage.operations(account=other) == ["CreateRole"]


@rule("4-5", "the region where the resource is goes before a default that is written later")
async def test_a_later_default(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.annotate_namespace(default_region=OTHER_REGION)
    await stage.look(REPO)
    obj = await stage.until_synced(REPO)
    assert obj["status"]["ackResourceMetadata"]["region"] == REGION
    assert {call.region for call in stage.calls(last)} == {REGION}
    assert repositories(stage, OTHER_REGION) == set()


@rule("4-6", "another account than the resource's is Terminal and names both; neither is asked")
@rule("4-8", "the deletion of such an object goes where the resource is (W2)")
async def test_another_account(stage: Stage) -> None:
    other = another_account()
    await stage.map_roles({other: stage.make_role(other)})
    await stage.start(services=("ecr",))
    last = await owned(stage)
    await stage.annotate_namespace(owner_account_id=other)
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    text = f"the resource is in account {stage.account}, the role in use is of account {other}"
    assert said(obj, "ACK.Terminal")[2] == text
    assert (stage.operations(last), stage.operations(account=other)) == ([], ["CreateRole"])
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage) == set()


@rule("4-6", "another region than the resource's is Terminal, and deletion goes where the resource is (W2)")
async def test_another_region(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await owned(stage)
    await stage.annotate(REPO, ack(region=OTHER_REGION))
    await stage.until_condition(REPO, "ACK.Terminal")
    await stage.delete(REPO)
    await stage.until_gone(REPO)
    assert repositories(stage) == set()
    assert {call.region for call in stage.calls() if call.service == "ecr"} == {REGION}


@rule("4-7", "objects of two kinds in one account and region share one assumed role (W26)")
async def test_one_assumed_role(stage: Stage) -> None:
    other = another_account()
    await stage.map_roles({other: stage.make_role(other)})
    await stage.annotate_namespace(owner_account_id=other)
    await stage.start(services=("ecr",))
    await stage.apply(repository("one"))
    await stage.apply(repository("two"))
    template = {"apiVersion": "ecr.services.k8s.aws/v1alpha1", "kind": "RepositoryCreationTemplate"}
    spec = {"prefix": "mine", "appliedFor": ["PULL_THROUGH_CACHE"]}
    await stage.apply({**template, "metadata": {"name": "mine"}, "spec": spec})
    for what in ("repository/one", "repository/two", "template/mine"):
        await stage.until_synced(what)
    assert stage.operations().count("AssumeRole") == 1


@rule("4-8", "an edit of an object that is being deleted is not written to AWS")
async def test_an_edit_on_the_way_out(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    last = await owned(stage)
    stage.fault(act="error", operation="DeleteRepository", status=400, code="OddException", times=1)
    await stage.delete(REPO)
    await stage.until_condition(REPO, "ACK.Recoverable")
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    await stage.until_gone(REPO)
    written = [call.operation for call in stage.calls(last) if call.mutating]
    assert set(written) == {"DeleteRepository"}


@rule("4-9", "a create ends with one write of the status, and it is the last")
async def test_the_last_write(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.wait(looks(stage, 2), "the look that follows the create")
        await stage.quiet(REPO)
    assert writes(told).count("status") == 1
    assert writes(told)[-1] == "status"
    assert [set(objects.metadata(each)) >= {"finalizers"} for each in told[1:]] == [True] * (len(told) - 1)


@rule("4-9", "the status is written also when the pass fails, with the selector's condition")
async def test_the_status_of_a_failure(stage: Stage) -> None:
    other = another_account()
    fault = {"act": "error", "operation": "DescribeRepositories", "status": 400, "code": "OddException", "times": 0}
    stage.cloud.fault(account=other, **fault)
    async with stage.selecting("it", stage.make_role(other)):
        await stage.start(*SELECTING, services=("ecr",))
        async with stage.history(REPO) as told:
            await stage.apply(repository("mine"))
            obj = await stage.until_condition(REPO, "ACK.Recoverable")
        await stage.stop()
    stage.cloud.clear_faults(other)
    assert writes(told) == ["status"]
    assert statuses(obj)["ACK.IAMRoleSelected"] == "True"


@rule("4-9", "Terminal is not tried again soon, an edit tries it at once")
async def test_what_follows_terminal(stage: Stage) -> None:
    stage.fault(
        act="error", operation="CreateRepository", status=400, code="LimitExceededException", message="no", times=1
    )
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition(REPO, "ACK.Terminal")
    last = stage.last_call()
    await stage.quiet(REPO)
    assert stage.operations(last) == []
    await stage.patch(REPO, {"spec": {"imageTagMutability": "IMMUTABLE"}})
    await stage.until_synced(REPO)
    assert mutability(stage) == "IMMUTABLE"
