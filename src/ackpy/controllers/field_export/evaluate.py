"""spec.from.path and the object it is about -> the text to export, or the Fault. `pass_` calls it."""

from __future__ import annotations

from typing import Any

from ackpy.controllers.field_export import jq, jq_words, path
from ackpy.controllers.field_export.faults import PATH_ABSENT, Fault, unexecutable, unparsable
from ackpy.kube.objects import Object


async def evaluate(expression: str, obj: Object) -> str | Fault:
    """The text of what the expression finds: of a text, a boolean or a whole number; anything else counts as absent (ACK's rule).

    A plain path is read here; any other jq expression runs in a process of its own, if it uses nothing but the object.
    """
    steps = path.parse(expression)
    if steps is None:
        if fault := unacceptable(expression):
            return fault
        return await _by_jq(expression, obj)
    try:
        found = path.read(obj, steps)
    except path.Misstep as misstep:
        return unexecutable(str(misstep))
    return _text(found)


def unacceptable(expression: str) -> Fault | None:
    """Why an expression is not run, whatever the object is like; a plain path always is."""
    if path.parse(expression) is not None:
        return None
    try:
        outside = jq_words.outside(expression)
    except jq_words.Unreadable as error:
        return unparsable(str(error))
    if outside:
        words = ", ".join(sorted(outside))
        return unparsable(f"{words}: an expression may use nothing but the object that it is given")
    if not expression.strip():
        return unparsable("it is empty; .status.ackResourceMetadata.arn is a path")
    if not jq.is_installed():
        return unparsable("a jq expression needs the package ackpy[jq], a path such as .status.x[0].y does not")
    return None


async def _by_jq(expression: str, obj: Object) -> str | Fault:
    try:
        return _text(await jq.first(expression, obj))
    except jq.JqFailed as error:
        return (unparsable if error.trouble is jq.Trouble.UNPARSED else unexecutable)(str(error))


def _text(value: Any) -> str | Fault:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else PATH_ABSENT
