"""What AWS takes minutes to make and moto has at once: shown as being made for a while after its create call. Used by the cloud.

One row a kind of resource. The time of a create follows from the call, so that a replayed journal gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.parsers import create_parser

if TYPE_CHECKING:
    from ackpy.local.cloud.call import Call
    from ackpy.local.cloud.wire import HttpAnswer

_Place = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Slow:
    """A kind that AWS takes its time to make.

    `key` are the members that name a resource, in the create's input or answer and in each item; `state` is the member that reads `busy`
    where moto says `ready`; `shown` is where an operation's answer has the items ("" is the answer itself): a structure or a list.
    """

    service: str
    create: str
    key: tuple[str, ...]
    state: str
    busy: str
    ready: str
    shown: Mapping[str, str]


SLOW: Final = (
    Slow(
        "kinesis",
        "CreateStream",
        ("StreamName",),
        "StreamStatus",
        "CREATING",
        "ACTIVE",
        {"DescribeStream": "StreamDescription", "DescribeStreamSummary": "StreamDescriptionSummary"},
    ),
    Slow(
        "dynamodb",
        "CreateTable",
        ("TableName",),
        "TableStatus",
        "CREATING",
        "ACTIVE",
        {"CreateTable": "TableDescription", "DescribeTable": "Table"},
    ),
    Slow(
        "rds",
        "CreateDBInstance",
        ("DBInstanceIdentifier",),
        "DBInstanceStatus",
        "creating",
        "available",
        {"CreateDBInstance": "DBInstance", "DescribeDBInstances": "DBInstances"},
    ),
    Slow(
        "rds",
        "CreateDBCluster",
        ("DBClusterIdentifier",),
        "Status",
        "creating",
        "available",
        {"CreateDBCluster": "DBCluster", "DescribeDBClusters": "DBClusters"},
    ),
    Slow(
        "eks",
        "CreateCluster",
        ("name",),
        "status",
        "CREATING",
        "ACTIVE",
        {"CreateCluster": "cluster", "DescribeCluster": "cluster"},
    ),
    Slow(
        "eks",
        "CreateNodegroup",
        ("clusterName", "nodegroupName"),
        "status",
        "CREATING",
        "ACTIVE",
        {"CreateNodegroup": "nodegroup", "DescribeNodegroup": "nodegroup"},
    ),
    Slow(
        "elasticache",
        "CreateCacheCluster",
        ("CacheClusterId",),
        "CacheClusterStatus",
        "creating",
        "available",
        {"CreateCacheCluster": "CacheCluster", "DescribeCacheClusters": "CacheClusters"},
    ),
    Slow(
        "elasticache",
        "CreateReplicationGroup",
        ("ReplicationGroupId",),
        "Status",
        "creating",
        "available",
        {"CreateReplicationGroup": "ReplicationGroup", "DescribeReplicationGroups": "ReplicationGroups"},
    ),
    Slow(
        "efs",
        "CreateFileSystem",
        ("FileSystemId",),
        "LifeCycleState",
        "creating",
        "available",
        {"CreateFileSystem": "", "DescribeFileSystems": "FileSystems"},
    ),
)


class Pending:
    """The resources that are still being made: those whose create call is less than so many seconds ago. None for 0."""

    def __init__(self, seconds: float) -> None:
        self._span = timedelta(seconds=seconds)
        self._rows = SLOW if seconds else ()
        self._made: dict[_Place, datetime] = {}

    def shown(self, call: Call, answer: HttpAnswer) -> HttpAnswer:
        """Moto's answer, in which what is still being made says so."""
        for row in self._of(call):
            if answer.status < 300:
                answer = self._as_shown(row, call, answer)
        return answer

    def _of(self, call: Call) -> Iterator[Slow]:
        operation = call.operation
        return (
            row for row in self._rows if row.service == operation.service and operation.name in {row.create, *row.shown}
        )

    def _as_shown(self, row: Slow, call: Call, answer: HttpAnswer) -> HttpAnswer:
        result = _members(call, answer)
        items = list(_items(row, call.operation.name, result))
        if call.operation.name == row.create:
            for named in items or [call.parameters()]:
                self._made[_place(row, call, named)] = call.now
        busy = [item for item in items if self._is_busy(row, call, item)]
        for item in busy:
            item[row.state] = row.busy
        return call.answer(result) if busy else answer

    def _is_busy(self, row: Slow, call: Call, item: Mapping[str, Any]) -> bool:
        made = self._made.get(_place(row, call, item))
        return made is not None and call.now - made < self._span and item.get(row.state) == row.ready


def _members(call: Call, answer: HttpAnswer) -> dict[str, Any]:
    """The members of an answer."""
    shape = call.operation.model.output_shape
    if shape is None:
        return {}
    wire = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    found: dict[str, Any] = create_parser(call.operation.protocol).parse(wire, shape)
    found.pop("ResponseMetadata", None)
    return found


def _items(row: Slow, operation: str, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of the kind that an answer shows."""
    path = row.shown.get(operation)
    if path is None:
        return
    found = result.get(path) if path else result
    yield from found if isinstance(found, list) else [found] if found else []


def _place(row: Slow, call: Call, named: Mapping[str, Any]) -> _Place:
    """Which resource it is; AWS takes names of databases in any case."""
    who = call.identity
    return who.account, who.region, row.create, tuple(str(named.get(member)).lower() for member in row.key)
