"""What a variant lacks: its words -> conditions of the aspects that own such settings, and refusals of objects that set one.

Called by the compiler, when the kind's types and aspects are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ackpy.errors import DefinitionError
from ackpy.model.definition import Refuse, Resource, Variant
from ackpy.model.descriptor import Aspect
from ackpy.model.when import has, is_


def without_lacking(resource: Resource, aspects: Sequence[Aspect]) -> tuple[Aspect, ...]:
    """The aspects, with the condition that no variant lacks what they own. DefinitionError where one lacks a part of it."""
    for variant in resource.variants:
        aspects = [_unless(variant, each) for each in aspects]
    return tuple(aspects)


def _unless(variant: Variant, aspect: Aspect) -> Aspect:
    own, lacks = set(aspect.paths), set(variant.lacks)
    if not aspect.name or not own & lacks:
        return aspect
    if left := sorted(own - lacks):
        raise DefinitionError(
            f"variant: lacks {', '.join(sorted(own & lacks))} but not {left[0]}, which is written with it"
        )
    return replace(aspect, when=~variant.when if aspect.when is None else aspect.when & ~variant.when)


def lacking(resource: Resource) -> Iterator[Refuse]:
    """The refusals of what variants lack. What says "none" is none."""
    for variant in resource.variants:
        for path in variant.lacks:
            says = variant.when & has(path) & ~is_(path, "", [], {})
            yield Refuse(says, f"spec.{path}: {variant.why}: take it out")
