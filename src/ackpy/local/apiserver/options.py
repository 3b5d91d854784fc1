"""Query parameters and delete options -> values; called by `app`.

Booleans follow Go's strconv.ParseBool, since clients in other languages write `True` and `1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ackpy.local.apiserver.status import (
    ApiError,
    FieldError,
    bad_request,
    forbidden_field,
    invalid,
    not_supported,
    required,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", ""})
VALIDATIONS = ("", "Ignore", "Strict", "Warn")
POLICIES = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a create, update or patch is meant: `validation` is Ignore, Warn or Strict; `manager` owns what changes."""

    manager: str
    dry_run: bool = False
    validation: str = "Warn"
    force: bool = False


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How a deletion is meant: `policy` is Foreground, Background or Orphan."""

    policy: str = "Background"
    dry_run: bool = False
    uid: str | None = None
    resource_version: str | None = None


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Which objects are asked for: `version` None means the latest state, `match` is resourceVersionMatch."""

    labels: str = ""
    fields: str = ""
    limit: int = 0
    token: str = ""
    version: str = ""
    match: str = ""
    watch: bool = False
    bookmarks: bool = False
    initial_events: bool | None = None
    timeout: int | None = None


def parse_bool(query: Mapping[str, str], name: str) -> bool | None:
    """A boolean parameter, None when it is not given; raises 400 for what Go would not parse."""
    value = query.get(name)
    if value is None:
        return None
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise bad_request(f'strconv.ParseBool: parsing "{value}": invalid syntax (parameter {name}: use true or false)')


def write_options(verb: str, query: Mapping[str, str], user_agent: str, *, apply: bool = False) -> WriteOptions:
    """The options of a write; the manager is the client's name when it names none, as on kube-apiserver."""
    options = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}[verb]
    errors = [*_dry_run_errors(query)]
    validation = query.get("fieldValidation", "")
    if validation not in VALIDATIONS:
        errors.append(not_supported("fieldValidation", validation, VALIDATIONS))
    manager = query.get("fieldManager", "")
    if apply and not manager:
        errors.append(required("fieldManager", "is required for apply patch"))
    force = parse_bool(query, "force")
    if force is not None and verb == "patch" and not apply:
        errors.append(forbidden_field("force", "may not be specified for non-apply patch"))
    _refuse(options, errors)
    named = manager or user_agent.split("/", 1)[0] or "unknown"
    return WriteOptions(named, _is_dry(query), validation or "Warn", bool(force))


def delete_options(query: Mapping[str, str], body: Json) -> DeleteOptions:
    """The options of a deletion, from the body or, when that says nothing, from the query."""
    policy = body.get("propagationPolicy") or query.get("propagationPolicy")
    orphan = body.get("orphanDependents")
    if policy is None:
        policy = "Orphan" if orphan else "Background"
    errors = [*_dry_run_errors(query)]
    if policy not in POLICIES:
        errors.append(not_supported("propagationPolicy", policy, (*POLICIES, "nil")))
    _refuse("DeleteOptions", errors)
    preconditions = body.get("preconditions") or {}
    dry = _is_dry(query) or "All" in (body.get("dryRun") or ())
    return DeleteOptions(policy, dry, preconditions.get("uid"), preconditions.get("resourceVersion"))


def list_options(query: Mapping[str, str]) -> ListOptions:
    """The options of a list or watch."""
    options = ListOptions(
        labels=query.get("labelSelector", ""),
        fields=query.get("fieldSelector", ""),
        limit=_integer(query, "limit") or 0,
        token=query.get("continue", ""),
        version=query.get("resourceVersion", ""),
        match=query.get("resourceVersionMatch", ""),
        watch=bool(parse_bool(query, "watch")),
        bookmarks=bool(parse_bool(query, "allowWatchBookmarks")),
        initial_events=parse_bool(query, "sendInitialEvents"),
        timeout=_integer(query, "timeoutSeconds"),
    )
    _refuse("ListOptions", _list_errors(options))
    return options


def _list_errors(options: ListOptions) -> list[FieldError]:
    errors: list[FieldError] = []
    field = "resourceVersionMatch"
    if options.initial_events is not None:
        if options.match != "NotOlderThan":
            text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            errors.append(forbidden_field(field, text))
        if not options.watch:
            errors.append(forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"))
        return errors
    if not options.match:
        return errors
    if options.watch:
        errors.append(
            forbidden_field(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        )
    elif not options.version:
        errors.append(forbidden_field(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if options.match not in ("Exact", "NotOlderThan"):
        errors.append(not_supported(field, options.match, ("Exact", "NotOlderThan", "")))
    if options.match == "Exact" and options.version == "0":
        errors.append(forbidden_field(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    return errors


def _refuse(options: str, errors: list[FieldError]) -> None:
    if errors:
        raise invalid("meta.k8s.io", options, "", errors)


def _dry_run_errors(query: Mapping[str, str]) -> list[FieldError]:
    value = query.get("dryRun", "")
    return [] if value in ("", "All") else [not_supported("dryRun", [value], ("All",))]


def _is_dry(query: Mapping[str, str]) -> bool:
    return query.get("dryRun") == "All"


def _integer(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name)
    if not value:
        return None
    try:
        return int(value)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax (parameter {name})') from error


def parse_version(value: str) -> int:
    """A resource version as a number; raises 422 for one that this server never gave."""
    if not value.isdigit():
        detail = f'Invalid value: "{value}": strconv.ParseUint: parsing "{value}": invalid syntax'
        raise ApiError(400, "BadRequest", f"resourceVersion: {detail}")
    return int(value)
