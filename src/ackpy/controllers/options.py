"""What one run of the AWS reconcilers is told from outside: flags and chart values in, one frozen value out, checked.

The composition root makes it; `controller` and the pass read it. The meanings are ACK's (runtime contract, section 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ackpy.controllers.tags import TagTemplate, parse_templates
from ackpy.errors import ConfigError


class DeletionPolicy(StrEnum):
    """What happens to the AWS resource when its object is deleted."""

    DELETE = "delete"
    RETAIN = "retain"


DEFAULT_RESYNC_SECONDS: Final = 36_000.0
DEFAULT_TAGS: Final = parse_templates(
    (
        "services.k8s.aws/controller-version=%CONTROLLER_SERVICE%-%CONTROLLER_VERSION%",
        "services.k8s.aws/namespace=%K8S_NAMESPACE%",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Which features are on: ACK's feature gates (runtime contract, section 17) and their defaults; flags set them."""

    ignore_field_drift: bool = False
    resource_adoption: bool = True
    read_only_resources: bool = True
    team_level_carm: bool = False
    service_level_carm: bool = False
    iam_role_selector: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Which AWS endpoints a namespace may name: AWS's own, `default` (--aws-endpoint-url), and `hosts` (--allowed-endpoint-hosts).

    A host is `host`, `host:port` or `*.domain`. `unsafe` lets plain http and loopback be named too.
    """

    default: str = ""
    hosts: tuple[str, ...] = ()
    unsafe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilerOptions:
    """How objects are reconciled.

    `region` is where an object goes that names none; `resync_seconds` is between two passes over an object at rest; `concurrency` the
    passes of one kind that run at once; `resource_tags` go to every AWS resource beside the user's. `verify` looks once more at
    what was created, `verify_seconds` later, for AWS and its emulators drop some parameters silently. For `settle_seconds` after a
    create, AWS's word that there is no resource is doubted, for its reads may lag behind. `terminal_retry_seconds`
    is between two tries of what AWS refused until somebody edits it, for quotas and missing roles get mended in AWS too.
    `system_namespace` is the controller's own, where its ConfigMaps are; `carm` lets namespaces name the account that owns their
    resources, `cross_namespace` references lead to other namespaces; `endpoints` are those that namespaces may name.
    ConfigError: a value has no meaning.
    """

    region: str
    controller_version: str = "unknown"
    resync_seconds: float = DEFAULT_RESYNC_SECONDS
    concurrency: int = 1
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    resource_tags: tuple[TagTemplate, ...] = DEFAULT_TAGS
    verify: bool = True
    verify_seconds: float = 1.0
    settle_seconds: float = 15.0
    terminal_retry_seconds: float = 600.0
    gates: Gates = Gates()
    system_namespace: str = "ack-system"
    carm: bool = True
    cross_namespace: bool = True
    endpoints: Endpoints = Endpoints()

    def __post_init__(self) -> None:
        if not self.region:
            raise ConfigError("no AWS region: give --aws-region or set AWS_REGION")
        for flag, value, least in (
            ("--reconcile-default-resync-seconds", self.resync_seconds, 1),
            ("--reconcile-default-max-concurrent-syncs", self.concurrency, 1),
        ):
            if value < least:
                raise ConfigError(f"{flag}={value:g}: it must be at least {least}")


def resync_seconds(flag: float) -> float:
    """The resync period that --reconcile-default-resync-seconds asks for: 0 stands for ten hours. ConfigError when negative."""
    if flag < 0:
        raise ConfigError(f"--reconcile-default-resync-seconds={flag:g}: it must be zero (ten hours) or more")
    return flag or DEFAULT_RESYNC_SECONDS


def deletion_policy(flag: str) -> DeletionPolicy:
    """The policy that --deletion-policy asks for; empty is delete. ConfigError for any other text."""
    try:
        return DeletionPolicy(flag or DeletionPolicy.DELETE)
    except ValueError:
        raise ConfigError(f'--deletion-policy="{flag}": it must be "delete" or "retain"') from None
