"""Which controllers of the shared kinds run, and under which Lease."""

from __future__ import annotations

import pytest

from ackpy.operator.flags import FLAGS, Raw
from ackpy.operator.kinds import descriptors
from ackpy.operator.options import RunOptions, parse
from ackpy.operator.selection import selected
from ackpy.operator.shared import add_shared
from ackpy.runtime.leader import Election
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.testing.memory import Answer, MemoryCluster, refusal


def parsed(**raw: Raw) -> RunOptions:
    return parse({flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw, {})


def answering(cluster: MemoryCluster, answer: Answer) -> MemoryCluster:
    """The cluster, with an answer to who asks for the kinds of the shared group."""
    cluster.faults.append(lambda request: answer if request.path == "/apis/services.k8s.aws/v1alpha1" else None)
    return cluster


PUBLISHED = Answer(200, {"resources": [{"name": "fieldexports", "kind": "FieldExport", "namespaced": True}]})
OLDER = Answer(200, {"resources": [{"name": "adoptedresources", "kind": "AdoptedResource", "namespaced": True}]})
NONE = refusal(404, "NotFound", "the server could not find the requested resource")
SILENT = refusal(403, "Forbidden", "no")


@pytest.mark.parametrize(
    ("raw", "answer", "elected", "names"),
    [
        ({}, PUBLISHED, (), ["fieldexport"]),
        ({}, NONE, (), ["fieldexport"]),
        ({"enable_field_export_reconciler": "false"}, NONE, (), []),
        ({}, PUBLISHED, ("s3", "ecr"), ["fieldexport-ecr", "fieldexport-s3"]),
        ({}, OLDER, (), ["adoptedresource", "fieldexport"]),
        ({"enable_field_export_reconciler": "false"}, OLDER, ("s3",), ["adoptedresource-s3", "adoptedresource"]),
        ({}, SILENT, (), ["adoptedresource", "fieldexport"]),
    ],
    ids=["one for all", "no CRDs yet", "off", "with ACK's Leases", "an older install", "both", "nobody knows"],
)
async def test_controllers_of_the_shared_kinds(
    raw: dict[str, Raw], answer: Answer, elected: tuple[str, ...], names: list[str]
) -> None:
    options = parsed(**raw)
    manager = Manager(answering(MemoryCluster(), answer).client(), ManagerOptions(component="test"))
    kinds = selected(options, descriptors(("s3", "ecr")))
    await add_shared(manager, kinds, options, {name: Election("ns", f"ack-{name}") for name in elected})
    assert {each.name for each in manager.controllers} == {f"{name}.services.k8s.aws" for name in names}
