"""What AWS's logs are told of the object that a call is made for, in the words of ACK's user agent."""

from __future__ import annotations

import pytest

from ackpy.controllers.introduction import introduction
from ackpy.model.descriptor import Descriptor
from ackpy.testing.world import MemoryWorld

KIND = "CRDKind/Bucket; CRDVersion/v1alpha1"


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({}, KIND),
        ({"app.kubernetes.io/managed-by": "Helm"}, KIND),
        ({"app.kubernetes.io/managed-by": "kro"}, f"{KIND}; ManagedBy/kro"),
        ({"kro.run/owned": "true"}, f"{KIND}; ManagedBy/kro"),
        ({"kro.run/owned": "true", "kro.run/kro-version": "0.4"}, f"{KIND}; ManagedBy/kro; KROVersion/0.4"),
        ({"kro.run/kro-version": "0.4"}, KIND),
    ],
)
def test_kind_and_manager(bucket: Descriptor, labels: dict[str, str], text: str) -> None:
    assert introduction(bucket, {"metadata": {"labels": labels}}) == text


async def test_every_call_of_a_pass_says_so(world: MemoryWorld) -> None:
    await world.settle(world.cluster.apply("b", {"name": "b"}))
    assert {ticket.agent for ticket in world.aws.tickets} == {KIND}
