"""AdoptedResource, for installations that still have it: it becomes the object that adopts by annotation, whose outcome it reports.

ACK has given the kind up for the annotations. Here both are one: what the AdoptedResource says of identifiers becomes `adoption-fields`
of the object that it asks for, and the reconciler of that kind does the rest. The composition root calls `adopted_resources`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from ackpy.controllers import conditions
from ackpy.controllers.adoption import Policy, is_adopted
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.place import ADOPTION_FIELDS, ADOPTION_POLICY, REGION
from ackpy.controllers.references import resource_of
from ackpy.controllers.shared_kinds import ADOPTED_RESOURCES
from ackpy.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, TerminalError
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.adoption import ARN
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.conditions import Condition, set_condition
from ackpy.runtime.controller import Controller, ControllerOptions
from ackpy.runtime.finalizers import remove_finalizer
from ackpy.runtime.leader import Election
from ackpy.runtime.lookup import Absence
from ackpy.runtime.manager import Manager
from ackpy.runtime.reconciler import Request, Result

NAME: Final = "adoptedresource"
ADOPTED: Final = "ACK.Adopted"
FINALIZER: Final = "finalizers.services.k8s.aws/AdoptedResource"
_OBJECT: Final = "object"


def adopted_resources(
    manager: Manager,
    kinds: Sequence[Descriptor],
    options: ReconcilerOptions,
    *,
    name: str = NAME,
    election: Election | None = None,
) -> Controller:
    """The controller of AdoptedResources that ask for objects of `kinds`; it leaves those of other API groups alone.

    `name` tells several apart, which each run while their `election` is won.
    """
    informer = manager.informers.informer(ADOPTED_RESOURCES, manager.scope)
    if not informer.store.has_index(_OBJECT):
        informer.store.add_index(_OBJECT, _asked)

    def asking(kind: Descriptor) -> Callable[[Object], Iterable[ObjectKey]]:
        prefix = f"{kind.group}/{kind.kind}"
        return lambda obj: [
            objects.key_of(each) for each in informer.store.by_index(_OBJECT, f"{prefix}/{objects.key_of(obj)}")
        ]

    reconciler = AdoptedResourceReconciler(manager, kinds, options)
    pace = ControllerOptions(workers=options.concurrency)
    made = manager.add_controller(name, ADOPTED_RESOURCES, reconciler, pace, election=election)
    for kind in kinds:
        made.watches(resource_of(kind), asking(kind), scope=manager.scope)
    return made


class AdoptedResourceReconciler:
    """A `runtime.Reconciler` for AdoptedResources."""

    def __init__(self, manager: Manager, kinds: Sequence[Descriptor], options: ReconcilerOptions) -> None:
        self._manager, self._options = manager, options
        self._kinds = {(kind.group, kind.kind): kind for kind in kinds}
        self._reader = manager.reader(ADOPTED_RESOURCES, manager.scope)

    async def reconcile(self, request: Request) -> Result:
        """One pass. Raises KubeError when the API server does not do its part."""
        obj = await self._reader.read(request.key)
        if obj is None or _wanted(obj).get("group") not in {group for group, _ in self._kinds}:
            return Result.done()
        try:
            return await self._pass(obj)
        except Conflict:
            return Result.retry()  # somebody wrote in between: look at what they wrote
        except NotFound:
            return Result.done()

    async def _pass(self, obj: Object) -> Result:
        if objects.is_being_deleted(obj):
            if patch := remove_finalizer(obj, FINALIZER):
                await self._manager.writer.send(ADOPTED_RESOURCES, obj, patch)
            return Result.done()
        if (objects.condition_of(obj, ADOPTED) or {}).get("status") == "True":
            return Result.done()
        after = Result.done()
        try:
            adopted, why = await self._adopt(obj)
        except TerminalError as error:
            adopted, why = False, str(error)
        except (Invalid, Forbidden, NotFound) as error:
            adopted, why, after = False, f"the object cannot be made: {error.message}", Result.retry()
        if adopted or why:
            await self._report(obj, Condition(ADOPTED, "True" if adopted else "False", message=why or None))
        return after

    async def _adopt(self, obj: Object) -> tuple[bool, str]:
        """Whether it is adopted, and what stands against it. Makes the object where there is none. TerminalError: it cannot be."""
        kind = self._kinds.get((_wanted(obj)["group"], _wanted(obj).get("kind", "")))
        if kind is None:
            raise TerminalError(
                f"spec.kubernetes.kind: {_wanted(obj)['group']} has no kind {_wanted(obj).get('kind')} here"
            )
        if not self._options.gates.resource_adoption:
            raise TerminalError(
                "adoption is turned off: let the controller run with --feature-gates=ResourceAdoption=true"
            )
        made = manifest(kind, obj)
        self._check_namespace(obj, made)
        found = self._manager.informers.informer(resource_of(kind), self._manager.scope).store.get(objects.key_of(made))
        if not isinstance(found, Absence):
            return outcome(kind, found)
        with suppress(AlreadyExists):  # the watch is about to tell of it
            await self._manager.client.create(resource_of(kind), made)
        return False, ""

    def _check_namespace(self, obj: Object, made: Object) -> None:
        home, namespace = objects.key_of(obj).namespace, objects.key_of(made).namespace
        if namespace != home and not self._options.cross_namespace:
            raise TerminalError(
                f"spec.kubernetes.metadata.namespace: it names {namespace}, the AdoptedResource is in {home}: "
                "stay in it, or let the controller run with --enable-cross-namespace"
            )
        watched = self._manager.options.namespaces
        if watched and namespace not in watched:
            raise TerminalError(f"spec.kubernetes.metadata.namespace: this controller does not look after {namespace}")

    async def _report(self, obj: Object, condition: Condition) -> None:
        before = objects.conditions_of(obj)
        after = set_condition(before, condition, now=self._manager.client.clock.now())
        desired = {**obj, "status": {**(obj.get("status") or {}), "conditions": after}}
        await self._manager.writer.patch_status(ADOPTED_RESOURCES, obj, desired)


def manifest(kind: Descriptor, obj: Object) -> Object:
    """The object that an AdoptedResource asks for. TerminalError where nothing identifies the AWS resource."""
    wanted, key = _wanted(obj).get("metadata") or {}, _object_key(obj)
    region = objects.annotations_of(obj).get(REGION)
    annotations = {
        **({REGION: region} if region else {}),
        **(wanted.get("annotations") or {}),
        ADOPTION_POLICY: str(Policy.ADOPT),
        ADOPTION_FIELDS: json.dumps(identifiers(kind, (obj.get("spec") or {}).get("aws") or {})),
    }
    kept = {name: wanted[name] for name in ("labels", "ownerReferences") if wanted.get(name)}
    meta = {"name": key.name, "namespace": key.namespace, "annotations": annotations, **kept}
    return {**resource_of(kind).type_meta, "metadata": meta}  # without a spec, which would have to be whole


def identifiers(kind: Descriptor, aws: Mapping[str, Any]) -> dict[str, str]:
    """`spec.aws` as adoption-fields: `nameOrID` is the kind's first identifier that `additionalKeys` does not give."""
    given = dict(aws.get("additionalKeys") or {})
    if name := aws.get("nameOrID"):
        place = next((path for path in kind.identifiers if path not in given), None)
        if place is None:
            raise TerminalError(f"spec.aws.nameOrID: {kind.kind} is not identified by a name or id; give spec.aws.arn")
        given[place] = name
    if arn := aws.get("arn"):
        given[ARN] = arn
    if not given:
        raise TerminalError("spec.aws: give nameOrID or arn, by which the AWS resource is found")
    return given


def outcome(kind: Descriptor, found: Object) -> tuple[bool, str]:
    """Whether an object has its AWS resource, and what stands against it; neither while it is at it."""
    held = is_adopted(found) or kind.finalizer in objects.finalizers_of(found)
    if held and (objects.condition_of(found, conditions.SYNCED) or {}).get("status") == "True":
        return True, ""
    faults = (objects.condition_of(found, each) or {} for each in (conditions.TERMINAL, conditions.RECOVERABLE))
    return False, next((each.get("message", "") for each in faults if each.get("status") == "True"), "")


def _wanted(obj: Object) -> Mapping[str, Any]:
    return (obj.get("spec") or {}).get("kubernetes") or {}


def _object_key(obj: Object) -> ObjectKey:
    """The key of the object to make. A generated name is drawn from the uid, so that a second try makes no second object."""
    me, wanted = objects.key_of(obj), _wanted(obj).get("metadata") or {}
    generated = f"{wanted['generateName']}{objects.uid_of(obj)[:8]}" if wanted.get("generateName") else ""
    return ObjectKey(wanted.get("namespace") or me.namespace, wanted.get("name") or generated or me.name)


def _asked(obj: Object) -> Iterator[str]:
    yield f"{_wanted(obj).get('group')}/{_wanted(obj).get('kind')}/{_object_key(obj)}"
