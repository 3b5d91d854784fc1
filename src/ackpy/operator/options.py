"""The controllers' settings: a table of flags, and the checked value that they become.

`FLAGS` is what `ackpy run --help`, the docs and Helm values are made of: ACK's names, environment variables and meanings. `RunOptions`
is made from flag values by `parse`; `operator.assemble` runs it. A value that makes no sense is a ConfigError that names the flag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ackpy import __version__
from ackpy.controllers.options import ReconcilerOptions, deletion_policy, resync_seconds
from ackpy.controllers.tags import parse_templates
from ackpy.errors import ConfigError
from ackpy.operator.gates import GATES, parse_gates
from ackpy.operator.syntax import split

DEFAULT_TAGS = "services.k8s.aws/controller-version=%CONTROLLER_SERVICE%-%CONTROLLER_VERSION%,services.k8s.aws/namespace=%K8S_NAMESPACE%"
LOG_LEVELS = ("debug", "info", "warn", "error")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: `name` without dashes, `variable` the environment variable that sets it too ("" none), `kind` its type."""

    name: str
    kind: type[str | int | bool]
    default: Any
    group: str
    help: str
    variable: str = ""
    metavar: str = ""

    @property
    def field(self) -> str:
        """The name as an identifier, as click and RunOptions spell it."""
        return self.name.replace("-", "_")


FLAGS: tuple[Flag, ...] = (
    Flag("services", str, "", "What", "Services to run, comma-separated; all when left out.", "ACKPY_SERVICES", "LIST"),
    Flag(
        "watch-namespace",
        str,
        "",
        "What",
        "Namespaces to watch, comma-separated; all when left out.",
        "ACK_WATCH_NAMESPACE",
        "LIST",
    ),
    Flag("kubeconfig", str, "", "Cluster", "A kubeconfig file; else KUBECONFIG, else in-cluster.", metavar="FILE"),
    Flag("aws-region", str, "", "AWS", "The region of resources that name none.", "AWS_REGION", "REGION"),
    Flag("aws-endpoint-url", str, "", "AWS", "Another endpoint than AWS's own.", "AWS_ENDPOINT_URL", "URL"),
    Flag(
        "allow-unsafe-aws-endpoint-urls",
        bool,
        False,
        "AWS",
        "Accept an endpoint URL that is not https.",
        "ALLOW_UNSAFE_AWS_ENDPOINT_URLS",
    ),
    Flag(
        "deletion-policy",
        str,
        "delete",
        "Behaviour",
        "What deleting an object does to AWS: delete or retain.",
        "DELETION_POLICY",
        "POLICY",
    ),
    Flag(
        "resource-tags",
        str,
        DEFAULT_TAGS,
        "Behaviour",
        "Tags that every AWS resource gets, KEY=TEMPLATE, comma-separated.",
        "ACK_RESOURCE_TAGS",
        "LIST",
    ),
    Flag(
        "reconcile-default-resync-seconds",
        int,
        0,
        "Behaviour",
        "How often a synced resource is compared with AWS; 0 is ten hours.",
        "RECONCILE_DEFAULT_RESYNC_SECONDS",
        "N",
    ),
    Flag(
        "reconcile-default-max-concurrent-syncs",
        int,
        8,
        "Behaviour",
        "How many objects of a kind are worked on at once.",
        "RECONCILE_DEFAULT_MAX_CONCURRENT_SYNCS",
        "N",
    ),
    Flag(
        "feature-gates",
        str,
        "",
        "Behaviour",
        f"Features to turn on or off, NAME=true or NAME=false, comma-separated: {', '.join(g.name for g in GATES)}.",
        "FEATURE_GATES",
        "LIST",
    ),
    Flag("metrics-addr", str, "", "Process", "Where /metrics is served; 0 is off.", metavar="HOST:PORT"),
    Flag("healthz-addr", str, "", "Process", "Where /healthz and /readyz are served; 0 is off.", metavar="HOST:PORT"),
    Flag("log-level", str, "info", "Process", f"One of {', '.join(LOG_LEVELS)}.", "ACK_LOG_LEVEL", "LEVEL"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Checked settings of one controller process. `services` and `namespaces` empty mean all."""

    services: tuple[str, ...]
    namespaces: tuple[str, ...]
    kubeconfig: str
    endpoint_url: str
    allow_unsafe_endpoint: bool
    reconciler: ReconcilerOptions
    metrics_address: str
    health_address: str
    log_level: str


def parse(values: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> RunOptions:
    """Flag values by field name (all of FLAGS) -> RunOptions; raises ConfigError."""
    inside = "KUBERNETES_SERVICE_HOST" in (os.environ if environment is None else environment)
    host = "0.0.0.0" if inside else "127.0.0.1"  # noqa: S104  probes and Prometheus come from outside the pod
    return RunOptions(
        services=split(values["services"]),
        namespaces=_namespaces(values["watch_namespace"]),
        kubeconfig=values["kubeconfig"],
        endpoint_url=_endpoint(values["aws_endpoint_url"], allowed=values["allow_unsafe_aws_endpoint_urls"]),
        allow_unsafe_endpoint=values["allow_unsafe_aws_endpoint_urls"],
        reconciler=_reconciler(values),
        metrics_address=values["metrics_addr"] or f"{host}:8080",
        health_address=values["healthz_addr"] or f"{host}:8081",
        log_level=_one_of("log-level", values["log_level"], LOG_LEVELS),
    )


def _namespaces(text: str) -> tuple[str, ...]:
    names = split(text)
    wrong: Callable[[str], bool] = lambda name: NAMESPACE.fullmatch(name) is None  # noqa: E731
    for name in filter(wrong, names):
        raise ConfigError(f"--watch-namespace: {name!r} is no namespace name (lower case letters, digits and dashes)")
    if len(set(names)) != len(names):
        raise ConfigError(f"--watch-namespace: {text!r} names a namespace twice")
    return names


def _reconciler(values: Mapping[str, Any]) -> ReconcilerOptions:
    return ReconcilerOptions(
        region=values["aws_region"],
        controller_version=__version__,
        resync_seconds=resync_seconds(values["reconcile_default_resync_seconds"]),
        concurrency=values["reconcile_default_max_concurrent_syncs"],
        deletion_policy=deletion_policy(values["deletion_policy"]),
        resource_tags=parse_templates(split(values["resource_tags"])),
        gates=parse_gates(split(values["feature_gates"])),
    )


def _endpoint(url: str, *, allowed: bool) -> str:
    if url and not url.startswith("https://") and not allowed:
        raise ConfigError(
            f"--aws-endpoint-url: {url!r} is not https, so credentials and data could be read on the way; "
            "pass --allow-unsafe-aws-endpoint-urls if you mean it"
        )
    return url


def _one_of(flag: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ConfigError(f"--{flag}: found {value!r}, expected one of {', '.join(choices)}")
    return value
