"""Storms: whatever people and bad luck do, once they stop the world is as the objects say, and then nothing is written."""

from __future__ import annotations

import asyncio
import random
import textwrap
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

import ackpy.runtime
from ackpy.errors import KubeUnreachable
from ackpy.kube import client, config
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, is_being_deleted, key_of, uid_of
from ackpy.kube.resource import Resource
from ackpy.kube.transport import HttpRequest
from ackpy.runtime import manager as manager_module
from ackpy.runtime import reconciler as reconciler_module
from ackpy.runtime.controller import ControllerOptions
from ackpy.runtime.finalizers import add_finalizer, remove_finalizer
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import Answer, MemoryCluster, refusal
from ackpy.testing.running import running

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
FINALIZER = "example.org/f"


class Outside:
    """The world outside Kubernetes: sizes by uid."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}


class Sizing:
    """Keeps the outside at the size that the spec says, behind a finalizer, and reports it."""

    def __init__(self, manager: Manager, outside: Outside) -> None:
        self._reader = manager.reader(WIDGETS)
        self._writer = manager.writer
        self._outside = outside

    async def reconcile(self, request: Request) -> Result:
        seen = await self._reader.read(request.key)
        if seen is None:
            return Result.done()
        if is_being_deleted(seen):
            self._outside.sizes.pop(uid_of(seen), None)
            gone = remove_finalizer(seen, FINALIZER)
            if gone is not None:
                await self._writer.send(WIDGETS, seen, gone)
            return Result.done()
        claim = add_finalizer(seen, FINALIZER)
        if claim is not None:
            seen = await self._writer.send(WIDGETS, seen, claim)
        self._outside.sizes[uid_of(seen)] = seen["spec"]["size"]
        await self._writer.patch_status(
            WIDGETS, seen, apply_merge_patch(seen, {"status": {"size": seen["spec"]["size"]}})
        )
        return Result.done()


class Storm:
    """A cluster, an operator on it, and a hand that does the steps."""

    def __init__(self, seed: int) -> None:
        self.clock = FakeClock()
        self.cluster = MemoryCluster(self.clock)
        self.outside = Outside()
        self._dice = random.Random(seed)
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        manager = Manager(self.cluster.client(), ManagerOptions("widgets", shutdown_grace=0.0))
        manager.add_controller("widget", WIDGETS, Sizing(manager, self.outside), ControllerOptions(workers=2))
        self._running = asyncio.create_task(manager.run(self._stop))
        await settle()

    async def end(self) -> None:
        """Stop the operator as a kill would: whatever is under way is cancelled."""
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait([self._running])

    async def edit(self) -> None:
        self.cluster.put(WIDGETS, self._edited({"spec": {"size": self._dice.randrange(100)}}))

    async def label(self) -> None:
        self.cluster.put(WIDGETS, self._edited({"metadata": {"labels": {"n": str(self._dice.random())}}}))

    async def remove(self) -> None:
        key = self._any_key()
        if self.cluster.peek(WIDGETS, key) is not None:
            self.cluster.remove(WIDGETS, key)

    async def blackout(self) -> None:
        """Changes that no watch will ever tell."""
        self.cluster.end_watches()
        for unseen in self._dice.choices([Storm.edit, Storm.remove], k=3):
            await unseen(self)
        self.cluster.compact()

    async def wait(self) -> None:
        await self.clock.advance(self._dice.choice([0.2, 3, 60]))

    async def restart(self) -> None:
        await self.end()
        await self.start()

    async def refuse(self) -> None:
        self.cluster.faults[:] = [self._refusing]

    async def cut(self) -> None:
        self.cluster.faults[:] = [self._cutting]

    async def lose(self) -> None:
        self.cluster.loses = self._losing

    async def hold(self) -> None:
        self.cluster.hold()

    async def heal(self) -> None:
        self.cluster.faults.clear()
        self.cluster.loses = lambda _request: False
        self.cluster.resume()

    def _any_key(self) -> ObjectKey:
        return ObjectKey("ns", f"w{self._dice.randrange(3)}")

    def _edited(self, patch: Object) -> Object:
        key = self._any_key()
        bare: Object = {"metadata": {"namespace": key.namespace, "name": key.name}, "spec": {"size": 0}}
        edited: Object = apply_merge_patch(self.cluster.peek(WIDGETS, key) or bare, patch)
        return edited

    def _refusing(self, _request: HttpRequest) -> Answer | None:
        return refusal(503, "ServiceUnavailable", "no") if self._dice.random() < 0.5 else None

    def _cutting(self, _request: HttpRequest) -> Answer | None:
        if self._dice.random() < 0.5:
            raise KubeUnreachable("cut")
        return None

    def _losing(self, request: HttpRequest) -> bool:
        return request.method != "GET" and self._dice.random() < 0.5


Step: TypeAlias = Callable[[Storm], Awaitable[None]]
EVENTFUL: list[Step] = [Storm.edit, Storm.label, Storm.remove, Storm.blackout, Storm.restart]
ADVERSE: list[Step] = [Storm.refuse, Storm.cut, Storm.lose, Storm.hold, Storm.heal]
STEPS = st.lists(st.sampled_from([*EVENTFUL, *ADVERSE, Storm.edit, Storm.wait, Storm.wait]), min_size=5, max_size=40)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers())
async def test_after_any_storm_the_world_is_as_the_objects_say(steps: list[Step], seed: int) -> None:
    storm = Storm(seed)
    await storm.start()
    for step in steps:
        await step(storm)
    await storm.heal()
    storm.cluster.end_watches()
    await storm.clock.advance(3000)
    left = [storm.cluster.peek(WIDGETS, ObjectKey("ns", f"w{number}")) for number in range(3)]
    objects = {uid_of(obj): obj for obj in left if obj is not None}
    assert storm.outside.sizes == {uid: obj["spec"]["size"] for uid, obj in objects.items()}
    assert all(obj["status"]["size"] == obj["spec"]["size"] for obj in objects.values())
    assert not any(is_being_deleted(obj) for obj in objects.values()), [key_of(obj) for obj in objects.values()]
    writes = len(storm.cluster.writes(WIDGETS))
    await storm.clock.advance(36_000)
    assert len(storm.cluster.writes(WIDGETS)) == writes
    await storm.end()


async def test_the_example_in_the_packages_own_words_works(cluster: MemoryCluster) -> None:
    documented = ackpy.runtime.__doc__ or ""
    code = textwrap.dedent(documented[documented.index("    PEERS") : documented.index("\nFrom the outside in")])
    names = {
        **vars(client),
        **vars(config),
        **vars(manager_module),
        **vars(reconciler_module),
        "apply_merge_patch": apply_merge_patch,
    }
    exec(code, names)
    peers = Resource("example.org", "v1", "peers", "Peer")
    manager = Manager(cluster.client(), ManagerOptions("greeter"))
    manager.add_controller("peer", peers, names["Greeter"](manager))
    async with running(manager):
        cluster.put(peers, {"metadata": {"namespace": "ns", "name": "a"}, "spec": {"name": "you"}})
        await settle()
        greeted = cluster.peek(peers, ObjectKey("ns", "a"))
        assert greeted is not None
        assert greeted["status"] == {"greeting": "Hello, you."}
