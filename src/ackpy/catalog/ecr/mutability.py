"""Which tags may be moved: a mutability and its exclusion filters, which AWS takes together. For both kinds that have them."""

from __future__ import annotations

from typing import Final

from ackpy.model.definition import Field, Refuse
from ackpy.model.when import is_, matches

_EXCLUDES: Final = matches("imageTagMutability", "*_WITH_EXCLUSION")
_UNFILTERED: Final = is_("imageTagMutabilityExclusionFilters", None, [])

EXCLUSION_FILTERS: Final = Field(clear=None)
"""The filters go when the mutability excludes nothing any more; no call takes them away alone."""

REFUSALS: Final = (
    Refuse(
        _EXCLUDES & _UNFILTERED,
        "an imageTagMutability with exclusion needs filters: give imageTagMutabilityExclusionFilters, or MUTABLE or IMMUTABLE",
    ),
    Refuse(
        ~_EXCLUDES & ~_UNFILTERED,
        "imageTagMutabilityExclusionFilters need an imageTagMutability that ends in _WITH_EXCLUSION: set it, or remove the filters",
    ),
)
