import subprocess
import sys

import pytest

from ackpy.catalog import load, services
from ackpy.errors import ConfigError


def test_services_are_the_folders() -> None:
    assert {"ecr", "s3"} <= set(services())
    assert list(services()) == sorted(services())


def test_kinds_come_by_service_then_by_name() -> None:
    assert [(each.service, each.kind) for each in load(["s3", "ecr", "s3"])] == [
        ("s3", "Bucket"),
        ("ecr", "PullThroughCacheRule"),
        ("ecr", "Repository"),
        ("ecr", "RepositoryCreationTemplate"),
    ]


def test_an_unknown_service_lists_the_known() -> None:
    with pytest.raises(ConfigError, match=r"unknown service nosuch, s33: choose from .*ecr, .*s3"):
        load(["s3", "s33", "nosuch"])


@pytest.mark.slow
def test_a_service_is_imported_when_it_is_loaded() -> None:
    script = (
        "import sys; from ackpy.catalog import load, services; services(); load(['ecr']);"
        "print([name for name in sys.modules if name.startswith('ackpy.catalog.s3')])"
    )
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
