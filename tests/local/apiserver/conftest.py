from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from ackpy.local.apiserver.app import Application
from ackpy.local.apiserver.cluster import Cluster
from ackpy.local.apiserver.storage import Storage
from ackpy.testing.api import Api, InProcess, Remote
from ackpy.testing.clock import FakeClock
from ackpy.testing.widgets import CRDS, WIDGETS, widget_definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "token-of-a-test"
MERGE = "application/merge-patch+json"


@pytest.fixture
def cluster(tmp_path: Path, clock: FakeClock) -> Iterator[Cluster]:
    storage = Storage.open(tmp_path / "state.db", clock=clock.now)
    yield Cluster.open(storage, clock=clock.now)
    storage.close()


@pytest.fixture
def embedded(cluster: Cluster) -> InProcess:
    """The embedded server, in this process, with the kind Widget."""
    api = InProcess(Application(cluster, token=TOKEN), TOKEN)
    assert api.call("POST", CRDS, widget_definition()).code == 201
    return api


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """The embedded server; or kube-apiserver when KUBEBUILDER_ASSETS is set, since both must pass the cases that ask for this."""
    if "KUBEBUILDER_ASSETS" not in os.environ:
        embedded: InProcess = request.getfixturevalue("embedded")
        yield embedded
        return
    remote = Remote(request.getfixturevalue("api_server"))
    _serve_widgets(remote)
    yield remote
    _remove_everything(remote)


def _serve_widgets(api: Api) -> None:
    if api.call("POST", CRDS, widget_definition()).code == 409:
        return
    end = time.monotonic() + 20
    while api.call("POST", f"{WIDGETS}?dryRun=All", {}).code == 404 or api.call("GET", WIDGETS).code != 200:
        assert time.monotonic() < end, "the kind Widget was not served within 20 s"


def _remove_everything(api: Api) -> None:
    for path in (WIDGETS, "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/secrets"):
        for item in api.call("GET", path).body["items"]:
            name = f"{path}/{item['metadata']['name']}"
            api.call("PATCH", name, {"metadata": {"finalizers": None}}, type_=MERGE)
            api.call("DELETE", name)
