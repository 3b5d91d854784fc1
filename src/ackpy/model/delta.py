"""Desired against latest: what differs, where, who writes it. Pure: plan and conditions read the result.

Only managed paths are compared. A path whose digest changed is compared in full, one whose digest did not only in the leaves that
the spec sets, at every depth and inside aligned list elements. At each path: `when`, the kind's normal form, `default`, `compare`;
codecs were applied by `response`, both sides are in the CRD's form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ackpy.model import alignment, fieldpath
from ackpy.model.compare import WORDS, canonical, unordered
from ackpy.model.convert import instant, octets
from ackpy.model.definition import UNSET, By, Compare, Effect, LateInit
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor, Json, Member, Node, Rule, Type
from ackpy.model.fieldpath import Each, Entry, FieldPath
from ackpy.model.redact import redact
from ackpy.model.secret import SecretValue

SYSTEM_TAG = "aws:"  # AWS sets these tags, and nobody else can


class Mode(StrEnum):
    """How a top-level spec path is compared."""

    WHOLE = "whole"
    LEAVES = "leaves"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Difference:
    """One concrete path whose desired and latest values differ; the values are redacted. `aspect` writes it.

    `immutable` is True, or the advice, where AWS does not let it change. `cleared`: it left the spec and is to be reset.
    """

    path: str
    desired: Json
    latest: Json
    aspect: str
    effect: Effect = Effect.UNSTATED
    immutable: bool | str = False
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """The differences, in the order of the spec's paths; empty is False."""

    differences: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    @property
    def aspects(self) -> tuple[str, ...]:
        """The aspects that have something to write, each once, in the order of the spec's paths."""
        return tuple(dict.fromkeys(each.aspect for each in self.differences))

    @property
    def immutable(self) -> tuple[Difference, ...]:
        """The differences that AWS does not let be mended."""
        return tuple(each for each in self.differences if each.immutable)

    def at(self, prefix: str) -> Delta:
        """The differences at, below or above a path (a difference of the whole structure is one of its members too)."""
        return Delta(
            tuple(
                each
                for each in self.differences
                if fieldpath.covers(prefix, each.path) or fieldpath.covers(each.path, prefix)
            )
        )

    def of(self, aspect: str) -> Delta:
        """The differences that the aspect writes."""
        return Delta(tuple(each for each in self.differences if each.aspect == aspect))


def delta(
    descriptor: Descriptor,
    desired_spec: Mapping[str, Json],
    latest_spec: Mapping[str, Json],
    modes: Mapping[str, Mode],
    *,
    unobserved: Collection[str] = (),
) -> Delta:
    """The differences at the managed top-level paths (`modes`); a path that the kind no longer has is left alone.

    WHOLE compares both ways, so that a member that left the spec is seen; what it finds equal in full is not written again.
    LEAVES compares what the spec sets. CLEAR is for a path that left the spec: no difference where AWS is at the default already, or
    where the path is late-initialised. `unobserved` are top-level paths that nothing observed tells of: WHOLE and CLEAR report them
    as a difference with `latest` None, LEAVES skips them.
    """
    found: list[Difference] = []
    for name, member in descriptor.spec.members.items():
        mode = modes.get(name)
        if mode is not None:
            comparison = Comparison(descriptor, desired_spec, latest_spec, full=mode is not Mode.LEAVES)
            found += comparison.top(member, mode, observed=name not in unobserved)
    return Delta(tuple(found))


def digest(value: Json, key: bytes = b"") -> str:
    """Sixteen hex digits (8 bytes) of the value's canonical JSON, equal for equal values; nulls count as absent.

    With a `key` (at most 64 bytes, such as the object's uid) nobody without it can guess the value; ValueError for a secret without.
    """
    text = canonical(_revealed(value, keyed=bool(key)))
    return hashlib.blake2b(text.encode(), digest_size=8, key=key).hexdigest()


def _revealed(value: Any, *, keyed: bool) -> Any:
    if isinstance(value, SecretValue):
        if not keyed:
            raise ValueError("the digest of a secret needs a key")
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: _revealed(each, keyed=keyed) for name, each in value.items() if each is not None}
    return [_revealed(each, keyed=keyed) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a comparison is: the concrete path, the definition path, the type, and whether it or a parent is immutable."""

    path: FieldPath
    definition: str
    node: Node
    immutable: bool | str = False

    def member(self, member: Member) -> Spot:
        """The spot of a property."""
        separator = "" if self.definition.endswith("..") or not self.definition else "."
        return Spot(
            self.path / member.name,
            f"{self.definition}{separator}{member.name}",
            member.node,
            member.immutable or self.immutable,
        )

    def element(self, hop: fieldpath.Segment) -> Spot:
        """The spot of an element."""
        if self.node.element is None:
            raise TypeError(f"{self.path}: a {self.node.type} has no elements")
        return Spot(self.path / hop, f"{self.definition}..", self.node.element, self.immutable)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a desired with a latest spec; `full` looks both ways, else only at what the desired sets."""

    descriptor: Descriptor
    desired: Mapping[str, Json]
    latest: Mapping[str, Json]
    full: bool = False

    def top(self, member: Member, mode: Mode, *, observed: bool) -> Iterator[Difference]:
        """The differences of one top-level path."""
        spot = Spot(FieldPath(), "", self.descriptor.spec).member(member)
        if not self.descriptor.applies(member.name, self.desired, self.latest):
            return
        desired, latest = self.desired.get(member.name), self.latest.get(member.name) if observed else None
        if mode is Mode.CLEAR:
            rule = self._rule(spot)
            kept = rule.late_init is LateInit.ALWAYS or self._outside(spot, rule)
            if not kept and not (observed and self._at_default(spot, latest)):
                yield self._difference(spot, None, latest, cleared=True)
        elif observed:
            yield from self.differences(spot, desired, latest)
        elif mode is Mode.WHOLE and not self._outside(spot, self._rule(spot)):
            yield self._difference(spot, desired, None)

    def differences(self, spot: Spot, desired: Json, latest: Json) -> Iterator[Difference]:
        """The differences at one spot and below."""
        rule = self._rule(spot)
        if (desired is None and not self.full) or self._outside(spot, rule):
            return
        if desired is not None:
            desired = self.descriptor.hooks.normal(spot.definition, desired, latest)
        latest = _defaulted(rule, latest)
        desired = _defaulted(rule, desired) if self.full else desired
        if _unseen(spot, rule):
            if desired is not None:
                yield self._difference(spot, desired, None)
        elif desired is None:
            if not _empty(self._without_system_tags(spot, latest)):
                yield self._difference(spot, None, latest)
        else:
            yield from self._by_word(spot, rule, desired, latest)

    def _rule(self, spot: Spot) -> Rule:
        return self.descriptor.rules.get(spot.definition) or Rule(spot.definition)

    def _outside(self, spot: Spot, rule: Rule) -> bool:
        """What is not compared: ignored, not applicable, not AWS's (a reference), or not observable and not edited."""
        return (
            rule.ignore
            or rule.compare is Compare.IGNORE
            or spot.node.type is Type.REFERENCE
            or (_unseen(spot, rule) and not self.full)
            or (rule.when is not None and not rule.when.holds(self.desired, self.latest))
        )

    def _by_word(self, spot: Spot, rule: Rule, desired: Json, latest: Json) -> Iterator[Difference]:
        """The differences by the rule's word of comparison, else by the type."""
        key = self._key(spot, rule) if spot.node.type is Type.LIST else ""
        if isinstance(rule.compare, Compare):
            if not WORDS[rule.compare](desired, latest):
                yield self._difference(spot, desired, latest)
        elif key:
            yield from self._aligned(spot, key, desired, latest or [])
        elif spot.node.type is Type.STRUCTURE:
            yield from self._structure(spot, desired, latest)
        elif spot.node.marker:
            if latest is None:
                yield self._difference(spot, desired, None)
        elif spot.node.type is Type.MAP:
            yield from self._map(spot, desired, latest or {})
        elif spot.node.type is Type.LIST:
            yield from self._list(spot, desired, latest or [])
        elif not _same_scalar(spot, desired, latest):
            yield self._difference(spot, desired, latest)

    def _key(self, spot: Spot, rule: Rule) -> str:
        """The property by which a list's elements are told apart; "" for none."""
        if isinstance(rule.compare, By):
            return rule.compare.key
        tags = self.descriptor.tags
        if tags is not None and tags.path == spot.definition:
            return tags.key
        members = (each for each in self.descriptor.aspects if each.kind is AspectKind.MEMBERS)
        return next((each.key for each in members if each.path == spot.definition), "")

    def _structure(self, spot: Spot, desired: Json, latest: Json) -> Iterator[Difference]:
        """By member; where nothing is observed, one difference of the whole."""
        found = [
            difference
            for member in spot.node.members.values()
            for difference in self.differences(
                spot.member(member), desired.get(member.name), (latest or {}).get(member.name)
            )
        ]
        if latest is not None:
            yield from found
        elif found or not desired:
            yield self._difference(spot, desired, None)

    def _map(self, spot: Spot, desired: Json, latest: Json) -> Iterator[Difference]:
        """By key; a key that only AWS has is a difference, since a map is the user's as a whole."""
        for key, value in desired.items():
            yield from self._element(spot.element(Entry(key)), value, latest.get(key))
        for key in latest.keys() - desired.keys():
            if not self._is_system_tag(spot, key):
                yield self._difference(spot.element(Entry(key)), None, latest[key])

    def _element(self, spot: Spot, desired: Json, latest: Json) -> Iterator[Difference]:
        """An element that AWS lacks is a difference of the whole element."""
        if latest is None and desired is not None:
            yield self._difference(spot, desired, None)
        else:
            yield from self.differences(spot, desired, latest)

    def _list(self, spot: Spot, desired: Json, latest: Json) -> Iterator[Difference]:
        """Lists of plain values whatever their order, other lists by position; another length is one difference of the whole."""
        if spot.node.element is not None and spot.node.element.type in _COMPOUND:
            if len(desired) != len(latest):
                yield self._difference(spot, desired, latest)
                return
            for position, pair in enumerate(zip(desired, latest, strict=True)):
                yield from self.differences(spot.element(fieldpath.Index(position)), *pair)
        elif not self._same_values(spot, desired, latest):
            yield self._difference(spot, desired, latest)

    def _same_values(self, spot: Spot, desired: list[Json], latest: list[Json]) -> bool:
        """By the element's own word of comparison where it has one."""
        word = self._rule(spot.element(Each())).compare
        if not isinstance(word, Compare):
            return unordered(desired, latest)
        return alignment.same_elements(desired, latest, WORDS[word])

    def _aligned(self, spot: Spot, key: str, desired: list[Json], latest: list[Json]) -> Iterator[Difference]:
        """By key property, whatever the order; an element without a key by its likeness, else its position."""
        for pair in alignment.align(key, desired, latest, lambda one, other: self._alike(spot, one, other)):
            if pair.desired is not None:
                yield from self._element(spot.element(pair.hop), pair.desired, pair.latest)
            elif not self._is_system_tag(spot, pair.latest.get(key)):
                yield self._difference(spot.element(pair.hop), None, pair.latest)

    def _alike(self, spot: Spot, desired: Json, latest: Json) -> bool:
        leaves = Comparison(self.descriptor, self.desired, self.latest)
        return not any(leaves.differences(spot.element(Each()), desired, latest))

    def _without_system_tags(self, spot: Spot, latest: Json) -> Json:
        tags = self.descriptor.tags
        if tags is None or tags.path != spot.definition or not latest:
            return latest
        keys = latest if isinstance(latest, Mapping) else (tag.get(tags.key) for tag in latest)
        return [key for key in keys if not self._is_system_tag(spot, key)]

    def _is_system_tag(self, spot: Spot, key: Any) -> bool:
        tags = self.descriptor.tags
        return tags is not None and tags.path == spot.definition and str(key).startswith(SYSTEM_TAG)

    def _at_default(self, spot: Spot, latest: Json) -> bool:
        """Whether what is observed is what a reset would leave."""
        rule = self._rule(spot)
        aim = rule.default if rule.default is not UNSET else rule.clear
        full = Comparison(self.descriptor, self.desired, self.latest, full=True)
        if aim is not UNSET and not _empty(aim):
            return not any(full.differences(spot, aim, latest))
        nested = spot.node.type is Type.STRUCTURE and latest and not any(full.differences(spot, {}, latest))
        return _empty(latest) or bool(nested)

    def _difference(self, spot: Spot, desired: Json, latest: Json, *, cleared: bool = False) -> Difference:
        aspect = owner(self.descriptor, spot.path)
        return Difference(
            path=str(spot.path),
            desired=redact(self.descriptor, desired, spot.path),
            latest=redact(self.descriptor, latest, spot.path),
            aspect=aspect.name,
            effect=self._effect(spot, aspect),
            immutable=self._immutable(spot),
            cleared=cleared,
        )

    def _immutable(self, spot: Spot) -> bool | str:
        rules = (self.descriptor.rules.get(str(path)) for path in spot.path.definition().upwards())
        return next((rule.immutable for rule in rules if rule and rule.immutable), spot.immutable)

    def _effect(self, spot: Spot, aspect: Aspect) -> Effect:
        """The effect that stands nearest: at the path, at a parent, at the group that writes it."""
        rules = (self.descriptor.rules.get(str(path)) for path in spot.path.definition().upwards())
        stated = (rule.effect for rule in rules if rule and rule.effect is not Effect.UNSTATED)
        groups = (each.effect for each in self.descriptor.definition.groups if each.operation == aspect.name)
        return next(stated, next(groups, Effect.UNSTATED))


_COMPOUND = (Type.STRUCTURE, Type.LIST, Type.MAP)


def owner(descriptor: Descriptor, path: FieldPath) -> Aspect:
    """The aspect that writes a concrete path: that of the longest owned path above it, else one that owns a part of it, else the core."""
    owned = [(fieldpath.parse(each), aspect) for aspect in descriptor.aspects for each in aspect.paths]
    above = [(len(each.segments), aspect) for each, aspect in owned if fieldpath.covers(each, path)]
    if above:
        return max(above, key=lambda each: each[0])[1]
    parts = (aspect for each, aspect in owned if fieldpath.covers(path, each))
    return next(parts, descriptor.aspects[0])


def _unseen(spot: Spot, rule: Rule) -> bool:
    """What AWS never shows: the write-only, secrets, and lists and maps of secrets."""
    element = spot.node.element
    secrets = spot.node.type is Type.SECRET or (element is not None and element.type is Type.SECRET)
    return rule.write_only or secrets


def _defaulted(rule: Rule, value: Json) -> Json:
    """The value with the stated default for what is absent in it."""
    if rule.default is UNSET or rule.default is None:
        return value
    if isinstance(value, Mapping) and isinstance(rule.default, Mapping):
        return {**rule.default, **value}
    return rule.default if value is None else value


def _empty(value: Json) -> bool:
    return value is None or value in ("", [], {})


def _same_scalar(spot: Spot, desired: Json, latest: Json) -> bool:
    """Times and blobs by what their texts mean; "" says the same as absence in an ARN."""
    if isinstance(desired, str) and desired == latest:
        return True
    if desired == "" and str(spot.path).lower().endswith("arn"):
        return latest in (None, "")
    meaning = _MEANINGS.get(spot.node.type)
    if meaning is not None and isinstance(desired, str) and isinstance(latest, str):
        try:
            return bool(meaning(desired) == meaning(latest))
        except ValueError:
            return desired == latest
    return canonical(desired) == canonical(latest)


_MEANINGS: Mapping[Type, Callable[[str], object]] = {Type.TIMESTAMP: instant, Type.BLOB: octets}
