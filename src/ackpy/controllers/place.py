"""Where an object's AWS resource lives, and by which way it is reached: object, namespace and flags in, values out. Pure.

`accounts` joins what stands here with who acts; the pass reads the `Place` that comes of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from ackpy.aws.arn import partition
from ackpy.aws.endpoints import is_aws_host
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.intent import Intent, Stage, made
from ackpy.controllers.options import Endpoints
from ackpy.errors import ConfigError
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Scope

REGION: Final = "services.k8s.aws/region"
DEFAULT_REGION: Final = "services.k8s.aws/default-region"
ENDPOINT_URL: Final = "services.k8s.aws/endpoint-url"
READ_ONLY: Final = "services.k8s.aws/read-only"
ADOPTION_POLICY: Final = "services.k8s.aws/adoption-policy"
ADOPTION_FIELDS: Final = "services.k8s.aws/adoption-fields"
ADOPTED: Final = "services.k8s.aws/adopted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pass acts and as whom; `blocked` is why it may not.

    `role_arn` "" is the controller's own identity, `endpoint_url` "" the endpoint that the flags name, or AWS's. `selected` is what
    ACK.IAMRoleSelected says of the selector that chose the role.
    """

    account: str
    region: str
    partition: str = "aws"
    role_arn: str = ""
    endpoint_url: str = ""
    selected: str = field(default="", compare=False)  # it names the selector's version, which says nothing of the place
    blocked: Blocked | None = None

    def scope(self, obj: Object) -> Scope:
        """The same for the model."""
        return Scope(self.account, self.region, self.partition, objects.annotations_of(obj))


@dataclass(frozen=True, slots=True)
class Held:
    """Where the resource was made, or may have been; "" while nothing was tried."""

    account: str = ""
    region: str = ""

    @classmethod
    def of(cls, descriptor: Descriptor, obj: Object) -> Self:
        """By the status once a create has succeeded, by the create intent while its end is not known."""
        intent = Intent.of(obj)
        if made(descriptor, obj):
            known: Mapping[str, str] = (obj.get("status") or {}).get("ackResourceMetadata") or {}
            return cls(known.get("ownerAccountID", ""), known.get("region", ""))
        if intent is not None and intent.stage is Stage.OPEN:
            return cls(intent.account, intent.region)
        return cls()


def is_read_only(obj: Object) -> bool:
    """Whether the object only shows its AWS resource and never changes it."""
    return objects.annotations_of(obj).get(READ_ONLY, "").lower() == "true"


def region(obj: Object, namespace: Object, flag: str, held: str = "") -> str | Blocked:
    """The region: where the resource is, else the object's annotation, the namespace's default, the flag.

    ACK's documentation names one annotation for the default and its code reads another: both hold, the code's first.
    """
    if held:
        return held
    for holder, name in ((obj, REGION), (namespace, DEFAULT_REGION), (namespace, REGION)):
        if found := objects.annotations_of(holder).get(name, ""):
            return found if _is_region(found) else mistyped(holder, name, "the name of an AWS region")
    return flag


def moved(obj: Object, where: str) -> Blocked | None:
    """Whether the annotation asks for another region than the one where the resource is. A default that changes is not followed."""
    asked = objects.annotations_of(obj).get(REGION, "")
    return Blocked(Code.REGION, {"found": where, "wanted": asked}) if asked and asked != where else None


def endpoint(namespace: Object, allowed: Endpoints) -> str | Blocked:
    """The endpoint that the namespace asks for; "" when it asks for none.

    Requests carry session tokens to it, so that whoever may annotate a namespace must not send them where they like.
    """
    url = objects.annotations_of(namespace).get(ENDPOINT_URL, "")
    if not url:
        return ""
    parts = _parts(url)
    if parts is None:
        return mistyped(namespace, ENDPOINT_URL, "a URL such as https://host:port, without a user and a query")
    facts = {"holder": _named(namespace), "annotation": ENDPOINT_URL, "host": parts.hostname or ""}
    if parts.scheme != "https" and not allowed.unsafe:
        return Blocked(Code.UNSAFE_ENDPOINT, facts)
    return url if _is_allowed(parts, allowed) else Blocked(Code.ENDPOINT, facts)


def mistyped(holder: Object, annotation: str, expected: str) -> Blocked:
    """An annotation whose value has no meaning is refused, not guessed."""
    found = objects.annotations_of(holder).get(annotation, "")
    return Blocked(
        Code.ANNOTATION, {"annotation": annotation, "holder": _named(holder), "found": found, "expected": expected}
    )


def _named(holder: Object) -> str:
    return f"{holder.get('kind') or 'Namespace'} {objects.key_of(holder)}"


def _is_region(text: str) -> bool:
    try:
        return bool(partition(text))
    except ConfigError:
        return False


def _parts(url: str) -> SplitResult | None:
    """The parts of a URL that names a server and nothing else; None for another."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts if named and plain and parts.scheme in {"http", "https"} else None


def _is_allowed(parts: SplitResult, allowed: Endpoints) -> bool:
    """AWS's own hosts, the one of --aws-endpoint-url, those of --allowed-endpoint-hosts; loopback where unsafe ones are allowed."""
    host, default = parts.hostname or "", urlsplit(allowed.default)
    if default.hostname and (default.hostname, default.port) == (host, parts.port):
        return True
    if is_aws_host(host) or any(_covers(pattern, host, parts.port) for pattern in allowed.hosts):
        return True
    return allowed.unsafe and _is_loopback(host)


def _covers(pattern: str, host: str, port: int | None) -> bool:
    """`host`, `host:port` or `*.domain`."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern in {host, f"{host}:{port}"}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
