"""What a cluster says about roles, watched by name and complete before anything is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ackpy.controllers.accounts import ACCOUNT_MAP, TEAM_MAP
from ackpy.controllers.options import Gates, ReconcilerOptions
from ackpy.controllers.roles import INVALID, ClusterRoles
from ackpy.controllers.shared_kinds import ROLE_SELECTORS
from ackpy.kube.objects import ObjectKey
from ackpy.kube.resource import CONFIG_MAPS, EVENTS, Resource
from ackpy.runtime.lookup import Absence
from ackpy.runtime.manager import Manager, ManagerOptions
from ackpy.runtime.reconciler import Request, Result
from ackpy.testing.clock import FakeClock, settle
from ackpy.testing.memory import MemoryCluster, refusal

WIDGETS = Resource("example.org", "v1", "widgets", "Widget")
CARM = ReconcilerOptions(region="eu-west-1", system_namespace="system")
TEAMS = ReconcilerOptions(region="eu-west-1", system_namespace="system", gates=Gates(team_level_carm=True))
SELECTORS = ReconcilerOptions(region="eu-west-1", carm=False, gates=Gates(iam_role_selector=True))
OFF = ReconcilerOptions(region="eu-west-1", carm=False)
ARN = "arn:aws:iam::111122223333:role/team"


class Counting:
    def __init__(self) -> None:
        self.passes = 0

    async def reconcile(self, _request: Request) -> Result:
        self.passes += 1
        return Result.done()


@asynccontextmanager
async def running(manager: Manager) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(manager.run(stop))
    await settle()
    yield
    stop.set()
    await task


def role_map(name: str, namespace: str = "system", **data: str) -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": name}, "data": data}


def selector(name: str, arn: str = ARN) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"arn": arn}}


@pytest.mark.parametrize(
    ("options", "watched"),
    [
        (OFF, []),
        (CARM, ["configmaps system metadata.name=ack-role-account-map"]),
        (
            TEAMS,
            [
                "configmaps system metadata.name=ack-role-account-map",
                "configmaps system metadata.name=ack-role-team-map",
            ],
        ),
        (SELECTORS, ["iamroleselectors.services.k8s.aws  "]),
    ],
    ids=["off", "carm", "teams", "selectors"],
)
def test_only_what_is_turned_on_is_watched_and_maps_by_name(
    cluster: MemoryCluster, options: ReconcilerOptions, watched: list[str]
) -> None:
    roles = ClusterRoles(Manager(cluster.client(), ManagerOptions("test")), options)
    found = [f"{resource} {','.join(scope.namespaces)} {scope.fields}" for resource, scope in roles.watched]
    assert found == watched


async def test_the_maps_come_and_go(cluster: MemoryCluster) -> None:
    manager = Manager(cluster.client(), ManagerOptions("test"))
    roles = ClusterRoles(manager, TEAMS)
    assert roles().accounts is Absence.UNKNOWN
    async with running(manager):
        assert (roles().accounts, roles().teams) == (Absence.MISSING, Absence.MISSING)
        cluster.put(CONFIG_MAPS, role_map(ACCOUNT_MAP, **{"111122223333": ARN}))
        cluster.put(CONFIG_MAPS, role_map(TEAM_MAP, "elsewhere", red=ARN))
        await settle()
        found = roles().accounts
        assert not isinstance(found, Absence)
        assert found["data"] == {"111122223333": ARN}
        assert roles().teams is Absence.MISSING
        cluster.remove(CONFIG_MAPS, ObjectKey("system", ACCOUNT_MAP))
        await settle()
        assert roles().accounts is Absence.MISSING


async def test_an_invalid_selector_picks_nothing_and_says_why(cluster: MemoryCluster) -> None:
    manager = Manager(cluster.client(), ManagerOptions("test"))
    roles = ClusterRoles(manager, SELECTORS)
    cluster.put(ROLE_SELECTORS, selector("good"))
    cluster.put(ROLE_SELECTORS, selector("bad", "no-arn"))
    async with running(manager):
        assert [each.name for each in roles().selectors] == ["good"]
        await manager.events.flush()
        [event] = (await manager.client.list(EVENTS)).items
        assert (event["reason"], event["involvedObject"]["name"], event["type"]) == (INVALID, "bad", "Warning")
        assert "no-arn" in event["message"]
        cluster.put(ROLE_SELECTORS, selector("bad"))
        cluster.remove(ROLE_SELECTORS, ObjectKey("", "good"))
        await settle()
        assert [each.name for each in roles().selectors] == ["bad"]


async def test_nothing_is_looked_at_before_the_selectors_are_read(cluster: MemoryCluster, clock: FakeClock) -> None:
    manager = Manager(cluster.client(), ManagerOptions("test"))
    counting = Counting()
    manager.add_controller("widget", WIDGETS, counting)
    ClusterRoles(manager, SELECTORS)
    cluster.put(WIDGETS, {"metadata": {"namespace": "ns", "name": "w"}, "spec": {}})
    late = "iamroleselectors"
    cluster.faults.append(lambda request: refusal(503, "Unavailable", "later") if late in request.path else None)
    async with running(manager):
        await clock.advance(1)
        assert counting.passes == 0
        cluster.faults.clear()
        await clock.advance(5)
        await asyncio.wait_for(manager.wait_started(), 5)
        await settle()
        assert counting.passes == 1
