import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from ackpy.aws.budget import Clock, Ticket
from ackpy.aws.classify import Meaning, classify
from ackpy.aws.client import Client
from ackpy.aws.credentials import REFUSED_SECONDS, Keys
from ackpy.aws.failures import NoCredentials
from ackpy.aws.metrics import Calls
from ackpy.aws.session import Identity, Options, Sessions, Target
from ackpy.errors import ConfigError
from ackpy.testing.aws_replies import Raw, query_error
from ackpy.testing.scripted import ScriptedServer, scripted_server

pytestmark = pytest.mark.slow

REGION = "eu-central-1"
ROLE = "arn:aws-cn:iam::210987654321:role/team"
WHO = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-cn:sts::210987654321:assumed-role/team/ackpy</Arn><Account>210987654321</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"  # noqa: E501


def assumed(key: str, lives: timedelta) -> Raw:
    until = (datetime.now(UTC) + lives).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = (
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>TOKEN-{key}</SessionToken>"
    )
    result = f"<AssumeRoleResult><Credentials>{keys}<Expiration>{until}</Expiration></Credentials></AssumeRoleResult>"
    return Raw(f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that says nothing of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
async def chained(bare: None, options: Options, calls: Calls, clock: Clock) -> AsyncIterator[Sessions]:
    """Sessions on the default credential chain."""
    async with Sessions(dataclasses.replace(options, keys=None), calls=calls, clock=clock) as sessions:
        yield sessions


async def test_one_client_per_target_however_many_ask_at_once(sessions: Sessions) -> None:
    target = Target("s3", REGION)
    clients = await asyncio.gather(*(sessions.client(target) for _ in range(5)))
    assert all(client is clients[0] for client in clients)
    assert await sessions.client(dataclasses.replace(target, region="us-east-1")) is not clients[0]


async def test_an_endpoint_of_its_own_is_another_client(sessions: Sessions, server: ScriptedServer) -> None:
    async with scripted_server() as other:
        other.script(Raw("{}"))
        client = await sessions.client(Target("ecr", REGION, endpoint_url=other.url))
        await client.call("DescribeRepositories")
        assert (len(other.requests), len(server.requests)) == (1, 0)


async def test_the_user_agent_is_acks(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw())
    await s3.call("DeleteBucket", Bucket="b")
    assert server.requests[0].headers["User-Agent"].startswith("aws-controllers-k8s/s3.services.k8s.aws-1.2.3 (ackpy)")


async def test_what_a_ticket_says_goes_with_the_user_agent_of_its_calls(s3: Client, server: ScriptedServer) -> None:
    server.script(Raw(), Raw())
    await s3.on_behalf(Ticket(agent="CRDKind/Bucket; CRDVersion/v1alpha1")).call("DeleteBucket", Bucket="b")
    await s3.call("DeleteBucket", Bucket="b")
    told, plain = (request.headers["User-Agent"] for request in server.requests)
    assert told.startswith("aws-controllers-k8s/s3.services.k8s.aws-1.2.3 (ackpy; CRDKind/Bucket; CRDVersion/v1alpha1)")
    assert "CRDKind" not in plain


async def test_the_alias_is_what_people_read(sessions: Sessions, server: ScriptedServer, calls: Calls) -> None:
    server.script(Raw("{}"))
    client = await sessions.client(Target("stepfunctions", REGION, alias="sfn"))
    await client.call("ListStateMachines")
    assert (client.service, dict(calls.count)) == ("sfn", {("sfn", "ListStateMachines"): 1})
    assert "sfn.services.k8s.aws" in server.requests[0].headers["User-Agent"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com", "is not https"),
        ("http://user:hunter2@example.com", "'example.com' is not https"),
        ("localhost:4566", "is no URL"),
        ("https://", "is no URL"),
        ("ftp://example.com", "is no URL"),
    ],
)
async def test_an_endpoint_that_is_not_safe_is_refused(calls: Calls, clock: Clock, url: str, message: str) -> None:
    for options in (Options("1", endpoint_url=url), Options("1", identity_endpoint_url=url)):
        with pytest.raises(ConfigError, match=message) as caught:
            Sessions(options, calls=calls, clock=clock)
        assert "hunter2" not in str(caught.value)
    async with Sessions(Options("1"), calls=calls, clock=clock) as sessions:
        with pytest.raises(ConfigError, match=message):
            await sessions.client(Target("s3", REGION, endpoint_url=url))


async def test_an_unsafe_endpoint_of_the_environment_is_refused_too(
    bare: None, monkeypatch: pytest.MonkeyPatch, calls: Calls, clock: Clock
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://example.com")
    async with Sessions(Options("1", keys=Keys("AKIAX", "s")), calls=calls, clock=clock) as sessions:
        with pytest.raises(ConfigError, match=r"'http://example.com' is not https"):
            await sessions.client(Target("s3", REGION))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target("s4", REGION), "no client for s4"),
        (Target("s3", "not a region"), "no client for s3 in not a region"),
    ],
)
async def test_what_does_not_exist_is_a_configuration_error(sessions: Sessions, target: Target, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        await sessions.client(target)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_has_path_style_and_no_proxy(
    monkeypatch: pytest.MonkeyPatch, sessions: Sessions, server: ScriptedServer, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.script(Raw())
    client = await sessions.client(Target("s3", REGION, endpoint_url=server.url.replace("127.0.0.1", host)))
    await client.call("DeleteBucket", Bucket="b")
    assert [(request.path, request.headers["Host"].partition(":")[0]) for request in server.requests] == [("/b", host)]


@pytest.mark.parametrize(
    ("region", "path_style", "url"),
    [
        ("us-east-1", False, "https://bucket.s3.us-east-1.amazonaws.com/"),
        ("us-east-1", True, "https://s3.us-east-1.amazonaws.com/bucket"),
        ("cn-north-1", False, "https://bucket.s3.cn-north-1.amazonaws.com.cn/"),
    ],
)
async def test_awss_own_endpoints_are_regional(
    bare: None, calls: Calls, clock: Clock, region: str, path_style: bool, url: str
) -> None:
    options = Options("1", keys=Keys("AKIAX", "s"), path_style=path_style)
    async with Sessions(options, calls=calls, clock=clock) as sessions:
        client = await sessions.client(Target("s3", region))
        signed = _Signed()
        client._wire.api.meta.events.register("before-send.s3", signed.answer)
        await client.call("DeleteBucket", Bucket="bucket")
    assert signed.urls == [url]


async def test_directory_buckets_have_a_regional_endpoint_and_no_sessions(
    bare: None, calls: Calls, clock: Clock, server: ScriptedServer, options: Options
) -> None:
    """Where another endpoint is named, everything goes there, and nothing but what is asked for."""
    bucket = "logs--use1-az4--x-s3"
    for endpoint in ("", server.url):
        own = Options("1", endpoint_url=endpoint, allow_unsafe_endpoints=True, keys=Keys("AKIAX", "s"))
        async with Sessions(own, calls=calls, clock=clock) as sessions:
            client = await sessions.client(Target("s3", "us-east-1"))
            signed = _Signed()
            client._wire.api.meta.events.register("before-send.s3", signed.answer)
            await client.call("DeleteBucket", Bucket=bucket)
        assert signed.urls == [f"{endpoint or 'https://s3express-control.us-east-1.amazonaws.com'}/{bucket}"]
        assert signed.scopes == ["us-east-1/s3express"]


class _Signed:
    """Stands in the network's place."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.scopes: list[str] = []

    def answer(self, request: Any, **_: Any) -> "_Nothing":
        self.urls.append(request.url)
        self.scopes.append("/".join(_text(request.headers["Authorization"]).split("/")[2:4]))
        return _Nothing()


def _text(header: str | bytes) -> str:
    return header if isinstance(header, str) else header.decode()


class _Nothing:
    status_code = 204
    headers: dict[str, str] = {}  # noqa: RUF012  read only

    @property
    async def content(self) -> bytes:
        return b""


async def test_no_credentials_is_said_before_anything_is_sent(chained: Sessions, server: ScriptedServer) -> None:
    with pytest.raises(NoCredentials, match="no AWS credentials") as caught:
        await chained.client(Target("s3", REGION))
    assert classify(caught.value).meaning is Meaning.CREDENTIALS
    assert server.requests == []


async def test_credentials_that_come_later_are_found(
    chained: Sessions, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoCredentials):
        await chained.client(Target("s3", REGION))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIALATER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    server.script(Raw())
    await (await chained.client(Target("s3", REGION))).call("DeleteBucket", Bucket="b")
    assert "Credential=AKIALATER/" in server.requests[0].headers["Authorization"]


async def test_half_of_the_credentials_is_named(
    chained: Sessions, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHALF")
    with pytest.raises(NoCredentials, match="missing: AWS_SECRET_ACCESS_KEY"):
        await chained.client(Target("s3", REGION))


async def test_an_unknown_profile_is_named(chained: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="nobody"):
        await chained.client(Target("s3", REGION))


async def test_web_identity_is_in_the_chain(
    chained: Sessions, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("a-token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    reply = assumed("ASIAWEB", timedelta(hours=1))
    server.script(
        dataclasses.replace(reply, body=reply.body.replace("AssumeRoleRes", "AssumeRoleWithWebIdentityRes")), Raw("{}")
    )
    await (await chained.client(Target("ecr", REGION))).call("DescribeRepositories")
    assert parse_qs(server.requests[0].body.decode())["WebIdentityToken"] == ["a-token"]
    assert server.requests[1].headers["X-Amz-Security-Token"] == "TOKEN-ASIAWEB"


async def test_pod_identity_is_in_the_chain(
    chained: Sessions, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    keys = {"AccessKeyId": "ASIAPOD", "SecretAccessKey": "s", "Token": "TOKEN-POD", "Expiration": until}
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/v1/credentials")
    server.script(Raw(json.dumps(keys)), Raw("{}"))
    await (await chained.client(Target("ecr", REGION))).call("DescribeRepositories")
    assert server.requests[0].path == "/v1/credentials"
    assert server.requests[1].headers["X-Amz-Security-Token"] == "TOKEN-POD"


async def test_a_role_is_assumed_once_and_signs_the_calls(
    sessions: Sessions, server: ScriptedServer, calls: Calls
) -> None:
    client = await sessions.client(Target("ecr", REGION, role_arn=ROLE))
    assert server.requests == []
    server.script(assumed("ASIAONE", timedelta(hours=1)), Raw("{}"), Raw("{}"))
    await client.call("DescribeRepositories")
    await client.call("DescribeRepositories")
    asked = parse_qs(server.requests[0].body.decode())
    assert (asked["Action"], asked["RoleArn"], asked["RoleSessionName"]) == (["AssumeRole"], [ROLE], ["ackpy"])
    assert [request.headers.get("X-Amz-Security-Token") for request in server.requests] == [
        None,
        "TOKEN-ASIAONE",
        "TOKEN-ASIAONE",
    ]
    assert calls.count["sts", "AssumeRole"] == 1


async def test_what_is_about_to_expire_signs_nothing(sessions: Sessions, server: ScriptedServer) -> None:
    client = await sessions.client(Target("ecr", REGION, role_arn=ROLE))
    server.script(assumed("ASIAONE", timedelta(minutes=5)), assumed("ASIATWO", timedelta(hours=1)), Raw("{}"))
    await client.call("DescribeRepositories")
    tokens = [request.headers.get("X-Amz-Security-Token") for request in server.requests]
    assert tokens == [None, None, "TOKEN-ASIATWO"]


async def test_a_role_that_is_lost_between_the_check_and_the_signing_is_told_apart_too(
    sessions: Sessions, server: ScriptedServer
) -> None:
    client = await sessions.client(Target("s3", REGION, role_arn=ROLE))
    server.script(assumed("ASIAONE", timedelta(minutes=5)), query_error("AccessDenied", "no more", status=403))
    with pytest.raises(NoCredentials, match="no credentials: api error AccessDenied: no more"):
        await client.call("DeleteBucket", Bucket="bucket")
    assert len(server.requests) == 2


async def test_a_role_that_cannot_be_assumed_is_not_the_calls_failure(
    sessions: Sessions, server: ScriptedServer
) -> None:
    client = await sessions.client(Target("s3", REGION, role_arn=ROLE))
    server.script(query_error("AccessDenied", "not authorized to perform: sts:AssumeRole", status=403))
    with pytest.raises(NoCredentials) as caught:
        await client.call("CreateBucket", Bucket="b")
    error = caught.value
    expected = f"cannot assume role {ROLE}: api error AccessDenied: not authorized to perform: sts:AssumeRole"
    assert (str(error), error.service, error.operation) == (expected, "s3", "CreateBucket")
    assert not classify(error).may_have_acted
    assert len(server.requests) == 1


async def test_a_refusal_stands_for_all_who_ask_at_once_and_not_for_long(
    sessions: Sessions, server: ScriptedServer, clock: Clock
) -> None:
    client = await sessions.client(Target("s3", REGION, role_arn=ROLE))
    server.script(query_error("AccessDenied", "not yet", status=403))
    for _ in range(3):
        with pytest.raises(NoCredentials, match="not yet"):
            await client.call("DeleteBucket", Bucket="b")
    assert len(server.requests) == 1
    await clock.sleep(REFUSED_SECONDS)
    server.script(assumed("ASIAONE", timedelta(hours=1)), Raw("<DeleteBucketResult/>"))
    await client.call("DeleteBucket", Bucket="b")
    assert len(server.requests) == 3


async def test_roles_are_assumed_at_the_identity_endpoint_and_not_at_the_targets(
    options: Options, calls: Calls, clock: Clock, server: ScriptedServer
) -> None:
    async with scripted_server() as sts, scripted_server() as other:
        there = dataclasses.replace(options, identity_endpoint_url=sts.url)
        sts.script(assumed("ASIAONE", timedelta(hours=1)))
        other.script(Raw("{}"))
        async with Sessions(there, calls=calls, clock=clock) as sessions:
            client = await sessions.client(Target("ecr", REGION, role_arn=ROLE, endpoint_url=other.url))
            await client.call("DescribeRepositories")
        assert [len(each.requests) for each in (sts, other, server)] == [1, 1, 0]


async def test_who_we_are_is_asked_once(sessions: Sessions, server: ScriptedServer) -> None:
    server.script(Raw(WHO))
    found = await asyncio.gather(*(sessions.identity(REGION) for _ in range(4)))
    assert set(found) == {Identity("210987654321", "aws-cn", "arn:aws-cn:sts::210987654321:assumed-role/team/ackpy")}
    assert len(server.requests) == 1


async def test_a_failed_question_is_asked_again(sessions: Sessions, server: ScriptedServer) -> None:
    server.script(query_error("InvalidClientTokenId", status=403), Raw(WHO))
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        await sessions.identity(REGION)
    assert (await sessions.identity(REGION)).account == "210987654321"


async def test_nothing_secret_is_in_a_repr(sessions: Sessions, options: Options) -> None:
    client = await sessions.client(Target("s3", REGION))
    assert "sEcReT" not in f"{options!r} {sessions!r} {client!r}"


async def test_closing_closes_the_connections(
    options: Options, calls: Calls, clock: Clock, server: ScriptedServer
) -> None:
    sessions = Sessions(options, calls=calls, clock=clock)
    client = await sessions.client(Target("s3", REGION))
    server.script(Raw())
    await client.call("DeleteBucket", Bucket="b")
    session = client._wire.api._endpoint.http_session
    assert session._sessions
    await sessions.close()
    assert session._sessions is None
