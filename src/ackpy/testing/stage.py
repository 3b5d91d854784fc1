"""pytest fixture -> the whole operator in the test's own process, in a namespace and an AWS account that no other test has: `stage`.

    @rule("3.4", "a terminal fault makes Ready False, with its message")
    async def test_it(stage: Stage) -> None:
        await stage.start("--feature-gates=ReadOnlyResources=true")
        await stage.apply(bucket("mine", acl="no-such"))
        await stage.until("bucket/mine", lambda obj: stage.conditions(obj)["Ready"]["status"] == "False")

Cluster and AWS are the embedded ones, in processes of their own, over HTTP; flags are those of `ackpy run`. Load it with
`pytest_plugins = ["ackpy.testing.stage"]`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ackpy.errors import AlreadyExists, NotFound
from ackpy.kube import objects
from ackpy.kube.calls import Selection, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CUSTOM_RESOURCE_DEFINITIONS, EVENTS, NAMESPACES, Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.operator.assemble import run
from ackpy.operator.flags import FLAGS, Kind, Raw
from ackpy.operator.kinds import custom_resource_definitions
from ackpy.operator.options import RunOptions, parse
from ackpy.testing.aws import AwsClient, client_of
from ackpy.testing.cloud import Call, Cloud
from ackpy.testing.counts import free_address

REGION: Final = "us-east-1"
SERVICES: Final = ("s3", "ecr")
PATIENCE: Final = 20.0
POLL_SECONDS: Final = 0.01
SILENCE_SECONDS: Final = 0.4
"""Longer than a pass takes: who has written nothing for so long has nothing to write."""
QUICK: Final = (
    "--metrics-addr=0",
    "--healthz-addr=0",
    "--allow-unsafe-aws-endpoint-urls=true",
    f"--aws-region={REGION}",
)


def rule(number: str, says: str) -> pytest.MarkDecorator:
    """The rule of ACK's contract that a test holds, and what this test says of it. One test may hold several."""
    return pytest.mark.rule(number, says)


@dataclass(slots=True)
class Stage:
    """One test's namespace and account, and the operator in between while it runs."""

    endpoint: Endpoint
    client: KubeClient
    cloud: Cloud
    account: str
    namespace: str
    _running: asyncio.Task[None] | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _metrics: str = ""

    # The operator

    async def start(
        self,
        *flags: str,
        services: tuple[str, ...] = SERVICES,
        watched: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run the operator with these flags ("--name=value"), over the test's namespace and those of `watched`.

        `environment` None says that the test's namespace is the controller's own too. Returns when every controller works; raises what
        ended it instead.
        """
        ready, self._stop = asyncio.Event(), asyncio.Event()
        options = self._options(flags, services, (self.namespace, *watched), environment)
        self._metrics = options.metrics_address
        with _keys_of(self.cloud, self.account):
            self._running = asyncio.create_task(run(options, ready=ready.set, stop=self._stop))
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((self._running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            waiting.cancel()
            await self.stop()

    async def stop(self) -> None:
        """End it, as SIGTERM does; nothing when none runs. Raises what went wrong in it."""
        running, self._running = self._running, None
        if running is not None:
            self._stop.set()
            await running

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    @staticmethod
    def metered() -> str:
        """The flag that opens the operator's metrics for `metric`."""
        return f"--metrics-addr={free_address()}"

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels, of an operator that was started with `metered`."""
        page = await asyncio.to_thread(_fetch, f"http://{self._metrics}/metrics")
        families = text_string_to_metric_families(page)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return float(sum(sample.value for sample in samples if labels.items() <= sample.labels.items()))

    def _options(
        self,
        flags: tuple[str, ...],
        services: tuple[str, ...],
        watched: tuple[str, ...],
        environment: Mapping[str, str] | None,
    ) -> RunOptions:
        given: dict[str, Raw] = {flag.field: flag.raw_default for flag in FLAGS}
        kinds = {flag.field: flag.kind for flag in FLAGS}
        standing = (
            f"--aws-endpoint-url={self.cloud.url}",
            f"--kubeconfig={self.endpoint.kubeconfig}",
            f"--services={','.join(services)}",
            f"--watch-namespace={','.join(watched)}",
        )
        for text in (*QUICK, *standing, *flags):
            name, _, value = text.removeprefix("--").partition("=")
            name = name.replace("-", "_")
            given[name] = (value,) if kinds[name] is Kind.REPEATED else value
        return parse(given, {"ACK_SYSTEM_NAMESPACE": self.namespace} if environment is None else environment)

    # The cluster

    async def apply(self, manifest: Object, namespace: str = "") -> Object:
        """Make the object, or make it what the manifest says; returns it as stored."""
        resource = await self._resource(manifest["apiVersion"], manifest["kind"])
        name = manifest["metadata"]["name"]
        placed = {"namespace": namespace or self.namespace} if resource.namespaced else {}
        body = {**manifest, "metadata": {**manifest["metadata"], **placed}}
        key = ObjectKey(placed.get("namespace", ""), name)
        options = WriteOptions(field_manager="test", force=True)
        return await self.client.patch(resource, key, body, kind="apply", options=options)

    async def patch(self, what: str, patch: Object, namespace: str = "") -> Object:
        """Merge-patch an object: "bucket/mine"."""
        resource, key = await self._named(what, namespace)
        return await self.client.patch(resource, key, patch)

    async def annotate(self, what: str, annotations: Mapping[str, str | None], namespace: str = "") -> Object:
        """Write annotations of an object, or take them away (None)."""
        return await self.patch(what, {"metadata": {"annotations": dict(annotations)}}, namespace)

    async def delete(self, what: str, namespace: str = "") -> None:
        """Ask for its deletion; `until_gone` waits for it."""
        resource, key = await self._named(what, namespace)
        await self.client.delete(resource, key)

    async def get(self, what: str, namespace: str = "") -> Object:
        """One object: "bucket/mine", "configmap/it". NotFound."""
        resource, key = await self._named(what, namespace)
        return await self.client.get(resource, key)

    async def make_namespace(self, suffix: str, **annotations: str) -> str:
        """Another namespace of this test, with annotations of ACK's group ("default_region"); returns its name."""
        name = f"{self.namespace}-{suffix}"
        meta = {"name": name, "annotations": {_key(word): value for word, value in annotations.items()}}
        with suppress(AlreadyExists):
            await self.client.create(NAMESPACES, {**NAMESPACES.type_meta, "metadata": meta})
        return name

    async def annotate_namespace(self, *, namespace: str = "", **annotations: str | None) -> None:
        """Write annotations of ACK's group on a namespace: the test's own when none is named."""
        patch = {"metadata": {"annotations": {_key(word): value for word, value in annotations.items()}}}
        await self.client.patch(NAMESPACES, ObjectKey("", namespace or self.namespace), patch)

    async def events(self, what: str, reason: str = "", namespace: str = "") -> list[Object]:
        """The Events about an object, those of one reason when one is named."""
        resource, key = await self._named(what, namespace)
        found = await self.client.list(EVENTS, Selection(namespace=key.namespace))
        about = [each for each in found.items if each["involvedObject"].get("name") == key.name]
        of_kind = [each for each in about if each["involvedObject"].get("kind") == resource.kind]
        return [each for each in of_kind if reason in {"", each["reason"]}]

    @asynccontextmanager
    async def history(self, what: str, namespace: str = "") -> AsyncIterator[list[Object]]:
        """The states of an object from now on, each once, as a watch tells them; complete when the block is over."""
        resource, key = await self._named(what, namespace)
        selection = Selection(namespace=key.namespace, fields=f"metadata.name={key.name}")
        start = await self.client.list(resource, selection)
        known, told = [objects.version_of(each) for each in start.items], list[Object]()

        async def hear() -> None:
            async with self.client.watch(resource, selection, resource_version=start.resource_version) as events:
                async for event in events:
                    if event["type"] in {"ADDED", "MODIFIED"}:
                        told.append(event["object"])

        async def heard() -> bool:
            try:
                last = objects.version_of(await self.client.get(resource, key))
            except NotFound:
                return True
            return last in (*known, *map(objects.version_of, told))

        hearing = asyncio.create_task(hear())
        try:
            yield told
            await self.wait(heard, f"the watch of {what} is behind")
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    # Waiting

    async def look(self, what: str, namespace: str = "") -> Object:
        """Ask for a pass over an object that has been looked at before, and wait until it is over; returns the object."""
        before = conditions(await self.get(what, namespace))["ACK.ResourceSynced"]["lastTransitionTime"]
        await self.annotate(what, {f"ackpy.{_key('reconcile-now')}": f"since {before}"}, namespace)
        return await self.until(
            what, lambda obj: conditions(obj)["ACK.ResourceSynced"]["lastTransitionTime"] > before, namespace
        )

    async def until(self, what: str, holds: Callable[[Object], object], namespace: str = "") -> Object:
        """Wait until an object is so; returns it. AssertionError shows what it was instead."""
        resource, key = await self._named(what, namespace)
        found: Object | None = None
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            with suppress(NotFound):
                found = await self.client.get(resource, key)
                if holds(found):
                    return found
            await asyncio.sleep(POLL_SECONDS)
        raise AssertionError(f"{what} did not become so within {PATIENCE:.0f} s; it is {found}")

    async def until_condition(self, what: str, kind: str, status: str = "True", namespace: str = "") -> Object:
        """Wait until a condition has a status ("ACK.ResourceSynced", "True"); returns the object."""
        return await self.until(what, lambda obj: conditions(obj).get(kind, {}).get("status") == status, namespace)

    async def until_synced(self, what: str, namespace: str = "") -> Object:
        """Wait until the last edit of the object is in step with AWS; returns it."""
        return await self.until_condition(what, "ACK.ResourceSynced", namespace=namespace)

    async def until_event(self, what: str, reason: str, namespace: str = "") -> Object:
        """Wait until there is an Event of this reason about an object, which may be gone by then; returns the latest."""
        found: list[Object] = []

        async def told() -> bool:
            found[:] = await self.events(what, reason, namespace)
            return bool(found)

        await self.wait(told, f"no Event {reason} about {what}")
        return found[-1]

    async def until_gone(self, what: str, namespace: str = "") -> None:
        """Wait until the object is no more."""
        resource, key = await self._named(what, namespace)

        async def gone() -> bool:
            try:
                await self.client.get(resource, key)
            except NotFound:
                return True
            return False

        await self.wait(gone, f"{what} stays")

    async def wait(self, holds: Callable[[], Awaitable[object]], what: str) -> None:
        """Wait until something holds; AssertionError says what did not come."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await holds():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")
            await asyncio.sleep(POLL_SECONDS)

    async def quiet(self, *whats: str) -> None:
        """Wait until these objects have not been written, nor AWS called for this account, for SILENCE_SECONDS."""
        loop = asyncio.get_running_loop()
        seen, since = await self._state(whats), loop.time()
        while loop.time() - since < SILENCE_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            if (now := await self._state(whats)) != seen:
                seen, since = now, loop.time()

    async def _state(self, whats: tuple[str, ...]) -> tuple[Any, ...]:
        versions = [objects.version_of(await self.get(what)) for what in whats]
        return (self.last_call(), *versions)

    # AWS

    def aws(self, service: str, region: str = REGION, account: str = "") -> AwsClient:
        """A botocore client of the test's account, or of another."""
        return client_of(self.cloud, account or self.account, service, region)

    def calls(self, since: int = 0, *, account: str = "") -> list[Call]:
        """The AWS calls after a number, oldest first, less those that only ask who one is."""
        found = self.cloud.calls(account or self.account, since)
        return [call for call in found if call.operation != "GetCallerIdentity"]

    def operations(self, since: int = 0, *, account: str = "") -> list[str]:
        """Their operations."""
        return [call.operation for call in self.calls(since, account=account)]

    def writes(self, since: int = 0, *, account: str = "") -> list[str]:
        """The operations of those that may have changed AWS."""
        return [call.operation for call in self.calls(since, account=account) if call.mutating]

    def last_call(self) -> int:
        """The number of the last call, to count those after it."""
        return max((call.at_seq for call in self.calls()), default=0)

    def make_role(self, account: str, name: str = "ack", *, trusted: bool = True, **condition: Any) -> str:
        """A role of an account that the test's account may assume, or may not; `condition` is of its trust policy. Returns its ARN."""
        principal = {"AWS": f"arn:aws:iam::{self.account}:root"}
        allowed = {"Effect": "Allow" if trusted else "Deny", "Action": "sts:AssumeRole", "Principal": principal}
        statement = {**allowed, **({"Condition": condition} if condition else {})}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        made = self.aws("iam", account=account).create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(document)
        )
        return str(made["Role"]["Arn"])

    @asynccontextmanager
    async def selecting(self, name: str, arn: str, **spec: Any) -> AsyncIterator[str]:
        """An IAMRoleSelector with this role, of the test's namespace unless the spec says otherwise (None: of all); gone after the
        block, for it is the cluster's. Yields what it is called by: "selector/…".
        """
        asked = {"arn": arn, "namespaceSelector": {"names": [self.namespace]}, **spec}
        meta, what = {"name": f"{self.namespace}-{name}"}, f"selector/{self.namespace}-{name}"
        said = {part: value for part, value in asked.items() if value is not None}
        await self.apply({**RESOURCES["selector"].type_meta, "metadata": meta, "spec": said})
        try:
            yield what
        finally:
            with suppress(NotFound):
                await self.delete(what)

    async def map_roles(
        self, roles: Mapping[str, str], name: str = "ack-role-account-map", namespace: str = ""
    ) -> Object:
        """A role map with these entries and no others of the test's: {account or team: role ARN}."""
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(roles)}
        return await self.apply(manifest, namespace)

    def fault(self, **members: Any) -> None:
        """A fault of AWS's for this account only; the members are those of `ackpy.local.cloud.faults.Fault`."""
        self.cloud.fault(account=self.account, **members)

    async def _named(self, what: str, namespace: str) -> tuple[Resource, ObjectKey]:
        kind, _, name = what.partition("/")
        resource = RESOURCES[kind]
        return resource, ObjectKey((namespace or self.namespace) if resource.namespaced else "", name)

    async def _resource(self, api_version: str, kind: str) -> Resource:
        """By discovery; a kind whose CRD has just been made is served a moment later."""
        found: list[Resource] = []

        async def served() -> bool:
            with suppress(NotFound):
                found[:] = [await self.client.resource_for(api_version, kind)]
            return bool(found)

        await self.wait(served, f"{api_version} {kind} is not served")
        return found[0]


def _of(group: str, plural: str, kind: str, version: str = "v1alpha1", *, namespaced: bool = True) -> Resource:
    return Resource(group, version, plural, kind, namespaced)


RESOURCES: Final[Mapping[str, Resource]] = {
    "bucket": _of("s3.services.k8s.aws", "buckets", "Bucket"),
    "repository": _of("ecr.services.k8s.aws", "repositories", "Repository"),
    "rule": _of("ecr.services.k8s.aws", "pullthroughcacherules", "PullThroughCacheRule"),
    "template": _of("ecr.services.k8s.aws", "repositorycreationtemplates", "RepositoryCreationTemplate"),
    "fieldexport": _of("services.k8s.aws", "fieldexports", "FieldExport"),
    "adoptedresource": _of("services.k8s.aws", "adoptedresources", "AdoptedResource"),
    "selector": _of("services.k8s.aws", "iamroleselectors", "IAMRoleSelector", namespaced=False),
    "key": _of("kms.services.k8s.aws", "keys", "Key"),
    "role": _of("iam.services.k8s.aws", "roles", "Role"),
    "user": _of("iam.services.k8s.aws", "users", "User"),
    "profile": _of("iam.services.k8s.aws", "loginprofiles", "LoginProfile"),
    "configmap": _of("", "configmaps", "ConfigMap", "v1"),
    "secret": _of("", "secrets", "Secret", "v1"),
    "namespace": NAMESPACES,
}
"""What tests name objects by."""


def another_account() -> str:
    """An account id that no other test has, beside the stage's own."""
    return f"{secrets.randbelow(9 * 10**11) + 10**11}"


def conditions(obj: Object) -> dict[str, dict[str, Any]]:
    """The conditions of an object by type; of several Advisories the last."""
    return {each["type"]: each for each in objects.conditions_of(obj)}


def statuses(obj: Object) -> dict[str, str]:
    """The conditions of an object by type, by status alone."""
    return {kind: each["status"] for kind, each in conditions(obj).items()}


def writes(versions: Sequence[Object]) -> list[str]:
    """What each write after the first version changed: "metadata", "spec", "status", or several of them joined by +."""
    return [
        "+".join(part for part in ("metadata", "spec", "status") if _part(before, part) != _part(after, part))
        for before, after in pairwise(versions)
    ]


def _part(obj: Object, part: str) -> Object:
    found: Object = obj.get(part) or {}
    bookkeeping = {"resourceVersion", "generation", "managedFields"} if part == "metadata" else set[str]()
    return {name: value for name, value in found.items() if name not in bookkeeping}


def bucket(name: str, /, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
    """A Bucket's manifest, whose bucket is named as the object unless the spec says otherwise."""
    return _manifest("s3", "Bucket", name, annotations, {"name": name, **spec})


def repository(name: str, /, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
    """A Repository's manifest, likewise."""
    return _manifest("ecr", "Repository", name, annotations, {"name": name, **spec})


def _manifest(service: str, kind: str, name: str, annotations: Mapping[str, str] | None, spec: Object) -> Object:
    meta: Object = {"name": name, "annotations": dict(annotations)} if annotations else {"name": name}
    return {"apiVersion": f"{service}.services.k8s.aws/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}


def ack(**annotations: str) -> dict[str, str]:
    """Annotations of ACK's group: `ack(read_only="true")`."""
    return {_key(word): value for word, value in annotations.items()}


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as page:  # noqa: S310  a loopback URL of our own
        text: str = page.read().decode()
        return text


def _key(word: str) -> str:
    return f"services.k8s.aws/{word.replace('_', '-')}"


@contextmanager
def _keys_of(cloud: Cloud, account: str) -> Iterator[None]:
    """The account's keys where the default credential chain looks first."""
    keys, patch = cloud.credentials(account), pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    patch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    patch.delenv("AWS_SESSION_TOKEN", raising=False)
    try:
        yield
    finally:
        patch.undo()


@pytest.fixture(scope="session")
def installed(api_server: Endpoint) -> Endpoint:
    """An API server that has every CRD of ours."""

    async def install() -> None:
        async with KubeClient(KubeConfig.load(str(api_server.kubeconfig)), user_agent="test") as client:
            for definition in custom_resource_definitions(SERVICES, adopted_resource=True):
                with suppress(AlreadyExists):
                    await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition)

    asyncio.run(install())
    return api_server


@pytest.fixture
async def stage(installed: Endpoint, cloud: Cloud, account: str, namespace: str) -> AsyncIterator[Stage]:
    """A stage whose operator a test starts; it ends with the test."""
    async with KubeClient(KubeConfig.load(str(installed.kubeconfig)), user_agent="test") as client:
        stage = Stage(installed, client, cloud, account, namespace)
        yield stage
        await stage.stop()
    cloud.clear_faults(account)
