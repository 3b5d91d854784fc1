"""Real kubectl against the server: each case is a few commands and what they must print. Runs on either server, see `api_server`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from ackpy.testing.api import Remote
from ackpy.testing.widgets import CRDS, widget, widget_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ackpy.local.apiserver.server import Endpoint

pytestmark = pytest.mark.slow

KUBECTL = Path(sys.executable).with_name("kubectl")
Json = dict[str, object]


@dataclass(frozen=True)
class Step:
    """One command: its arguments, its standard input, what the output contains, and whether it fails."""

    command: str
    shows: str | tuple[str, ...] = ""
    stdin: str = ""
    fails: bool = False
    editor: str = ""
    lacks: str = ""


def manifest(size: int = 1, **spec: object) -> str:
    return yaml.safe_dump(widget("one", {"size": size, **spec}, {"labels": {"app": "a"}}))


CONFIG = yaml.safe_dump(
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}
)
MADE = Step("apply -f -", "widget.example.com/one created", manifest(3, tags=[{"key": "a", "value": "b"}], fixed="x"))


def listed(*manifests: str) -> str:
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(each) for each in manifests]})


SYNCED = '{"status":{"conditions":[{"type":"ACK.ResourceSynced","status":"True"}]}}'

CASES: dict[str, list[Step]] = {
    "get": [
        MADE,
        Step("get widgets", ("NAME   SIZE   SYNCED   AGE", "one    3"), lacks="COLOR"),
        Step("get wd -o wide", ("COLOR", "red")),
        Step("get toys -o name", "widget.example.com/one"),
        Step("get widget one -o yaml", ("generation: 1", "color: red", "- key: a")),
        Step("get widgets -l app=a -o name", "widget.example.com/one"),
        Step("get widgets -l app!=a -o name", lacks="one"),
        Step("get widgets --field-selector metadata.name=one -o name", "widget.example.com/one"),
        Step("get widgets --field-selector metadata.name=two -o name", lacks="one"),
        Step("get widget one -o jsonpath={.spec.tags[0].value}", "b"),
        Step("get widget two", 'Error from server (NotFound): widgets.example.com "two" not found', fails=True),
    ],
    "pages": [
        *(Step(f"create configmap page-{n} --from-literal=a=b", "created") for n in range(5)),
        Step("get configmaps --chunk-size=2 -o name", tuple(f"configmap/page-{n}" for n in range(5))),
    ],
    "a list": [
        Step("apply -f -", ("widget.example.com/one created", "configmap/c created"), listed(manifest(), CONFIG)),
        Step("apply -f -", "unknown field", listed(manifest(colour="red")), fails=True),
        Step("create -f -", "AlreadyExists", listed(CONFIG), fails=True),
    ],
    "apply": [
        MADE,
        Step("diff -f -", ("-  size: 3", "+  size: 4"), manifest(4, fixed="x"), fails=True),
        Step("apply -f -", "widget.example.com/one configured", manifest(4, fixed="x")),
        Step("apply -f -", "widget.example.com/one unchanged", manifest(4, fixed="x")),
        Step("get widget one -o jsonpath={.spec}", '"size":4', lacks="tags"),
        Step("apply --dry-run=server -f -", "configured (server dry run)", manifest(5, fixed="x")),
        Step("get widget one -o jsonpath={.spec.size}", "4"),
    ],
    "apply of a built-in": [
        Step("apply -f -", "configmap/c created", CONFIG),
        Step("apply -f -", "configmap/c configured", CONFIG.replace("  b: '2'\n", "  z: '3'\n")),
        Step("get configmap c -o jsonpath={.data}", '"z":"3"', lacks='"b"'),
    ],
    "apply on the server": [
        Step("apply --server-side -f -", "widget.example.com/one serverside-applied", manifest(3)),
        Step("apply --server-side --field-manager=zed -f -", "Apply failed with 1 conflict", manifest(4), fails=True),
        Step("apply --server-side --field-manager=zed --force-conflicts -f -", "serverside-applied", manifest(4)),
        Step("get widget one -o jsonpath={.spec.size}", "4"),
        Step("get widget one --show-managed-fields -o yaml", ("manager: zed", "operation: Apply", "f:size: {}")),
    ],
    "from client-side to server-side apply": [
        MADE,
        Step("apply --server-side -f -", "serverside-applied", manifest(4, fixed="x")),
        Step("get widget one -o jsonpath={.spec}", '"size":4', lacks="tags"),
    ],
    "edit": [
        MADE,
        Step("edit widget one", "edited", editor="sed -i s/size:.3/size:\\ 6/"),
        Step("get widget one -o jsonpath={.spec.size}", "6"),
        Step("edit widget one", "is invalid", editor="sed -i s/fixed:.x/fixed:\\ z/", fails=True),
    ],
    "patch": [
        MADE,
        Step('patch widget one --type=merge -p {"spec":{"size":4}}', "patched"),
        Step('patch widget one --type=json -p [{"op":"replace","path":"/spec/size","value":5}]', "patched"),
        Step("get widget one -o jsonpath={.spec.size}", "5"),
        Step('patch widget one -p {"spec":{"size":6}}', "strategic-merge-patch+json is not supported", fails=True),
        Step('patch widget one --subresource=status --type=merge -p {"status":{"ready":true}}', "patched"),
        Step("get widget one -o jsonpath={.status.ready}", "true"),
    ],
    "label and annotate": [
        MADE,
        Step("label widget one x=y", "labeled"),
        Step("annotate widget one n=m", "annotated"),
        Step("get widget one --show-labels", "app=a,x=y"),
        Step("label widget one x-", "unlabeled"),
        Step("get widget one --show-labels", "app=a", lacks="x=y"),
    ],
    "explain": [
        Step("explain widget.spec", ("KIND:       Widget", "VERSION:    v1", "What is wanted.", "enum: red, green")),
        Step("explain configmap.data", "FIELD: data <map[string]string>"),
        Step("explain lease.spec.renewTime", "FIELD: renewTime"),
    ],
    "describe": [
        MADE,
        Step("describe widget one", ("Name:         one", "Kind:         Widget", "Size:   3", "Events:")),
    ],
    "wait": [
        Step("wait --for=condition=Established crd/widgets.example.com --timeout=10s", "condition met"),
        MADE,
        Step(f"patch widget one --subresource=status --type=merge -p {SYNCED}", "patched"),
        Step("wait --for=condition=ACK.ResourceSynced widget/one --timeout=10s", "condition met"),
        Step("wait --for=jsonpath={.spec.size}=3 widget/one --timeout=10s", "condition met"),
        Step("get widget one", "True"),
        Step("wait --for=jsonpath={.spec.size}=4 widget/one --timeout=1s", "timed out", fails=True),
    ],
    "delete": [
        MADE,
        Step('patch widget one --type=merge -p {"metadata":{"finalizers":["a.b/c"]}}', "patched"),
        Step("delete widget one --timeout=1s", "timed out", fails=True),
        Step("get widget one -o jsonpath={.metadata.deletionTimestamp}", "20"),
        Step('patch widget one --type=merge -p {"metadata":{"finalizers":null}}', "patched"),
        Step("get widget one", "NotFound", fails=True),
        MADE,
        Step("delete widget --all", '"one" deleted'),
        MADE,
        Step("delete -f -", '"one" deleted', manifest()),
        MADE,
        Step("delete widget one --grace-period=0 --force", '"one" force deleted'),
    ],
    "create and replace": [
        Step("create -f -", "widget.example.com/one created", manifest(1)),
        Step("create -f -", "AlreadyExists", manifest(1), fails=True),
        Step("create --dry-run=server configmap c --from-literal=a=b", "configmap/c created (server dry run)"),
        Step("replace --force -f -", "replaced", manifest(2)),
        Step("get widget one -o jsonpath={.spec.size}", "2"),
    ],
    "bad manifests": [
        Step("apply -f -", 'strict decoding error: unknown field "spec.foo"', manifest(1, foo=2), fails=True),
        Step("apply -f -", 'The Widget "one" is invalid', manifest(99), fails=True),
        Step("apply -f -", "spec.name in body must be of type string", manifest(1, name=5), fails=True),
        Step("get widgets", "No resources found"),
    ],
    "built-in kinds, sent as protobuf": [
        Step("create configmap c --from-literal=a=b", "configmap/c created"),
        Step("create secret generic s --from-literal=p=q", "secret/s created"),
        Step("get secret s -o jsonpath={.data.p}", "cQ=="),
        Step("create serviceaccount sa", "serviceaccount/sa created"),
        Step("create role r --verb=get,list --resource=configmaps --resource-name=c", "created"),
        Step("create rolebinding rb --role=r --serviceaccount=default:sa", "created"),
        Step("get role r -o jsonpath={.rules[0].verbs}", '["get","list"]'),
        Step("get rolebinding rb", "Role/r"),
        Step("create service clusterip sv --tcp=80:8080", "service/sv created"),
        Step("get configmap,secret,serviceaccount", ("configmap/c", "Opaque   1", "serviceaccount/sa")),
        Step("auth can-i create widgets", "yes"),
    ],
    "discovery": [
        Step("version", "Server Version: v1.35"),
        Step("api-versions", ("example.com/v1", "v1", "coordination.k8s.io/v1")),
        Step("api-resources --api-group=example.com", "widgets   wd           example.com/v1   true         Widget"),
        Step("get --raw /readyz", "ok"),
        Step("get --raw /metrics", ("apiserver_request_total{", 'verb="LIST"')),
    ],
}


@pytest.fixture
def widgets(api_server: Endpoint) -> None:
    api = Remote(api_server)
    made = api.call("POST", CRDS, widget_definition())
    assert made.code in (201, 409)
    if made.code == 201:
        _run(
            api_server, "default", Step("wait --for=condition=Established crd/widgets.example.com --timeout=10s", "met")
        )


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES)
@pytest.mark.usefixtures("widgets")
def test_kubectl(api_server: Endpoint, namespace: str, steps: list[Step]) -> None:
    for step in steps:
        _run(api_server, namespace, step)
    assert steps


@pytest.mark.usefixtures("widgets")
def test_get_watches(api_server: Endpoint, namespace: str) -> None:
    with _watching(api_server, namespace) as process:
        lines = _lines(process)
        _run(api_server, namespace, MADE)
        assert next(line for line in lines if line.startswith("one")).split()[1] == "3"
        _run(api_server, namespace, Step('patch widget one --type=merge -p {"spec":{"size":4}}', "patched"))
        assert next(lines).split()[1] == "4"
        process.terminate()


def _watching(endpoint: Endpoint, namespace: str) -> subprocess.Popen[str]:
    command = [str(KUBECTL), "--kubeconfig", str(endpoint.kubeconfig), "-n", namespace, "get", "widgets", "-w"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    yield from process.stdout


def _run(endpoint: Endpoint, namespace: str, step: Step) -> None:
    command = [str(KUBECTL), "--kubeconfig", str(endpoint.kubeconfig), "-n", namespace, *step.command.split(" ")]
    environment = {**os.environ, "KUBE_EDITOR": step.editor, "HOME": str(endpoint.kubeconfig.parent)}
    done = subprocess.run(
        command, input=step.stdin, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    printed = done.stdout + done.stderr
    assert (done.returncode != 0) is step.fails, f"{step.command}\n{printed}"
    for expected in (step.shows,) if isinstance(step.shows, str) else step.shows:
        assert expected in printed, f"{step.command}\n{printed}"
    assert not step.lacks or step.lacks not in printed, f"{step.command}\n{printed}"
