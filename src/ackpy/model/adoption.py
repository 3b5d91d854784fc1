"""The texts that lead to an AWS resource (`adoption-fields`) become the identifiers of an object. Pure; `controllers.adoption` calls it.

Keys are the CRD's names of what the kind's read asks for: the identifiers, which are needed, and what else the read takes; or
`arn`, which is taken apart by the definition's template, where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ackpy.errors import TerminalError
from ackpy.model import fieldpath
from ackpy.model.call import Scope, View, arn_values
from ackpy.model.descriptor import Descriptor

ARN: Final = "arn"
_PLACES: Final = ("partition", "account", "region")


def identified(descriptor: Descriptor, given: Mapping[str, str]) -> View:
    """The spec and status fields that `given` names. TerminalError names a key that is missing, or an ARN of another form.

    Keys that the read has no use for are passed over, as ACK does.
    """
    arn = given.get(ARN, "")
    values = {**_of_arn(descriptor, arn), **given}
    wanted = dict(_wanted(descriptor))
    for path, required in wanted.items():
        if required and not values.get(path):
            raise TerminalError(f"required field missing: {path}")
    if not wanted and not arn:
        raise TerminalError(f"required field missing: {ARN}")
    spec: Mapping[str, Any] = {}
    status: Mapping[str, Any] = {"ackResourceMetadata": {"arn": arn}} if arn else {}
    for path in wanted:
        if not (value := values.get(path)):
            continue
        if fieldpath.of(path).top in descriptor.spec.members:
            spec = fieldpath.assign(spec, path, value)
        else:
            status = fieldpath.assign(status, path, value)
    return View(spec, status)


def check_place(descriptor: Descriptor, given: Mapping[str, str], scope: Scope) -> None:
    """TerminalError where an ARN that is given lies in another account, region or partition than the object."""
    found = arn_values(descriptor, given.get(ARN, "")) or {}
    for place in _PLACES:
        here = getattr(scope, place)
        if found.get(place, here) != here:
            raise TerminalError(f"{given[ARN]} is in {place} {found[place]}, the object in {here}")


def _of_arn(descriptor: Descriptor, arn: str) -> Mapping[str, str]:
    """What an ARN says of the identifiers; nothing where the kind has no template, for then the ARN itself is the name."""
    if not arn or not descriptor.definition.arn:
        return {}
    found = arn_values(descriptor, arn)
    if found is None:
        raise TerminalError(f"{ARN} {arn} has not the form {descriptor.definition.arn}")
    return found


def _wanted(descriptor: Descriptor) -> Iterator[tuple[str, bool]]:
    """The paths that the read is made from, and whether it cannot do without; identifiers first."""
    for path in descriptor.identifiers:
        yield path, True
    for binding in descriptor.read.bindings if descriptor.read is not None else ():
        if binding.source in {"spec", "status"} and binding.value not in descriptor.identifiers:
            yield binding.value, binding.member in (descriptor.read.required if descriptor.read else ())
