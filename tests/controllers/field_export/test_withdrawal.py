"""What a FieldExport takes away again, after an edit or at its end, and what it leaves to others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.controllers.field_export.exporting import ARN, DONE, Start, T

from ackpy.controllers.field_export.export import ANNOTATION, FINALIZER
from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.resource import CONFIG_MAPS, SECRETS

# What an edit leaves behind: what is changed, and what the two ConfigMaps then hold.
EDITS: list[tuple[str, dict[str, Any], dict[str, str], dict[str, str]]] = [
    ("another key", {"to": {"key": "new"}}, {"new": ARN}, {}),
    ("another ConfigMap", {"to": {"name": "u"}}, {}, {"arn": ARN}),
    ("another path", {"path": ".status.ackResourceMetadata.region"}, {"arn": "us-east-1"}, {}),
    ("a path that is absent", {"path": ".status.absent"}, {}, {}),
    ("a path that is none", {"path": "(nothing"}, {}, {}),
    ("another source", {"source": "other"}, {"arn": "arn:other"}, {}),
    ("a source that is not there", {"source": "absent"}, {}, {}),
    ("a source that is not synced", {"source": "busy"}, {}, {}),
    ("a forbidden target", {"to": {"name": "aws-auth"}}, {}, {}),
    ("a target that is not there", {"to": {"name": "absent"}}, {}, {}),
    ("another service's source", {"group": "sqs.services.k8s.aws"}, {}, {}),
    ("nothing of it", {"annotations": {"a": "b"}}, {"arn": ARN}, {}),
]


@pytest.mark.parametrize(("edit", "first", "second"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS])
@pytest.mark.parametrize("kind", ["configmap", "secret"])
@pytest.mark.parametrize("restart", [False, True], ids=["running", "stopped"])
async def test_what_an_edit_leaves_behind_is_taken_away(
    start: Start, edit: dict[str, Any], first: dict[str, str], second: dict[str, str], kind: str, restart: bool
) -> None:
    to = {"kind": kind, **edit.get("to", {})}
    cluster = None
    async with start() as here:
        await here.bucket()
        await here.bucket("other", ackResourceMetadata={"arn": "arn:other"})
        await here.bucket("busy", synced="False")
        for name in ("t", "u", "aws-auth"):
            await here.target(kind, name, kept="kept")
        await here.export(to={"kind": kind})
        assert here.data(kind) == {"kept": "kept", "arn": ARN}
        cluster = here.cluster
        if not restart:
            await here.export(**{**edit, "to": to})
            assert here.data(kind, "t") == {"kept": "kept", **first}
            assert here.data(kind, "u") == {"kept": "kept", **second}
    if restart:
        await here.export(**{**edit, "to": to})
        async with start(cluster) as again:
            await again.rest()
            assert again.data(kind, "t") == {"kept": "kept", **first}
            assert again.data(kind, "u") == {"kept": "kept", **second}


async def test_an_export_that_is_handed_to_another_service_lets_go_of_it(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        await here.export(group="sqs.services.k8s.aws")
        obj = here.stored(key)
        assert objects.finalizers_of(obj) == []
        assert ANNOTATION not in objects.annotations_of(obj)


@pytest.mark.parametrize("kind", ["configmap", "secret"])
async def test_a_deleted_export_takes_its_key_away(start: Start, kind: str) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(kind, other="kept")
        key = await here.export(to={"kind": kind})
        await here.delete(FIELD_EXPORTS, key)
        assert here.data(kind) == {"other": "kept"}
        assert here.cluster.peek(FIELD_EXPORTS, key) is None


async def test_a_deleted_export_leaves_what_somebody_else_wrote_under_its_key(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        await here.bucket(synced="False")  # so that nothing is set back
        await here.edit(CONFIG_MAPS, T, {"data": {"arn": "theirs"}})
        await here.delete(FIELD_EXPORTS, key)
        assert here.data() == {"arn": "theirs"}
        assert here.cluster.peek(FIELD_EXPORTS, key) is None


async def test_a_value_that_was_there_already_is_not_written_and_not_taken_away(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(arn=ARN)
        since = len(here.cluster.requests)
        key = await here.export()
        assert here.requests(since, CONFIG_MAPS) == ["GET"]
        assert here.status_of(key) == DONE
        await here.delete(FIELD_EXPORTS, key)
        assert here.data() == {"arn": ARN}


@pytest.mark.parametrize("gone", ["before", "never there"])
async def test_a_deletion_does_not_wait_for_a_target_that_is_not_there(start: Start, gone: str) -> None:
    async with start() as here:
        await here.bucket()
        if gone == "before":
            await here.target()
        key = await here.export()
        if gone == "before":
            await here.delete(CONFIG_MAPS, T)
        await here.delete(FIELD_EXPORTS, key)
        assert here.cluster.peek(FIELD_EXPORTS, key) is None
        assert here.cluster.peek(CONFIG_MAPS, T) is None


async def test_a_deletion_is_not_held_up_by_a_target_that_may_not_be_written(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target("secret")
        key = await here.export(to={"kind": "secret"})
        here.refuse("PATCH", SECRETS, 403, "Forbidden")
        await here.delete(FIELD_EXPORTS, key)
        assert here.cluster.peek(FIELD_EXPORTS, key) is None
        assert (
            "NotWithdrawn",
            "Secret default/t, key arn, stays: the API server says Forbidden",
        ) in await here.events()


async def test_a_copied_record_takes_nothing_away(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(arn="theirs")
        await here.target(name="u", arn="theirs")
        first = await here.export("e1", to={"key": "mine"})
        marks = objects.annotations_of(here.stored(first))
        second = await here.export("e2", to={"name": "u", "key": "mine"}, annotations=dict(marks))
        assert here.data() == {"arn": "theirs", "mine": ARN}
        await here.delete(FIELD_EXPORTS, second)
        assert here.data() == {"arn": "theirs", "mine": ARN}
        assert here.data(name="u") == {"arn": "theirs"}


async def test_a_forged_record_takes_nothing_away(start: Start) -> None:
    """Whoever may edit a FieldExport must not get to other people's keys by it."""
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.target("secret", "victim", "kube-system", password="theirs")
        key = await here.export()
        record = json.loads(objects.annotations_of(here.stored(key))[ANNOTATION])
        record["target"] = ["secret", "kube-system", "victim", "password"]
        await here.edit(FIELD_EXPORTS, key, {"metadata": {"annotations": {ANNOTATION: json.dumps(record)}}})
        await here.export(to={"key": "another"})
        await here.delete(FIELD_EXPORTS, key)
        assert here.data("secret", "victim", "kube-system") == {"password": "theirs"}


@pytest.mark.parametrize("record", ["", "no json", "[]", "{}", '{"v":1,"uid":"x"}', '{"v":1}', '{"v":2,"target":[]}'])
async def test_a_record_that_cannot_be_read_counts_for_nothing(start: Start, record: str) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export(annotations={ANNOTATION: record})
        assert here.data() == {"arn": ARN}
        await here.delete(FIELD_EXPORTS, key)
        assert here.data() == {}


async def test_a_finalizer_of_acks_without_a_record_is_taken_over(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(arn="arn:as-ack-wrote-it")
        key = await here.export(finalizers=[FINALIZER, "example.org/theirs"])
        assert here.data() == {"arn": ARN}
        await here.delete(FIELD_EXPORTS, key)
        assert here.data() == {}
        obj = here.stored(key)
        assert objects.finalizers_of(obj) == ["example.org/theirs"]


@pytest.mark.parametrize(("code", "reason"), [(500, "InternalError"), (429, "TooManyRequests")])
async def test_a_key_is_not_given_up_while_the_api_server_cannot_say(start: Start, code: int, reason: str) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        here.refuse("PATCH", CONFIG_MAPS, code, reason)
        await here.delete(FIELD_EXPORTS, key)
        await here.clock.advance(5)
        assert here.cluster.peek(FIELD_EXPORTS, key) is not None
        here.refused.clear()
        await here.clock.advance(60)
        assert (here.data(), here.cluster.peek(FIELD_EXPORTS, key)) == ({}, None)
