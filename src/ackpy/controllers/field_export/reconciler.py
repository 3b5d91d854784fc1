"""One pass over one FieldExport: the field is read, and the key of the ConfigMap or Secret holds it, or a condition says why not.

The order is such that a pass can end anywhere: the record always leads to every object that may hold a key of the export. It is written
before a key goes to an object, and changes after what an older spec has left there is gone. No value gets into a condition, an Event, a
log line or the FieldExport itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from ackpy.controllers import conditions
from ackpy.controllers.conditions import Report
from ackpy.controllers.field_export.evaluate import evaluate, unacceptable
from ackpy.controllers.field_export.export import ANNOTATION, FINALIZER, Export, Rules, Target, recorded, rival
from ackpy.controllers.field_export.faults import Fault, Gravity, refused, unwritable, waiting
from ackpy.controllers.field_export.seen import Kept, Seen
from ackpy.controllers.field_export.targets import Targets, holds, manager_of
from ackpy.controllers.world import Recorder, Time
from ackpy.errors import Conflict, Forbidden, Invalid, KubeApiError, NotFound
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey, merge_patch
from ackpy.runtime.causes import Cause
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.reconciler import Request, Result

MEND_SECONDS: Final = 30.0
"""How soon a key that was set back is set back again: somebody else may want it otherwise, and would do the same."""


class Exports(Protocol):
    """The FieldExports of the cluster, and what is cached of the objects that they read."""

    async def read(self, key: ObjectKey) -> Object | None:
        """The FieldExport; None when it is gone."""
        ...

    async def patch(self, seen: Object, patch: Object) -> Object:
        """Merge-patch its metadata, of the very version that was seen. Raises Conflict, NotFound, KubeError."""
        ...

    async def patch_status(self, seen: Object, patch: Object) -> Object:
        """Merge-patch its status. Raises Conflict, NotFound, KubeError."""
        ...

    def groups(self) -> frozenset[str]:
        """The API groups whose objects are read here."""
        ...

    def source(self, export: Export) -> Lookup | None:
        """The object to read, as last seen; None when its group has no such kind here."""
        ...

    def writing(self, target: Target) -> Sequence[Object]:
        """The FieldExports that name this key, as last seen."""
        ...

    def version(self, target: Target) -> str:
        """The resourceVersion of the ConfigMap or Secret as last seen; "" when that is not known."""
        ...


class FieldExportReconciler:
    """A `runtime.Reconciler` for FieldExports whose source is of one of our groups; it leaves the others alone."""

    def __init__(self, exports: Exports, targets: Targets, rules: Rules, recorder: Recorder, time: Time) -> None:
        self._exports, self._targets, self._rules = exports, targets, rules
        self._recorder, self._time = recorder, time
        self._seen = Seen()

    async def reconcile(self, request: Request) -> Result:
        """One pass. Raises KubeError when the API server does not do its part."""
        obj = await self._exports.read(request.key)
        if obj is None:
            self._seen.forget(request.uid)
            return Result.done()
        try:
            return await self._pass(obj, edited=Cause.EDIT in request.causes)
        except Conflict:
            return Result.retry()  # somebody wrote in between: look at what they wrote
        except NotFound:
            return Result.done()

    async def _pass(self, obj: Object, *, edited: bool) -> Result:
        export, before = Export.of(obj), recorded(obj)
        ours = export.source.group in self._exports.groups()
        if objects.is_being_deleted(obj) or not ours:
            if ours or (before is not None and before.source.group in self._exports.groups()):
                await self._release(obj, before)
            return Result.done()
        found = await self._evaluate(obj, export)
        if not isinstance(found, Fault) and before is None and FINALIZER in objects.finalizers_of(obj):
            await self._inherit(obj, export.target, found)
        obj = await self._claim(obj, export, before, found)
        outcome = found if isinstance(found, Fault) else await self._write(obj, export.target, found)
        if isinstance(outcome, Result):
            return outcome
        if outcome is None:
            obj = await self._mark(obj, export.record(objects.uid_of(obj)))
        await self._tell(obj, export, outcome, edited=edited)
        return Result.retry() if outcome is not None and outcome.retry else Result.done()

    async def _evaluate(self, obj: Object, export: Export) -> str | Fault:
        """The text to export."""
        others = [
            each
            for each in self._exports.writing(export.target)
            if objects.uid_of(each) != objects.uid_of(obj) and not objects.is_being_deleted(each)
        ]
        fault = self._rules.forbid(export) or unacceptable(export.source.path) or rival(obj, others, self._rules)
        if fault:
            return fault
        source = self._exports.source(export)
        if source is None:
            kind = f'{export.source.group} has no kind "{export.source.kind}" here'
            return refused("spec.from.resource.kind", kind)
        name = f"{export.source.kind} {export.key.namespace}/{export.source.name}"
        if isinstance(source, Absence):
            return waiting(f"{name} is not there")
        if (objects.condition_of(source, conditions.SYNCED) or {}).get("status") != "True":
            return waiting(f"{name} is not synced")
        return await evaluate(export.source.path, source)

    async def _claim(self, obj: Object, export: Export, before: Export | None, found: str | Fault) -> Object:
        """Withdraw what an older spec has left, then note on the FieldExport what is to be withdrawn one day."""
        failed = isinstance(found, Fault)
        if before is not None and before != export and (failed or _elsewhere(before.target, export.target)):
            await self._withdraw(obj, before.target)
            if failed:
                return await self._mark(obj, None)
            before = None
        if before is None and not failed:  # else the record leads to this very object until the key is written
            return await self._mark(obj, export.record(objects.uid_of(obj)))
        return obj

    async def _mark(self, obj: Object, record: str | None) -> Object:
        """Give the FieldExport a record, and the finalizer, which stands for there being one; None takes both away."""
        patch = merge_patch(objects.metadata(obj), _marked(obj, record))
        return await self._exports.patch(obj, {"metadata": patch}) if patch else obj

    async def _inherit(self, obj: Object, target: Target, text: str) -> None:
        """Take over the key that ACK's controller has written for this FieldExport, for it would not be ours to take away one day."""
        try:
            found = await self._targets.read(target)
            if found is not None:
                await self._targets.inherit(target, found, manager_of(objects.uid_of(obj)), text)
        except (Forbidden, Invalid) as error:
            self._recorder.warning(obj, "NotTakenOver", f"{target}, stays as ACK has written it: {_said(error)}")

    async def _write(self, obj: Object, target: Target, text: str) -> Fault | Result | None:
        """Make the key hold the text: None when it does, a Result when that has to wait."""
        kept = self._seen.get(objects.uid_of(obj), target, text)
        if kept is not None and kept.version == self._exports.version(target):
            return None
        try:
            found = await self._targets.read(target)
        except Forbidden:
            return _unreadable(target, "the controller may not read")
        if found is None:
            return _unreadable(target, "create")
        return await self._put(obj, target, text, found, kept)

    async def _put(
        self, obj: Object, target: Target, text: str, found: Object, kept: Kept | None
    ) -> Fault | Result | None:
        """Write the key of the object that was found; `kept` when it has been written before."""
        uid = objects.uid_of(obj)
        mended = kept.mended if kept is not None else None
        if not holds(found, target, manager_of(uid), text):
            if mended is not None and (rest := self._rest(mended)) > 0:
                return Result.after(rest, cause=Cause.RETRY)
            try:
                found = await self._targets.write(target, found, manager_of(uid), text)
            except Conflict:
                raise
            except KubeApiError as error:
                return unwritable(f"unable to write existing {target.kind}", _said(error))
            mended = self._time.now() if kept is not None else None
            self._announce(obj, target, again=kept is not None)
        self._seen.keep(uid, Kept(target, text, objects.version_of(found), mended))
        self._seen.look(found, target)
        return None

    def _rest(self, mended: datetime) -> float:
        return (mended + timedelta(seconds=MEND_SECONDS) - self._time.now()).total_seconds()

    def _announce(self, obj: Object, target: Target, *, again: bool) -> None:
        if again:
            self._recorder.warning(obj, "DriftDetected", f"{target}, was changed and is set back")
        else:
            self._recorder.normal(obj, "Exported", f"{target}, was written")

    async def _release(self, obj: Object, before: Export | None) -> None:
        """Withdraw what was exported, and let the FieldExport go."""
        if before is not None:
            await self._withdraw(obj, before.target)
        await self._mark(obj, None)
        self._seen.forget(objects.uid_of(obj))

    async def _withdraw(self, obj: Object, target: Target) -> None:
        """Take the key away, unless somebody else owns it; what may not be written stays, and an Event says so.

        Raises KubeError when the API server is in no state to say.
        """
        self._seen.forget(objects.uid_of(obj))
        try:
            if await self._targets.withdraw(target, manager_of(objects.uid_of(obj))):
                self._recorder.normal(obj, "Withdrawn", f"{target}, was taken away")
        except KubeApiError as error:
            if isinstance(error, Conflict) or error.code >= 500 or error.code == 429:
                raise
            self._recorder.warning(obj, "NotWithdrawn", f"{target}, stays: {_said(error)}")

    async def _tell(self, obj: Object, export: Export, fault: Fault | None, *, edited: bool) -> None:
        """Write the conditions, where they change."""
        before = objects.conditions_of(obj)
        report = _report(fault, export)
        after = conditions.render(report, before, self._time.now(), fresh=edited)
        if patch := merge_patch(obj.get("status") or {}, {"conditions": after}):
            await self._exports.patch_status(obj, {"status": patch})
            if fault is not None and report.failed:
                sentence = f"{fault.message}. {fault.advice}" if fault.advice else fault.message
                self._recorder.warning(obj, "NotExported", sentence)


def _report(fault: Fault | None, export: Export) -> Report:
    advisories = () if fault is not None and fault.gravity is Gravity.TERMINAL else export.advisories()
    if fault is None:
        return Report(synced=True, advisories=advisories)
    if fault.gravity is Gravity.WAITING:
        return Report(synced=False, reason=fault.message, advisories=advisories)
    terminal = fault.message if fault.gravity is Gravity.TERMINAL else ""
    recoverable = "" if terminal else fault.message
    return Report(synced=False, terminal=terminal, recoverable=recoverable, advice=fault.advice, advisories=advisories)


def _marked(obj: Object, record: str | None) -> Object:
    """Metadata with the record and the finalizer, or without both."""
    meta, held = objects.metadata(obj), objects.finalizers_of(obj)
    finalizers = list(dict.fromkeys([*held, FINALIZER])) if record else [each for each in held if each != FINALIZER]
    return {**meta, "finalizers": finalizers, "annotations": {**objects.annotations_of(obj), ANNOTATION: record}}


def _unreadable(target: Target, what_to_do: str) -> Fault:
    advice = f"{what_to_do} {target.resource.kind} {target.object}"
    return unwritable(f"unable to get existing {target.kind}", advice)


def _elsewhere(one: Target, other: Target) -> bool:
    """Whether two keys are of different objects: of one object, a write of the one takes the other away."""
    return (one.resource, one.object) != (other.resource, other.object)


def _said(error: KubeApiError) -> str:
    """What the API server complains of, by field: its sentences may quote what was sent."""
    causes = error.details.get("causes")
    fields = (
        {str(cause.get("field")) for cause in causes if isinstance(cause, dict)} if isinstance(causes, list) else ()
    )
    return f"the API server says {error.reason}" + (f" of {', '.join(sorted(fields))}" if fields else "")
