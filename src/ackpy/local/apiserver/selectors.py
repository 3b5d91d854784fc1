"""The text of a label or field selector -> a test of objects; called by `reads` and `watch`.

Grammar and texts: k8s.io/apimachinery/pkg/labels and pkg/fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.status import bad_request

if TYPE_CHECKING:
    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]
Test = Callable[[Json], bool]
LabelTest = Callable[[dict[str, str]], bool]

_KEY = r"(?P<key>[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?)"
_REQUIREMENT = re.compile(
    rf"""\s*(?:
        !\s*(?P<absent>[A-Za-z0-9][A-Za-z0-9._/-]*)
      | {_KEY}\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
      | {_KEY.replace("key", "key2")}\s*(?P<operator>==|!=|=|>|<)\s*(?P<value>[A-Za-z0-9._-]*)
      | {_KEY.replace("key", "present")}
    )\s*(?:,|$)""",
    re.VERBOSE,
)
_FIELD = re.compile(r"\s*(?P<path>[A-Za-z0-9_.\[\]'/-]+)\s*(?P<operator>==|!=|=)(?P<value>(?:[^,\\]|\\.)*)(?:,|$)")


def label_test(selector: str) -> Test:
    """The test of a label selector; an empty one passes everything. Raises 400 for text that is none."""
    requirements: list[LabelTest] = []
    position = 0
    while position < len(selector):
        match = _REQUIREMENT.match(selector, position)
        if match is None:
            raise bad_request(
                f"unable to parse requirement: found {selector[position:].strip()!r} in {selector!r}, "
                "expected: KEY, !KEY, KEY=VALUE, KEY!=VALUE, KEY in (VALUES), KEY notin (VALUES)"
            )
        requirements.append(_requirement(match))
        position = match.end()
    return lambda obj: all(holds(obj["metadata"].get("labels") or {}) for holds in requirements)


def field_test(selector: str, kind: Kind) -> Test:
    """The test of a field selector on the fields that the kind allows; raises 400 for others."""
    allowed = {"metadata.name", *(["metadata.namespace"] if kind.namespaced else []), *kind.selectable}
    tests: list[Test] = []
    position = 0
    while position < len(selector):
        match = _FIELD.match(selector, position)
        if match is None:
            text = f"invalid selector: '{selector}'; can't understand '{selector[position:]}'"
            raise bad_request(text)
        if match["path"] not in allowed:
            raise bad_request(f"field label not supported: {match['path']}")
        value = re.sub(r"\\(.)", r"\1", match["value"])
        tests.append(_field(match["path"], value, equal=match["operator"] != "!="))
        position = match.end()
    return lambda obj: all(holds(obj) for holds in tests)


def exact_name(selector: str) -> str | None:
    """The name that a field selector asks for, when that is all it asks for."""
    match = re.fullmatch(r"metadata\.name==?([^,!=\\]+)", selector)
    return None if match is None else match[1]


def _requirement(match: re.Match[str]) -> LabelTest:
    if match["absent"]:
        absent = match["absent"]
        return lambda labels: absent not in labels
    if match["present"]:
        present = match["present"]
        return lambda labels: present in labels
    if match["set"]:
        key, wanted = match["key"], {value.strip() for value in match["values"].split(",")}
        inside = match["set"] == "in"
        return lambda labels: (labels.get(key) in wanted) if inside else (labels.get(key) not in wanted)
    return _comparison(match["key2"], match["operator"], match["value"])


def _comparison(key: str, operator: str, value: str) -> LabelTest:
    if operator in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    if not value.lstrip("-").isdigit():
        raise bad_request(f"for 'Gt', 'Lt' operators, the value must be an integer: found {value!r} for {key!r}")
    limit, above = int(value), operator == ">"

    def compares(labels: dict[str, str]) -> bool:
        found = labels.get(key, "")
        if not found.lstrip("-").isdigit():
            return False
        return int(found) > limit if above else int(found) < limit

    return compares


def _field(path: str, value: str, *, equal: bool) -> Test:
    steps = path.split(".")
    if path == "source":  # core Events select by the component
        steps = ["source", "component"]

    def holds(obj: Json) -> bool:
        found: Any = obj
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        return (_text(found) == value) is equal

    return holds


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
