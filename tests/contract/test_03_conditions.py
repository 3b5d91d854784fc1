"""Section 3 of the contract: what conditions an object has, when, and what they say."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.repositories import ARN, KEYS, REPO

from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.testing import standins
from ackpy.testing.stage import RESOURCES, Stage, ack, another_account, bucket, conditions, repository, rule, writes

pytestmark = pytest.mark.slow

RULES = {
    "3-1": "what a condition is made of; an empty reason is present",
    "3-2": "the order of conditions",
    "3-3": "conditions are rebuilt on every pass",
    "3-4": "a new lastTransitionTime tells that an edit was looked at",
    "3-5": "Terminal and Recoverable have neither a reason nor a time",
    "3.1-1": "type Ready",
    "3.1-2": "type ACK.ResourceSynced",
    "3.1-3": "type ACK.Terminal",
    "3.1-4": "type ACK.Recoverable",
    "3.1-5": "type ACK.Advisory: several may stand side by side, told apart by reason",
    "3.1-6": "type ACK.LateInitialized",
    "3.1-7": "type ACK.ReferencesResolved",
    "3.1-8": "type ACK.IAMRoleSelected",
    "3.1-9": "type ACK.Adopted, of AdoptedResources alone",
    "3.2-1": "text: synced",
    "3.2-2": "text: not synced",
    "3.2-3": "text: unknown",
    "3.2-4": "text: exists but unmanaged",
    "3.2-5": "what somebody can do about a resource that exists",
    "3.2-6": "text: references",
    "3.2-7": "text: no role",
    "3.2-8": "text: reason of ResourceSynced beside Terminal",
    "3.2-9": "text: role selector",
    "3.3-1": "kinds with states are synced when they hold the right ones",
    "3.3-2": "ResourceSynced after success: True, with an empty reason",
    "3.3-3": "ResourceSynced beside Terminal: False",
    "3.3-4": "ResourceSynced after another error: Unknown, the error is the reason",
    "3.3-5": "ResourceSynced between the steps of a create",
    "3.3-6": "every pass that ends says ResourceSynced and Ready (W1, W20)",
    "3.3-7": "kinds that ask for a look after each success",
    "3.4-1": "Ready beside Terminal",
    "3.4-2": "Ready beside Recoverable",
    "3.4-3": "Ready mirrors ResourceSynced",
    "3.4-4": "Ready where nothing else is known",
    "3.4-4b": "Ready while a deletion fails or a role is missing (W20)",
    "3.5-1a": "Terminal by a code of the kind; the text is AWS's innermost",
    "3.5-1b": "Terminal by what the controller itself refuses",
    "3.5-1c": "Terminal by a Secret",
    "3.5-2a": "another error takes Terminal's place",
    "3.5-2b": "success takes both away",
    "3.5-1d": "request ids and context are no part of a message",
    "3.5-3": "a step of a create is no error",
    "3.5-4": "Terminal that the engine sets by itself",
    "3.5-5": "conditions that a kind's hook adds",
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
    "3.5-1c": "no kind of S3 or ECR takes a Secret; tests/controllers/test_secrets.py holds it on IAM's LoginProfile",
    "3.5-5": "kinds have no such hook: what a state or an error means stands in the definition (docs of ackpy.model.hooks)",
    "3.6-1": "there is no further read that could fail: values come from the observation in hand (W21, row 5.1-2)",
}

TIMED = {"type", "status", "lastTransitionTime", "reason", "message"}
SYNCED_TEXT = "Resource synced successfully"
NOT_SYNCED_TEXT = "Resource not synced"
UNKNOWN_TEXT = "Unable to determine if desired resource state matches latest observed state"
TERMINAL_REASON = "resource is in terminal condition"
SELECTING = ("--feature-gates=IAMRoleSelector=true", "--enable-carm=false")


def said(obj: Object, kind: str) -> tuple[Any, ...]:
    """Status, reason and message of a condition."""
    found = conditions(obj)[kind]
    return found["status"], found.get("reason"), found.get("message")


def types(obj: Object) -> list[str]:
    return [each["type"] for each in objects.conditions_of(obj)]


def encrypted(name: str, key: str, namespace: str = "", **spec: Any) -> Object:
    """A repository with a key that another object makes."""
    source = {"name": key, **({"namespace": namespace} if namespace else {})}
    encryption = {"encryptionType": "KMS", "kmsKeyRef": {"from": source}}
    return repository(name, encryptionConfiguration=encryption, **spec)


async def make_key(stage: Stage, *, namespace: str = "", **status: Any) -> None:
    """The object "key", with such a status; an ARN and synced when nothing is said."""
    await standins.install(stage.client, KEYS)
    key = ObjectKey(namespace or stage.namespace, "key")
    await standins.make(stage.client, KEYS, key, {})
    if status:
        await stage.client.patch(KEYS, key, {"status": status}, subresource="status")
    else:
        await standins.become_ready(stage.client, KEYS, key, ARN)


def refuse(stage: Stage, operation: str, code: str, message: str, times: int = 0) -> None:
    """Let AWS answer 400 with this code."""
    stage.fault(act="error", operation=operation, status=400, code=code, message=message, times=times)


async def edit(stage: Stage, what: str = REPO) -> None:
    """An edit of the spec that AWS has nothing to do for."""
    await stage.patch(what, {"spec": {"imageTagMutability": "MUTABLE"}})


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
    await make_key(stage)
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
    await make_key(stage, namespace=other)
    refuse(stage, "CreateRepository", "LimitExceededException", "no more")
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key", other))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert types(obj) == ["ACK.ReferencesResolved", "ACK.Terminal", "ACK.Advisory", "ACK.ResourceSynced", "Ready"]


@rule("3-3", "what somebody else wrote among the conditions is gone after the next pass")
async def test_foreign_conditions(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_synced(REPO)
    strange = {"type": "Strange", "status": "True"}
    patch = {"status": {"conditions": [*objects.conditions_of(obj), strange]}}
    key = ObjectKey(stage.namespace, "mine")
    await stage.client.patch(RESOURCES["repository"], key, patch, subresource="status")
    assert "Strange" not in types(await stage.look(REPO))


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
    await stage.wait(_described(stage, 3), "the create, the look that follows it, a resync")
    async with stage.history(REPO) as told:
        await stage.wait(_described(stage, 5), "two more resyncs")
    assert told == []


def _described(stage: Stage, times: int) -> Any:
    async def described() -> bool:
        return stage.operations().count("DescribeRepositories") >= times

    return described


# Faults


@rule("3-5", "Terminal has type, status and message and nothing else")
@rule("3.1-3", "what AWS will not accept is ACK.Terminal")
@rule("3.2-2", "Resource not synced")
@rule("3.2-8", "resource is in terminal condition")
@rule("3.3-3", "beside Terminal, ResourceSynced is False")
@rule("3.4-1", "beside Terminal, Ready is False, with its message and what to do")
@rule("3.5-1a", "a code of the kind's list, of a modelled error, is Terminal with code and text")
async def test_terminal(stage: Stage) -> None:
    refuse(stage, "CreateRepository", "LimitExceededException", "no more of them")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    text = "api error LimitExceededException: no more of them"
    assert conditions(obj)["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": text}
    assert said(obj, "ACK.ResourceSynced") == ("False", TERMINAL_REASON, NOT_SYNCED_TEXT)
    status, reason, message = said(obj, "Ready")
    assert (status, reason) == ("False", "ACK.Terminal")
    assert message.startswith(f"{text}. an AWS quota is used up")


@rule("3.5-1a", "a code that AWS's model does not name is Terminal with the same form of text")
async def test_terminal_by_an_unmodelled_code(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    refuse(stage, "CreateBucket", "InvalidBucketName", "The specified bucket is not valid.")
    await stage.start(services=("s3",))
    await stage.apply(bucket(name))
    obj = await stage.until_condition(f"bucket/{name}", "ACK.Terminal")
    assert said(obj, "ACK.Terminal")[2] == "api error InvalidBucketName: The specified bucket is not valid."


@rule("3.5-1b", "a spec that cannot be sent is Terminal before any call")
async def test_terminal_by_ourselves(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", policy="{"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert said(obj, "ACK.Terminal")[2].startswith("spec.policy is not valid JSON at line 1 column 2")
    assert said(obj, "ACK.ResourceSynced") == ("False", TERMINAL_REASON, NOT_SYNCED_TEXT)
    assert stage.operations() == []


@rule("3-5", "Recoverable has type, status and message and nothing else")
@rule("3.1-4", "what may pass by itself is ACK.Recoverable")
@rule("3.2-3", "Unable to determine if desired resource state matches latest observed state")
@rule("3.3-4", "ResourceSynced is Unknown, and the error's text is its reason")
@rule("3.4-2", "beside Recoverable, Ready is False, with its message")
@rule("3.5-2a", "a code of no list is Recoverable")
@rule("3.5-2b", "what has passed by itself leaves no Recoverable behind, not even False")
async def test_recoverable(stage: Stage) -> None:
    refuse(stage, "DescribeRepositories", "OddException", "just now", times=1)
    await stage.start(services=("ecr",))
    async with stage.history(REPO) as told:
        await stage.apply(repository("mine"))
        await stage.until_synced(REPO)
    failed, healed = next(each for each in told if "status" in each), told[-1]
    text = "api error OddException: just now"
    assert conditions(failed)["ACK.Recoverable"] == {"type": "ACK.Recoverable", "status": "True", "message": text}
    assert said(failed, "ACK.ResourceSynced") == ("Unknown", text, UNKNOWN_TEXT)
    assert said(failed, "Ready") == ("False", "ACK.Recoverable", text)
    assert types(healed) == ["ACK.LateInitialized", "ACK.ResourceSynced", "Ready"]


@rule("3.5-2a", "after another error the object is Recoverable and no longer Terminal")
async def test_recoverable_after_terminal(stage: Stage) -> None:
    refuse(stage, "CreateRepository", "LimitExceededException", "no more", times=1)
    refuse(stage, "CreateRepository", "OddException", "just now")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition(REPO, "ACK.Terminal")
    await edit(stage)
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert "ACK.Terminal" not in conditions(obj)


@rule("3.5-2b", "a mended object has no Terminal, not even False")
@rule("3-3", "Terminal of an earlier pass is gone with the pass that succeeds")
async def test_mended(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", policy="{"))
    await stage.until_condition(REPO, "ACK.Terminal")
    await stage.patch(REPO, {"spec": {"policy": None}})
    obj = await stage.until_synced(REPO)
    assert types(obj) == ["ACK.LateInitialized", "ACK.ResourceSynced", "Ready"]


@rule("3.5-1d", "a setting that AWS refuses is told in AWS's words alone: no request id, no name of the property")
async def test_the_text_of_a_setting(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    refuse(stage, "PutBucketVersioning", "OddArgument", "no such thing")
    await stage.start(services=("s3",))
    await stage.apply(bucket(name, versioning={"status": "Enabled"}))
    obj = await stage.until_condition(f"bucket/{name}", "ACK.Recoverable")
    assert said(obj, "ACK.Recoverable")[2] == "api error OddArgument: no such thing"
    ids = {call.request_id for call in stage.calls()}
    assert not [each for each in ids if each and each in str(objects.conditions_of(obj))]


@rule("3.5-1d", "a try that ends as the one before does not write: its text is the same")
async def test_the_same_again(stage: Stage) -> None:
    refuse(stage, "DescribeRepositories", "OddException", "still")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_condition(REPO, "ACK.Recoverable")
    async with stage.history(REPO) as told:
        await stage.wait(_described(stage, 3), "two more tries")
    assert told == []


@rule("3.3-5", "a bucket is never said to wait for a second sync")
@rule("3.5-3", "a bucket's settings are put in the pass that creates it, and nothing reads as an error meanwhile (W23)")
async def test_steps_of_a_create(stage: Stage) -> None:
    name = f"{stage.namespace}-mine"
    await stage.start(services=("s3",))
    async with stage.history(f"bucket/{name}") as told:
        await stage.apply(bucket(name, versioning={"status": "Enabled"}))
        await stage.until_synced(f"bucket/{name}")
    assert writes(told) == ["metadata", "status"]
    assert [said(each, "ACK.ResourceSynced")[0] for each in told if "status" in each] == ["True"]
    assert stage.operations() == ["GetBucketTagging", "CreateBucket", "PutBucketVersioning"]


@rule("3.2-4", "Resource already exists")
@rule("3.2-5", "the way to adopt it is told by Ready; Terminal has no reason")
@rule("3.5-4", "what exists and is not the object's own is Terminal")
async def test_exists(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="mine")
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    text = "Resource already exists"
    assert conditions(obj)["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": text}
    assert "services.k8s.aws/adoption-policy" in said(obj, "Ready")[2]


@pytest.mark.parametrize(
    ("annotations", "text"),
    [
        pytest.param(
            ack(adoption_policy="adopt"),
            "unmarshalling adoption-fields annotation: it is missing",
            marks=rule("3.5-4", "adoption without fields is Terminal, the error is its message"),
        ),
        pytest.param(
            ack(adoption_policy="adopt", adoption_fields="{}"),
            "Error populating adoption fields: required field missing: name",
            marks=rule("3.5-4", "adoption with a field missing is Terminal, the error is its message"),
        ),
        pytest.param(
            ack(adoption_policy="take"),
            "unrecognized adoption policy take. ",
            marks=rule("3.3-6", "a bad adoption policy says ResourceSynced and Ready False beside Terminal"),
        ),
    ],
)
async def test_bad_adoption(stage: Stage, annotations: dict[str, str], text: str) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=annotations))
    obj = await stage.until_condition(REPO, "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"].keys() == {"type", "status", "message"}
    assert said(obj, "ACK.Terminal")[2].startswith(text)
    assert said(obj, "ACK.ResourceSynced") == ("False", TERMINAL_REASON, NOT_SYNCED_TEXT)
    assert said(obj, "Ready")[:2] == ("False", "ACK.Terminal")


@pytest.mark.parametrize(
    ("annotations", "text"),
    [
        pytest.param(
            ack(adoption_policy="adopt", adoption_fields='{"name": "mine"}'),
            "adopted resource not found",
            marks=rule("3.3-6", "adopting what is not there is Recoverable, ResourceSynced and Ready are False (W1)"),
        ),
        pytest.param(
            ack(read_only="true"),
            "read-only resource not found",
            marks=rule("3.3-6", "showing what is not there is Recoverable, ResourceSynced and Ready are False (W1)"),
        ),
    ],
)
async def test_missing(stage: Stage, annotations: dict[str, str], text: str) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", annotations=annotations))
    obj = await stage.until_condition(REPO, "ACK.Recoverable")
    assert said(obj, "ACK.Recoverable")[2] == text
    assert said(obj, "ACK.ResourceSynced") == ("False", text, NOT_SYNCED_TEXT)
    assert said(obj, "Ready")[:2] == ("False", "ACK.Recoverable")


@rule("3.3-6", "an account that has no role yet says ResourceSynced and Ready False")
@rule("3.2-7", "IAM Role is not available")
@rule("3.4-4b", "Ready of an object that was in step is False when its role is gone (W20)")
async def test_without_a_role(stage: Stage) -> None:
    other = another_account()
    await stage.map_roles({other: stage.make_role(other)})
    await stage.annotate_namespace(owner_account_id=other)
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    await stage.map_roles({})
    obj = await stage.until_condition(REPO, "ACK.ResourceSynced", "False")
    why = f'retrieving role ARN for account/team ID "{other}" from "ack-role-account-map" configmap: key not found'
    assert said(obj, "ACK.ResourceSynced") == ("False", why, "IAM Role is not available")
    status, reason, message = said(obj, "Ready")
    assert (status, reason) == ("False", "ACK.ResourceSynced")
    assert message.startswith(f"IAM Role is not available: {why}. ")


@rule("3.4-4b", "Ready is False while AWS refuses the deletion (W20)")
async def test_a_deletion_that_fails(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced(REPO)
    refuse(stage, "DeleteRepository", "OddException", "not yet", times=1)
    await stage.delete(REPO)
    obj = await stage.until_condition(REPO, "Ready", "False")
    assert said(obj, "Ready") == ("False", "ACK.Recoverable", "api error OddException: not yet")
    assert said(obj, "ACK.ResourceSynced")[0] == "Unknown"
    await stage.until_gone(REPO)


# Advisories, late initialisation, references, roles, adoption


@rule("3.1-5", "two advisories stand side by side, told apart by their reasons")
@rule("3.9-1", "a reference to another namespace is told with both namespaces and the flag, under its reason")
async def test_two_advisories(stage: Stage) -> None:
    other = await stage.make_namespace("other")
    await make_key(stage, namespace=other)
    await stage.start("--feature-gates=IgnoreFieldDrift=true", services=("ecr",))
    manifest = encrypted("mine", "key", other)
    marks = ack(ignore_field_drift="spec.nothing")
    await stage.apply({**manifest, "metadata": {**manifest["metadata"], "annotations": marks}})
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
    await make_key(stage, namespace=other)
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
    await make_key(stage)
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
        await make_key(stage, **status)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key"))
    obj = await stage.until_condition(REPO, "ACK.ReferencesResolved", holds)
    _, reason, message = said(obj, "ACK.ReferencesResolved")
    assert (why in reason, message) == (True, "Reference resolution failed")
    assert stage.operations() == []


@rule("3.2-6", "Reference resolution failed")
@rule("3.3-6", "a failing reference says ResourceSynced Unknown and Ready False, after ReferencesResolved (W20)")
async def test_a_failing_reference_is_not_ready(stage: Stage) -> None:
    await standins.install(stage.client, KEYS)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted("mine", "key"))
    obj = await stage.until_condition(REPO, "ACK.ReferencesResolved", "Unknown")
    assert types(obj) == ["ACK.ReferencesResolved", "ACK.ResourceSynced", "Ready"]
    _, reason, message = said(obj, "ACK.ReferencesResolved")
    assert message == "Reference resolution failed"
    assert said(obj, "ACK.ResourceSynced") == ("Unknown", reason, UNKNOWN_TEXT)
    assert said(obj, "Ready")[:2] == ("False", "ACK.ReferencesResolved")


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
        manifest = repository("mine")
        await stage.apply({**manifest, "metadata": {**manifest["metadata"], "labels": {"role": "other"}}})
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
