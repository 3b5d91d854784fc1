"""An applied configuration and the live object -> the merged object and who owns what; called by `writes`.

Server-side apply: what the configuration sets is merged by the schema's keys, what this manager applied before and no longer sets is
removed unless somebody else owns it, and a field that another manager set to another value is a conflict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver import last_applied
from ackpy.local.apiserver.fieldset import (
    Path,
    Paths,
    children,
    compare,
    display,
    element_of,
    fields_of,
    is_granular,
)
from ackpy.local.apiserver.managed import Entry, Manager, entries_of, touched, with_entries, without
from ackpy.local.apiserver.pruning import prune, schema_of
from ackpy.local.apiserver.status import ApiError
from ackpy.local.apiserver.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ackpy.local.apiserver.kinds import Kind, Schema

Json = dict[str, Any]


def apply(live: Json, config: Json, kind: Kind, manager: Manager, now: datetime, *, force: bool) -> Json:
    """The live object after `manager` applies `config`; raises 409 for conflicts unless forced, 500 for a misfit."""
    _refuse_misfit(config, kind)
    mine, others = _split(entries_of(live), manager)
    wanted = fields_of(config, kind.schema)
    kept = wanted.union(*(entry.fields for entry in others))
    merged = _remove(_merge(live, config, kind.schema), kind.schema, (), mine.fields - wanted, kept)
    change = compare(live, merged, kind.schema, structs=not kind.custom)
    if not force:
        allowed = last_applied.own_fields(live, kind) if manager.name == last_applied.MANAGER else frozenset()
        _refuse_conflicts(others, (change.modified | change.added) - allowed)
    merged = last_applied.follow(merged, live, config, manager.name)
    remaining = [without(entry, change, now) for entry in others]
    return with_entries(merged, [*remaining, touched(mine, wanted, now)])


def _refuse_misfit(config: Json, kind: Kind) -> None:
    """An undeclared field or wrong type is no typed object: kube-apiserver answers 500 here, whatever fieldValidation says."""
    _, unknown = prune(config, kind.schema)
    problems = [f".{path}: field not declared in schema" for path in unknown]
    problems += [
        f".{error.field}: {error.detail.split(' in body ')[-1]}"
        for error in validate(_without_nulls(config), kind.schema)
        if error.reason in ("FieldValueTypeInvalid", "FieldValueDuplicate")
    ]
    if not problems:
        return
    metadata = config["metadata"]
    name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    listed = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {problem}" for problem in problems)
    what = f"failed to create typed patch object ({name}; {kind.api_version}, Kind={kind.kind})"
    raise ApiError(500, "", f"{what}: {listed}")


def _without_nulls(value: Any) -> Any:
    """A null fits any field here, and is for the validation that follows; not so an item of a list."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _split(entries: list[Entry], manager: Manager) -> tuple[Entry, list[Entry]]:
    mine = next((entry for entry in entries if entry.manager == manager), Entry(manager, frozenset(), ""))
    return mine, [entry for entry in entries if entry.manager != manager]


def _refuse_conflicts(others: list[Entry], changed: Paths) -> None:
    clashes = [(entry.manager, path) for entry in others for path in sorted(entry.fields & changed)]
    if not clashes:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who.display()}", "field": display(path)}
        for who, path in clashes
    ]
    raise ApiError(409, "Conflict", _conflict_text(clashes), {"causes": causes})


def _conflict_text(clashes: list[tuple[Manager, Path]]) -> str:
    if len(clashes) == 1:
        who, path = clashes[0]
        return f"Apply failed with 1 conflict: conflict with {who.display()}: {display(path)}"
    lines: list[str] = []
    for name in sorted({who.display() for who, _ in clashes}):
        lines.append(f"conflicts with {name}:")
        lines += [f"- {display(path)}" for who, path in clashes if who.display() == name]
    return f"Apply failed with {len(clashes)} conflicts: " + "\n".join(lines)


def _merge(live: Any, config: Any, schema: Schema) -> Any:
    if not is_granular(config, schema) or type(live) is not type(config):
        return config
    if isinstance(config, dict):
        inner = {name: schema_of(schema, name) or {} for name in config}
        return {**live, **{name: _merge(live.get(name), item, inner[name]) for name, item in config.items()}}
    return _merge_lists(live, config, schema)


def _merge_lists(live: list[Any], config: list[Any], schema: Schema) -> list[Any]:
    """The configuration's order wins; items of others keep their place before what follows them."""
    before = {element_of(item, schema): item for item in live}
    wanted = {element_of(item, schema): item for item in config}
    merged = {element: _merge(before.get(element), item, schema.get("items") or {}) for element, item in wanted.items()}
    return [merged[e] if e in merged else before[e] for e in _interleaved(list(before), list(wanted))]


def _interleaved(before: list[str], wanted: list[str]) -> Iterator[str]:
    given = set(wanted)
    rest = list(wanted)
    for element in before:
        if element not in given:
            yield element
        elif rest:
            yield rest.pop(0)
    yield from rest


def _remove(value: Any, schema: Schema, path: Path, gone: Paths, kept: Paths) -> Any:
    """`value` without the parts in `gone`, save those at or above what is kept."""
    if not gone or not is_granular(value, schema):
        return value
    remaining: list[tuple[str, Any]] = []
    for element, item, inner in children(value, schema):
        here = (*path, element)
        below = _under(gone, here)
        if not below:
            remaining.append((element, item))
            continue
        is_kept = bool(_under(kept, here))
        if here in gone and not is_kept:
            continue
        left = _remove(item, inner, here, below, kept)
        if left or is_kept or not is_granular(item, inner):
            remaining.append((element, left))
    if isinstance(value, dict):
        return {element[2:]: item for element, item in remaining}
    return [item for _, item in remaining]


def _under(paths: Paths, prefix: Path) -> Paths:
    size = len(prefix)
    return frozenset(path for path in paths if path[:size] == prefix)
