"""The journal's lines, and what a start makes of a good, a torn and a damaged log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackpy.errors import ConfigError
from ackpy.local.cloud.journal import LOG_NAME, Journal, Record, decode, encode

RECORD = Record(
    service="s3",
    operation="CreateBucket",
    account="123456789012",
    region="us-east-1",
    access_key_id="AKIA",
    signing_name="s3",
    moment=1.5,
    seed=7,
    method="PUT",
    target="/bucket?x",
    headers={"host": "localhost"},
    body=b"\x00\xff\n",
)


@given(
    body=st.binary(max_size=300),
    moment=st.floats(0, 4e9),
    seed=st.integers(0, 2**64 - 1),
    headers=st.dictionaries(st.text("abc-", min_size=1), st.text(st.characters(codec="latin-1"))),
)
def test_a_record_survives_its_line(body: bytes, moment: float, seed: int, headers: dict[str, str]) -> None:
    record = replace(RECORD, body=body, moment=moment, seed=seed, headers=headers)
    line = encode(record)
    assert line.count(b"\n") == 1
    assert decode(line) == record


def written(folder: Path, count: int) -> list[Record]:
    """Write that many records, and close the log."""
    records = [replace(RECORD, seed=number) for number in range(count)]
    journal = Journal(folder)
    for record in records:
        journal.append(record)
    journal.close()
    return records


def reread(folder: Path) -> tuple[list[Record], bool]:
    journal = Journal(folder)
    try:
        return journal.read()
    finally:
        journal.close()


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    records = written(tmp_path, 3)
    assert reread(tmp_path) == (records, False)
    assert (tmp_path / LOG_NAME).stat().st_mode & 0o777 == 0o600


@given(cut=st.integers(1, len(encode(RECORD))))
def test_a_torn_last_record_is_dropped_for_good(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("torn")
    records = written(folder, 3)
    log = folder / LOG_NAME
    log.write_bytes(log.read_bytes()[:-cut])
    whole = cut == 1  # only the line's end is missing
    assert reread(folder) == (records if whole else records[:2], not whole and cut < len(encode(records[2])))
    journal = Journal(folder)
    journal.append(records[0])
    journal.close()
    assert reread(folder) == ([*(records if whole else records[:2]), records[0]], False)


@pytest.mark.parametrize("line", [1, 2, 3])
def test_damage_is_an_error_that_names_the_line(tmp_path: Path, line: int) -> None:
    written(tmp_path, 3)
    log = tmp_path / LOG_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b"CreateBucket", b"DeleteBucket")
    log.write_bytes(b"".join(lines))
    with pytest.raises(ConfigError, match=rf"requests\.log is damaged at line {line} \(the checksum does not fit\)"):
        reread(tmp_path)


def test_one_process_holds_the_folder(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(ConfigError, match=r"in use by process \d+"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be used: .*; name another with --data"):
        Journal(tmp_path / "file" / "folder")
