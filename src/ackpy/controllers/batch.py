"""Objects that are looked at because time has passed share a core read, where their definition says that AWS has one for many.

The first of them asks for all that are due with it, one call at most `Batch.max`; the others find the answer when their turn comes. An
answer that was got for another may be some seconds old: it can say that all is well, and whatever else it says is asked again by the
pass, alone, before anything is written. One that the call does not name, or for which it fails, is read alone as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ackpy.aws.classify import is_transient
from ackpy.controllers.observe import ask
from ackpy.controllers.place import Place
from ackpy.controllers.world import Calls, Time
from ackpy.errors import AwsError
from ackpy.model import batch
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Call

_FRESH: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Ask:
    """The core read of one object: whose, where and as whom, and what would be sent for it alone."""

    uid: str
    place: Place
    call: Call


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS says of many objects. `shared`: it was got for another one's pass, some time ago."""

    value: Mapping[str, Any]
    shared: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """What waits for an object's turn: None in the end where it has to be read alone."""

    asked: Ask
    since: datetime
    value: asyncio.Future[Mapping[str, Any] | None]


class Batches:
    """The shared reads of one kind. `forget` what is held for an object whenever it is read by another way."""

    def __init__(self, descriptor: Descriptor, time: Time) -> None:
        self._descriptor = descriptor
        self._time = time
        self._held: dict[str, _Held] = {}

    def forget(self, uid: str) -> None:
        """Drop what is held for an object."""
        self._held.pop(uid, None)

    async def answer(self, mine: Ask, others: Callable[[], Iterable[Ask]], calls: Calls) -> Answer | None:
        """What AWS says of the object and others; None: read it alone. `others` are those that are due as well.

        Raises AwsError when AWS is in trouble: many single reads would not help it.
        """
        held = self._held.pop(mine.uid, None)
        if held is not None and held.asked == mine and self._is_fresh(held):
            value = await asyncio.shield(held.value)
            return Answer(value, shared=True) if value is not None else None
        group = [mine, *self._companions(mine, others())]
        if len(group) == 1:
            return None
        value = await self._fetch(group, calls)
        return Answer(value, shared=False) if value is not None else None

    def _companions(self, mine: Ask, others: Iterable[Ask]) -> Iterator[Ask]:
        """Those of the others that can be asked for together with this one, as many as one call takes."""
        self._held = {uid: held for uid, held in self._held.items() if self._is_fresh(held)}
        room = batch.at_most(self._descriptor) - 1
        for each in others:
            if room <= 0:
                return
            known = each.uid == mine.uid or each.uid in self._held
            if not known and each.place == mine.place and batch.alike(self._descriptor, each.call, mine.call):
                room -= 1
                yield each

    async def _fetch(self, group: list[Ask], calls: Calls) -> Mapping[str, Any] | None:
        """One call for all of a group, the first of which is at its turn; the others' answers are held from now on."""
        told: asyncio.Future[Mapping[str, Any] | None] = asyncio.get_running_loop().create_future()
        held = {each.uid: _Held(each, self._time.now(), told) for each in group[1:]}
        self._held |= held
        value: Mapping[str, Any] | None = None
        try:
            value = await self._ask(group, calls)
        except BaseException:
            self._held = {uid: each for uid, each in self._held.items() if held.get(uid) is not each}
            raise
        finally:
            told.set_result(value)  # who waits already must go on, alone where there is nothing to share
        return value

    async def _ask(self, group: list[Ask], calls: Calls) -> Mapping[str, Any] | None:
        """AWS's answer; None when it refuses, as it does where one of the group is missing or may not be seen."""
        operation = self._descriptor.read
        if operation is None:
            return None
        try:
            return await ask(calls, operation, batch.joined(self._descriptor, [each.call for each in group]))
        except AwsError as error:
            if is_transient(error):
                raise
            return None

    def _is_fresh(self, held: _Held) -> bool:
        return self._time.now() - held.since <= _FRESH
