"""Options and a Target (service, region, role, endpoint) -> a Client, made when first used and kept until closed.

The operator makes one Sessions; the reconciler asks it for a client per object. Credentials come from the SDK's default chain
(environment, profiles, IRSA's web identity, Pod Identity, instance metadata), once per process and once per role.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Self
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ProfileNotFound, UnknownServiceError
from botocore.loaders import Loader

from ackpy.aws import agent, answers
from ackpy.aws.arn import Arn
from ackpy.aws.budget import Budget, Clock
from ackpy.aws.client import Client, Repeats, Wire
from ackpy.aws.credentials import Keys, RoleProvider, Signing
from ackpy.aws.failures import NO_CREDENTIALS, NoCredentials
from ackpy.aws.metrics import Calls
from ackpy.aws.redact import clean
from ackpy.aws.transport import DirectSession
from ackpy.errors import ConfigError

ROLE_SESSION_NAME: Final = "ackpy"
_CONNECT_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for all clients of a process; the words in brackets are the flags that they come from.

    `endpoint_url` (--aws-endpoint-url) "" is AWS's own; `identity_endpoint_url` (--aws-identity-endpoint-url) is for STS alone, also
    when roles are assumed; plain http is refused unless `allow_unsafe_endpoints`. `path_style` (--aws-endpoint-use-path-style)
    is for S3; loopback and IP endpoints have it anyway. `timeout` (--http-client-timeout) is for one attempt, in seconds, 0 waits
    for ever. `connections` bounds the requests in flight per client, `attempts` those of one call. `keys` None is the default chain.
    """

    version: str
    endpoint_url: str = ""
    identity_endpoint_url: str = ""
    allow_unsafe_endpoints: bool = False
    path_style: bool = False
    timeout: float = 60.0
    connections: int = 32
    attempts: int = 3
    keys: Keys | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call: `service` is botocore's name, `alias` ACK's where it differs (metrics, errors, user agent).

    `role_arn` "" is the process's own identity; `endpoint_url` overrides the options' (a namespace's annotation).
    """

    service: str
    region: str
    role_arn: str = ""
    endpoint_url: str = ""
    alias: str = ""

    @property
    def name(self) -> str:
        """The service's name as ACK has it."""
        return self.alias or self.service


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to AWS."""

    account: str
    partition: str
    arn: str


class Sessions:
    """Clients by target. An async context manager; `close` closes all connections."""

    def __init__(
        self,
        options: Options,
        *,
        calls: Calls,
        clock: Clock,
        budget: Budget | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        """ConfigError names an endpoint of the options that is not safe."""
        for url in (options.endpoint_url, options.identity_endpoint_url):
            _check_endpoint(url, options)
        self._options = options
        self._calls = calls
        self._clock = clock
        self._budget = budget or Budget(clock)
        self._random = (jitter or random.Random()).random  # noqa: S311  jitter
        self._sessions: dict[str, AioSession] = {}
        self._clients: dict[Target, Client] = {}
        self._identities: dict[str, Identity] = {}
        self._locks: dict[object, asyncio.Lock] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; clients made before are of no use after."""
        self._clients.clear()
        self._sessions.clear()
        await self._budget.close()
        await self._closing.aclose()

    async def client(self, target: Target) -> Client:
        """The client for a target.

        Raises ConfigError (unsafe or malformed endpoint, unknown service, profile or region), NoCredentials.
        """
        found = self._clients.get(target)
        if found is not None:
            return found
        async with self._locks.setdefault(target, asyncio.Lock()):
            if target not in self._clients:
                self._clients[target] = await self._connect(target)
            return self._clients[target]

    async def identity(self, region: str, role_arn: str = "") -> Identity:
        """Account and partition of the process or of a role, asked of STS once. Raises what Client.call raises."""
        async with self._locks.setdefault(("identity", role_arn), asyncio.Lock()):
            if role_arn not in self._identities:
                self._identities[role_arn] = await self._ask_identity(region, role_arn)
            return self._identities[role_arn]

    async def _ask_identity(self, region: str, role_arn: str) -> Identity:
        sts = await self.client(self._sts(region, role_arn))
        answer = await sts.call("GetCallerIdentity")
        return Identity(account=answer["Account"], partition=Arn.parse(answer["Arn"]).partition, arn=answer["Arn"])

    def _sts(self, region: str, role_arn: str = "") -> Target:
        return Target("sts", region, role_arn, self._options.identity_endpoint_url)

    async def _connect(self, target: Target) -> Client:
        endpoint = target.endpoint_url or self._options.endpoint_url
        _check_endpoint(endpoint, self._options)
        session = self._session(target)
        credentials = await _credentials(session, target)
        api = await self._open(session, target, endpoint)
        _check_endpoint(api.meta.endpoint_url, self._options)  # the environment and profiles may name one too
        account = Arn.parse(target.role_arn).account if target.role_arn else ""
        return Client(
            Wire(
                service=target.name,
                account=account,
                region=target.region,
                api=api,
                model=api.meta.service_model,
                paginators=self._paginators(target.service),
                sign=Signing(credentials, target.name, target.role_arn).ready,
                calls=self._calls,
                budget=self._budget,
                repeats=Repeats(self._options.attempts, self._random),
                clock=self._clock,
                timeout=self._options.timeout or None,
            )
        )

    async def _open(self, session: AioSession, target: Target, endpoint: str) -> Any:
        config = _config(target, self._options, endpoint)
        try:
            api = await self._closing.enter_async_context(
                session.create_client(
                    target.service, region_name=target.region, endpoint_url=endpoint or None, config=config
                )
            )
        except (BotoCoreError, ValueError) as error:
            raise ConfigError(f"no client for {target.service} in {target.region}: {clean(str(error))}") from None
        events = api.meta.events
        events.register(f"before-parse.{api.meta.service_model.service_id.hyphenize()}", answers.check)
        events.register_last("request-created", agent.introduce)
        events.register("before-call.s3", _follow_no_region)
        return api

    def _session(self, target: Target) -> AioSession:
        if target.role_arn not in self._sessions:
            session = AioSession()
            session.register_component("data_loader", _models())
            if target.role_arn:
                provider = RoleProvider(partial(self._assume, target.region, target.role_arn), self._clock)
                session.register_component("credential_provider", provider.resolver())
            elif keys := self._options.keys:
                session.set_credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
            self._sessions[target.role_arn] = session
        return self._sessions[target.role_arn]

    async def _assume(self, region: str, role_arn: str) -> dict[str, Any]:
        sts = await self.client(self._sts(region))
        return await sts.call("AssumeRole", RoleArn=role_arn, RoleSessionName=ROLE_SESSION_NAME)

    def _paginators(self, service: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = _models().load_service_model(service, "paginators-1")["pagination"]
        except UnknownServiceError:
            return {}
        return found


@cache
def _models() -> Loader:
    """The models of botocore, read once for all roles: they never change, and one service's take a tenth of a second."""
    return Loader()


def _config(target: Target, options: Options, endpoint: str) -> AioConfig:
    near = _is_near(endpoint)
    path_style = options.path_style or near
    return AioConfig(
        user_agent=agent.user_agent(target.name, options.version),
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=options.timeout or None,
        max_pool_connections=options.connections,
        parameter_validation=False,  # the client does it, so that no value is in the text
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        inject_host_prefix=not near,
        proxies={} if near else None,
        s3={
            "us_east_1_regional_endpoint": "regional",
            "addressing_style": "path" if path_style else "auto",
            "disable_s3_express_session_auth": True,  # no object is read; at an endpoint that is named it would open a session for all
        },
        http_session_cls=DirectSession,
    )


async def _credentials(session: AioSession, target: Target) -> Any:
    try:
        credentials = await session.get_credentials()
    except ProfileNotFound as error:
        raise ConfigError(f"AWS_PROFILE: {error}") from None
    except NO_CREDENTIALS as error:
        raise NoCredentials(clean(str(error)), service=target.name, operation="") from None
    if credentials is None:
        raise NoCredentials(
            "no AWS credentials: neither environment nor profile, web identity, Pod Identity or instance metadata has any",
            service=target.name,
            operation="",
        )
    return credentials


def _check_endpoint(url: str, options: Options) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"AWS endpoint {_without_secrets(url)!r} is no URL; give one such as https://host:port")
    if parts.scheme != "https" and not options.allow_unsafe_endpoints:
        raise ConfigError(
            f"AWS endpoint {_without_secrets(url)!r} is not https: requests and answers could be read on the way; "
            "use https, or set --allow-unsafe-aws-endpoint-urls"
        )


def _without_secrets(url: str) -> str:
    return url.rpartition("@")[2].partition("?")[0]


def _is_near(endpoint: str) -> bool:
    """Loopback or an IP address: there is no DNS for bucket.host, no host prefix, and no proxy in between."""
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _follow_no_region(context: dict[str, Any], **_: Any) -> None:
    """Make S3's region redirector believe that it has already redirected: a bucket elsewhere must come back as an error."""
    if "s3_redirect" in context:
        context["s3_redirect"]["redirected"] = True
