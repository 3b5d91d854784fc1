"""What differs and is to be left so: desired and latest in, a desired in out that AWS's own values stand for it. Pure.

Three reasons: the user has the field ignored, the drift policy says to report, the convergence guard has stopped the path. Where a write
of a neighbouring field has to carry the value too, it carries AWS's. The pass plans with `desired` and `modes`, and tells the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ackpy.controllers.conditions import Advisory
from ackpy.controllers.guard import Attempt
from ackpy.controllers.memory import digests
from ackpy.controllers.observe import Observation
from ackpy.controllers.plan import Cause, bounded, differences
from ackpy.controllers.run import Ending, News, Run
from ackpy.controllers.steering import DriftPolicy, spec_paths
from ackpy.model import fieldpath
from ackpy.model.delta import Delta, Difference, Mode
from ackpy.model.request import View

_DRIFT: Final = frozenset({Cause.DRIFT, Cause.OWNERSHIP})


@dataclass(frozen=True, slots=True)
class Left:
    """`desired` and `modes` are what to plan with, `found` their differences where they are known; the rest is what is left so, and why."""

    desired: View
    modes: Mapping[str, Mode]
    found: Delta | None = None
    ignored: tuple[Difference, ...] = ()
    reported: tuple[Difference, ...] = ()
    stopped: tuple[tuple[Difference, Attempt], ...] = ()

    def told(self, run: Run, end: Ending) -> Ending:
        """The end of the pass with what was left so: it stops nothing, and what is in step apart from it counts as in step."""
        report = replace(end.report, advisories=(*end.report.advisories, *self._advisories()))
        told = replace(end, report=report, memory=self._remembered(run, end), news=[*end.news, *self._news(run)])
        return noticed(run, told)

    def _advisories(self) -> Iterable[Advisory]:
        if self.reported:
            text = f"AWS differs from the spec and is left so, as the drift policy says: {_named(self.reported)}"
            yield Advisory("DriftReported", text)
        if self.stopped:
            yield Advisory("NotConverging", "; ".join(_stopped(*each) for each in self.stopped))

    def _news(self, run: Run) -> Iterable[News]:
        for advisory in self._advisories():
            yield News(
                _EVENTS.get(advisory.reason, advisory.reason),
                advisory.message,
                warning=True,
                once=True,
                drift=_paths(self.reported) if advisory.reason == "DriftReported" else (),
                stopped=_paths(each for each, _ in self.stopped) if advisory.reason == "NotConverging" else (),
            )
        ignored = _paths(self.ignored)
        if ignored and ignored != run.trace.ignored:
            yield News(
                "DriftIgnored", f"AWS differs from the spec at ignored fields: {_named(self.ignored)}", drift=ignored
            )
        run.trace.ignored = ignored

    def _remembered(self, run: Run, end: Ending) -> Any:
        """A path that was stopped on its way back to the default is still to be reset: it must not be forgotten."""
        tops = {fieldpath.of(each.path).top for each, _ in self.stopped}
        if end.memory is None or run.memory is None:
            return end.memory
        kept = {path: each for path, each in run.memory.paths.items() if path in tops}
        return replace(end.memory, paths={**kept, **end.memory.paths})


_EVENTS: Final = {"DriftReported": "DriftDetected"}


def noticed(run: Run, end: Ending) -> Ending:
    """The end of the pass with what is odd about the annotation that lists ignored fields."""
    _, notices = spec_paths(run.descriptor, run.steering.ignored)
    report = replace(end.report, advisories=(*end.report.advisories, *notices))
    news = [News(each.reason, each.message, warning=True, once=True) for each in notices]
    return replace(end, report=report, news=[*end.news, *news])


def leaving(run: Run, latest: Observation) -> Left:
    """What of the differences is left so. The guard learns what is in step by now."""
    desired = run.desired(latest)
    found = differences(run.descriptor, desired, latest, run.modes)
    run.trace.guard.look(found)
    if not found:
        return Left(desired, run.modes, found)
    paths, _ = spec_paths(run.descriptor, run.steering.ignored)
    ignored = tuple(each for each in found if any(fieldpath.covers(path, each.path) for path in paths))
    reported = tuple(each for each in found if each not in ignored and _is_reported(run, each))
    values = digests(run.descriptor, run.marked)
    attempts = ((each, run.trace.guard.stops(each, values)) for each in found if each not in (*ignored, *reported))
    stopped = tuple((each, attempt) for each, attempt in attempts if attempt is not None)
    left = (*ignored, *reported, *(each for each, _ in stopped))
    spec, modes = _without(run, desired, latest, left)
    return Left(View(spec, desired.status), modes, None, ignored, reported, stopped)


def _is_reported(run: Run, difference: Difference) -> bool:
    mode = run.modes[fieldpath.of(difference.path).top]
    return run.steering.drift is DriftPolicy.REPORT and run.causes()[mode] in _DRIFT


def _without(
    run: Run, desired: View, latest: Observation, left: tuple[Difference, ...]
) -> tuple[Mapping[str, Any], Mapping[str, Mode]]:
    """Desired with AWS's values at the paths that are left; a top-level path where that leaves a difference has all of AWS's."""
    spec, modes = desired.spec, dict(run.modes)
    for difference in left:
        spec = _observed(spec, latest.spec, difference.path)
    remaining = differences(run.descriptor, View(spec, desired.status), latest, modes)
    still = {each.path for each in remaining} & {each.path for each in left}
    for top in {fieldpath.of(path).top for path in still}:
        spec = _observed(spec, latest.spec, top)
        modes.pop(top)
    return spec, modes


def _observed(spec: Mapping[str, Any], latest: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    value = fieldpath.get(latest, path)
    found: Mapping[str, Any] = fieldpath.remove(spec, path) if value is None else fieldpath.assign(spec, path, value)
    return found


def _named(left: Iterable[Difference]) -> str:
    return ", ".join(f"spec.{each.path}" for each in left)


def _paths(left: Iterable[Difference]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(fieldpath.of(each.path).definition()) for each in left))


def _stopped(difference: Difference, attempt: Attempt) -> str:
    wanted, found = (json.dumps(bounded(value)) for value in (difference.desired, difference.latest))
    return (
        f"spec.{difference.path} was written {attempt.times} times by {attempt.operation}, and AWS still has {found} where the spec has "
        f"{wanted}: it is not written again until the spec is edited or a pass is forced"
    )
