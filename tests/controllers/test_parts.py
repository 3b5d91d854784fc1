"""The small pure parts: state, late initialisation, faults, refusals, patches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ackpy.catalog import load
from ackpy.controllers import patches
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.conditions import Report
from ackpy.controllers.faults import fault
from ackpy.controllers.intent import Intent, Stage
from ackpy.controllers.late_init import fill
from ackpy.controllers.memory import Memory
from ackpy.controllers.observe import Observation
from ackpy.controllers.run import Ending
from ackpy.controllers.state import gate
from ackpy.model.call import Scope
from ackpy.model.compiler import compile_service
from ackpy.model.definition import LateInit, State
from ackpy.model.descriptor import Descriptor, Rule
from ackpy.runtime.reconciler import Result
from ackpy.testing.world import api_error

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCOPE = Scope("123456789012", "eu-central-1")
STATES = (
    State(
        path="state",
        ready=["ACTIVE"],
        failed=["FAILED"],
        gone=["DELETED"],
        allow=["cors", "policy"],
        poll=7,
        also="why",
    ),
    State(path="update", ready=["DONE"], allow=["policy"], poll=3),
)


@pytest.fixture
def stateful(bucket: Descriptor) -> Descriptor:
    return replace(bucket, definition=replace(bucket.definition, states=STATES))


@pytest.mark.parametrize(
    ("status", "ready", "gone", "busy", "failed", "allow", "poll"),
    [
        ({"state": "ACTIVE", "update": "DONE"}, True, False, None, None, set(), 30),
        ({"state": "UPDATING", "update": "DONE"}, False, False, "state is UPDATING", None, {"cors", "policy"}, 7),
        ({"state": "UPDATING", "update": "WORK"}, False, False, "state is UPDATING", None, {"policy"}, 3),
        ({"state": "FAILED", "why": "no room"}, False, False, None, "no room", set(), 3),
        ({"state": "FAILED"}, False, False, None, "state is FAILED", set(), 3),
        ({"state": "DELETED", "update": "DONE"}, False, True, None, None, set(), 7),
        ({}, False, False, None, None, set(), 3),
    ],
)
def test_what_a_state_permits(
    stateful: Descriptor,
    status: dict[str, Any],
    ready: bool,
    gone: bool,
    busy: str | None,
    failed: str | None,
    allow: set[str],
    poll: float,
) -> None:
    found = gate(stateful, status)
    assert (found.ready, found.gone, set(found.allow), found.poll) == (ready, gone, allow, poll)
    assert (found.busy.text if found.busy else None) == busy
    assert (found.failed.text if found.failed else None) == failed


def test_a_kind_without_states_is_always_ready(bucket: Descriptor) -> None:
    assert gate(bucket, {}).ready


@pytest.mark.parametrize(
    ("spec", "latest", "filled", "pending"),
    [
        ({"name": "b"}, {"a": 1, "s": {"x": 2}}, {"name": "b", "a": 1}, ()),
        ({"a": 0, "s": {}}, {"a": 1, "s": {"x": False}}, {"a": 0, "s": {"x": False}}, ()),
        ({"s": {"x": 1}}, {"s": {"x": 2}}, {"s": {"x": 1}}, ("a",)),
        ({"a": 1, "l": [{}, {"y": 1}]}, {"l": [{"y": 5}, {"y": 6}]}, {"a": 1, "l": [{"y": 5}, {"y": 1}]}, ()),
        ({"a": 1, "l": [{}]}, {}, {"a": 1, "l": [{}]}, ("l[0].y",)),
    ],
)
def test_late_initialisation_fills_what_is_left_out(
    bucket: Descriptor, spec: dict[str, Any], latest: dict[str, Any], filled: dict[str, Any], pending: tuple[str, ...]
) -> None:
    rules = {path: Rule(path, late_init=LateInit.ALWAYS) for path in ("a", "s.x", "l..y")}
    before = repr(spec)
    found = fill(replace(bucket, rules=rules), spec, latest)
    assert (found.spec, found.pending) == (filled, pending)
    assert repr(spec) == before


@pytest.mark.parametrize(
    ("told", "pending"),
    [([], ("encryption", "name")), (["encryption"], ("name",)), (["encryption", "name"], ("name",))],
)
def test_a_setting_that_was_read_and_is_not_set_is_not_waited_for(
    bucket: Descriptor, told: list[str], pending: tuple[str, ...]
) -> None:
    rules = {path: Rule(path, late_init=LateInit.ALWAYS) for path in ("encryption", "name")}
    assert fill(replace(bucket, rules=rules), {}, {}, told).pending == pending


def test_acks_way_fills_what_only_ack_fills(bucket: Descriptor) -> None:
    assert bucket.late_init == ()
    assert set(bucket.initialising_as_ack().late_init) == {"abac", "encryption", "ownershipControls"}


def test_several_errors_make_one_text_and_the_gravest_gives_the_reason(bucket: Descriptor) -> None:
    errors = [
        api_error("PutBucketCors", "OperationAborted", 409),
        api_error("PutBucketPolicy", "MalformedPolicy", 400),
        api_error("PutBucketLogging", "OperationAborted", 409),
    ]
    found = fault(bucket, errors)
    assert found.text == "api error OperationAborted: no; api error MalformedPolicy: no"
    assert (found.terminal, found.event, found.after, found.error) == (True, "Refused", 5.0, errors[1])
    assert "PutBucketPolicy" in found.detail
    assert "request-of-PutBucketPolicy" in found.detail
    assert "request" not in found.text


def test_advice_names_the_permission_that_is_missing(bucket: Descriptor) -> None:
    detail = "User: arn:aws:iam::1:user/u is not authorized to perform: s3:PutBucketCORS on resource: arn:aws:s3:::b"
    found = fault(bucket, [api_error("PutBucketCors", "AccessDenied", 403, detail)])
    assert (found.terminal, found.slow) == (False, False)
    assert "may not do s3:PutBucketCORS on arn:aws:s3:::b" in found.advice


@pytest.mark.parametrize("code", Code)
def test_every_reason_not_to_act_has_a_text(code: Code) -> None:
    facts = dict.fromkeys(
        [
            "resource",
            "older",
            "why",
            "path",
            "advice",
            "paths",
            "annotation",
            "holder",
            "found",
            "wanted",
            "state",
            "what",
            "expected",
            "id",
            "map",
            "selectors",
            "host",
        ],
        "word",
    )
    block = Blocked(code, facts)
    assert block.text
    assert "{" not in block.text + block.advice


def test_a_repository_is_late_initialised_in_its_registry() -> None:
    [repository] = [kind for kind in compile_service(load(["ecr"])) if kind.kind == "Repository"]
    assert fill(repository, {"name": "r"}, {"registryID": "1"}).spec == {"name": "r", "registryID": "1"}
    assert fill(repository, {"name": "r"}, {}).pending == ("registryID",)


def obj(**metadata: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "u", **metadata}, "spec": {"name": "b"}}


def test_claiming_writes_what_differs_and_nothing_else() -> None:
    held, intended = Memory("u", {"a": "1"}), Intent("u", Stage.OPEN, "n")
    patch = patches.claiming(obj(finalizers=["x"], annotations={"k": "v"}), "f", held, intended)
    assert patch is not None
    assert patch["metadata"]["finalizers"] == ["x", "f"]
    assert "k" not in patch["metadata"]["annotations"]
    marked = obj(finalizers=["f"], annotations=patch["metadata"]["annotations"])
    assert patches.claiming(marked, "f", held, intended) is None


def ending(**how: Any) -> Ending:
    return Ending(Report(synced=True), Result.done(), **how)


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        (ending(), None),
        (ending(intent=""), None),
        (ending(spec={"name": "b"}, intent=""), None),
        (ending(spec={"name": "b", "x": 1}), {"spec": {"x": 1}}),
        (
            ending(spec={"name": "b", "x": 1}, intent=""),
            {"spec": {"x": 1}, "metadata": {"annotations": {"ackpy.services.k8s.aws/create-intent": None}}},
        ),
        (ending(intent="text"), {"metadata": {"annotations": {"ackpy.services.k8s.aws/create-intent": "text"}}}),
    ],
)
def test_a_served_intent_goes_along_but_is_no_reason_to_write(end: Ending, wanted: Any) -> None:
    held = obj(annotations={"ackpy.services.k8s.aws/create-intent": "served"})
    assert patches.ending(held, end) == wanted


def test_releasing_takes_our_parts_away_and_leaves_the_others() -> None:
    marks = {"ackpy.services.k8s.aws/managed": "x", "other": "y"}
    patch = patches.releasing(obj(finalizers=["f", "x"], annotations=marks), "f")
    assert patch == {"metadata": {"finalizers": ["x"], "annotations": {"ackpy.services.k8s.aws/managed": None}}}
    assert patches.releasing(obj(finalizers=["x"]), "f") is None


def test_the_status_keeps_what_aws_does_not_tell_of_and_drops_what_it_has_no_more() -> None:
    before = {"location": "there", "createdAt": "then", "ackResourceMetadata": {"arn": "a", "region": "r"}}
    latest = Observation(True, {}, {"uri": "u"}, "a", carried=frozenset({"createdAt", "uri"}))
    patch = patches.status({**obj(), "status": before}, ending(latest=latest), SCOPE, NOON, edited=False)
    assert patch is not None
    status = patch["status"]
    assert status["createdAt"] is None
    assert status["uri"] == "u"
    assert "location" not in status
    assert status["ackResourceMetadata"] == {"ownerAccountID": "123456789012", "partition": "aws"}


def test_where_a_resource_is_sticks_once_it_is_made() -> None:
    made = {"arn": "a", "region": "us-west-2", "ownerAccountID": "999999999999"}
    assert patches.resource_metadata(made, None, SCOPE) == {**made, "partition": "aws"}
    tried = {"region": "us-west-2", "ownerAccountID": "999999999999"}
    assert patches.resource_metadata(tried, None, SCOPE)["region"] == "eu-central-1"


def test_an_equal_status_is_not_written() -> None:
    first = patches.status(obj(), ending(), SCOPE, NOON, edited=False)
    assert first is not None
    assert patches.status({**obj(), **first}, ending(), SCOPE, NOON.replace(hour=20), edited=False) is None
