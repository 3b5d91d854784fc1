"""One pass over one object of any AWS kind: the reconciler in ACK's terms. What makes kinds differ is in their descriptor.

The seven steps of a pass stand in `_steps`, `_sync` and `_finish`, in this order: who (account, region, policy), what is referred to,
the read plan and latest, the delta and the plan, the writes, late initialisation, and what is written to the object. A pass can
end between any two of them, by a crash too: what it wrote before tells the next one where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ackpy.aws import classify
from ackpy.aws.budget import Ticket
from ackpy.controllers import accounts, adoption, deletion, late_init, leave, patches, references, secrets, tags
from ackpy.controllers import plan as plans
from ackpy.controllers.absence import DOUBT_POLL_SECONDS, is_anothers, is_doubtful, unsettled
from ackpy.controllers.accounts import Home, Roles
from ackpy.controllers.adoption import UNCLAIMED, Policy
from ackpy.controllers.apply import Applied
from ackpy.controllers.batch import Answer, Ask, Batches
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.conditions import Report
from ackpy.controllers.endings import blocked, failed, look_again, paused, settled, shown, waiting
from ackpy.controllers.identity import Identity, identifiers, identity, is_given, owner
from ackpy.controllers.intent import Claim, Intent, Stage, claim
from ackpy.controllers.introduction import introduction
from ackpy.controllers.ledger import Ledger
from ackpy.controllers.manager import ResourceManager
from ackpy.controllers.memory import Memory, digests
from ackpy.controllers.observe import Observation, read_plan
from ackpy.controllers.options import DeletionPolicy, ReconcilerOptions
from ackpy.controllers.place import Place, moved
from ackpy.controllers.plan import Cause, Plan
from ackpy.controllers.read_only import is_read_only, noted
from ackpy.controllers.refusals import refusal, remaking, renamed
from ackpy.controllers.resolution import Resolution, joined
from ackpy.controllers.run import Ending, Ground, LetGo, News, Run, Trace
from ackpy.controllers.state import gate
from ackpy.controllers.steering import Steering
from ackpy.controllers.world import Cloud, Cluster, Ids, Recorder, Time
from ackpy.errors import AwsError, Conflict, NotFound, TerminalError
from ackpy.kube import objects
from ackpy.kube.objects import Object, ObjectKey
from ackpy.model.batch import at_most
from ackpy.model.delta import Mode
from ackpy.model.descriptor import Aspect, Descriptor
from ackpy.model.request import View
from ackpy.model.request import read as read_call
from ackpy.runtime.causes import Cause as Wake
from ackpy.runtime.lookup import Absence
from ackpy.runtime.reconciler import Request, Result

_UNHURRIED: Final = frozenset({Wake.RESYNC, Wake.START})  # passes that nobody waits for


@dataclass(frozen=True, slots=True)
class World:
    """All that a pass touches. `due` are the objects whose turn has come, or is about to, because time has passed."""

    cluster: Cluster
    cloud: Cloud
    recorder: Recorder
    time: Time
    ids: Ids
    roles: Callable[[], Roles] = Roles
    due: Callable[[], Iterable[Object]] = tuple


class ResourceReconciler:
    """A `runtime.Reconciler` for the objects of one AWS kind. `ledger` is told of every AWS call and plan."""

    def __init__(
        self, descriptor: Descriptor, options: ReconcilerOptions, world: World, ledger: Ledger | None = None
    ) -> None:
        self.ledger = Ledger() if ledger is None else ledger
        self._descriptor = descriptor
        self._references, self._resource = descriptor.references(), references.resource_of(descriptor)
        self._options = options
        self._world = world
        self._traces: dict[ObjectKey, Trace] = {}
        self._batches = Batches(descriptor, world.time)

    async def reconcile(self, request: Request) -> Result:
        """One pass. Raises KubeError when the API server does not do its part; AWS's refusals become conditions."""
        obj = await self._world.cluster.read(request.key)
        if obj is None:
            self._forget(request.key)
            return Result.done()
        try:
            return await self._steps(obj, request)
        except Conflict:
            return Result.retry()  # somebody wrote in between: look at what they wrote
        except NotFound:
            return Result.done()

    def displaced(self, seen: Iterable[Object]) -> Iterator[ObjectKey]:
        """Those of the objects whose account, role, region, endpoint or deletion policy is another than at their last pass."""
        for obj in seen:
            trace, namespace = self._traces.get(objects.key_of(obj)), self._namespace(obj)
            if trace and trace.ground and namespace is not None and trace.ground != self._ground(obj, namespace):
                yield objects.key_of(obj)

    async def _steps(self, obj: Object, request: Request) -> Result:
        """Step 1, who: the namespace's word, account, role, region, the deletion policy. Then creation and care, or the end."""
        namespace = self._namespace(obj)
        if namespace is None:
            return Result.retry()  # its annotations decide on region and deletion: absence must be known
        trace = self._trace(obj)
        ground = trace.ground = self._ground(obj, namespace)
        policy, steering = ground.policy, ground.steering
        new = _is_new(trace, obj, steering)
        if new:
            trace.guard.forgive()
        edited = new and Wake.EDIT in request.causes
        run = Run.of(obj, self._descriptor, self._options, ground.place, trace, edited=edited)
        if isinstance(policy, Blocked):
            return await self._finish(run, obj, blocked(run, policy))
        if isinstance(steering, Blocked):
            return await self._finish(run, obj, blocked(run, steering))
        run = replace(run, steering=steering)
        try:
            return await (
                self._delete(run, policy, request) if objects.is_being_deleted(obj) else self._sync(run, request)
            )
        except TerminalError as error:  # a request that cannot be made of this object
            return await self._finish(run, obj, blocked(run, Blocked(Code.REFUSED, {"why": str(error)})))

    async def _sync(self, run: Run, request: Request) -> Result:
        """Steps 2 to 5. References and secrets come first: what speaks against acting may depend on what they stand for."""
        policy = adoption.policy(run.obj, run.claim, self._options.gates)
        if policy is Policy.ADOPT or run.read_only:
            return await self._follow(run, request, adopt=policy is Policy.ADOPT)
        if not run.place.blocked:
            run = run.resolved(await self._resolution(run))
        if run.steering.paused:
            return await self._pause(run)
        if run.resolution.waiting:
            return Result.retry()  # the list of what is referred to is on its way
        if run.resolution.blocked:
            return await self._finish(run, run.obj, blocked(run, run.resolution.blocked))
        if block := self._unwise(run):
            return await self._finish(run, run.obj, blocked(run, block))
        try:
            manager = await self._manager(run, request)
            known = await self._told(run, manager, request)
        except AwsError as error:
            return await self._finish(run, run.obj, failed(run, [error]))
        return await self._look(run, manager, policy, known)

    async def _look(self, run: Run, manager: ResourceManager, policy: Policy | None, known: Answer | None) -> Result:
        """Step 3, latest, and what follows from it. `known` is what a read of many objects has said."""
        try:
            latest = await manager.read_one(run.desired(), _read_plan(run, policy), known)
        except AwsError as error:
            return await self._finish(run, run.obj, failed(run, [error]))
        if not latest.found and self._is_lagging(run):
            return await self._finish(run, run.obj, waiting(run, latest, poll=DOUBT_POLL_SECONDS))
        if not latest.found and is_anothers(run, self._world.time.now()):
            end = replace(blocked(run, _exists(run)), next=look_again(run, DOUBT_POLL_SECONDS))
            return await self._finish(run, run.obj, end)
        if not latest.found or gate(self._descriptor, latest.status).gone:
            return await self._create(run, manager)
        return await self._found(run, manager, latest, policy)

    async def _told(self, run: Run, manager: ResourceManager, request: Request) -> Answer | None:
        """What a read of many objects says of this one; None where it is to be read alone. Raises AwsError."""
        uid = objects.uid_of(run.obj)
        call = read_call(self._descriptor, run.desired(), run.scope)
        if at_most(self._descriptor) > 1 and call and run.claim is Claim.OWNED and request.causes <= _UNHURRIED:
            return await self._batches.answer(Ask(uid, run.place, call), self._due, manager.calls)
        self._batches.forget(uid)
        return None

    def _due(self) -> Iterator[Ask]:
        """The core reads of those objects that are due because time has passed, as far as they can be told from what is cached."""
        for obj in self._world.due():
            namespace = self._namespace(obj)
            if namespace is None or claim(self._descriptor, obj) is not Claim.OWNED:
                continue
            place, known = self._place(obj, namespace), adoption.addressed(self._descriptor, obj)
            view = View(known.get("spec") or {}, known.get("status") or {})
            call = read_call(self._descriptor, view, place.scope(obj))
            if call and not place.blocked:
                yield Ask(objects.uid_of(obj), place, call)

    def _is_lagging(self, run: Run) -> bool:
        """Whether to wait for a read to see the object's own resource. Where AWS gives the identifier, a create would make another."""
        return is_given(self._descriptor) and run.claim is Claim.OWNED and is_doubtful(run, self._world.time.now())

    async def _found(self, run: Run, manager: ResourceManager, latest: Observation, policy: Policy | None) -> Result:
        """AWS has the resource: this object's own, one to take over, or somebody else's."""
        if run.claim not in UNCLAIMED:
            return await self._update(run, manager, latest)
        if policy is Policy.ADOPT_OR_CREATE:
            return await self._take_over(run, manager, latest)
        return await self._finish(run, run.obj, blocked(run, _exists(run)))

    async def _follow(self, run: Run, request: Request, *, adopt: bool) -> Result:
        """An object that follows its AWS resource: to adopt it as it is, or only to show it."""
        if run.steering.paused:
            return await self._pause(run)
        referred = Resolution() if adopt else self._referred(run)
        if referred.waiting:
            return Result.retry()  # an identifier may be among what is on its way
        run = run.resolved(referred)
        if adopt:
            adoption.identified(self._descriptor, run.obj, run.scope)
        if (
            block := run.place.blocked
            or moved(run.obj, run.scope.region)
            or (None if run.read_only else self._duplicate(run))
        ):
            return await self._finish(run, run.obj, blocked(run, block))
        managed = self._descriptor.spec.members if adopt else ()
        try:
            manager = await self._manager(run, request)
            latest = await manager.read_one(run.desired(), read_plan(self._descriptor, run.desired().spec, managed))
        except AwsError as error:
            return await self._finish(run, run.obj, failed(run, [error]))
        if not latest.found or gate(self._descriptor, latest.status).gone:
            code = Code.ADOPTED_GONE if adopt or adoption.is_adopted(run.obj) else Code.READ_ONLY_GONE
            return await self._finish(run, run.obj, blocked(run, Blocked(code)))
        if adopt:
            return await self._adopt(run, manager, adoption.readable(self._descriptor, latest))
        return await self._finish(run, run.obj, shown(run, latest))

    async def _adopt(self, run: Run, manager: ResourceManager, latest: Observation) -> Result:
        """What AWS has becomes the spec; nothing is adopted of which only a part can be read."""
        if latest.failures:
            return await self._finish(run, run.obj, failed(run, [each.error for each in latest.failures]))
        asked = adoption.addressed(self._descriptor, run.obj).get("spec") or {}
        spec = adoption.spec_of(self._descriptor, asked, latest, run.defaults)
        return await self._adopted(run, manager, latest, spec, None)

    async def _take_over(self, run: Run, manager: ResourceManager, latest: Observation) -> Result:
        """What AWS has becomes as the spec says. The open intent makes the next pass look at all of it if this one is cut off."""
        found = tags.without(run.descriptor.tags, latest.spec, run.defaults)
        spec = run.resolution.restored(late_init.fill(run.descriptor, run.filled, found, latest.carried).spec)
        intent = self._intent(run)
        return await self._adopted(run, manager, latest, spec, intent)

    async def _adopted(
        self, run: Run, manager: ResourceManager, latest: Observation, spec: Mapping[str, Any], intent: Intent | None
    ) -> Result:
        """The patch that adopts, then what an object does that has its resource."""
        held = Memory(objects.uid_of(run.obj), digests(self._descriptor, run.resolution.marked(spec)))
        patch = patches.adopting(run.obj, self._descriptor.finalizer, held, intent, spec)
        seen = await self._world.cluster.patch(run.obj, patch)
        self._tell(seen, [News("Adopted", f"{_resource(run)} in AWS is managed from now on")])
        run = run.adopted(seen)
        if run.read_only:
            return await self._finish(run, seen, shown(run, latest))
        return await self._update(run, manager, latest)

    async def _pause(self, run: Run) -> Result:
        """No AWS call. What was not done meanwhile counts as not done: the generation stays unanswered."""
        answered = run.trace.generation, run.trace.now
        result = await self._finish(run, run.obj, paused(run))
        run.trace.generation, run.trace.now = answered
        return result

    async def _create(self, run: Run, manager: ResourceManager) -> Result:
        """The intent and the finalizer, the create call, and at once what the create call cannot carry."""
        intent = self._attempt(run)
        manager = replace(manager, scope=replace(run.scope, token=intent.token))
        desired = run.desired()
        plan = plans.creation(self._descriptor, desired, manager.scope)
        if block := plan.blocked or remaking(run.obj):
            return await self._finish(run, run.obj, blocked(run, block))
        held = _to_be_held(run)
        run.trace.unsent = intent.nonce if run.claim in UNCLAIMED else ""
        seen = await self._claim(run, held, intent)
        run.trace.unsent = ""
        unsure = is_doubtful(run, self._world.time.now())
        run.trace.created = self._world.time.now()
        try:
            latest = await manager.create(plan, desired)
        except AwsError as error:
            return await self._not_created(run, seen, intent, error, unsure=unsure)
        carried = plans.carried_by(self._descriptor, plan.writes[0].call)
        rest = plans.following(desired, carried)
        if rest:
            seen = await self._save_identity(run, seen, latest)
        follow = plans.update(
            self._descriptor, desired, latest, run.latest(latest), manager.scope, rest, dict.fromkeys(Mode, Cause.EDIT)
        )
        self._note(run, replace(plan, writes=(*plan.writes, *follow.writes)))
        applied, latest = await manager.write(follow, latest)
        self._wrote(run, applied)
        run.trace.unverified = self._options.verify
        end = settled(run, follow, applied, latest, held, created=True)
        return await self._finish(run, seen, leave.noticed(run, end))

    def _attempt(self, run: Run) -> Intent:
        """The attempt to create: the one under way, or a new one."""
        held = run.intent
        is_under_way = held is not None and (run.claim is Claim.OPEN or held.nonce == run.trace.unsent)
        return held if held is not None and is_under_way else self._intent(run)

    def _intent(self, run: Run) -> Intent:
        """A new attempt to have the resource, here."""
        return Intent(objects.uid_of(run.obj), Stage.OPEN, self._world.ids(), run.scope.account, run.scope.region)

    async def _not_created(self, run: Run, seen: Object, intent: Intent, error: AwsError, *, unsure: bool) -> Result:
        """A definite refusal withdraws the intent; where AWS may have acted, in this try or an earlier one, the next pass looks.

        `unsure`: the read that found nothing may not have seen what an earlier try made. A create that AWS refuses because the
        resource is there belies that read: where the object had a claim before, the resource is its own.
        """
        exists = any(classify.matches(error, text) for text in self._descriptor.definition.exists)
        claimed = run.claim not in UNCLAIMED
        if classify.may_have_acted(error) or (claimed and (exists or unsure)):
            return await self._finish(run, seen, failed(run, [error]))
        run.trace.refused = intent.nonce
        end = blocked(run, _exists(run)) if exists else failed(run, [error])
        return await self._finish(run, seen, replace(end, intent=intent.withdrawn()))

    async def _update(self, run: Run, manager: ResourceManager, latest: Observation) -> Result:
        """Step 4, the delta and the plan; step 5, the writes."""
        left, view = leave.leaving(run, latest), run.latest(latest)
        plan = plans.update(
            self._descriptor, left.desired, latest, view, run.scope, left.modes, run.causes(), left.found
        )
        if latest.shared and (plan.writes or plan.blocked):
            return await self._look(run, manager, None, None)  # what others were told may be out of date
        self._note(run, plan)
        if plan.blocked:
            return await self._finish(run, run.obj, left.told(run, blocked(run, plan.blocked, latest)))
        held = run.gained(frozenset().union(*(write.paths for write in plan.writes)))
        seen = await self._claim(run, held if plan.writes else None)
        doubted = unsettled(run, self._world.time.now())
        applied, latest = await manager.write(plan, latest)
        self._wrote(run, applied)
        for write in (each.write for each in applied.written):
            run.trace.guard.note(write.operation, write.differences, digests(self._descriptor, run.marked))
        end = settled(run, plan, applied, latest, held, unsettled=doubted)
        return await self._finish(run, seen, left.told(run, end))

    def _wrote(self, run: Run, applied: Applied) -> None:
        """Note when: a read may lag behind, also behind a write whose answer was lost."""
        paths = applied.failed_paths.union(*(each.write.paths for each in applied.written))
        run.trace.written.update(dict.fromkeys(paths, self._world.time.now()))

    async def _delete(self, run: Run, policy: DeletionPolicy, request: Request) -> Result:
        """The end of the object; see `deletion`."""
        if self._descriptor.finalizer not in objects.finalizers_of(run.obj):
            return Result.done()
        run = run.resolved(self._referred(run))
        end: Ending | LetGo | None = deletion.without_aws(run, policy, owned=self._duplicate(run) is None)
        if end is None and run.steering.paused:
            end = paused(run)
        if end is None and run.place.blocked:
            end = blocked(run, run.place.blocked)
        if end is None and run.resolution.waiting:
            return Result.retry()  # an identifier may be among what is on its way
        try:
            if end is None and await self._is_found_again(run, request):
                return Result.retry()  # it has a name now: the next pass deletes it
            doubted = is_doubtful(run, self._world.time.now())
            end = end or await deletion.delete(run, await self._manager(run, request), doubted=doubted)
        except AwsError as error:
            end = failed(run, [error])
        if isinstance(end, Ending):
            return await self._finish(run, run.obj, end)
        if patch := patches.releasing(run.obj, self._descriptor.finalizer):
            await self._world.cluster.patch(run.obj, patch)
        self._tell(run.obj, end.news)
        return Result.done()

    async def _is_found_again(self, run: Run, request: Request) -> bool:
        """Ask for what only a lost answer has named, with the same token: AWS answers with what the first try made. It is written down."""
        lost = (
            run.claim is Claim.OPEN and is_given(self._descriptor) and self._descriptor.definition.found_by == "token"
        )
        if not lost or run.intent is None:
            return False
        scope = replace(run.scope, token=run.intent.token)
        plan = plans.creation(self._descriptor, run.desired(), scope)
        if plan.blocked:
            return False
        manager = replace(await self._manager(run, request), scope=scope)
        try:
            latest = await manager.create(plan, run.desired())
        except AwsError as error:
            if classify.may_have_acted(error) or classify.is_transient(error):
                raise
            return False  # refused as the first try was, or would have been
        await self._save_identity(run, run.obj, latest)
        return True

    async def _finish(self, run: Run, seen: Object, end: Ending) -> Result:
        """Steps 6 and 7: one patch of metadata and spec if they changed, one of the status if it did, then the Events."""
        end = replace(end, report=run.told(noted(end.report, seen, self._descriptor.finalizer, self._options.gates)))
        if end.intent is None and (refused := run.unwritten_refusal):
            end = replace(end, intent=refused)
        if patch := patches.ending(seen, end):
            seen = await self._world.cluster.patch(seen, patch)
        patch = patches.status(seen, end, run.scope, self._world.time.now(), edited=run.edited)
        if patch:
            await self._world.cluster.patch_status(seen, patch)
        run.trace.generation, run.trace.now = objects.generation_of(seen), run.steering.now
        self._tell(seen, [each for each in end.news if patch or not each.once])
        return end.next

    async def _resolution(self, run: Run) -> Resolution:
        """What references and secrets stand for. Reading a Secret raises KubeError."""
        found = self._referred(run)
        if found.blocked or found.waiting:
            return found
        crosses = self._options.cross_namespace
        return joined([found, await secrets.resolve(self._descriptor, run.obj, self._world.cluster, crosses=crosses)])

    def _referred(self, run: Run) -> Resolution:
        """What references stand for; a pass that only shows or ends the object takes of them what there is."""
        cluster, crosses = self._world.cluster, self._options.cross_namespace
        optional = run.read_only or objects.is_being_deleted(run.obj)
        return references.resolve(
            self._references, run.obj, self._resource, cluster, crosses=crosses, optional=optional
        )

    async def _claim(self, run: Run, held: Memory | None, intent: Intent | None = None) -> Object:
        """Mark the object before AWS is written to; returns it as stored."""
        patch = patches.claiming(run.obj, self._descriptor.finalizer, held, intent)
        return await self._world.cluster.patch(run.obj, patch) if patch else run.obj

    async def _save_identity(self, run: Run, seen: Object, latest: Observation) -> Object:
        """Where AWS gave the identifier, write it down before anything else is tried: nothing else leads back to the resource."""
        if not is_given(self._descriptor):
            return seen
        end = Ending(run.told(Report(synced=False)), Result.done(), latest=latest)
        patch = patches.status(seen, end, run.scope, self._world.time.now(), edited=run.edited)
        return await self._world.cluster.patch_status(seen, patch) if patch else seen

    async def _manager(self, run: Run, request: Request) -> ResourceManager:
        ticket = Ticket(request.key.namespace, request.priority, introduction(self._descriptor, run.obj))
        heard = self.ledger.of(objects.uid_of(run.obj)).heard
        calls = await self._world.cloud.calls(run.place, ticket, heard)
        return ResourceManager(self._descriptor, calls, run.scope)

    def _unwise(self, run: Run) -> Blocked | None:
        """What speaks against acting at all, as far as it can be known without asking AWS."""
        made = run.claim in {Claim.OPEN, Claim.OWNED}
        return (
            run.place.blocked
            or moved(run.obj, run.scope.region)
            or renamed(self._descriptor, run.marked, run.memory if made else None)
            or self._duplicate(run)
            or refusal(self._descriptor, run.desired().spec, None)
        )

    def _duplicate(self, run: Run) -> Blocked | None:
        """Whether an older object names the same AWS resource: then this one keeps away from it."""
        mine = self._identity(run.obj)
        if mine is None:
            return None
        uid = objects.uid_of(run.obj)
        others = [each for each in self._world.cluster.naming(mine.values) if objects.uid_of(each) != uid]
        owners = [each for each in others if not is_read_only(each, self._options.gates)]
        rivals = [each for each in owners if self._identity(each) == mine]
        first = owner(self._descriptor, [run.obj, *rivals])
        if first is run.obj:
            return None
        older = objects.key_of(first)
        facts = {"resource": str(mine), "older": f"{self._descriptor.kind} {older}"}
        return Blocked(Code.DUPLICATE, facts, on=(older,))

    def _identity(self, obj: Object) -> Identity | None:
        place = self._place(obj, self._namespace(obj) or {})
        return identity(self._descriptor, obj, place.account, place.region)

    def _ground(self, obj: Object, namespace: Object) -> Ground:
        policy = deletion.policy(self._descriptor, obj, namespace, self._options.deletion_policy)
        return Ground(self._place(obj, namespace), policy, self._steering(obj, namespace))

    def _steering(self, obj: Object, namespace: Object) -> Steering | Blocked:
        ignoring = self._options.gates.ignore_field_drift and not objects.is_being_deleted(obj)
        return Steering.of(obj, namespace, ignoring=ignoring)

    def _place(self, obj: Object, namespace: Object) -> Place:
        home = Home(self._world.cloud.account, self._world.cloud.partition)
        around = accounts.Setting(namespace, self._world.roles(), home, self._options)
        return accounts.place(self._descriptor, obj, around)

    def _namespace(self, obj: Object) -> Object | None:
        """The object's namespace, empty where there is none; None while that is not known."""
        found = self._world.cluster.namespace(objects.key_of(obj).namespace)
        if found is Absence.UNKNOWN:
            return None
        return {} if found is Absence.MISSING else found

    def _note(self, run: Run, plan: Plan) -> None:
        self.ledger.of(objects.uid_of(run.obj)).plan = plan.plain()

    def _tell(self, obj: Object, news: Iterable[News]) -> None:
        for each in news:
            tell = self._world.recorder.warning if each.warning else self._world.recorder.normal
            tell(obj, each.reason, each.message)
            for path in each.drift:
                self.ledger.tallies.drift(self._descriptor.kind, path)
            for path in each.stopped:
                self.ledger.tallies.stopped(self._descriptor.kind, path)

    def _trace(self, obj: Object) -> Trace:
        key, uid = objects.key_of(obj), objects.uid_of(obj)
        if key in self._traces and self._traces[key].uid != uid:
            self._forget(key)
        return self._traces.setdefault(key, Trace(uid, began=self._world.time.now()))

    def _forget(self, key: ObjectKey) -> None:
        trace = self._traces.pop(key, None)
        if trace is not None:
            self.ledger.forget(trace.uid)
            self._batches.forget(trace.uid)


def _read_plan(run: Run, policy: Policy | None) -> Sequence[Aspect]:
    """What to read beside the core: nothing, while what is found could only be somebody else's."""
    if run.claim in UNCLAIMED and policy is None:
        return ()
    return read_plan(run.descriptor, run.desired().spec, run.modes)


def _to_be_held(run: Run) -> Memory:
    """The memory before a create call. What may have been made before keeps its own: a read that does not see it is no reset."""
    said = digests(run.descriptor, run.marked)
    if run.memory is None or run.claim in UNCLAIMED:
        return Memory(objects.uid_of(run.obj), said)
    return run.memory.gaining(said)


def _exists(run: Run) -> Blocked:
    return Blocked(Code.EXISTS, {"resource": _resource(run)})


def _resource(run: Run) -> str:
    return f"{run.descriptor.kind} {'/'.join(identifiers(run.descriptor, run.obj) or ())}"


def _is_new(trace: Trace, obj: Object, steering: Steering | Blocked) -> bool:
    """Whether the object says something that no pass has answered: another spec, or another word that asks for a pass."""
    now = trace.now if isinstance(steering, Blocked) else steering.now
    return trace.generation != objects.generation_of(obj) or (trace.now is not None and trace.now != now)
