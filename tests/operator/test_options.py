"""What `parse` refuses, a row for each value that makes no sense; what depends on where the process runs."""

from __future__ import annotations

import pytest

from ackpy.errors import ConfigError
from ackpy.operator.flags import DEFAULT_TAGS, FLAGS, Raw
from ackpy.operator.options import RunOptions, parse

OUTSIDE: dict[str, str] = {}
INSIDE = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def parsed(environment: dict[str, str] | None = None, /, **raw: Raw) -> RunOptions:
    given = {flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw
    return parse(given, OUTSIDE if environment is None else environment)


def test_the_default_tags_are_those_of_the_contract() -> None:
    tags = parsed().reconciler.resource_tags
    assert [f"{tag.key}={tag.value}" for tag in tags] == DEFAULT_TAGS.split(",")


@pytest.mark.parametrize(
    ("environment", "metrics", "health"),
    [(OUTSIDE, "127.0.0.1:8080", "127.0.0.1:8081"), (INSIDE, "0.0.0.0:8080", "0.0.0.0:8081")],
    ids=["on a laptop: loopback", "in a pod: every address, as ACK"],
)
def test_servers_bind_loopback_unless_in_a_pod(environment: dict[str, str], metrics: str, health: str) -> None:
    options = parsed(environment)
    assert (options.metrics_address, options.health_address) == (metrics, health)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"aws_region": ""}, "no AWS region: give --aws-region"),
        ({"aws_endpoint_url": "http://aws.example"}, "--aws-endpoint-url: 'http://aws.example' is not https"),
        ({"aws_identity_endpoint_url": "http://sts"}, "--aws-identity-endpoint-url: 'http://sts' is not https"),
        ({"allow_unsafe_aws_endpoint_urls": "yes"}, "--allow-unsafe-aws-endpoint-urls: found 'yes', expected true or"),
        ({"enable_carm": ""}, "--enable-carm: found ''"),
        ({"allowed_endpoint_hosts": "https://x"}, "--allowed-endpoint-hosts: 'https://x' is no host"),
        ({"allowed_endpoint_hosts": "*"}, r"--allowed-endpoint-hosts: '\*' is no host"),
        ({"http_client_timeout": "60"}, "--http-client-timeout: found '60', expected a duration such as 60s"),
        ({"deletion_policy": "Delete"}, "--deletion-policy=.Delete.: it must be"),
        ({"resource_tags": ("a=b=c",)}, "--resource-tags: .a=b=c. must be key=value"),
        ({"reconcile_default_resync_seconds": "-1"}, "--reconcile-default-resync-seconds=-1: it must be zero"),
        (
            {"reconcile_default_resync_seconds": "1h"},
            "--reconcile-default-resync-seconds: found '1h', expected a whole",
        ),
        (
            {"reconcile_default_max_concurrent_syncs": "0"},
            "--reconcile-default-max-concurrent-syncs=0: it must be at least 1",
        ),
        ({"reconcile_resource_resync_seconds": ("Bucket",)}, "found 'Bucket', expected KIND=N"),
        ({"reconcile_resource_resync_seconds": ("=5",)}, "--reconcile-resource-resync-seconds: found '=5'"),
        ({"reconcile_resource_resync_seconds": ("Bucket=0",)}, "seconds=Bucket=0: the number must be at least 1"),
        ({"reconcile_resource_max_concurrent_syncs": ("Bucket=two",)}, "syncs=Bucket: found 'two', expected a whole"),
        ({"watch_namespace": "a,,b"}, "--watch-namespace: '' is no namespace name"),
        ({"watch_namespace": "Team"}, "--watch-namespace: 'Team' is no namespace name"),
        ({"watch_namespace": "a,b,a"}, "'a,b,a' names a namespace twice"),
        ({"watch_selectors": "team=a b"}, "--watch-selectors: 'team=a b' is no label selector"),
        ({"feature_gates": "Nothing=true"}, "--feature-gates: there is no feature gate 'Nothing'"),
        ({"feature_gates": "IAMRoleSelector=true"}, "IAMRoleSelector=true: .* add --enable-carm=false"),
        ({"leader_election_namespace": "No"}, "--leader-election-namespace: 'No' is no namespace name"),
        ({"leader_election_id": ""}, "--leader-election-id: '' is no name of a Lease"),
        ({"metrics_addr": "8080"}, "--metrics-addr: address '8080': must be host:port"),
        ({"healthz_addr": "localhost"}, "--healthz-addr: address 'localhost'"),
        ({"webhook_server_addr": "x"}, "--webhook-server-addr: address 'x'"),
        ({"max_watch_silence": "0"}, "--max-watch-silence: it must be more than zero"),
        ({"shutdown_grace": "-1s"}, "--shutdown-grace: found '-1s'"),
        ({"log_level": "loud"}, "--log-level: found 'loud', expected one of debug, info, warn, error, dpanic"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(values: dict[str, Raw], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parsed(**values)


def test_an_empty_deletion_policy_is_acks_default() -> None:
    assert parsed(deletion_policy="").reconciler.deletion_policy == "delete"


def test_a_role_selector_needs_carm_off() -> None:
    assert parsed(feature_gates="IAMRoleSelector=true", enable_carm="false").reconciler.gates.iam_role_selector


def test_an_unsafe_endpoint_is_taken_when_it_is_meant() -> None:
    options = parsed(aws_endpoint_url="http://127.0.0.1:1", allow_unsafe_aws_endpoint_urls="true")
    assert options.aws.endpoint_url == "http://127.0.0.1:1"


def test_the_environment_is_looked_at() -> None:
    with pytest.raises(ConfigError, match="ACK_LOG_LEVL: there is no such setting; did you mean ACK_LOG_LEVEL"):
        parsed({"ACK_LOG_LEVL": "debug"})
