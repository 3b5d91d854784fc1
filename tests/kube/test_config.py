from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ackpy.errors import ConfigError
from ackpy.kube.config import KubeConfig
from ackpy.kube.credentials import ExecPlugin, StaticCredentials, TokenFile

Content = dict[str, Any]


def kubeconfig(**changes: Any) -> Content:
    """A kubeconfig of one context; `cluster`, `user` and `context` replace those parts, other names are top-level."""
    cluster = changes.pop("cluster", {"server": "https://one:6443", "insecure-skip-tls-verify": True})
    user = changes.pop("user", {"token": "s3cret"})
    context = changes.pop("context", {"cluster": "c", "user": "u"})
    content = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context}],
        "current-context": "x",
    }
    return content | changes


def write(path: Path, content: Any) -> str:
    path.write_text(yaml.safe_dump(content))
    return str(path)


async def authorization(config: KubeConfig) -> str:
    return (await config.credentials.current()).authorization


async def test_a_context_names_cluster_user_and_namespace(tmp_path: Path) -> None:
    context = {"cluster": "c", "user": "u", "namespace": "mine"}
    config = KubeConfig.load(write(tmp_path / "k", kubeconfig(context=context)))
    assert (config.server, config.namespace, config.tls.verify) == ("https://one:6443", "mine", False)
    assert await authorization(config) == "Bearer s3cret"


async def test_the_first_file_to_say_something_counts(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {"current-context": "y", "users": [{"name": "u", "user": {"token": "first"}}]})
    second = write(tmp_path / "2", kubeconfig())
    third = write(tmp_path / "3", {"contexts": [{"name": "y", "context": {"cluster": "c", "user": "u"}}]})
    missing = str(tmp_path / "missing")
    config = KubeConfig.load(environment={"KUBECONFIG": f"{first}:{missing}:{second}:{third}"})
    assert config.server == "https://one:6443"
    assert await authorization(config) == "Bearer first"


def test_a_context_can_be_named(tmp_path: Path) -> None:
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u", "namespace": name}} for name in ("x", "y")]
    path = write(tmp_path / "k", kubeconfig(contexts=contexts))
    assert KubeConfig.load(path, context="y").namespace == "y"


async def test_a_user_is_not_needed(tmp_path: Path) -> None:
    config = KubeConfig.load(write(tmp_path / "k", kubeconfig(context={"cluster": "c"})))
    assert config.credentials == StaticCredentials()
    assert await authorization(config) == ""


async def test_passwords_and_impersonation(tmp_path: Path) -> None:
    user = {"username": "me", "password": "pw", "as": "you", "as-groups": ["a", "b"]}
    config = KubeConfig.load(write(tmp_path / "k", kubeconfig(user=user)))
    assert await authorization(config) == "Basic " + base64.b64encode(b"me:pw").decode()
    assert config.headers == (("Impersonate-User", "you"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"))


async def test_a_token_file_is_relative_to_its_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    config = KubeConfig.load(write(tmp_path / "k", kubeconfig(user={"tokenFile": "token", "token": "in place"})))
    assert isinstance(config.credentials, TokenFile)
    assert await authorization(config) == "Bearer from-file"


def test_home_is_looked_at_last(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube" / "config", kubeconfig())
    assert KubeConfig.load(environment={"HOME": str(tmp_path)}).server == "https://one:6443"
    with pytest.raises(ConfigError, match="serviceaccount/token is missing"):
        KubeConfig.load(environment={"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"})


async def test_in_a_cluster_the_service_account_speaks(tmp_path: Path, ca_pem: bytes) -> None:
    (tmp_path / "token").write_text("pod-token")
    (tmp_path / "ca.crt").write_bytes(ca_pem)
    (tmp_path / "namespace").write_text("home\n")
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    config = KubeConfig.in_cluster(folder=tmp_path, environment=environment)
    assert (config.server, config.namespace, config.tls.verify) == ("https://[fd00::1]:6443", "home", True)
    assert await authorization(config) == "Bearer pod-token"


def test_outside_a_cluster_there_is_no_service_account() -> None:
    with pytest.raises(ConfigError, match="KUBERNETES_SERVICE_HOST is not set"):
        KubeConfig.in_cluster(environment={})


BAD: list[tuple[Content, str]] = [
    (kubeconfig(**{"current-context": ""}), "current-context: not set; name one of: x"),
    (kubeconfig(**{"current-context": "z"}), "contexts: no 'z', which current-context names; there: x"),
    (kubeconfig(context={"cluster": "d", "user": "u"}), r"clusters: no 'd', which contexts\[x\].context.cluster names"),
    (kubeconfig(context={"cluster": "c", "user": "v"}), r"users: no 'v', which contexts\[x\].context.user names"),
    (kubeconfig(clusters="no"), "clusters: must be a list, found str"),
    (kubeconfig(users=[{"user": {}}]), r"users\[0\].name: missing"),
    (kubeconfig(users=[{"name": "u", "user": [1]}]), r"users\[u\].user: must be a mapping, found list"),
    (kubeconfig(cluster={}), r"clusters\[c\].cluster.server: must be an http or https URL, found ''"),
    (kubeconfig(cluster={"server": "one:6443"}), "server: must be an http or https URL, found 'one:6443'"),
    (kubeconfig(cluster={"server": 5}), "server: must be a string, found int"),
    (
        kubeconfig(cluster={"server": "https://a", "insecure-skip-tls-verify": "yes"}),
        "insecure-skip-tls-verify: must be true or false, found str",
    ),
    (
        kubeconfig(cluster={"server": "https://a", "certificate-authority-data": "%%%"}),
        "certificate-authority-data: is no base64",
    ),
    (
        kubeconfig(cluster={"server": "https://a", "certificate-authority-data": base64.b64encode(b"no pem").decode()}),
        "certificate-authority: holds no PEM certificate",
    ),
    (
        kubeconfig(cluster={"server": "https://a", "certificate-authority": "nowhere"}),
        "cannot read .*nowhere: No such file",
    ),
    (kubeconfig(user={"client-certificate-data": "YQ=="}), "client-key: missing"),
    (kubeconfig(user={"client-key-data": "YQ=="}), "client-certificate: missing"),
    (kubeconfig(user={"client-certificate-data": "YQ==", "client-key-data": "YQ=="}), "are no PEM certificate"),
    (kubeconfig(user={"token": ["s3cret"]}), "token: must be a string, found list"),
    (kubeconfig(user={"auth-provider": {"name": "gcp"}}), "auth-provider: Kubernetes removed"),
    (kubeconfig(user={"exec": {"command": "x", "apiVersion": "v0"}}), "exec.apiVersion: must be one of .*, found 'v0'"),
    (kubeconfig(user={"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}), "exec.command: missing"),
    (
        kubeconfig(
            user={
                "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "interactiveMode": "Always"}
            }
        ),
        "interactiveMode: is Always",
    ),
    (
        kubeconfig(user={"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "args": "y"}}),
        "exec.args: must be a list of strings",
    ),
    (
        kubeconfig(
            user={"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "env": [{"a": "b"}]}}
        ),
        "exec.env: must be a list of",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_kubeconfig_is_an_error_that_names_file_and_key(tmp_path: Path, content: Content, message: str) -> None:
    path = write(tmp_path / "k", content)
    with pytest.raises(ConfigError, match=message) as caught:
        KubeConfig.load(path)
    assert path in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "no YAML"),
        ("token: s3cret\n  bad: : x", "line 2: no YAML"),
        ("- a", "not a kubeconfig: found list"),
        ("", "not a kubeconfig: found NoneType"),
        ("\x00", "no YAML"),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        KubeConfig.load(str(tmp_path / "k"))
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "k")
    with pytest.raises(ConfigError, match=r"No such file.*--kubeconfig"):
        KubeConfig.load(missing)
    with pytest.raises(ConfigError, match=r"No such file.*--kubeconfig"):
        KubeConfig.load(environment={"KUBECONFIG": missing})


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "x",
            "env": [{"name": "A", "value": "s3cret"}],
        }
    }
    for content in (kubeconfig(), kubeconfig(user={"username": "me", "password": "s3cret"}), kubeconfig(user=user)):
        config = KubeConfig.load(write(tmp_path / "k", content))
        assert "s3cret" not in repr(config)
        assert base64.b64encode(b"me:s3cret").decode() not in repr(config)


@pytest.mark.slow
async def test_an_exec_plugin_is_given_the_cluster_and_its_environment(tmp_path: Path) -> None:
    script = tmp_path / "plugin.py"
    script.write_text(
        "import json, os, sys\n"
        "spec = json.loads(os.environ['KUBERNETES_EXEC_INFO'])['spec']\n"
        "token = '|'.join([spec['cluster']['server'], os.environ['EXTRA'], *sys.argv[1:]])\n"
        "print(json.dumps({'status': {'token': token}}))\n"
    )
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "args": [str(script), "argument"],
        "env": [{"name": "EXTRA", "value": "extra"}],
        "provideClusterInfo": True,
    }
    config = KubeConfig.load(write(tmp_path / "k", kubeconfig(user={"exec": plugin})))
    assert isinstance(config.credentials, ExecPlugin)
    assert await authorization(config) == "Bearer https://one:6443|extra|argument"


@pytest.mark.parametrize(
    ("server", "environment", "proxy"),
    [
        ("https://far:6443", {"https_proxy": "http://proxy:1"}, "http://proxy:1"),
        ("http://far:6443", {"https_proxy": "http://proxy:1"}, ""),
        ("https://far:6443", {"https_proxy": "http://proxy:1", "no_proxy": "far"}, ""),
        ("https://127.0.0.1:6443", {"https_proxy": "http://proxy:1"}, ""),
        ("https://localhost:6443", {"https_proxy": "http://proxy:1"}, ""),
    ],
)
def test_the_environments_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, environment: dict[str, str], proxy: str
) -> None:
    for name in (
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    path = write(tmp_path / "k", kubeconfig(cluster={"server": server, "insecure-skip-tls-verify": True}))
    assert KubeConfig.load(path).proxy == proxy


def test_a_kubeconfigs_own_proxy_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://other:1")
    cluster = {"server": "https://far:1", "insecure-skip-tls-verify": True, "proxy-url": "http://mine:1"}
    assert KubeConfig.load(write(tmp_path / "k", kubeconfig(cluster=cluster))).proxy == "http://mine:1"
