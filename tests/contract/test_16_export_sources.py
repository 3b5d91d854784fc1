"""Sections 16.1 to 16.3, 16.7 and 16.8 of the contract: which object a FieldExport is of, and when it is looked at."""

from __future__ import annotations

import re
from typing import Final

import pytest
from tests.contract.field_exports import NAME, becomes, export, held, is_told, is_waiting, set_up, target

from ackpy.errors import KubeApiError, NotFound
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.testing.stage import Stage, repository, rule

pytestmark = pytest.mark.slow

RULES = {
    "16-1a": "spec.from has path and resource, a resource has group, kind and name, spec.to has kind and name",
    "16-1b": "spec.to.kind is configmap or secret",
    "16-1c": "the source is an object of the FieldExport's own namespace",
    "16-1d": "spec.to.namespace is the FieldExport's own where none is named",
    "16-1e": "spec.to.key is <namespace>.<name of the FieldExport> where none is named; a blank one is none",
    "16-2a": "each change of the source is looked at",
    "16-2b": "an edit of the FieldExport is looked at",
    "16-2c": "--enable-field-export-reconciler=false turns FieldExports off",
    "16-2d": "where their CRD is absent the controllers work without them",
    "16-3a": "a FieldExport of another service's object is left alone",
    "16-3b": "one of an own object gets the finalizer finalizers.services.k8s.aws/FieldExport",
    "16-3c": "a source that is missing is no fault: nothing is written",
    "16-3d": "a source that is not synced is no fault: nothing is written until it is",
    "16-3e": "a kind that the group does not have is tried for ever",
    "16-7a": "kind and name are compared without regard to case",
    "16-7b": "the group of the source does not count",
    "16-8": "FieldExports are looked after where nothing is said",
}
UNCOVERED = {
    "16-2d": "the CRD is the whole server's, and other tests need it: tests/operator/test_shared.py and "
    "tests/end_to_end/test_run.py::test_a_crd_that_comes_later_is_picked_up",
    "16-7b": "no two services of the catalog have a kind of one name: tests/controllers/field_export/test_sources.py::"
    "test_a_group_counts_when_kinds_of_two_services_have_one_name",
}

FINALIZER: Final = "finalizers.services.k8s.aws/FieldExport"


# What the API server lets through


def _without(*path: str) -> Object:
    """The manifest without one of its fields."""
    manifest = export()
    place = manifest["spec"]
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return manifest


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param(("from",), "Required value", marks=rule("16-1a", "a FieldExport without from is refused")),
        pytest.param(("from", "path"), "Required value", marks=rule("16-1a", "so is one without a path")),
        pytest.param(("from", "resource"), "Required value", marks=rule("16-1a", "one without a source")),
        pytest.param(("from", "resource", "group"), "Required value", marks=rule("16-1a", "one without its group")),
        pytest.param(("from", "resource", "kind"), "Required value", marks=rule("16-1a", "one without its kind")),
        pytest.param(("from", "resource", "name"), "Required value", marks=rule("16-1a", "one without its name")),
        pytest.param(("to",), "Required value", marks=rule("16-1a", "one without to")),
        pytest.param(("to", "name"), "Required value", marks=rule("16-1a", "one without the target's name")),
        pytest.param(("to", "kind"), "Required value", marks=rule("16-1a", "and one without its kind of target")),
    ],
)
async def test_what_the_schema_requires(stage: Stage, path: tuple[str, ...], reason: str) -> None:
    with pytest.raises(KubeApiError) as refused:
        await stage.apply(_without(*path))
    assert refused.value.code == 422
    assert f"spec.{'.'.join(path)}: {reason}" in str(refused.value)


@rule("16-1b", "another kind of target is refused, with the two that there are")
async def test_another_kind_of_target(stage: Stage) -> None:
    with pytest.raises(KubeApiError, match=re.escape('spec.to.kind: Unsupported value: "pod"')) as refused:
        await stage.apply(export(kind="pod"))
    assert refused.value.code == 422


# From where to where


@rule("16-1c", "a repository of the same name in another namespace is not read")
async def test_the_source_is_of_the_own_namespace(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await target(stage)
    await stage.start(services=("ecr",), watched=(other,))
    await stage.apply(repository("app"), other)
    await stage.until_synced("repository/app", other)
    await stage.apply(export())
    await is_waiting(stage, f"repository {stage.namespace}/app is not there")
    assert await held(stage) == {}


@rule("16-1d", "the ConfigMap of that name in the own namespace is written, and none elsewhere")
async def test_the_target_is_of_the_own_namespace(stage: Stage) -> None:
    other = await stage.make_namespace("b")
    await target(stage, namespace=other)
    await set_up(stage)
    await stage.apply(export(key="name"))
    await becomes(stage, {"name": "app"})
    assert await held(stage, namespace=other) == {}


@pytest.mark.parametrize(
    "to",
    [
        pytest.param({}, marks=rule("16-1e", "without a key the value is under <namespace>.<name>")),
        pytest.param({"key": ""}, marks=rule("16-1e", "with an empty key too")),
        pytest.param({"key": "  "}, marks=rule("16-1e", "and with blanks for a key")),
    ],
)
async def test_the_key(stage: Stage, to: dict[str, str]) -> None:
    await set_up(stage)
    await stage.apply(export(NAME, "it", source=None, **to))
    await becomes(stage, {f"{stage.namespace}.it": "app"})


# When it is looked at


@rule("16-2a", "a field that changes is written again")
async def test_the_source_changes(stage: Stage) -> None:
    await set_up(stage, imageTagMutability="MUTABLE")
    await stage.apply(export(".spec.imageTagMutability", key="k"))
    await becomes(stage, {"k": "MUTABLE"})
    await stage.apply(repository("app", imageTagMutability="IMMUTABLE"))
    await becomes(stage, {"k": "IMMUTABLE"})


@rule("16-2a", "a change of the source that does not concern the field writes nothing, to neither object")
async def test_the_source_changes_elsewhere(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    await is_told(stage, "Ready")
    await stage.quiet("fieldexport/it", "repository/app")
    before = [objects.version_of(await stage.get(what)) for what in ("configmap/settings", "fieldexport/it")]
    await stage.apply(repository("app", imageTagMutability="IMMUTABLE"))
    await stage.until_synced("repository/app")
    await stage.quiet("repository/app", "fieldexport/it", "configmap/settings")
    assert before == [objects.version_of(await stage.get(what)) for what in ("configmap/settings", "fieldexport/it")]


@rule("16-2b", "another path in the FieldExport is written at once")
async def test_another_path(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(key="k"))
    await becomes(stage, {"k": "app"})
    await stage.apply(export(".status.ackResourceMetadata.region", key="k"))
    await becomes(stage, {"k": "us-east-1"})


@rule("16-2b", "another key in the FieldExport is written, and the old one taken away")
async def test_another_key(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(key="old"))
    await becomes(stage, {"old": "app"})
    await stage.apply(export(key="new"))
    await becomes(stage, {"new": "app"})


@rule("16-2c", "with the flag a FieldExport has no finalizer, no condition and no effect")
async def test_turned_off(stage: Stage) -> None:
    await set_up(stage, "--enable-field-export-reconciler=false")
    await stage.apply(export())
    await stage.quiet("fieldexport/it", "repository/app")
    obj = await stage.get("fieldexport/it")
    assert "finalizers" not in obj["metadata"]
    assert not obj.get("status")
    assert await held(stage) == {}


@rule("16-8", "the value of a FieldExport is there without any flag")
async def test_by_default(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(".status.ackResourceMetadata.arn", key="k"))
    await becomes(stage, {"k": f"arn:aws:ecr:us-east-1:{stage.account}:repository/app"})


# Whose it is, and whether there is anything to read


@rule("16-3a", "a FieldExport of a service that does not run here gets no finalizer, condition or value")
async def test_another_service(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export(source={"group": "s3.services.k8s.aws", "kind": "Bucket"}))
    await stage.quiet("fieldexport/it", "repository/app")
    obj = await stage.get("fieldexport/it")
    assert "finalizers" not in obj["metadata"]
    assert not obj.get("status")


@rule("16-3b", "it has the finalizer when its key is written")
async def test_the_finalizer(stage: Stage) -> None:
    await set_up(stage)
    await stage.apply(export())
    await becomes(stage, {f"{stage.namespace}.it": "app"})
    assert objects.finalizers_of(await stage.get("fieldexport/it")) == [FINALIZER]


@rule("16-3b", "ackpy: one that has written nothing has none, and goes at once")
async def test_no_finalizer_before_a_key(stage: Stage) -> None:
    await target(stage)
    await stage.start(services=("ecr",))
    await stage.apply(export())
    obj = await is_waiting(stage, f"repository {stage.namespace}/app is not there")
    assert objects.finalizers_of(obj) == []
    await stage.delete("fieldexport/it")
    with pytest.raises(NotFound):
        await stage.get("fieldexport/it")


@rule("16-3c", "the value is there as soon as the source has come and is in step")
async def test_a_source_that_comes(stage: Stage) -> None:
    await target(stage)
    await stage.start(services=("ecr",))
    await stage.apply(export(key="k"))
    await is_waiting(stage, f"repository {stage.namespace}/app is not there")
    await stage.apply(repository("app"))
    await becomes(stage, {"k": "app"})


@rule("16-3d", "it waits for a source that AWS has refused, and goes on when that is in step")
async def test_a_source_that_is_not_synced(stage: Stage) -> None:
    stage.fault(act="error", operation="CreateRepository", status=400, code="LimitExceededException", times=1)
    await target(stage)
    await stage.start(services=("ecr",))
    await stage.apply(repository("app"))
    await stage.until_condition("repository/app", "ACK.Terminal")
    await stage.apply(export(key="k"))
    await is_waiting(stage, f"repository {stage.namespace}/app is not synced")
    assert await held(stage) == {}
    await stage.annotate("repository/app", {"example.com/again": "now"})
    await becomes(stage, {"k": "app"})


@rule("16-3e", "ackpy says that the group has no such kind, and tries no more")
async def test_a_kind_that_is_not_there(stage: Stage) -> None:
    await target(stage)
    await stage.start(services=("ecr",))
    await stage.apply(export(source={"kind": "Bucket"}))
    message = (await is_told(stage, "ACK.Terminal"))["message"]
    assert message == 'spec.from.resource.kind: ecr.services.k8s.aws has no kind "bucket" here'


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"kind": "rePOSITORY"}, marks=rule("16-7a", "a kind in other case is found")),
        pytest.param({"name": "APP"}, marks=rule("16-7a", "so is a name")),
    ],
)
async def test_case_does_not_count(stage: Stage, source: dict[str, str]) -> None:
    await set_up(stage)
    await stage.apply(export(source=source, key="k"))
    await becomes(stage, {"k": "app"})
