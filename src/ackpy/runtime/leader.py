"""Which of several replicas acts: the one that holds a Lease. A Manager with an election starts its controllers when it leads.

As in client-go: the others' clocks are not trusted. A Lease counts as expired when *we* have seen it unchanged for its whole duration. The
holder gives up well before that (`renew_deadline` < `lease_duration`), so that two never act at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

from ackpy.errors import AckpyError, AlreadyExists, Conflict, KubeError, NotFound
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import micro_timestamp
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import LEASES

_log = logging.getLogger(__name__)


class LeadershipLost(AckpyError):
    """We could not renew our Lease in time: somebody else may lead now, so we must stop."""


def default_identity() -> str:
    """This process, told apart from any other that has ever run: host name, process id, and chance."""
    return f"{socket.gethostname()}_{os.getpid()}_{uuid4()}"


@dataclass(frozen=True, slots=True)
class Election:
    """Which Lease, who we are, and how long things take, in seconds; the defaults are client-go's."""

    namespace: str
    name: str
    identity: str = field(default_factory=default_identity)
    lease_duration: float = 15.0
    renew_deadline: float = 10.0
    retry_period: float = 2.0

    def __post_init__(self) -> None:
        if not self.lease_duration > self.renew_deadline > self.retry_period > 0:
            raise ValueError(
                f"Election({self.name}): needs lease_duration > renew_deadline > retry_period > 0, "
                f"found {self.lease_duration}, {self.renew_deadline}, {self.retry_period}"
            )

    @property
    def key(self) -> ObjectKey:
        """The Lease's key."""
        return ObjectKey(self.namespace, self.name)


class LeaderElector:
    """One candidate. `acquire`, then `keep` for as long as one leads, then `release`."""

    def __init__(
        self,
        client: KubeClient,
        election: Election,
        *,
        on_change: Callable[[bool], None] = lambda _: None,
        random: Random | None = None,
    ) -> None:
        self.leading = False
        self._client = client
        self._clock = client.clock
        self._election = election
        self._on_change = on_change
        self._random = random or Random()  # noqa: S311 - spreads the candidates, guards nothing
        self._seen: Object | None = None
        self._current = False
        self._seen_at = 0.0
        self._renewed_at = 0.0

    async def acquire(self) -> None:
        """Return when we lead. Errors of the API server are logged and lived through."""
        waited_for = ""
        while not await self._attempt(patience=self._election.renew_deadline):
            holder = self._holder()
            if holder not in {"", waited_for}:
                _log.info("lease %s is held by %s: waiting for it", self._election.key, holder)
            waited_for = holder
            await self._clock.sleep(self._election.retry_period * self._random.uniform(1.0, 2.2))
        self._lead(leads=True)
        _log.info("%s leads: it holds lease %s", self._election.identity, self._election.key)

    async def keep(self) -> None:
        """Renew until cancelled. LeadershipLost when that has not succeeded for `renew_deadline`, or another holds it."""
        while True:
            await self._clock.sleep(self._election.retry_period)
            renewed = await self._attempt(patience=max(self._time_left(), 0.0))
            if self._time_left() <= 0 or (not renewed and self._other_holds()):
                self._lead(leads=False)
                raise LeadershipLost(
                    f"lease {self._election.key} was not renewed in time; held by {self._holder() or 'nobody'}"
                )

    async def release(self) -> None:
        """Give the Lease up, so that another need not wait for its end. A failure is logged: it will expire."""
        if not self.leading:
            return
        self._lead(leads=False)
        try:
            self._observe(await self._client.get(LEASES, self._election.key))
            if not self._other_holds():
                await self._replace({**self._found(), "holderIdentity": "", "leaseDurationSeconds": 1})
        except KubeError as error:
            _log.warning("lease %s was not released: %s", self._election.key, error)

    def _time_left(self) -> float:
        """Seconds in which a renewal must succeed."""
        return self._renewed_at + self._election.renew_deadline - self._clock.monotonic()

    def _lead(self, *, leads: bool) -> None:
        if self.leading != leads:
            self.leading = leads
            self._on_change(leads)

    async def _attempt(self, patience: float) -> bool:
        """Try to take or renew the Lease, for `patience` seconds; True when we hold it."""
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(patience):
                held = await self._take()
        except (AlreadyExists, Conflict):
            self._current = False  # somebody has written it
            return False
        except (KubeError, TimeoutError) as error:
            _log.warning("lease %s: %s", self._election.key, str(error) or "no answer in time")
            return False
        if held:
            self._renewed_at = began  # what counts is when we asked, not when the answer came
        return held

    async def _take(self) -> bool:
        """Take or renew. A leader that knows the Lease's version needs no read before its write."""
        if not (self.leading and self._current):
            try:
                self._observe(await self._client.get(LEASES, self._election.key))
            except NotFound:
                self._observe(await self._client.create(LEASES, self._lease()))
                return True
        if self._other_holds() and not self._expired():
            return False
        await self._replace(self._spec(self._holder() == self._election.identity))
        return True

    async def _replace(self, spec: dict[str, Any]) -> None:
        self._observe(await self._client.replace(LEASES, {**(self._seen or {}), "spec": spec}))

    def _observe(self, lease: Object) -> None:
        if self._seen is None or lease.get("spec") != self._seen.get("spec"):
            self._seen_at = self._clock.monotonic()
        self._seen = lease
        self._current = True

    def _expired(self) -> bool:
        duration = self._found().get("leaseDurationSeconds") or self._election.lease_duration
        return self._clock.monotonic() - self._seen_at > float(duration)

    def _found(self) -> dict[str, Any]:
        return (self._seen or {}).get("spec") or {}

    def _holder(self) -> str:
        return self._found().get("holderIdentity") or ""

    def _other_holds(self) -> bool:
        return self._holder() not in {"", self._election.identity}

    def _lease(self) -> Object:
        key = self._election.key
        return {
            **LEASES.type_meta,
            "metadata": {"namespace": key.namespace, "name": key.name},
            "spec": self._spec(renewal=False),
        }

    def _spec(self, renewal: bool) -> dict[str, Any]:
        """The Lease as we want it: a renewal changes the time alone."""
        found, now = self._found(), self._now()
        transitions = found.get("leaseTransitions") or 0
        return {
            **found,
            "holderIdentity": self._election.identity,
            "leaseDurationSeconds": int(self._election.lease_duration),
            "acquireTime": found.get("acquireTime", now) if renewal else now,
            "renewTime": now,
            "leaseTransitions": transitions if renewal or not found else transitions + 1,
        }

    def _now(self) -> str:
        return micro_timestamp(self._clock.now())
