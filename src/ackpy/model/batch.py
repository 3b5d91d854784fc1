"""The core reads of several objects as one: what a definition's `Batch` says, over the calls that `request.read` made. Pure.

`controllers.batch` asks here which reads go together and what is sent for them; `response.core` finds each object's item in the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ackpy.model.call import Call
from ackpy.model.descriptor import Descriptor


def identifier_member(descriptor: Descriptor) -> str:
    """The member of the core read that takes a list of identifiers, "" where it takes none."""
    bindings = descriptor.read.bindings if descriptor.read is not None else ()
    return next((each.member for each in bindings if each.list), "")


def at_most(descriptor: Descriptor) -> int:
    """How many objects one call reads. 1 where AWS has no such call, or answers only a summary of each."""
    batch = descriptor.definition.batch
    return batch.max if batch is not None and batch.complete and identifier_member(descriptor) else 1


def alike(descriptor: Descriptor, one: Call, other: Call) -> bool:
    """Whether two core reads differ in their identifiers alone."""
    return _rest(descriptor, one) == _rest(descriptor, other)


def joined(descriptor: Descriptor, calls: Sequence[Call]) -> Call:
    """One call in place of reads that are `alike`: by identifiers, or by a filter where one unknown identifier fails them all."""
    batch, rest = descriptor.definition.batch, _rest(descriptor, calls[0])
    named = list(dict.fromkeys(_named(descriptor, calls)))
    if batch is not None and batch.filter:
        return Call(calls[0].operation, {**rest, "Filters": [{"Name": batch.filter, "Values": named}]})
    return Call(calls[0].operation, {**rest, identifier_member(descriptor): named})


def _named(descriptor: Descriptor, calls: Iterable[Call]) -> Iterable[str]:
    member = identifier_member(descriptor)
    return (each for call in calls for each in call.params[member])


def _rest(descriptor: Descriptor, call: Call) -> dict[str, Any]:
    member = identifier_member(descriptor)
    return {name: value for name, value in call.params.items() if name != member}
