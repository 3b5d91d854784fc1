"""What a pass will do, as a value before it is done: the ordered AWS writes, the differences behind each, and why.

A pure function of descriptor, desired, latest and modes: no client, clock or uid inside. `apply` alone carries a plan out; it can also
be printed, compared in tests, refused, and kept redacted in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any, Final

from ackpy.controllers.blocked import Blocked
from ackpy.controllers.observe import Observation, tops
from ackpy.controllers.refusals import immutable, refusal, unwritable
from ackpy.controllers.state import gate
from ackpy.kube.objects import apply_merge_patch
from ackpy.model import fieldpath, request
from ackpy.model.delta import Delta, Difference, Mode, delta
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor
from ackpy.model.redact import redact
from ackpy.model.request import Call, Scope, View


class Cause(StrEnum):
    """Why a write is made."""

    EDIT = "edit"
    """The spec says something new."""
    CLEAR = "clear"
    """A path left the spec."""
    DRIFT = "drift"
    """AWS differs from what was in step before."""
    OWNERSHIP = "ownership"
    """AWS differs from the spec of an object of which nothing is remembered."""
    REPAIR = "repair"
    """AWS has not kept what a create said, or it is not known whether it got it."""
    ADOPT = "adopt"
    """AWS differs from the spec of an object that has just been adopted."""


class Stage(IntEnum):
    """The order of the writes of a pass; within the last stage `after` decides."""

    CREATE = 0
    CLEAR = 1
    TAGS = 2
    UPDATE = 3
    REST = 4


@dataclass(frozen=True, slots=True)
class Write:
    """One AWS write. Those of one aspect follow one another; `after` names aspects that must have been written before.

    `done` are codes that mean it was so already. `certain` is False where AWS's answer to an earlier write decides.
    """

    call: Call
    aspect: str
    stage: Stage
    differences: tuple[Difference, ...]
    cause: Cause
    certain: bool = True
    after: tuple[str, ...] = ()
    done: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """AWS's name of the operation."""
        return self.call.operation

    @property
    def paths(self) -> frozenset[str]:
        """The top-level spec paths that it concerns."""
        return frozenset(fieldpath.of(difference.path).top for difference in self.differences)


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes of a pass. `blocked`: nothing is written, for that reason. `waiting`: differences for which it is too early.

    `more` says that writes follow that this plan cannot hold yet, because one of its writes has to take effect or be answered first.
    `unreset` are paths that were taken out of the spec and that nothing can reset.
    """

    writes: tuple[Write, ...] = ()
    blocked: Blocked | None = None
    waiting: tuple[Difference, ...] = ()
    unreset: tuple[str, ...] = ()
    more: bool = False

    def waves(self) -> tuple[tuple[tuple[Write, ...], ...], ...]:
        """The writes by rounds: a round's groups run side by side, the writes of a group one after the other."""
        return tuple(_waves(self.writes))

    def plain(self) -> dict[str, Any]:
        """The plan as JSON values, redacted and bounded: parameters by name, differences as the delta shows them, long values by length."""
        return {
            "writes": [
                {
                    "operation": write.operation,
                    "parameters": sorted(write.call.params),
                    "cause": write.cause,
                    "certain": write.certain,
                    "differences": [_plain(difference) for difference in write.differences],
                }
                for write in self.writes
            ],
            "waiting": [_plain(difference) for difference in self.waiting],
            "blocked": None if self.blocked is None else self.blocked.code,
            "more": self.more,
        }


_LONGEST_VALUE: Final = 256  # characters of JSON
_PLAIN_CAUSES: Final = {Mode.WHOLE: Cause.EDIT, Mode.CLEAR: Cause.CLEAR, Mode.LEAVES: Cause.DRIFT}


def creation(descriptor: Descriptor, desired: View, scope: Scope) -> Plan:
    """The plan for an object that AWS does not have: the create call; what it does not carry follows its answer (`more`)."""
    if blocked := refusal(descriptor, desired.spec, None):
        return Plan(blocked=blocked)
    call = request.create(descriptor, desired, scope)
    carried = carried_by(descriptor, call)
    shown = redact(descriptor, {path: value for path, value in desired.spec.items() if path in carried})
    differences = tuple(Difference(path, value, None, "") for path, value in shown.items())
    write = Write(call, "", Stage.CREATE, differences, Cause.EDIT)
    return Plan((write,), more=bool(following(desired, carried)))


def following(desired: View, carried: Collection[str]) -> dict[str, Mode]:
    """What has to follow a create call that carries so much. Of a new resource nothing need be taken away: an empty text is absence."""
    return {path: Mode.WHOLE for path, value in desired.spec.items() if path not in carried and value != ""}


def carried_by(descriptor: Descriptor, call: Call) -> frozenset[str]:
    """The top-level spec paths that a create call takes."""
    operations = (descriptor.create, *(operation for _, operation in descriptor.variants))
    operation = next(each for each in operations if each.name == call.operation)
    along = [path for aspect in descriptor.aspects if aspect.in_create and aspect.name for path in tops(aspect)]
    return frozenset(fieldpath.of(path).top for path in operation.fields.values()) | frozenset(along)


def after_creation(desired: View, created: Observation, carried: Collection[str]) -> Observation:
    """The observation to go on with: what the create call carried is taken as kept, and beside it stands what its answer says."""
    sent = {path: value for path, value in desired.spec.items() if path in carried}
    return replace(
        created, found=True, spec=apply_merge_patch(created.spec, sent), carried=created.carried | frozenset(carried)
    )


def update(
    descriptor: Descriptor,
    desired: View,
    latest: Observation,
    view: View,
    scope: Scope,
    modes: Mapping[str, Mode],
    causes: Mapping[Mode, Cause] = _PLAIN_CAUSES,
    found: Delta | None = None,
) -> Plan:
    """The plan for an object that AWS has: what differs at the managed paths, as far as the state permits it.

    `view` is `latest` as an object, for requests; `found` are the differences where they are known. Paths whose read failed are left
    alone.
    """
    state = gate(descriptor, view.status)
    if state.failed:
        return Plan(blocked=state.failed)
    found = differences(descriptor, desired, latest, modes) if found is None else found
    if blocked := refusal(descriptor, desired.spec, view.spec) or immutable(found) or unwritable(descriptor, found):
        return Plan(blocked=blocked)
    requests = _Requests(descriptor, desired, view, latest.answers, scope, found, modes, causes)
    writes: list[Write] = []
    waiting: list[Difference] = []
    more = False
    for aspect in _in_order(descriptor, found):
        if more or (state.busy and not _allowed(aspect, state.allow)):
            waiting += found.of(aspect.name)
            continue
        writes += requests.of(aspect)
        more = aspect.alone
    unmade = set(found.aspects) - {write.aspect for write in writes} - {each.aspect for each in waiting}
    unreset = [descriptor.aspect(name).path for name in sorted(unmade) if requests.clears(name)]
    unreset += [each.path for each in found if each not in waiting and requests.stays(each)]
    return Plan(tuple(writes), None, tuple(waiting), tuple(unreset), more)


def differences(descriptor: Descriptor, desired: View, latest: Observation, modes: Mapping[str, Mode]) -> Delta:
    """What differs at the managed paths, as far as it was read."""
    unread = {path for failure in latest.failures for path in tops(descriptor.aspect(failure.aspect))}
    compared = {path: mode for path, mode in modes.items() if path not in unread}
    return delta(descriptor, desired.spec, latest.spec, compared, unobserved=compared.keys() - latest.carried)


def _in_order(descriptor: Descriptor, found: Delta) -> list[Aspect]:
    """The aspects to write: updates and groups before facets, as an `alone` one ends the pass."""
    aspects = [descriptor.aspect(name) for name in found.aspects]
    return sorted(aspects, key=lambda aspect: (_stage(aspect), aspect.order))


def _stage(aspect: Aspect) -> Stage:
    if aspect.kind is AspectKind.TAGS:
        return Stage.TAGS
    return Stage.UPDATE if aspect.kind in {AspectKind.CORE, AspectKind.GROUP} else Stage.REST


def _allowed(aspect: Aspect, allow: Collection[str]) -> bool:
    """Whether AWS takes a write while it is busy: tags always, and what the definition names."""
    named = aspect.name in allow or (bool(tops(aspect)) and tops(aspect) <= set(allow))
    return named or aspect.kind is AspectKind.TAGS


@dataclass(frozen=True, slots=True)
class _Requests:
    """What the requests of all aspects are made from."""

    descriptor: Descriptor
    desired: View
    latest: View
    answers: Mapping[str, Mapping[str, Any]]
    scope: Scope
    delta: Delta
    modes: Mapping[str, Mode]
    causes: Mapping[Mode, Cause]

    def of(self, aspect: Aspect) -> list[Write]:
        """The writes of one aspect that differs; none where a field that left the spec cannot be reset."""
        differences = self.delta.of(aspect.name).differences
        stage = Stage.CLEAR if self.clears(aspect.name) else _stage(aspect)
        return [
            Write(call, aspect.name, stage, differences, self._cause(differences), True, aspect.after, aspect.done)
            for call in self._calls(aspect)
        ]

    def _calls(self, aspect: Aspect) -> Sequence[Call]:
        common = (self.desired, self.latest, self.scope)
        answer = self.answers.get(aspect.name)
        match aspect.kind:
            case AspectKind.CORE | AspectKind.GROUP if all(map(self.stays, self.delta.of(aspect.name))):
                return ()
            case AspectKind.CORE | AspectKind.GROUP:
                return (request.update(self.descriptor, aspect, self.delta.of(aspect.name), *common),)
            case AspectKind.ATTRIBUTES:
                return request.attributes(self.descriptor, aspect, self.delta.of(aspect.name), *common)
            case AspectKind.TAGS:
                return request.tags(self.descriptor, aspect, *common)
            case AspectKind.MEMBERS:
                return request.members(self.descriptor, aspect, *common)
            case AspectKind.FACET if self.clears(aspect.name):
                call = request.clear(self.descriptor, aspect, *common, answer=answer)
                return () if call is None else (call,)
            case AspectKind.FACET:
                return (request.put(self.descriptor, aspect, *common, answer=answer),)

    def clears(self, name: str) -> bool:
        """Whether an aspect is a facet to take away rather than to write: what it holds left the spec, or says "none"."""
        aspect = self.descriptor.aspect(name)
        if aspect.kind is not AspectKind.FACET:
            return False
        value = fieldpath.get(self.desired.spec, aspect.path)
        return value is None or (aspect.clear is not None and says_none(value))

    def stays(self, difference: Difference) -> bool:
        """Whether a field left the spec and keeps its value: its operation changes what it is sent alone, and no reset is known."""
        aspect = self.descriptor.aspect(difference.aspect)
        if not difference.cleared or aspect.kind not in {AspectKind.CORE, AspectKind.GROUP}:
            return False
        operation = self.descriptor.update if aspect.kind is AspectKind.CORE else aspect.put
        replaces = aspect.whole or (operation is not None and operation.replaces)
        return not replaces and not request.resettable(self.descriptor, difference.path)

    def _cause(self, differences: Sequence[Difference]) -> Cause:
        """The gravest of the causes of several differences: somebody's wish before a drift."""
        found = {self.modes[fieldpath.of(difference.path).top] for difference in differences}
        return next(self.causes[mode] for mode in (Mode.WHOLE, Mode.CLEAR, Mode.LEAVES) if mode in found)


def says_none(value: Any) -> bool:
    """Whether a value that is set means "none": an empty text or list, or a structure of nothing else."""
    if isinstance(value, Mapping):
        return all(says_none(inner) for inner in value.values())
    return value is None or value in ("", [])


def _waves(writes: Sequence[Write]) -> Iterator[tuple[tuple[Write, ...], ...]]:
    for stage in Stage:
        groups = _groups([write for write in writes if write.stage is stage])
        if stage is Stage.CLEAR:
            yield from reversed(list(_levels(groups)))
        elif stage is Stage.REST:
            yield from _levels(groups)
        else:
            yield from ((group,) for group in groups)


def _groups(writes: Sequence[Write]) -> list[tuple[Write, ...]]:
    by_aspect: dict[str, list[Write]] = {}
    for write in writes:
        by_aspect.setdefault(write.aspect, []).append(write)
    return [tuple(group) for group in by_aspect.values()]


def _levels(groups: Sequence[tuple[Write, ...]]) -> Iterator[tuple[tuple[Write, ...], ...]]:
    """Rounds in which everything comes after what its `after` names; a circle, which the compiler refuses, ends as one round."""
    left = list(groups)
    while left:
        names = {group[0].aspect for group in left}
        ready = [group for group in left if not names & set(group[0].after)] or left
        yield tuple(ready)
        left = [group for group in left if group not in ready]


def _plain(difference: Difference) -> dict[str, Any]:
    return {
        "path": difference.path,
        "desired": bounded(difference.desired),
        "latest": bounded(difference.latest),
    }


def bounded(value: Any) -> Any:
    """A value that is small enough to keep, else how long it is."""
    size = len(json.dumps(value, default=str))
    return value if size <= _LONGEST_VALUE else f"({size} characters)"
