"""Section 3 of the contract: what conditions an object has, in what order, and when; `test_03_faults` has what they say of faults."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.conditions import NOT_SYNCED_TEXT, SYNCED_TEXT, refuse, said, types
from tests.contract.repositories import KEYS, REPO, encrypted, looks, make_key, marked

from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.testing import standins
from ackpy.testing.stage import Stage, ack, another_account, bucket, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "3-1": "what a condition is made of; an empty reason is present",
    "3-2": "the order of conditions",
    "3-4": "a new lastTransitionTime tells that an edit was looked at",
    "3.1-1": "type Ready",
    "3.1-2": "type ACK.ResourceSynced",
    "3.1-5": "type ACK.Advisory: several may stand side by side, told apart by reason",
    "3.1-6": "type ACK.LateInitialized",
    "3.1-7": "type ACK.ReferencesResolved",
    "3.1-8": "type ACK.IAMRoleSelected",
    "3.1-9": "type ACK.Adopted, of AdoptedResources alone",
    "3.2-1": "text: synced",
    "3.2-9": "text: role selector",
    "3.3-1": "kinds with states are synced when they hold the right ones",
    "3.3-2": "ResourceSynced after success: True, with an empty reason",
    "3.3-7": "kinds that ask for a look after each success",
    "3.4-3": "Ready mirrors ResourceSynced",
    "3.4-4": "Ready where nothing else is known",
    "3.6-1": "LateInitialized when the read fails",
    "3.6-2": "LateInitialized while a value is missing",
    "3.6-3": "LateInitialized when done",
    "3.6-4": "LateInitialized only on kinds that have such fields",
    "3.7-1": "ReferencesResolved: absent without references, True without a text",
    "3.7-2": "ReferencesResolved after a failure: Unknown, or False where waiting does not help",
    "3.8-1": "IAMRoleSelected whenever one selector matched",
    "3.8-2": "IAMRoleSelected leaves other conditions alone and stands once (W4)",
    "3.9-1": "the advisory about other namespaces",
    "3.9-2": "when there is no such advisory, and that it survives a failure",
}
UNCOVERED = {
    "3.3-1": "no kind of S3 or ECR has states; tests/controllers/test_states.py holds it on a kind that has",
    "3.3-7": "no kind of S3 or ECR asks for it; the look that every create asks for is counted in section 5",
    "3.4-4": "every pass says ResourceSynced, so that Ready always has something to mirror: 3.3-6",
    "3.6-1": "there is no further read that could fail: values come from the observation in hand (W21, row 5.1-2)",
}

TIMED = {"type", "status", "lastTransitionTime", "reason", "message"}
SELECTING = ("--feature-gates=IAMRoleSelector=true", "--enable-carm=false")


# Shape, order, times


@rule("3-1", "a condition has type, status, lastTransitionTime, message and, though empty, reason")
@rule("3.1-1", "an object in step is Ready")
@rule("3.1-2", "an object in step is ACK.ResourceSynced")
@rule("3.2-1", "Resource synced successfully")
@rule("3.3-2", "success is True with an empty reason")
@rule("3.4-3", "Ready has the status, message and reason of ResourceSynced")
@rule("3.7-1", "an object without references has no ReferencesResolved")
@rule("3.6-4", "a kind without such fields has no LateInitialized")
async def test_in_step(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start(services=("s3",))
    await stage.apply(bucket(name))
    obj = await stage.until_synced(f"bucket/{name}")
    assert types(obj) == ["ACK.ResourceSynced", "Ready"]
    assert said(obj, "ACK.ResourceSynced") == said(obj, "Ready") == ("True", "", SYNCED_TEXT)
    assert [set(each) for each in objects.conditions_of(obj)] == [TIMED, TIMED]


@rule("3-2", "references, late initialisation, synced, role, ready")
@rule("3.1-8", "an object whose role a selector chose is ACK.IAMRoleSelected")
@rule("3.8-2", "with references both conditions stand, each with its own text (W4)")
async def test_the_order(stage: Stage) -> None:
    await make_key(stage, "key")
    async with stage.selecting("it", stage.make_role(another_account())):
        await stage.start(*SELECTING, services=("ecr",))
        await stage.apply(encrypted("mine", "key"))
        obj = await stage.until_synced(REPO)
        await stage.stop()
    assert types(obj) == [
        "ACK.ReferencesResolved",
        "ACK.LateInitialized",
        "ACK.ResourceSynced",
        "ACK.IAMRoleSelected",
        "Ready",
    ]
    assert said(obj, "ACK.ReferencesResolved") == ("True", None, None)
    assert said(obj, "ACK.IAMRoleSelected")[:2] == ("True", "Selected")


@rule("3-2", "a fault stands after the references and before the advisories")
async def test_the_order_of_faults(stage: Stage) -> None:
    other = await stage.make_namespace("other")
    await make_key(stage, "key", namespace=other)
    refuse(stage, "CreateRepository", "LimitExceededException", "no more")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", other))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert types(obj) == ["ACK.ReferencesResolved", "ACK.Terminal", "ACK.Advisory", "ACK.ResourceSynced", "Ready"]


@rule(
    "3-4",
    "each edit moves the times of ResourceSynced and Ready ahead, also within one second, though AWS has nothing to do",
)
async def test_times_of_edits(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    seen = [await stage.until_synced(REPO)]
    for value in ("MUTABLE", None, "MUTABLE"):
        await stage.patch(REPO, {"spec": {"imageTagMutability": value}})
        before = conditions(seen[-1])["ACK.ResourceSynced"]["lastTransitionTime"]
        seen.append(
            await stage.until(
                REPO,
                lambda obj, before=before: conditions(obj)["ACK.ResourceSynced"]["lastTransitionTime"] > before,  # type: ignore[misc]
            )
        )
    for kind in ("ACK.ResourceSynced", "Ready"):
        times = [conditions(obj)[kind]["lastTransitionTime"] for obj in seen]
        assert sorted(set(times)) == times
    assert not [each for each in stage.operations() if each.startswith("Put")]


@rule("3-4", "a resync that finds nothing writes nothing, no new time either (W24)")
async def test_times_at_rest(stage: Stage) -> None:
    await stage.start("--reconcile-default-resync-seconds=1", services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.wait(looks(stage, 3), "the create, the look that follows it, a resync")
    async with stage.history(REPO) as told:
        await stage.wait(looks(stage, 5), "two more resyncs")
    assert told == []


# Advisories, late initialisation, references, roles, adoption


@rule("3.1-5", "two advisories stand side by side, told apart by their reasons")
@rule("3.9-1", "a reference to another namespace is told with both namespaces and the flag, under its reason")
async def test_two_advisories(stage: Stage) -> None:
    other = await stage.make_namespace("other")
    await make_key(stage, "key", namespace=other)
    await stage.start("--feature-gates=IgnoreFieldDrift=true", services=("ecr",))
    await stage.apply(encrypted("mine", "key", other, annotations=ack(ignore_field_drift="spec.nothing")))
    obj = await stage.until_synced(REPO)
    found = {each["reason"]: each["message"] for each in objects.conditions_of(obj) if each["type"] == "ACK.Advisory"}
    assert found.keys() == {"UnknownFieldPath", "CrossNamespaceOptInRequired"}
    text = found["CrossNamespaceOptInRequired"]
    for part in ("resource reference", stage.namespace, other, "--enable-cross-namespace"):
        assert part in text


@rule("3.9-2", "without the flag the reference is refused and there is no advisory")
@rule("3.7-2", "a reference to another namespace that is not allowed is False")
async def test_no_advisory_without_the_flag(stage: Stage) -> None:
    other = await stage.make_namespace("other")
    await make_key(stage, "key", namespace=other)
    await stage.start("--enable-cross-namespace=false", services=("ecr",))
    await stage.apply(encrypted("mine", "key", other))
    obj = await stage.until_condition(REPO, "ACK.ReferencesResolved", "False")
    status, reason, message = said(obj, "ACK.ReferencesResolved")
    assert (status, message) == ("False", "Reference resolution failed")
    assert reason.startswith("cross-namespace resource reference is not allowed")
    assert "ACK.Advisory" not in conditions(obj)
    assert stage.operations() == []


@rule("3.9-2", "the advisory is there also while the reference itself fails")
async def test_an_advisory_beside_a_failure(stage: Stage) -> None:
    other = await stage.make_namespace("other")
    await standins.install(stage.client, KEYS)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", other))
    obj = await stage.until_condition(REPO, "ACK.ReferencesResolved", "Unknown")
    assert said(obj, "ACK.Advisory")[:2] == ("True", "CrossNamespaceOptInRequired")


@rule("3.9-2", "a reference within the namespace has no advisory")
@rule("3.1-7", "an object with references has ReferencesResolved")
@rule("3.7-1", "references that resolve are True, without reason and message")
async def test_references(stage: Stage) -> None:
    await make_key(stage, "key")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key"))
    obj = await stage.until_synced(REPO)
    assert conditions(obj)["ACK.ReferencesResolved"].keys() == {"type", "status", "lastTransitionTime"}
    assert said(obj, "ACK.ReferencesResolved") == ("True", None, None)
    assert "ACK.Advisory" not in conditions(obj)


@pytest.mark.parametrize(
    ("status", "holds", "why"),
    [
        pytest.param(
            None, "Unknown", '"key" not found', marks=rule("3.7-2", "a reference to what is not there is Unknown")
        ),
        pytest.param(
            {"conditions": []},
            "Unknown",
            "the referenced resource is not synced yet. resource:Key",
            marks=rule("3.7-2", "a reference to what is not synced is Unknown"),
        ),
        pytest.param(
            {"conditions": [{"type": "ACK.ResourceSynced", "status": "True"}]},
            "Unknown",
            "the referenced resource is missing the target field. resource:Key",
            marks=rule("3.7-2", "a reference to what lacks the field is Unknown"),
        ),
        pytest.param(
            {"conditions": [{"type": "ACK.Terminal", "status": "True"}]},
            "False",
            "the referenced resource has 'ACK.Terminal' condition 'True'. Cannot be referenced. resource:Key",
            marks=rule("3.7-2", "a reference to what is Terminal is False"),
        ),
    ],
)
async def test_failing_references(stage: Stage, status: dict[str, Any] | None, holds: str, why: str) -> None:
    await standins.install(stage.client, KEYS)
    if status is not None:
        key = ObjectKey(stage.namespace, "key")
        await standins.make(stage.client, KEYS, key, {})
        await stage.client.patch(KEYS, key, {"status": status}, subresource="status")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key"))
    obj = await stage.until_condition(REPO, "ACK.ReferencesResolved", holds)
    _, reason, message = said(obj, "ACK.ReferencesResolved")
    assert (why in reason, message) == (True, "Reference resolution failed")
    assert stage.operations() == []


@rule("3.1-6", "a kind with such fields has LateInitialized")
@rule("3.6-3", "Late initialization successful, as reason and as message")
@rule("3.6-4", "it is there also where the user left nothing out")
async def test_late_initialised(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", registryID=stage.account))
    obj = await stage.until_synced(REPO)
    text = "Late initialization successful"
    assert said(obj, "ACK.LateInitialized") == ("True", text, text)


@rule("3.6-2", "a create whose answer has no value: Delayed Late Initialization, and ResourceSynced False until it has")
async def test_late_initialisation_that_waits(stage: Stage) -> None:
    stage.fault(act="drop", operation="CreateRepository", times=1)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_synced(REPO)
    waiting = next(each for each in told if "status" in each)
    assert said(waiting, "ACK.LateInitialized") == (
        "False",
        "Delayed Late Initialization",
        "Late initialization did not complete, requeuing with delay of 5 seconds",
    )
    assert said(waiting, "ACK.ResourceSynced") == ("False", "", NOT_SYNCED_TEXT)
    assert said(told[-1], "ACK.LateInitialized")[0] == "True"


@rule("3.6-4", "with --late-initialize=ack a Bucket has such fields too")
async def test_late_initialised_buckets(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start("--late-initialize=ack", services=("s3",))
    await stage.apply(bucket(name))
    obj = await stage.until_condition(f"bucket/{name}", "ACK.LateInitialized")
    assert said(obj, "ACK.LateInitialized")[1] == "Late initialization successful"


@rule("3.2-9", "Selected, and roleARN, selectorName and selectorResourceVersion")
@rule("3.8-1", "the condition is there on success")
async def test_selected(stage: Stage) -> None:
    arn = stage.make_role(another_account())
    async with stage.selecting("it", arn) as what:
        await stage.start(*SELECTING, services=("ecr",))
        await stage.apply(repository("mine"))
        obj = await stage.until_synced(REPO)
        version = objects.version_of(await stage.get(what))
        await stage.stop()
    text = f"roleARN: {arn}, selectorName: {stage.namespace}-it, selectorResourceVersion: {version}"
    assert said(obj, "ACK.IAMRoleSelected") == ("True", "Selected", text)


@rule("3.8-1", "the condition is there on failure too, and absent where no selector matches")
@rule("3.8-2", "a deletion that fails leaves one such condition, not two")
async def test_selected_and_failing(stage: Stage) -> None:
    other = another_account()
    arn = stage.make_role(other)
    async with stage.selecting("it", arn, resourceLabelSelector={"matchLabels": {"role": "other"}}):
        await stage.start(*SELECTING, services=("ecr",))
        await stage.apply(marked(repository("mine"), labels={"role": "other"}))
        await stage.apply(repository("plain"))
        await stage.until_synced(REPO)
        assert "ACK.IAMRoleSelected" not in conditions(await stage.until_synced("repository/plain"))
        error = {"act": "error", "operation": "DeleteRepository", "status": 400, "code": "OddException", "times": 2}
        stage.cloud.fault(account=other, **error)
        await stage.delete(REPO)
        obj = await stage.until_condition(REPO, "ACK.Recoverable")
        assert types(obj).count("ACK.IAMRoleSelected") == 1
        stage.cloud.clear_faults(other)
        await stage.until_gone(REPO)
        await stage.stop()


@rule("3.1-9", "an AdoptedResource says ACK.Adopted: False with the error while there is nothing, then True alone")
async def test_adopted(stage: Stage) -> None:
    manifest = {
        "apiVersion": "services.k8s.aws/v1alpha1",
        "kind": "AdoptedResource",
        "metadata": {"name": "it"},
        "spec": {"aws": {"nameOrID": "mine"}, "kubernetes": {"group": "ecr.services.k8s.aws", "kind": "Repository"}},
    }
    await stage.start(services=("ecr",))
    await stage.apply(manifest)
    obj = await stage.until_condition("adoptedresource/it", "ACK.Adopted", "False")
    assert said(obj, "ACK.Adopted")[2] == "adopted resource not found"
    stage.aws("ecr").create_repository(repositoryName="mine")
    obj = await stage.until_condition("adoptedresource/it", "ACK.Adopted")
    assert (types(obj), said(obj, "ACK.Adopted")[2]) == (["ACK.Adopted"], None)
    assert "ACK.Adopted" not in conditions(await stage.until_synced("repository/it"))
