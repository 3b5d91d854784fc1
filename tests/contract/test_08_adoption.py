"""Sections 8.1 to 8.3 and 8.5 of the contract, adoption by annotation: what leads to the resource, and whose values win."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.adoption import ADOPTED, POLICY, adopted, adopting
from tests.contract.buckets import FINALIZER, a_bucket, until_versioning, versioning

from ackpy.errors import Invalid
from ackpy.kube.objects import annotations_of, finalizers_of
from ackpy.testing.stage import REGION, RESOURCES, Stage, ack, bucket, conditions, rule, statuses

pytestmark = pytest.mark.slow

RULES = {
    "8-1": "adoption-fields names what the read asks for, as the CRD spells it",
    "8-1b": "an identifier of AWS's own, or the ARN of a kind that is known by it, lands in the status",
    "8-2": "adopt: the fields are mandatory, the spec becomes what AWS has",
    "8-2b": "adopt: tags of AWS's own stay out of the spec",
    "8-3": "adopt-or-create: the spec stays the user's, the fields are optional; what is not there is created",
    "8-5": "another policy is Terminal",
}

UNCOVERED = {
    "8-1b": "the kinds of S3 and ECR have names that users give; held for other kinds by "
    "tests/model/test_adoption.py::test_fields_lead_to_the_resource",
    "8-2b": "nobody can set such tags, on the embedded AWS either; held by "
    "tests/controllers/test_adoption.py::test_tags_of_aws_stay_in_aws_and_the_controllers_are_added",
}

FIELDS = "services.k8s.aws/adoption-fields"


# 8-1, what leads to the resource


def some_repository(stage: Stage) -> None:
    stage.aws("ecr").create_repository(repositoryName="theirs", imageTagMutability="IMMUTABLE")


def some_rule(stage: Stage) -> None:
    stage.aws("ecr").create_pull_through_cache_rule(ecrRepositoryPrefix="theirs", upstreamRegistryUrl="public.ecr.aws")


def some_template(stage: Stage) -> None:
    stage.aws("ecr").create_repository_creation_template(prefix="theirs", appliedFor=["PULL_THROUGH_CACHE"])


LEADING = [
    pytest.param(
        "bucket",
        a_bucket,
        {"name": "{namespace}"},
        {"name": "{namespace}"},
        id="bucket",
        marks=rule("8-1", "a Bucket by name"),
    ),
    pytest.param(
        "bucket",
        a_bucket,
        {"arn": "arn:aws:s3:::{namespace}"},
        {"name": "{namespace}"},
        id="bucket-arn",
        marks=rule("8-1", "a Bucket by arn, which ACK takes for kinds without a name alone"),
    ),
    pytest.param(
        "repository",
        some_repository,
        {"name": "theirs"},
        {"name": "theirs", "imageTagMutability": "IMMUTABLE"},
        id="repository",
        marks=rule("8-1", "a Repository by name"),
    ),
    pytest.param(
        "repository",
        some_repository,
        {"name": "theirs", "registryID": "{account}"},
        {"name": "theirs", "registryID": "{account}"},
        id="registry",
        marks=rule("8-1", "what the read takes beside, such as registryID, may be given and lands in the spec"),
    ),
    pytest.param(
        "repository",
        some_repository,
        {"arn": f"arn:aws:ecr:{REGION}:{{account}}:repository/theirs"},
        {"name": "theirs"},
        id="repository-arn",
        marks=rule("8-1", "a Repository by arn"),
    ),
    pytest.param(
        "repository",
        some_repository,
        {"name": "theirs", "colour": "green"},
        {"name": "theirs"},
        id="useless",
        marks=rule("8-1", "keys that the read has no use for are passed over"),
    ),
    pytest.param(
        "rule",
        some_rule,
        {"ecrRepositoryPrefix": "theirs"},
        {"ecrRepositoryPrefix": "theirs", "upstreamRegistryURL": "public.ecr.aws"},
        id="rule",
        marks=rule("8-1", "a PullThroughCacheRule by ecrRepositoryPrefix"),
    ),
    pytest.param(
        "template",
        some_template,
        {"prefix": "theirs"},
        {"prefix": "theirs", "appliedFor": ["PULL_THROUGH_CACHE"]},
        id="template",
        marks=rule("8-1", "a RepositoryCreationTemplate by prefix"),
    ),
]


@pytest.mark.parametrize(("kind", "before", "fields", "spec"), LEADING)
async def test_what_leads_to_it(
    stage: Stage, kind: str, before: Callable[[Stage], object], fields: dict[str, str], spec: dict[str, Any]
) -> None:
    before(stage)
    await stage.start(services=(RESOURCES[kind].group.split(".")[0],))
    await stage.apply(adopting(kind, "mine", fields=_filled(stage, fields)))
    obj = await stage.until_synced(f"{kind}/mine")
    assert _filled(stage, spec).items() <= obj["spec"].items()
    assert not [call for call in stage.calls() if call.operation.startswith("Create") and call.at_seq > _made(stage)]


def _filled(stage: Stage, values: dict[str, Any]) -> dict[str, Any]:
    places = {"namespace": stage.namespace, "account": stage.account}
    return {name: value.format(**places) if isinstance(value, str) else value for name, value in values.items()}


def _made(stage: Stage) -> int:
    """The number of the call by which the test itself made the resource."""
    return next(call.at_seq for call in stage.calls() if call.operation.startswith("Create"))


# 8-2 and 8-5, annotations that lead nowhere

EXAMPLE = ': write services.k8s.aws/adoption-fields as, for example, {"name": "..."}'
UNREADABLE = "unmarshalling adoption-fields annotation: "
TEXTS = "it must be a JSON object whose values are all strings"
REFUSED = [
    pytest.param(
        {POLICY: "adopt"},
        f"{UNREADABLE}it is missing{EXAMPLE}",
        id="missing",
        marks=rule("8-2", "without adoption-fields it is Terminal"),
    ),
    pytest.param(
        {POLICY: "adopt", FIELDS: "{name: b}"},
        f"{UNREADABLE}it is no JSON, at line 1 column 2{EXAMPLE}",
        id="no-json",
        marks=rule("8-2", "fields that are no JSON are Terminal, and the text says where they stop to be"),
    ),
    pytest.param(
        {POLICY: "adopt", FIELDS: '["b"]'},
        f"{UNREADABLE}{TEXTS}{EXAMPLE}",
        id="list",
        marks=rule("8-2", "fields that are a list are Terminal"),
    ),
    pytest.param(
        {POLICY: "adopt", FIELDS: '{"name": 1}'},
        f"{UNREADABLE}{TEXTS}{EXAMPLE}",
        id="number",
        marks=rule("8-2", "a field that is no string is Terminal"),
    ),
    pytest.param(
        {POLICY: "adopt", FIELDS: "{}"},
        "Error populating adoption fields: required field missing: name",
        id="empty",
        marks=rule("8-2", "an identifier that is not given is Terminal and named"),
    ),
    pytest.param(
        {POLICY: "adopt", FIELDS: '{"arn": "arn:aws:sqs:eu-central-1:1:b"}'},
        "Error populating adoption fields: arn arn:aws:sqs:eu-central-1:1:b has not the form arn:{partition}:s3:::{name}",
        id="arn",
        marks=rule("8-2", "the ARN of another kind of resource is Terminal"),
    ),
    pytest.param(
        {POLICY: "take", FIELDS: '{"name": "b"}'},
        'unrecognized adoption policy take. Supported policies are "adopt" and "adopt-or-create"',
        id="policy",
        marks=rule("8-5", "an unknown policy is Terminal with ACK's text"),
    ),
    pytest.param(
        {POLICY: "Adopt", FIELDS: '{"name": "b"}'},
        'unrecognized adoption policy Adopt. Supported policies are "adopt" and "adopt-or-create"',
        id="case",
        marks=rule("8-5", "the case of a policy matters"),
    ),
]


@pytest.mark.parametrize(("annotations", "says"), REFUSED)
async def test_refused(stage: Stage, annotations: dict[str, str], says: str) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket("mine", annotations=annotations))
    obj = await stage.until_condition("bucket/mine", "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"] == {"type": "ACK.Terminal", "status": "True", "message": says}
    assert statuses(obj)["ACK.ResourceSynced"] == statuses(obj)["Ready"] == "False"
    assert finalizers_of(obj) == []
    assert stage.operations() == []


@rule("8-2", "a corrected annotation goes on at once")
async def test_corrected(stage: Stage) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine"))
    await stage.until_condition("bucket/mine", "ACK.Terminal")
    await stage.annotate("bucket/mine", {FIELDS: json.dumps({"name": stage.namespace})})
    obj = await stage.until_synced("bucket/mine")
    assert "ACK.Terminal" not in conditions(obj)


@rule("8-2", "an ARN of another account than the object's is Terminal, before any call")
async def test_another_accounts_arn(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    arn = f"arn:aws:ecr:{REGION}:111122223333:repository/theirs"
    await stage.apply(adopting("repository", "mine", fields={"arn": arn}))
    obj = await stage.until_condition("repository/mine", "ACK.Terminal")
    said = f"Error populating adoption fields: {arn} is in account 111122223333, the object in {stage.account}"
    assert conditions(obj)["ACK.Terminal"]["message"] == said
    assert stage.operations() == []


# 8-2, adopt


@rule("8-2", "an object without a spec gets one: every setting that AWS has, and nothing that it has not")
async def test_the_spec_is_what_aws_has(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    spec = (await stage.until_synced("bucket/mine"))["spec"]
    assert spec["name"] == stage.namespace
    assert spec["versioning"] == {"status": "Enabled"}
    assert spec["publicAccessBlock"]["blockPublicACLs"] is True
    assert {"policy", "cors", "lifecycle", "replication", "tagging"}.isdisjoint(spec)


@rule("8-2", "AWS's values replace those of the manifest, and what only the manifest has is dropped")
async def test_awss_values_win(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    fields = json.dumps({"name": stage.namespace})
    manifest = bucket(
        stage.namespace,
        annotations=ack(adoption_policy="adopt", adoption_fields=fields),
        versioning={"status": "Suspended"},
        cors={"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]},
    )
    await stage.apply(manifest)
    spec = (await stage.until_synced(f"bucket/{stage.namespace}"))["spec"]
    assert spec["versioning"] == {"status": "Enabled"}
    assert "cors" not in spec
    assert stage.operations().count("PutBucketVersioning") == 1, "the test's own"


@rule("8-2", "a spec that is given has to be whole for the schema")
async def test_a_partial_spec(stage: Stage) -> None:
    manifest = adopting("bucket", "mine", fields={"name": stage.namespace})
    with pytest.raises(Invalid, match=r"spec\.name: Required value"):
        await stage.apply({**manifest, "spec": {"versioning": {"status": "Enabled"}}})


@rule("8-2", "the controller's own tags stay out of the spec, the others come into it")
async def test_tags_of_the_controller_stay_out(stage: Stage) -> None:
    s3 = a_bucket(stage)
    theirs = [{"Key": "team", "Value": "red"}, {"Key": "services.k8s.aws/namespace", "Value": "another"}]
    s3.put_bucket_tagging(Bucket=stage.namespace, Tagging={"TagSet": theirs})
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    obj = await stage.until_synced("bucket/mine")
    assert obj["spec"]["tagging"] == {"tagSet": [{"key": "team", "value": "red"}]}
    held = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=stage.namespace)["TagSet"]}
    assert held["team"] == "red"
    assert held["services.k8s.aws/namespace"] == stage.namespace


@rule("8-2", "of all that AWS has nothing is changed but the controller's tags")
async def test_adopting_changes_tags_alone(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    since = stage.last_call()
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    await stage.until_synced("bucket/mine")
    assert [call.operation for call in stage.calls(since) if call.mutating] == ["PutBucketTagging"]


@rule(
    "8-2",
    "a reference that leads nowhere does not keep the object from adopting, and is dropped where AWS tells its target",
)
async def test_references_are_discarded(stage: Stage) -> None:
    replication = {"roleRef": {"from": {"name": "nobody"}}, "rules": [{"status": "Enabled", "destination": {}}]}
    what = await adopted(stage, replication=replication)
    obj = await stage.get(what)
    assert "replication" not in obj["spec"]
    assert "ACK.ReferencesResolved" not in conditions(obj)


@rule("8-2", "all that was adopted is managed: what is taken out of the spec goes back to AWS's default")
async def test_what_was_adopted_is_managed(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    await stage.until_synced("bucket/mine")
    await stage.patch("bucket/mine", {"spec": {"versioning": None}})
    await until_versioning(stage, "Suspended", "the versioning that was taken out")


@rule(
    "8-2", "of which only a part can be read is not adopted: Recoverable says what failed, and the object has no mark"
)
async def test_half_is_not_adopted(stage: Stage) -> None:
    a_bucket(stage)
    stage.fault(act="error", operation="GetBucketCors", status=403, code="AccessDenied", message="no", times=0)
    await stage.start(services=("s3",))
    await stage.apply(adopting("bucket", "mine", fields={"name": stage.namespace}))
    obj = await stage.until_condition("bucket/mine", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"]["message"] == "api error AccessDenied: no"
    assert finalizers_of(obj) == []
    assert "spec" not in obj
    assert ADOPTED not in annotations_of(obj)


# 8-3, adopt-or-create


@rule("8-3", "the user's spec wins where the resource exists, and what AWS has does not come into it")
async def test_the_users_spec_wins(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    marks = ack(adoption_policy="adopt-or-create")
    await stage.apply(bucket(stage.namespace, annotations=marks, versioning={"status": "Suspended"}))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert obj["spec"] == {"name": stage.namespace, "versioning": {"status": "Suspended"}}
    assert versioning(stage) == "Suspended"


@rule("8-3", "what the spec does not name stays as it is in AWS, where ACK resets it")
async def test_what_the_spec_does_not_name_stays(stage: Stage) -> None:
    a_bucket(stage, versioning="Enabled")
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create")))
    await stage.until_synced(f"bucket/{stage.namespace}")
    assert versioning(stage) == "Enabled"


@rule("8-3", "taking over is done in one pass, by one read of the resource")
async def test_taken_over_in_one_pass(stage: Stage) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    since = stage.last_call()
    marks = ack(adoption_policy="adopt-or-create")
    await stage.apply(bucket(stage.namespace, annotations=marks, versioning={"status": "Enabled"}))
    await stage.until_synced(what := f"bucket/{stage.namespace}")
    await stage.quiet(what)
    found = stage.operations(since)
    assert sorted(found) == ["GetBucketTagging", "GetBucketVersioning", "PutBucketTagging", "PutBucketVersioning"]


@rule("8-3", "what is not there is created, and the object is not marked as adopted")
async def test_created(stage: Stage) -> None:
    await stage.start(services=("s3",))
    await stage.apply(bucket(stage.namespace, annotations=ack(adoption_policy="adopt-or-create")))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert stage.operations()[:2] == ["GetBucketTagging", "CreateBucket"]
    assert finalizers_of(obj) == [FINALIZER]
    assert ADOPTED not in annotations_of(obj)


IGNORED = [
    pytest.param(
        "{name: b}", id="no-json", marks=rule("8-3", "fields that are no JSON are passed over: the spec leads there")
    ),
    pytest.param("{}", id="empty", marks=rule("8-3", "fields without the identifier are passed over")),
    pytest.param(
        '{"name": "another-bucket-that-nobody-has"}',
        id="another",
        marks=rule("8-3", "fields that name another resource than the spec are passed over: the spec's name counts"),
    ),
]


@pytest.mark.parametrize("fields", IGNORED)
async def test_fields_do_not_change_the_spec(stage: Stage, fields: str) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    marks = ack(adoption_policy="adopt-or-create", adoption_fields=fields)
    await stage.apply(bucket(stage.namespace, annotations=marks))
    obj = await stage.until_synced(f"bucket/{stage.namespace}")
    assert obj["spec"] == {"name": stage.namespace}
    assert annotations_of(obj)[ADOPTED] == "true"


@rule("8-3", "an unresolved reference stops it, as it stops a create")
async def test_references_matter(stage: Stage) -> None:
    a_bucket(stage)
    await stage.start(services=("s3",))
    since = stage.last_call()
    replication = {"roleRef": {"from": {"name": "nobody"}}, "rules": [{"status": "Enabled", "destination": {}}]}
    marks = ack(adoption_policy="adopt-or-create")
    await stage.apply(bucket(stage.namespace, annotations=marks, replication=replication))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.ReferencesResolved", "Unknown")
    assert finalizers_of(obj) == []
    assert stage.operations(since) == []


# The gate


UNGATED = [
    pytest.param("adopt", id="adopt", marks=rule("8-2", "with the gate ResourceAdoption off nothing is adopted")),
    pytest.param(
        "adopt-or-create", id="or-create", marks=rule("8-3", "with the gate off it creates and takes nothing over")
    ),
]


@pytest.mark.parametrize("policy", UNGATED)
async def test_the_gate(stage: Stage, policy: str) -> None:
    a_bucket(stage)
    await stage.start("--feature-gates=ResourceAdoption=false", services=("s3",))
    marks = ack(adoption_policy=policy, adoption_fields=json.dumps({"name": stage.namespace}))
    await stage.apply(bucket(stage.namespace, annotations=marks))
    obj = await stage.until_condition(f"bucket/{stage.namespace}", "ACK.Terminal")
    assert conditions(obj)["ACK.Terminal"]["message"] == "Resource already exists"
    assert finalizers_of(obj) == []
