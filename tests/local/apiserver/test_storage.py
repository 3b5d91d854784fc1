from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ackpy.errors import ConfigError
from ackpy.local.apiserver.storage import Key, Storage
from ackpy.testing.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "remove"])), max_size=12)


def put(storage: Storage, name: str, **more: Any) -> None:
    key = Key("widgets", "default", name)
    version = str(storage.next_revision())
    storage.put(
        key, storage.get(key), {"metadata": {"name": name, "namespace": "default", "resourceVersion": version}, **more}
    )


def remove(storage: Storage, name: str) -> None:
    key = Key("widgets", "default", name)
    found = storage.get(key)
    if found is not None:
        storage.remove(
            key, found, {**found, "metadata": {**found["metadata"], "resourceVersion": str(storage.next_revision())}}
        )


def state(rows: Any) -> dict[str, str]:
    return {row["metadata"]["name"]: row["metadata"]["resourceVersion"] for row in rows}


@given(STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_revision_can_be_read_again(tmp_path: Path, steps: list[tuple[str, str]]) -> None:
    path = tmp_path / "state.db"
    path.unlink(missing_ok=True)
    storage = Storage.open(path, clock=FakeClock().now)
    expected = {0: state(())}
    for name, action in steps:
        {"put": put, "remove": remove}[action](storage, name)
        expected[storage.revision] = state(storage.present("widgets"))
    storage.close()
    storage = Storage.open(path, clock=FakeClock().now)
    assert {revision: state(storage.snapshot(revision, "widgets")) for revision in expected} == expected
    for revision, found in expected.items():
        assert _replayed(found, storage, revision) == expected[storage.revision]
    storage.close()


def _replayed(found: dict[str, str], storage: Storage, revision: int) -> dict[str, str]:
    """What a watcher makes of a snapshot and the changes after it."""
    state = dict(found)
    for change in storage.changes_since(revision, "widgets"):
        assert (change.before is not None) is (change.key.name in state)
        state.pop(change.key.name, None)
        if change.after is not None:
            state[change.key.name] = change.after["metadata"]["resourceVersion"]
    return state


def test_compaction_keeps_the_present_and_the_recent(tmp_path: Path) -> None:
    clock = FakeClock()
    storage = Storage.open(tmp_path / "state.db", clock=clock.now)
    for name in "aab":
        put(storage, name)
    remove(storage, "b")
    storage.compact(keep_revisions=0, keep_seconds=60)
    assert storage.compacted == 0, "all is recent"
    asyncio.run(clock.advance(61))
    storage.compact(keep_revisions=1, keep_seconds=60)
    assert storage.compacted == 3
    assert state(storage.present("widgets")) == {"a": "2"}
    assert [change.revision for change in storage.changes_since(3)] == [4]
    storage.close()


def test_a_revision_is_never_given_twice(tmp_path: Path) -> None:
    clock = FakeClock()
    storage = Storage.open(tmp_path / "state.db", clock=clock.now)
    put(storage, "a")
    remove(storage, "a")
    asyncio.run(clock.advance(61))
    storage.compact(keep_revisions=0, keep_seconds=60)
    storage.close()
    reopened = Storage.open(tmp_path / "state.db", clock=clock.now)
    assert (reopened.next_revision(), reopened.compacted) == (3, 2)
    reopened.close()


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path / "state.db", clock=FakeClock().now)

    def fail() -> None:
        with storage.together():
            put(storage, "a")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert (storage.revision, list(storage.present("widgets"))) == (0, [])
    put(storage, "b")
    assert state(storage.present("widgets")) == {"b": "1"}
    storage.close()


def test_a_corrupt_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database, and long enough to be looked at" * 40)
    with pytest.raises(ConfigError, match=r"the database .*state\.db cannot be read .*: restore it"):
        Storage.open(path, clock=FakeClock().now)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(ConfigError, match="has schema version 99, this ackpy reads 1"):
        Storage.open(path, clock=FakeClock().now)


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path / "state.db", clock=FakeClock().now)
    put(storage, "a")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("state.db*")}
    assert modes == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm"), "0o600")
    storage.close()
