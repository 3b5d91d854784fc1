"""The controller's own tags: templates, precedence, and what is never persisted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.controllers import tags
from ackpy.controllers.options import DEFAULT_TAGS, ReconcilerOptions
from ackpy.controllers.tags import TagTemplate, expand, parse_templates, with_defaults, with_observed, without
from ackpy.errors import ConfigError
from ackpy.model.descriptor import Descriptor, TagShape
from ackpy.runtime.causes import Cause
from ackpy.testing.world import REGION, MemoryWorld

LIST = TagShape("tagging.tagSet", "list")
MAP = TagShape("tags", "map")
texts = st.dictionaries(st.text("abc:", min_size=1, max_size=3), st.text("xy", max_size=2), max_size=4)


def spec_of(shape: TagShape, held: Mapping[str, str]) -> Mapping[str, Any]:
    return with_defaults(shape, {}, held)


@pytest.mark.parametrize("entry", ["a", "a=b=c", "=b", " =b"])
def test_an_entry_without_exactly_one_equals_sign_is_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="exactly one"):
        parse_templates([entry])


def test_templates_are_trimmed_and_empty_entries_skipped() -> None:
    assert parse_templates([" a = b ", "", " "]) == (TagTemplate("a", "b"),)


def test_placeholders_are_filled_in_the_value_and_empty_values_left_out(bucket: Descriptor) -> None:
    templates = parse_templates(
        [
            *(f"{template.key}={template.value}" for template in DEFAULT_TAGS),
            "what=%K8S_RESOURCE_KIND%/%K8S_RESOURCE_NAME%",
            "app.kubernetes.io/managed-by=%MANAGED_BY%",
            "kro.run/kro-version=%KRO_VERSION%",
        ]
    )
    labels = {"app.kubernetes.io/managed-by": "kro"}
    obj = {"metadata": {"name": "b", "namespace": "team", "labels": labels}}
    assert expand(templates, bucket, obj, "v1.2") == {
        "services.k8s.aws/controller-version": "s3-v1.2",
        "services.k8s.aws/namespace": "team",
        "what": "Bucket/b",
        "app.kubernetes.io/managed-by": "kro",
    }


VERSION, NAMESPACE = "services.k8s.aws/controller-version", "services.k8s.aws/namespace"


def of_version(world: MemoryWorld, version: str) -> None:
    """Restart with another version of the controller."""
    world.options = ReconcilerOptions(region=REGION, controller_version=version, resource_tags=DEFAULT_TAGS)
    world.restart()


async def test_another_version_alone_writes_nothing_and_is_no_drift(world: MemoryWorld) -> None:
    of_version(world, "1")
    key = world.cluster.apply("b", {"name": "b", "tagging": {"tagSet": [{"key": "team", "value": "red"}]}})
    await world.settle(key)
    world.take_counts()
    of_version(world, "2")
    await world.settle(key, Cause.START)
    assert world.take_counts() == Counter(GetBucketTagging=1)
    assert world.events.reasons == ["Created"]


@pytest.mark.parametrize("value", ["blue", None], ids=["changed", "taken away"])
async def test_the_version_is_written_with_the_next_tag(world: MemoryWorld, value: str | None) -> None:
    of_version(world, "1")
    tag = [{"key": "team", "value": "red"}]
    key = world.cluster.apply("b", {"name": "b", "tagging": {"tagSet": tag}})
    await world.settle(key)
    of_version(world, "2")
    await world.settle(key, Cause.START)
    world.cluster.edit(key, {"spec": {"tagging": {"tagSet": [{"key": "team", "value": value}] if value else []}}})
    await world.settle(key, Cause.EDIT)
    held = {tag["Key"]: tag["Value"] for tag in world.aws.settings("b")["Tagging"]["TagSet"]}
    assert held == {VERSION: "s3-2", NAMESPACE: "default", **({"team": value} if value else {})}


async def test_a_users_own_tag_of_that_key_is_written(world: MemoryWorld) -> None:
    of_version(world, "1")
    key = world.cluster.apply("b", {"name": "b", "tagging": {"tagSet": [{"key": VERSION, "value": "mine"}]}})
    await world.settle(key)
    world.cluster.edit(key, {"spec": {"tagging": {"tagSet": [{"key": VERSION, "value": "mine, too"}]}}})
    await world.settle(key, Cause.EDIT)
    held = {tag["Key"]: tag["Value"] for tag in world.aws.settings("b")["Tagging"]["TagSet"]}
    assert held[VERSION] == "mine, too"


@pytest.mark.parametrize("shape", [LIST, MAP])
@given(user=texts, defaults=texts)
def test_the_users_tag_wins_and_comes_first(shape: TagShape, user: dict[str, str], defaults: dict[str, str]) -> None:
    spec = spec_of(shape, user)
    merged = tags.read(shape, with_defaults(shape, spec, defaults))
    assert merged == {**defaults, **user}
    assert list(merged)[: len(user)] == list(user)


@pytest.mark.parametrize("shape", [LIST, MAP])
@given(user=texts, defaults=texts)
def test_what_is_injected_is_filtered_out_again(
    shape: TagShape, user: dict[str, str], defaults: dict[str, str]
) -> None:
    plain = {key: value for key, value in user.items() if key not in defaults and not key.startswith("aws:")}
    injected = with_defaults(shape, spec_of(shape, plain), defaults | {"aws:made": "x"})
    assert tags.read(shape, without(shape, injected, defaults)) == plain


def test_a_kind_without_tags_is_left_as_it_is() -> None:
    spec = {"name": "b"}
    assert with_defaults(None, spec, {"a": "b"}) is spec
    assert with_observed(None, spec, {}, ours=True) is spec
    assert without(None, spec, ["a"]) is spec


@pytest.mark.parametrize(
    ("ours", "wanted"), [(True, {"mine": "1", "aws:made": "x"}), (False, {"mine": "1", "aws:made": "x", "theirs": "2"})]
)
def test_other_peoples_tags_stay_unless_the_user_decides(ours: bool, wanted: dict[str, str]) -> None:
    latest = spec_of(LIST, {"theirs": "2", "aws:made": "x", "mine": "0"})
    assert tags.read(LIST, with_observed(LIST, spec_of(LIST, {"mine": "1"}), latest, ours=ours)) == wanted


async def test_a_bucket_without_tags_of_the_users_keeps_other_peoples(world: MemoryWorld, talk: dict[str, Any]) -> None:
    del talk["tagging"]
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    held = world.aws.buckets[talk["name"]].settings["Tagging"]["TagSet"]
    assert {tag["Key"] for tag in held} == {"services.k8s.aws/controller-version", "services.k8s.aws/namespace"}
    held.append({"Key": "team", "Value": "blue"})
    del held[0]
    await world.settle(key, Cause.RESYNC)
    held = world.aws.settings(talk["name"])["Tagging"]["TagSet"]
    assert {tag["Key"] for tag in held} == {"services.k8s.aws/controller-version", "services.k8s.aws/namespace", "team"}
    assert world.events.reasons == ["Created", "DriftDetected"]


@pytest.mark.parametrize("spec", [None, {"tagSet": []}], ids=["null", "an empty list"])
async def test_taking_the_users_tags_out_keeps_the_controllers(
    world: MemoryWorld, talk: dict[str, Any], spec: Any
) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    world.cluster.edit(key, {"spec": {"tagging": spec}})
    await world.settle(key)
    held = world.aws.settings(talk["name"])["Tagging"]["TagSet"]
    assert {tag["Key"] for tag in held} == {"services.k8s.aws/controller-version", "services.k8s.aws/namespace"}
    assert world.cluster.objects[key]["spec"].get("tagging") == spec


async def test_without_templates_a_bucket_gets_no_tags_of_ours(bucket: Descriptor, talk: dict[str, Any]) -> None:
    world = MemoryWorld(bucket, ReconcilerOptions(region=REGION, resource_tags=()))
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    assert {tag["Key"] for tag in world.aws.settings(talk["name"])["Tagging"]["TagSet"]} == {"first", "second"}
    world.cluster.edit(key, {"spec": {"tagging": None}})
    await world.settle(key)
    assert "Tagging" not in world.aws.settings(talk["name"])


async def test_the_controllers_tags_are_never_written_to_the_object(world: MemoryWorld, talk: dict[str, Any]) -> None:
    key = world.cluster.apply("b", talk)
    await world.settle(key)
    assert world.cluster.objects[key]["spec"] == talk
