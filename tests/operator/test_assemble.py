"""Checked settings reach the parts that they are for."""

from __future__ import annotations

import pytest

from ackpy.operator import assemble
from ackpy.operator.flags import FLAGS, Raw
from ackpy.operator.options import RunOptions, parse
from ackpy.runtime.leader import Election


def parsed(**raw: Raw) -> RunOptions:
    return parse({flag.field: flag.raw_default for flag in FLAGS} | {"aws_region": "eu-west-1"} | raw, {})


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        ({"aws_endpoint_url": "https://aws.example"}, "endpoint_url", "https://aws.example"),
        ({"aws_identity_endpoint_url": "https://sts.example"}, "identity_endpoint_url", "https://sts.example"),
        ({"allow_unsafe_aws_endpoint_urls": "true"}, "allow_unsafe_endpoints", True),
        ({"aws_endpoint_use_path_style": "true"}, "path_style", True),
        ({"http_client_timeout": "5s"}, "timeout", 5.0),
        ({"http_client_timeout": "0"}, "timeout", 0.0),
    ],
)
def test_the_aws_client_is_told(raw: dict[str, Raw], name: str, expected: object) -> None:
    assert getattr(assemble._session_options(parsed(**raw).aws), name) == expected


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        ({"watch_namespace": "a,b"}, "namespaces", ("a", "b")),
        ({"watch_selectors": "team=a"}, "selector", "team=a"),
        ({"metrics_addr": ":1"}, "metrics_address", ":1"),
        ({"healthz_addr": "0"}, "health_address", "0"),
        ({"max_watch_silence": "90s"}, "max_watch_silence", 90.0),
        ({"shutdown_grace": "5s"}, "shutdown_grace", 5.0),
    ],
)
def test_the_manager_is_told(raw: dict[str, Raw], name: str, expected: object) -> None:
    election = Election("ns", "ackpy")
    options = assemble._manager_options(parsed(**raw), election)
    assert getattr(options, name) == expected
    assert options.election is election
