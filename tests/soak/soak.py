"""The soak itself: lives of the controllers one after the other, while people, strangers and both servers do their worst.

It ends in calm: faults stop, and everything has to come to rest as it is declared.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from tests.soak.faults import AwsMeddler, Call, Dice, KubeMeddler, Log, Names, Odds
from tests.soak.kinds import REGION, Clients, Kind
from tests.soak.lives import TIMEOUT, Ground, manager_of, passes
from tests.soak.story import Name, Story

from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.resource import CUSTOM_RESOURCE_DEFINITIONS
from ackpy.local.apiserver.server import Endpoint
from ackpy.model.crd import custom_resource_definition
from ackpy.testing.aws import client_of
from ackpy.testing.cloud import Cloud
from ackpy.testing.cluster import embedded_server
from ackpy.testing.inprocess import until
from ackpy.testing.seam import Answer, Forward, Seam, seam

ROOT = Path(__file__).parents[2]
FAULT, STALE = 0.12, 0.35
CALM_SECONDS = 180.0
CALM_TIMEOUT = 60.0
RIVALRY = 0.2
LULL_SECONDS = 0.15
END_SECONDS = 60.0
STEPS_OF_A_PASS = 100
ENDS = ("kill", "kill", "kill", "kill", "kill", "stop", "stop", "SIGKILL", "SIGTERM")
_ORDERLY = frozenset({"stop", "SIGTERM"})


class ApiServer:
    """An embedded API server that can be started anew over its data, on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self.endpoint: Endpoint

    async def start(self, port: int = 0) -> None:
        server = embedded_server(self._folder, port=port)
        self.endpoint = await asyncio.to_thread(server.__enter__)
        self._stack.push_async_callback(asyncio.to_thread, server.__exit__, None, None, None)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start(int(self.endpoint.url.rpartition(":")[2]))


@dataclass
class Life:
    """How one process of the controllers goes, and where it is: `steps` are the requests until its end, before and after each.

    `over` is set when they are spent: then it is asked to end, or nothing more of it reaches a server.
    """

    how: str
    steps: int
    last: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self, what: str) -> bool:
        """Count a step; False once the process has ended."""
        self.steps -= 1
        if self.steps < 0 and not self.over.is_set():
            self.last = what
            self.over.set()
        return self.how in _ORDERLY or not self.over.is_set()


@dataclass
class Soak:
    """One run. `violations` are deeds of the controllers that no end can excuse; `earlier` what was patched before this life."""

    seed: int
    kinds: tuple[Kind, ...]
    cloud: Cloud
    account: str
    server: ApiServer
    story: Story
    clients: Clients
    log: Log = field(default_factory=Log)
    odds: Odds = field(default_factory=Odds)
    passes: int = 0
    rest_seconds: float = 0.0
    lives: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    creates: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}/lives")
        self.life = Life("none", 0)
        self._created = {each.descriptor.create.name: each for each in self.kinds}
        self._requests = Dice(self.seed)
        self._kube = KubeMeddler(self._requests, self.log, self.odds, lambda _: True)
        self._aws = AwsMeddler(
            self._requests,
            self.log,
            self.odds,
            lambda _: True,
            Names(re.compile(rf"{self.story.tag}-[a-z]+\d+")),
            {d.read.name: d.definition.not_found[0] for d in (each.descriptor for each in self.kinds) if d.read},
            frozenset(self._created),
            self._done,
            self._rival,
        )
        self._deleted = {each.descriptor.delete.name: each for each in self.kinds if each.descriptor.delete}

    async def run(self, most: int) -> None:
        """Lives until there were so many passes; then calm."""
        self.odds.fault, self.odds.stale = FAULT, STALE
        to_come: list[str] = []
        while self.passes < most:
            to_come = to_come or self.dice.sample(ENDS, len(ENDS))
            await self._live(Life(to_come.pop(), self.dice.randrange(60, 500)))
        await self._come_to_rest()

    async def _live(self, life: Life) -> None:
        self.life = life
        self.earlier = self._kube.patched.copy()
        self._kube.spared.clear()
        self.lives[life.how] += 1
        self.log.tell("lives", f"a life that ends by {life.how} after {life.steps} steps")
        if life.how.startswith("SIG"):
            async with self._child(life) as (_, seams):
                await self._meddle(life, seams)
        else:
            async with self._process(life) as seams:
                await self._meddle(life, seams)

    async def _meddle(self, life: Life, seams: tuple[Seam, Seam]) -> None:
        """Deeds, and what befalls the API server, until the life is over. Time in which nothing is asked is spent on deeds too."""
        while not life.over.is_set():
            before = life.steps
            await self.story.act()
            await self._disturb(life, seams[0])
            pause = self.dice.randrange(4, 60)
            with suppress(TimeoutError):
                await until(partial(_has_gone, life, before - pause), LULL_SECONDS)

    async def _disturb(self, life: Life, kube: Seam) -> None:
        number = self.dice.random()
        if number < 0.06:
            self.log.fired["kube watch dropped"] += kube.drop_watches() > 0
        elif number < 0.12:
            self.log.fired["kube watch expired"] += kube.expire_watches() > 0
        elif number < 0.18:
            self.log.fired["kube watch held"] += kube.hold_watches(self.dice.uniform(0.1, 0.6)) > 0
        elif number < 0.20:
            self.log.fired["kube restart"] += 1
            self.log.tell("lives", "the API server is restarted")
            kube.closed = True
            kube.drop_watches()  # it would wait for them
            await self.server.restart()
            kube.closed = life.over.is_set() and life.how not in _ORDERLY

    @asynccontextmanager
    async def _seams(self, life: Life) -> AsyncIterator[tuple[Seam, Seam, Ground]]:
        end = self.server.endpoint
        keys = self.cloud.credentials(self.account)
        kube_meddler, aws_meddler = replace(self._kube, step=life.step), replace(self._aws, step=life.step)
        async with (
            seam(end.url, kube_meddler, certificates=end.ca_file) as kube,
            seam(self.cloud.url, aws_meddler) as aws,
        ):
            ground = Ground(
                kube.url,
                end.token,
                aws.url,
                keys.access_key_id,
                keys.secret_access_key,
                self.account,
                self.story.namespace,
            )
            yield kube, aws, ground

    @asynccontextmanager
    async def _process(self, life: Life) -> AsyncIterator[tuple[Seam, Seam]]:
        """Controllers in this process. A kill cancels all that they do, wherever it stands."""
        timeout = CALM_TIMEOUT if life.how == "calm" else TIMEOUT
        async with self._seams(life) as (kube, aws, ground), manager_of(ground, self.kinds, timeout) as manager:
            stop = asyncio.Event()
            task = asyncio.create_task(manager.run(stop))
            try:
                yield kube, aws
                if life.how == "stop":
                    stop.set()
                    await task
            finally:
                kube.closed = aws.closed = True
                self.passes += passes(manager)
                await _cancelled(task)

    @asynccontextmanager
    async def _child(self, life: Life) -> AsyncIterator[tuple[asyncio.subprocess.Process, tuple[Seam, Seam]]]:
        """Controllers in a process of their own."""
        async with self._seams(life) as (kube, aws, ground):
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.soak.lives", ground.text(), env=environment, stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            try:
                await asyncio.wait_for(process.stdout.readline(), 30)
                yield process, (kube, aws)
                if life.how == "SIGTERM":
                    process.terminate()
                    assert await asyncio.wait_for(process.wait(), 30) == 0, "SIGTERM was not answered by a clean end"
            finally:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)
                await process.wait()

    async def _come_to_rest(self) -> None:
        """Faults stop, nobody is paused; then all is as declared, soon and for good."""
        self.odds.fault = self.odds.stale = 0.0
        await self.story.rest()
        self.log.tell("lives", "calm")
        async with self._process(Life("calm", sys.maxsize)):
            began = time.monotonic()
            while amiss := await self.story.amiss():
                if time.monotonic() > began + CALM_SECONDS:
                    raise AssertionError(self._told(amiss))
                await asyncio.sleep(0.2)
            self.rest_seconds = time.monotonic() - began
        assert not self.violations, self._told(self.violations)

    def _told(self, amiss: list[str]) -> str:
        named = {name for each in amiss for name in self.story.names if name in each}
        stories = [f"{name}:\n  " + "\n  ".join(self._story_of(name)) for name in sorted(named)[:3]]
        short = [f" {name.removeprefix(f'{self.story.tag}-')}" for name in named]
        deeds = [each for each in self.story.done if any(part in each for part in (*named, *short))]
        return "\n".join([f"seed {self.seed}", self.summary(), *amiss, *stories, "deeds:", *deeds])

    def summary(self) -> str:
        """What was done and what befell it, in figures."""
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.log.fired.items()))
        lives = ", ".join(f"{count} by {how}" for how, count in sorted(self.lives.items()))
        done = f"{self.passes} passes, {len(self.story.names)} names, {len(self.story.done)} deeds, at rest in {self.rest_seconds:.0f} s"
        return f"{done}; ends: {lives}; faults: {faults}"

    def _story_of(self, name: str) -> list[str]:
        short = name.removeprefix(f"{self.story.tag}-")
        told = [line for key, lines in self.log.told.items() if _is_about(key, name, short) for line in lines]
        return sorted(told, key=lambda line: float(line.split()[0]))

    def _done(self, call: Call, answer: Answer) -> None:
        """AWS took a write of the controllers'."""
        name = self.story.names.get(call.name)
        if answer.status >= 300 or name is None:
            return
        if name.stranger:
            self.violations.append(f"{call.name}: {call.operation} of a stranger's resource")
        if call.operation in self._created:
            self.creates[call.name] += 1
        if call.operation in self._deleted and not name.may_be_deleted():
            self.violations.append(f"{call.name}: {call.operation}, and nobody has asked for it")

    async def _rival(self, call: Call, dice: random.Random, forward: Forward) -> tuple[str, Answer | None] | None:
        """A stranger makes the resource just before we do, or just after we were refused; only where the object has no other claim."""
        kind, name = self._created.get(call.operation), self.story.names.get(call.name)
        if kind is None or name is None:
            return None
        self.tries[name.text] += 1
        may_step_in = kind.exclusive and self._is_first(name) and self.life.steps > STEPS_OF_A_PASS
        if dice.random() >= RIVALRY or not may_step_in:
            return None
        refused = self.log.fired["aws stranger after a refusal"] <= self.log.fired["aws stranger before the create"]
        name.stranger = True
        self._kube.spared |= {each.key.name for each in name.items}  # what it is about to learn has to be written down
        kind.make(self.clients, name.text)
        if refused:
            return "stranger after a refusal", call.refused("AccessDeniedException", 403)
        return "stranger before the create", await forward()

    def _is_first(self, name: Name) -> bool:
        """Whether this is the only try that any object ever made to have the name, and the process knows it."""
        # a process that ends before it has written the refusal down leaves nothing to tell the stranger's resource by;
        # and one that finds a claim of an earlier process cannot know whether that one's create was sent
        keys = [each.key.name for each in name.items]
        claims = sum(self._kube.patched[each] for each in keys)
        theirs = sum(self.earlier[each] for each in keys)
        return not name.stranger and not theirs and len(keys) == claims == self.tries[name.text] == 1


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Cancel it, and hold that it ends of that: a pass that outlives its process would go on writing."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=END_SECONDS)
    if not done:
        stacks = io.StringIO()
        for each in asyncio.all_tasks():
            each.print_stack(file=stacks)
        raise AssertionError(f"the controllers were cancelled and did not end:\n{stacks.getvalue()}")
    if not task.cancelled() and (error := task.exception()):
        raise error


async def _has_gone(life: Life, steps: int) -> bool:
    return life.over.is_set() or life.steps < steps


def _is_about(key: str, name: str, short: str) -> bool:
    return key in {"lives", name} or key.rpartition("-")[0] == short


@asynccontextmanager
async def soak(
    seed: int, kinds: tuple[Kind, ...], each: int, cloud: Cloud, account: str, folder: Path
) -> AsyncIterator[Soak]:
    """A soak over so many names of each kind, to be run."""
    server = ApiServer(folder)
    await server.start()
    try:
        config = KubeConfig.load(str(server.endpoint.kubeconfig))
        async with KubeClient(config, user_agent="people") as client:
            for kind in kinds:
                await client.create(CUSTOM_RESOURCE_DEFINITIONS, custom_resource_definition(kind.descriptor))
            clients = cache(partial(client_of, cloud, account, region=REGION))
            story = Story(random.Random(f"{seed}/story"), kinds, client, clients, "default", f"s{account[-6:]}", each)
            yield Soak(seed, kinds, cloud, account, server, story, clients)
    finally:
        await server.stop()
