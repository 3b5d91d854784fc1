"""The end of an object: its policy, what is asked of AWS, and when the finalizer goes.

The finalizer stays until AWS says that the resource is gone, or until it is sure that this object never made one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ackpy.aws.classify import Meaning, may_have_acted
from ackpy.controllers import plan as plans
from ackpy.controllers.absence import DOUBT_POLL_SECONDS
from ackpy.controllers.blocked import Blocked
from ackpy.controllers.endings import blocked, failed, waiting
from ackpy.controllers.faults import verdict
from ackpy.controllers.intent import Claim, made
from ackpy.controllers.manager import ResourceManager
from ackpy.controllers.observe import Observation, tops
from ackpy.controllers.options import DeletionPolicy
from ackpy.controllers.place import mistyped
from ackpy.controllers.run import Ending, LetGo, News, Run
from ackpy.controllers.state import Gate, gate
from ackpy.errors import AwsApiError, AwsError
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.delta import Mode
from ackpy.model.descriptor import Aspect, Descriptor
from ackpy.model.request import View

ANNOTATION: Final = "services.k8s.aws/deletion-policy"
_DELETED: Final = News("Deleted", "The AWS resource is deleted")
_NO_ANSWER_TO_TRUST: Final = frozenset(
    {Meaning.THROTTLED, Meaning.DENIED, Meaning.CREDENTIALS, Meaning.NOT_IMPLEMENTED}
)


def policy(descriptor: Descriptor, obj: Object, namespace: Object, flag: DeletionPolicy) -> DeletionPolicy | Blocked:
    """The object's annotation, else its namespace's for this service, else the flag. A value that is neither is refused, not guessed."""
    service = f"{descriptor.service.lower()}.{ANNOTATION}"
    for holder, annotation in ((obj, ANNOTATION), (namespace, service)):
        found = objects.annotations_of(holder).get(annotation, "")
        if found and found not in set(DeletionPolicy):
            return mistyped(holder, annotation, '"delete" or "retain"')
        if found:
            return DeletionPolicy(found)
    return flag


def without_aws(run: Run, policy: DeletionPolicy, *, owned: bool) -> LetGo | None:
    """Letting go where AWS is not to be asked: the resource is retained, another object's, or was never made."""
    if policy is DeletionPolicy.RETAIN or run.read_only:
        why = "it is read-only" if run.read_only else "its deletion policy says so"
        return LetGo([News("Retained", f"The object is gone, the AWS resource stays: {why}")])
    if not owned or run.claim in {Claim.NONE, Claim.REFUSED}:
        return LetGo()
    return None


async def delete(run: Run, manager: ResourceManager, *, doubted: bool = False) -> Ending | LetGo:
    """One pass over an object that is being deleted and whose AWS resource is to go too.

    `doubted`: that AWS shows no resource is no proof yet, for it may just have been made.
    """
    try:
        found = await manager.read_one(run.desired(), _emptied_first(run.descriptor))
    except AwsError as error:
        return LetGo() if _never_made(run, error) else failed(run, [error])
    if not found.found and doubted and not run.trace.deleting:
        return waiting(run, found, poll=DOUBT_POLL_SECONDS)
    if _is_gone(run, found):
        return LetGo()
    try:
        return await _ask(run, manager, found)
    except AwsError as error:
        gone = verdict(run.descriptor, error).meaning is Meaning.NOT_FOUND
        gone = gone or (not doubted and await _has_acted(run, manager, error))
        return LetGo([_DELETED]) if gone else failed(run, [error], found)


async def _ask(run: Run, manager: ResourceManager, found: Observation) -> Ending | LetGo:
    """Empty the resource, ask for its deletion, and look whether it is over, as far as its state permits."""
    deletion, latest = run.descriptor.definition.deletion, run.latest(found)
    state = gate(run.descriptor, latest.status)
    if not _is_under_way(run, state):
        if deletion.only_in and not _in_state(run, latest.status):
            return waiting(run, found, poll=state.poll)
        if end := await _empty(run, manager, found):
            return end
        await manager.delete(View(run.desired().spec, latest.status))
        run.trace.deleting, run.trace.waits = True, 0
    if deletion.until_gone and not _is_gone(run, now := await manager.read_one(run.desired())):
        return waiting(run, now, poll=state.poll)
    return LetGo([_DELETED])


async def _has_acted(run: Run, manager: ResourceManager, error: AwsError) -> bool:
    """Whether a delete call whose end is not known has done its work: AWS has shown the resource a moment ago, and shows it no more."""
    if not may_have_acted(error):
        return False
    with suppress(AwsError):  # what cannot be read now is found out by the next pass
        return _is_gone(run, await manager.read_one(run.desired()))
    return False


def _is_under_way(run: Run, state: Gate) -> bool:
    """Whether AWS has taken a delete call and still works on it."""
    return run.trace.deleting and (state.busy is not None or not run.descriptor.definition.states)


def _is_gone(run: Run, found: Observation) -> bool:
    return not found.found or gate(run.descriptor, run.latest(found).status).gone


def _in_state(run: Run, status: Mapping[str, Any]) -> bool:
    """Whether every state of the kind has a value in which AWS takes a delete call."""
    definition = run.descriptor.definition
    return all(fieldpath.get(status, state.path) in definition.deletion.only_in for state in definition.states)


def _never_made(run: Run, error: AwsError) -> bool:
    """Whether AWS's refusal to show the resource means that there is none: no create ever succeeded, and the request itself is refused."""
    refused = isinstance(error, AwsApiError) and 400 <= error.status < 500
    return (
        refused
        and not made(run.descriptor, run.obj)
        and verdict(run.descriptor, error).meaning not in _NO_ANSWER_TO_TRUST
    )


def _emptied_first(descriptor: Descriptor) -> tuple[Aspect, ...]:
    return tuple(descriptor.aspect(name) for name in descriptor.definition.deletion.first)


async def _empty(run: Run, manager: ResourceManager, found: Observation) -> Ending | None:
    """Take away what AWS wants gone before the resource itself; an ending where that is not done yet."""
    emptied = frozenset(path for aspect in _emptied_first(run.descriptor) for path in tops(aspect))
    if not emptied:
        return None
    spec = {path: value for path, value in run.desired().spec.items() if path not in emptied}
    plan = plans.update(
        run.descriptor,
        View(spec, run.desired().status),
        found,
        run.latest(found),
        manager.scope,
        dict.fromkeys(emptied, Mode.CLEAR),
    )
    if plan.blocked:
        return blocked(run, plan.blocked, found)
    applied, _ = await manager.write(plan, found)
    errors = [failure.error for failure in (*found.failures, *applied.failures)]
    return failed(run, errors, found) if errors else None
