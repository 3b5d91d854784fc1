"""Secrets on their way from a Kubernetes Secret to AWS: the wrapper that hides them, and where a spec refers to them.

The reconciler asks `references` which Secrets a spec names, reads them, and hands `resolve`'s result to `request` and `delta`. A
request holds the wrapper until `Call.plain` is taken, so that a plan, a ledger or a log line made from it shows nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ackpy.model import fieldpath
from ackpy.model.descriptor import Descriptor, Json, Node, Type
from ackpy.model.fieldpath import Entry, FieldPath, Index

HIDDEN: Final = "***"


class SecretValue:
    """A secret string. `reveal` is the only way to it; text, repr and pickle give nothing away."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The secret itself, for the request that AWS gets and for digests."""
        return self.__value

    def __repr__(self) -> str:
        return f"SecretValue({HIDDEN})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretValue) and hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        return hash((SecretValue, self.__value))

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not pickled")


def references(descriptor: Descriptor, spec: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Each secret that the spec refers to: its concrete path and the reference {name, key, namespace?}."""
    for path, value in _walk(descriptor.spec, spec, FieldPath()):
        if isinstance(value, Mapping):
            yield str(path), value


def resolve(spec: Mapping[str, Json], secrets: Mapping[str, str]) -> dict[str, Json]:
    """The spec with a `SecretValue` in place of each reference, `secrets` being concrete path -> content of the Secret's key."""
    resolved = dict(spec)
    for path, content in secrets.items():
        resolved = fieldpath.assign(resolved, path, SecretValue(content))
    return resolved


def _walk(node: Node, value: Any, at: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if node.type is Type.SECRET:
        yield at, value
    elif node.type is Type.STRUCTURE and isinstance(value, Mapping):
        for name, member in node.members.items():
            if value.get(name) is not None:
                yield from _walk(member.node, value[name], at / name)
    elif node.element is not None:
        for hop, element in _elements(value):
            yield from _walk(node.element, element, at / hop)


def _elements(value: Any) -> Iterator[tuple[Index | Entry, Any]]:
    if isinstance(value, Mapping):
        yield from ((Entry(key), element) for key, element in value.items())
    elif isinstance(value, list):
        yield from ((Index(position), element) for position, element in enumerate(value))
