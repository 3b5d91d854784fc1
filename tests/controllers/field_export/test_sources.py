"""Where a value comes from: which object, and what happens while it is not ready, changes or goes."""

from __future__ import annotations

import pytest
from tests.controllers.field_export.exporting import ARN, BUCKETS, DONE, Start

from ackpy.controllers.shared_kinds import FIELD_EXPORTS
from ackpy.kube import objects
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, Resource


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
        assert objects.finalizers_of(here.stored(key)) == []
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
        obj = here.stored(key)
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
