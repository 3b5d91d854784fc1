"""Sections 16.4 to 16.6 and 16.9 of the contract: which value a FieldExport writes, how, and what becomes of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from tests.contract.field_exports import NAME, becomes, export, held, is_told, is_waiting, set_up, target

from ackpy.errors import NotFound
from ackpy.kube import objects
from ackpy.kube.clock import timestamp
from ackpy.kube.objects import Object
from ackpy.testing.stage import RESOURCES, Stage, conditions, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "16-4a": "the path is a jq expression, of which the first result counts",
    "16-4b": "a text, a boolean and a whole number become a text",
    "16-4c": "null, a fraction, a list and a map count as absent",
    "16-4d": "metadata, spec and status can be read",
    "16-5a": "of the target one key is written",
    "16-5b": "a Secret gets it as bytes",
    "16-5c": "an absent path is Recoverable: path does not exist in this object",
    "16-5d": "a target that is missing is Recoverable: unable to get existing configmap, or secret",
    "16-5e": "a path that is none is Terminal: unable to parse path; one that fails: unable to execute query",
    "16-5f": "a fault is a condition without reason and time",
    "16-5g": "success leaves the conditions empty",
    "16-5h": "another namespace is told by an Advisory",
    "16-5i": "a FieldExport to another namespace that is denied is tried for ever",
    "16-6a": "a FieldExport that is deleted leaves its key behind",
    "16-6b": "a key that somebody changes is not set back",
    "16-9": "of several FieldExports of an object the first that fails stops the others",
}


# Which value


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(
            '.spec.tags[] | select(.key == "team") | .value',
            "red",
            marks=rule("16-4a", "a jq expression that chooses among the elements of a list"),
        ),
        pytest.param(".spec.tags[].value", "prod", marks=rule("16-4a", "of several results the first is written")),
        pytest.param(
            '.spec.name + "-" + .metadata.name', "app-app", marks=rule("16-4a", "an expression may put texts together")
        ),
        pytest.param(NAME, "app", marks=rule("16-4b", "a text is written as it is")),
        pytest.param(
            ".spec.imageScanningConfiguration.scanOnPush", "true", marks=rule("16-4b", "a boolean is true or false")
        ),
        pytest.param(".spec.tags | length", "2", marks=rule("16-4b", "a whole number is its digits")),
        pytest.param(".metadata.name", "app", marks=rule("16-4d", "the metadata can be read")),
        pytest.param(".status.ackResourceMetadata.ownerAccountID", "{}", marks=rule("16-4d", "the status can be read")),
        pytest.param(".spec.tags[1].key", "team", marks=rule("16-4d", "the spec can be read, by index too")),
        pytest.param(".kind", "Repository", marks=rule("16-4d", "and what stands outside of the three")),
    ],
)
async def test_a_value(stage: Stage, path: str, text: str) -> None:
    tags = [{"key": "env", "value": "prod"}, {"key": "team", "value": "red"}]
    await set_up(stage, imageScanningConfiguration={"scanOnPush": True}, tags=tags)
    await stage.apply(export(path, key="k"))
    await becomes(stage, {"k": text.format(stage.account)})


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(".spec.policy", marks=rule("16-4c", "a field that is not set is absent")),
        pytest.param("[.spec.name][1]", marks=rule("16-4c", "null is absent")),
        pytest.param("3 / 2", marks=rule("16-4c", "a fraction is absent")),
        pytest.param(".spec.tags", marks=rule("16-4c", "a list is absent")),
        pytest.param(".status.ackResourceMetadata", marks=rule("16-4c", "a map is absent")),
        pytest.param(
            ".spec.nothing.at.all", marks=rule("16-5c", "a path into nothing is Recoverable, and nothing is written")
        ),
    ],
)
async def test_an_absent_value(stage: Stage, path: str) -> None:
    await set_up(stage, tags=[{"key": "env", "value": "prod"}])
    await stage.apply(export(path))
    found = await is_told(stage, "ACK.Recoverable")
    assert found["message"] == "path does not exist in this object"
    assert await held(stage) == {}


@rule("16-5c", "an absent path is not asked for again by itself; the value is written when it comes")
async def test_a_path_that_comes(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(".spec.imageTagMutability", key="k"))
    await is_told(stage, "ACK.Recoverable")
    await stage.quiet("fieldexport/it")
    await stage.apply(repository("app", imageTagMutability="IMMUTABLE"))
    await becomes(stage, {"k": "IMMUTABLE"})
    obj = await stage.until_condition("fieldexport/it", "Ready")
    assert "ACK.Recoverable" not in conditions(obj)


# How it is written


@rule("16-5a", "the other keys of a ConfigMap, its labels and its binary data stay")
async def test_one_key(stage: Stage) -> None:
    await set_up(stage)
    given = {"metadata": {"labels": {"a": "b"}}, "data": {"other": "x"}, "binaryData": {"blob": "eA=="}}
    before = await stage.patch("configmap/settings", given)
    await stage.apply(export(key="k"))
    await becomes(stage, {"other": "x", "k": "app"})
    after = await stage.get("configmap/settings")
    assert (after["metadata"]["labels"], after["binaryData"]) == (before["metadata"]["labels"], before["binaryData"])


@rule("16-5a", "a value costs one write of its target")
async def test_one_write(stage: Stage) -> None:
    await set_up(stage)
    async with stage.history("configmap/settings") as versions:
        await stage.apply(export(key="k"))
        await is_told(stage, "Ready")
        await stage.quiet("fieldexport/it", "configmap/settings")
    assert [each["data"] for each in versions] == [{"k": "app"}]


@rule("16-5b", "a Secret holds the text in base64, and its type stays")
async def test_a_secret(stage: Stage) -> None:
    await target(stage, "secret", other="x")
    await set_up(stage)
    await stage.apply(export(kind="secret", key="k"))
    await becomes(stage, {"other": "x", "k": "app"}, "secret")
    found = await stage.get("secret/settings")
    assert (found["type"], found["data"]["k"]) == ("Opaque", base64.b64encode(b"app").decode())


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("configmap", marks=rule("16-5d", "a ConfigMap is never made; the value is there when it comes")),
        pytest.param("secret", marks=rule("16-5d", "so with a Secret")),
    ],
)
async def test_a_target_that_is_missing(stage: Stage, kind: str) -> None:
    await set_up(stage)
    await stage.apply(_to_later(kind))
    assert (await is_told(stage, "ACK.Recoverable"))["message"] == f"unable to get existing {kind}"
    with pytest.raises(NotFound):
        await stage.get(f"{kind}/later")
    await stage.apply({**RESOURCES[kind].type_meta, "metadata": {"name": "later"}})
    obj = await stage.until_condition("fieldexport/it", "Ready")
    assert "ACK.Recoverable" not in conditions(obj)
    assert list((await stage.get(f"{kind}/later"))["data"]) == ["k"]


def _to_later(kind: str) -> Object:
    manifest = export(kind=kind, key="k")
    manifest["spec"]["to"]["name"] = "later"
    return manifest


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param(
            ".spec.", "unable to parse path", marks=rule("16-5e", "a path that ends in a dot cannot be parsed")
        ),
        pytest.param("", "unable to parse path", marks=rule("16-5e", "an empty path cannot be parsed")),
        pytest.param(
            ".spec | nonsense", "unable to parse path", marks=rule("16-5e", "an unknown function cannot be parsed")
        ),
        pytest.param(
            "env.HOME", "unable to parse path", marks=rule("16-5e", "ackpy parses nothing that reads the environment")
        ),
        pytest.param(
            ".spec.name.first", "unable to execute query", marks=rule("16-5e", "a step into a text cannot be executed")
        ),
        pytest.param(
            '.spec.name | error("no")', "unable to execute query", marks=rule("16-5e", "nor an expression that fails")
        ),
    ],
)
async def test_a_path_that_is_none(stage: Stage, path: str, message: str) -> None:
    await set_up(stage)
    await stage.apply(export(path))
    assert (await is_told(stage, "ACK.Terminal"))["message"] == message
    assert await held(stage) == {}


@rule("16-5e", "an edit ends it: the value is written, and ACK.Terminal is gone")
async def test_a_path_that_is_mended(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(".spec."))
    await is_told(stage, "ACK.Terminal")
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    assert "ACK.Terminal" not in conditions(await stage.until_condition("fieldexport/it", "Ready"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param(".spec.", "ACK.Terminal", marks=rule("16-5f", "Terminal has type, status and message alone")),
        pytest.param(".spec.policy", "ACK.Recoverable", marks=rule("16-5f", "Recoverable too")),
    ],
)
async def test_the_form_of_a_fault(stage: Stage, path: str, kind: str) -> None:
    await set_up(stage)
    await stage.apply(export(path))
    found = await is_told(stage, kind)
    assert found.keys() == {"type", "status", "message"}
    obj = await stage.get("fieldexport/it")
    assert (conditions(obj)["Ready"]["status"], conditions(obj)["Ready"]["reason"]) == ("False", kind)


@rule("16-5g", "ackpy: success is Ready and ACK.ResourceSynced, and neither of ACK's conditions")
async def test_success_shows(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export())
    found = conditions(await stage.until_condition("fieldexport/it", "Ready"))
    assert {kind: each["status"] for kind, each in found.items()} == {"ACK.ResourceSynced": "True", "Ready": "True"}


@rule("16-5h", "the key is written in the other namespace, and an Advisory names both and the flag")
async def test_another_namespace(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await target(stage, namespace=other)
    await set_up(stage)
    await stage.apply(export(namespace=other))
    await becomes(stage, {f"{stage.namespace}.it": "app"}, namespace=other)
    found = await is_told(stage, "ACK.Advisory")
    assert found["reason"] == "CrossNamespaceOptInRequired"
    for part in ("field export", stage.namespace, other, "--enable-cross-namespace"):
        assert part in found["message"]


@rule("16-5i", "ackpy: it is Terminal with --enable-cross-namespace=false, said once, and nothing is written")
async def test_another_namespace_denied(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await target(stage, namespace=other)
    await set_up(stage, "--enable-cross-namespace=false")
    await stage.apply(export(namespace=other))
    message = (await is_told(stage, "ACK.Terminal"))["message"]
    assert message.startswith(f"spec.to.namespace: cross-namespace field export is not allowed: it names {other}")
    version = objects.version_of(await stage.get("fieldexport/it"))
    await stage.quiet("fieldexport/it")
    assert objects.version_of(await stage.get("fieldexport/it")) == version
    assert await held(stage, namespace=other) == {}


@rule("16-5i", "ackpy: none gets into the controller's own namespace from another, where the role maps are")
async def test_the_namespace_of_the_role_maps(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await target(stage)
    await stage.start(services=("ecr",), watched=(other,))
    await stage.apply(repository("app"), other)
    await stage.apply(export(namespace=stage.namespace), other)
    message = (await is_told(stage, "ACK.Terminal", namespace=other))["message"]
    assert message == f"spec.to.namespace: no export gets into namespace {stage.namespace} from outside"
    assert await held(stage) == {}


# What becomes of the key


@rule("16-6a", "ackpy: the key goes with the FieldExport, and the others of the ConfigMap stay")
async def test_the_key_of_a_deleted_export(stage: Stage) -> None:
    await set_up(stage)
    await stage.patch("configmap/settings", {"data": {"other": "x"}})
    await stage.apply(export(key="k"))
    await becomes(stage, {"other": "x", "k": "app"})
    await stage.delete("fieldexport/it")
    await stage.until_gone("fieldexport/it")
    assert await held(stage) == {"other": "x"}


@rule("16-6a", "a value that somebody else has written over it stays when the FieldExport goes")
async def test_the_key_of_somebody_else(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    await stage.stop()
    await stage.patch("configmap/settings", {"data": {"k": "theirs"}})
    await stage.delete("fieldexport/it")
    await stage.start(services=("ecr",))
    await stage.until_gone("fieldexport/it")
    assert await held(stage) == {"k": "theirs"}


@rule("16-6a", "the value stays when the source goes")
async def test_the_source_goes(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    await stage.delete("repository/app")
    await stage.until_gone("repository/app")
    await is_waiting(stage, f"repository {stage.namespace}/app is not there")
    assert await held(stage) == {"k": "app"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            "theirs", marks=rule("16-6b", "ackpy: a key that somebody changes is set back, and an Event says so")
        ),
        pytest.param(None, marks=rule("16-6b", "ackpy: so is one that somebody removes")),
    ],
)
async def test_drift(stage: Stage, value: str | None) -> None:
    await set_up(stage)
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    await is_told(stage, "Ready")
    await stage.patch("configmap/settings", {"data": {"k": value}})
    event = await stage.until_event("fieldexport/it", "DriftDetected")
    assert event["message"] == f"ConfigMap {stage.namespace}/settings, key k, was changed and is set back"
    assert await held(stage) == {"k": "app"}


@rule("16-9", "ackpy looks after each by itself: those beside one that fails are written")
async def test_one_that_fails(stage: Stage) -> None:
    await set_up(stage)
    for name, path in (("a", ".spec."), ("b", NAME), ("c", ".spec.policy"), ("d", ".metadata.name")):
        await stage.apply(export(path, name, key=name))
    await becomes(stage, {"b": "app", "d": "app"})
    await is_told(stage, "ACK.Terminal", "fieldexport/a")
    await is_told(stage, "ACK.Recoverable", "fieldexport/c")


@rule(
    "16-9", "ackpy: two of one key do not fight, the younger says which is the older, and takes its turn when that goes"
)
async def test_two_of_one_key(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(NAME, "a", key="k"))
    older = await stage.until_condition("fieldexport/a", "Ready")

    async def another_second() -> bool:
        return timestamp(datetime.now(UTC)) > str(older["metadata"]["creationTimestamp"])

    await stage.wait(another_second, "the time goes on")  # what was made within one second is of one age
    await stage.apply(export(".kind", "b", key="k"))
    message = (await is_told(stage, "ACK.Terminal", "fieldexport/b"))["message"]
    text = f"spec.to: ConfigMap {stage.namespace}/settings, key k is written by FieldExport {stage.namespace}/a already"
    assert message == text
    assert await held(stage) == {"k": "app"}
    await stage.delete("fieldexport/a")
    await becomes(stage, {"k": "Repository"})
