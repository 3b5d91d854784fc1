"""Section 14 of ACK's contract: fields that name other objects, and fields that name a Secret's key.

The kinds that are referred to have no controller here: stand-ins, whose status a test writes. Secrets are those of a login profile,
a kind that stands only here, for no kind of the catalog has a password.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from ackpy.controllers.options import ReconcilerOptions
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.compiler import compile_resource
from ackpy.model.crd import custom_resource_definition
from ackpy.model.definition import Field, Ref, Resource, Tags
from ackpy.model.descriptor import Descriptor
from ackpy.testing import standins
from ackpy.testing.inprocess import Controlled, controlling
from ackpy.testing.stage import REGION, RESOURCES, Stage, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "14-1a": "beside a field X the field XRef takes {from: {name, namespace}} of an object",
    "14-1b": "X and XRef together are an error",
    "14-1c": "a required X and no XRef, neither given, is an error",
    "14-1d": "an empty name is an error",
    "14-1e": "the CRD requires neither of the two",
    "14-1f": "a list has XRefs, a list of the same",
    "14-2a": "the namespace is the object's own where none is named",
    "14-2b": "another namespace is allowed with --enable-cross-namespace, and told by an Advisory",
    "14-2c": "without it another namespace is an error",
    "14-2d": "an object that is not there is an error",
    "14-2e": "an object that is Terminal is an error, by which waiting does not help",
    "14-2f": "an object that is not synced is an error",
    "14-2g": "an object whose field is null is an error",
    "14-2h": "a field may be marked so that the state of the object does not count",
    "14-3a": "an object with an unresolved reference is left alone: no finalizer, no AWS call",
    "14-3b": "what is referred to is not watched: the object polls with back-off",
    "14-4a": "the values are given to AWS and never written to the spec",
    "14-4b": "fields are resolved in sorted order, and the first failure stops",
    "14-5a": "a secret field is {name, namespace, key}; the namespace is the object's own where none is named",
    "14-5b": "a Secret or key that is missing is Recoverable: kubernetes secret not found",
    "14-5c": "a Secret of another type than Opaque cannot be used: only opaque secrets can be used",
    "14-5d": "a Secret of another namespace needs --enable-cross-namespace, else it is Terminal",
    "14-5e": "another content of the Secret starts nothing",
    "14-5f": "some kinds write to a Secret",
}
UNCOVERED = {
    "14-1f": "no kind of s3 and ecr has a list of references: tests/controllers/test_references.py resolves and refuses them",
    "14-5f": "no kind of the catalog does so yet, and the vocabulary of definitions has no word for it",
}

ARN: Final = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE: Final = "arn:aws:iam::123456789012:role/"
PASSWORD, OTHER = "correct horse battery 1", "staple 2 staple"
SYNCED: Final = {"ACK.ResourceSynced": "True"}
FAILED: Final = "Reference resolution failed"
ADVISED: Final = "CrossNamespaceOptInRequired"


# What is referred to, and what refers


async def stand_in(
    stage: Stage, what: str, says: Mapping[str, str], namespace: str = "", spec: Object | None = None, **status: Any
) -> None:
    """An object that nobody looks after, with these conditions and this status: "key/mine"."""
    kind, _, name = what.partition("/")
    resource, key = RESOURCES[kind], ObjectKey(namespace or stage.namespace, name)
    await standins.install(stage.client, resource)
    await stage.apply({**resource.type_meta, "metadata": {"name": name}, "spec": spec or {}}, namespace)
    said = [{"type": each, "status": holds} for each, holds in says.items()]
    await stage.client.patch(resource, key, {"status": {"conditions": said, **status}}, subresource="status")


async def key(stage: Stage, namespace: str = "", arn: str = ARN) -> None:
    """A key that is there."""
    await stand_in(stage, "key/mine", SYNCED, namespace, ackResourceMetadata={"arn": arn})


def source(name: str, namespace: str = "") -> Object:
    """What a reference says."""
    return {"from": {"name": name, **({"namespace": namespace} if namespace else {})}}


def encrypted(reference: Object, **more: Any) -> Object:
    """A repository with a key by reference."""
    return repository("app", encryptionConfiguration={"encryptionType": "KMS", "kmsKeyRef": reference, **more})


def template(**spec: Any) -> Object:
    """A template for repositories."""
    wanted = {"prefix": "app", "appliedFor": ["REPLICATION"], **spec}
    return {**RESOURCES["template"].type_meta, "metadata": {"name": "mine"}, "spec": wanted}


async def unresolved(stage: Stage, what: str = "repository/app", status: str = "Unknown", text: str = "") -> str:
    """Why the references of an object are not resolved, once they are not, and for this reason if one is given."""
    obj = await stage.until(
        what,
        lambda obj: (
            conditions(obj).get("ACK.ReferencesResolved", {}).get("status") == status
            and text in conditions(obj)["ACK.ReferencesResolved"].get("reason", "")
        ),
    )
    found = conditions(obj)
    assert found["ACK.ReferencesResolved"]["message"] == FAILED
    assert found["Ready"]["status"] == "False"
    assert found["ACK.ResourceSynced"]["status"] == "Unknown"
    return str(found["ACK.ReferencesResolved"]["reason"])


def holds(found: Callable[[], object]) -> Callable[[], Awaitable[bool]]:
    """The same, to be waited for."""

    async def asked() -> bool:
        return bool(found())

    return asked


# References


@rule("14-1a", "AWS gets the ARN of the object that is named, and ACK.ReferencesResolved is True without a text")
async def test_a_reference_stands_for_an_arn(stage: Stage) -> None:
    await key(stage)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    obj = await stage.until_synced("repository/app")
    resolved = conditions(obj)["ACK.ReferencesResolved"]
    assert (resolved["status"], resolved.keys() & {"reason", "message"}) == ("True", set())
    [found] = stage.aws("ecr").describe_repositories()["repositories"]
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": ARN}


@rule("14-1b", "field and reference together are told by both paths, and nothing is made")
async def test_both(stage: Stage) -> None:
    await key(stage)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine"), kmsKey=ARN))
    assert await unresolved(stage) == (
        "both resource reference wrapper and ID cannot be used together: "
        "encryptionConfiguration.kmsKey,encryptionConfiguration.kmsKeyRef"
    )
    assert stage.calls() == []


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param({"from": {"name": ""}}, marks=rule("14-1d", "an empty name is told by its path")),
        pytest.param({"from": {}}, marks=rule("14-1d", "so is a reference without a name")),
    ],
)
async def test_a_reference_to_nothing(stage: Stage, reference: Object) -> None:
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(reference))
    text = "provided resource reference is nil or empty: encryptionConfiguration.kmsKeyRef"
    assert await unresolved(stage) == text
    assert stage.calls() == []


@rule("14-2a", "a key of the same name in another namespace is not taken")
async def test_the_own_namespace(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await key(stage, other)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    text = f'keys.kms.services.k8s.aws "mine" not found in namespace {stage.namespace}'
    assert await unresolved(stage, text="not found") == text


@rule("14-2b", "a key of another namespace is taken, and an Advisory names both namespaces and the flag")
async def test_another_namespace(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await key(stage, other)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine", other)))
    found = conditions(await stage.until_synced("repository/app"))["ACK.Advisory"]
    assert (found["status"], found["reason"]) == ("True", ADVISED)
    for part in ("resource reference", stage.namespace, other, "--enable-cross-namespace"):
        assert part in found["message"]


@rule("14-2b", "an object whose references stay in its namespace has no Advisory, also if they name it")
async def test_the_own_namespace_by_name(stage: Stage) -> None:
    await key(stage)
    await stage.start("--enable-cross-namespace=false", services=("ecr",))
    await stage.apply(encrypted(source("mine", stage.namespace)))
    assert "ACK.Advisory" not in conditions(await stage.until_synced("repository/app"))


@rule("14-2c", "with --enable-cross-namespace=false it is False, says so and where, and nothing is made")
async def test_another_namespace_denied(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await key(stage, other)
    await stage.start("--enable-cross-namespace=false", services=("ecr",))
    await stage.apply(encrypted(source("mine", other)))
    assert await unresolved(stage, status="False") == (
        "cross-namespace resource reference is not allowed: "
        f"encryptionConfiguration.kmsKeyRef names {other}/mine, the resource is in namespace {stage.namespace}"
    )
    assert "ACK.Advisory" not in conditions(await stage.get("repository/app"))
    assert stage.calls() == []


WHO = "resource:Key, namespace:{}, name:mine"


@pytest.mark.parametrize(
    ("says", "status", "text"),
    [
        pytest.param(
            {"ACK.Terminal": "True", **SYNCED},
            "False",
            f"the referenced resource has 'ACK.Terminal' condition 'True'. Cannot be referenced. {WHO}",
            marks=rule("14-2e", "an object that is Terminal makes it False, in ACK's words"),
        ),
        pytest.param(
            {"ACK.ResourceSynced": "False"},
            "Unknown",
            f"the referenced resource is not synced yet. {WHO}",
            marks=rule("14-2f", "an object that is not in step makes it Unknown, in ACK's words"),
        ),
        pytest.param(
            {"ACK.ResourceSynced": "Unknown"},
            "Unknown",
            f"the referenced resource is not synced yet. {WHO}",
            marks=rule("14-2f", "one of which it is not known whether it is in step does so too"),
        ),
        pytest.param(
            {},
            "Unknown",
            f"the referenced resource is not synced yet. {WHO}",
            marks=rule("14-2f", "and one without a word"),
        ),
        pytest.param(
            SYNCED,
            "Unknown",
            f"the referenced resource is missing the target field. {WHO}, targetField:status.ackResourceMetadata.arn",
            marks=rule("14-2g", "an object in step without the field makes it Unknown, and the field is named"),
        ),
    ],
)
async def test_an_object_that_cannot_be_referred_to(stage: Stage, says: dict[str, str], status: str, text: str) -> None:
    await stand_in(stage, "key/mine", says)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    assert await unresolved(stage, status=status, text="the referenced") == text.format(stage.namespace)
    assert stage.calls() == []


@rule("14-2d", "an object that is not there makes it Unknown, and kind, name and namespace are named")
async def test_an_object_that_is_not_there(stage: Stage) -> None:
    await standins.install(stage.client, RESOURCES["key"])
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    text = f'keys.kms.services.k8s.aws "mine" not found in namespace {stage.namespace}'
    assert await unresolved(stage, text="not found") == text


@rule("14-2d", "an object of a kind that the cluster does not have says which CRD and service to add")
async def test_a_kind_that_is_not_there(stage: Stage) -> None:
    await stage.start(services=("ecr",))
    spec = {"ecrRepositoryPrefix": "app", "upstreamRegistryURL": "quay.io", "credentialRef": source("mine")}
    await stage.apply({**RESOURCES["rule"].type_meta, "metadata": {"name": "mine"}, "spec": spec})
    await unresolved(stage, "rule/mine")
    text = "install its CRD and enable the service secretsmanager"
    await stage.until("rule/mine", lambda obj: text in conditions(obj)["Ready"]["message"])


@rule("14-3a", "no finalizer, no AWS call, and neither Terminal nor Recoverable; status says owner and region only")
async def test_an_unresolved_reference_stops_everything(stage: Stage) -> None:
    await standins.install(stage.client, RESOURCES["key"])
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    await unresolved(stage, text="not found")
    await stage.quiet("repository/app")
    obj = await stage.get("repository/app")
    assert "finalizers" not in obj["metadata"]
    assert conditions(obj).keys() == {"ACK.ReferencesResolved", "ACK.ResourceSynced", "Ready"}
    assert stage.calls() == []


@rule("14-3a", "an object in step whose reference is lost says so, and its resource is neither changed nor deleted")
async def test_a_reference_is_lost(stage: Stage) -> None:
    await key(stage)
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    await stage.until_synced("repository/app")
    await stage.delete("key/mine")
    await unresolved(stage, text="not found")
    assert [call.operation for call in stage.calls() if call.mutating] == ["CreateRepository"]


@rule("14-3b", "ackpy watches: the object goes on when what it names becomes ready")
async def test_what_becomes_ready_wakes(stage: Stage) -> None:
    await stand_in(stage, "key/mine", {})
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    await unresolved(stage, text="is not synced yet")
    await key(stage)
    await stage.until_synced("repository/app")


@rule("14-3b", "and when it is made only afterwards")
async def test_what_comes_later_wakes(stage: Stage) -> None:
    await standins.install(stage.client, RESOURCES["key"])
    await stage.start(services=("ecr",))
    await stage.apply(encrypted(source("mine")))
    await unresolved(stage, text="not found")
    await key(stage)
    await stage.until_synced("repository/app")


@rule("14-3b", "another value of the object that is named goes to AWS at once, by one call")
async def test_another_value(stage: Stage) -> None:
    await stand_in(stage, "role/mine", SYNCED, ackResourceMetadata={"arn": f"{ROLE}one"})
    await stage.start(services=("ecr",))
    await stage.apply(template(customRoleRef=source("mine")))
    await stage.until_synced("template/mine")
    await stand_in(stage, "role/mine", SYNCED, ackResourceMetadata={"arn": f"{ROLE}two"})
    update = "UpdateRepositoryCreationTemplate"
    await stage.wait(holds(lambda: update in stage.operations()), "the new value is given to AWS")
    await stage.quiet("template/mine")
    [found] = stage.aws("ecr").describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert found["customRoleArn"] == f"{ROLE}two"
    assert stage.operations().count(update) == 1


@rule("14-4a", "the spec stays as the user wrote it, from the create to an edit of something else")
async def test_values_are_not_written_down(stage: Stage) -> None:
    await stand_in(stage, "role/mine", SYNCED, ackResourceMetadata={"arn": f"{ROLE}one"})
    await stage.start(services=("ecr",))
    async with stage.history("template/mine") as versions:
        made = await stage.apply(template(customRoleRef=source("mine")))
        await stage.until_synced("template/mine")
        edited = await stage.apply(template(customRoleRef=source("mine"), description="new"))
        await stage.wait(holds(lambda: "UpdateRepositoryCreationTemplate" in stage.operations()), "the edit is made")
        await stage.quiet("template/mine")
    specs = [made["spec"], edited["spec"]]
    assert all(each["spec"] in specs for each in versions)
    assert "customRoleARN" not in (await stage.get("template/mine"))["spec"]


@rule("14-4b", "of two references that fail the first by path is told")
async def test_the_first_failure_stops(stage: Stage) -> None:
    for kind in ("key", "role"):
        await standins.install(stage.client, RESOURCES[kind])
    await stage.start(services=("ecr",))
    encryption = {"encryptionType": "KMS", "kmsKeyRef": source("mine")}
    await stage.apply(template(encryptionConfiguration=encryption, customRoleRef=source("mine")))
    text = f'roles.iam.services.k8s.aws "mine" not found in namespace {stage.namespace}'
    assert await unresolved(stage, "template/mine", text="not found") == text
    await stand_in(stage, "role/mine", SYNCED, ackResourceMetadata={"arn": f"{ROLE}one"})
    await unresolved(stage, "template/mine", text='keys.kms.services.k8s.aws "mine" not found')


# Secrets, and references of which one is required


def login(*, unchecked: bool = False) -> Descriptor:
    """IAM's login profile: a password out of a Secret, for a user that may be referred to."""
    user = Ref("iam", "User", path="spec.name", unchecked=unchecked)
    fields = {
        "userName": Field(identifier=True, required=True, ref=user),
        "password": Field(secret=True),
    }
    kind = Resource(
        service="iam",
        kind="LoginProfile",
        scope="global",
        not_found=["NoSuchEntity"],
        tags=Tags(ignore=True),
        fields=fields,
    )
    return compile_resource(kind)


@asynccontextmanager
async def looked_after(stage: Stage, *, crosses: bool = True, unchecked: bool = False) -> AsyncIterator[Controlled]:
    """Login profiles with a controller, in the stage's namespace and account, where there is a user ann."""
    stage.aws("iam").create_user(UserName="ann")
    options = ReconcilerOptions(region=REGION, cross_namespace=crosses, verify=False)
    kinds = [login(unchecked=unchecked)]
    async with controlling(stage.endpoint, stage.cloud, stage.account, stage.namespace, kinds, options=options) as here:
        yield here


def profile(**spec: Any) -> Object:
    """A login profile of ann's."""
    wanted = {"userName": "ann", "password": {"name": "vault", "key": "password"}, **spec}
    given = {name: value for name, value in wanted.items() if value is not None}
    return {**RESOURCES["profile"].type_meta, "metadata": {"name": "mine"}, "spec": given}


async def put_secret(stage: Stage, data: Mapping[str, str], kind: str = "Opaque", namespace: str = "") -> None:
    """The Secret vault."""
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    await stage.apply(
        {**RESOURCES["secret"].type_meta, "metadata": {"name": "vault"}, "type": kind, "data": encoded}, namespace
    )


def written(stage: Stage) -> list[str]:
    """The calls that gave a password, or took one away."""
    return [call.operation for call in stage.calls() if call.mutating and call.operation != "CreateUser"]


@rule("14-1c", "neither the required field nor its reference is told by both names, and nothing is made")
async def test_neither(stage: Stage) -> None:
    async with looked_after(stage):
        await put_secret(stage, {"password": PASSWORD})
        await stage.apply(profile(userName=None))
        text = "resource reference wrapper or ID required: userName,userRef"
        assert await unresolved(stage, "profile/mine") == text
        assert written(stage) == []


@rule("14-1e", "an object without the required field is accepted by the API server, and made by its reference")
async def test_the_schema_requires_neither(stage: Stage) -> None:
    schema = custom_resource_definition(login())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert "userName" not in schema["properties"]["spec"].get("required", [])
    async with looked_after(stage):
        await put_secret(stage, {"password": PASSWORD})
        await stand_in(stage, "user/ann", SYNCED, spec={"name": "ann"})
        await stage.apply(profile(userName=None, userRef=source("ann")))
        await stage.until_synced("profile/mine")
    assert written(stage) == ["CreateLoginProfile"]


@rule("14-2h", "where the state does not count, the field of an object that is not in step is taken")
async def test_the_state_does_not_count(stage: Stage) -> None:
    async with looked_after(stage, unchecked=True):
        await put_secret(stage, {"password": PASSWORD})
        await stand_in(stage, "user/ann", {"ACK.Terminal": "True"}, spec={"name": "ann"})
        await stage.apply(profile(userName=None, userRef=source("ann")))
        await stage.until_synced("profile/mine")
    assert written(stage) == ["CreateLoginProfile"]


@rule("14-5a", "the content of the Secret's key is AWS's password, and the spec keeps the reference")
async def test_a_password_is_given(stage: Stage) -> None:
    async with looked_after(stage):
        await put_secret(stage, {"password": PASSWORD, "other": "x"})
        made = await stage.apply(profile())
        obj = await stage.until_synced("profile/mine")
    assert written(stage) == ["CreateLoginProfile"]
    assert PASSWORD in str(stage.cloud.snapshot(stage.account))
    assert obj["spec"] == made["spec"]
    assert "ACK.ReferencesResolved" not in conditions(obj)


@rule("14-5a", "a Secret of the same name in another namespace is not taken")
async def test_the_own_namespaces_secret(stage: Stage) -> None:
    await put_secret(stage, {"password": PASSWORD}, namespace=await stage.make_namespace("b"))
    async with looked_after(stage):
        await stage.apply(profile())
        await stage.until_condition("profile/mine", "ACK.Recoverable")
    assert written(stage) == []


MISSING, NOT_OPAQUE = "kubernetes secret not found", "only opaque secrets can be used"


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        pytest.param(
            None, "", MISSING, marks=rule("14-5b", "a Secret that is not there is Recoverable, before anything")
        ),
        pytest.param(
            {"other": "x"}, "Opaque", MISSING, marks=rule("14-5b", "a key that the Secret does not have is Recoverable")
        ),
        pytest.param(
            {"password": PASSWORD, "username": "ann"},
            "kubernetes.io/basic-auth",
            NOT_OPAQUE,
            marks=rule("14-5c", "a Secret of another type is Recoverable, its content is not used"),
        ),
    ],
)
async def test_a_secret_that_cannot_be_used(stage: Stage, data: dict[str, str] | None, kind: str, text: str) -> None:
    if data is not None:
        await put_secret(stage, data, kind)
    async with looked_after(stage):
        await stage.apply(profile())
        obj = await stage.until_condition("profile/mine", "ACK.Recoverable")
    assert conditions(obj)["ACK.Recoverable"] == {"type": "ACK.Recoverable", "status": "True", "message": text}
    assert f"{stage.namespace}/vault" in conditions(obj)["Ready"]["message"]
    assert "finalizers" not in obj["metadata"]
    assert written(stage) == []


@rule("14-5b", "the object goes on when the Secret comes, and the condition is gone")
async def test_a_secret_that_comes_later(stage: Stage) -> None:
    async with looked_after(stage):
        await stage.apply(profile())
        await stage.until_condition("profile/mine", "ACK.Recoverable")
        await put_secret(stage, {"password": PASSWORD})
        obj = await stage.until_synced("profile/mine")
    assert "ACK.Recoverable" not in conditions(obj)


@rule("14-5d", "with the flag a Secret of another namespace is used, and an Advisory tells of it")
async def test_another_namespaces_secret(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await put_secret(stage, {"password": PASSWORD}, namespace=other)
    async with looked_after(stage):
        await stage.apply(profile(password={"name": "vault", "key": "password", "namespace": other}))
        found = conditions(await stage.until_synced("profile/mine"))["ACK.Advisory"]
    assert found["reason"] == ADVISED
    for part in ("secret reference", stage.namespace, other, "--enable-cross-namespace"):
        assert part in found["message"]


@rule("14-5d", "without the flag it is Terminal, says so, and nothing is made")
async def test_another_namespaces_secret_denied(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await put_secret(stage, {"password": PASSWORD}, namespace=other)
    async with looked_after(stage, crosses=False):
        await stage.apply(profile(password={"name": "vault", "key": "password", "namespace": other}))
        obj = await stage.until_condition("profile/mine", "ACK.Terminal")
    message = conditions(obj)["ACK.Terminal"]["message"]
    assert message.startswith(f"cross-namespace secret reference is not allowed: password names {other}/vault")
    assert written(stage) == []


@rule("14-5e", "ackpy gives another content to AWS, once")
async def test_another_password(stage: Stage) -> None:
    async with looked_after(stage):
        await put_secret(stage, {"password": PASSWORD})
        await stage.apply(profile())
        await stage.until_synced("profile/mine")
        await put_secret(stage, {"password": OTHER})
        await stage.wait(holds(lambda: "UpdateLoginProfile" in stage.operations()), "the new password is given")
        await stage.quiet("profile/mine")
        assert written(stage) == ["CreateLoginProfile", "UpdateLoginProfile"]
        assert OTHER in str(stage.cloud.snapshot(stage.account))


@rule("14-5e", "another key of the Secret, or a note on it, is no reason to give the password again")
async def test_the_same_password(stage: Stage) -> None:
    async with looked_after(stage):
        await put_secret(stage, {"password": PASSWORD})
        await stage.apply(profile())
        await stage.until_synced("profile/mine")
        await stage.quiet("profile/mine")
        since = stage.last_call()
        await put_secret(stage, {"password": PASSWORD, "other": "x"})
        await stage.wait(holds(lambda: stage.operations(since)), "the object is looked at")
        await stage.quiet("profile/mine")
        assert written(stage) == ["CreateLoginProfile"]
