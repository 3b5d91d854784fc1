"""The changes of a cluster -> those who follow a resource. `cluster` publishes; watches, and what acts on writes, subscribe."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ackpy.local.apiserver.storage import Change


class Subscription:
    """The changes of one resource, or of all, from now on; one that has `limit` changes waiting ends."""

    def __init__(self, resource: str | None, limit: int | None) -> None:
        self.resource = resource
        self._limit = limit
        self.is_open = True
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()

    def offer(self, change: Change) -> None:
        """Queue a change; a subscription whose reader is too slow ends."""
        if self._limit is not None and self._queue.qsize() >= self._limit:
            self.close()
        elif self.is_open:
            self._queue.put_nowait(change)

    def close(self) -> None:
        """End the subscription after what is queued."""
        if self.is_open:
            self.is_open = False
            self._queue.put_nowait(None)

    async def next(self) -> Change | None:
        """The next change; None when the subscription has ended."""
        return await self._queue.get()

    def is_idle(self) -> bool:
        """Whether every change offered has been taken."""
        return self._queue.empty()


@dataclass(slots=True)
class Watchers:
    """All subscriptions, and how often an idle watch is told the present revision."""

    bookmark_seconds: float = 60.0
    _subscriptions: set[Subscription] = field(default_factory=set)

    def subscribe(self, resource: str | None, *, limit: int | None = None) -> Subscription:
        """Follow one resource, or all for None."""
        subscription = Subscription(resource, limit)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Follow no longer."""
        self._subscriptions.discard(subscription)

    def publish(self, change: Change) -> None:
        """Tell those who follow the resource."""
        for subscription in self._subscriptions:
            if subscription.resource in (None, change.key.resource):
                subscription.offer(change)

    def close(self) -> None:
        """End all subscriptions."""
        for subscription in self._subscriptions:
            subscription.close()
