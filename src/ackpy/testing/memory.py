"""A Kubernetes API in memory, behind a KubeClient's transport: no socket, no child process, time as the test's clock has it.

For tests of controllers: versions, generations, status, finalizers, preconditions, paging, watches with bookmarks and expiry. No schemas,
no defaulting, and of server-side apply what `ownership` has: the embedded API server has those. Faults are put in its way with `faults`.
`pytest_plugins = ["ackpy.testing.memory"]` gives the fixtures `cluster` and `clock`, the time that it goes by.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import orjson
import pytest

from ackpy.errors import KubeUnreachable
from ackpy.kube.client import KubeClient
from ackpy.kube.clock import Clock, SystemClock, timestamp
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey, apply_merge_patch, key_of, labels_of, metadata, version_of
from ackpy.kube.resource import Resource
from ackpy.kube.transport import HttpRequest, HttpResponse
from ackpy.testing import ownership
from ackpy.testing.clock import FakeClock

_APPLY: Final = "application/apply-patch+yaml"
_NO_STATUS: Final = frozenset({"", "coordination.k8s.io"})

Fault: TypeAlias = Callable[[HttpRequest], "Answer | None"]
"""Asked before each request: an Answer is given instead of acting, an exception is raised instead, None lets it pass."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HttpResponse that is complete."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    async def read(self) -> bytes:
        """See HttpResponse."""
        return orjson.dumps(self.body)

    async def chunks(self) -> AsyncIterator[bytes]:
        """See HttpResponse."""
        yield await self.read()


def refusal(code: int, reason: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A Status."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
    return Answer(code, body, headers or {})


class _Refused(Exception):
    def __init__(self, code: int, reason: str, message: str) -> None:
        self.answer = refusal(code, reason, message)


@dataclass(frozen=True, slots=True)
class _Target:
    """What a path names: a collection, perhaps of one namespace; with a name, an object of it."""

    collection: str
    group: str
    key: ObjectKey
    subresource: str

    @classmethod
    def of(cls, path: str) -> _Target:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        plural, name, subresource = (*rest, "", "")[:3]
        return cls(f"{plural}.{group}", group, ObjectKey(namespace, name), subresource)


@dataclass(frozen=True, slots=True)
class _Happening:
    version: int
    collection: str
    type: str
    object: Object


class _Watch:
    """One watch under way: its lines, and an end (None)."""

    def __init__(self, target: _Target, selector: str) -> None:
        self.target = target
        self.selector = selector
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def tell(self, happening: _Happening) -> None:
        namespace = self.target.key.namespace
        if happening.collection != self.target.collection or (
            namespace and key_of(happening.object).namespace != namespace
        ):
            return
        if _selected(happening.object, self.selector):
            self.say(happening.type, happening.object)

    def say(self, kind: str, obj: Object) -> None:
        self.lines.put_nowait(orjson.dumps({"type": kind, "object": obj}) + b"\n")

    @property
    def status(self) -> int:
        return 200

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            line = await self.lines.get()
            if line is None:
                return
            yield line


class MemoryCluster:
    """The server's side, and the Transport to it. `client()` makes a client.

    `faults` are asked before each request, `requests` lists what came; when `loses` says so, the answer to a request that was acted on
    is lost. `hold()` keeps watches from telling until `resume()`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.faults: list[Fault] = []
        self.loses: Callable[[HttpRequest], bool] = lambda _request: False
        self.requests: list[HttpRequest] = []
        self._versions = itertools.count(1)
        self._version = 0
        self._uids = itertools.count(1)
        self._objects: dict[str, dict[ObjectKey, Object]] = {}
        self._history: deque[_Happening] = deque()
        self._expired = 0
        self._watches: list[_Watch] = []
        self._held: list[_Happening] | None = None

    def client(self) -> KubeClient:
        """A client of this cluster, in its time."""
        return KubeClient(KubeConfig("http://memory"), user_agent="test", clock=self.clock, transport=self)

    def put(self, resource: Resource, obj: Mapping[str, Any]) -> Object:
        """Create an object or write it whole, as somebody else would; returns it as stored."""
        target = _Target.of(resource.collection_path(key_of(obj).namespace))
        body = {**resource.type_meta, **obj}
        exists = key_of(obj) in self._collection(target)
        return (
            self._write(target, key_of(obj), {**body, **self._kept(target, obj)})
            if exists
            else self._create(target, body)
        )

    def peek(self, resource: Resource, key: ObjectKey) -> Object | None:
        """The object as stored."""
        return self._collection(_Target.of(resource.collection_path(key.namespace))).get(key)

    def remove(self, resource: Resource, key: ObjectKey) -> None:
        """Delete an object, as somebody else would: finalizers hold it."""
        self._delete(_Target.of(resource.object_path(key)), {})

    def bookmark(self) -> None:
        """Send every watch a bookmark."""
        for watch in self._watches:
            watch.say("BOOKMARK", {"metadata": {"resourceVersion": str(self._version)}})

    def compact(self) -> None:
        """Forget all history: a watch can only begin at the present."""
        self._history.clear()
        self._expired = self._version

    def end_watches(self) -> None:
        """End all watches, as a server does after a while."""
        for watch in self._watches:
            watch.lines.put_nowait(None)

    def hold(self) -> None:
        """Let no watch tell anything until `resume`; what is held already stays so."""
        self._held = self._held or []

    def resume(self) -> None:
        """Tell what was held."""
        held, self._held = self._held or [], None
        for happening in held:
            self._tell(happening)

    @property
    def watches(self) -> int:
        """How many watches are under way."""
        return len(self._watches)

    def writes(self, resource: Resource) -> list[str]:
        """The methods of the requests that came to write this resource, subresources as `PATCH status`."""
        group, plural = resource.group, resource.plural
        targets = [(request.method, _Target.of(request.path)) for request in self.requests if request.method != "GET"]
        return [
            f"{method} {target.subresource}".rstrip()
            for method, target in targets
            if target.collection == f"{plural}.{group}"
        ]

    @asynccontextmanager
    async def send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        """See `Transport.send`."""
        self.requests.append(request)
        await asyncio.sleep(0)
        for fault in self.faults:
            answer = fault(request)
            if answer is not None:
                yield answer
                return
        query = dict(request.query)
        if query.get("watch") == "true":
            async with self._watching(request, query) as response:
                yield response
        else:
            answer = self._answer(request, query)
            if self.loses(request):
                raise KubeUnreachable(f"{request}: the answer was lost")
            yield answer

    def refused(self) -> bool:
        """See `Transport.refused`."""
        return False

    async def close(self) -> None:
        """See `Transport.close`."""

    def _answer(self, request: HttpRequest, query: Mapping[str, str]) -> Answer:
        target = _Target.of(request.path)
        body = orjson.loads(request.body) if request.body else {}
        try:
            if ("Content-Type", _APPLY) in request.headers:
                return Answer(200, self._apply(target, query["fieldManager"], body))
            return Answer(200, self._act(request.method, target, query, body))
        except _Refused as refused:
            return refused.answer

    def _act(self, method: str, target: _Target, query: Mapping[str, str], body: Any) -> Object:
        if method == "POST":
            return self._create(target, body)
        if method == "GET" and not target.key.name:
            return self._list(target, query)
        found = self._find(target)
        if method == "PUT":
            _check(found, metadata(body))
            return self._write(target, target.key, self._merged(target, found, body))
        if method == "PATCH":
            _check(found, body.get("metadata") or {})
            return self._write(target, target.key, self._merged(target, found, apply_merge_patch(found, body)))
        if method == "DELETE":
            _check(found, body.get("preconditions") or {})
            return self._delete(target, body)
        return found

    def _apply(self, target: _Target, manager: str, body: Object) -> Object:
        """A forced apply to an object that is there."""
        found = self._find(target)
        _check(found, metadata(body))
        return self._settle(target, target.key, ownership.applied(found, body, manager))

    def _collection(self, target: _Target) -> dict[ObjectKey, Object]:
        return self._objects.setdefault(target.collection, {})

    def _find(self, target: _Target) -> Object:
        found = self._collection(target).get(target.key)
        if found is None:
            raise _Refused(404, "NotFound", f'{target.collection} "{target.key.name}" not found')
        return found

    def _create(self, target: _Target, body: Object) -> Object:
        key = key_of(body)
        if key in self._collection(target):
            raise _Refused(409, "AlreadyExists", f'{target.collection} "{key.name}" already exists')
        given = {"uid": f"uid-{next(self._uids)}", "generation": 1, "creationTimestamp": timestamp(self.clock.now())}
        stored = {**body, "metadata": {**metadata(body), **given}}
        if target.group not in _NO_STATUS:
            stored.pop("status", None)
        return self._store(target, key, stored, "ADDED")

    def _kept(self, target: _Target, obj: Mapping[str, Any]) -> Object:
        """What somebody who writes an object whole does not change of it."""
        before = self._collection(target)[key_of(obj)]
        meta = {name: before["metadata"][name] for name in ("uid", "generation", "creationTimestamp")}
        return {"metadata": {**metadata(obj), **meta}, "status": obj.get("status", before.get("status", {}))}

    def _merged(self, target: _Target, found: Object, wanted: Object) -> Object:
        """What a write may change: the status subresource status alone, the object itself all but status."""
        if target.subresource == "status":
            return {**found, "status": wanted.get("status") or {}}
        kept = {name: found["metadata"][name] for name in ("uid", "generation", "creationTimestamp")}
        merged = {**wanted, "metadata": {**metadata(wanted), **kept}}
        if target.group not in _NO_STATUS and "status" in found:
            merged["status"] = found["status"]
        return merged

    def _write(self, target: _Target, key: ObjectKey, wanted: Object) -> Object:
        return self._settle(target, key, ownership.updated(self._collection(target)[key], wanted))

    def _settle(self, target: _Target, key: ObjectKey, wanted: Object) -> Object:
        found = self._collection(target)[key]
        meta = dict(metadata(wanted))
        meta["resourceVersion"] = version_of(found)
        if _spec(wanted) != _spec(found):
            meta["generation"] = found["metadata"]["generation"] + 1
        wanted = {**wanted, "metadata": meta}
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            return self._drop(target, key, wanted)
        return found if wanted == found else self._store(target, key, wanted, "MODIFIED")

    def _delete(self, target: _Target, _options: Object) -> Object:
        found = self._find(target)
        meta = metadata(found)
        if not meta.get("finalizers"):
            return self._drop(target, target.key, found)
        if meta.get("deletionTimestamp"):
            return found
        marked = {**meta, "deletionTimestamp": timestamp(self.clock.now()), "generation": meta["generation"] + 1}
        return self._store(target, target.key, {**found, "metadata": marked}, "MODIFIED")

    def _drop(self, target: _Target, key: ObjectKey, last: Object) -> Object:
        del self._collection(target)[key]
        return self._happen(target, last, "DELETED")

    def _store(self, target: _Target, key: ObjectKey, obj: Object, kind: str) -> Object:
        stored = self._happen(target, obj, kind)
        self._collection(target)[key] = stored
        return stored

    def _happen(self, target: _Target, obj: Object, kind: str) -> Object:
        self._version = next(self._versions)
        stamped = {**obj, "metadata": {**metadata(obj), "resourceVersion": str(self._version)}}
        happening = _Happening(self._version, target.collection, kind, stamped)
        self._history.append(happening)
        if self._held is None:
            self._tell(happening)
        else:
            self._held.append(happening)
        return stamped

    def _tell(self, happening: _Happening) -> None:
        for watch in self._watches:
            watch.tell(happening)

    def _list(self, target: _Target, query: Mapping[str, str]) -> Object:
        namespace = target.key.namespace
        chosen = [
            obj
            for key, obj in sorted(self._collection(target).items())
            if (not namespace or key.namespace == namespace) and _selected(obj, query.get("labelSelector", ""))
        ]
        start, size = int(query.get("continue", "0")), int(query.get("limit", "0")) or len(chosen)
        rest = str(start + size) if start + size < len(chosen) else ""
        return {
            "items": chosen[start : start + size],
            "metadata": {"resourceVersion": str(self._version), "continue": rest},
        }

    @asynccontextmanager
    async def _watching(self, request: HttpRequest, query: Mapping[str, str]) -> AsyncIterator[HttpResponse]:
        since = int(query["resourceVersion"])
        if since < self._expired:
            yield refusal(410, "Expired", f"too old resource version: {since} ({self._expired})")
            return
        watch = _Watch(_Target.of(request.path), query.get("labelSelector", ""))
        told = self._held[0].version - 1 if self._held else self._version
        for happening in self._history:
            if since < happening.version <= told:
                watch.tell(happening)
        self._watches.append(watch)
        try:
            yield watch
        finally:
            self._watches.remove(watch)


def _check(found: Object, wanted: Mapping[str, Any]) -> None:
    """Preconditions: uid and resourceVersion, where they are named."""
    for name in ("uid", "resourceVersion"):
        if wanted.get(name) and wanted[name] != found["metadata"][name]:
            raise _Refused(
                409,
                "Conflict",
                f"the object has been modified: {name} is {found['metadata'][name]}, not {wanted[name]}",
            )


def _spec(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in {"metadata", "status"}}


def _selected(obj: Object, selector: str) -> bool:
    """Label selectors of the form `a=b,c`."""
    for term in filter(None, selector.split(",")):
        name, equals, value = term.partition("=")
        if name not in labels_of(obj) or (equals and labels_of(obj)[name] != value):
            return False
    return True


@pytest.fixture
def clock() -> FakeClock:
    """A clock at rest, which the test moves."""
    return FakeClock()


@pytest.fixture
def cluster(clock: FakeClock) -> MemoryCluster:
    """An empty cluster that goes by `clock`."""
    return MemoryCluster(clock)
