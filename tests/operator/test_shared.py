"""Which controllers of the shared kinds run, and under which Lease."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ackpy.controllers.adopted_resource import ADOPTED
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCES
from ackpy.kube.objects import ObjectKey, condition_of
from ackpy.kube.transport import HttpRequest
from ackpy.operator.flags import FLAGS, Raw
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import RunOptions, parse
from ackpy.operator.selection import selected
from ackpy.operator.shared import LOOK_SECONDS, RETRY_SECONDS, add_shared
from ackpy.runtime.leader import Election
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal
from ackpy.testing.running import running


def parsed(**raw: Raw) -> RunOptions:
    return parse({flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw, {})


PUBLISHED = Answer(200, {"resources": [{"name": "fieldexports", "kind": "FieldExport", "namespaced": True}]})
OLDER = Answer(200, {"resources": [{"name": "adoptedresources", "kind": "AdoptedResource", "namespaced": True}]})
NONE = refusal(404, "NotFound", "the server could not find the requested resource")
SILENT = refusal(503, "ServiceUnavailable", "no")


@dataclass
class Asked:
    """A cluster that answers whoever asks for the kinds of the shared group, and the names of the controllers that run over it."""

    cluster: MemoryCluster
    clock: FakeClock
    manager: Manager
    answer: Answer

    def fault(self, request: HttpRequest) -> Answer | None:
        """See `MemoryCluster.faults`."""
        return self.answer if request.path == "/apis/services.k8s.aws/v1alpha1" else None

    @property
    def names(self) -> set[str]:
        return {each.name.removesuffix(".services.k8s.aws") for each in self.manager.controllers}

    def adopts(self) -> bool:
        """Whether somebody looks after AdoptedResources: reports on one that cannot be adopted."""
        found = self.cluster.peek(ADOPTED_RESOURCES, KEY) or {}
        return condition_of(found, ADOPTED) is not None


KEY = ObjectKey("default", "a")
IMPOSSIBLE = {
    "metadata": {"namespace": KEY.namespace, "name": KEY.name},
    "spec": {"aws": {}, "kubernetes": {"group": "s3.services.k8s.aws", "kind": "Bucket"}},
}


@asynccontextmanager
async def asked(answer: Answer, elected: tuple[str, ...] = (), **raw: Raw) -> AsyncIterator[Asked]:
    """The controllers of the shared kinds at work."""
    options, clock = parsed(**raw), FakeClock()
    cluster = MemoryCluster(clock)
    manager = Manager(cluster.client(), ManagerOptions(component="test"))
    here = Asked(cluster, clock, manager, answer)
    cluster.faults.append(here.fault)
    cluster.put(ADOPTED_RESOURCES, IMPOSSIBLE)
    kinds = selected(options, descriptors(("s3", "ecr")))
    add_shared(manager, kinds, options, {name: Election("ns", f"ack-{name}") for name in elected})
    async with running(manager):
        await settle()
        yield here


@pytest.mark.parametrize(
    ("raw", "answer", "elected", "names"),
    [
        ({}, PUBLISHED, (), {"fieldexport"}),
        ({}, NONE, (), {"fieldexport"}),
        ({"enable_field_export_reconciler": "false"}, NONE, (), set()),
        ({}, PUBLISHED, ("s3", "ecr"), {"fieldexport-ecr", "fieldexport-s3"}),
        ({}, OLDER, (), {"adoptedresource", "fieldexport"}),
        ({}, OLDER, ("s3",), {"adoptedresource-s3", "adoptedresource", "fieldexport-s3", "fieldexport"}),
        ({"enable_field_export_reconciler": "false"}, OLDER, (), {"adoptedresource"}),
        ({}, SILENT, (), {"fieldexport"}),
    ],
    ids=[
        "one for all",
        "no CRDs yet",
        "off",
        "with ACK's Leases",
        "an older install",
        "both",
        "one alone",
        "nobody knows",
    ],
)
async def test_controllers_of_the_shared_kinds(
    raw: dict[str, Raw], answer: Answer, elected: tuple[str, ...], names: set[str]
) -> None:
    async with asked(answer, elected, **raw) as here:
        assert here.names == names
        assert here.adopts() == ("adoptedresource" in str(names))


@pytest.mark.parametrize("elected", [(), ("s3", "ecr")], ids=["one for all", "with ACK's Leases"])
@pytest.mark.parametrize(("answer", "seconds"), [(NONE, LOOK_SECONDS), (SILENT, RETRY_SECONDS)])
async def test_adopted_resources_begin_when_their_kind_is_installed(
    answer: Answer, seconds: float, elected: tuple[str, ...]
) -> None:
    async with asked(answer, elected) as here:
        await here.clock.advance(2 * LOOK_SECONDS)
        assert not here.adopts()
        here.answer = OLDER
        await here.clock.advance(seconds)
        await settle()
        assert here.adopts()


async def test_a_kind_that_is_not_there_is_asked_for_seldom() -> None:
    async with asked(PUBLISHED) as here:
        before = len(here.cluster.requests)
        await here.clock.advance(3600)
        asked_for = [request for request in here.cluster.requests[before:] if here.fault(request)]
        assert len(asked_for) == 3600 / LOOK_SECONDS
        assert not [request for request in here.cluster.requests if "adoptedresources" in request.path]
