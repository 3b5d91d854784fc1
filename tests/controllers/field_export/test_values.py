"""What is exported: which field, under which key, in which form, and what counts as absent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.controllers.field_export.exporting import ARN, DONE, Start

from ackpy.controllers.field_export.export import FINALIZER
from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.resource import CONFIG_MAPS

PATH_ABSENT = "path does not exist in this object"


async def test_a_field_is_exported_and_success_is_visible(start: Start) -> None:
    async with start() as here:
        await here.bucket()
        await here.target(other="kept")
        key = await here.export()
        assert here.data() == {"other": "kept", "arn": ARN}
        assert here.status_of(key) == DONE
        obj = here.stored(key)
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
