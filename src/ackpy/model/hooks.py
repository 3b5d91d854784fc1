"""Every place where a kind may intervene. Five points; a kind that needs none has no hooks.

The compiler attaches `Resource.hooks` to the descriptor; response, request, delta and plan call them. All are pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

Spec = Mapping[str, Any]


class Hooks:
    """The defaults: each point hands through what it was given. A kind overrides what it needs."""

    # ruff: noqa: ARG002  the defaults look at nothing

    def observe(self, aspect: str, answer: Mapping[str, Any], value: Any) -> Any:
        """The value of an aspect, in the CRD's form: `value` is what the tables made of AWS's `answer`.

        An aspect with several spec paths takes and gives a dict of spec path to value; the core (aspect "") the dict of its
        top-level spec fields.
        """
        return value

    def request(self, operation: str, request: MutableMapping[str, Any], desired: Spec, latest: Spec) -> None:
        """Amend the parameters of a call in place, before it is planned; `desired` and `latest` are specs."""

    def normal(self, path: str, value: Any, latest: Any) -> Any:
        """A desired value in AWS's stored form, for comparison; applying it twice is applying it once.

        Asked at every definition path on the way down ("lifecycle", then "lifecycle.rules", then "lifecycle.rules.." an element).
        """
        return value

    def refuse(self, desired: Spec, latest: Spec | None) -> str:
        """Why AWS will never accept this spec, as advice; "" when it may."""
        return ""

    def adopted(self, observed: Spec) -> Spec:
        """The spec of an object that adopts what was `observed`: where AWS tells one thing in two ways, the one to keep."""
        return observed
