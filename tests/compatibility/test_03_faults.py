"""Clients read `ACK.Terminal` and `ACK.Recoverable` by type, status and message, find them absent when all is well, and the first
condition of the list by its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.compatibility.subjects import ENABLED, made

from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, ack, bucket, conditions, repository, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "C3-1": "Terminal has exactly type, status and message",
    "C3-2": "Recoverable has exactly type, status and message",
    "C3-3": "the message of an AWS error is `api error CODE: text`",
    "C3-4": "after recovery both are absent",
    "C3-5": "what to do stands in the Event and in Ready's message",
    "C3-6": "a text that the kind's own rule sets is the message as it is",
    "C3-7": "lambda: code signing of images, permission without statementID",
    "C3-8": "dynamodb: a table whose streams are not as replicas need them",
    "C3-9": "acm: too many domain validation errors",
    "C3-10": "sagemaker: an endpoint, an inference component that cannot be updated",
    "C12-1": "conditions stand in one order, from ReferencesResolved, Terminal and Recoverable to ResourceSynced and Ready",
    "C12-2": "the list is rebuilt each pass: what held before does not stand before what holds now",
    "C12-3": "the first condition is the one that clients index",
    "C13-1": "after an edit ResourceSynced's lastTransitionTime is newer by a second at least, however soon the edit came",
}
UNCOVERED = {
    "C3-7": "kind not in the catalog yet; that a definition's text is the message as it is: C3-6",
    "C3-8": "kind not in the catalog yet; that a definition's text is the message as it is: C3-6",
    "C3-9": "kind not in the catalog yet; that a definition's text is the message as it is: C3-6",
    "C3-10": "kind not in the catalog yet; that AWS's reason for a failed state is the message: tests/controllers/test_states.py",
}
BY_CODE = {"act": "error", "status": 400, "message": "AWS's own words"}
LATE = "ACK.LateInitialized"
SYNCED = "ACK.ResourceSynced"


async def faulty(stage: Stage, manifest: Object, kind: str) -> dict[str, Any]:
    """The condition of a kind that a manifest comes to."""
    what = f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
    await stage.apply(manifest)
    return conditions(await stage.until_condition(what, kind))[kind]


def exactly(kind: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "message": message}


@pytest.mark.parametrize(
    ("annotations", "spec", "message"),
    [
        pytest.param(
            {},
            {"acl": "private", "grantRead": 'id="1"'},
            "acl and grants exclude one another: keep either acl or the grant fields",
            marks=[
                rule("C3-1", "what the kind refuses"),
                rule("C3-6", "ACL beside grants: the definition's sentence is the whole message"),
            ],
        ),
        pytest.param(
            {},
            {"policy": "{"},
            "spec.policy is not valid JSON at line 1 column 2: give an IAM policy document",
            marks=rule("C3-1", "a policy that is no JSON"),
        ),
        pytest.param(
            ack(deletion_policy="keep"),
            {},
            'the annotation services.k8s.aws/deletion-policy of Bucket OBJECT is "keep"; it must be "delete" or "retain"',
            marks=rule("C3-1", "an annotation without a meaning"),
        ),
        pytest.param(
            ack(adoption_policy="maybe"),
            {},
            'unrecognized adoption policy maybe. Supported policies are "adopt" and "adopt-or-create"',
            marks=rule("C3-1", "an adoption policy that there is not, in ACK's words"),
        ),
    ],
)
async def test_what_is_refused_before_any_call(
    stage: Stage, annotations: Mapping[str, str], spec: Mapping[str, Any], message: str
) -> None:
    await stage.start(services=("s3",))
    found = await faulty(stage, bucket(stage.namespace, annotations=annotations, **spec), "ACK.Terminal")
    assert found == exactly("ACK.Terminal", message.replace("OBJECT", f"{stage.namespace}/{stage.namespace}"))
    assert stage.operations() == []


@rule("C3-1", "a resource that is there and not ours, in ACK's words")
async def test_what_exists(stage: Stage) -> None:
    stage.aws("s3").create_bucket(Bucket=stage.namespace)
    await stage.start(services=("s3",))
    found = await faulty(stage, bucket(stage.namespace), "ACK.Terminal")
    assert found == exactly("ACK.Terminal", "Resource already exists")


@rule("C3-1", "an edit of what AWS never changes")
async def test_an_immutable_field(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine"))
    await stage.until_synced("repository/mine")
    await stage.patch("repository/mine", {"spec": {"encryptionConfiguration": {"encryptionType": "KMS"}}})
    found = conditions(await stage.until_condition("repository/mine", "ACK.Terminal"))["ACK.Terminal"]
    text = "spec.encryptionConfiguration.encryptionType is immutable: a repository's encryption is fixed: make a new repository"
    assert found == exactly("ACK.Terminal", text)


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        pytest.param("s3", "CreateBucket", "InvalidBucketName", marks=rule("C3-3", "S3's XML error in a create")),
        pytest.param("s3", "GetBucketTagging", "PermanentRedirect", marks=rule("C3-3", "in a read of the resource")),
        pytest.param("s3", "PutBucketVersioning", "MalformedXML", marks=rule("C3-3", "in a write of one setting")),
        pytest.param(
            "ecr",
            "CreateRepository",
            "LimitExceededException",
            marks=rule("C3-3", "ECR's JSON error, a modelled exception"),
        ),
        pytest.param(
            "ecr",
            "SetRepositoryPolicy",
            "InvalidParameterException",
            marks=rule("C3-3", "ECR's in a write of one setting, without the context of the call"),
        ),
    ],
)
async def test_the_text_of_a_terminal_error(stage: Stage, service: str, operation: str, code: str) -> None:
    stage.fault(**BY_CODE, operation=operation, code=code, times=0)
    await stage.start(services=(service,))
    manifest = (
        bucket(stage.namespace, **ENABLED)
        if service == "s3"
        else repository(stage.namespace, policy='{"Statement": []}')
    )
    found = await faulty(stage, manifest, "ACK.Terminal")
    assert found == exactly("ACK.Terminal", f"api error {code}: AWS's own words")


@rule("C3-3", "in a read of one setting")
async def test_the_text_of_a_setting_that_cannot_be_read(stage: Stage) -> None:
    await made(stage, **ENABLED)
    stage.fault(**BY_CODE, operation="GetBucketVersioning", code="MalformedXML", times=0)
    await stage.annotate(f"bucket/{stage.namespace}", {"somebody": "edits"})
    found = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Terminal")
    assert conditions(found)["ACK.Terminal"] == exactly("ACK.Terminal", "api error MalformedXML: AWS's own words")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(403, "AccessDenied", marks=rule("C3-2", "what is not permitted")),
        pytest.param(409, "OperationAborted", marks=rule("C3-2", "what the kind tries again")),
        pytest.param(400, "NobodyKnowsThis", marks=rule("C3-2", "a code that no table has")),
        pytest.param(403, "ExpiredToken", marks=rule("C3-2", "credentials that have run out")),
        pytest.param(501, "NotImplemented", marks=rule("C3-2", "what the endpoint does not offer")),
    ],
)
async def test_a_recoverable_error(stage: Stage, status: int, code: str) -> None:
    stage.fault(act="error", operation="CreateBucket", status=status, code=code, message="Not now", times=0)
    await stage.start(services=("s3",))
    found = await faulty(stage, bucket(stage.namespace), "ACK.Recoverable")
    assert found == exactly("ACK.Recoverable", f"api error {code}: Not now")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        pytest.param("InvalidBucketName", 400, "ACK.Terminal", marks=rule("C3-4", "Terminal, once AWS takes the edit")),
        pytest.param("AccessDenied", 403, "ACK.Recoverable", marks=rule("C3-4", "Recoverable, once AWS permits it")),
    ],
)
async def test_after_recovery(stage: Stage, code: str, status: int, kind: str) -> None:
    stage.fault(act="error", operation="CreateBucket", status=status, code=code, message="no", times=0)
    await stage.start(services=("s3",))
    await faulty(stage, bucket(stage.namespace), kind)
    stage.cloud.clear_faults(stage.account)
    await stage.apply(bucket(stage.namespace, **ENABLED))
    found = await stage.until_synced(f"bucket/{stage.namespace}")
    assert statuses(found) == {SYNCED: "True", "Ready": "True"}


@rule("C3-4", "Terminal gives way to Recoverable without a trace")
async def test_from_one_to_the_other(stage: Stage) -> None:
    await stage.start(services=("s3",))
    name = stage.namespace
    await faulty(stage, bucket(name, policy="{"), "ACK.Terminal")
    stage.fault(act="error", operation="CreateBucket", status=403, code="AccessDenied", message="no", times=0)
    await stage.apply(bucket(name))
    found = await stage.until_condition(f"bucket/{name}", "ACK.Recoverable")
    assert statuses(found) == {"ACK.Recoverable": "True", SYNCED: "Unknown", "Ready": "False"}


@pytest.mark.parametrize(
    ("code", "status", "kind", "advice", "event"),
    [
        pytest.param(
            "InvalidBucketName",
            400,
            "ACK.Terminal",
            "give spec.name 3 to 63 characters",
            "Refused",
            marks=rule("C3-5", "of a terminal error: the definition's advice"),
        ),
        pytest.param(
            "AccessDenied",
            403,
            "ACK.Recoverable",
            "allow it in the policies of both",
            "AccessDenied",
            marks=rule("C3-5", "of a denied call: who may not do what"),
        ),
    ],
)
async def test_the_helpful_sentence(stage: Stage, code: str, status: int, kind: str, advice: str, event: str) -> None:
    stage.fault(act="error", operation="CreateBucket", status=status, code=code, message="no", times=0)
    await stage.start(services=("s3",))
    what = f"bucket/{stage.namespace}"
    found = await faulty(stage, bucket(stage.namespace), kind)
    assert advice not in found["message"]
    ready = conditions(await stage.get(what))["Ready"]
    assert ready["message"].startswith(f"{found['message']}. ")
    assert advice in ready["message"]

    async def told() -> bool:
        return any(advice in each["message"] for each in await stage.events(what, event))

    await stage.wait(told, f"an Event {event} that helps")


@pytest.mark.parametrize(
    ("reference", "order"),
    [
        pytest.param({}, [LATE, SYNCED, "Ready"], marks=rule("C12-1", "of a repository that is well")),
        pytest.param(
            {"kmsKeyRef": {"from": {"name": "nowhere"}}, "encryptionType": "KMS"},
            ["ACK.ReferencesResolved", SYNCED, "Ready"],
            marks=rule("C12-1", "of one that refers to nothing that is there"),
        ),
    ],
)
async def test_the_order(stage: Stage, reference: Mapping[str, Any], order: list[str]) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(repository("mine", **({"encryptionConfiguration": reference} if reference else {})))
    found = await stage.until("repository/mine", lambda obj: obj.get("status"))
    assert kinds(found) == order


def kinds(obj: Object) -> list[str]:
    return [each["type"] for each in obj["status"]["conditions"]]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        pytest.param(
            400,
            "InvalidParameterException",
            "ACK.Terminal",
            marks=rule("C12-1", "Terminal before Advisory and the rest"),
        ),
        pytest.param(403, "AccessDeniedException", "ACK.Recoverable", marks=rule("C12-1", "Recoverable likewise")),
    ],
)
async def test_the_order_of_faults(stage: Stage, status: int, code: str, kind: str) -> None:
    stage.fault(act="error", operation="SetRepositoryPolicy", status=status, code=code, message="no", times=0)
    await stage.start("--feature-gates=IgnoreFieldDrift=true", services=("ecr",))
    marks = ack(ignore_field_drift="spec.nowhere")
    await stage.apply(repository("mine", annotations=marks, policy='{"Statement": []}'))
    await stage.until_condition("repository/mine", kind)
    await stage.annotate("repository/mine", {"somebody": "edits"})
    found = await stage.until_condition("repository/mine", "ACK.Advisory")
    assert kinds(found) == [kind, "ACK.Advisory", LATE, SYNCED, "Ready"]


@rule("C12-1", "IAMRoleSelected between ResourceSynced and Ready")
async def test_the_order_with_a_role(stage: Stage) -> None:
    """The stage's account trusts nobody yet: the role is made by hand, and its ARN chosen by a selector."""
    arn = stage.make_role(stage.account, "chosen")
    selector = {
        "apiVersion": "services.k8s.aws/v1alpha1",
        "kind": "IAMRoleSelector",
        "metadata": {"name": stage.namespace},
        "spec": {"arn": arn, "namespaceSelector": {"names": [stage.namespace]}},
    }
    await stage.start("--feature-gates=IAMRoleSelector=true", "--enable-carm=false", services=("s3",))
    await stage.apply(selector)
    await stage.apply(bucket(stage.namespace))
    found = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.IAMRoleSelected")
    await stage.delete(f"selector/{stage.namespace}")
    assert kinds(found) == [SYNCED, "ACK.IAMRoleSelected", "Ready"]


@rule("C12-2", "what was Terminal and is well has ResourceSynced first again, and nothing of before")
async def test_it_is_rebuilt(stage: Stage) -> None:
    await stage.start(services=("s3",))
    name = stage.namespace
    await faulty(stage, bucket(name, policy="{"), "ACK.Terminal")
    assert kinds(await stage.get(f"bucket/{name}")) == ["ACK.Terminal", SYNCED, "Ready"]
    await stage.apply(bucket(name))
    assert kinds(await stage.until_synced(f"bucket/{name}")) == [SYNCED, "Ready"]


@rule("C12-3", "conditions[0] of a bucket is ResourceSynced when it is well, and Recoverable when it is not")
async def test_the_first_condition(stage: Stage) -> None:
    what, found = await made(stage)
    assert found["status"]["conditions"][0]["type"] == SYNCED
    stage.fault(act="error", operation="PutBucketVersioning", status=403, code="AccessDenied", message="no", times=0)
    await stage.apply(bucket(stage.namespace, **ENABLED))
    found = await stage.until_condition(what, "ACK.Recoverable")
    assert found["status"]["conditions"][0] == exactly("ACK.Recoverable", "api error AccessDenied: no")


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(
            [
                {"versioning": {"status": "Suspended"}},
                {"versioning": {"status": "Enabled"}},
                {"versioning": {"status": "Suspended"}},
            ],
            marks=rule("C13-1", "three edits of AWS within a second: each time is newer, by a second at least"),
        ),
        pytest.param(
            [{**ENABLED, "requestPayment": {"payer": "BucketOwner"}}, ENABLED],
            marks=rule("C13-1", "an edit that changes nothing in AWS, too"),
        ),
    ],
)
async def test_the_time_of_an_edit(stage: Stage, edits: list[Mapping[str, Any]]) -> None:
    what, found = await made(stage, **ENABLED)
    for edit in edits:
        before = time_of(found)
        await stage.apply(bucket(stage.namespace, **edit))
        found = await later(stage, what, before)
        assert time_of(found) - before >= timedelta(seconds=1)


async def later(stage: Stage, what: str, before: datetime) -> Object:
    return await stage.until(what, lambda obj: time_of(obj) > before)


def time_of(obj: Object) -> datetime:
    """When the object was last seen in step, as its condition says."""
    return datetime.fromisoformat(conditions(obj)[SYNCED]["lastTransitionTime"])
