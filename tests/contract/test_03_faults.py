"""Section 3 of the contract, the faults: what conditions say of a pass that failed, and that nothing of it stays."""

from __future__ import annotations

import pytest
from tests.contract.conditions import NOT_SYNCED_TEXT, TERMINAL_REASON, UNKNOWN_TEXT, refuse, said, types
from tests.contract.repositories import KEYS, REPO, encrypted, looks

from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.testing import standins
from ackpy.testing.stage import RESOURCES, Stage, ack, another_account, bucket, conditions, repository, rule, writes

pytestmark = pytest.mark.slow

RULES = {
    "3-3": "conditions are rebuilt on every pass",
    "3-5": "Terminal and Recoverable have neither a reason nor a time",
    "3.1-3": "type ACK.Terminal",
    "3.1-4": "type ACK.Recoverable",
    "3.2-2": "text: not synced",
    "3.2-3": "text: unknown",
    "3.2-4": "text: exists but unmanaged",
    "3.2-5": "what somebody can do about a resource that exists",
    "3.2-6": "text: references",
    "3.2-7": "text: no role",
    "3.2-8": "text: reason of ResourceSynced beside Terminal",
    "3.3-3": "ResourceSynced beside Terminal: False",
    "3.3-4": "ResourceSynced after another error: Unknown, the error is the reason",
    "3.3-5": "ResourceSynced between the steps of a create",
    "3.3-6": "every pass that ends says ResourceSynced and Ready (W1, W20)",
    "3.4-1": "Ready beside Terminal",
    "3.4-2": "Ready beside Recoverable",
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
}
UNCOVERED = {
    "3.5-1c": "no kind of S3 or ECR takes a Secret; tests/controllers/test_secrets.py holds it on IAM's LoginProfile",
    "3.5-5": "kinds have no such hook: what a state or an error means stands in the definition (docs of ackpy.model.hooks)",
}


# Nothing stays from pass to pass


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


# Terminal and Recoverable


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
    await stage.patch(REPO, {"spec": {"imageTagMutability": "MUTABLE"}})
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
        await stage.wait(looks(stage, 3), "two more tries")
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


# What else keeps an object from being Ready


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
