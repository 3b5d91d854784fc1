"""Adoption by annotation: what an object asks for, where its AWS resource is to be looked up, and the spec that it gets. Pure.

`resource` asks `policy` at the start of a pass; `run` and `identity` see every object through `addressed`, so that one which is still
to be adopted has the identifiers that its annotation gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from ackpy.aws.classify import Meaning
from ackpy.controllers import tags
from ackpy.controllers.faults import verdict
from ackpy.controllers.intent import Claim, claim, is_copied
from ackpy.controllers.observe import Observation
from ackpy.controllers.options import Gates
from ackpy.controllers.place import ADOPTED, ADOPTION_FIELDS, ADOPTION_POLICY
from ackpy.errors import TerminalError
from ackpy.kube import objects
from ackpy.kube.objects import Object, apply_merge_patch
from ackpy.model import adoption
from ackpy.model.call import Scope, View
from ackpy.model.descriptor import Descriptor

UNCLAIMED: Final = frozenset({Claim.NONE, Claim.REFUSED})
_EXAMPLE: Final = '{"name": "..."}'


class Policy(StrEnum):
    """What to do with an AWS resource that this object has not made."""

    ADOPT = "adopt"
    """Take it over as it is: the spec becomes what AWS has."""
    ADOPT_OR_CREATE = "adopt-or-create"
    """Take it over and make it as the spec says; make it where there is none."""


def policy(obj: Object, held: Claim, gates: Gates) -> Policy | None:
    """What is to be done in this pass: None where the annotation is absent, has been served already, or the gate is off.

    TerminalError, in ACK's words, for a value that is neither.
    """
    found = objects.annotations_of(obj).get(ADOPTION_POLICY, "")
    if found and found not in set(Policy):
        raise TerminalError(
            f'unrecognized adoption policy {found}. Supported policies are "{Policy.ADOPT}" and "{Policy.ADOPT_OR_CREATE}"'
        )
    return _asked(obj, held) if gates.resource_adoption else None


def _asked(obj: Object, held: Claim) -> Policy | None:
    """The policy of an object that has no AWS resource of its own. A mark counts unless it came with a copied manifest."""
    found = objects.annotations_of(obj).get(ADOPTION_POLICY, "")
    marked = is_adopted(obj) and not is_copied(obj)
    return Policy(found) if found in set(Policy) and held in UNCLAIMED and not marked else None


def is_adopted(obj: Object) -> bool:
    """Whether the object is marked as having adopted its resource, by us or by its author: it is then never made anew."""
    return objects.annotations_of(obj).get(ADOPTED, "").lower() == "true"


def fields(obj: Object) -> dict[str, str]:
    """The annotation `adoption-fields`: a JSON object of texts. TerminalError says what else was found."""
    text = objects.annotations_of(obj).get(ADOPTION_FIELDS, "")
    try:
        found = json.loads(text or "null")
    except json.JSONDecodeError as error:
        raise _unreadable(f"it is no JSON, at line {error.lineno} column {error.colno}") from None
    if found is None:
        raise _unreadable("it is missing")
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise _unreadable("it must be a JSON object whose values are all strings")
    return found


def _unreadable(why: str) -> TerminalError:
    return TerminalError(
        f"unmarshalling adoption-fields annotation: {why}: write {ADOPTION_FIELDS} as, for example, {_EXAMPLE}"
    )


def identified(descriptor: Descriptor, obj: Object, scope: Scope) -> View:
    """The identifiers that `adoption-fields` gives. TerminalError: they cannot be read, are not all there, or lie elsewhere."""
    given = fields(obj)
    try:
        adoption.check_place(descriptor, given, scope)
        return adoption.identified(descriptor, given)
    except TerminalError as error:
        raise TerminalError(f"Error populating adoption fields: {error}") from None


def addressed(descriptor: Descriptor, obj: Object) -> Object:
    """The object with what its `adoption-fields` say, where that leads to its resource; as it is where they say nothing that counts.

    The status keeps what it has: it is AWS's word. Only an object that is still to `adopt` takes spec fields from the annotation.
    """
    if objects.annotations_of(obj).get(ADOPTION_POLICY, "") not in set(Policy):
        return obj
    try:
        found = adoption.identified(descriptor, fields(obj))
    except TerminalError:
        return obj  # `identified` says it where it matters; without it the spec alone leads to the resource
    status = apply_merge_patch(found.status, obj.get("status") or {})
    adopting = _asked(obj, claim(descriptor, obj)) is Policy.ADOPT
    spec = apply_merge_patch(obj.get("spec") or {}, found.spec) if adopting else obj.get("spec") or {}
    return {**obj, "spec": spec, "status": status}


def spec_of(
    descriptor: Descriptor, asked: Mapping[str, Any], latest: Observation, hidden: Iterable[str]
) -> dict[str, Any]:
    """The spec of an object that adopts: what AWS has, less AWS's own tags and those with a key in `hidden`.

    Of the spec as `asked` stay the identifiers and what no read tells of; a reference goes where AWS tells its target. An empty
    list is left out: AWS answers one where nothing was ever set, and in a spec it would forbid what others add.
    """
    found = descriptor.hooks.adopted(tags.without(descriptor.tags, latest.spec, hidden))
    told = latest.carried | found.keys()
    observed = {path: value for path, value in found.items() if value != []}
    kept = {
        path: value
        for path, value in asked.items()
        if path in descriptor.identifiers or not {path, descriptor.spec.members[path].ref_to} & told
    }
    return {**kept, **observed}


def readable(descriptor: Descriptor, latest: Observation) -> Observation:
    """Without the failures of reads that the endpoint, an emulator, does not offer: what nobody can tell stays unmanaged."""
    failures = tuple(
        each for each in latest.failures if verdict(descriptor, each.error).meaning is not Meaning.NOT_IMPLEMENTED
    )
    return replace(latest, failures=failures)
