"""Hides what must not be shown: one function for conditions, Events, ledger, plans and pages."""

from __future__ import annotations

from collections.abc import Mapping

from ackpy.model.descriptor import Descriptor, Json


def redact(descriptor: Descriptor, value: Mapping[str, Json]) -> dict[str, Json]:
    """A spec (or part of one, from the top) with "***" in place of secrets and of what is sensitive in it."""
    raise NotImplementedError
