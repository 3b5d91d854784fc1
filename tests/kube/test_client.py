from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest

from ackpy import errors
from ackpy.errors import Conflict, Gone, Invalid, KubeApiError, KubeError, KubeUnreachable, NotFound
from ackpy.kube.backoff import Backoff
from ackpy.kube.calls import Answer, Preconditions, RequestKind, Selection, WriteOptions
from ackpy.kube.client import KubeClient
from ackpy.kube.config import KubeConfig
from ackpy.kube.errors import NotSent
from ackpy.kube.objects import Object, ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, NAMESPACES, SECRETS, Resource
from ackpy.kube.retry import Failure, RetryPolicy, parse_retry_after
from ackpy.testing.scripted import Reply, ScriptedServer, answers, drops, hangs, refuses, says, streams

KEY = ObjectKey("ns", "a")
QUICK = RetryPolicy(attempts=4, backoff=Backoff(initial=0.001, cap=0.002))
Call = Callable[[KubeClient], Any]


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[KubeClient]:
    async with KubeClient(KubeConfig(server.url), user_agent="agent/1", retry=QUICK) as made:
        yield made


READS: dict[str, Call] = {
    "get": lambda client: client.get(CONFIG_MAPS, KEY),
    "list": lambda client: client.list(CONFIG_MAPS),
}
WRITES: dict[str, Call] = {
    "create": lambda client: client.create(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "ns"}}),
    "replace": lambda client: client.replace(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "ns"}}),
    "patch": lambda client: client.patch(CONFIG_MAPS, KEY, {"data": {}}),
    "delete": lambda client: client.delete(CONFIG_MAPS, KEY),
}


async def test_a_get_is_one_request_that_says_who_asks(server: ScriptedServer, client: KubeClient) -> None:
    server.script(answers({"kind": "ConfigMap"}))
    assert await client.get(CONFIG_MAPS, KEY) == {"kind": "ConfigMap"}
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/api/v1/namespaces/ns/configmaps/a")
    assert request.headers["User-Agent"] == "agent/1"
    assert request.headers["Accept"] == "application/json"


async def test_a_list_is_read_page_by_page_and_its_items_say_their_type(
    server: ScriptedServer, client: KubeClient
) -> None:
    first = {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [{"metadata": {"name": "a"}}]}
    second = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}, "kind": "ConfigMap"}]}
    server.script(answers(first), answers(second))
    listed = await client.list(CONFIG_MAPS, Selection("ns", labels="a=b"))
    assert [(item["metadata"]["name"], item["apiVersion"], item["kind"]) for item in listed.items] == [
        ("a", "v1", "ConfigMap"),
        ("b", "v1", "ConfigMap"),
    ]
    assert listed.resource_version == "7"
    assert [dict(request.query) for request in server.requests] == [
        {"labelSelector": "a=b", "limit": "500"},
        {"labelSelector": "a=b", "limit": "500", "continue": "more"},
    ]


async def test_a_list_whose_pages_expire_is_read_again_in_one_piece(server: ScriptedServer, client: KubeClient) -> None:
    first = {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [{"metadata": {"name": "old"}}]}
    whole = {"metadata": {"resourceVersion": "9"}, "items": [{"metadata": {"name": "new"}}]}
    server.script(answers(first), refuses(410, "Expired"), answers(whole))
    listed = await client.list(CONFIG_MAPS)
    assert [item["metadata"]["name"] for item in listed.items] == ["new"]
    assert "limit" not in server.requests[-1].query


async def test_writes_carry_their_options_and_preconditions(server: ScriptedServer, client: KubeClient) -> None:
    server.script(*[answers({})] * 4)
    options = WriteOptions(field_manager="me", validation="Strict", dry_run=True)
    await client.create(CONFIG_MAPS, {"metadata": {"namespace": "ns", "name": "a"}}, options)
    await client.replace(CONFIG_MAPS, {"metadata": {"namespace": "ns", "name": "a"}}, subresource="status")
    await client.patch(CONFIG_MAPS, KEY, {"metadata": {"labels": {"x": "y"}}}, preconditions=Preconditions("u", "7"))
    await client.delete(CONFIG_MAPS, KEY, preconditions=Preconditions("u"), propagation="Foreground")
    create, replace, patch, delete = server.requests
    assert (create.path, create.query) == (
        "/api/v1/namespaces/ns/configmaps",
        {"fieldManager": "me", "fieldValidation": "Strict", "dryRun": "All"},
    )
    assert (replace.method, replace.path) == ("PUT", "/api/v1/namespaces/ns/configmaps/a/status")
    assert patch.headers["Content-Type"] == "application/merge-patch+json"
    assert patch.json() == {"metadata": {"labels": {"x": "y"}, "uid": "u", "resourceVersion": "7"}}
    assert delete.json()["preconditions"] == {"uid": "u"}
    assert delete.json()["propagationPolicy"] == "Foreground"


async def test_a_json_patch_tests_its_preconditions_first(server: ScriptedServer, client: KubeClient) -> None:
    server.script(answers({}))
    operation = {"op": "add", "path": "/data/a", "value": "b"}
    await client.patch(CONFIG_MAPS, KEY, [operation], kind="json", preconditions=Preconditions(uid="u"))
    assert server.requests[0].json() == [{"op": "test", "path": "/metadata/uid", "value": "u"}, operation]
    assert server.requests[0].headers["Content-Type"] == "application/json-patch+json"


async def test_a_patch_of_another_object_of_the_same_name_is_a_conflict(
    server: ScriptedServer, client: KubeClient
) -> None:
    about_uid = refuses(422, "Invalid", "metadata.uid: field is immutable", causes=[{"field": "metadata.uid"}])
    server.script(about_uid, about_uid)
    with pytest.raises(Conflict):
        await client.patch(CONFIG_MAPS, KEY, {}, preconditions=Preconditions(uid="old"))
    with pytest.raises(Invalid):
        await client.patch(CONFIG_MAPS, KEY, {"metadata": {"uid": "made up"}})


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (401, "Unauthorized", errors.Forbidden),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Gone),
        (422, "Invalid", errors.Invalid),
        (400, "BadRequest", errors.KubeApiError),
        (500, "InternalError", errors.KubeApiError),
    ],
)
async def test_a_refusal_is_the_exception_of_its_kind(
    server: ScriptedServer, client: KubeClient, code: int, reason: str, kind: type[KubeApiError]
) -> None:
    server.script(refuses(code, reason, "because", causes=[{"field": "spec.a"}]))
    with pytest.raises(KubeApiError) as caught:
        await client.patch(CONFIG_MAPS, KEY, {})
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.reason, caught.value.message) == (code, reason, "because")
    assert caught.value.details == {"causes": [{"field": "spec.a"}]}


async def test_an_error_that_is_no_status_is_quoted_cut_short(server: ScriptedServer, client: KubeClient) -> None:
    server.script(says("<html>" + "x" * 5000, status=502))
    with pytest.raises(KubeApiError, match="502: HTTP 502: <html>xxx") as caught:
        await client.get(CONFIG_MAPS, KEY)
    assert len(str(caught.value)) < 300


async def test_an_answer_that_is_no_json_is_no_answer(server: ScriptedServer, client: KubeClient) -> None:
    server.script(*[says("<html>")] * QUICK.attempts)
    with pytest.raises(KubeUnreachable, match="is this an API server"):
        await client.get(CONFIG_MAPS, KEY)


@pytest.mark.parametrize("bad_luck", [refuses(429, "TooManyRequests"), refuses(503, "ServiceUnavailable"), drops])
@pytest.mark.parametrize("verb", READS)
async def test_reads_are_sent_again(server: ScriptedServer, client: KubeClient, verb: str, bad_luck: Reply) -> None:
    server.script(bad_luck, bad_luck, answers({"kind": "X", "items": []}))
    await READS[verb](client)
    assert sum(client.requests.values()) == 3


@pytest.mark.parametrize(
    "bad_luck", [refuses(429, "TooManyRequests", headers={"Retry-After": "0"}), refuses(503, "Unavailable")]
)
@pytest.mark.parametrize("verb", WRITES)
async def test_writes_that_were_refused_are_not(
    server: ScriptedServer, client: KubeClient, verb: str, bad_luck: Reply
) -> None:
    server.script(bad_luck, answers({}))
    with pytest.raises(KubeApiError):
        await WRITES[verb](client)
    assert sum(client.requests.values()) == 1


@pytest.mark.parametrize("verb", ["create", "patch"])
async def test_writes_that_may_have_arrived_are_not_sent_again(
    server: ScriptedServer, client: KubeClient, verb: str
) -> None:
    server.script(drops, answers({}))
    with pytest.raises(KubeUnreachable) as caught:
        await WRITES[verb](client)
    assert not isinstance(caught.value, NotSent)
    assert len(server.requests) == 1


@pytest.mark.parametrize("verb", [*READS, *WRITES])
async def test_what_never_left_is_sent_again(verb: str) -> None:
    async with KubeClient(KubeConfig("http://127.0.0.1:1"), user_agent="x", retry=QUICK) as client:
        with pytest.raises(NotSent, match=r"http://127\.0\.0\.1:1/api/v1.*cannot connect"):
            await (READS | WRITES)[verb](client)
        assert sum(client.requests.values()) == QUICK.attempts


async def test_retrying_ends(server: ScriptedServer, client: KubeClient) -> None:
    server.script(*[refuses(503, "ServiceUnavailable", "busy")] * 9)
    with pytest.raises(KubeApiError, match="busy"):
        await client.get(CONFIG_MAPS, KEY)
    assert len(server.requests) == QUICK.attempts


ERROR = KubeError("x")


@pytest.mark.parametrize(
    ("failure", "low", "high"),
    [
        (Failure(0, read=True, error=ERROR, status=429, retry_after=7.0), 7.0, 8.0),
        (Failure(0, read=True, error=ERROR, status=429), 0.0, 1.0),
        (Failure(1, read=True, error=KubeUnreachable("x")), 0.0, 2.0),
        (Failure(0, read=False, error=NotSent("x")), 0.0, 1.0),
        (Failure(0, read=True, error=ERROR, status=429, retry_after=3600.0), None, None),
        (Failure(0, read=False, error=KubeUnreachable("x")), None, None),
        (Failure(0, read=False, error=ERROR, status=429, retry_after=1.0), None, None),
        (Failure(0, read=True, error=ERROR, status=500), None, None),
        (Failure(3, read=True, error=ERROR, status=503), None, None),
    ],
)
def test_when_a_request_is_sent_again(failure: Failure, low: float | None, high: float | None) -> None:
    delay = RetryPolicy(attempts=4, backoff=Backoff(initial=1.0, cap=9.0)).delay(failure, Random(1))
    if low is None or high is None:
        assert delay is None
    else:
        assert delay is not None
        assert low <= delay <= high


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5.0), ("0", 0.0), ("-1", 0.0), (None, None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value) == seconds


async def follow(client: KubeClient, seen: list[Object], silence: float = 9.0) -> None:
    async with client.watch(CONFIG_MAPS, resource_version="7", silence=silence) as stream:
        while True:
            seen.append(await anext(stream))


async def test_a_watch_gives_lines_and_ends_when_the_server_ends_it(server: ScriptedServer, client: KubeClient) -> None:
    line = {"type": "ADDED", "object": {"metadata": {"name": "a"}}}
    server.script(streams(line, b'{"type": "MODI'))
    async with client.watch(CONFIG_MAPS, Selection("ns"), resource_version="7", seconds=9) as stream:
        assert [event async for event in stream] == [line]
    assert server.requests[0].query == {
        "watch": "true",
        "resourceVersion": "7",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "9",
    }


async def test_a_watch_that_is_refused_says_why(server: ScriptedServer, client: KubeClient) -> None:
    server.script(refuses(410, "Expired"))
    with pytest.raises(Gone):
        async with client.watch(CONFIG_MAPS, resource_version="7"):
            pass


async def test_a_watch_that_is_cut_off_is_unreachable(server: ScriptedServer, client: KubeClient) -> None:
    line = {"type": "ADDED", "object": {}}
    server.script(streams(line, ending="drop"))
    seen: list[Object] = []
    with pytest.raises(KubeUnreachable):
        await follow(client, seen)
    assert seen == [line]


async def test_a_silent_watch_is_noticed(server: ScriptedServer, client: KubeClient) -> None:
    server.script(streams({"type": "BOOKMARK", "object": {}}, ending="hang"))
    with pytest.raises(KubeUnreachable, match="no answer in time"):
        await follow(client, [], silence=0.05)


async def test_a_line_larger_than_any_buffer_comes_whole(server: ScriptedServer, client: KubeClient) -> None:
    line = {"type": "ADDED", "object": {"data": "x" * 3_000_000}}
    server.script(streams(line))
    async with client.watch(CONFIG_MAPS, resource_version="7") as stream:
        assert [event async for event in stream] == [line]


async def test_every_request_is_counted_and_observed(server: ScriptedServer, client: KubeClient) -> None:
    seen: list[Answer] = []
    client.observers.append(seen.append)
    server.script(refuses(503, "ServiceUnavailable"), answers({}), drops, streams())
    await client.get(CONFIG_MAPS, KEY)
    with pytest.raises(KubeUnreachable):
        await client.patch(CONFIG_MAPS, KEY, {}, subresource="status")
    async with client.watch(CONFIG_MAPS, resource_version="7"):
        pass
    get, patch, watch = (
        RequestKind("get", "configmaps"),
        RequestKind("patch", "configmaps", "status"),
        RequestKind("watch", "configmaps"),
    )
    assert dict(client.requests) == {get: 2, patch: 1, watch: 1}
    assert [(answer.kind, answer.method, answer.code) for answer in seen] == [
        (get, "GET", 503),
        (get, "GET", 200),
        (patch, "PATCH", 0),
        (watch, "GET", 200),
    ]


async def test_kinds_are_discovered_once(server: ScriptedServer, client: KubeClient) -> None:
    listing = {
        "resources": [
            {"name": "buckets", "kind": "Bucket", "namespaced": True},
            {"name": "buckets/status", "kind": "Bucket", "namespaced": True},
            {"name": "regions", "kind": "Region", "namespaced": False},
        ]
    }
    server.script(answers(listing), answers({"resources": [{"name": "secrets", "kind": "Secret", "namespaced": True}]}))
    assert await client.resource_for("s3.example.org/v1", "Bucket") == Resource(
        "s3.example.org", "v1", "buckets", "Bucket"
    )
    assert (await client.resource_for("s3.example.org/v1", "Region")).namespaced is False
    assert await client.resource_for("v1", "Secret") == SECRETS
    assert [request.path for request in server.requests] == ["/apis/s3.example.org/v1", "/api/v1"]


async def test_a_kind_that_is_not_there_is_asked_for_again(server: ScriptedServer, client: KubeClient) -> None:
    there = {"resources": [{"name": "buckets", "kind": "Bucket", "namespaced": True}]}
    server.script(answers({"resources": []}), answers(there))
    with pytest.raises(NotFound, match=r"no kind 'Bucket' in s3\.example\.org/v1"):
        await client.resource_for("s3.example.org/v1", "Bucket")
    assert (await client.resource_for("s3.example.org/v1", "Bucket")).plural == "buckets"


async def test_a_call_can_be_cancelled(server: ScriptedServer, client: KubeClient) -> None:
    server.script(hangs)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.get(NAMESPACES, ObjectKey("", "a"))
    assert len(server.requests) == 1
