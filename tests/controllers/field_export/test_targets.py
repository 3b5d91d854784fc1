"""Where a value goes: to what is there and allowed, by one FieldExport a key, set back and told to nobody else."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from tests.controllers.field_export.exporting import ARN, DONE, Start, T

from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube.resource import CONFIG_MAPS, SECRETS


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
