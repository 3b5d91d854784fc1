"""What the references and secrets of a spec stand for: found by `references` and `secrets`, laid over the spec by `run`.

It lives for one pass. Neither values nor secrets are ever written to the object: what is written is the spec as `restored` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ackpy.controllers.blocked import Blocked
from ackpy.controllers.conditions import Advisory
from ackpy.model import fieldpath
from ackpy.model.secret import SecretValue

CROSSING: Final = "CrossNamespaceOptInRequired"


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of a spec: the reference as the user wrote it, its content, and a mark that changes when the content does."""

    reference: Mapping[str, Any]
    value: SecretValue
    mark: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """Concrete spec path -> value, of references and of secrets.

    `refers`: the spec names other objects. `crossings` are sentences on references that leave the namespace. `blocked` is what could
    not be resolved; `waiting` says that it is only not known yet.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    refers: bool = False
    crossings: tuple[str, ...] = ()
    blocked: Blocked | None = None
    waiting: bool = False

    @property
    def advisories(self) -> tuple[Advisory, ...]:
        """What users are to know of references that leave the namespace."""
        return (Advisory(CROSSING, " ".join(self.crossings)),) if self.crossings else ()

    @property
    def fills(self) -> bool:
        """Whether a spec is another one with it."""
        return bool(self.values or self.secrets)

    def filled(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The spec for AWS: with the values, and with the secrets in wrappers."""
        return _laid(self._valued(spec), {path: each.value for path, each in self.secrets.items()})

    def marked(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The spec for digests: with the values, and with marks for secrets."""
        return _laid(self._valued(spec), {path: each.mark for path, each in self.secrets.items()})

    def restored(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """The user's spec again, out of a filled one."""
        for path in self.values:
            spec = fieldpath.remove(spec, path)
        return _laid(spec, {path: each.reference for path, each in self.secrets.items()})

    def _valued(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        return _laid(spec, self.values)


UNRESOLVED: Final = Resolution()
"""Nothing stands for anything: of a spec that has not been looked at."""


def joined(parts: Sequence[Resolution]) -> Resolution:
    """Several as one; the first that is blocked or waits speaks for all."""
    stuck = next((part for part in parts if part.blocked or part.waiting), Resolution())
    return Resolution(
        {path: value for part in parts for path, value in part.values.items()},
        {path: secret for part in parts for path, secret in part.secrets.items()},
        any(part.refers for part in parts),
        tuple(text for part in parts for text in part.crossings),
        stuck.blocked,
        stuck.waiting,
    )


def _laid(spec: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    for path, value in values.items():
        spec = fieldpath.assign(spec, path, value)
    return spec
