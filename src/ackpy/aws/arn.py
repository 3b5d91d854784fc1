"""ARNs as values, and templates that work both ways: they predict an ARN or URL from a kind's identity, and read the identity back.

Called by the reconciler (identity, adoption, references) and by session (the account of a role).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Self

from botocore.loaders import Loader

from ackpy.errors import ConfigError, DefinitionError

_ARN: Final = re.compile(
    r"arn:(?P<partition>[^:]+):(?P<service>[^:]+):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.+)", re.DOTALL
)
_HOLE: Final = re.compile(r"\{(\+?)(\w+)\}")
_MAY_BE_EMPTY: Final = frozenset({"region", "account"})


@dataclass(frozen=True, slots=True)
class Arn:
    """arn:partition:service:region:account:resource; `region` and `account` are empty where the thing is global (S3 buckets: both)."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The parts of an ARN; ValueError when it is none."""
        found = _ARN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no ARN: it has the form arn:partition:service:region:account:resource")
        return cls(**found.groupdict())

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@dataclass(frozen=True, slots=True)
class Partition:
    """A closed set of regions: `name` stands in ARNs ("aws", "aws-cn"), `dns_suffix` in host names and URLs."""

    name: str
    dns_suffix: str


def partition(region: str) -> Partition:
    """The partition of a region, by botocore's list and AWS's patterns for new regions; ConfigError where none fits."""
    for found in _partitions():
        if region in found["regions"] or re.match(found["regionRegex"], region):
            return Partition(found["id"], found["outputs"]["dnsSuffix"])
    raise ConfigError(f"region {region!r} is in no AWS partition; give a region's name such as eu-central-1")


@cache
def suffixes() -> frozenset[str]:
    """The domains of AWS's endpoints, of all partitions: "amazonaws.com", "api.aws", "amazonaws.com.cn"."""
    outputs = [found["outputs"] for found in _partitions()]
    return frozenset(each[name] for each in outputs for name in ("dnsSuffix", "dualStackDnsSuffix"))


@cache
def _partitions() -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = Loader().load_data("partitions")["partitions"]
    return partitions


@dataclass(frozen=True)
class Template:
    """An ARN or URL with holes: "arn:{partition}:s3:::{name}".

    A hole's value holds neither ":" nor "/"; one written {+name} may hold "/" (an ECR repository's name). {region} and {account}
    may be empty. A hole that comes twice stands for the same value. DefinitionError where the braces are no holes.
    """

    text: str

    def __post_init__(self) -> None:
        rest = _HOLE.sub("", self.text)
        if "{" in rest or "}" in rest:
            raise DefinitionError(
                f"template {self.text!r}: a hole is {{name}} or {{+name}}, with letters, digits and _"
            )

    @property
    def names(self) -> frozenset[str]:
        """The names of the holes."""
        return frozenset(hole[2] for hole in _HOLE.finditer(self.text))

    def format(self, values: Mapping[str, str]) -> str:
        """The text with all holes filled; ValueError names a hole whose value is missing or could not be read back."""
        text = _HOLE.sub(lambda hole: values.get(hole[2], ""), self.text)
        if self._pattern.fullmatch(text) is None:
            raise ValueError(f"template {self.text!r} cannot be filled: {self._complaint(values)}")
        return text

    def parse(self, text: str) -> dict[str, str] | None:
        """The values of the holes, or None where the text does not have the template's form."""
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts: list[str] = []
        seen: set[str] = set()
        end = 0
        for hole in _HOLE.finditer(self.text):
            parts.append(re.escape(self.text[end : hole.start()]))
            parts.append(f"(?P={hole[2]})" if hole[2] in seen else f"(?P<{hole[2]}>{_allowed(hole)})")
            seen.add(hole[2])
            end = hole.end()
        return re.compile("".join([*parts, re.escape(self.text[end:])]), re.DOTALL)

    def _complaint(self, values: Mapping[str, str]) -> str:
        holes = {hole[2]: hole for hole in _HOLE.finditer(self.text)}
        for name, hole in holes.items():
            if re.fullmatch(_allowed(hole), values.get(name, ""), re.DOTALL) is None:
                return f"{name} is missing" if not values.get(name) else f"{name} {values[name]!r} holds ':' or '/'"
        return "it could not be read back"


def _allowed(hole: re.Match[str]) -> str:
    characters = "[^:]" if hole[1] else "[^:/]"
    return characters + ("*" if hole[2] in _MAY_BE_EMPTY else "+")
