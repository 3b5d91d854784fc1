"""What can be known to be refused before AWS is asked: a desired spec in, a `Blocked` or nothing out. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ackpy.controllers.adoption import is_adopted
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.memory import Memory, digests
from ackpy.kube.objects import Object
from ackpy.model import fieldpath
from ackpy.model.definition import Compare
from ackpy.model.delta import Delta
from ackpy.model.descriptor import Descriptor
from ackpy.model.when import When

_SET_BACK: Final = "set it back, or delete the object and create it anew"


def refusal(descriptor: Descriptor, desired: Mapping[str, Any], latest: Mapping[str, Any] | None) -> Blocked | None:
    """Why AWS will never accept the spec: the definition's rules, the kind's hook, policies that are no JSON; None when it may.

    `latest` is None before anything was observed; rules on what changes are then left to the second question.
    """
    why = next(filter(None, _reasons(descriptor, desired, latest)), "")
    return Blocked(Code.REFUSED, {"why": why}) if why else None


def _reasons(descriptor: Descriptor, desired: Mapping[str, Any], latest: Mapping[str, Any] | None) -> Iterator[str]:
    """Reasons to refuse; an empty one is none."""
    for refuse in descriptor.definition.refuse:
        if (latest is not None or not _asks_change(refuse.when)) and refuse.when.holds(desired, latest):
            yield refuse.why
    yield descriptor.hooks.refuse(desired, latest)
    for path, rule in descriptor.rules.items():
        if rule.compare is Compare.IAM_POLICY:
            yield from (_policy(str(at), text) for at, text in fieldpath.find(desired, path) if text)


def _asks_change(when: When) -> bool:
    return when.test == "changed" or any(_asks_change(part) for part in when.parts)


def _policy(path: str, text: Any) -> str:
    """What is wrong with a policy's text; the text itself, which may say more than a condition should, is left out."""
    try:
        policy = json.loads(text)
    except (TypeError, ValueError) as error:
        where = f" at line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return f"spec.{path} is not valid JSON{where}: give an IAM policy document"
    return "" if isinstance(policy, dict) else f"spec.{path} must be a JSON object with a Statement"


def remaking(obj: Object) -> Blocked | None:
    """An adopted resource that AWS has no more is not made anew: it was somebody else's to begin with."""
    return Blocked(Code.ADOPTED_GONE) if is_adopted(obj) else None


def renamed(descriptor: Descriptor, spec: Mapping[str, Any], memory: Memory | None) -> Blocked | None:
    """An identifier that is another than the one under which the resource was made: to follow it would leave that one behind."""
    if memory is None:
        return None
    named = {path: spec.get(path) for path in descriptor.identifiers}
    for path, found in digests(descriptor, named).items():
        if memory.paths.get(path, found) != found:
            return Blocked(Code.IMMUTABLE, {"path": f"spec.{path}", "advice": _SET_BACK})
    return None


def immutable(delta: Delta) -> Blocked | None:
    """The first difference that AWS does not let be mended."""
    for difference in delta.immutable:
        advice = difference.immutable if isinstance(difference.immutable, str) else ""
        facts = {
            "path": f"spec.{difference.path}",
            "advice": advice or "set it back, or delete the object and create it anew",
        }
        return Blocked(Code.IMMUTABLE, facts)
    return None


def unwritable(descriptor: Descriptor, delta: Delta) -> Blocked | None:
    """Differences in the core of a kind that has no update operation."""
    paths = [f"spec.{difference.path}" for difference in delta.of("")]
    return Blocked(Code.NO_UPDATE, {"paths": ", ".join(paths)}) if paths and descriptor.update is None else None
