"""The data folder: private, and one stack's at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ackpy.errors import ConfigError
from ackpy.local.folder import DataFolder


def test_a_second_stack_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with (
        folder.locked(),
        pytest.raises(ConfigError, match=rf"in use by another `ackpy up` \(process {os.getpid()}\)"),
        folder.locked(),
    ):
        pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with folder.locked():
        pass
    with folder.locked():
        assert (folder.root / "logs").is_dir()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with folder.locked():
        assert folder.root.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match=r"--data: cannot make the folder .*/file/data"),
        DataFolder(tmp_path / "file" / "data").locked(),
    ):
        pass
