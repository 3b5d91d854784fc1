"""Who may assume an IAM role: the role's trust policy and the caller -> yes, or AWS's AccessDenied. Called by `sts`.

Moto hands out keys of any role, of one that does not exist too. Here the role must be there, and its trust policy must name the caller.
What is read of a policy: Effect, Action, Principal and the condition on sts:ExternalId; other conditions count as met. An account's own
key stands for everybody in the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from moto.iam.models import Role, iam_backends

from ackpy.local.cloud.errors import ServiceError

ACTION: Final = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the ARN as GetCallerIdentity has it. `whole_account` for the account's own key."""

    account: str
    arn: str
    whole_account: bool


def check(caller: Caller, role_arn: str, external_id: str) -> None:
    """Return when the caller may assume the role; ServiceError as AWS has it, the same for a role that does not exist."""
    role = _role(role_arn)
    statements = list(_statements(role)) if role else []
    effects = {each.get("Effect") for each in statements if _applies(each, caller, external_id)}
    if effects != {"Allow"}:
        text = f"User: {caller.arn} is not authorized to perform: {ACTION} on resource: {role_arn}"
        raise ServiceError("AccessDenied", text, 403)


def _role(arn: str) -> Role | None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends or parts[1] not in iam_backends[parts[4]]:
        return None
    return next((role for role in iam_backends[parts[4]][parts[1]].get_roles() if role.arn == arn), None)


def _statements(role: Role) -> Iterator[Mapping[str, Any]]:
    """The statements of a trust policy; none of one that cannot be read."""
    try:
        document = json.loads(role.assume_role_policy_document)
    except ValueError:
        return
    yield from (each for each in _list(document.get("Statement")) if isinstance(each, Mapping))


def _applies(statement: Mapping[str, Any], caller: Caller, external_id: str) -> bool:
    acts = any(fnmatchcase(ACTION.lower(), str(each).lower()) for each in _list(statement.get("Action")))
    return acts and _names(statement.get("Principal"), caller) and _is_met(statement.get("Condition"), external_id)


def _names(principal: Any, caller: Caller) -> bool:
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return any(_is_caller(str(each), caller) for each in _list(named))


def _is_caller(principal: str, caller: Caller) -> bool:
    if principal in {"*", caller.account, caller.arn}:
        return True
    parts = principal.split(":", 5)
    if len(parts) != 6 or parts[4] != caller.account:
        return False
    return caller.whole_account or parts[5] == "root" or _session_of(principal, caller.arn)


def _session_of(role_arn: str, caller_arn: str) -> bool:
    """Whether the caller is a session of the role: arn:aws:sts::1:assumed-role/NAME/SESSION of arn:aws:iam::1:role/NAME."""
    resource = caller_arn.rpartition(":")[2].split("/")
    kind, *path = role_arn.rpartition(":")[2].split("/")
    return resource[0] == "assumed-role" and kind == "role" and resource[1:2] == path[-1:]


def _is_met(condition: Any, external_id: str) -> bool:
    wanted = ((condition or {}).get("StringEquals") or {}).get("sts:ExternalId")
    return wanted is None or external_id in _list(wanted)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
