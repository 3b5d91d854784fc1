"""How passes end: what a step found -> conditions, Events, what to remember, and when to look again.

Pure, apart from the trace, which counts the looks at a state that has not come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ackpy.controllers import late_init, tags
from ackpy.controllers.advice import Asker
from ackpy.controllers.apply import Applied
from ackpy.controllers.blocked import UNRESOLVED, WITHOUT_ROLE, Blocked, Code
from ackpy.controllers.conditions import Advisory, Report
from ackpy.controllers.faults import Fault, fault
from ackpy.controllers.intent import Claim
from ackpy.controllers.memory import Memory, digests
from ackpy.controllers.observe import Observation, tops
from ackpy.controllers.plan import Cause, Plan, Write
from ackpy.controllers.run import Ending, News, Run
from ackpy.controllers.state import gate
from ackpy.controllers.steering import PAUSED
from ackpy.errors import AwsError
from ackpy.kube import objects
from ackpy.model import fieldpath
from ackpy.model.delta import Mode
from ackpy.runtime.causes import Cause as Wake
from ackpy.runtime.reconciler import Outcome, Result

LATE_SECONDS: Final = 5.0
_FIRST_LOOK_SECONDS: Final = 0.5
_BLOCKED_EVENTS: Final = {
    Code.EXISTS: "AlreadyExists",
    Code.DUPLICATE: "Duplicate",
    Code.IMMUTABLE: "Immutable",
    Code.NO_UPDATE: "Immutable",
    Code.BUSY: "Waiting",
    Code.FAILED: "Failed",
    Code.ROLE: "NoRole",
    Code.SELECTORS: "NoRole",
    Code.REFERENCE: "Waiting",
    Code.SECRET: "Waiting",
    Code.PAUSED: "Paused",
    Code.ADOPTED_GONE: "NotFound",
    Code.READ_ONLY_GONE: "NotFound",
}
_DRIFT_EVENT: Final = "DriftDetected"
_CHANGES: Final[Mapping[Cause, tuple[str, str, bool]]] = {
    Cause.EDIT: ("Updated", "Changed in AWS: {paths}", False),
    Cause.CLEAR: ("Updated", "Changed in AWS: {paths}", False),
    Cause.OWNERSHIP: ("Updated", "Changed in AWS: {paths}", False),
    Cause.ADOPT: ("Updated", "Changed in AWS: {paths}", False),
    Cause.DRIFT: (_DRIFT_EVENT, "AWS differed from the spec and was set back: {paths}", True),
    Cause.REPAIR: ("Repaired", "AWS had not kept what it was given, so it was written again: {paths}", True),
}


def blocked(run: Run, block: Blocked, latest: Observation | None = None) -> Ending:
    """Nothing was done, and why."""
    event = News(
        _BLOCKED_EVENTS.get(block.code, "Refused"), _sentence(block.text, block.advice), warning=True, once=True
    )
    result = Result.retry() if block.missing else slowly(run, block.until)
    return Ending(refused(block), result, [event], latest)


def paused(run: Run) -> Ending:
    """AWS is not asked: what was in step when it was last looked at stays so, what was edited since is not."""
    block = Blocked(Code.PAUSED, {"annotation": PAUSED})
    end = blocked(run, block)
    news = [replace(each, warning=False) for each in end.news]  # it is as somebody wants it
    advisory = Advisory("Paused", _sentence(block.text, block.advice))
    untouched = (run.claim is Claim.OWNED or run.read_only) and all(mode is Mode.LEAVES for mode in run.modes.values())
    report = replace(end.report, advisories=(advisory,), kept=untouched and not objects.is_being_deleted(run.obj))
    return replace(end, report=report, news=news, next=Result.done())


def refused(block: Blocked) -> Report:
    """The conditions of a pass that was blocked."""
    if block.code in UNRESOLVED:
        status = "Unknown" if block.code is Code.REFERENCE else "False"
        return Report(synced=None, reason=block.text, advice=block.advice, references=status)
    if block.code is Code.SECRET:
        return Report(synced=None, recoverable=block.text, advice=block.advice)
    if block.missing:
        return Report(synced=False, reason=block.text, recoverable=block.text, advice=block.advice)
    if block.terminal:
        return Report(synced=False, terminal=block.text, advice=block.advice)
    return Report(synced=False, reason=block.text, advice=block.advice, roleless=block.code in WITHOUT_ROLE)


def failed(run: Run, errors: Sequence[AwsError], latest: Observation | None = None) -> Ending:
    """AWS said no, or nothing."""
    asker = Asker(run.place.role_arn, f"{run.descriptor.kind} {objects.key_of(run.obj)}")
    found = fault(run.descriptor, errors, asker)
    next_try = _next_try(run, found)
    report = Report(
        synced=None,
        terminal=found.text if found.terminal else "",
        recoverable="" if found.terminal else found.text,
        advice=found.advice,
    )
    event = News(found.event, f"{_sentence(found.detail, found.advice)} ({_when(next_try)})", warning=True, once=True)
    return Ending(report, next_try, [event], latest)


def waiting(run: Run, latest: Observation, *, poll: float, reason: str = "") -> Ending:
    """AWS is at it: look again soon, then less and less often, up to every `poll` seconds."""
    return Ending(Report(synced=False, reason=reason), look_again(run, poll), [], latest)


def settled(
    run: Run,
    plan: Plan,
    applied: Applied,
    latest: Observation,
    held: Memory,
    *,
    created: bool = False,
    unsettled: frozenset[str] = frozenset(),
) -> Ending:
    """The writes of the pass are made, or some of them. `held` is the memory as the object has it by now.

    `unsettled` are paths of which a read may not tell yet what was written before this pass: one that was taken out and is not seen is
    not forgotten, and looked at again.
    """
    if applied.written:
        run.trace.waits = 0
    if (
        created or run.adopting
    ):  # the claiming patch took for confirmed what had to follow: now it is known what did not
        held = held.doubting(_unsure(run, plan, applied, latest))
    found = tags.without(run.descriptor.tags, latest.spec, run.defaults)
    filled = late_init.fill(run.descriptor, run.filled, found, latest.carried)
    spec = run.resolution.restored(filled.spec)
    marked, ending = run.resolution.marked(spec), _outcome(run, plan, applied, latest, filled.pending)
    gone = held.paths.keys() - digests(run.descriptor, marked).keys()
    doubted = (unsettled & gone).difference(*(each.write.paths for each in applied.written))
    if doubted and ending.next.outcome is Outcome.DONE:
        ending = replace(ending, next=Result.after(run.options.settle_seconds, cause=Wake.VERIFY))
    ending = replace(
        ending,
        memory=_remembered(run, plan, applied, latest, held, marked, doubted),
        intent="",
        spec=spec,
        edited=any(each.write.cause in {Cause.EDIT, Cause.CLEAR} for each in applied.written),
    )
    changes = [_created(run)] if created else _changes(each.write for each in applied.written)
    return replace(ending, news=[*changes, *ending.news])


def shown(run: Run, latest: Observation) -> Ending:
    """A read-only object has looked: its status is AWS's word, and nothing else of it changes."""
    failure = gate(run.descriptor, run.latest(latest).status).failed
    return blocked(run, failure, latest) if failure else _reached(run, Plan(), Applied(), latest, ())


def slowly(run: Run, until: float | None = None) -> Result:
    """Another try much later, unless something is known to end before."""
    return Result.after(until or run.options.terminal_retry_seconds, cause=Wake.RETRY)


def look_again(run: Run, poll: float) -> Result:
    """Another look: after half a second, then twice as long each time, up to `poll` seconds."""
    seconds = min(poll, _FIRST_LOOK_SECONDS * 2.0 ** min(run.trace.waits, 16))
    run.trace.waits += 1
    return Result.after(seconds, cause=Wake.RETRY)


def _outcome(run: Run, plan: Plan, applied: Applied, latest: Observation, pending: Collection[str]) -> Ending:
    late = None if not run.descriptor.late_init else not pending
    advisories = tuple(_unreset(path) for path in plan.unreset)
    ending = _reached(run, plan, applied, latest, pending)
    return replace(ending, report=replace(ending.report, late=late, advisories=advisories))


def _reached(run: Run, plan: Plan, applied: Applied, latest: Observation, pending: Collection[str]) -> Ending:
    if errors := [failure.error for failure in (*latest.failures, *applied.failures)]:
        return failed(run, errors, latest)
    if busy := _busy(run, plan, latest, pending):
        reason, poll = busy
        return waiting(run, latest, poll=poll, reason=reason)
    return _in_step(run, latest)


def _busy(run: Run, plan: Plan, latest: Observation, pending: Collection[str]) -> tuple[str, float] | None:
    """Why the object is not in step though nothing failed, and how often to look; None when it is in step."""
    state = gate(run.descriptor, run.latest(latest).status)
    if state.busy or not state.ready or plan.more or plan.waiting:
        return (state.busy.text if state.busy else "", state.poll)
    return ("", LATE_SECONDS) if pending else None


def _in_step(run: Run, latest: Observation) -> Ending:
    run.trace.waits = 0
    run.trace.verifying, run.trace.unverified = run.trace.unverified, False
    result = Result.after(run.options.verify_seconds, cause=Wake.VERIFY) if run.trace.verifying else Result.done()
    return Ending(Report(synced=True), result, [], latest)


def _remembered(
    run: Run,
    plan: Plan,
    applied: Applied,
    latest: Observation,
    held: Memory,
    spec: Mapping[str, Any],
    doubted: frozenset[str],
) -> Memory:
    """What is managed from now on: what AWS has confirmed, and what could not be reset; nothing whose reset is confirmed."""
    unsure = _unsure(run, plan, applied, latest)
    wanted = digests(run.descriptor, spec)
    kept = unsure | _tops(plan.unreset) | doubted
    reset = [path for path in held.paths if path not in wanted and path not in kept]
    return held.after({path: digest for path, digest in wanted.items() if path not in unsure}, reset)


def _unsure(run: Run, plan: Plan, applied: Applied, latest: Observation) -> frozenset[str]:
    """The top-level paths of which AWS has not confirmed that they are as the spec has them."""
    waiting = _tops(difference.path for difference in plan.waiting)
    unread = [tops(run.descriptor.aspect(failure.aspect)) for failure in latest.failures]
    return applied.failed_paths | waiting | frozenset().union(*unread)


def _next_try(run: Run, found: Fault) -> Result:
    if found.after:
        return Result.after(found.after, cause=Wake.RETRY)
    return slowly(run) if found.terminal or found.slow else Result.retry(found.error)


def _when(result: Result) -> str:
    """When another try is made, for Events alone: a condition that said so would change with every try."""
    again = f"in {result.seconds:g} s" if result.outcome is Outcome.AFTER else "soon, then less and less often"
    return f"tried again {again}, and at once after an edit"


def _changes(writes: Iterable[Write]) -> Iterator[News]:
    """One Event for what somebody wished, one for what had drifted."""
    paths: dict[tuple[str, str, bool], list[str]] = {}
    for write in writes:
        paths.setdefault(_CHANGES[write.cause], []).extend(difference.path for difference in write.differences)
    for (reason, text, warning), found in paths.items():
        named = ", ".join(f"spec.{path}" for path in dict.fromkeys(found))
        definitions = dict.fromkeys(str(fieldpath.of(path).definition()) for path in found)
        yield News(
            reason, text.format(paths=named), warning, drift=tuple(definitions) if reason == _DRIFT_EVENT else ()
        )


def _created(run: Run) -> News:
    return News(
        "Created", f"{run.descriptor.kind} was created in account {run.scope.account}, region {run.scope.region}"
    )


def _unreset(path: str) -> Advisory:
    return Advisory(
        "CannotReset", f"spec.{path} was taken out, and what AWS's default is is not known: AWS keeps the last value"
    )


def _tops(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(fieldpath.of(path).top for path in paths)


def _sentence(text: str, advice: str) -> str:
    return f"{text}. {advice}" if advice else text
