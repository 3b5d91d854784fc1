"""The operations on one kind in one account and region: read, create, write, delete. Between the pass and AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ackpy.controllers.apply import Applied, apply
from ackpy.controllers.batch import Answer
from ackpy.controllers.observe import Observation, observation, observe
from ackpy.controllers.plan import Plan, after_creation, carried_by
from ackpy.controllers.world import Calls
from ackpy.errors import AwsError
from ackpy.model import fieldpath, request, response
from ackpy.model.descriptor import Aspect, AspectKind, Descriptor, Operation
from ackpy.model.request import Scope, View


@dataclass(frozen=True, slots=True)
class ResourceManager:
    """One kind as one account and region see it. Every method raises AwsError."""

    descriptor: Descriptor
    calls: Calls
    scope: Scope

    async def read_one(self, view: View, aspects: Sequence[Aspect] = (), known: Answer | None = None) -> Observation:
        """What AWS says of the object; MISSING when it has none. `aspects` are read beside the core.

        `known` is what a read of many objects says of this one. It is never the last word on what is missing or cannot be read.
        """
        if known is not None:
            found = await observe(self.descriptor, view, self.scope, aspects, self.calls, known.value)
            if found.found and not found.failures:
                return self._named(replace(found, shared=known.shared), view)
        found = await observe(self.descriptor, view, self.scope, aspects, self.calls)
        return self._named(found, view)

    async def create(self, plan: Plan, desired: View) -> Observation:
        """Make the one write of a plan that creates. What it carried is taken as kept; state and ARN that its answer lacks are read."""
        (write,) = plan.writes
        answer = await self.calls.call(write.operation, **write.call.plain())
        created = response.core(self.descriptor, self._creator(write.operation), answer, desired)
        carried = carried_by(self.descriptor, write.call)
        made = self._named(after_creation(desired, observation(created), carried), desired)
        return await self._completed(made, desired) if self._is_partial(made) else made

    def _is_partial(self, made: Observation) -> bool:
        """Whether the answer of a create leaves open what clients look for in the first status."""
        states = (state.path for state in self.descriptor.definition.states)
        return any(fieldpath.get(made.status, path) is None for path in states) or bool(
            self.descriptor.arn_member and not made.arn
        )

    async def _completed(self, made: Observation, desired: View) -> Observation:
        """With the state and ARN that a read tells. What AWS does not show yet stays open, and is looked for by the next pass."""
        view = View(desired.spec, {**desired.status, **made.status})
        try:
            found = await observe(self.descriptor, view, self.scope, (), self.calls)
        except AwsError:
            return made  # the resource is made: that is to be written down first
        carried = made.carried | frozenset(found.status)
        return replace(made, status={**made.status, **found.status}, arn=made.arn or found.arn, carried=carried)

    async def write(self, plan: Plan, latest: Observation) -> tuple[Applied, Observation]:
        """Make the writes of a plan; returns what came of them, and `latest` with what the answers say of the status."""
        applied = await apply(plan, self.calls)
        for each in applied.written:
            operation = self._updater(each.write.aspect)
            if operation is not None and each.answer:
                status = response.core(self.descriptor, operation, each.answer).status
                latest = replace(latest, status={**latest.status, **status})
        return applied, latest

    async def delete(self, view: View) -> None:
        """Ask AWS to delete the resource; nothing where the kind has no such operation."""
        if call := request.delete(self.descriptor, view, self.scope):
            await self.calls.call(call.operation, **call.plain())

    def _creator(self, name: str) -> Operation:
        operations = (self.descriptor.create, *(operation for _, operation in self.descriptor.variants))
        return next(operation for operation in operations if operation.name == name)

    def _updater(self, name: str) -> Operation | None:
        """The operation of an aspect whose answers describe the object itself."""
        aspect = self.descriptor.aspect(name)
        if aspect.kind is AspectKind.CORE:
            return self.descriptor.update
        return aspect.put if aspect.kind is AspectKind.GROUP else None

    def _named(self, found: Observation, view: View) -> Observation:
        """With the ARN that the definition predicts, where AWS's answers have none."""
        if not found.found or found.arn:
            return found
        named = View({**view.spec, **found.spec}, {**view.status, **found.status})
        return replace(found, arn=request.arn(self.descriptor, named, self.scope))
