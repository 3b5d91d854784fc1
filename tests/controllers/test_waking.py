"""Waking what waits, between a real API server and an AWS: references, Secrets and annotations, by the order of events."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

from ackpy.catalog import load
from ackpy.controllers import references
from ackpy.controllers.references import resource_of
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import EVENTS, SECRETS, Resource
from ackpy.local.apiserver.server import Endpoint
from ackpy.model.compiler import compile_service
from ackpy.model.definition import Ref
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.informer import Scope
from ackpy.runtime.lookup import Absence
from ackpy.testing import standins
from ackpy.testing.cloud import Cloud, MakeClient
from ackpy.testing.inprocess import Controlled, controlling, until

pytestmark = pytest.mark.slow

BOUND = 5.0
"""Seconds in which a wake must come; far below every back-off and resync that could bring it instead. The bench prints the figures."""
PASSWORD, OTHER = "correct horse battery 1", "staple 2 staple"
KEYS = references.target(Ref("kms", "Key"))
ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="session")
def repository() -> Descriptor:
    return next(kind for kind in compile_service(load(["ecr"])) if kind.kind == "Repository")


@pytest.fixture
async def here(
    api_server: Endpoint, cloud: Cloud, account: str, namespace: str, repository: Descriptor, profile: Descriptor
) -> AsyncIterator[Controlled]:
    async with controlling(api_server, cloud, account, namespace, [repository, profile]) as running:
        await standins.install(running.client, KEYS)
        yield running


def encrypted(name: str, key: str, namespace: str = "") -> dict[str, Any]:
    source = {"name": key, **({"namespace": namespace} if namespace else {})}
    return {"name": name, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKeyRef": {"from": source}}}


async def reaches(here: Controlled, resource: Resource, name: str, holds: Callable[[Object], bool]) -> Object:
    """Wait, for BOUND at most, until an object is so."""

    async def found() -> bool:
        return holds(await here.client.get(resource, ObjectKey(here.namespace, name)))

    await until(found, BOUND)
    return await here.client.get(resource, ObjectKey(here.namespace, name))


def has(kind: str, status: str, text: str = "") -> Callable[[Object], bool]:
    def holds(obj: Object) -> bool:
        condition = objects.condition_of(obj, kind) or {}
        return condition.get("status") == status and text in condition.get("reason", "") + condition.get("message", "")

    return holds


async def called(here: Controlled, operation: str, since: int) -> None:
    async def found() -> bool:
        return any(call.operation == operation for call in here.calls(since))

    await until(found, BOUND)


async def test_a_reference_that_becomes_ready_wakes_what_waits(here: Controlled, repository: Descriptor) -> None:
    kind, key = resource_of(repository), ObjectKey(here.namespace, "key")
    await standins.make(here.client, kind, ObjectKey(here.namespace, "repo"), encrypted("app", "key"))
    await reaches(here, kind, "repo", has("ACK.ReferencesResolved", "Unknown", '"key" not found'))
    await standins.make(here.client, KEYS, key, {})
    await reaches(here, kind, "repo", has("ACK.ReferencesResolved", "Unknown", "is not synced yet"))
    assert here.calls() == []
    await standins.become_ready(here.client, KEYS, key, ARN)
    await called(here, "CreateRepository", 0)
    obj = await reaches(here, kind, "repo", has("ACK.ResourceSynced", "True"))
    assert has("ACK.ReferencesResolved", "True")(obj)
    assert "kmsKey" not in obj["spec"]["encryptionConfiguration"]


async def test_the_value_goes_to_aws(here: Controlled, repository: Descriptor, aws: MakeClient) -> None:
    await standins.make(here.client, KEYS, ObjectKey(here.namespace, "key"), {})
    await standins.become_ready(here.client, KEYS, ObjectKey(here.namespace, "key"), ARN)
    kind = resource_of(repository)
    await standins.make(here.client, kind, ObjectKey(here.namespace, "repo"), encrypted("app", "key"))
    await reaches(here, kind, "repo", has("ACK.ResourceSynced", "True"))
    [found] = aws("ecr").describe_repositories()["repositories"]
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": ARN}


async def test_a_reference_to_another_namespace_is_watched_there(here: Controlled, repository: Descriptor) -> None:
    kind = resource_of(repository)
    await standins.make(here.client, kind, ObjectKey(here.namespace, "repo"), encrypted("app", "far", "default"))
    await reaches(here, kind, "repo", has("ACK.ReferencesResolved", "Unknown", "not found in namespace default"))
    far = ObjectKey("default", "far")
    await standins.make(here.client, KEYS, far, {})
    try:
        await standins.become_ready(here.client, KEYS, far, ARN)
        obj = await reaches(here, kind, "repo", has("ACK.ResourceSynced", "True"))
    finally:
        await here.client.delete(KEYS, far)
    assert has("ACK.Advisory", "True", "CrossNamespaceOptInRequired")(obj)


async def test_a_target_that_goes_is_noticed(here: Controlled, repository: Descriptor) -> None:
    kind, key = resource_of(repository), ObjectKey(here.namespace, "key")
    await standins.make(here.client, KEYS, key, {})
    await standins.become_ready(here.client, KEYS, key, ARN)
    await standins.make(here.client, kind, ObjectKey(here.namespace, "repo"), encrypted("app", "key"))
    await reaches(here, kind, "repo", has("ACK.ResourceSynced", "True"))
    await here.client.delete(KEYS, key)
    await reaches(here, kind, "repo", has("ACK.ReferencesResolved", "Unknown", "not found"))


async def test_a_kind_that_nobody_knows_is_said_with_its_service(here: Controlled, repository: Descriptor) -> None:
    kind = resource_of(repository)
    spec = {"userRef": {"from": {"name": "ann"}}, "password": {"name": "admin", "key": "password"}}
    profile = Resource("iam.services.k8s.aws", "v1alpha1", "loginprofiles", "LoginProfile")
    await standins.make(here.client, profile, ObjectKey(here.namespace, "p"), spec)
    await reaches(here, profile, "p", has("ACK.ReferencesResolved", "Unknown"))
    # other tests may have installed the CRD of users; what is said where none is there stands in test_references
    await reaches(here, profile, "p", has("Ready", "False", "enable the service iam"))
    await standins.make(here.client, kind, ObjectKey(here.namespace, "repo"), encrypted("app", "none"))
    await reaches(here, kind, "repo", has("Ready", "False", "enable the service kms"))


async def test_a_changed_secret_is_written_once_and_shown_nowhere(
    here: Controlled, profile: Descriptor, aws: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ackpy")
    kind, vault = resource_of(profile), ObjectKey(here.namespace, "admin")
    aws("iam").create_user(UserName="ann")
    spec = {"userName": "ann", "password": {"name": "admin", "key": "password"}}
    await standins.make(here.client, kind, ObjectKey(here.namespace, "p"), spec)
    await reaches(here, kind, "p", has("ACK.Recoverable", "True", "kubernetes secret not found"))
    await standins.put_secret(here.client, vault, {"password": PASSWORD})
    await reaches(here, kind, "p", has("ACK.ResourceSynced", "True"))
    before = here.last_call()
    await standins.put_secret(here.client, vault, {"password": OTHER})
    await called(here, "UpdateLoginProfile", before)
    await _quiet(here)
    before = here.last_call()
    await here.client.patch(SECRETS, vault, {"metadata": {"annotations": {"note": "same content"}}})
    await called(here, "GetLoginProfile", before)
    await _quiet(here)
    written = [call.operation for call in here.calls() if call.operation.endswith("teLoginProfile")]
    assert written == ["CreateLoginProfile", "UpdateLoginProfile"]
    await _shown_nowhere(here, kind, caplog)


async def _shown_nowhere(here: Controlled, kind: Resource, caplog: pytest.LogCaptureFixture) -> None:
    await here.manager.events.flush()
    events = (await here.client.list(EVENTS)).items
    obj = await here.client.get(kind, ObjectKey(here.namespace, "p"))
    assert any(objects.key_of(event).namespace == here.namespace for event in events)
    caches = [informer.store.snapshot().objects.values() for informer in here.manager.informers.all]
    text = "".join([orjson.dumps([obj, *events, *map(list, caches)]).decode(), caplog.text, repr(caches)])
    for secret in (PASSWORD, OTHER):
        assert secret not in text
        assert base64.b64encode(secret.encode()).decode() not in text


async def test_of_secrets_only_the_metadata_is_watched(here: Controlled, profile: Descriptor) -> None:
    vault = ObjectKey(here.namespace, "admin")
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "copy"}'}
    await standins.put_secret(here.client, vault, {"password": PASSWORD})
    await here.client.patch(SECRETS, vault, {"metadata": {"annotations": applied}})
    spec = {"userName": "nobody", "password": {"name": "admin", "key": "password"}}
    await standins.make(here.client, resource_of(profile), ObjectKey(here.namespace, "p"), spec)

    def watched() -> list[Any]:
        return [each for each in here.manager.informers.all if each.resource == SECRETS]

    async def held() -> bool:
        return any(not isinstance(each.lookup(vault), Absence) for each in watched())

    await until(held, BOUND)
    [informer] = watched()
    assert informer.scope == Scope((here.namespace,), metadata_only=True)
    assert informer.lookup(vault).keys() == {"metadata"}
    assert "annotations" not in informer.lookup(vault)["metadata"]
    assert here.manager.informers.lookup(SECRETS, vault) is Absence.UNKNOWN


async def test_an_edited_annotation_starts_a_pass(here: Controlled, repository: Descriptor) -> None:
    kind, key = resource_of(repository), ObjectKey(here.namespace, "repo")
    await standins.make(here.client, kind, key, {"name": "app"})
    await reaches(here, kind, "repo", has("ACK.ResourceSynced", "True"))
    await _quiet(here)
    before = here.last_call()
    await here.client.patch(kind, key, {"metadata": {"annotations": {"example.com/note": "x"}}})
    await called(here, "DescribeRepositories", before)


async def _quiet(here: Controlled) -> None:
    async def rests() -> bool:
        queues = [controller.queue() for controller in here.manager.controllers]
        return all(not queue.ready and not queue.active for queue in queues) and all(
            due > BOUND for queue in queues for due in queue.delayed.values()
        )

    await until(rests)
