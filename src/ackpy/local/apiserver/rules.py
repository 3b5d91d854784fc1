"""`x-kubernetes-validations` -> field errors for an update; called by `strategy`, and by `crd` to refuse unknown rules.

The one rule that AWS kinds use, `self == oldSelf`, is evaluated here. Other rules are CEL and need a `RuleLibrary` that knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ackpy.local.apiserver.pruning import schema_of
from ackpy.local.apiserver.status import FieldError, invalid_object, invalid_value
from ackpy.local.apiserver.validation import child, list_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.kinds import Schema

RULES = "x-kubernetes-validations"
IMMUTABLE = "self == oldSelf"


class RuleLibrary(Protocol):
    """What evaluates the rules of `x-kubernetes-validations`."""

    def knows(self, rule: str) -> bool:
        """Whether the library can evaluate the rule; one that it cannot is refused with its CRD."""

    def holds(self, rule: str, value: object, old: object, *, has_old: bool) -> bool:
        """Whether the rule holds of `value`; a rule that speaks of the old value holds where there is none."""


class Immutability:
    """The rule `self == oldSelf` and no other."""

    def knows(self, rule: str) -> bool:
        """True of `self == oldSelf`, written with any spaces and either way round."""
        return "".join(rule.split()) in {"self==oldSelf", "oldSelf==self"}

    def holds(self, rule: str, value: object, old: object, *, has_old: bool) -> bool:  # noqa: ARG002 - the rule is one
        """Whether the value is what it was."""
        return not has_old or value == old


ABSENT = object()


def check_rules(value: object, old: object, schema: Schema, library: RuleLibrary, path: str = "") -> list[FieldError]:
    """The rules that `value` breaks; `old` is the present value, or ABSENT on creation."""
    return list(_broken(value, old, schema, library, path))


def all_rules(schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Every rule of a schema with the path of the schema that holds it."""
    for entry in schema.get(RULES, ()):
        yield path, entry.get("rule", "")
    for name, inner in schema.get("properties", {}).items():
        yield from all_rules(inner, f"{path}.properties[{name}]")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from all_rules(schema[word], f"{path}.{word}")


def _broken(value: Any, old: Any, schema: Schema, library: RuleLibrary, path: str) -> Iterator[FieldError]:
    for entry in schema.get(RULES, ()):
        if not library.holds(entry["rule"], value, old, has_old=old is not ABSENT):
            yield _error(entry, value, path)
    if isinstance(value, dict):
        former = old if isinstance(old, dict) else {}
        for name, item in value.items():
            inner = schema_of(schema, name)
            if inner is not None:
                yield from _broken(item, former.get(name, ABSENT), inner, library, child(path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        former_items = _by_key(old, schema)
        for index, item in enumerate(value):
            before = former_items.get(list_key(item, schema), ABSENT) if former_items else ABSENT
            yield from _broken(item, before, schema["items"], library, f"{path}[{index}]")


def _by_key(old: object, schema: Schema) -> dict[object, Any]:
    """Only the items of a map list can be told to be the same ones as before."""
    if not isinstance(old, list) or schema.get("x-kubernetes-list-type") != "map":
        return {}
    return {list_key(item, schema): item for item in old}


def _error(entry: dict[str, Any], value: object, path: str) -> FieldError:
    message = entry.get("message") or f"failed rule: {entry['rule']}"
    where = path + entry.get("fieldPath", "")
    wraps = isinstance(value, (dict, list))
    found = invalid_object(where, message) if wraps else invalid_value(where, value, message)
    return FieldError(found.field, entry.get("reason", found.reason), found.detail)
