"""The read plan of a pass and its result: descriptor and managed paths -> the reads that are needed -> what AWS says of the object.

Read are the core and, at the same time, the aspects that the object manages or managed before. The core's word comes first: where it
says "not found", the other answers count for nothing. What one aspect's read refuses does not hide the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ackpy.aws import classify
from ackpy.controllers.concurrency import together
from ackpy.controllers.world import Calls
from ackpy.errors import AwsError
from ackpy.kube.objects import apply_merge_patch
from ackpy.model import fieldpath, request, response
from ackpy.model.descriptor import Aspect, Descriptor, Operation
from ackpy.model.request import Call, Scope, View


@dataclass(frozen=True, slots=True)
class Failure:
    """An AWS call that failed on behalf of an aspect ("" is the core)."""

    aspect: str
    error: AwsError


@dataclass(frozen=True, slots=True)
class Observation:
    """What AWS says of the object, in the CRD's form.

    `carried` are the top-level spec and status paths that it tells of: what is carried and missing is not set in AWS; about a path
    outside nothing is known. `answers` are AWS's own words, by aspect: a write that replaces a setting carries over from them what the
    CRD leaves out. `failures` are reads of aspects that AWS refused. `shared`: the core was read for another object's pass, a while ago.
    """

    found: bool
    spec: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)
    arn: str = ""
    account: str = ""
    carried: frozenset[str] = frozenset()
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    shared: bool = False


MISSING = Observation(found=False)


def tops(aspect: Aspect) -> frozenset[str]:
    """The top-level paths of an aspect."""
    return frozenset(fieldpath.of(path).top for path in aspect.paths)


def read_plan(descriptor: Descriptor, spec: Mapping[str, Any], managed: Collection[str]) -> tuple[Aspect, ...]:
    """The aspects to read beside the core: of managed and late-initialised paths, and those for the status alone; where `when` holds."""
    wanted = {*managed, *(fieldpath.of(path).top for path in descriptor.late_init)}
    return tuple(
        aspect
        for aspect in descriptor.aspects
        if aspect.get is not None
        and not _in_core(descriptor, aspect, spec)
        and (tops(aspect) & wanted or tops(aspect) <= set(descriptor.status.members))
        and _applies(aspect, spec)
    )


async def observe(
    descriptor: Descriptor,
    view: View,
    scope: Scope,
    aspects: Sequence[Aspect],
    calls: Calls,
    answer: Mapping[str, Any] | None = None,
) -> Observation:
    """Read the core and the aspects. MISSING when an identifier is, or when AWS says so; AwsError when the core's read fails.

    `answer` is that of the core's read, where it is known already.
    """
    reads = [
        _core(descriptor, view, scope, calls, answer),
        *(_aspect(descriptor, each, view, scope, calls) for each in aspects),
    ]
    core, *others = await together(reads)
    if isinstance(core, Failure):
        raise core.error
    if not core.found:
        return MISSING
    for each in others:
        core = _joined(core, each)
    return core


def _joined(one: Observation, other: Observation | Failure) -> Observation:
    if isinstance(other, Failure):
        return replace(one, failures=(*one.failures, other))
    return replace(
        one,
        spec=apply_merge_patch(one.spec, other.spec),
        status={**one.status, **other.status},
        carried=one.carried | other.carried,
        answers={**one.answers, **other.answers},
    )


def _applies(aspect: Aspect, spec: Mapping[str, Any]) -> bool:
    return aspect.when is None or aspect.when.holds(spec)


def _in_core(descriptor: Descriptor, aspect: Aspect, spec: Mapping[str, Any]) -> bool:
    """Whether the core's read brings the aspect along."""
    read = descriptor.read_of(spec)
    return not aspect.name or (read is not None and aspect.get is not None and aspect.get.name == read.name)


async def _core(
    descriptor: Descriptor, view: View, scope: Scope, calls: Calls, answer: Mapping[str, Any] | None
) -> Observation | Failure:
    operation, call = descriptor.read_of(view.spec), request.read(descriptor, view, scope)
    if operation is None or call is None:
        return MISSING
    aspects = (aspect for aspect in descriptor.aspects if aspect.name and _applies(aspect, view.spec))
    along = [aspect for aspect in aspects if _in_core(descriptor, aspect, view.spec)]
    try:
        answer = await ask(calls, operation, call) if answer is None else answer
    except AwsError as error:
        if _is(error, descriptor.definition.not_found):
            return MISSING
        if not any(_is(error, (*aspect.absent, *aspect.unsupported)) for aspect in along):
            return Failure("", error)
    observed = observation(response.core(descriptor, operation, answer or {}, view))
    for aspect in along:
        observed = _joined(observed, _of_aspect(descriptor, aspect, answer))
    return observed


def observation(observed: response.Observed) -> Observation:
    """The answer of one core operation as an observation."""
    return Observation(observed.found, observed.spec, observed.status, observed.arn, observed.account, observed.carried)


async def _aspect(
    descriptor: Descriptor, aspect: Aspect, view: View, scope: Scope, calls: Calls
) -> Observation | Failure:
    """One aspect's observation; an identifier that is missing leaves it unknown."""
    call = request.get(descriptor, aspect, view, scope)
    if aspect.get is None or call is None:
        return Observation(found=True)
    try:
        answer = await ask(calls, aspect.get, call)
        if aspect.one is None:
            return _of_aspect(descriptor, aspect, answer)
        return _of_fragment(
            descriptor, aspect, await _one_by_one(descriptor, aspect, aspect.one, answer, view, scope, calls)
        )
    except AwsError as error:
        if _is(error, (*aspect.absent, *aspect.unsupported)):
            return _of_aspect(descriptor, aspect, None)
        return Failure(aspect.name, error)


async def _one_by_one(
    descriptor: Descriptor,
    aspect: Aspect,
    one: Operation,
    answer: Mapping[str, Any],
    view: View,
    scope: Scope,
    calls: Calls,
) -> Mapping[str, Any]:
    """The members of a list that gives only their keys."""
    elements: dict[str, Any] = {}
    for key in response.keys(descriptor, aspect, answer):
        found = await ask(calls, one, request.one(descriptor, aspect, key, view, scope))
        elements[key] = response.element(descriptor, aspect, found)
    return response.collect(descriptor, aspect, elements)


def _of_aspect(descriptor: Descriptor, aspect: Aspect, answer: Mapping[str, Any] | None) -> Observation:
    """What an answer says of an aspect; None says that it is not set."""
    if answer is None:
        return _of_fragment(descriptor, aspect, {})
    observed = _of_fragment(descriptor, aspect, response.observed(descriptor, aspect, answer))
    return replace(observed, answers={aspect.name: answer})


def _of_fragment(descriptor: Descriptor, aspect: Aspect, fragment: Mapping[str, Any]) -> Observation:
    spec = {name: value for name, value in fragment.items() if name in descriptor.spec.members}
    status = {name: value for name, value in fragment.items() if name not in descriptor.spec.members}
    return Observation(found=True, spec=spec, status=status, carried=tops(aspect))


async def ask(calls: Calls, operation: Operation, call: Call) -> Mapping[str, Any]:
    """The answer of a read, all its pages joined into one."""
    if not operation.paginated or not operation.at:
        return await calls.call(call.operation, **call.plain())
    at = operation.at.split("..", maxsplit=1)[0]
    answer: Any = list(await calls.paginate(call.operation, at, **call.plain()))
    for member in reversed(at.split(".")):
        answer = {member: answer}
    joined: Mapping[str, Any] = answer
    return joined


def _is(error: AwsError, texts: Sequence[str]) -> bool:
    return any(classify.matches(error, text) for text in texts)
