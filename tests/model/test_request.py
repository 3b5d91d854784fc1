from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from ackpy.errors import TerminalError
from ackpy.model import request
from ackpy.model.delta import Delta, Mode, delta
from ackpy.model.descriptor import Descriptor, Rule
from ackpy.model.hooks import Hooks
from ackpy.model.request import Call, Scope, View
from ackpy.model.secret import SecretValue

SCOPE = Scope(account="123456789012", region="eu-west-1", token="t-1")
NOTHING = View({})
ARN = "arn:aws:widgets:eu-west-1:123456789012:widget/w"
WHO = {"Name": "w", "Owner": "123456789012"}


def view(**spec: Any) -> View:
    return View({"name": "w", **spec})


def differences(descriptor: Descriptor, desired: View, latest: View, *cleared: str) -> Delta:
    modes = {**dict.fromkeys(desired.spec, Mode.WHOLE), **dict.fromkeys(cleared, Mode.CLEAR)}
    return delta(descriptor, desired.spec, latest.spec, modes)


def test_read_asks_by_the_identifiers(widget: Descriptor) -> None:
    assert request.read(widget, view(), SCOPE) == Call("DescribeWidgets", {"Names": ["w"]})
    assert request.read(widget, NOTHING, SCOPE) is None


def test_a_missing_identifier_is_no_read_even_where_aws_demands_none(widget: Descriptor) -> None:
    assert widget.read is not None
    lax = replace(widget, read=replace(widget.read, required=frozenset()))
    assert request.read(lax, NOTHING, SCOPE) is None


def test_a_facet_is_read_by_its_bindings(widget: Descriptor) -> None:
    assert request.get(widget, widget.aspect("policy"), view(), SCOPE) == Call("GetPolicy", WHO)
    assert request.get(widget, widget.aspect("policy"), NOTHING, SCOPE) is None
    assert request.get(widget, widget.aspect("UpdateMode"), view(), SCOPE) is None


def test_create_sends_all_that_it_takes(widget: Descriptor) -> None:
    spec = view(
        mode="m",
        size=0,
        weight=1.5,
        subnets=[],
        description="",
        capacity={"read": 1, "write": None},
        roleARN=None,
        roleRef={"from": {"name": "r"}},
        source={"inline": "YQ=="},
        steps=[{"name": "a"}, {}],
        variables={"a": "1", "b": None},
        alias="x",
        flag={"written": "into"},
        delay=5,
        tagging={"tagSet": [{"key": "k", "value": ""}]},
        policy="{}",
    )
    assert request.create(widget, spec, SCOPE) == Call(
        "CreateWidget",
        {
            "Name": "w",
            "Size": 0,
            "Weight": 1.5,
            "Subnets": [],
            "Description": "",
            "Capacity": {"Read": 1},
            "Source": {"Inline": b"a"},
            "Steps": [{"Name": "a"}, {}],
            "Variables": {"a": "1"},
            "Alias": "alias/x",
            "Flag": {},
            "Config": {"Mode": "m", "Tags": [{"Key": "k", "Value": ""}]},
            "Attributes": {"Delay": "5"},
            "ClientToken": "t-1",
            "Kind": "small",
            "Zone": "eu-west-1",
        },
    )


def test_a_variant_is_another_create(widget: Descriptor) -> None:
    call = request.create(widget, view(mode="restored", source={"bucket": "b"}, size=1), SCOPE)
    assert call == Call("RestoreWidget", {"Name": "w", "Source": {"Bucket": "b"}})


def test_no_token_is_not_sent(widget: Descriptor) -> None:
    assert "ClientToken" not in request.create(widget, view(), replace(SCOPE, token="")).params


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            {"source": {"bucket": "b", "inline": "YQ=="}},
            "spec.source: set one of bucket, inline; found bucket and inline",
        ),
        ({"source": {"inline": "not base64!"}}, "spec.source.inline: the value is no base64"),
        ({"password": {"name": "s", "key": "k"}}, "spec.password: the secret that it refers to was not read"),
        ({"users": [{"password": {"name": "s", "key": "k"}}]}, "spec.users..password: the secret"),
    ],
)
def test_what_aws_could_only_guess_about_is_refused_by_path(widget: Descriptor, spec: Any, text: str) -> None:
    with pytest.raises(TerminalError, match=f"^{text}") as caught:
        request.create(widget, view(**spec), SCOPE)
    assert "not base64!" not in str(caught.value)


def test_an_empty_union_is_not_sent(widget: Descriptor) -> None:
    assert "Source" not in request.create(widget, view(source={}), SCOPE).params


@pytest.mark.parametrize("tagging", [{"tagSet": []}, {}, None])
def test_no_tags_are_not_sent_to_create(widget: Descriptor, tagging: Any) -> None:
    assert "Config" not in request.create(widget, view(tagging=tagging), SCOPE).params


def test_a_secret_is_shown_to_aws_alone(widget: Descriptor) -> None:
    secret = SecretValue("hunter2")
    call = request.create(widget, view(password=secret, users=[{"name": "a", "password": secret}]), SCOPE)
    assert "hunter2" not in f"{call} {call!r} {call.params}"
    assert call.plain()["Password"] == "hunter2"
    assert call.plain()["Users"] == [{"Name": "a", "Password": "hunter2"}]
    assert call.params["Password"] is secret


@pytest.mark.parametrize(
    ("annotations", "params"),
    [
        ({}, {"Force": False}),
        ({"force": "true"}, {"Force": True}),
        ({"days": "7"}, {"Force": False, "Days": 7}),
    ],
)
def test_annotations_become_arguments(widget: Descriptor, annotations: dict[str, str], params: dict[str, Any]) -> None:
    scope = replace(SCOPE, annotations={f"widgets.services.k8s.aws/{name}": text for name, text in annotations.items()})
    assert request.delete(widget, view(), scope) == Call("DeleteWidget", {**WHO, "Arn": ARN, **params})


@pytest.mark.parametrize(
    ("name", "text", "advice"), [("force", "yes", "write true or false"), ("days", "7d", "write a whole number")]
)
def test_an_annotation_of_another_type_is_refused(widget: Descriptor, name: str, text: str, advice: str) -> None:
    scope = replace(SCOPE, annotations={f"widgets.services.k8s.aws/{name}": text})
    with pytest.raises(TerminalError, match=advice) as caught:
        request.delete(widget, view(), scope)
    assert f"annotation widgets.services.k8s.aws/{name}: found '{text}'" in str(caught.value)


def test_the_arn_is_what_aws_said_or_what_the_template_predicts(widget: Descriptor) -> None:
    said = View({"name": "w"}, {"ackResourceMetadata": {"arn": "arn:said"}})
    assert request.arn(widget, said, SCOPE) == "arn:said"
    assert request.arn(widget, view(), SCOPE) == ARN
    assert request.arn(widget, NOTHING, SCOPE) == ""
    assert request.delete(widget, said, SCOPE).params["Arn"] == "arn:said"  # type: ignore[union-attr]


def test_update_sends_what_differs_and_who(widget: Descriptor) -> None:
    desired = view(size=2, subnets=["a"], keyID="k", capacity={"read": 1})
    latest = view(size=1, subnets=["b"], keyID="k", capacity={"read": 1})
    changed = differences(widget, desired, latest)
    call = request.update(widget, widget.aspects[0], changed, desired, latest, SCOPE)
    assert call == Call("UpdateWidget", {**WHO, "Size": 2, "Subnets": ["a"]})


def test_update_sends_a_changed_structure_whole(widget: Descriptor) -> None:
    desired, latest = view(capacity={"read": 1, "write": 2}), view(capacity={"read": 1, "write": 1})
    changed = differences(widget, desired, latest)
    call = request.update(widget, widget.aspects[0], changed, desired, latest, SCOPE)
    assert call.params["Capacity"] == {"Read": 1, "Write": 2}


def test_update_sends_what_is_demanded_as_observed(widget: Descriptor) -> None:
    assert widget.update is not None
    strict = replace(widget, update=replace(widget.update, required=frozenset({"Engine"})))
    desired, latest = view(size=2), view(size=1, engine="mysql")
    call = request.update(strict, strict.aspects[0], differences(strict, desired, latest), desired, latest, SCOPE)
    assert call.params == {**WHO, "Size": 2, "Engine": "mysql"}


def test_a_group_is_its_own_operation(widget: Descriptor, with_aspect: Callable[..., Descriptor]) -> None:
    desired, latest = view(mode="b", description="d"), view(mode="a", description="d")
    changed = differences(widget, desired, latest)
    group = widget.aspect("UpdateMode")
    expected = {**WHO, "Mode": "b", "ApplyImmediately": True}
    assert request.update(widget, group, changed, desired, latest, SCOPE) == Call("UpdateMode", expected)
    whole = replace(group, whole=True)
    assert request.update(widget, whole, changed, desired, latest, SCOPE).params == {**expected, "Description": "d"}
    assert group.put is not None
    replacing = replace(group, put=replace(group.put, replaces=True))
    assert request.update(widget, replacing, changed, desired, latest, SCOPE).params == {**expected, "Description": "d"}


def test_a_field_that_was_taken_out_is_reset_in_an_update(widget: Descriptor) -> None:
    desired, latest = view(), view(description="d", weight=7)
    cleared = differences(widget, desired, latest, "description")
    call = request.update(widget, widget.aspect("UpdateMode"), cleared, desired, latest, SCOPE)
    assert call.params["Description"] == ""


def test_a_leaf_that_was_taken_out_is_reset_in_an_update(
    with_rules: Callable[[Mapping[str, Rule]], Descriptor],
) -> None:
    kind = with_rules({"capacity.write": Rule("capacity.write", default=1)})
    desired, latest = view(capacity={"read": 1}), view(capacity={"read": 1, "write": 9})
    changed = differences(kind, desired, latest)
    assert [each.path for each in changed] == ["capacity.write"]
    call = request.update(kind, kind.aspects[0], changed, desired, latest, SCOPE)
    assert call.params["Capacity"] == {"Read": 1, "Write": 1}


@pytest.mark.parametrize(
    ("name", "spec", "params"),
    [
        ("policy", "{}", {"Policy": "{}"}),
        ("document", "a: 1", {"Body": {"Text": "a: 1"}}),
        ("versioning", {"status": "Enabled"}, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (
            "lifecycle",
            {"rules": [{"id": "a", "until": "2026-11-24T19:37:18Z", "labels": []}]},
            {
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "a", "Until": dt.datetime(2026, 11, 24, 19, 37, 18, tzinfo=dt.UTC), "Labels": []}]
                }
            },
        ),
        ("cors", {}, {"CORS": {}}),
    ],
)
def test_put_writes_the_whole_value(widget: Descriptor, name: str, spec: Any, params: dict[str, Any]) -> None:
    aspect = widget.aspect(name)
    call = request.put(widget, aspect, view(**{name: spec}), NOTHING, SCOPE)
    assert aspect.put is not None
    assert call == Call(aspect.put.name, {**WHO, **params})


def test_put_carries_over_what_the_schema_leaves_out(widget: Descriptor) -> None:
    answer = {"Rules": [], "Hidden": {"On": True}, "Other": 1, "ResponseMetadata": {}}
    desired = view(lifecycle={"rules": [{"id": "a"}]})
    call = request.put(widget, widget.aspect("lifecycle"), desired, NOTHING, SCOPE, answer=answer)
    assert call.params["LifecycleConfiguration"] == {"Rules": [{"Id": "a"}], "Hidden": {"On": True}}


@pytest.mark.parametrize(
    ("name", "latest", "call"),
    [
        ("policy", "{}", Call("DeletePolicy", WHO)),
        ("document", "a: 1", Call("PutDocument", {**WHO, "Body": {"Text": "{}"}})),
        (
            "versioning",
            {"status": "Enabled"},
            Call("PutVersioning", {**WHO, "VersioningConfiguration": {"Status": "Suspended"}}),
        ),
        ("cors", {"origins": ["*"]}, Call("PutCors", {**WHO, "CORS": {}})),
    ],
)
def test_clear_is_the_clear_value_or_the_delete_or_the_default(
    widget: Descriptor, name: str, latest: Any, call: Call
) -> None:
    assert request.clear(widget, widget.aspect(name), view(), view(**{name: latest}), SCOPE) == call


@pytest.mark.parametrize("enabled", [{}, {"status": "Enabled"}])
def test_a_structure_that_lost_a_member_carries_its_stated_default(
    with_rules: Callable[[Mapping[str, Rule]], Descriptor], enabled: Any
) -> None:
    """S3 keeps the versioning of a bucket when the status is not sent."""
    kind = with_rules({"versioning.status": Rule("versioning.status", default="Suspended")})
    call = request.put(kind, kind.aspect("versioning"), view(versioning={}), view(versioning=enabled), SCOPE)
    assert call == Call("PutVersioning", {**WHO, "VersioningConfiguration": {"Status": "Suspended"}})


def test_nothing_known_is_nothing_cleared(widget: Descriptor) -> None:
    aspect = replace(widget.aspect("policy"), clear=None)
    assert request.clear(widget, aspect, view(), view(policy="{}"), SCOPE) is None


def test_a_clear_value_is_laid_over_what_is_observed(with_rules: Callable[[Mapping[str, Rule]], Descriptor]) -> None:
    kind = with_rules({"lifecycle": Rule("lifecycle", clear={"note": "off"})})
    latest = view(lifecycle={"note": "on", "rules": [{"id": "a"}]})
    call = request.clear(kind, kind.aspect("lifecycle"), view(), latest, SCOPE)
    assert call is not None
    assert call.params["LifecycleConfiguration"] == {"Note": "off", "Rules": [{"Id": "a"}]}


def test_attributes_are_texts_in_one_call_or_one_by_one(widget: Descriptor) -> None:
    desired, latest = view(delay=5, topicPolicy="{}"), view(delay=4, topicPolicy='{"Id": "x"}')
    changed = differences(widget, desired, latest)
    aspect = widget.aspect("attributes")
    assert request.attributes(widget, aspect, changed, desired, latest, SCOPE) == (
        Call("SetAttributes", {**WHO, "Attributes": {"Delay": "5", "Policy": "{}"}}),
    )
    single = replace(aspect, one_by_one=True)
    assert request.attributes(widget, single, changed, desired, latest, SCOPE) == (
        Call("SetAttributes", {**WHO, "AttributeName": "Delay", "AttributeValue": "5"}),
        Call("SetAttributes", {**WHO, "AttributeName": "Policy", "AttributeValue": "{}"}),
    )
    assert request.attributes(widget, aspect, Delta(), desired, latest, SCOPE) == ()


def test_an_attribute_that_was_taken_out_is_empty(widget: Descriptor) -> None:
    latest = view(topicPolicy="{}")
    cleared = differences(widget, view(), latest, "topicPolicy")
    [call] = request.attributes(widget, widget.aspect("attributes"), cleared, view(), latest, SCOPE)
    assert call.params["Attributes"] == {"Policy": ""}


class Amend(Hooks):
    """Adds what it saw to every request."""

    def request(
        self, operation: str, request: MutableMapping[str, Any], desired: Mapping[str, Any], latest: Mapping[str, Any]
    ) -> None:
        request["Seen"] = (operation, sorted(desired), sorted(latest))


def test_the_kind_has_the_last_word(widget: Descriptor) -> None:
    kind = replace(widget, hooks=Amend())
    assert request.create(kind, view(size=1), SCOPE).params["Seen"] == ("CreateWidget", ["name", "size"], [])
    put = request.put(kind, kind.aspect("policy"), view(policy="{}"), view(), SCOPE)
    assert put.params["Seen"] == ("PutPolicy", ["name", "policy"], ["name"])


def test_what_an_aspect_cannot_do_is_a_mistake_of_the_caller(widget: Descriptor) -> None:
    with pytest.raises(ValueError, match="'UpdateMode' has no read of one member"):
        request.one(widget, widget.aspect("UpdateMode"), "k", view(), SCOPE)
    with pytest.raises(ValueError, match="'core' has no update"):
        request.update(replace(widget, update=None), widget.aspects[0], Delta(), view(), view(), SCOPE)


def test_a_spec_is_left_as_it_was(widget: Descriptor) -> None:
    desired = view(lifecycle={"rules": [{"id": "a"}]}, tagging={"tagSet": [{"key": "a", "value": "b"}]}, mode="m")
    before = repr(desired)
    request.create(widget, desired, SCOPE)
    request.put(widget, widget.aspect("lifecycle"), desired, NOTHING, SCOPE)
    assert repr(desired) == before
