"""Flag values -> RunOptions: the defaults of the contract, and one row for each value that makes no sense."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest

from ackpy.errors import ConfigError
from ackpy.operator.options import DEFAULT_TAGS, FLAGS, RunOptions, parse
from ackpy.operator.syntax import split

OUTSIDE: dict[str, str] = {}
INSIDE = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def parsed(environment: dict[str, str] | None = None, **values: Any) -> RunOptions:
    given = {flag.field: flag.default for flag in FLAGS} | {"aws_region": "eu-west-1"} | values
    return parse(given, OUTSIDE if environment is None else environment)


def test_the_defaults_are_those_of_the_contract() -> None:
    options = parsed()
    assert options.reconciler.resync_seconds == 36_000
    assert options.reconciler.deletion_policy == "delete"
    assert [f"{tag.key}={tag.value}" for tag in options.reconciler.resource_tags] == DEFAULT_TAGS.split(",")
    assert options.reconciler.concurrency == 8
    assert options.services == ()
    assert options.namespaces == ()


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
        ({"deletion_policy": "Delete"}, "--deletion-policy=.Delete.: it must be"),
        ({"reconcile_default_resync_seconds": -1}, "--reconcile-default-resync-seconds=-1: it must be zero"),
        (
            {"reconcile_default_max_concurrent_syncs": 0},
            "--reconcile-default-max-concurrent-syncs=0: it must be at least 1",
        ),
        ({"resource_tags": "a=b=c"}, "--resource-tags: .a=b=c. must be key=value"),
        ({"watch_namespace": "a,,b"}, "--watch-namespace: '' is no namespace name"),
        ({"watch_namespace": "Team"}, "--watch-namespace: 'Team' is no namespace name"),
        ({"watch_namespace": "a,b,a"}, "names a namespace twice"),
        ({"log_level": "loud"}, "--log-level: found 'loud'"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parsed(**values)


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"deletion_policy": ""}, "reconciler.deletion_policy", "delete"),
        ({"deletion_policy": "retain"}, "reconciler.deletion_policy", "retain"),
        ({"reconcile_default_resync_seconds": 60}, "reconciler.resync_seconds", 60),
        ({"watch_namespace": "team-a, team-b"}, "namespaces", ("team-a", "team-b")),
        ({"aws_endpoint_url": "https://aws.example"}, "endpoint_url", "https://aws.example"),
        ({"feature_gates": "TeamLevelCARM=true"}, "reconciler.gates.team_level_carm", True),
        ({"metrics_addr": "0"}, "metrics_address", "0"),
        ({"services": "s3, ecr"}, "services", ("s3", "ecr")),
    ],
)
def test_a_value_is_taken(values: dict[str, Any], field: str, expected: object) -> None:
    assert attrgetter(field)(parsed(**values)) == expected


def test_an_unsafe_endpoint_is_taken_when_it_is_meant() -> None:
    options = parsed(aws_endpoint_url="http://127.0.0.1:1", allow_unsafe_aws_endpoint_urls=True)
    assert options.endpoint_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "parts"), [("", ()), (" ", ()), ("a", ("a",)), ("a, b", ("a", "b")), ("a,", ("a", ""))]
)
def test_split(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts
