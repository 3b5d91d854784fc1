"""What one pass knows of its object before AWS is asked, and what it came to. Values; `resource` and `deletion` pass them on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from ackpy.controllers import tags
from ackpy.controllers.adoption import addressed
from ackpy.controllers.blocked import Blocked
from ackpy.controllers.conditions import Report
from ackpy.controllers.guard import Guard
from ackpy.controllers.intent import Claim, Intent, Stage, claim
from ackpy.controllers.memory import Memory, digests, modes
from ackpy.controllers.observe import Observation
from ackpy.controllers.options import DeletionPolicy, ReconcilerOptions
from ackpy.controllers.place import Place
from ackpy.controllers.plan import Cause
from ackpy.controllers.read_only import is_read_only
from ackpy.controllers.resolution import UNRESOLVED, Resolution
from ackpy.controllers.steering import UNSTEERED, Steering
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.delta import Mode
from ackpy.model.descriptor import Descriptor
from ackpy.model.request import Scope, View
from ackpy.runtime.reconciler import Result


@dataclass(frozen=True, slots=True)
class Ground:
    """What annotations, namespace and flags decide for a pass: where and as whom, how, and what becomes of AWS's side in the end."""

    place: Place
    policy: DeletionPolicy | Blocked
    steering: Steering | Blocked = UNSTEERED


@dataclass(slots=True)
class Trace:
    """What is kept of an object between passes, in memory only: losing it costs a write or a look, never a resource.

    `uid` tells it from another object of the same name; `generation` is the last one answered; `waits` counts the looks at a state
    that did not come; `unverified` says that what was created has not been looked at since, `verifying` that the next pass does;
    `deleting` that AWS took a delete call. `began` is when the object was first looked at, `created` when a create was last asked for;
    `unsent` is the intent of a first create that was not asked for yet, though the object may say the intent already; `refused` the
    one that AWS has refused, should the object not have come to say so.
    `written` says when which path was last written.
    `ground` is that of the last pass: another one now is worth a pass. `now` is the last word
    that asked for a pass, None before the first; `ignored` the ignored fields that drift was last told of; `guard` counts writes.
    """

    uid: str = ""
    generation: int = 0
    waits: int = 0
    unverified: bool = False
    verifying: bool = False
    deleting: bool = False
    began: datetime | None = None
    created: datetime | None = None
    unsent: str = ""
    refused: str = ""
    written: dict[str, datetime] = field(default_factory=dict)
    ground: Ground | None = None
    now: str | None = None
    ignored: tuple[str, ...] = ()
    guard: Guard = field(default_factory=Guard)


@dataclass(frozen=True, slots=True)
class Run:
    """The object of a pass, as read, and what follows from it.

    `defaults` are the controller's tags; `edited` says that the pass answers a new generation, or somebody who asked for one now;
    `adopting` that it has adopted.
    """

    obj: Object
    descriptor: Descriptor
    options: ReconcilerOptions
    place: Place
    scope: Scope
    trace: Trace
    edited: bool
    defaults: Mapping[str, str]
    claim: Claim
    memory: Memory | None
    modes: Mapping[str, Mode]
    resolution: Resolution = UNRESOLVED
    steering: Steering = UNSTEERED
    adopting: bool = False

    @classmethod
    def of(
        cls,
        obj: Object,
        descriptor: Descriptor,
        options: ReconcilerOptions,
        place: Place,
        trace: Trace,
        *,
        edited: bool,
    ) -> Self:
        """What follows from the object's marks."""
        defaults = _own_tags(descriptor, obj, options)
        mark, memory = _claim(descriptor, obj, trace), Memory.of(obj)
        spoken = modes(descriptor, obj.get("spec") or {}, memory, unconfirmed=mark is Claim.OPEN)
        managed = _with_tags(descriptor, spoken, defaults)
        return cls(obj, descriptor, options, place, place.scope(obj), trace, edited, defaults, mark, memory, managed)

    def adopted(self, seen: Object) -> Run:
        """The same pass over the object as it stands since it has adopted."""
        run = Run.of(seen, self.descriptor, self.options, self.place, self.trace, edited=self.edited)
        return replace(run.resolved(self.resolution), steering=self.steering, adopting=True)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec as the user has it."""
        return self.obj.get("spec") or {}

    @property
    def filled(self) -> Mapping[str, Any]:
        """The user's spec with what its references and secrets stand for."""
        return self.resolution.filled(self.spec)

    @property
    def marked(self) -> Mapping[str, Any]:
        """The same for digests: marks in place of secrets."""
        return self.resolution.marked(self.spec)

    def resolved(self, resolution: Resolution) -> Self:
        """With what the references and secrets stand for."""
        if not (resolution.fills or self.resolution.fills):
            return replace(self, resolution=resolution)
        spoken = modes(self.descriptor, resolution.marked(self.spec), self.memory, unconfirmed=self.claim is Claim.OPEN)
        return replace(self, resolution=resolution, modes=_with_tags(self.descriptor, spoken, self.defaults))

    def told(self, report: Report) -> Report:
        """The report with what the pass knows beside it: the role in use, and what came of the references."""
        references = report.references or ("True" if self.resolution.refers else "")
        advisories = (*report.advisories, *self.resolution.advisories)
        return replace(report, selected=self.place.selected, references=references, advisories=advisories)

    @property
    def read_only(self) -> bool:
        """Whether nothing of AWS is to be changed."""
        return is_read_only(self.obj, self.options.gates)

    @property
    def unwritten_refusal(self) -> str | None:
        """The annotation that withdraws the intent, where AWS has refused it and the object does not say so yet."""
        intent = self.intent
        unwritten = intent is not None and intent.stage is Stage.OPEN and intent.nonce == self.trace.refused
        return intent.withdrawn() if intent is not None and unwritten else None

    @property
    def intent(self) -> Intent | None:
        """The create intent."""
        return Intent.of(self.obj)

    def desired(self, latest: Observation | None = None) -> View:
        """The spec that AWS is to have: with the controller's tags, and with those of AWS's and other people's that stay."""
        shape, known = self.descriptor.tags, addressed(self.descriptor, self.obj)
        spec = tags.with_defaults(shape, self.resolution.filled(known.get("spec") or {}), self.defaults)
        if latest is not None and shape is not None:
            spec = tags.with_observed(shape, spec, latest.spec, ours=self._decides_tags(shape.path))
            own = tags.versioned(self.options.resource_tags) - tags.read(shape, self.filled).keys()
            spec = tags.with_older_version(shape, spec, latest.spec, own)
        return View(spec, known.get("status") or {})

    def latest(self, found: Observation) -> View:
        """The observation as an object: what AWS did not tell now stands as the status has it."""
        status = overlaid(self.obj.get("status") or {}, found)
        metadata = {**status.get("ackResourceMetadata", {}), **({"arn": found.arn} if found.arn else {})}
        return View(found.spec, {**status, "ackResourceMetadata": metadata})

    def causes(self) -> Mapping[Mode, Cause]:
        """What a difference at a path means, by how the path is compared."""
        if self.adopting:
            return dict.fromkeys(Mode, Cause.ADOPT)
        leaves = Cause.OWNERSHIP if self.memory is None else Cause.REPAIR if self.trace.verifying else Cause.DRIFT
        whole = Cause.REPAIR if self.claim is Claim.OPEN else Cause.EDIT
        return {Mode.WHOLE: whole, Mode.CLEAR: Cause.CLEAR, Mode.LEAVES: leaves}

    def gained(self, paths: Collection[str]) -> Memory:
        """The memory with those of the user's paths that are about to be written for the first time."""
        held = self.memory or Memory(objects.uid_of(self.obj), {})
        said = {path: value for path, value in self.marked.items() if path in paths}
        return held.gaining(digests(self.descriptor, said))

    def _decides_tags(self, path: str) -> bool:
        top = fieldpath.of(path).top
        return fieldpath.get(self.spec, path) is not None or (self.memory is not None and top in self.memory.paths)


def _claim(descriptor: Descriptor, obj: Object, trace: Trace) -> Claim:
    """What the object's marks say, and this process knows: that the create was refused, or not even asked for."""
    mark, intent = claim(descriptor, obj), Intent.of(obj)
    if mark is not Claim.OPEN or intent is None or not intent.nonce:
        return mark
    return {trace.unsent: Claim.NONE, trace.refused: Claim.REFUSED}.get(intent.nonce, mark)


def _own_tags(descriptor: Descriptor, obj: Object, options: ReconcilerOptions) -> Mapping[str, str]:
    """The controller's tags of an object; none for one whose tags AWS does not let be kept."""
    known = addressed(descriptor, obj).get("spec") or {}
    if descriptor.tags is None or not descriptor.applies(fieldpath.of(descriptor.tags.path).top, known):
        return {}
    return tags.expand(options.resource_tags, descriptor, obj, options.controller_version)


def _with_tags(descriptor: Descriptor, managed: Mapping[str, Mode], defaults: Mapping[str, str]) -> Mapping[str, Mode]:
    """The controller's own tags keep the tag path managed, also where the user has none."""
    if descriptor.tags is None or not defaults:
        return managed
    return {fieldpath.of(descriptor.tags.path).top: Mode.LEAVES, **managed}


def overlaid(status: Mapping[str, Any], found: Observation) -> dict[str, Any]:
    """A status with what an observation says: what AWS tells of and has not is gone, what it does not tell of stays."""
    kept = {name: value for name, value in status.items() if name not in found.carried}
    return {**kept, **{name: value for name, value in found.status.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class News:
    """An Event to be. `once`: only if the status changed with it, so that a try that ends as the last one says nothing.

    `drift` and `stopped` are definition paths to count with it.
    """

    reason: str
    message: str
    warning: bool = False
    once: bool = False
    drift: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """What a pass came to: conditions, what is next, Events, and what is to be written to the object.

    `latest` None leaves the status's fields as they are. `memory` and `intent` are the annotations from now on ("" takes the intent
    away at the next occasion, None leaves it); `spec` is the spec with late-initialised fields. `edited`: AWS was given something new.
    """

    report: Report
    next: Result
    news: Sequence[News] = ()
    latest: Observation | None = None
    memory: Memory | None = None
    intent: str | None = None
    spec: Mapping[str, Any] | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class LetGo:
    """The object is released: the finalizer goes, and with it the object."""

    news: Sequence[News] = field(default_factory=tuple)
