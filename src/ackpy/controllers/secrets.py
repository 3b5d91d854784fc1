"""Secrets that a spec refers to, read when a pass needs them: a spec -> the contents, in wrappers that show nothing.

Nothing is kept of a Secret but a mark of the content a pass has written: a digest keyed by the Secret's uid, which nobody knows who
may not read the Secret, so that the mark gives no way to guess the content.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.references import RETRY_SECONDS, crossing
from ackpy.controllers.resolution import Resolution, Secret
from ackpy.controllers.world import Cluster
from ackpy.errors import Forbidden
from ackpy.kube.objects import Object, ObjectKey, key_of, uid_of
from ackpy.model import secret
from ackpy.model.delta import digest
from ackpy.model.descriptor import Descriptor
from ackpy.model.secret import SecretValue

NOT_FOUND: Final = "kubernetes secret not found"
NOT_OPAQUE: Final = "only opaque secrets can be used"
_OPAQUE: Final = frozenset({"", "Opaque"})


def named(descriptor: Descriptor, obj: Object) -> Iterator[tuple[str, Mapping[str, Any], ObjectKey]]:
    """Every secret that an object refers to: its concrete path, the reference, and which Secret that is."""
    for path, reference in secret.references(descriptor, obj.get("spec") or {}):
        namespace = reference.get("namespace") or key_of(obj).namespace
        yield path, reference, ObjectKey(str(namespace), str(reference.get("name") or ""))


async def resolve(descriptor: Descriptor, obj: Object, cluster: Cluster, *, crosses: bool) -> Resolution:
    """The secrets of a spec, up to the first that fails. `crosses` lets them be of other namespaces. Raises KubeError."""
    found: dict[str, Secret] = {}
    crossings: list[str] = []
    read: dict[ObjectKey, Object | None] = {}
    for path, reference, key in named(descriptor, obj):
        home = key_of(obj).namespace
        if key.namespace != home:
            if not crosses:
                return Resolution(blocked=_denied(path, key, home))
            crossings.append(crossing("secret reference", path, home, key.namespace))
        if key not in read:
            try:
                read[key] = await cluster.secret(key) if key.name else None
            except Forbidden:
                return Resolution(
                    blocked=_block(NOT_FOUND, f"the controller may not read Secret {key}: extend its role", key)
                )
        content = _content(read[key], path, reference, key)
        if isinstance(content, Blocked):
            return Resolution(crossings=tuple(crossings), blocked=content)
        found[path] = content
    return Resolution(secrets=found, crossings=tuple(crossings))


def _content(obj: Object | None, path: str, reference: Mapping[str, Any], key: ObjectKey) -> Secret | Blocked:
    if obj is None:
        return _block(NOT_FOUND, f"spec.{path} names Secret {key}: create it", key)
    if obj.get("type", "") not in _OPAQUE:
        return _block(NOT_OPAQUE, f"spec.{path} names Secret {key}, which is of type {obj['type']}", key)
    encoded = (obj.get("data") or {}).get(reference.get("key"))
    if encoded is None:
        return _block(NOT_FOUND, f"spec.{path} names the key {reference.get('key')} of Secret {key}: add it", key)
    try:
        value = SecretValue(base64.b64decode(encoded, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return _block(NOT_FOUND, f"the key {reference.get('key')} of Secret {key} holds no UTF-8 text", key)
    return Secret(reference, value, digest(value, key=uid_of(obj).encode()[:64] or b"-"))


def _block(why: str, advice: str, key: ObjectKey) -> Blocked:
    return Blocked(Code.SECRET, {"why": why, "advice": advice}, RETRY_SECONDS, (key,))


def _denied(path: str, key: ObjectKey, home: str) -> Blocked:
    why = f"cross-namespace secret reference is not allowed: {path} names {key}, the resource is in namespace {home}"
    return Blocked(
        Code.REFUSED,
        {"why": f"{why}; name a Secret of the same namespace, or let the controller run with --enable-cross-namespace"},
    )
