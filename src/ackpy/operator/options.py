"""Texts of flags and variables -> the checked value that a controller process runs by. `cli` calls `parse`, `assemble` takes the result.

A value that makes no sense is a ConfigError that names its flag, says what was found and what to write.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ackpy import __version__
from ackpy.controllers.options import Endpoints, ReconcilerOptions, deletion_policy, resync_seconds
from ackpy.controllers.tags import parse_templates
from ackpy.errors import ConfigError
from ackpy.operator import logging_flags
from ackpy.operator.flags import FLAGS, LOG_LEVELS, Raw
from ackpy.operator.gates import parse_gates
from ackpy.operator.selectors import check_selector
from ackpy.operator.syntax import kind_numbers
from ackpy.operator.variables import check_variables
from ackpy.runtime.endpoints import parse_address

NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LEASE: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
HOST: Final = re.compile(r"\*(\.[a-z0-9][-a-z0-9]*)+|[a-z0-9][-a-z0-9.]*(:\d{1,5})?")
SYSTEM_NAMESPACE: Final = "ack-system"


class LateInitialize(StrEnum):
    """Into which fields that the user left out AWS's values are written: those that clients read, or all that ACK fills."""

    MINIMAL = "minimal"
    ACK = "ack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """How several processes share the work: `elect` acts only while holding the Lease `lease`; `ack_leases` holds ACK's too.

    `namespace` "" is the Pod's own.
    """

    elect: bool
    lease: str
    namespace: str
    ack_leases: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """How AWS is reached; see `aws.session.Options`."""

    endpoint_url: str
    identity_endpoint_url: str
    allow_unsafe_endpoints: bool
    path_style: bool
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Checked settings of one controller process. `services`, `kinds` and `namespaces` empty mean all.

    `reconciler` holds for all kinds; `resync_of` and `concurrency_of` have other numbers for some, by name as on the command line.
    `notices` are flags that were given and mean nothing here, for the log.
    """

    services: tuple[str, ...]
    kinds: frozenset[str]
    namespaces: tuple[str, ...]
    selector: str
    kubeconfig: str
    aws: Aws
    reconciler: ReconcilerOptions
    resync_of: Mapping[str, int]
    concurrency_of: Mapping[str, int]
    late_initialize: LateInitialize
    field_export: bool
    replicas: Replicas
    metrics_address: str
    health_address: str
    max_watch_silence: float
    shutdown_grace: float
    log_level: str
    development_logging: bool
    notices: tuple[str, ...]


def parse(raw: Mapping[str, Raw], environment: Mapping[str, str] | None = None) -> RunOptions:
    """The texts of all FLAGS, by field name -> settings; raises ConfigError. `environment` is the process's when None."""
    variables = os.environ if environment is None else environment
    check_variables(variables)
    values = {flag.field: flag.read(raw[flag.field]) for flag in FLAGS}
    host = "0.0.0.0" if "KUBERNETES_SERVICE_HOST" in variables else "127.0.0.1"  # noqa: S104  probes come from outside the Pod
    return RunOptions(
        services=values["services"],
        kinds=frozenset(values["reconcile_resources"]),
        namespaces=_namespaces(values["watch_namespace"]),
        selector=check_selector("--watch-selectors", values["watch_selectors"]),
        kubeconfig=values["kubeconfig"],
        aws=_aws(values),
        reconciler=_reconciler(values, variables),
        resync_of=kind_numbers("--reconcile-resource-resync-seconds", values["reconcile_resource_resync_seconds"]),
        concurrency_of=kind_numbers(
            "--reconcile-resource-max-concurrent-syncs", values["reconcile_resource_max_concurrent_syncs"]
        ),
        late_initialize=LateInitialize(_one_of("late-initialize", values["late_initialize"], tuple(LateInitialize))),
        field_export=values["enable_field_export_reconciler"],
        replicas=_replicas(values),
        metrics_address=_address("metrics-addr", values["metrics_addr"] or f"{host}:8080"),
        health_address=_address("healthz-addr", values["healthz_addr"] or f"{host}:8081"),
        max_watch_silence=_positive("max-watch-silence", values["max_watch_silence"]),
        shutdown_grace=values["shutdown_grace"],
        log_level=logging_flags.level(_one_of("log-level", values["log_level"].lower() or "info", LOG_LEVELS), values),
        development_logging=logging_flags.for_people(values),
        notices=tuple(_notices(values)),
    )


def _aws(values: Mapping[str, Any]) -> Aws:
    allowed = values["allow_unsafe_aws_endpoint_urls"]
    return Aws(
        endpoint_url=_endpoint("aws-endpoint-url", values["aws_endpoint_url"], allowed=allowed),
        identity_endpoint_url=_endpoint(
            "aws-identity-endpoint-url", values["aws_identity_endpoint_url"], allowed=allowed
        ),
        allow_unsafe_endpoints=allowed,
        path_style=values["aws_endpoint_use_path_style"],
        timeout=values["http_client_timeout"],
    )


def _reconciler(values: Mapping[str, Any], variables: Mapping[str, str]) -> ReconcilerOptions:
    gates = parse_gates(values["feature_gates"])
    if gates.iam_role_selector and values["enable_carm"]:
        raise ConfigError(
            "--feature-gates=IAMRoleSelector=true: role selectors and --enable-carm both choose roles; add --enable-carm=false"
        )
    return ReconcilerOptions(
        region=values["aws_region"],
        controller_version=__version__,
        resync_seconds=resync_seconds(values["reconcile_default_resync_seconds"]),
        concurrency=values["reconcile_default_max_concurrent_syncs"],
        deletion_policy=deletion_policy(values["deletion_policy"]),
        resource_tags=parse_templates(values["resource_tags"]),
        gates=gates,
        system_namespace=variables.get("ACK_SYSTEM_NAMESPACE") or variables.get("K8S_NAMESPACE") or SYSTEM_NAMESPACE,
        carm=values["enable_carm"],
        cross_namespace=values["enable_cross_namespace"],
        endpoints=Endpoints(
            default=values["aws_endpoint_url"],
            hosts=_hosts(values["allowed_endpoint_hosts"]),
            unsafe=values["allow_unsafe_aws_endpoint_urls"],
        ),
    )


def _hosts(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if HOST.fullmatch(entry) is None:
            raise ConfigError(f"--allowed-endpoint-hosts: {entry!r} is no host; write host, host:port or *.domain")
    return entries


def _replicas(values: Mapping[str, Any]) -> Replicas:
    namespace, lease = values["leader_election_namespace"], values["leader_election_id"]
    if namespace:
        _named("leader-election-namespace", (namespace,))
    if LEASE.fullmatch(lease) is None:
        raise ConfigError(
            f"--leader-election-id: {lease!r} is no name of a Lease (lower case letters, digits, - and .)"
        )
    return Replicas(
        elect=values["enable_leader_election"], lease=lease, namespace=namespace, ack_leases=values["ack_leases"]
    )


def _notices(values: Mapping[str, Any]) -> Iterator[str]:
    _address("webhook-server-addr", values["webhook_server_addr"])
    if values["enable_webhook_server"]:
        yield "--enable-webhook-server: every CRD has one version, so there is nothing to convert and no webhook is served"
    yield from logging_flags.notices(values)


def _namespaces(names: tuple[str, ...]) -> tuple[str, ...]:
    _named("watch-namespace", names)
    if len(set(names)) != len(names):
        raise ConfigError(f"--watch-namespace: {','.join(names)!r} names a namespace twice")
    return names


def _named(flag: str, namespaces: Iterable[str]) -> None:
    for name in namespaces:
        if NAMESPACE.fullmatch(name) is None:
            raise ConfigError(f"--{flag}: {name!r} is no namespace name (lower case letters, digits and dashes)")


def _endpoint(flag: str, url: str, *, allowed: bool) -> str:
    if url and not url.startswith("https://") and not allowed:
        raise ConfigError(
            f"--{flag}: {url!r} is not https, so credentials and data could be read on the way; "
            "pass --allow-unsafe-aws-endpoint-urls if you mean it"
        )
    return url


def _address(flag: str, text: str) -> str:
    try:
        parse_address(text)
    except ConfigError as error:
        raise ConfigError(f"--{flag}: {error}") from None
    return text


def _positive(flag: str, seconds: float) -> float:
    if seconds <= 0:
        raise ConfigError(f"--{flag}: it must be more than zero")
    return seconds


def _one_of(flag: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ConfigError(f"--{flag}: found {value!r}, expected one of {', '.join(choices)}")
    return value
