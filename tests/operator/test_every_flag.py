"""One row for each flag and each variable: what is written, and the setting that it becomes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest

from ackpy.controllers.tags import TagTemplate
from ackpy.operator.flags import FLAGS, VARIABLES, Raw
from ackpy.operator.options import LateInitialize, RunOptions, parse


def silent(flag: str) -> tuple[str, ...]:
    return (f"--{flag}: it has no effect; the log goes to stderr, from --log-level on",)


ROWS: list[tuple[str, Raw, str, Any]] = [
    ("services", "s3, ecr", "services", ("s3", "ecr")),
    ("reconcile-resources", "Bucket,ecr.Repository", "kinds", {"Bucket", "ecr.Repository"}),
    ("watch-namespace", "team-a, team-b", "namespaces", ("team-a", "team-b")),
    ("watch-selectors", "team=a,env in (dev,test)", "selector", "team=a,env in (dev,test)"),
    ("kubeconfig", "/etc/kubeconfig", "kubeconfig", "/etc/kubeconfig"),
    ("aws-region", "eu-north-1", "reconciler.region", "eu-north-1"),
    ("aws-endpoint-url", "https://aws.example", "aws.endpoint_url", "https://aws.example"),
    ("aws-identity-endpoint-url", "https://sts.example", "aws.identity_endpoint_url", "https://sts.example"),
    ("allow-unsafe-aws-endpoint-urls", "T", "aws.allow_unsafe_endpoints", True),
    ("allowed-endpoint-hosts", "proxy.example, *.inner.example", "reconciler.endpoints.hosts", ("proxy.example", "*.inner.example")),
    ("aws-endpoint-use-path-style", "true", "aws.path_style", True),
    ("http-client-timeout", "1m30s", "aws.timeout", 90.0),
    ("deletion-policy", "retain", "reconciler.deletion_policy", "retain"),
    ("resource-tags", ("a=b,c=d", "e=%K8S_NAMESPACE%"), "reconciler.resource_tags",
     (TagTemplate("a", "b"), TagTemplate("c", "d"), TagTemplate("e", "%K8S_NAMESPACE%"))),
    ("enable-carm", "false", "reconciler.carm", False),
    ("enable-cross-namespace", "0", "reconciler.cross_namespace", False),
    ("late-initialize", "ack", "late_initialize", LateInitialize.ACK),
    ("enable-field-export-reconciler", "False", "field_export", False),
    ("feature-gates", "TeamLevelCARM=true", "reconciler.gates.team_level_carm", True),
    ("reconcile-default-resync-seconds", "60", "reconciler.resync_seconds", 60),
    ("reconcile-resource-resync-seconds", ("Bucket=5", "s3.Bucket=6,Repository=7"), "resync_of",
     {"Bucket": 5, "s3.Bucket": 6, "Repository": 7}),
    ("reconcile-default-max-concurrent-syncs", "3", "reconciler.concurrency", 3),
    ("reconcile-resource-max-concurrent-syncs", ("Bucket=2", "Bucket=4"), "concurrency_of", {"Bucket": 4}),
    ("enable-leader-election", "true", "replicas.elect", True),
    ("leader-election-namespace", "ack-system", "replicas.namespace", "ack-system"),
    ("leader-election-id", "ackpy-storage", "replicas.lease", "ackpy-storage"),
    ("ack-leases", "true", "replicas.ack_leases", True),
    ("metrics-addr", ":9090", "metrics_address", ":9090"),
    ("healthz-addr", "0", "health_address", "0"),
    ("max-watch-silence", "2m", "max_watch_silence", 120.0),
    ("shutdown-grace", "0", "shutdown_grace", 0.0),
    ("log-level", "dpanic", "log_level", "dpanic"),
    ("enable-development-logging", "true", "development_logging", True),
    ("enable-webhook-server", "true", "notices",
     ("--enable-webhook-server: every CRD has one version, so there is nothing to convert and no webhook is served",)),
    ("webhook-server-addr", "0.0.0.0:9444", "notices", ()),
    ("zap-log-level", "2", "log_level", "debug"),
    ("zap-devel", "true", "development_logging", True),
    ("zap-encoder", "console", "development_logging", True),
    ("zap-stacktrace-level", "panic", "notices", silent("zap-stacktrace-level")),
    ("zap-time-encoding", "iso8601", "notices", silent("zap-time-encoding")),
    ("v", "4", "log_level", "debug"),
    ("vmodule", "reflector=6", "notices", silent("vmodule")),
    ("log_backtrace_at", "main.go:10", "notices", silent("log_backtrace_at")),
    ("log_dir", "/tmp", "notices", silent("log_dir")),
    ("log_file", "/tmp/log", "notices", silent("log_file")),
    ("log_file_max_size", "1800", "notices", silent("log_file_max_size")),
    ("logtostderr", "false", "notices", ("--logtostderr=false: it has no effect; the log goes to stderr",)),
    ("alsologtostderr", "true", "notices", silent("alsologtostderr")),
    ("stderrthreshold", "WARNING", "notices", silent("stderrthreshold")),
    ("add_dir_header", "true", "notices", silent("add_dir_header")),
    ("skip_headers", "true", "notices", silent("skip_headers")),
    ("skip_log_headers", "true", "notices", silent("skip_log_headers")),
    ("one_output", "true", "notices", silent("one_output")),
]  # fmt: skip
SYSTEM_NAMESPACES = [
    ({"ACK_SYSTEM_NAMESPACE": "one", "K8S_NAMESPACE": "two"}, "one"),
    ({"ACK_SYSTEM_NAMESPACE": "", "K8S_NAMESPACE": "two"}, "two"),
    ({}, "ack-system"),
]
DEFAULTS = {
    "services": (), "kinds": frozenset(), "namespaces": (), "selector": "", "kubeconfig": "", "field_export": True,
    "aws.endpoint_url": "", "aws.identity_endpoint_url": "", "aws.allow_unsafe_endpoints": False,
    "aws.path_style": False, "aws.timeout": 60.0, "reconciler.deletion_policy": "delete", "reconciler.carm": True,
    "reconciler.cross_namespace": True, "reconciler.resync_seconds": 36_000.0, "reconciler.concurrency": 8,
    "resync_of": {}, "concurrency_of": {}, "replicas.elect": False, "replicas.namespace": "", "replicas.lease": "ackpy",
    "replicas.ack_leases": False, "metrics_address": "127.0.0.1:8080", "health_address": "127.0.0.1:8081",
    "max_watch_silence": 600.0, "shutdown_grace": 20.0, "log_level": "info", "development_logging": False, "notices": (),
}  # fmt: skip


def parsed(environment: dict[str, str] | None = None, /, **raw: Raw) -> RunOptions:
    given = {flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw
    return parse(given, environment or {})


def test_every_flag_has_a_row() -> None:
    assert [name for name, *_ in ROWS] == [flag.name for flag in FLAGS]


@pytest.mark.parametrize(("name", "raw", "setting", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_flag_becomes_its_setting(name: str, raw: Raw, setting: str, expected: object) -> None:
    assert attrgetter(setting)(parsed(**{name.replace("-", "_"): raw})) == expected


@pytest.mark.parametrize(("setting", "expected"), DEFAULTS.items(), ids=lambda value: str(value)[:40])
def test_what_is_not_written_has_its_default(setting: str, expected: object) -> None:
    assert attrgetter(setting)(parsed()) == expected


@pytest.mark.parametrize(("environment", "expected"), SYSTEM_NAMESPACES)
def test_the_system_namespace(environment: dict[str, str], expected: str) -> None:
    assert parsed(environment).reconciler.system_namespace == expected


def test_the_variables_of_the_contract_are_known() -> None:
    names = {flag.variable for flag in FLAGS} | {each.name for each in VARIABLES}
    assert names >= {
        "ACK_SYSTEM_NAMESPACE", "K8S_NAMESPACE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_IDENTITY_ENDPOINT_URL",
        "ACK_WATCH_NAMESPACE", "ACK_WATCH_SELECTORS", "RECONCILE_RESOURCES", "DELETION_POLICY",
        "LEADER_ELECTION_NAMESPACE", "ACK_LOG_LEVEL", "ACK_RESOURCE_TAGS", "RECONCILE_DEFAULT_RESYNC_SECONDS",
        "RECONCILE_DEFAULT_MAX_CONCURRENT_SYNCS", "RECONCILE_RESOURCE_RESYNC_SECONDS",
        "RECONCILE_RESOURCE_MAX_CONCURRENT_SYNCS", "FEATURE_GATES", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE",
    }  # fmt: skip
