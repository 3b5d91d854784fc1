"""FieldExports as people meet them: what is written, what is not, what is taken away again, and what is said of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ackpy.controllers.field_export.export import ANNOTATION, FINALIZER
from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, SECRETS, Resource
from ackpy.testing.memory import MemoryCluster

Start = Callable[..., Any]
BUCKETS = Resource("s3.services.k8s.aws", "v1alpha1", "buckets", "Bucket")
ARN = "arn:aws:s3:::b"
T = ObjectKey("default", "t")
DONE = {"ACK.ResourceSynced": "True", "Ready": "True"}
PATH_ABSENT = "path does not exist in this object"


async def test_a_field_is_exported_and_success_is_visible(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(other="kept")
        key = await here.export()
        assert here.data() == {"other": "kept", "arn": ARN}
        assert here.status_of(key) == DONE
        obj = here.cluster.peek(FIELD_EXPORTS, key)
        assert objects.finalizers_of(obj) == [FINALIZER]
        assert ("Exported", "ConfigMap default/t, key arn, was written") in await here.events()


async def test_a_secret_is_written_in_base64(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target("secret", other="kept")
        await here.export(to={"kind": "secret"})
        assert here.data("secret") == {"other": "kept", "arn": ARN}


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_a_key_that_is_not_given_has_acks_default(start: Start, key: str | None) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export("name.of-it", to={"key": key})
        assert here.data() == {"default.name.of-it": ARN}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-(2**62), str(-(2**62))),
        ("ünïcode\n", "ünïcode\n"),
    ],
)
async def test_texts_booleans_and_whole_numbers_are_exported(start: Start, value: Any, text: str) -> None:
    async with start() as here:
        await here.bucket(field=value)
        await here.target()
        await here.target("secret")
        key = await here.export(path=".status.field")
        await here.export("s", path=".status.field", to={"kind": "secret"})
        assert here.data() == here.data("secret") == {"arn": text}
        assert here.status_of(key) == DONE


@pytest.mark.parametrize("value", [None, 1.5, [], ["a"], {}, {"a": "b"}])
async def test_anything_else_counts_as_absent(start: Start, value: Any) -> None:
    async with start() as here:
        await here.bucket(field=value)
        await here.target()
        key = await here.export(path=".status.field")
        assert here.data() == {}
        assert here.conditions(key)["ACK.Recoverable"] == {"status": "True", "message": PATH_ABSENT}
        assert here.conditions(key)["Ready"]["status"] == "False"


async def test_the_whole_object_can_be_read(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export("e1", path=".metadata.name", to={"key": "name"})
        await here.export("e2", path=".spec.name", to={"key": "spec"})
        await here.export("e3", path=".kind", to={"key": "kind"})
        assert here.data() == {"name": "b", "spec": "b", "kind": "Bucket"}


async def test_an_absent_path_is_exported_when_it_comes_without_being_polled(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export(path=".status.location")
        since = len(here.cluster.requests)
        await here.clock.advance(3600)
        assert here.requests(since, FIELD_EXPORTS) == here.requests(since, CONFIG_MAPS) == []
        await here.bucket(location="/b")
        assert here.data() == {"arn": "/b"}
        assert here.status_of(key) == DONE


async def test_a_change_of_the_source_wakes_its_exports_and_no_others(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.bucket("other")
        await here.target()
        await here.export("e1")
        await here.export("e2", to={"key": "region"}, path=".status.ackResourceMetadata.region")
        await here.export("e3", source="other", to={"key": "other"})
        since = len(here.cluster.requests)
        await here.bucket(ackResourceMetadata={"arn": "arn:new", "region": "eu-west-1"})
        assert here.data() == {"arn": "arn:new", "region": "eu-west-1", "other": ARN}
        made = here.requests(since, CONFIG_MAPS)
        assert (made.count("PATCH"), made.count("GET") <= 3) == (2, True)


async def test_exports_to_one_configmap_do_not_read_it_for_each_other(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        for number in range(8):
            await here.export(f"e{number}", to={"key": f"k{number}"})
        assert here.data() == {f"k{number}": ARN for number in range(8)}
        assert here.requests(0, CONFIG_MAPS) == ["GET", "PATCH"] * 8


async def test_nothing_is_asked_or_written_while_nothing_changes(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        since = len(here.cluster.requests)
        await here.bucket(unrelated="x")
        await here.clock.advance(9 * 3600)
        assert here.requests(since, CONFIG_MAPS) == here.requests(since, FIELD_EXPORTS) == []


@pytest.mark.parametrize("synced", ["False", "Unknown", ""])
async def test_a_source_that_is_not_synced_is_waited_for(start: Start, synced: str) -> None:
    async with start() as here:
        await here.bucket(synced=synced)
        await here.target()
        key = await here.export()
        assert here.data() == {}
        assert here.conditions(key)["ACK.ResourceSynced"] == {
            "status": "False",
            "reason": "bucket default/b is not synced",
            "message": "Resource not synced",
        }
        assert "ACK.Terminal" not in here.conditions(key)
        assert "ACK.Recoverable" not in here.conditions(key)
        await here.bucket()
        assert here.data() == {"arn": ARN}
        assert here.status_of(key) == DONE


async def test_a_source_that_is_not_there_is_waited_for(start: Start) -> None:
    async with start() as here:
        await here.target()
        key = await here.export()
        assert here.conditions(key)["ACK.ResourceSynced"]["reason"] == "bucket default/b is not there"
        assert objects.finalizers_of(here.cluster.peek(FIELD_EXPORTS, key)) == []
        await here.bucket()
        assert here.data() == {"arn": ARN}


async def test_the_source_is_always_of_the_exports_own_namespace(start: Start) -> None:
    async with start() as here:
        await here.bucket(namespace="other")
        await here.target()
        key = await here.export()
        assert here.data() == {}
        assert here.status_of(key)["Ready"] == "False"


async def test_an_exported_value_stays_when_its_source_goes(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        await here.delete(BUCKETS, ObjectKey("default", "b"))
        assert here.data() == {"arn": ARN}
        assert here.status_of(key)["Ready"] == "False"


@pytest.mark.parametrize(("kind", "name"), [("Bucket", "b"), ("bucket", "b"), ("BUCKET", "B")])
async def test_kind_and_name_are_compared_as_ack_does(start: Start, kind: str, name: str) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export(source_kind=kind, source=name)
        assert here.data() == {"arn": ARN}
        await here.bucket(ackResourceMetadata={"arn": "arn:2"})
        assert here.data() == {"arn": "arn:2"}


async def test_an_export_of_another_services_object_is_left_alone(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export(group="sqs.services.k8s.aws")
        obj = here.cluster.peek(FIELD_EXPORTS, key)
        assert here.data() == {}
        assert objects.finalizers_of(obj) == []
        assert "status" not in obj
        await here.delete(FIELD_EXPORTS, key)
        assert here.cluster.peek(FIELD_EXPORTS, key) is None


async def test_a_group_counts_when_kinds_of_two_services_have_one_name(start: Start) -> None:
    twin = Resource("other.services.k8s.aws", "v1alpha1", "buckets", "Bucket")
    async with start(sources=(BUCKETS, twin)) as here:
        await here.bucket()
        await here.target()
        key = await here.export(group=twin.group)
        assert here.data() == {}
        assert here.conditions(key)["ACK.ResourceSynced"]["reason"] == "bucket default/b is not there"


async def test_a_kind_that_the_group_does_not_have(start: Start) -> None:
    async with start() as here:
        await here.target()
        key = await here.export(source_kind="Bukket")
        text = 'spec.from.resource.kind: s3.services.k8s.aws has no kind "bukket" here'
        assert here.conditions(key)["ACK.Terminal"] == {"status": "True", "message": text}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".status[", "unable to parse path"),
        ("", "unable to parse path"),
        ("env.HOME", "unable to parse path"),
        (".status[0]", "unable to execute query"),
    ],
)
async def test_a_path_that_cannot_be_used_is_terminal_and_not_tried_again(
    start: Start, path: str, message: str
) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export(path=path)
        assert here.conditions(key)["ACK.Terminal"] == {"status": "True", "message": message}
        assert here.conditions(key)["Ready"]["message"].startswith(f"{message}. spec.from.path: ")
        since = len(here.cluster.requests)
        await here.clock.advance(3600)
        assert here.requests(since, FIELD_EXPORTS) == []
        await here.export(path=".status.ackResourceMetadata.arn")
        assert here.status_of(key) == DONE
        assert here.data() == {"arn": ARN}


@pytest.mark.parametrize("kind", ["configmap", "secret"])
async def test_a_target_that_is_not_there_is_recoverable_and_awaited(start: Start, kind: str) -> None:
    async with start() as here:
        await here.bucket()
        key = await here.export(to={"kind": kind})
        text = f"unable to get existing {kind}"
        assert here.conditions(key)["ACK.Recoverable"] == {"status": "True", "message": text}
        await here.target(kind)
        assert here.data(kind) == {"arn": ARN}
        assert here.status_of(key) == DONE


async def test_a_target_is_never_made(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.export()
        await here.clock.advance(3600)
        assert here.cluster.peek(CONFIG_MAPS, T) is None


# Where exports do not go. Each row: the FieldExport's namespace, its `to`, options, and what is said.
FORBIDDEN: list[tuple[str, str, dict[str, str], dict[str, Any], str]] = [
    ("kube-system", "default", {"namespace": "kube-system"}, {}, "no export gets into namespace kube-system"),
    ("kube-public", "default", {"namespace": "kube-public"}, {}, "no export gets into namespace kube-public"),
    ("any kube-", "default", {"namespace": "kube-x", "kind": "secret"}, {}, "no export gets into namespace kube-x"),
    ("the controller's", "default", {"namespace": "ack-system"}, {}, "no export gets into namespace ack-system"),
    (
        "its role maps",
        "default",
        {"namespace": "ack-system", "name": "ack-role-account-map"},
        {},
        "no export gets into",
    ),
    ("aws-auth from outside", "default", {"namespace": "kube-system", "name": "aws-auth"}, {}, "aws-auth decides"),
    ("aws-auth from inside", "kube-system", {"name": "aws-auth"}, {}, "aws-auth decides"),
    ("aws-auth anywhere", "default", {"name": "aws-auth"}, {}, "aws-auth decides"),
    (
        "crossing denied",
        "default",
        {"namespace": "other"},
        {"cross_namespace": False},
        "cross-namespace field export is",
    ),
    ("no key", "default", {"key": "a/b"}, {}, 'spec.to.key: "a/b" is no key'),
    ("dots", "default", {"key": ".."}, {}, 'spec.to.key: ".." is no key'),
    ("too long", "default", {"key": "k" * 254}, {}, "is no key"),
    ("no name", "default", {"name": ""}, {}, 'spec.to.name: "" is no name'),
    ("a way out", "default", {"name": ".."}, {}, 'spec.to.name: ".." is no name'),
    ("a way around", "default", {"namespace": "../kube-system"}, {}, "is no name of a namespace"),
]


@pytest.mark.parametrize(
    ("home", "to", "options", "text"), [row[1:] for row in FORBIDDEN], ids=[r[0] for r in FORBIDDEN]
)
async def test_where_no_export_goes(
    start: Start, home: str, to: dict[str, str], options: dict[str, Any], text: str
) -> None:
    async with start(**options) as here:
        await here.bucket(namespace=home)
        for namespace in (home, "kube-system", "kube-public", "kube-x", "ack-system", "other"):
            for name in ("t", "aws-auth", "ack-role-account-map"):
                await here.target("configmap", name, namespace)
                await here.target("secret", name, namespace)
        since = len(here.cluster.requests)
        key = await here.export(namespace=home, to=to)
        await here.clock.advance(3600)
        assert text in here.conditions(key)["ACK.Terminal"]["message"]
        assert here.conditions(key)["ACK.Terminal"].keys() == {"status", "message"}
        assert here.requests(since, CONFIG_MAPS) == here.requests(since, SECRETS) == []
        assert len([each for each in await here.events() if each[0] == "NotExported"]) == 1


@pytest.mark.parametrize("home", ["kube-system", "ack-system", "default"])
async def test_within_any_namespace_exports_go(start: Start, home: str) -> None:
    async with start(cross_namespace=False) as here:
        await here.bucket(namespace=home)
        await here.target(namespace=home)
        await here.export(namespace=home)
        assert here.data(namespace=home) == {"arn": ARN}


async def test_an_export_to_another_namespace_is_made_with_acks_notice(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(namespace="other")
        key = await here.export(to={"namespace": "other"})
        assert here.data(namespace="other") == {"arn": ARN}
        advisory = here.conditions(key)["ACK.Advisory"]
        assert (advisory["status"], advisory["reason"]) == ("True", "CrossNamespaceOptInRequired")
        for word in ("field export", "default", "other", "--enable-cross-namespace"):
            assert word in advisory["message"]
        await here.export(to={})
        assert "ACK.Advisory" not in here.conditions(key)


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
        obj = here.cluster.peek(FIELD_EXPORTS, key)
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
        marks = objects.annotations_of(here.cluster.peek(FIELD_EXPORTS, first))
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
        record = json.loads(objects.annotations_of(here.cluster.peek(FIELD_EXPORTS, key))[ANNOTATION])
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


@pytest.mark.parametrize("kind", ["configmap", "secret"])
@pytest.mark.parametrize("change", ["changed", "removed", "made anew"])
async def test_a_key_that_somebody_changes_is_set_back(start: Start, kind: str, change: str) -> None:
    resource = {"configmap": CONFIG_MAPS, "secret": SECRETS}[kind]
    async with start() as here:
        await here.bucket()
        await here.target(kind, other="x")
        await here.export(to={"kind": kind})
        await here.clock.advance(60)
        if change == "made anew":
            await here.delete(resource, T)
        await here.target(kind, other="y", **({"arn": "dGhlaXJz"} if change == "changed" else {}))
        assert here.data(kind) == {"other": "y", "arn": ARN}
        assert [reason for reason, _ in await here.events()].count("DriftDetected") == 1


async def test_a_writer_who_insists_is_answered_no_more_than_twice_a_minute(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        since = len(here.cluster.requests)
        for second in range(120):
            await here.edit(CONFIG_MAPS, T, {"data": {"arn": f"theirs {second}"}})
            await here.clock.advance(1)
        assert here.requests(since, CONFIG_MAPS).count("PATCH") <= 5
        await here.clock.advance(60)
        assert here.data() == {"arn": ARN}


async def test_two_exports_of_one_key_do_not_overwrite_each_other(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        first = await here.export("older")
        await here.clock.advance(60)
        second = await here.export("younger", path=".status.ackResourceMetadata.region")
        assert here.data() == {"arn": ARN}
        assert here.status_of(first) == DONE
        text = "spec.to: ConfigMap default/t, key arn is written by FieldExport default/older already"
        assert here.conditions(second)["ACK.Terminal"]["message"] == text
        await here.delete(FIELD_EXPORTS, first)
        assert here.data() == {"arn": "us-east-1"}
        assert here.status_of(second) == DONE


async def test_an_older_export_that_is_forbidden_blocks_nobody(start: Start) -> None:
    async with start(cross_namespace=False) as here:
        await here.bucket()
        await here.target()
        await here.bucket(namespace="evil")
        await here.export("squatter", namespace="evil", to={"namespace": "default"})
        await here.clock.advance(60)
        mine = await here.export()
        assert here.status_of(mine) == DONE
        assert here.data() == {"arn": ARN}


async def test_one_export_that_fails_does_not_block_the_next(start: Start) -> None:
    async with start() as here:
        await here.target()
        await here.export("a", path="(", to={"key": "a"})
        await here.export("b", path=".status.absent", to={"key": "b"})
        await here.export("c", to={"key": "c", "name": "absent"})
        await here.export("d", to={"key": "d", "namespace": "kube-system"})
        await here.export("e", to={"key": "e"})
        await here.bucket()
        assert here.data() == {"e": ARN}


REFUSALS = [(403, "Forbidden"), (422, "Invalid"), (413, "RequestEntityTooLarge")]


@pytest.mark.parametrize(("code", "reason"), REFUSALS)
async def test_a_target_that_cannot_be_written_is_recoverable(start: Start, code: int, reason: str) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        here.refuse("PATCH", CONFIG_MAPS, code, reason)
        key = await here.export()
        text = "unable to write existing configmap"
        assert here.conditions(key)["ACK.Recoverable"] == {"status": "True", "message": text}
        assert reason in here.conditions(key)["Ready"]["message"]
        here.refused.clear()
        await here.clock.advance(10)
        assert here.data() == {"arn": ARN}


async def test_a_target_that_may_not_be_read_is_recoverable(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        here.refuse("GET", CONFIG_MAPS, 403, "Forbidden")
        key = await here.export()
        assert here.conditions(key)["ACK.Recoverable"]["message"] == "unable to get existing configmap"
        assert "may not read ConfigMap default/t" in here.conditions(key)["Ready"]["message"]


async def test_a_secret_value_is_told_to_nobody(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Not in conditions, Events, annotations or logs, whatever happens: the API server itself may quote it in what it refuses."""
    value = "s3cr3t-of-the-status"
    caplog.set_level(logging.DEBUG)
    async with start() as here:
        await here.bucket(password=value)
        await here.target("secret")
        key = await here.export(path=".status.password", to={"kind": "secret"})
        assert here.data("secret") == {"arn": value}
        await here.clock.advance(60)
        here.refuse("PATCH", SECRETS, 422, "Invalid", f"data.arn: Invalid value: {value}")
        await here.target("secret", arn="b3RoZXI=")
        await here.clock.advance(60)
        assert here.conditions(key)["ACK.Recoverable"]["message"] == "unable to write existing secret"
        await here.export(path=f'.status.password["{"x"}"]', to={"kind": "secret"})
        await here.export(path=".status.password", to={"kind": "secret", "name": "absent"})
        here.refused.clear()
        await here.delete(FIELD_EXPORTS, key)
        told = json.dumps([here.cluster.peek(FIELD_EXPORTS, key), await here.events()]) + caplog.text
        assert value not in told


async def test_the_status_is_written_once_a_change(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        await here.export()
        assert here.cluster.writes(FIELD_EXPORTS) == ["PATCH", "PATCH status"]
        for number in range(5):
            await here.bucket(ackResourceMetadata={"arn": f"arn:{number}"})
        assert here.data() == {"arn": "arn:4"}
        assert here.cluster.writes(FIELD_EXPORTS) == ["PATCH", "PATCH status"]


async def test_an_edit_shows_in_a_newer_time_though_the_status_is_the_same(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target()
        key = await here.export()
        before = objects.condition_of(here.cluster.peek(FIELD_EXPORTS, key), "Ready")
        await here.export(path=".status.ackResourceMetadata.region")
        after = objects.condition_of(here.cluster.peek(FIELD_EXPORTS, key), "Ready")
        assert before is not None
        assert after is not None
        assert after["lastTransitionTime"] > before["lastTransitionTime"]


async def test_a_finalizer_of_acks_without_a_record_is_taken_over(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(arn="arn:as-ack-wrote-it")
        key = await here.export(finalizers=[FINALIZER, "example.org/theirs"])
        assert here.data() == {"arn": ARN}
        await here.delete(FIELD_EXPORTS, key)
        assert here.data() == {}
        obj = here.cluster.peek(FIELD_EXPORTS, key)
        assert objects.finalizers_of(obj) == ["example.org/theirs"]


async def test_of_what_is_written_to_only_metadata_is_watched_where_it_is_needed(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target("secret")
        await here.export(to={"kind": "secret"})
        await here.export("forbidden", to={"kind": "secret", "namespace": "kube-system"})
        scopes = {each.scope for each in here.manager.informers.all if each.resource == SECRETS}
        assert [(scope.namespaces, scope.metadata_only) for scope in scopes] == [(("default",), True)]
        assert not [each for each in here.manager.informers.all if each.resource == CONFIG_MAPS]


async def test_an_end_between_any_two_steps_is_made_good(start: Start) -> None:
    """The answer to each write in turn is lost; afterwards all is as if nothing had been."""
    for lost in range(6):
        cluster = MemoryCluster()
        async with start(cluster) as here:
            await here.bucket()
            await here.target(other="kept")
            seen: list[str] = []

            def loses(request: Any, lost: int = lost, seen: list[str] = seen) -> bool:
                if request.method != "PATCH" or "events" in request.path:
                    return False
                seen.append(request.path)
                return len(seen) - 1 == lost

            cluster.loses = loses
            await here.export()
            await here.rest()
        async with start(cluster) as here:
            await here.rest()
            assert here.data() == {"other": "kept", "arn": ARN}
            key = await here.export(to={"name": "u"})
            await here.target(name="u")
            await here.rest()
            assert (here.data(), here.data(name="u")) == ({"other": "kept"}, {"arn": ARN})
            await here.delete(FIELD_EXPORTS, key)
        async with start(cluster) as here:
            await here.rest()
            assert (here.data(), here.data(name="u")) == ({"other": "kept"}, {})
            assert cluster.peek(FIELD_EXPORTS, key) is None


async def test_an_end_between_any_two_steps_leaves_no_key_of_an_older_spec(start: Start) -> None:
    """The key changes within one ConfigMap, an answer is lost, and after the restart there is nothing to export."""
    for lost in range(4):
        cluster = MemoryCluster()
        async with start(cluster) as here:
            await here.bucket()
            await here.target(other="kept")
            await here.export(to={"key": "older"})
            seen: list[str] = []

            def loses(request: Any, lost: int = lost, seen: list[str] = seen) -> bool:
                if request.method != "PATCH" or "events" in request.path:
                    return False
                seen.append(request.path)
                return len(seen) - 1 == lost

            cluster.loses = loses
            await here.export(to={"key": "newer"})
        cluster.loses = lambda _: False
        await here.bucket(synced="False")
        async with start(cluster) as here:
            await here.rest()
            assert "older" not in here.data()
            key = ObjectKey("default", "e")
            await here.delete(FIELD_EXPORTS, key)
            assert (here.data(), cluster.peek(FIELD_EXPORTS, key)) == ({"other": "kept"}, None)


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
