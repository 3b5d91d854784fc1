"""kubeconfig files into the values of one context. Called by config.

Every error names the file and the path inside it, as `FILE: users[admin].user.token: ...`; values are never quoted, for most are
secrets.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml

from ackpy.errors import ConfigError
from ackpy.kube.credentials import Credential, Credentials, ExecCommand, ExecPlugin, StaticCredentials, TokenFile
from ackpy.kube.tls import ClientCertificate, Tls

_EXEC_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True, slots=True)
class Entry:
    """A named cluster, user or context: its fields, and where they stand."""

    file: Path
    where: str
    fields: Mapping[str, Any] = field(repr=False)

    def text(self, name: str) -> str:
        """A string field, empty when absent."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, f"must be a string, found {type(value).__name__}")
        return value or ""

    def flag(self, name: str) -> bool:
        """A boolean field, false when absent."""
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"must be true or false, found {type(value).__name__}")
        return value

    def path(self, name: str) -> Path | None:
        """A path, relative to the file that names it."""
        value = self.text(name)
        return self.file.parent / value if value else None

    def data(self, name: str) -> bytes | None:
        """Bytes given in place (`name-data`, base64) or else in a file (`name`); None when neither is there."""
        inline = self.text(f"{name}-data")
        if inline:
            try:
                return base64.b64decode(inline, validate=True)
            except binascii.Error:
                raise self.wrong(f"{name}-data", "is no base64") from None
        path = self.path(name)
        if path is None:
            return None
        try:
            return path.read_bytes()
        except OSError as error:
            raise self.wrong(name, f"cannot read {path}: {error.strerror}") from error

    def wrong(self, name: str, problem: str) -> ConfigError:
        """The error that says what is wrong with a field."""
        return ConfigError(f"{self.file}: {self.where}{'.' if name else ''}{name}: {problem}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one context says."""

    server: str
    namespace: str
    tls: Tls
    credentials: Credentials
    proxy: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Some files, merged."""

    files: tuple[Path, ...]
    current_context: str
    clusters: Mapping[str, Entry]
    users: Mapping[str, Entry]
    contexts: Mapping[str, Entry]

    @classmethod
    def read(cls, paths: list[Path]) -> Self:
        """Read and merge files: of each name, the first one counts."""
        current = ""
        sections: dict[str, dict[str, Entry]] = {"cluster": {}, "user": {}, "context": {}}
        for path in paths:
            content = _load(path)
            current = current or str(content.get("current-context") or "")
            for singular, entries in sections.items():
                for name, entry in _entries(path, content, singular):
                    entries.setdefault(name, entry)
        return cls(tuple(paths), current, sections["cluster"], sections["user"], sections["context"])

    def choose(self, context: str | None = None) -> Chosen:
        """The values of the named or current context."""
        name = context or self.current_context
        if not name:
            raise ConfigError(
                f"{self._names}: current-context: not set; name one of: {', '.join(self.contexts) or '(none)'}"
            )
        entry = self._find(
            self.contexts, name, "contexts", "current-context" if context is None else "the context asked for"
        )
        cluster = self._find(self.clusters, entry.text("cluster"), "clusters", f"{entry.where}.cluster")
        user_name = entry.text("user")
        user = self._find(self.users, user_name, "users", f"{entry.where}.user") if user_name else None
        tls = _tls(cluster)
        return Chosen(
            server=_server(cluster),
            namespace=entry.text("namespace") or "default",
            tls=tls,
            credentials=_credentials(user, cluster, tls) if user else StaticCredentials(),
            proxy=cluster.text("proxy-url"),
            headers=_impersonation(user) if user else (),
        )

    def _find(self, entries: Mapping[str, Entry], name: str, section: str, referrer: str) -> Entry:
        if name not in entries:
            raise ConfigError(
                f"{self._names}: {section}: no {name!r}, which {referrer} names; there: {', '.join(entries) or '(none)'}"
            )
        return entries[name]

    @property
    def _names(self) -> str:
        return ", ".join(map(str, self.files))


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a kubeconfig with --kubeconfig or $KUBECONFIG") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(
            f"{path}: line {line}: no YAML: {error.problem}"
        ) from None  # the error's own text quotes the line
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"{path}: no YAML") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: not a kubeconfig: found {type(content).__name__} where a mapping must be")
    return content


def _entries(path: Path, content: Mapping[str, Any], singular: str) -> list[tuple[str, Entry]]:
    listed = content.get(f"{singular}s") or []
    if not isinstance(listed, list):
        raise ConfigError(f"{path}: {singular}s: must be a list, found {type(listed).__name__}")
    entries = []
    for position, item in enumerate(listed):
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise ConfigError(f"{path}: {singular}s[{position}].name: missing")
        name = item["name"]
        fields = item.get(singular) or {}
        if not isinstance(fields, dict):
            raise ConfigError(
                f"{path}: {singular}s[{name}].{singular}: must be a mapping, found {type(fields).__name__}"
            )
        entries.append((name, Entry(path, f"{singular}s[{name}].{singular}", fields)))
    return entries


def _server(cluster: Entry) -> str:
    server = cluster.text("server").rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise cluster.wrong("server", f"must be an http or https URL, found {server!r}")
    return server


def _tls(cluster: Entry) -> Tls:
    skip = cluster.flag("insecure-skip-tls-verify")
    tls = Tls(None if skip else cluster.data("certificate-authority"), not skip, cluster.text("tls-server-name"))
    try:
        tls.context()
    except (ssl.SSLError, ValueError):
        raise cluster.wrong("certificate-authority", "holds no PEM certificate") from None
    return tls


def _credentials(user: Entry, cluster: Entry, tls: Tls) -> Credentials:
    certificate = _certificate(user, tls)
    token_file = user.path("tokenFile")
    if token_file is not None:
        return TokenFile(token_file, certificate=certificate)
    if user.text("token"):
        return StaticCredentials(Credential(f"Bearer {user.text('token')}", certificate))
    if user.fields.get("exec"):
        return ExecPlugin(_exec_command(user, cluster))
    if user.text("username"):
        pair = f"{user.text('username')}:{user.text('password')}".encode()
        return StaticCredentials(Credential(f"Basic {base64.b64encode(pair).decode()}", certificate))
    if user.fields.get("auth-provider"):
        raise user.wrong("auth-provider", "Kubernetes removed auth providers in 1.26; use an exec credential plugin")
    return StaticCredentials(Credential(certificate=certificate))


def _certificate(user: Entry, tls: Tls) -> ClientCertificate | None:
    chain, key = user.data("client-certificate"), user.data("client-key")
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        missing = "client-key" if key is None else "client-certificate"
        raise user.wrong(missing, "missing: a client certificate and its key come together")
    certificate = ClientCertificate(chain, key)
    try:
        tls.context(certificate)
    except (ssl.SSLError, ValueError):
        raise user.wrong(
            "client-certificate", "and client-key are no PEM certificate with its own unencrypted key"
        ) from None
    return certificate


def _exec_command(user: Entry, cluster: Entry) -> ExecCommand:
    fields = user.fields["exec"]
    if not isinstance(fields, dict):
        raise user.wrong("exec", f"must be a mapping, found {type(fields).__name__}")
    entry = Entry(user.file, f"{user.where}.exec", fields)
    if entry.text("apiVersion") not in _EXEC_VERSIONS:
        raise entry.wrong(
            "apiVersion", f"must be one of {', '.join(_EXEC_VERSIONS)}, found {entry.text('apiVersion')!r}"
        )
    if not entry.text("command"):
        raise entry.wrong("command", "missing")
    if entry.text("interactiveMode") == "Always":
        raise entry.wrong(
            "interactiveMode", "is Always, but a controller has no terminal; use a plugin that asks nothing"
        )
    return ExecCommand(
        origin=f"{user.file}: {entry.where}",
        command=_command_path(entry),
        arguments=tuple(_strings(entry, "args")),
        environment=_environment(entry),
        api_version=entry.text("apiVersion"),
        hint=entry.text("installHint").strip(),
        cluster=_cluster_info(cluster) if entry.flag("provideClusterInfo") else None,
    )


def _command_path(entry: Entry) -> str:
    """A command with a slash is relative to the file; a bare one is looked up in PATH."""
    command = entry.text("command")
    return str(entry.file.parent / command) if "/" in command else command


def _strings(entry: Entry, name: str) -> list[str]:
    value = entry.fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise entry.wrong(name, "must be a list of strings")
    return value


def _environment(entry: Entry) -> dict[str, str]:
    pairs = entry.fields.get("env") or []
    try:
        return {str(pair["name"]): str(pair["value"]) for pair in pairs}
    except (TypeError, KeyError):
        raise entry.wrong("env", "must be a list of {name, value}") from None


def _cluster_info(cluster: Entry) -> dict[str, Any]:
    """ExecCredential's spec.cluster: where the plugin's credential will be used."""
    authority = cluster.data("certificate-authority")
    info = {
        "server": _server(cluster),
        "tls-server-name": cluster.text("tls-server-name"),
        "insecure-skip-tls-verify": cluster.flag("insecure-skip-tls-verify"),
        "certificate-authority-data": base64.b64encode(authority).decode() if authority else "",
        "proxy-url": cluster.text("proxy-url"),
    }
    return {name: value for name, value in info.items() if value}


def _impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    headers = [("Impersonate-User", user.text("as"))] if user.text("as") else []
    headers += [("Impersonate-Group", group) for group in _strings(user, "as-groups")]
    return tuple(headers)
