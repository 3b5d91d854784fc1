"""Which unknown variables are refused, and which are none of ours."""

from __future__ import annotations

import pytest

from ackpy.errors import ConfigError
from ackpy.operator.variables import KNOWN, check_variables


def test_every_known_variable_passes() -> None:
    check_variables(dict.fromkeys(KNOWN, "x"))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ACK_LOG_LEVL", "ACK_LOG_LEVEL"),
        ("ACK_WATCH_NAMESPACES", "ACK_WATCH_NAMESPACE"),
        ("RECONCILE_DEFAULT_RESYNC_SECOND", "RECONCILE_DEFAULT_RESYNC_SECONDS"),
        ("ACKPY_SERVICE", "ACKPY_SERVICES"),
    ],
)
def test_a_mistyped_variable_is_refused_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: there is no such setting; did you mean {meant}"):
        check_variables({name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        "ACKPY_SERVICE_HOST",
        "ACKPY_PORT",
        "ACKPY_PORT_8080_TCP",
        "ACKPY_PORT_8080_TCP_ADDR",
        "ACKPY_METRICS_SERVICE_PORT_HTTP",
        "ACK_S3_CONTROLLER_SERVICE_HOST",
        "RECONCILE_RESOURCE_RESYNC_SECONDS_BUCKET",
        "RECONCILE_RESOURCE_MAX_CONCURRENT_SYNCS_BUCKET",
        "ACK_GINKGO_RC",
        "ACKPY_UPDATE_GOLDEN",
        "ACKPY_KILL_SEED",
        "DELETION_POLICIES",
        "PATH",
    ],
)
def test_others_variables_are_left_alone(name: str) -> None:
    check_variables({name: "x"})
    assert name not in KNOWN
