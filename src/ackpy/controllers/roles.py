"""The role maps and selectors of a cluster -> `accounts.Roles`, kept true by watches. The composition root makes one for all kinds.

The two ConfigMaps are watched by name, so that a service account needs to see no others. The manager starts no controller before what
is watched here is complete: no object is made by the controller's own identity because a selector was not read yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ackpy.controllers.accounts import ACCOUNT_MAP, TEAM_MAP, Roles
from ackpy.controllers.options import ReconcilerOptions
from ackpy.controllers.role_selector import RoleSelector
from ackpy.controllers.shared_kinds import ROLE_SELECTORS
from ackpy.errors import ConfigError
from ackpy.kube.events import EventRecorder
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, Resource
from ackpy.runtime.informer import ALL, Scope
from ackpy.runtime.lookup import Absence, Lookup
from ackpy.runtime.manager import Manager
from ackpy.runtime.store import Change

INVALID: Final = "InvalidSelector"
Watched = tuple[Resource, Scope]


class ClusterRoles:
    """What a cluster says about roles. Call it for the state of this moment; `watched` are the resources that it depends on.

    A selector that is not valid picks nothing, and has an Event that says why.
    """

    def __init__(self, manager: Manager, options: ReconcilerOptions) -> None:
        self.watched = tuple(_watched(options))
        self._namespace = options.system_namespace
        self._informers = {scope: manager.informers.informer(resource, scope) for resource, scope in self.watched}
        self._events: EventRecorder = manager.events
        self._selectors: dict[ObjectKey, RoleSelector] = {}
        if ALL in self._informers:
            self._informers[ALL].add_handler(self._read)

    def __call__(self) -> Roles:
        """As last seen."""
        return Roles(self._map(ACCOUNT_MAP), self._map(TEAM_MAP), tuple(self._selectors.values()))

    def _map(self, name: str) -> Lookup:
        informer = self._informers.get(_by_name(self._namespace, name))
        return Absence.MISSING if informer is None else informer.store.get(ObjectKey(self._namespace, name))

    def _read(self, change: Change) -> None:
        self._selectors.pop(change.key, None)
        if change.after is None:
            return
        try:
            self._selectors[change.key] = RoleSelector.of(change.after)
        except ConfigError as error:
            self._events.record(change.after, "Warning", INVALID, f"it picks no object until it is corrected: {error}")


def _watched(options: ReconcilerOptions) -> Iterator[Watched]:
    """What has to be watched, by what is turned on."""
    if options.carm:
        yield CONFIG_MAPS, _by_name(options.system_namespace, ACCOUNT_MAP)
    if options.gates.team_level_carm:
        yield CONFIG_MAPS, _by_name(options.system_namespace, TEAM_MAP)
    if options.gates.iam_role_selector:
        yield ROLE_SELECTORS, ALL


def _by_name(namespace: str, name: str) -> Scope:
    return Scope((namespace,), fields=f"metadata.name={name}")
