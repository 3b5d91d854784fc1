"""Where the API server is and who we are to it: kubeconfig files, or the Pod's service account, into a KubeConfig.

Called by the composition root. Files are merged as client-go does it: the first to name a cluster, user, context or the current
context wins; paths inside a file are relative to it. An error names the file and the key.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from ackpy.errors import ConfigError
from ackpy.kube.credentials import Credentials, StaticCredentials, TokenFile
from ackpy.kube.kubeconfig import Kubeconfig
from ackpy.kube.tls import Tls

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts a Pod's token, CA and namespace."""


def pod_namespace(folder: Path = SERVICE_ACCOUNT) -> str:
    """The namespace of the Pod that this process runs in; "" where it runs in none."""
    namespace = folder / "namespace"
    return _read(namespace).decode().strip() if namespace.exists() else ""


@dataclass(frozen=True, slots=True)
class KubeConfig:
    """One cluster, one user of it, and the namespace to use when none is named. Holds secrets that no repr shows."""

    server: str
    namespace: str = "default"
    tls: Tls = field(default_factory=Tls)
    credentials: Credentials = field(default_factory=StaticCredentials)
    proxy: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def load(
        cls, kubeconfig: str | None = None, *, context: str | None = None, environment: Mapping[str, str] | None = None
    ) -> Self:
        """The first of: `kubeconfig`, $KUBECONFIG (a list of files), the Pod's service account, ~/.kube/config.

        `context` is used instead of the files' current-context. Raises ConfigError naming the file, the key, what was found
        and what to do.
        """
        environ = os.environ if environment is None else environment
        if kubeconfig:
            return cls._from_files([Path(kubeconfig)], context)
        if environ.get("KUBECONFIG"):
            named = [Path(name) for name in environ["KUBECONFIG"].split(os.pathsep) if name]
            present = [path for path in named if path.exists()]
            return cls._from_files(present or named, context)
        if context is None and environ.get("KUBERNETES_SERVICE_HOST"):
            return cls.in_cluster(environment=environ)
        return cls._from_files([Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config"], context)

    @classmethod
    def in_cluster(cls, *, folder: Path = SERVICE_ACCOUNT, environment: Mapping[str, str] | None = None) -> Self:
        """From the service account that the kubelet mounts; its token is read again as it is renewed."""
        environ = os.environ if environment is None else environment
        host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            raise ConfigError("not in a cluster: KUBERNETES_SERVICE_HOST is not set; name a kubeconfig instead")
        if not (folder / "token").exists():
            raise ConfigError(f"in a Pod, but {folder / 'token'} is missing: is automountServiceAccountToken off?")
        tls = Tls(ca=_read(folder / "ca.crt"))
        server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        return cls(server, pod_namespace(folder) or "default", tls, TokenFile(folder / "token"))

    @classmethod
    def _from_files(cls, paths: list[Path], context: str | None) -> Self:
        chosen = Kubeconfig.read(paths).choose(context)
        return cls(
            chosen.server,
            chosen.namespace,
            chosen.tls,
            chosen.credentials,
            chosen.proxy or _proxy_of(chosen.server),
            chosen.headers,
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _proxy_of(server: str) -> str:
    """The proxy that this process's environment names for the server, as Go's programs have it: none for this machine itself."""
    url = urlsplit(server)
    host = url.hostname or ""
    if host in {"localhost", "::1"} or host.startswith("127.") or urllib.request.proxy_bypass(host):
        return ""
    return urllib.request.getproxies().get(url.scheme, "")
