"""Who acts for an object: the account that owns its AWS resource and the role that is assumed for it. Pure; step 1 of each pass.

In this order: an IAMRoleSelector that picks the object, the namespace's team, the namespace's owner account, the account where the
resource is, the controller's own identity (runtime contract, sections 11 to 13). What stops an object is a `Blocked` in its Place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ackpy.aws.arn import Arn
from ackpy.controllers.blocked import Blocked, Code
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.place import Held, Place, endpoint, mistyped, region
from ackpy.controllers.role_selector import RoleSelector, is_account, is_role
from ackpy.kube import objects
from ackpy.kube.objects import Object
from ackpy.model.descriptor import Descriptor
from ackpy.runtime.lookup import Absence, Lookup

OWNER: Final = "services.k8s.aws/owner-account-id"
TEAM: Final = "services.k8s.aws/team-id"
ACCOUNT_MAP: Final = "ack-role-account-map"
TEAM_MAP: Final = "ack-role-team-map"


@dataclass(frozen=True, slots=True)
class Roles:
    """What the cluster says about roles, as last seen: the two ConfigMaps of the system namespace, and the valid selectors."""

    accounts: Lookup = Absence.MISSING
    teams: Lookup = Absence.MISSING
    selectors: Sequence[RoleSelector] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """The controller's own account and partition."""

    account: str
    partition: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `role_arn` "" is the controller itself. `blocked` is why nobody does."""

    account: str
    role_arn: str = ""
    selected: str = ""
    blocked: Blocked | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What the choice depends on beside the object: its namespace (empty where there is none), roles, home and options."""

    namespace: Object
    roles: Roles
    home: Home
    options: ReconcilerOptions


def place(descriptor: Descriptor, obj: Object, around: Setting) -> Place:
    """Where a pass over the object acts, and as whom. Deletion goes where the resource is, whatever the annotations say by now."""
    held = Held.of(descriptor, obj)
    actor = _actor(descriptor, obj, around, held)
    where = region(obj, around.namespace, around.options.region, held.region)
    url = endpoint(around.namespace, around.options.endpoints)
    return Place(
        account=held.account or actor.account,
        region=where if isinstance(where, str) else around.options.region,
        partition=around.home.partition,
        role_arn=actor.role_arn,
        endpoint_url=url if isinstance(url, str) else "",
        selected=actor.selected,
        blocked=_first(where, url, actor.blocked),
    )


def _first(*found: str | Blocked | None) -> Blocked | None:
    return next((each for each in found if isinstance(each, Blocked)), None)


def _actor(descriptor: Descriptor, obj: Object, around: Setting, held: Held) -> Actor:
    """Who the annotations and selectors want, if that is who has the resource."""
    wanted = _wanted(descriptor, obj, around, held)
    if not held.account or (wanted.account == held.account and not wanted.blocked):
        return wanted
    if objects.is_being_deleted(obj):
        holder = _holder(descriptor, around, held)
        return wanted if holder.blocked and wanted.blocked else holder
    return wanted if wanted.blocked else replace(wanted, blocked=_moved(held, wanted))


def _moved(held: Held, wanted: Actor) -> Blocked:
    return Blocked(Code.ACCOUNT, {"found": held.account, "wanted": wanted.account})


def _wanted(descriptor: Descriptor, obj: Object, around: Setting, held: Held) -> Actor:
    return (
        _by_selector(obj, around)
        or _by_team(descriptor, around)
        or _by_owner(descriptor, around, held)
        or Actor(around.home.account)
    )


def _holder(descriptor: Descriptor, around: Setting, held: Held) -> Actor:
    """Who can act in the account where the resource is."""
    if held.account == around.home.account:
        return Actor(held.account)
    if around.options.carm:
        return _of_account(descriptor, around, held.account)
    return Actor(held.account, blocked=_moved(held, Actor(around.home.account)))


def _by_selector(obj: Object, around: Setting) -> Actor | None:
    if not around.options.gates.iam_role_selector:
        return None
    found = [each for each in around.roles.selectors if each.picks(obj, around.namespace)]
    if len(found) > 1:
        names = ", ".join(sorted(each.name for each in found))
        return Actor(around.home.account, blocked=Blocked(Code.SELECTORS, {"selectors": names}))
    return Actor(Arn.parse(found[0].arn).account, found[0].arn, found[0].text) if found else None


def _by_team(descriptor: Descriptor, around: Setting) -> Actor | None:
    team = objects.annotations_of(around.namespace).get(TEAM, "")
    if not team or not around.options.gates.team_level_carm:
        return None
    return _mapped(TEAM_MAP, around.roles.teams, _keys(descriptor, around, team), around.home.account)


def _by_owner(descriptor: Descriptor, around: Setting, held: Held) -> Actor | None:
    if not around.options.carm:
        return None
    asked = objects.annotations_of(around.namespace).get(OWNER, "")
    if asked and not is_account(asked):
        block = mistyped(around.namespace, OWNER, "an AWS account id of twelve digits")
        return Actor(around.home.account, blocked=block)
    owner = asked or held.account
    if not owner or (not asked and owner == around.home.account):
        return None
    return _of_account(descriptor, around, owner)


def _of_account(descriptor: Descriptor, around: Setting, account: str) -> Actor:
    return _mapped(ACCOUNT_MAP, around.roles.accounts, _keys(descriptor, around, account), account)


def _keys(descriptor: Descriptor, around: Setting, name: str) -> tuple[str, ...]:
    """The keys of a role map under which an id may stand, the more special one first."""
    alias = (f"{descriptor.service.lower()}.{name}",) if around.options.gates.service_level_carm else ()
    return (*alias, name)


def _mapped(name: str, found: Lookup, keys: Sequence[str], account: str) -> Actor:
    """The role that a map holds, in the account that its ARN names; `account` is the one to show while there is none."""
    arn, missing = _value(found, keys)
    if not missing and is_role(arn):
        return Actor(Arn.parse(arn).account, arn)
    why = missing or f'"{arn}" is no ARN of an IAM role'
    return Actor(account, blocked=Blocked(Code.ROLE, {"id": keys[-1], "map": name, "why": why}))


def _value(found: Lookup, keys: Iterable[str]) -> tuple[str, str]:
    """The value of the first key that is there, or why there is none."""
    if isinstance(found, Absence):
        return "", "configmap not found" if found is Absence.MISSING else "configmap not read yet"
    data: Mapping[str, str] = found.get("data") or {}
    for key in keys:
        if key in data:
            return data[key].strip(), "" if data[key].strip() else "value is empty"
    return "", "key not found"
