"""The registry -> the documents by which clients learn which kinds there are; called by `app`.

Both the aggregated form (apidiscovery.k8s.io/v2), which kubectl and Helm ask for, and the plain one.
"""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ackpy.local.apiserver.kinds import Kind

Json = dict[str, Any]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
STATUS_VERBS = ["get", "patch", "update"]
# The release whose behaviour this server follows; clients choose features by it.
VERSION = {
    "major": "1",
    "minor": "35",
    "gitVersion": "v1.35.0+ackpy",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "python",
    "platform": f"linux/{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }",
}
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STABILITY = {None: 2, "beta": 1, "alpha": 0}


def wants_aggregated(accept: str) -> bool:
    """Whether an Accept header asks for the aggregated form."""
    wanted = ("g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList")
    pieces = ({piece.strip() for piece in part.split(";")} for part in accept.split(","))
    return any(set(wanted) <= found for found in pieces)


def aggregated(kinds: list[Kind], *, core: bool) -> Json:
    """All groups, or the core one, in the aggregated form."""
    groups = [_aggregated_group(group, of_group) for group, of_group in _by_group(kinds) if (group == "") is core]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": groups}


def core_versions(server: str) -> Json:
    """The answer to GET /api."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": server}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def group_list(kinds: list[Kind]) -> Json:
    """The answer to GET /apis."""
    groups = [_group(group, of_group) for group, of_group in _by_group(kinds) if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(kinds: list[Kind], name: str) -> Json | None:
    """The answer to GET /apis/GROUP; None for a group that is not there."""
    found = [kind for kind in kinds if kind.group == name]
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, found)} if found else None


def resource_list(kinds: list[Kind], name: str, version: str) -> Json | None:
    """The answer to GET /apis/GROUP/VERSION; None for a version that is not there."""
    found = [kind for kind in kinds if (kind.group, kind.version) == (name, version)]
    if not found:
        return None
    resources = [entry for kind in found for entry in _resources(kind)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": found[0].api_version, "resources": resources}


def by_priority(versions: Iterable[str]) -> list[str]:
    """Versions with the one that clients prefer first: v2, v1, v1beta1, v1alpha1, others by name."""
    return sorted(sorted(set(versions)), key=_priority, reverse=True)


def _priority(version: str) -> tuple[int, int, int]:
    match = _VERSION.fullmatch(version)
    if match is None:
        return -1, 0, 0
    return _STABILITY[match[2]], int(match[1]), int(match[3] or 0)


def _by_group(kinds: list[Kind]) -> list[tuple[str, list[Kind]]]:
    names = dict.fromkeys(kind.group for kind in kinds)
    return [(name, [kind for kind in kinds if kind.group == name]) for name in names]


def _aggregated_group(name: str, kinds: list[Kind]) -> Json:
    versions = [
        {
            "version": version,
            "freshness": "Current",
            "resources": [_aggregated_resource(kind) for kind in kinds if kind.version == version],
        }
        for version in by_priority(kind.version for kind in kinds)
    ]
    return {"metadata": {"name": name, "creationTimestamp": None} if name else {}, "versions": versions}


def _aggregated_resource(kind: Kind) -> Json:
    response_kind = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    resource: Json = {
        "resource": kind.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular_name,
        "verbs": list(kind.verbs),
    }
    if kind.status:
        status = {"subresource": "status", "responseKind": response_kind, "verbs": STATUS_VERBS}
        resource["subresources"] = [status]
    return resource | _names(kind)


def _names(kind: Kind) -> Json:
    short = {"shortNames": list(kind.short_names)} if kind.short_names else {}
    return short | ({"categories": list(kind.categories)} if kind.categories else {})


def _group(name: str, kinds: list[Kind]) -> Json:
    versions = [{"groupVersion": f"{name}/{v}", "version": v} for v in by_priority(kind.version for kind in kinds)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(kind: Kind) -> list[Json]:
    entry: Json = {
        "name": kind.plural,
        "singularName": kind.singular_name,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    entries = [entry | _names(kind)]
    if kind.status:
        status: Json = {"name": f"{kind.plural}/status", "singularName": "", "namespaced": kind.namespaced}
        entries.append(status | {"kind": kind.kind, "verbs": STATUS_VERBS})
    return entries
