"""Objects -> rows of revisions in SQLite and back; called by `cluster` and by the watch.

One table holds every revision of every object, each with the resource version that made it and the one that superseded it. So the
present state, a page of an older snapshot and the history that a watch resumes from are three questions to the same rows, and all
three survive a restart. A write is on disk when the call returns or, while gathering, when `commit` has.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ackpy.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ackpy.local.apiserver.clock import Clock

Json = dict[str, Any]

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE revision (
    rv INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    until INTEGER,
    deleted INTEGER NOT NULL,
    written INTEGER NOT NULL,
    object BLOB NOT NULL
) STRICT;
CREATE INDEX present ON revision (resource, namespace, name) WHERE until IS NULL;
CREATE INDEX superseded ON revision (until) WHERE until IS NOT NULL;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('revision', 0), ('compacted', 0);
"""
KEEP_REVISIONS = 10_000
KEEP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Key:
    """Where an object is kept: `resource` is PLURAL or PLURAL.GROUP, `namespace` is empty for cluster-wide objects."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `before` is None for a creation, `after` None for a deletion; `last` is the object to show in the event."""

    revision: int
    key: Key
    before: Json | None
    after: Json | None
    last: Json


class Storage:
    """The revisions of one cluster. Not for several threads: one event loop owns it."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.revision = self._counter("revision")
        self.compacted = self._counter("compacted")

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> Storage:
        """Open or make the database; raises ConfigError when it is corrupt or of another schema version."""
        path.touch(mode=0o600)  # SQLite gives its write-ahead log the mode of the database
        try:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            _check_or_create(connection, path)
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"the database {path} cannot be read ({error}): restore it from a copy, or remove it to start empty"
            ) from error
        return cls(connection, clock)

    def close(self) -> None:
        """Close the database; its write-ahead log is folded in."""
        self._connection.close()

    def next_revision(self) -> int:
        """The resource version that the next write will have."""
        return self.revision + 1

    def get(self, key: Key) -> Json | None:
        """The present object, or None."""
        row = self._connection.execute(
            "SELECT object FROM revision WHERE until IS NULL AND resource=? AND namespace=? AND name=?",
            (key.resource, key.namespace, key.name),
        ).fetchone()
        return None if row is None else orjson.loads(row[0])

    def put(self, key: Key, before: Json | None, after: Json) -> Change:
        """Write `after`, whose resourceVersion is `next_revision()`, over `before`."""
        return self._write(key, before, after, after)

    def remove(self, key: Key, before: Json, last: Json) -> Change:
        """Remove the object; `last`, whose resourceVersion is `next_revision()`, is what watchers are shown."""
        return self._write(key, before, None, last)

    def present(self, resource: str, namespace: str = "", after: tuple[str, str] = ("", "")) -> Iterator[Json]:
        """The present objects of a resource in order of namespace and name; an empty namespace means all."""
        return self._rows("until IS NULL", (), resource, namespace, after)

    def snapshot(
        self, revision: int, resource: str, namespace: str = "", after: tuple[str, str] = ("", "")
    ) -> Iterator[Json]:
        """The objects as they were at `revision`, which must not be compacted."""
        condition = "rv<=? AND deleted=0 AND (until IS NULL OR until>?)"
        return self._rows(condition, (revision, revision), resource, namespace, after)

    def count(self, resource: str, namespace: str = "") -> int:
        """How many present objects a resource has."""
        sql = "SELECT count(*) FROM revision WHERE until IS NULL AND resource=? AND (?='' OR namespace=?)"
        return int(self._connection.execute(sql, (resource, namespace, namespace)).fetchone()[0])

    def resources_in(self, namespace: str) -> list[str]:
        """The resources that have present objects in a namespace."""
        sql = "SELECT DISTINCT resource FROM revision WHERE until IS NULL AND namespace=?"
        return [row[0] for row in self._connection.execute(sql, (namespace,))]

    def resources(self) -> list[str]:
        """All resources that have present objects."""
        return [
            row[0] for row in self._connection.execute("SELECT DISTINCT resource FROM revision WHERE until IS NULL")
        ]

    def changes_since(self, revision: int, resource: str | None = None) -> list[Change]:
        """The writes after `revision`, which must not be compacted, oldest first; of all resources or of one."""
        rows = self._connection.execute(
            "SELECT now.rv, now.resource, now.namespace, now.name, now.deleted, now.object, old.object FROM revision now"
            " LEFT JOIN revision old ON old.until=now.rv AND old.deleted=0"
            " WHERE now.rv>? AND (? IS NULL OR now.resource=?) ORDER BY now.rv",
            (revision, resource, resource),
        )
        return [_change(row) for row in rows]

    def older_than(self, seconds: int, resource: str) -> list[Key]:
        """The present objects of a resource that were last written more than `seconds` ago."""
        sql = "SELECT resource, namespace, name FROM revision WHERE until IS NULL AND resource=? AND written<?"
        return [Key(*row) for row in self._connection.execute(sql, (resource, self._seconds() - seconds))]

    def compact(self, *, keep_revisions: int = KEEP_REVISIONS, keep_seconds: int = KEEP_SECONDS) -> None:
        """Forget superseded revisions that are both older than `keep_seconds` and not among the last `keep_revisions`."""
        limit = self.revision - keep_revisions
        sql = "SELECT max(rv) FROM revision WHERE rv<=? AND written<?"
        horizon = self._connection.execute(sql, (limit, self._seconds() - keep_seconds)).fetchone()[0]
        if horizon is None or horizon <= self.compacted:
            return
        with self.together():
            self._connection.execute("DELETE FROM revision WHERE until<=?", (horizon,))
            self._connection.execute("UPDATE counter SET value=? WHERE name='compacted'", (horizon,))
        self.compacted = horizon

    def begin(self) -> None:
        """Gather what is written from now on until `commit`, which puts it on disk with one wait."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Put on disk what was gathered; when the disk refuses, nothing of it was written."""
        if not self._connection.in_transaction:
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self.revision = self._counter("revision")
            raise

    def is_gathering(self) -> bool:
        """Whether there may be writes that are not yet on disk."""
        return self._connection.in_transaction

    @contextmanager
    def together(self) -> Iterator[None]:
        """All writes of the block or none. They are on disk when the block has ended, or at `commit` while gathering."""
        gathering = self._connection.in_transaction
        self._connection.execute("SAVEPOINT block" if gathering else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO block" if gathering else "ROLLBACK")
            if gathering:
                self._connection.execute("RELEASE block")
            self.revision = self._counter("revision")
            raise
        self._connection.execute("RELEASE block" if gathering else "COMMIT")

    def _write(self, key: Key, before: Json | None, after: Json | None, last: Json) -> Change:
        revision = self.next_revision()
        deleted = after is None
        row = (revision, key.resource, key.namespace, key.name, revision if deleted else None, deleted, self._seconds())
        with self.together():
            if before is not None:
                self._supersede(int(before["metadata"]["resourceVersion"]), revision)
            self._connection.execute(
                "INSERT INTO revision (rv, resource, namespace, name, until, deleted, written, object)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, orjson.dumps(last)),
            )
            self._connection.execute("UPDATE counter SET value=? WHERE name='revision'", (revision,))
        self.revision = revision
        return Change(revision, key, before, after, last)

    def _supersede(self, revision: int, until: int) -> None:
        done = self._connection.execute("UPDATE revision SET until=? WHERE rv=? AND until IS NULL", (until, revision))
        if done.rowcount != 1:
            raise RuntimeError(f"revision {revision} was not the present one when {until} was written")

    def _rows(
        self, condition: str, values: tuple[int, ...], resource: str, namespace: str, after: tuple[str, str]
    ) -> Iterator[Json]:
        sql = (
            f"SELECT object FROM revision WHERE {condition} AND resource=? AND (?='' OR namespace=?)"  # noqa: S608
            " AND (namespace, name)>(?, ?) ORDER BY namespace, name"
        )
        for (body,) in self._connection.execute(sql, (*values, resource, namespace, namespace, *after)):
            yield orjson.loads(body)

    def _counter(self, name: str) -> int:
        return int(self._connection.execute("SELECT value FROM counter WHERE name=?", (name,)).fetchone()[0])

    def _seconds(self) -> int:
        return int(self._clock().timestamp())


def _check_or_create(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION:
        raise ConfigError(
            f"the database {path} has schema version {version}, this ackpy reads {SCHEMA_VERSION}:"
            " use the ackpy that wrote it, or another data folder"
        )


def _change(row: tuple[Any, ...]) -> Change:
    revision, resource, namespace, name, deleted, body, previous = row
    last = orjson.loads(body)
    before = None if previous is None else orjson.loads(previous)
    return Change(revision, Key(resource, namespace, name), before, None if deleted else last, last)
